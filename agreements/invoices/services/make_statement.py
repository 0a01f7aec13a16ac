"""Statements of account (*kontoutdrag*): what was owed, what happened, and what is owed, between two days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.ledger import service as ledger
from agreements.ledger.rules import FEES_OWED, OWED, Line, PostingKind
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account

_DEBT = frozenset((*OWED, Account.CREDIT_BALANCE))
_LONGEST = timedelta(days=3660)


class StatementPeriodRefused(InvalidInput):
    """The first day comes after the last one, or the two are more than ten years apart."""

    slug = "statement-period-refused"
    title = Text("Perioden för kontoutdraget godtas inte", "The period of the statement is not accepted")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is owed at the end of a day; *debt* is less the borrower's own money, and then may be below zero."""

    principal: Money
    fees: Money
    credit_balance: Money

    @property
    def debt(self) -> Money:
        """What is owed, net."""
        return self.principal + self.fees - self.credit_balance


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One event; *change* is what it did to the debt, and *debt* what was owed after it."""

    on: date
    kind: PostingKind
    change: Money
    debt: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """From the beginning of *first* to the end of *last*; the lines lead from opening to closing."""

    first: date
    last: date
    opening: Standing
    lines: tuple[StatementLine, ...]
    closing: Standing


def statement_of(session: Session, agreement: Agreement, *, first: date, last: date) -> Statement:
    """What the books tell of the days from *first* to *last*, both included. Raises StatementPeriodRefused.

    An event that only moves money between what is owed, as when a credit balance is used, leaves the debt as it is.
    """
    if first == date.min or not timedelta(0) <= last - first <= _LONGEST:
        raise StatementPeriodRefused(
            Text("Välj högst tio år, från en tidigare dag", "Choose ten years at most, from an earlier day")
        )
    opening = standing_in(ledger.balances(session, agreement.id, on=first - timedelta(days=1)))
    found = [entry for entry in ledger.entries(session, agreement.id) if first <= entry.occurred_on <= last]
    debt, lines = opening.debt, []
    for entry in sorted(found, key=lambda one: (one.occurred_on, one.id)):
        change = Money.sum(_change(line) for line in entry.lines)
        debt += change
        lines.append(StatementLine(entry.occurred_on, entry.kind, change, debt))
    closing = standing_in(ledger.balances(session, agreement.id, on=last))
    return Statement(first, last, opening, tuple(lines), closing)


def standing_in(balances: Mapping[Account, Money]) -> Standing:
    """What is owed by these balances."""
    fees = Money.sum(balances[account] for account in FEES_OWED)
    return Standing(balances[Account.PRINCIPAL], fees, -balances[Account.CREDIT_BALANCE])


def _change(line: Line) -> Money:
    debited, credited = line.debit in _DEBT, line.credit in _DEBT
    if debited == credited:
        return Money.ZERO
    return line.amount if debited else -line.amount
