"""Jobs: PostgreSQL decides who runs what; each day once, missed days in order, a failed run again after its lease."""

import threading
import time as machine
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import Unavailable
from underwriting.kernel.periods import stockholm_instant
from underwriting.platform import job_leases, scheduler
from underwriting.platform.job_leases import LeaseLost
from underwriting.platform.job_models import JobAlarm, JobRun
from underwriting.platform.models import OutboxMessage
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import (
    ContinuousJob,
    DailyJob,
    JobPeriodRefused,
    Jobs,
    JobUnderWay,
    JobUnknown,
    MonthlyJob,
)

MONDAY = date(2026, 3, 2)
TODAY = "2026-03-02"
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Stockholm
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LEASE = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=1)


class Ran(list[tuple[str, date]]):
    """Which jobs were run for which days, in order."""

    def job(self, name: str, *, at: time = time(3), fails: Collection[date] = ()) -> DailyJob:
        """A job that notes its days, and fails on some of them."""

        def run(on: date, _: Progress) -> dict[str, Any]:
            self.append((name, on))
            if on in fails:
                raise RuntimeError
            return {"count": 1}

        return DailyJob(name, at, run)

    def monthly_job(self, name: str, *, at: time = time(3)) -> MonthlyJob:
        """A monthly job that notes the first days of its months."""
        return MonthlyJob(name, at, self.job(name, at=at).run)

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


def daily(runtime: Runtime, *jobs: DailyJob | MonthlyJob) -> Jobs:
    return Jobs(runtime, continuous=(), periodic=jobs)


