"""Leases of runs: renewed while their holder lives, taken over when it does not, whatever the clocks do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.processes import wait_until
from underwriting.kernel.clock import FixedClock
from underwriting.platform import job_leases
from underwriting.platform.job_leases import LEASE, LeaseLost
from underwriting.platform.job_models import JobRun
from underwriting.platform.runtime import Runtime

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
DAY = "2026-03-02"
SECOND = timedelta(seconds=1)


@pytest.fixture
def wall() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def runtime(committed_runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(committed_runtime, wall=wall)


def kept(runtime: Runtime) -> JobRun:
    with runtime.database.transaction() as session:
        return session.scalars(sa.select(JobRun)).one()


def test_a_run_that_takes_longer_than_its_lease_is_nobody_elses(runtime: Runtime, wall: FixedClock) -> None:
    attempt = job_leases.take(runtime, "fees", DAY)
    assert attempt is not None
    attempt.told_every_seconds, attempt.renewed_every = 0.01, timedelta(0)
    with attempt:
        for minutes in (9, 18, 27, 36):
            at = NOON + timedelta(minutes=minutes)
            wall.move_to(at)
            assert wait_until(lambda until=at + LEASE: kept(runtime).leased_until == until)  # type: ignore[misc]
            assert job_leases.take(runtime, "fees", DAY) is None
    assert attempt.finish({"count": 3})
    assert (kept(runtime).outcome, kept(runtime).leased_until, kept(runtime).attempts) == ({"count": 3}, None, 1)


def test_a_dead_run_is_taken_over_when_its_lease_is_over(runtime: Runtime, wall: FixedClock) -> None:
    assert job_leases.take(runtime, "fees", DAY) is not None
    wall.move_to(NOON + LEASE - SECOND)
    assert job_leases.take(runtime, "fees", DAY) is None
    wall.move_to(NOON + LEASE)
    second = job_leases.take(runtime, "fees", DAY)
    assert second is not None
    assert second.number == 2


def test_progress_is_shown_while_the_run_goes_on(runtime: Runtime) -> None:
    attempt = job_leases.take(runtime, "fees", DAY)
    assert attempt is not None
    attempt.told_every_seconds = 0.01
    with attempt:
        attempt.tell(300, 1000)
        assert wait_until(lambda: (kept(runtime).progress_done, kept(runtime).progress_total) == (300, 1000))
        attempt.tell(1000, 1000)
    attempt.finish({})
    assert kept(runtime).progress_done == 1000
    assert kept(runtime).milliseconds is not None


def test_whoever_lost_the_lease_can_neither_finish_nor_fail_the_run(runtime: Runtime, wall: FixedClock) -> None:
    first = job_leases.take(runtime, "fees", DAY)
    wall.move_to(NOON + LEASE)
    second = job_leases.take(runtime, "fees", DAY)
    assert first is not None
    assert second is not None
    assert not first.finish({"count": 1})
    assert not first.fail(RuntimeError())
    assert kept(runtime).finished_at is None
    assert second.finish({"count": 2})
    assert kept(runtime).outcome == {"count": 2}


def test_whoever_lost_the_lease_is_stopped_at_the_next_progress(runtime: Runtime, wall: FixedClock) -> None:
    first = job_leases.take(runtime, "fees", DAY)
    assert first is not None
    first.told_every_seconds, first.renewed_every = 0.01, timedelta(0)
    wall.move_to(NOON + LEASE)
    assert job_leases.take(runtime, "fees", DAY) is not None

    def is_stopped() -> bool:
        try:
            first.tell(1)
        except LeaseLost:
            return True
        return False

    with first:
        assert wait_until(is_stopped)


@pytest.mark.parametrize("ahead", [timedelta(minutes=12), timedelta(days=365)])
def test_a_lease_of_a_clock_that_was_ahead_holds_nobody_once_it_is_put_back(
    runtime: Runtime, wall: FixedClock, ahead: timedelta
) -> None:
    """No lease is longer than ten minutes: one that ends later is of a clock that went wrong."""
    wall.move_to(NOON + ahead)
    assert job_leases.take(runtime, "fees", DAY) is not None
    wall.move_to(NOON)
    assert job_leases.take(runtime, "fees", DAY) is not None


def test_two_machines_whose_clocks_differ_by_a_minute_respect_each_other(runtime: Runtime, wall: FixedClock) -> None:
    assert job_leases.take(runtime, "fees", DAY) is not None
    wall.move_to(NOON - timedelta(seconds=59))
    assert job_leases.take(runtime, "fees", DAY) is None
