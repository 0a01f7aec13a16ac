"""Which claims an incoming payment pays (rule F8): those of the invoice that the payer names, then the oldest that is
due, and in both costs and fees before principal; and which were paid in time.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from agreements.ledger.rules import OWED, Line
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account

DAYS_OF_GRACE = 14
"""How long after its due day a claim may be paid and still count as paid in time in a borrower's record.

A fee is told of when it is charged, some days into the next month (rule F1), and counts from that day. *Ours.*
"""

Payments: TypeAlias = Sequence[tuple[date, Money]]
"""Amounts, each with its day."""

_ORDER = OWED
_RANKS = {account: rank for rank, account in enumerate(_ORDER)}
_SOURCES = (Account.CREDIT_BALANCE, Account.BANK)
RECEIVABLES = _ORDER
"""The accounts on which a borrower owes, in the order in which those of one invoice or day are paid (rule F8)."""


class SettlementKind(StrEnum):
    """What a sum that ends the agreement is for."""

    REDEMPTION = "redemption"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the borrower owes on one receivable *account* since *due_on*; *amount* is what is left to pay.

    *invoice_id* and *line_id* say which line of which invoice asks for it. Late interest and costs stand with what they
    are for: *late_invoice_id* is that invoice, *late_since* the day of the claim. Another account, or an amount that is
    not above zero, raises ValueError.
    """

    account: Account
    due_on: date
    amount: Money
    invoice_id: uuid.UUID | None = None
    line_id: uuid.UUID | None = None
    late_invoice_id: uuid.UUID | None = None
    late_since: date | None = None

    def __post_init__(self) -> None:
        if self.account not in _ORDER or self.amount <= Money.ZERO:
            raise ValueError("a claim is a positive amount on a receivable account")