def test_a_day_is_run_once(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    assert jobs.run_due(NOON) == [("fees", TODAY)]
    assert jobs.run_due(NOON) == []
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
    assert bool(jobs.run_due(now)) is due


def test_missed_days_are_caught_up_in_order_and_jobs_in_theirs(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("payments"), ran.job("fees"))
    jobs.run_due(NOON)
    jobs.run_due(NOON + 3 * DAY)
    days = [MONDAY + count * DAY for count in range(4)]
    assert ran == [(name, on) for on in days for name in ("payments", "fees")]


def test_at_the_very_first_start_nothing_was_missed(runtime: Runtime, ran: Ran) -> None:
    daily(runtime, ran.job("fees")).run_due(NOON)
    assert ran == [("fees", MONDAY)]


def test_the_years_before_a_long_rest_are_not_caught_up(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_due(NOON)
    jobs.run_due(NOON + 365 * DAY)
    assert ran.days_of("fees")[1] == MONDAY + (365 - 62) * DAY
    assert len(ran) == 1 + 63


def test_a_job_that_is_due_later_in_the_day_keeps_the_day_open(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("early", at=time(3)), ran.job("late", at=time(18)))
    jobs.run_due(NOON)
    jobs.run_due(NOON + 8 * timedelta(hours=1))
    assert ran == [("early", MONDAY), ("late", MONDAY)]


def test_a_clock_that_is_put_back_runs_nothing_again(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    for count in range(5):
        jobs.run_due(NOON + count * DAY)
    for count in range(5):
        assert jobs.run_due(NOON + count * DAY) == []


def test_a_clock_that_stood_ahead_at_the_very_first_start_holds_nothing_up(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_due(NOON + 365 * DAY)
    assert jobs.run_due(NOON) == [("fees", TODAY)]
    assert jobs.run_due(NOON + DAY) == [("fees", "2026-03-03")]


def test_what_a_run_came_to_is_kept(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    daily(runtime, ran.job("fees")).run_due(NOON)
    with runtime.database.transaction() as session:
        run = session.scalars(sa.select(JobRun)).one()
    assert (run.job, run.period, run.outcome) == ("fees", "2026-03-02", {"count": 1})
    assert (run.started_at, run.finished_at, run.leased_until) == (wall.now(), wall.now(), None)


def test_a_failed_run_is_taken_again_after_a_pause(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    fails = {MONDAY}
    jobs = daily(runtime, ran.job("fees", fails=fails))
    with pytest.raises(ExceptionGroup):
        jobs.run_due(NOON)
    fails.clear()
    wall.move_to(NOON + FIRST_PAUSE - SECOND)
    assert jobs.run_due(NOON) == []
    wall.move_to(NOON + FIRST_PAUSE)
    assert jobs.run_due(NOON) == [("fees", TODAY)]
    assert jobs.run_due(NOON) == []


def test_a_run_whose_process_died_is_taken_again_after_its_lease(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    with runtime.database.transaction() as session:
        session.add(JobRun(job="fees", period="2026-03-02", started_at=NOON, leased_until=NOON + LEASE))
    jobs = daily(runtime, ran.job("fees"))
    assert jobs.run_due(NOON) == []
    wall.move_to(NOON + LEASE)
    assert jobs.run_due(NOON) == [("fees", TODAY)]


def test_a_job_waits_for_its_own_day_before(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    """The fees of one day rest on those of the day before: a failed day holds its own job back, and no other."""
    tuesday = MONDAY + DAY
    fails = {tuesday}
    jobs = daily(runtime, ran.job("fees", fails=fails), ran.job("mail"))
    jobs.run_due(NOON)
    with pytest.raises(ExceptionGroup, match="jobs failed") as failed:
        jobs.run_due(NOON + 3 * DAY)
    assert [type(fault) for fault in failed.value.exceptions] == [RuntimeError]
    assert ran.days_of("fees") == [MONDAY, tuesday]
    assert ran.days_of("mail") == [MONDAY + count * DAY for count in range(4)]

    assert jobs.run_due(NOON + 3 * DAY) == []  # it is too early to try again
    fails.clear()
    wall.move_to(NOON + FIRST_PAUSE)
    caught_up = [("fees", f"2026-03-0{day}") for day in (3, 4, 5)]
    assert jobs.run_due(NOON + 3 * DAY) == caught_up


def test_runs_of_other_periods_are_none_of_its_business(runtime: Runtime, ran: Ran) -> None:
    with runtime.database.transaction() as session:
        session.add(JobRun(job="monthly", period="2026-01", started_at=NOON, finished_at=NOON))
    assert daily(runtime, ran.job("fees")).run_due(NOON) == [("fees", TODAY)]


def test_of_two_schedulers_one_runs_the_day(committed_runtime: Runtime, ran: Ran) -> None:
    """The row of the run decides; the other scheduler finds it leased or done, and leaves no day out."""
    together = threading.Barrier(2)
    entered = threading.Event()

    def run(on: date, _: Progress) -> dict[str, Any]:
        ran.append(("fees", on))
        entered.wait(0.1)  # long enough for the other to look
        return {}

    def tick() -> None:
        together.wait()
        done.extend(daily(committed_runtime, DailyJob("fees", time(3), run)).run_due(NOON))

    done: list[tuple[str, str]] = []
    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [("fees", MONDAY)]
    assert done == [("fees", TODAY)]


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

    jobs = Jobs(runtime, continuous=(ContinuousJob("pay", 1, pay), ContinuousJob("assess", 1, assess)), periodic=())
    assert jobs.run_continuous() == 6
    assert work == {"assess": 0, "pay": 0}


def test_the_ticking_goes_on_when_a_job_fails(runtime: Runtime) -> None:
    ticked = threading.Semaphore(0)

    def fail() -> int:
        ticked.release()
        raise RuntimeError

    ticking = scheduler.start(Jobs(runtime, continuous=(ContinuousJob("fails", 0.01, fail),), periodic=()))
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

    ticking = scheduler.start(Jobs(runtime, continuous=(ContinuousJob("waits", 0.01, wait, at_once=3),), periodic=()))
    try:
        assert all(there.acquire(timeout=10) for _ in range(3))
    finally:
        go_on.set()
        ticking.shutdown(wait=True)


@pytest.mark.parametrize(
    ("on", "due"),
    [
        # 2026-03-29 has no 02:30: the clocks go from 02:00 to 03:00, which is 01:00 in UTC
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # 2026-10-25 has 02:30 twice, at 00:30 and 01:30 in UTC: the first counts
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_night_in_which_the_clocks_change_has_one_run(runtime: Runtime, ran: Ran, on: date, due: datetime) -> None:
    jobs = daily(runtime, ran.job("fees", at=time(2, 30)))
    jobs.run_due(due - HOUR)  # the day before
    ran.clear()
    for minute in range(-30, 181):  # a tick each minute through the night
        jobs.run_due(due + timedelta(minutes=minute))
        assert ran == ([("fees", on)] if minute >= 0 else [])


def test_a_clock_that_jumps_forward_catches_up_and_back_again_loses_no_day(runtime: Runtime, ran: Ran) -> None:
    """A machine whose clock stood a year ahead for a moment goes on with the day on which it is put right."""
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_due(NOON)
    jobs.run_due(NOON + 365 * DAY)
    ran.clear()
    assert jobs.run_due(NOON) == []
    assert jobs.run_due(NOON + DAY) == [("fees", "2026-03-03")]
    assert jobs.run_due(NOON + 2 * DAY) == [("fees", "2026-03-04")]


def test_a_job_that_is_new_in_an_upgrade_begins_with_its_own_day(runtime: Runtime, ran: Ran) -> None:
    daily(runtime, ran.job("fees")).run_due(NOON)
    upgraded = daily(runtime, ran.job("fees"), ran.job("rates"))
    upgraded.run_due(NOON + 5 * DAY)
    assert ran.days_of("rates") == [MONDAY + 5 * DAY]
    assert ran.days_of("fees") == [MONDAY + count * DAY for count in range(6)]


def test_a_month_is_run_once_from_its_first_day_and_missed_ones_in_order(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.monthly_job("letters"))
    assert jobs.run_due(NOON) == [("letters", "2026-03")]
    assert jobs.run_due(NOON + 29 * DAY) == []  # 31 March
    assert jobs.run_due(stockholm_instant(date(2026, 4, 1), time(2, 59))) == []
    assert jobs.run_due(datetime(2026, 5, 2, 9, 0, tzinfo=UTC)) == [("letters", "2026-04"), ("letters", "2026-05")]
    assert ran == [("letters", date(2026, month, 1)) for month in (3, 4, 5)]


def runs(runtime: Runtime) -> dict[str, JobRun]:
    with runtime.database.transaction() as session:
        return {run.period: run for run in session.scalars(sa.select(JobRun).execution_options(populate_existing=True))}


def alarms(runtime: Runtime) -> list[tuple[str, str, str]]:
    with runtime.database.transaction() as session:
        rows = session.execute(sa.select(JobAlarm.job, JobAlarm.period, JobAlarm.reason))
        return [(job, period, reason) for job, period, reason in rows]


def letters(runtime: Runtime) -> list[str]:
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(OutboxMessage.business_key).order_by(OutboxMessage.id)))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (RuntimeError("199908072391"), "unforeseen"),
        (Unavailable(), "unavailable"),
        (OperationalError("SELECT 199908072391", {}, Exception()), "database"),
    ],
)
def test_of_a_failure_its_kind_is_kept_and_nothing_that_it_says(runtime: Runtime, fault: Exception, kind: str) -> None:
    def run(_on: date, _progress: Progress) -> dict[str, Any]:
        raise fault

    with pytest.raises(ExceptionGroup):
        daily(runtime, DailyJob("fees", time(3), run)).run_due(NOON)
    run_kept = runs(runtime)[TODAY]
    assert (run_kept.last_error, run_kept.failed_at, run_kept.finished_at) == (kind, NOON, None)
    assert (run_kept.attempts, run_kept.retry_at) == (1, NOON + FIRST_PAUSE)


def test_pauses_grow_to_an_hour_and_attempts_are_counted(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    jobs = daily(runtime, ran.job("fees", fails={MONDAY}))
    minutes = []
    for _ in range(6):
        with pytest.raises(ExceptionGroup):
            jobs.run_due(NOON)
        run = runs(runtime)[TODAY]
        assert run.retry_at is not None
        minutes.append((run.retry_at - wall.now()) // timedelta(minutes=1))
        wall.move_to(run.retry_at)
    assert minutes == [1, 5, 15, 60, 60, 60]
    assert runs(runtime)[TODAY].attempts == 6


def test_the_lender_is_told_once_of_a_run_that_fails(runtime: Runtime, ran: Ran, wall: FixedClock) -> None:
    jobs = daily(runtime, ran.job("fees", fails={MONDAY}))
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            jobs.run_due(NOON)
        wall.move_to(wall.now() + HOUR)
    assert jobs.watch(NOON + 5 * HOUR) == 0  # late as well: told already
    assert alarms(runtime) == [("fees", TODAY, "failed")]
    assert letters(runtime) == [f"job-alarm:fees:{TODAY}"]


def test_the_lender_is_told_once_of_a_run_that_is_an_hour_late(runtime: Runtime, ran: Ran) -> None:
    """Due at 03:00, which is 02:00 in UTC. The days behind the first one wait for it, and are not told of."""
    jobs = daily(runtime, ran.job("fees", at=time(3)), ran.job("mail", at=time(12)))
    due = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert jobs.watch(due + HOUR - SECOND) == 0
    assert jobs.watch(due + HOUR) == 1
    assert jobs.watch(due + HOUR) == 0
    assert alarms(runtime) == [("fees", TODAY, "late")]
    assert letters(runtime) == [f"job-alarm:fees:{TODAY}"]


def test_what_is_done_is_not_late(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    jobs.run_due(NOON)
    assert jobs.watch(NOON + 5 * HOUR) == 0


def test_by_hand_a_job_is_run_for_the_latest_day_and_again_when_it_is_done(runtime: Runtime, ran: Ran) -> None:
    jobs = daily(runtime, ran.job("fees"))
    assert jobs.run_by_hand("fees", None, now=NOON).was_done is False
    again = jobs.run_by_hand("fees", TODAY, now=NOON)
    assert (again.period, again.outcome, again.was_done) == (TODAY, {"count": 1}, True)
    assert jobs.run_due(NOON) == []
    assert runs(runtime)[TODAY].attempts == 2


@pytest.mark.parametrize(
    ("name", "period", "refusal"),
    [
        ("nothing", None, JobUnknown),
        ("fees", "2026-03-03", JobPeriodRefused),  # tomorrow
        ("fees", "2026-03-01", JobPeriodRefused),  # before its first run
        ("fees", "2026-03", JobPeriodRefused),
        ("fees", "2026-02-30", JobPeriodRefused),
        ("fees", "i dag", JobPeriodRefused),
        ("letters", TODAY, JobPeriodRefused),
        ("late", TODAY, JobPeriodRefused),  # not before its hour: the evening's run would find it done
    ],
)
def test_by_hand_nothing_is_run_that_was_not_missed(
    runtime: Runtime, ran: Ran, name: str, period: str | None, refusal: type[Exception]
) -> None:
    jobs = daily(runtime, ran.job("fees"), ran.monthly_job("letters"), ran.job("late", at=time(20)))
    jobs.run_due(NOON)
    ran.clear()
    with pytest.raises(refusal):
        jobs.run_by_hand(name, period, now=NOON)
    assert ran == []


def test_by_hand_nobody_gets_in_the_way_of_a_run_under_way(runtime: Runtime, ran: Ran) -> None:
    assert job_leases.take(runtime, "fees", TODAY) is not None
    with pytest.raises(JobUnderWay):
        daily(runtime, ran.job("fees")).run_by_hand("fees", None, now=NOON)


def test_a_run_that_lost_its_lease_is_stopped_and_leaves_the_row_alone(committed_runtime: Runtime) -> None:
    """Another machine's clock ran ahead and took the run: the first one stops where it tells its progress."""
    told = threading.Event()

    def run(_on: date, progress: Progress) -> dict[str, Any]:
        with committed_runtime.database.transaction() as session:
            session.execute(sa.update(JobRun).values(leased_until=NOON - SECOND))
        assert job_leases.take(committed_runtime, "fees", TODAY) is not None
        deadline = machine.monotonic() + 20
        while machine.monotonic() < deadline:
            progress(1, 2)
            told.wait(0.05)
        raise AssertionError("the run went on")

    with pytest.raises(ExceptionGroup) as stopped:
        daily(committed_runtime, DailyJob("fees", time(3), run)).run_due(NOON)
    assert [type(fault) for fault in stopped.value.exceptions] == [LeaseLost]
    run_kept = runs(committed_runtime)[TODAY]
    assert (run_kept.attempts, run_kept.failed_at, run_kept.finished_at) == (2, None, None)
    assert alarms(committed_runtime) == []
