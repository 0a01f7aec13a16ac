"""Double entry that balances by construction, and the postings that the product makes (rule F6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

FEES_OWED = (
    *(Account.COLLECTION_COST_RECEIVABLE, Account.LATE_INTEREST_RECEIVABLE, Account.FEE_RECEIVABLE),
    *(Account.CANCELLATION_FEE_RECEIVABLE, Account.PAPER_FEE_RECEIVABLE),
)
"""What the borrower owes beside principal; the balance of each is what is left to pay, and never below zero."""

OWED = (*FEES_OWED, Account.PRINCIPAL)
"""The accounts whose sum the borrower owes, and guarantors within their caps; a credit balance is not deducted."""


class PostingKind(StrEnum):
    """What happened; the word stands in the ledger's rows."""

    PAYOUT = "payout"
    MONTHLY_FEE = "monthly_fee"
    CANCELLATION_FEE = "cancellation_fee"
    PAPER_FEE = "paper_fee"  # an invoice was issued on paper
    REMINDER_FEE = "reminder_fee"  # what a late claim costs, by rule R4: each once
    DEMAND_FEE = "demand_fee"
    PLAN_FEE = "plan_fee"
    LATE_COMPENSATION = "late_compensation"
    LATE_INTEREST = "late_interest"  # rule R5
    PAYMENT = "payment"
    ALLOCATION = "allocation"  # a credit balance is used for what has fallen due since
    REFUND = "refund"  # a credit balance is paid back
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Line:
    """A positive *amount* from the *credit* account to another, the *debit* one; anything else raises ValueError."""

    debit: Account
    credit: Account
    amount: Money

    def __post_init__(self) -> None:
        if self.amount <= Money.ZERO:
            raise ValueError("a line moves a positive amount")
        if self.debit is self.credit:
            raise ValueError("a line moves between two accounts")

    def swapped(self) -> "Line":
        """The line that takes this one back."""
        return Line(self.credit, self.debit, self.amount)


@dataclass(frozen=True, slots=True)
class Posting:
    """One business event (*verifikation*): *occurred_on* is its legal day, *business_key* is never booked twice.

    Without a line it raises ValueError.
    """

    kind: PostingKind
    occurred_on: date
    business_key: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("a posting has at least one line")


def payout(amount: Money, *, payout_id: object, booked_on: date) -> Posting:
    """The bank has paid out *amount*: the borrower owes it as principal."""
    line = Line(Account.PRINCIPAL, Account.BANK, amount)
    return Posting(PostingKind.PAYOUT, booked_on, f"payout:{payout_id}", (line,))


def monthly_fee(fee: Money, *, agreement_id: object, month: Month, occurred_on: date) -> Posting:
    """The fee of *month* is owed (rule F1); *occurred_on* is the month's last day, or the day of redemption."""
    line = Line(Account.FEE_RECEIVABLE, Account.FEE_INCOME, fee)
    return Posting(PostingKind.MONTHLY_FEE, occurred_on, f"fee:{agreement_id}:{month}", (line,))


def cancellation_fee(fee: Money, *, cancellation_id: object, occurred_on: date) -> Posting:
    """The processing fee of a cancellation is owed (rule C3)."""
    line = Line(Account.CANCELLATION_FEE_RECEIVABLE, Account.CANCELLATION_FEE_INCOME, fee)
    return Posting(PostingKind.CANCELLATION_FEE, occurred_on, f"cancellation-fee:{cancellation_id}", (line,))


def collection_cost(kind: PostingKind, amount: Money, *, charge_id: object, occurred_on: date) -> Posting:
    """What it costs that a claim is late (rule R4) is owed: a fee of *kind*, or the compensation."""
    line = Line(Account.COLLECTION_COST_RECEIVABLE, Account.COLLECTION_COST_INCOME, amount)
    return Posting(kind, occurred_on, f"late-charge:{charge_id}", (line,))


def late_interest(amount: Money, *, charge_id: object, occurred_on: date) -> Posting:
    """Late interest through *occurred_on* is owed (rule R5)."""
    line = Line(Account.LATE_INTEREST_RECEIVABLE, Account.LATE_INTEREST_INCOME, amount)
    return Posting(PostingKind.LATE_INTEREST, occurred_on, f"late-interest:{charge_id}", (line,))


def incoming_payment(lines: Iterable[Line], *, payment_id: object, booked_on: date) -> Posting:
    """A payment has arrived; *lines* are what `payments.rules.allocate` made of it."""
    return Posting(PostingKind.PAYMENT, booked_on, f"payment:{payment_id}", tuple(lines))


def balance_used(lines: Iterable[Line], *, business_key: str, occurred_on: date) -> Posting:
    """A credit balance pays what has fallen due since it arose; *business_key* names the occasion."""
    return Posting(PostingKind.ALLOCATION, occurred_on, business_key, tuple(lines))


def refund(amount: Money, *, refund_id: object, booked_on: date) -> Posting:
    """The bank has paid back *amount* of a credit balance (rule F8)."""
    line = Line(Account.CREDIT_BALANCE, Account.BANK, amount)
    return Posting(PostingKind.REFUND, booked_on, f"refund:{refund_id}", (line,))


def reversal(posting: Posting, *, occurred_on: date, still_unpaid: Money | None = None) -> Posting:
    """The posting that takes *posting* back, line by line, with debit and credit swapped (rule F6): never an edit.

    For a fee of which only *still_unpaid* is left to pay, what was paid goes to the borrower's credit balance, so that
    the receivable does not fall below zero (rule C6). Raises ValueError when *still_unpaid* is more than was posted.
    """
    lines = tuple(line.swapped() for line in posting.lines)
    if still_unpaid is not None:
        paid = Money.sum(line.amount for line in posting.lines) - still_unpaid
        if paid < Money.ZERO:
            raise ValueError("no more can be unpaid than was posted")
        if paid:
            lines += (Line(posting.lines[0].debit, Account.CREDIT_BALANCE, paid),)
    return Posting(PostingKind.REVERSAL, occurred_on, f"reversal:{posting.business_key}", lines)


def balances(postings: Iterable[Posting]) -> Mapping[Account, Money]:
    """Each account's debits less its credits; they sum to zero. An account without a line is not there."""
    result: dict[Account, Money] = {}
    for posting in postings:
        for line in posting.lines:
            result[line.debit] = result.get(line.debit, Money.ZERO) + line.amount
            result[line.credit] = result.get(line.credit, Money.ZERO) - line.amount
    return result
