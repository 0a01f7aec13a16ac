"""The fee of one calendar month, day by day (rules F1, F2, F10): what the fee run's SQL is compared with."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from agreements.credit.rules import Instalment
from underwriting.kernel.bank_days import first_bank_day_of
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between


class MovementKind(StrEnum):
    """The two ways in which principal moves."""

    DRAWDOWN = "drawdown"
    REPAYMENT = "repayment"


@dataclass(frozen=True, slots=True)
class Movement:
    """Principal that moved on the bank's booking day *on*; *order* tells the movements of one day apart.

    What was reversed is left out together with its reversal: a returned payout was never utilised (rule P3).
    """

    on: date
    order: int
    kind: MovementKind
    amount: Money


@dataclass(frozen=True, slots=True)
class DayUtilisation:
    """What one day of a month counts for: the highest level of the day, its opening included, and the closing one."""

    on: date
    highest: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class FeeExplanation:
    """How the fee (*månadsavgift*) of *month* comes about (rule F10).

    *due_before* is the principal that had fallen due before the month: it is outside the basis, paid or not. *product*
    is basis times rate in kronor, exact; *fee* is that in whole kronor, half up (rule D6).
    """

    month: Month
    rate: Decimal
    due_before: Money
    days: tuple[DayUtilisation, ...]
    basis: Money
    product: Decimal
    fee: Money


def explain_fee(
    month: Month, *, movements: Iterable[Movement], instalments: Iterable[Instalment], rate: Decimal
) -> FeeExplanation:
    """The fee of *month* at *rate* per calendar month, explained (rules F1, F2, F10).

    The basis is the highest utilised principal at any moment of the month, its first included. Utilised at a moment is
    what was drawn by then less the greater of what was repaid by then and what had fallen due before the month, never
    below zero: principal that is overdue when a month begins is in that month's basis no more.
    """
    due_before = Money.sum(part.amount for part in instalments if part.due_on < month.first_day)
    levels = tuple(_levels(movements, due_before))
    closing = next((level for on, level in reversed(levels) if on < month.first_day), Money.ZERO)
    by_day: dict[date, list[Money]] = defaultdict(list)
    for on, level in levels:
        by_day[on].append(level)
    days = []
    for number in range((month.end - month.first_day).days):
        on = month.first_day + timedelta(days=number)
        opening, closing = closing, by_day[on][-1] if by_day[on] else closing
        days.append(DayUtilisation(on, max(opening, *by_day[on], closing), closing))
    basis = max(day.highest for day in days)
    return FeeExplanation(
        month=month,
        rate=rate,
        due_before=due_before,
        days=tuple(days),
        basis=basis,
        product=basis.ore * rate / 100,
        fee=basis.at_rate_in_kronor(rate),
    )


def fees_through(
    last: Month, *, movements: Iterable[Movement], instalments: Iterable[Instalment], rate: Decimal
) -> tuple[FeeExplanation, ...]:
    """Every month from the first drawdown's to *last* in which credit was used, each explained (rule F1)."""
    moved, planned = tuple(movements), tuple(instalments)
    if not moved:
        return ()
    explained = (
        explain_fee(month, movements=moved, instalments=planned, rate=rate)
        for month in months_between(Month.of(min(movement.on for movement in moved)), last)
    )
    return tuple(explanation for explanation in explained if explanation.basis)


def chargeable_from(month: Month) -> date:
    """The day after whose bank answers the fee of *month* is charged (rule F1): the next month's first bank day.

    A booking on the last day of *month* may be told only then. At redemption the fee is charged at once.
    """
    return first_bank_day_of(month.next())


def _levels(movements: Iterable[Movement], due_before: Money) -> Iterator[tuple[date, Money]]:
    """The utilised principal after each movement, in their order, with the day."""
    drawn = repaid = Money.ZERO
    for movement in sorted(movements, key=lambda moved: (moved.on, moved.order)):
        if movement.kind is MovementKind.DRAWDOWN:
            drawn += movement.amount
        else:
            repaid += movement.amount
        yield movement.on, max(drawn - max(repaid, due_before), Money.ZERO)
