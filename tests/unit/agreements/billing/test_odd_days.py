"""Fees over 29 February and the nights on which clocks change, on the real database (rule F1)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from agreements.billing.service import explain, fees_of, run_due
from agreements.credit.models import Agreement
from tests.support.running import FEE, LIMIT, RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date

# In Stockholm 01:59:59 and 03:00, 02:59:59 and again 02:00; and both ends of the days around.
SPRING = [datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC) + timedelta(seconds=one) for one in (0, 1)]
AUTUMN = [datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC) + timedelta(seconds=one) for one in (0, 1, 3600, 3601)]


def charged(world: RunningWorld, agreement: Agreement) -> dict[str, Money]:
    with world.runtime.database.transaction() as session:
        return {str(fee.month): fee.fee for fee in fees_of(session, agreement.id)}


def test_a_credit_first_used_on_29_february_costs_all_of_february(world: RunningWorld) -> None:
    """F1, F10: one day of 29; from the evening of 1 March, and once."""
    world.to("2028-02-29 10:00:00")
    agreement = world.running()
    run_due(world.runtime, date(2028, 2, 29))
    assert charged(world, agreement) == {}
    world.to("2028-03-01 20:00:00")
    for _ in range(2):
        run_due(world.runtime, date(2028, 3, 1))
    assert charged(world, agreement) == {"2028-02": FEE}
    with world.runtime.database.transaction() as session:
        days = explain(session, agreement, Month(2028, 2)).days
    assert [(day.on, day.highest) for day in days if day.highest] == [(date(2028, 2, 29), LIMIT)]
    assert len(days) == 29


@pytest.mark.parametrize(("paid_out", "night"), [("2026-02-02", SPRING), ("2026-09-01", AUTUMN)])
def test_a_run_at_each_side_of_the_hour_that_is_lost_or_lived_twice_charges_once(
    world: RunningWorld, paid_out: str, night: list[datetime]
) -> None:
    """F1: the month before, whole; the month of the night is not over."""
    world.to(f"{paid_out} 10:00:00")
    agreement = world.running()
    for moment in night:
        world.clock.move_to(moment)
        run_due(world.runtime, stockholm_date(moment))
    assert charged(world, agreement) == {paid_out[:7]: FEE}


@pytest.mark.parametrize("last_instant", ["2026-03-31 21:59:59", "2026-10-31 22:59:59", "2028-02-29 22:59:59"])
def test_a_month_ends_at_midnight_in_stockholm_whatever_its_clock_is_ahead_by(
    world: RunningWorld, last_instant: str
) -> None:
    """F1: a run in the last second of a month charges nothing of it; one four days later does."""
    instant = datetime.fromisoformat(last_instant).replace(tzinfo=UTC)
    month = Month.of(stockholm_date(instant))
    world.to(f"{month.first_day.replace(day=2)} 10:00:00")
    agreement = world.running()
    world.clock.move_to(instant)
    run_due(world.runtime, stockholm_date(instant))
    assert charged(world, agreement) == {}
    world.clock.move_to(instant + timedelta(days=4))
    run_due(world.runtime, stockholm_date(instant + timedelta(days=4)))
    assert charged(world, agreement) == {str(month): FEE}
