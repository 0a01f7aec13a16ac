"""What an invoice asks for, by when, under which number, and what of it is left to pay (rules F4, F5, F8).

An invoice for the month M asks for what was charged and not asked for yet, in an ordinary month the fee of the month
before, and for the instalments that fall due in M. One goes to each agreement and month, and none where there is
nothing to ask for. `issue.sql` does for many agreements what `compose` explains for one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agreements.ledger.rules import PostingKind
from underwriting.kernel.bank_days import last_bank_day_of, next_bank_day
from underwriting.kernel.errors import Conflict
from underwriting.kernel.identifiers import ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.statutes import Statute
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account, InvoiceDelivery, InvoiceLineKind, InvoiceState

PAPER_INVOICE = "paper_invoice"
"""The name of the price of an invoice on paper (rule F4)."""
SHORTEST_TIME_DAYS = 10
"""The fewest days from the day on which an invoice is issued to the one on which it is to be paid. *Ours.*"""
LOOK_BACK_MONTHS = 12
"""How far back a charge may lie that is asked for late, since it was told of late. *Ours.*"""
EXEMPTION = Statute("mervärdesskattelagen", "2023:200", "10 kap. 33 §")
"""Why there is no value-added tax on credit and its fees (*mervärdesskatt*)."""
_SERIALS = 100_000_000


CHARGES: Mapping[PostingKind, tuple[InvoiceLineKind, Account]] = {
    PostingKind.MONTHLY_FEE: (InvoiceLineKind.MONTHLY_FEE, Account.FEE_RECEIVABLE),
    PostingKind.CANCELLATION_FEE: (InvoiceLineKind.CANCELLATION_FEE, Account.CANCELLATION_FEE_RECEIVABLE),
    PostingKind.REMINDER_FEE: (InvoiceLineKind.REMINDER_FEE, Account.COLLECTION_COST_RECEIVABLE),
    PostingKind.DEMAND_FEE: (InvoiceLineKind.DEMAND_FEE, Account.COLLECTION_COST_RECEIVABLE),
    PostingKind.PLAN_FEE: (InvoiceLineKind.PLAN_FEE, Account.COLLECTION_COST_RECEIVABLE),
    PostingKind.LATE_COMPENSATION: (InvoiceLineKind.LATE_COMPENSATION, Account.COLLECTION_COST_RECEIVABLE),
    PostingKind.LATE_INTEREST: (InvoiceLineKind.LATE_INTEREST, Account.LATE_INTEREST_RECEIVABLE),
}
"""The entries of the ledger that invoices ask for, in the order of the lines, each with the account that it is on."""


class PriceMissing(Conflict):
    """There is no price for the day asked for: somebody has to enter one (rule F4)."""

    slug = "price-missing"
    title = Text("Ett pris saknas", "A price is missing")
    rule = "F4"


class NotCreditable(Conflict):
    """The line cannot be taken back by itself: it is no fee of paper, or taken back already (rule F6).

    A monthly fee is taken back where it was charged, an instalment where money came back; credit notes follow.
    """

    slug = "invoice-line-not-creditable"
    title = Text("Raden kan inte krediteras", "The line cannot be credited")
    rule = "F6"


@dataclass(frozen=True, slots=True)
class Charge:
    """Something to ask for: a charge of the ledger, or an instalment; *arose_on* is its legal or its due day."""

    kind: InvoiceLineKind
    account: Account
    amount: Money
    arose_on: date


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before it has its number. *total* is exact, *payable* in whole kronor."""

    charges: tuple[Charge, ...]
    total: Money
    rounding: Money

    @property
    def payable(self) -> Money:
        """What the payer is asked for."""
        return self.total + self.rounding


@dataclass(frozen=True, slots=True)
class LineClaim:
    """What one line asks for, of which *named* was paid by payers who named its invoice."""

    amount: Money
    named: Money = Money.ZERO


def compose(
    charges: Iterable[Charge],
    *,
    delivery: InvoiceDelivery,
    paper_fee: Money,
    issued_on: date,
    left_out: Money = Money.ZERO,
) -> Draft | None:
    """The invoice over *charges*, or None where there are none (rules F4, F5).

    On paper it costs the *paper_fee*. The sum to pay is in whole kronor (lag 1970:1029, 2 §): öre are not given away or
    taken but asked for the next time. *left_out* is what earlier invoices left out so far, negative where they asked
    for more. A sum that would be below zero is zero.
    """
    lines = sorted(charges, key=lambda one: (_ORDER.index(one.kind), one.arose_on))
    if not lines:
        return None
    if delivery is InvoiceDelivery.PAPER and paper_fee:
        lines.append(Charge(InvoiceLineKind.PAPER_FEE, Account.PAPER_FEE_RECEIVABLE, paper_fee, issued_on))
        lines.sort(key=lambda one: (_ORDER.index(one.kind), one.arose_on))
    total = Money.sum(one.amount for one in lines)
    payable = max((total + left_out).in_whole_kronor(), Money.ZERO)
    return Draft(tuple(lines), total, payable - total)


def due_on(period: Month, *, issued_on: date) -> date:
    """The day by which an invoice for *period* is to be paid (rule F5): the last bank day of the month.

    One that is issued late in the month has `SHORTEST_TIME_DAYS` from its day, and then to the next bank day.
    """
    return max(last_bank_day_of(period), next_bank_day(issued_on + timedelta(days=SHORTEST_TIME_DAYS)))


def number_of(year: int, serial: int) -> int:
    """The number of the *serial*-th invoice or credit note of *year*: `202600000001`. Over eight digits: ValueError."""
    if not 0 < serial < _SERIALS:
        raise ValueError("a year's series holds eight digits")
    return year * _SERIALS + serial


def reference_of(number: int) -> str:
    """The OCR reference of the invoice *number*, with length digit and check digit; it names no person."""
    return ocr_number(number)


def price_on(day: date, prices: Mapping[date, Money]) -> Money:
    """What holds on *day* of the prices, each by its first day. Raises PriceMissing, which names the day."""
    known = [since for since in prices if since <= day]
    if not known:
        raise PriceMissing(Text("Inget pris gäller {day}.", "No price holds on {day}.").filled(day=day))
    return prices[max(known)]


def open_sums(owed: Money, claims: Sequence[LineClaim]) -> tuple[Money, ...]:
    """What is left to pay of each of *claims*, the oldest first, when *owed* in all is left of their account (F8).

    What a payer has named is paid; any other payment went to the oldest. So what is left belongs to the newest.
    """
    left, newest_first = owed, []
    for claim in reversed(claims):
        part = max(min(claim.amount - claim.named, left), Money.ZERO)
        newest_first.append(part)
        left -= part
    return tuple(reversed(newest_first))


def state_of(*, payable: Money, open_sum: Money, is_credited: bool) -> InvoiceState:
    """How far an invoice over *payable* is paid, of which *open_sum* is left; a credited one has no line left."""
    if is_credited:
        return InvoiceState.CREDITED
    if open_sum <= Money.ZERO:
        return InvoiceState.PAID
    return InvoiceState.OPEN if open_sum >= payable else InvoiceState.PART_PAID


_ORDER = tuple(InvoiceLineKind)
