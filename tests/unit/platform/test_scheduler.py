"""Jobs: PostgreSQL decides who runs what; each day once, missed days in order, a failed run again after its lease."""

import threading
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from underwriting.kernel.clock import FixedClock
from underwriting.platform import scheduler
from underwriting.platform.models import JobRun
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob, DailyJob, Jobs

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Stockholm
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
LEASE = timedelta(minutes=10)


class Ran(list[tuple[str, date]]):
    """Which jobs were run for which days, in order."""

    def job(self, name: str, *, at: time = time(3), fails: Collection[date] = ()) -> DailyJob:
        """A job that notes its days, and fails on some of them."""

        def run(on: date) -> dict[str, Any]:
            self.append((name, on))
            if on in fails:
                raise RuntimeError
            return {"count": 1}

        return DailyJob(name, at, run)

    def days_of(self, name: str) -> list[date]:
        return [on for job, on in self if job == name]


@pytest.fixture
def wall() -> FixedClock:
    """The machine's clock, which stands still."""
    return FixedClock(NOON)


@pytest.fixture
def runtime(runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(runtime, wall=wall)


@pytest.fixture
def ran() -> Ran:
    return Ran()


def daily(runtime: Runtime, *jobs: DailyJob) -> Jobs:
    return Jobs(runtime, continuous=(), daily=jobs)


def test_a_day_is_run_once(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    assert jobs.run_daily_due(NOON) == [("fees", MONDAY)]
    assert jobs.run_daily_due(NOON) == []
    assert ran == [("fees", MONDAY)]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 2, 1, 59, 59, tzinfo=UTC), False),  # 02:59:59 in winter
        (datetime(2026, 3, 2, 2, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 1, 23, 0, 0, tzinfo=UTC), False),  # the day has begun in Stockholm
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), False),  # the clocks go from 02:00 to 03:00
        (datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 0, 59, 59, tzinfo=UTC), False),  # 02:59:59 in summer
        (datetime(2026, 7, 1, 1, 0, 0, tzinfo=UTC), True),
    ],
)
def test_a_job_is_due_from_its_hour_in_stockholm(runtime: Runtime, ran: Ran, now: datetime, due: bool) -> None:
    jobs = daily(runtime, ran.job("fees", at=time(3)))
    assert bool(jobs.run_daily_due(now)) is due


def test_missed_days_are_caught_up_in_order_and_jobs_in_theirs(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("payments"), ran.job("fees"))
    jobs.run_daily_due(NOON)
    jobs.run_daily_due(NOON + 3 * DAY)
    days = [MONDAY + count * DAY for count in range(4)]
    assert ran == [(name, on) for on in days for name in ("payments", "fees")]


def test_at_the_very_first_start_nothing_was_missed(runtime: Runtime, ran: Ran) -> None:
    daily(runtime, ran.job("fees")).run_daily_due(NOON)
    assert ran == [("fees", MONDAY)]


