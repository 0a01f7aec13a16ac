"""Which month an entry of the ledger counts for, under what account and in which voucher (rule F9)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from agreements.ledger.rules import PostingKind
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account

VOUCHERS: Mapping[PostingKind, tuple[str, str]] = {
    PostingKind.PAYOUT: ("L", "Utbetalning av kredit"),
    PostingKind.MONTHLY_FEE: ("F", "Månadsavgift"),
    PostingKind.CANCELLATION_FEE: ("H", "Avgift för hävning"),
    PostingKind.PAPER_FEE: ("P", "Avgift för pappersfaktura"),
    PostingKind.REMINDER_FEE: ("M", "Påminnelseavgift"),
    PostingKind.DEMAND_FEE: ("I", "Inkassoavgift"),
    PostingKind.PLAN_FEE: ("A", "Avgift för avbetalningsplan"),
    PostingKind.LATE_COMPENSATION: ("E", "Förseningsersättning"),
    PostingKind.LATE_INTEREST: ("D", "Dröjsmålsränta"),
    PostingKind.PAYMENT: ("B", "Inbetalning"),
    PostingKind.ALLOCATION: ("T", "Tillgodohavande använt"),
    PostingKind.REFUND: ("U", "Återbetalning"),
    PostingKind.REVERSAL: ("R", "Återföring"),
}
"""The series of vouchers for each kind of entry, each its own, and what a voucher is called."""


class UnmappedAccount(Conflict):
    """An account of the ledger stands for none of the lender's chart on that day; it is named. Rule F9."""

    slug = "unmapped-account"
    title = Text("Ett konto saknas i kontoplanen", "An account is missing from the chart of accounts")
    rule = "F9"


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """The account of the lender's chart that an account of the ledger is *since* a day, until the next."""

    account: Account
    since: date
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Movement:
    """What one line of the ledger, or many alike, moved: *amount* to the *debit* account from the *credit* one.

    *agreement_number* and *key* are those of one entry; without them it is all of one kind and day.
    """

    kind: PostingKind
    occurred_on: date
    registered_on: date
    debit: Account
    credit: Account
    amount: Money
    key: str = ""
    agreement_number: int | None = None


@dataclass(frozen=True, slots=True)
class SieHead:
    """What a file says of itself: whose vouchers they are, of which financial year (both days in it), and its day."""

    generated_on: date
    company_name: str
    organisation_number: str
    year_starts_on: date
    year_ends_on: date


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """An amount on an account of the lender's chart; positive in debit, negative in credit."""

    account_number: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher (*verifikation*) with its place in a series; its lines sum to zero.

    *on* is the day that it counts for, *registered_on* the last day on which something of it was entered.
    """

    series: str
    number: int
    on: date
    text: str
    registered_on: date
    lines: tuple[VoucherLine, ...]


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What was debited and credited on one account."""

    debit: Money
    credit: Money

    @property
    def net(self) -> Money:
        """Debits less credits."""
        return self.debit - self.credit


def accounting_month(occurred_on: date, *, last_closed: Month | None) -> Month:
    """The month that an entry counts for which no closed one holds: its own, or the next one that is open."""
    own = Month.of(occurred_on)
    return own if last_closed is None else max(own, last_closed.next())


def financial_year(month: Month, *, begins_in: int) -> tuple[date, date]:
    """The first and the last day of the financial year (*räkenskapsår*) of *month*, which begins in month 1 to 12."""
    first = Month(month.year if month.month >= begins_in else month.year - 1, begins_in)
    return first.first_day, first.plus(12).first_day - timedelta(days=1)


def chart_on(day: date, entries: Iterable[ChartEntry]) -> dict[Account, ChartEntry]:
    """For each account of the ledger the latest of *entries* that holds on *day*."""
    found: dict[Account, ChartEntry] = {}
    for entry in sorted(entries, key=lambda one: one.since):
        if entry.since <= day:
            found[entry.account] = entry
    return found


def require_mapped(used: Iterable[Account], chart: Mapping[Account, ChartEntry], *, on: date) -> None:
    """Raise UnmappedAccount, which names them, where some of *used* are not in *chart*, that of the day *on*."""
    missing = ", ".join(sorted(set(used) - chart.keys()))
    if missing:
        raise UnmappedAccount(
            Text(
                "Ange vilket konto i kontoplanen som gäller {on} för: {missing}.",
                "Say which account of the chart holds on {on} for: {missing}.",
            ).filled(on=on.isoformat(), missing=missing)
        )


def vouchers(
    month: Month,
    movements: Iterable[Movement],
    chart: Mapping[Account, ChartEntry],
    *,
    first_numbers: Mapping[str, int],
) -> Iterator[Voucher]:
    """The vouchers of *month*: one for each entry of *movements*, or else kind and day.

    *movements* come in the order of kind, day and key. Each series goes on from its number in *first_numbers*, or
    begins with 1. What occurred before *month* is entered on its first day, and says so.
    """
    following = dict(first_numbers)
    for _, group in groupby(movements, key=_voucher_of):
        found = tuple(group)
        first = found[0]
        series, called = VOUCHERS[first.kind]
        number = following.get(series, 1)
        following[series] = number + 1
        yield Voucher(
            series,
            number,
            max(first.occurred_on, month.first_day),
            _text(called, first, month),
            max(one.registered_on for one in found),
            tuple(_lines(found, chart)),
        )


def _voucher_of(movement: Movement) -> tuple[PostingKind, date, str]:
    return movement.kind, movement.occurred_on, movement.key


def _text(called: str, movement: Movement, month: Month) -> str:
    parts = [called]
    if movement.agreement_number is not None:
        parts.append(f"avtal {movement.agreement_number}")
    if movement.occurred_on < month.first_day:
        parts.append(f"avser {movement.occurred_on.isoformat()}")
    return " ".join(parts)


def _lines(movements: Iterable[Movement], chart: Mapping[Account, ChartEntry]) -> Iterator[VoucherLine]:
    """One line for each account and side, debits first: what was debited is never set off against what was credited."""
    debited: dict[str, Money] = {}
    credited: dict[str, Money] = {}
    for one in movements:
        for sums, account in ((debited, one.debit), (credited, one.credit)):
            number = chart[account].number
            sums[number] = sums.get(number, Money.ZERO) + one.amount
    for number, amount in sorted(debited.items()):
        yield VoucherLine(number, amount)
    for number, amount in sorted(credited.items()):
        yield VoucherLine(number, -amount)
