"""Clocks tell aware instants in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from underwriting.kernel.clock import FixedClock, SystemClock, TestTime

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_machines_clock_is_aware_and_moves_forward() -> None:
    first = SystemClock().now()
    assert first.utcoffset() == timedelta(0)
    assert SystemClock().now() >= first


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.move_to(NOON + timedelta(days=1))
    assert clock.now() == datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_a_fixed_clock_tells_utc_whatever_zone_it_was_set_in() -> None:
    clock = FixedClock(datetime(2026, 3, 2, 13, tzinfo=timezone(timedelta(hours=1))))
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)


def test_a_fixed_clock_refuses_a_naive_instant() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 3, 2, 12))  # noqa: DTZ001 (the fault under test)


def test_test_time_is_told_where_it_is_set() -> None:
    """X1: every process reads the same row."""
    assert TestTime(lambda: NOON).now() == NOON


def test_without_test_time_the_machines_clock_is_told() -> None:
    """X1: no row, no test time."""
    before = SystemClock().now()
    assert before <= TestTime(lambda: None).now() <= SystemClock().now()