@dataclass(frozen=True, slots=True)
class Settlement:
    """All that is to be paid for an accepted redemption (rule F3) or a conditional cancellation (rule C6).

    *pay_by* is the last booking day that counts; a redemption asks for the claims of the booking day instead.
    *refunded* is what has been paid of monthly fees that settling takes back: that money counts towards the sum. Until
    the sum *is_final*, since the bank has not answered for a payout, nothing settles it.
    """

    kind: SettlementKind
    claims: tuple[Claim, ...]
    pay_by: date | None = None
    refunded: Money = Money.ZERO
    is_final: bool = True

    @property
    def total(self) -> Money:
        """The sum that settles it."""
        return Money.sum(claim.amount for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Settled:
    """How many claims were paid *in_time* and how many *late* or not yet, and what is *overdue* of the latter."""

    in_time: int = 0
    late: int = 0
    overdue: Money = Money.ZERO

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(self.in_time + other.in_time, self.late + other.late, self.overdue + other.overdue)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What becomes of a payment: ledger lines, and whether the settlement that was waiting is now paid.

    *named* is what each line of an invoice got since its payer has named the invoice.
    """

    lines: tuple[Line, ...]
    settles: bool
    named: Mapping[uuid.UUID, Money] = field(default_factory=dict)


def allocate(
    amount: Money,
    *,
    booked_on: date,
    claims: Iterable[Claim],
    named: Sequence[uuid.UUID] = (),
    credit_balance: Money = Money.ZERO,
    settlement: Settlement | None = None,
) -> Allocation:
    """The ledger lines of a payment of *amount* that the bank booked on *booked_on* (rule F8).

    A *settlement* that credit balance, refund and payment cover together is paid. Otherwise the payment pays the
    claims of the *named* invoices, due or not, in the payer's order; what is left, after the credit balance, pays what
    is due, the oldest first; the rest becomes credit balance. Of one invoice or day come first costs, then late
    interest, fees, the cancellation fee, the paper fee, principal.
    While a cancellation waits for its money nothing else is paid from it: what went to fees would be missing from a sum
    whose time runs out (rule C6). With an *amount* of zero the credit balance alone is used. Not below zero.
    """
    if amount < Money.ZERO or credit_balance < Money.ZERO:
        raise ValueError("neither a payment nor a credit balance is negative")
    waiting = settlement if settlement is not None and _in_time(settlement, booked_on) else None
    if waiting is not None and waiting.is_final and waiting.total <= credit_balance + waiting.refunded + amount:
        return Allocation(tuple(_lines(amount, credit_balance + waiting.refunded, waiting.claims)), settles=True)
    if waiting is not None and waiting.kind is SettlementKind.CANCELLATION:
        return Allocation(tuple(_lines(amount, credit_balance, ())), settles=False)
    return _divided(amount, credit_balance, list(claims), named, booked_on)


def open_claims(account: Account, *, charged: Iterable[tuple[date, Money]], paid: Money) -> tuple[Claim, ...]:
    """What is left of the amounts *charged* on *account*, each with its due date, when *paid* has paid the oldest."""
    claims = []
    for due_on, amount in sorted(charged):
        covered = min(paid, amount)
        paid -= covered
        if amount > covered:
            claims.append(Claim(account, due_on, amount - covered))
    return tuple(claims)


def settled_claims(charged: Payments, *, paid: Payments, on: date) -> Settled:
    """How the amounts *charged*, each with its due day, were paid by *on*, the oldest first.

    One that is not wholly paid `DAYS_OF_GRACE` after its due day is late, whenever it is paid; before that day it
    counts for nothing while it is unpaid. *paid* are the amounts paid, each with the day of the bank's booking.
    """
    payments, money_in, needed = iter(sorted(paid, key=lambda one: one[0])), Money.ZERO, Money.ZERO
    paid_on: date | None = None
    result = Settled()
    for due_on, amount in sorted(charged, key=lambda one: one[0]):
        needed += amount
        while money_in < needed and (payment := next(payments, None)) is not None:
            paid_on, more = payment
            money_in += more
        last = due_on + timedelta(days=DAYS_OF_GRACE)
        if money_in >= needed and paid_on is not None:
            result += Settled(in_time=1) if paid_on <= last else Settled(late=1)
        elif on > last:
            result += Settled(late=1, overdue=min(amount, needed - money_in))
    return result


def _divided(
    amount: Money, credit_balance: Money, claims: Sequence[Claim], named: Sequence[uuid.UUID], booked_on: date
) -> Allocation:
    paid: dict[tuple[Account, Account], Money] = {}
    got: dict[uuid.UUID, Money] = {}
    place = {invoice_id: number for number, invoice_id in enumerate(named)}

    def pay(source: Account, account: Account, part: Money) -> Money:
        if part:
            paid[source, account] = paid.get((source, account), Money.ZERO) + part
        return part

    def places(claim: Claim) -> list[int]:
        return [place[one] for one in (claim.invoice_id, claim.late_invoice_id) if one in place]

    def rank(claim: Claim) -> tuple[int, int, date]:
        return min(places(claim)), _RANKS[claim.account], claim.due_on

    for claim in sorted(filter(places, claims), key=rank):
        part = pay(Account.BANK, claim.account, min(claim.amount, amount))
        amount -= part
        if part and claim.line_id is not None:
            got[claim.line_id] = part
    due = [claim for claim in claims if not places(claim) and claim.due_on <= booked_on]
    for claim in sorted(due, key=lambda one: (one.late_since or one.due_on, _RANKS[one.account])):
        from_balance = pay(Account.CREDIT_BALANCE, claim.account, min(claim.amount, credit_balance))
        credit_balance -= from_balance
        amount -= pay(Account.BANK, claim.account, min(claim.amount - from_balance, amount))
    if amount:
        paid[Account.BANK, Account.CREDIT_BALANCE] = amount
    order = [(source, account) for source in _SOURCES for account in (*_ORDER, Account.CREDIT_BALANCE)]
    lines = tuple(Line(*key, paid[key]) for key in order if key in paid)
    return Allocation(lines, settles=False, named=got)


def _in_time(settlement: Settlement, booked_on: date) -> bool:
    return settlement.pay_by is None or booked_on <= settlement.pay_by


def _lines(amount: Money, credit_balance: Money, claims: Iterable[Claim]) -> Iterator[Line]:
    """One line per source and account, since claims on an account are paid oldest first anyway."""
    owed = dict.fromkeys(_ORDER, Money.ZERO)
    for claim in claims:
        owed[claim.account] += claim.amount
    for source, left in ((Account.CREDIT_BALANCE, credit_balance), (Account.BANK, amount)):
        for account in _ORDER:
            paid = min(left, owed[account])
            if paid:
                yield Line(source, account, paid)
            owed[account] -= paid
            left -= paid
        if source is Account.BANK and left:
            yield Line(source, Account.CREDIT_BALANCE, left)