def test_the_years_before_a_long_rest_are_not_caught_up(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_daily_due(NOON)
    jobs.run_daily_due(NOON + 365 * DAY)
    assert ran.days_of("fees")[1] == MONDAY + (365 - 62) * DAY
    assert len(ran) == 1 + 63


def test_a_job_that_is_due_later_in_the_day_keeps_the_day_open(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("early", at=time(3)), ran.job("late", at=time(18)))
    jobs.run_daily_due(NOON)
    jobs.run_daily_due(NOON + 8 * timedelta(hours=1))
    assert ran == [("early", MONDAY), ("late", MONDAY)]


def test_a_clock_that_is_put_back_runs_nothing_again(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_daily_due(NOON)
    assert jobs.run_daily_due(NOON - 5 * DAY) == []


def test_what_a_run_came_to_is_kept(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    daily(runtime, ran.job("fees")).run_daily_due(NOON)
    with runtime.database.transaction() as session:
        run = session.scalars(sa.select(JobRun)).one()
    assert (run.job, run.period, run.outcome) == ("fees", "2026-03-02", {"count": 1})
    assert (run.started_at, run.finished_at, run.leased_until) == (wall.now(), wall.now(), None)


def test_a_failed_run_is_taken_again_after_its_lease(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    fails = {MONDAY}
    jobs = daily(runtime, ran.job("fees", fails=fails))
    with pytest.raises(ExceptionGroup):
        jobs.run_daily_due(NOON)
    fails.clear()
    wall.move_to(NOON + LEASE - SECOND)
    assert jobs.run_daily_due(NOON) == []
    wall.move_to(NOON + LEASE)
    assert jobs.run_daily_due(NOON) == [("fees", MONDAY)]
    assert jobs.run_daily_due(NOON) == []


def test_a_run_whose_process_died_is_taken_again_after_its_lease(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    with runtime.database.transaction() as session:
        session.add(JobRun(job="fees", period="2026-03-02", started_at=NOON, leased_until=NOON + LEASE))
    jobs = daily(runtime, ran.job("fees"))
    assert jobs.run_daily_due(NOON) == []
    wall.move_to(NOON + LEASE)
    assert jobs.run_daily_due(NOON) == [("fees", MONDAY)]


def test_a_job_waits_for_its_own_day_before(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    """The fees of one day rest on those of the day before: a failed day holds its own job back, and no other."""
    tuesday = MONDAY + DAY
    fails = {tuesday}
    jobs = daily(runtime, ran.job("fees", fails=fails), ran.job("mail"))
    jobs.run_daily_due(NOON)
    with pytest.raises(ExceptionGroup, match="daily jobs failed") as failed:
        jobs.run_daily_due(NOON + 3 * DAY)
    assert [type(fault) for fault in failed.value.exceptions] == [RuntimeError]
    assert ran.days_of("fees") == [MONDAY, tuesday]
    assert ran.days_of("mail") == [MONDAY + count * DAY for count in range(4)]

    assert jobs.run_daily_due(NOON + 3 * DAY) == []  # the lease runs
    fails.clear()
    wall.move_to(NOON + LEASE)
    caught_up = [("fees", MONDAY + count * DAY) for count in (1, 2, 3)]
    assert jobs.run_daily_due(NOON + 3 * DAY) == caught_up


def test_runs_of_other_periods_are_none_of_its_business(runtime: Runtime, ran: Ran) -> None:
    with runtime.database.transaction() as session:
        session.add(JobRun(job="monthly", period="2026-01", started_at=NOON, finished_at=NOON))
    assert daily(runtime, ran.job("fees")).run_daily_due(NOON) == [("fees", MONDAY)]


def test_of_two_schedulers_one_runs_the_day(committed_runtime: Runtime, ran: Ran) -> None:
    """The row of the run decides; the other scheduler finds it leased or done, and leaves no day out."""
    together = threading.Barrier(2)
    entered = threading.Event()

    def run(on: date) -> dict[str, Any]:
        ran.append(("fees", on))
        entered.wait(0.1)  # long enough for the other to look
        return {}

    def tick() -> None:
        together.wait()
        done.extend(daily(committed_runtime, DailyJob("fees", time(3), run)).run_daily_due(NOON))

    done: list[tuple[str, date]] = []
    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == done == [("fees", MONDAY)]


def test_continuous_jobs_are_run_until_none_finds_anything(runtime: Runtime) -> None:
    work = {"assess": 3, "pay": 0}

    def assess() -> int:
        if not work["assess"]:
            return 0
        work["assess"] -= 1
        work["pay"] += 1  # what one job does gives the next one something to do
        return 1

    def pay() -> int:
        done, work["pay"] = work["pay"], 0
        return done

    jobs = Jobs(runtime, continuous=(ContinuousJob("pay", 1, pay), ContinuousJob("assess", 1, assess)), daily=())
    assert jobs.run_continuous() == 6
    assert work == {"assess": 0, "pay": 0}


def test_the_ticking_goes_on_when_a_job_fails(runtime: Runtime) -> None:
    ticked = threading.Semaphore(0)

    def fail() -> int:
        ticked.release()
        raise RuntimeError

    ticking = scheduler.start(Jobs(runtime, continuous=(ContinuousJob("fails", 0.01, fail),), daily=()))
    try:
        assert all(ticked.acquire(timeout=10) for _ in range(3))
    finally:
        ticking.shutdown(wait=True)


def test_a_job_is_run_by_as_many_threads_as_it_wants_side_by_side(runtime: Runtime) -> None:
    """B2: a bureau that is silent about one application does not hold the next."""
    there, go_on = threading.Semaphore(0), threading.Event()

    def wait() -> int:
        there.release()
        go_on.wait(10)
        return 0

    ticking = scheduler.start(Jobs(runtime, continuous=(ContinuousJob("waits", 0.01, wait, at_once=3),), daily=()))
    try:
        assert all(there.acquire(timeout=10) for _ in range(3))
    finally:
        go_on.set()
        ticking.shutdown(wait=True)
