"""The long demo: the play in an environment of its own, its progress; at the end its files, compared and written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from agreements.receivables import service as receivables
from underwriting.demo.environment import Say, database_alone
from underwriting.demo.years.accounts import sums_in, sums_of_books, write_files
from underwriting.demo.years.bank import BankAtHand
from underwriting.demo.years.play import BEGINS_ON, MORNING, Play, house_at
from underwriting.demo.years.report import Outcome, write_report
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between, stockholm_instant
from underwriting.kernel.text import Language, Text
from underwriting.platform.runtime import Runtime

REPORT = "portfolio.html"

_HAPPENED = {
    "granted": Text("avtal nedlagda som undertecknade", "agreements laid down as signed"),
    "drawn again": Text("andra uttag", "second drawdowns"),
    "drawn again: refused": Text("andra uttag som nekades", "second drawdowns refused"),
    "cancelled": Text("hävningar", "cancellations"),
    "cancelled: refused": Text("hävningar som nekades", "cancellations refused"),
    "redeemed": Text("förtidslösen", "redemptions"),
    "redeemed: refused": Text("förtidslösen som nekades", "redemptions refused"),
    "invoices": Text("fakturor", "invoices"),
    "PDFs": Text("av dem gjorda till PDF och sända", "of them made PDF and sent"),
    "payments": Text("inbetalningar genom BgMax", "payments by BgMax"),
    "matched by hand": Text("inbetalningar matchade för hand", "payments matched by hand"),
    "matched by hand: refused": Text("försök att matcha som nekades", "attempts to match refused"),
    "reminded": Text("påminnelseavgifter", "reminder fees"),
    "reminded: refused": Text("påminnelser som inget var försenat för", "reminders for which nothing was late"),
    "months closed": Text("bokföringsmånader stängda", "months closed in the books"),
}
_PROGRESS = Text(
    "{month}: {count} avtal, {invoices} fakturor, {payments} inbetalningar, {days} dagar prövade",
    "{month}: {count} agreements, {invoices} invoices, {payments} payments, {days} days proven",
)
_COUNTED = Text("{count} {what.sv}", "{count} {what.en}")
_PROVEN = Text(
    "Böckerna prövade efter var och en av {days} dagar, {unchanged} av dem utan en ny rad sedan dagen före",
    "The books proven after each of {days} days, {unchanged} of them without a new row since the day before",
)
_MATCHES = Text(
    "SIE-filerna för {months} månader summerar till huvudboken på alla {accounts} konton",
    "The SIE files of {months} months sum to the ledger on all {accounts} accounts",
)
_KRONA = Text(
    "Varje krona som banken bokfört finns i systemet: {amount}", "Every krona that the bank booked is known: {amount}"
)


@dataclass(frozen=True, slots=True)
class Performed:
    """What is written and what was found: *told* are the report's lines, *faults* what does not hold or not match."""

    report: Path
    sie_files: tuple[Path, ...]
    told: tuple[Text, ...]
    faults: tuple[str, ...]


def perform(*, months: int, count: int, seed: int, folder: Path, language: Language, say: Say) -> Performed:
    """Play *months* of *count* agreements and write report and SIE files into *folder*, which is made where it lacks.

    *say* is given what one waits for. Raises EmbeddedPostgresError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with database_alone(say=say) as runtime:
        return perform_in(runtime, months=months, count=count, seed=seed, folder=folder, language=language, say=say)


def perform_in(
    runtime: Runtime, *, months: int, count: int, seed: int, folder: Path, language: Language, say: Say
) -> Performed:
    """The same in the empty database of *runtime*, on a clock of its own."""
    clock = FixedClock(stockholm_instant(BEGINS_ON, MORNING))
    runtime = replace(runtime, clock=clock)
    bank = BankAtHand(clock, runtime.settings.lender.bankgiro)
    play = Play(house_at(runtime, bank), bank, clock, count, months, seed)
    _live(play, say)
    faults = [*play.proofs.faults]
    files, told_of_files = _accounts(play, folder, faults)
    told = (*_told(play), *_krona(play, faults), *told_of_files)
    report = folder / REPORT
    write_report(report, _outcome(play, told), language=language)
    return Performed(report, files, told, tuple(faults))


def _live(play: Play, say: Callable[[Text], None]) -> None:
    for on in play.days():
        play.live(on)
        if (on + timedelta(days=1)).day == 1:
            counted = play.counted
            say(
                _PROGRESS.filled(
                    month=Month.of(on),
                    count=counted["granted"],
                    invoices=counted["invoices"],
                    payments=counted["payments"],
                    days=play.proofs.days,
                )
            )
        if play.proofs.faults:
            break
    play.proofs.finish()


def _told(play: Play) -> tuple[Text, ...]:
    counted = tuple(
        _COUNTED.filled(count=play.counted[name], what=what) for name, what in _HAPPENED.items() if play.counted[name]
    )
    return (*counted, _PROVEN.filled(days=play.proofs.days, unchanged=play.proofs.unchanged))


def _accounts(play: Play, folder: Path, faults: list[str]) -> tuple[tuple[Path, ...], tuple[Text, ...]]:
    """The SIE files, whose sums are held against the ledger's."""
    files = write_files(play.accounting, folder)
    if not files:
        faults.append("no month was closed")
        return files, ()
    through = max(period.month for period in play.accounting.months())
    found, meant = sums_in(files), sums_of_books(play.runtime, play.accounting, through)
    if found != meant:
        faults.append(f"the SIE files sum to {found}, the ledger to {meant}")
        return files, ()
    return files, (_MATCHES.filled(months=len(files), accounts=len(meant)),)


def _krona(play: Play, faults: list[str]) -> tuple[Text, ...]:
    with play.runtime.database.transaction() as session:
        first, through = Month.of(BEGINS_ON), play.ends_on
        known = Money.sum(one.paid for one in receivables.by_month(session, first=first, through=through))
    if known != play.bank.received:
        faults.append(f"the bank booked {play.bank.received}, the product knows of {known}")
        return ()
    return (_KRONA.filled(amount=known.formatted()),)


def _outcome(play: Play, told: tuple[Text, ...]) -> Outcome:
    first = Month.of(BEGINS_ON)
    through = first.plus(play.months - 1)
    ends = [month.end - timedelta(days=1) for month in months_between(first, through)]
    with play.runtime.database.transaction() as session:
        figures = receivables.by_month(session, first=first, through=ends[-1])
        overdue = receivables.overdue(session, ends)
    return Outcome(play.count, play.months, play.seed, figures, overdue, told)
