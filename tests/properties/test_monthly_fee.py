"""Laws of the monthly fee on random histories of one credit."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from agreements.billing.rules import Movement, MovementKind, chargeable_from, explain_fee, fees_through
from agreements.credit.rules import Instalment
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month

FIRST_DAY = date(2026, 1, 1)
days = st.integers(0, 150).map(lambda number: FIRST_DAY + timedelta(days=number))
months = st.integers(0, 5).map(lambda number: Month(2026, 1).plus(number))
rates = st.decimals(Decimal("0.005"), Decimal("0.06"), places=4)
plans = st.lists(st.tuples(days, st.integers(1, 5_000_000)), max_size=6).map(
    lambda parts: tuple(Instalment(number, on, Money(ore)) for number, (on, ore) in enumerate(sorted(parts), start=1))
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Movement, ...]:
    """Drawdowns and repayments in order, never more repaid than is owed."""
    movements: list[Movement] = []
    owed = 0
    for order, on in enumerate(sorted(draw(st.lists(days, max_size=10)))):
        if owed and draw(st.booleans()):
            ore, kind = draw(st.integers(1, owed)), MovementKind.REPAYMENT
            owed -= ore
        else:
            ore, kind = draw(st.integers(1, 20_000_000)), MovementKind.DRAWDOWN
            owed += ore
        movements.append(Movement(on, order, kind, Money(ore)))
    return tuple(movements)


def basis_by_definition(month: Month, movements: tuple[Movement, ...], plan: tuple[Instalment, ...]) -> int:
    """The greatest of drawn(t) - max(repaid(t), due before the month) over every moment t of the month, in öre."""
    due_before = sum(part.amount.ore for part in plan if part.due_on < month.first_day)
    before = [moved for moved in movements if moved.on < month.first_day]
    inside = [moved for moved in movements if month.first_day <= moved.on < month.end]
    highest = 0
    for count in range(len(inside) + 1):
        known = before + inside[:count]
        drawn = sum(moved.amount.ore for moved in known if moved.kind is MovementKind.DRAWDOWN)
        repaid = sum(moved.amount.ore for moved in known if moved.kind is MovementKind.REPAYMENT)
        highest = max(highest, drawn - max(repaid, due_before))
    return highest


@given(month=months, movements=histories(), plan=plans, rate=rates)
def test_the_fee_is_the_definition(
    month: Month, movements: tuple[Movement, ...], plan: tuple[Instalment, ...], rate: Decimal
) -> None:
    """F2: the highest utilised principal of the month, times the rate, in whole kronor half up (D6)."""
    explained = explain_fee(month, movements=movements, instalments=plan, rate=rate)
    basis = basis_by_definition(month, movements, plan)
    assert explained.basis.ore == basis
    assert explained.fee.ore == int((Decimal(basis) * rate / 100).quantize(Decimal(1), ROUND_HALF_UP)) * 100


@given(month=months, movements=histories(), plan=plans, rate=rates)
def test_an_explanation_holds_together(
    month: Month, movements: tuple[Movement, ...], plan: tuple[Instalment, ...], rate: Decimal
) -> None:
    """F10: every day once, the basis is the highest of them, each day opens where the last one closed."""
    explained = explain_fee(month, movements=movements, instalments=plan, rate=rate)
    assert [day.on for day in explained.days] == [
        month.first_day + timedelta(days=number) for number in range((month.end - month.first_day).days)
    ]
    assert explained.basis == max(day.highest for day in explained.days)
    for earlier, later in zip(explained.days, explained.days[1:], strict=False):
        assert later.highest >= max(earlier.closing, later.closing)
    moved_on = {moved.on for moved in movements}
    for earlier, later in zip(explained.days, explained.days[1:], strict=False):
        if later.on not in moved_on:
            assert later.closing == earlier.closing == later.highest


@given(movements=histories(), plan=plans, rate=rates)
def test_the_months_that_are_charged_are_those_in_which_credit_was_used(
    movements: tuple[Movement, ...], plan: tuple[Instalment, ...], rate: Decimal
) -> None:
    """F1: each once, in order, and no other."""
    last = Month(2026, 6)
    charged = fees_through(last, movements=movements, instalments=plan, rate=rate)
    used = [
        month
        for month in (Month(2026, number) for number in range(1, 7))
        if basis_by_definition(month, movements, plan)
    ]
    assert [explained.month for explained in charged] == used


@given(month=months, movements=histories(), plan=plans, rate=rates)
def test_what_is_booked_after_the_month_does_not_change_its_fee(
    month: Month, movements: tuple[Movement, ...], plan: tuple[Instalment, ...], rate: Decimal
) -> None:
    """F1: the bank's booking day counts."""
    known = tuple(moved for moved in movements if moved.on < month.end)
    assert explain_fee(month, movements=known, instalments=plan, rate=rate) == explain_fee(
        month, movements=movements, instalments=plan, rate=rate
    )


@given(month=months, movements=histories(), plan=plans, rate=rates, ore=st.integers(1, 5_000_000))
def test_more_that_fell_due_before_the_month_never_makes_its_fee_higher(
    month: Month, movements: tuple[Movement, ...], plan: tuple[Instalment, ...], rate: Decimal, ore: int
) -> None:
    """F1: overdue principal is in no later month's basis."""
    longer = (*plan, Instalment(len(plan) + 1, month.first_day - timedelta(days=1), Money(ore)))
    assert (
        explain_fee(month, movements=movements, instalments=longer, rate=rate).fee
        <= explain_fee(month, movements=movements, instalments=plan, rate=rate).fee
    )


@given(month=st.integers(0, 119).map(lambda number: Month(2024, 1).plus(number)))
def test_a_fee_is_charged_on_a_bank_day_of_the_next_month_with_none_before_it(month: Month) -> None:
    """F1: in every month of ten years."""
    first = chargeable_from(month)
    assert is_bank_day(first)
    assert Month.of(first) == month.next()
    assert not any(is_bank_day(first.replace(day=number)) for number in range(1, first.day))
