"""A portfolio's receivables (*kundreskontra*) over months: billed, paid, overdue by age, and the principal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.ledger.rules import OWED
from agreements.receivables.services.find_invoices import FoundInvoice, FoundPage, InvoiceFilter, find_invoices
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month

__all__ = [
    "AGES",
    "FoundInvoice",
    "FoundPage",
    "InvoiceFilter",
    "MonthFigures",
    "Overdue",
    "by_month",
    "find_invoices",
    "overdue",
]

AGES = ((1, 30), (31, 60), (61, 90), (91, None))
"""The days past due, first and last, by which what is overdue is divided."""


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """A month: *billed* falls due in it, *paid* was booked by the bank in it, *principal* is owed at its end."""

    month: Month
    billed: Money
    paid: Money
    principal: Money


@dataclass(frozen=True, slots=True)
class Overdue:
    """What was overdue at the end of a day, by the ages of `AGES`."""

    on: date
    by_age: tuple[Money, ...]

    @property
    def total(self) -> Money:
        """All of it."""
        return Money.sum(self.by_age)


def by_month(session: Session, *, first: Month, through: date) -> tuple[MonthFigures, ...]:
    """Each month from *first* to the one of *through*, paid and owed in the last only so far; reads invoices and
    payments of them, and all movements of principal.
    """
    last = Month.of(through)
    days = {"first_day": first.first_day, "last_day": through, "end_of_last_month": last.end - timedelta(days=1)}
    rows = session.execute(_statement("by_month"), days)
    return tuple(
        MonthFigures(Month.of(row.first_day), Money(row.billed_ore), Money(row.paid_ore), Money(row.principal_ore))
        for row in rows
    )


def overdue(session: Session, days: Sequence[date]) -> tuple[Overdue, ...]:
    """What was overdue at the end of each of *days*, in their order by date; adds up all invoices and payments once.

    Of each agreement the oldest counts as paid first; a payer who named a younger invoice is overdue with as much, and
    by fewer days.
    """
    rows = session.execute(
        _statement("overdue"), {"days": sorted(set(days)), "owed": [str(account) for account in OWED]}
    )
    return tuple(
        Overdue(row.on_day, tuple(map(Money, (row.to_30_ore, row.to_60_ore, row.to_90_ore, row.over_90_ore))))
        for row in rows
    )


@cache
def _statement(name: str) -> sa.TextClause:
    return sa.text(resources.files("agreements.receivables").joinpath(f"{name}.sql").read_text("utf-8"))
