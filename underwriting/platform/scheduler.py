"""Jobs: APScheduler only ticks; PostgreSQL decides what is done.

A *continuous* job looks for work that is due, takes it under row locks and may run at any time in any number of
processes. A *daily* or *monthly* job is run once for each Stockholm day or month under a lease (`job_leases`); what was
missed is caught up in order, and "already done" is success. Every run may be repeated: a second one finds what the
first one did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.periods import STOCKHOLM, Month, stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform import job_alarms, job_leases, request_ids, tracing
from underwriting.platform.job_leases import Attempt, LeaseLost
from underwriting.platform.job_models import AlarmReason, JobRun
from underwriting.platform.job_periods import (
    DailyJob,
    MonthlyJob,
    Outcome,
    Period,
    PeriodicJob,
    due_at,
    due_from,
    first_day_of,
    latest_due,
    period_named,
    period_of,
)
from underwriting.platform.runtime import Runtime

__all__ = ["ContinuousJob", "DailyJob", "Jobs", "MonthlyJob", "start"]

FARTHEST_BACK = timedelta(days=62)  # a fee run may not be older than a month and a bit
LATE_AFTER = timedelta(hours=1)

_TICK_SECONDS = 20
_WATCH_SECONDS = 60
_log = structlog.get_logger(__name__)


class JobUnknown(NotFound):
    """There is no such daily or monthly job."""

    slug = "job-unknown"
    title = Text("Det finns inget sådant jobb", "There is no such job")


class JobPeriodRefused(Conflict):
    """The job cannot be run for the period."""

    slug = "job-period-refused"
    title = Text("Jobbet kan inte köras för den perioden", "The job cannot be run for that period")


class JobUnderWay(Conflict):
    """Another process is at it."""

    slug = "job-under-way"
    title = Text("Jobbet körs just nu", "The job is under way")


@dataclass(frozen=True)
class ContinuousJob:
    """Takes what is due, and says how much it did; run every *every_seconds*, by *at_once* threads side by side."""

    name: str
    every_seconds: float
    run: Callable[[], int]
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Due:
    """One run that is due and not done."""

    job: PeriodicJob
    period: Period


@dataclass(frozen=True, slots=True)
class RunByHand:
    """What a run that a person asked for came to; *was_done*: it had been run before."""

    period: str
    outcome: Outcome
    was_done: bool


@dataclass(frozen=True)
class Jobs:
    """All jobs of the service."""

    runtime: Runtime
    continuous: Sequence[ContinuousJob]
    periodic: Sequence[PeriodicJob]

    def run_continuous(self) -> int:
        """Run every continuous job until none finds anything to do; how much was done. For test time and the demo."""
        total = 0
        for _ in range(1000):
            done = sum(job.run() for job in self.continuous)
            total += done
            if not done:
                break
        return total

    def run_due(self, now: datetime) -> list[tuple[str, str]]:
        """Run what is due at *now* and not done yet, day by day; name and period of the runs that this call did.

        A job waits for its own period before: where that failed or somebody is at it, the later ones are left alone.
        The other jobs go on, and what failed is raised together at the end.
        """
        ran: list[tuple[str, str]] = []
        faults: list[Exception] = []
        waiting: set[str] = set()
        for due in self._due(now):
            name, period = due.job.name, due.period
            if name in waiting:
                continue
            try:
                if self.run_one(due.job, period) is not None:
                    ran.append((name, period.text))
                elif not self._is_done(name, period):
                    waiting.add(name)
            except Exception as fault:  # one job's fault must not stop the others
                waiting.add(name)
                faults.append(fault)
        if faults:
            raise ExceptionGroup("jobs failed", faults)
        return ran

    def run_one(self, job: PeriodicJob, period: Period, *, again: bool = False) -> Outcome | None:
        """Run *job* for *period* unless that is done or somebody is at it; what it came to, or None if it was not run.

        With *again*, what is done is run once more.
        """
        attempt = job_leases.take(self.runtime, job.name, period.text, again=again)
        if attempt is None:
            return None
        with request_ids.run_of(job.name):
            try:
                with attempt, tracing.span(f"job {job.name}", period=period.text):
                    outcome = self.runtime.database.retrying(lambda: job.run(period.on, attempt.tell), repeatable=True)
            except LeaseLost:
                raise
            except Exception as error:
                _log.exception("job_failed", period=period.text, attempt=attempt.number)
                self._tell_of_failure(attempt, error)
                raise
            if not attempt.finish(outcome):
                raise LeaseLost
            _log.info("job_done", period=period.text, **outcome)
        return outcome

    def run_by_hand(self, name: str, period: str | None, *, now: datetime) -> RunByHand:
        """Run the job *name* for *period*, or for the latest that is due; what is done already is run once more.

        Raises JobUnknown, JobUnderWay, and JobPeriodRefused for what is not due yet and for what lies before the job's
        first run: nothing was missed then.
        """
        job = next((job for job in self.periodic if job.name == name), None)
        if job is None:
            raise JobUnknown
        wanted = latest_due(job, now) if period is None else period_named(job, period)
        if wanted is None:
            raise JobPeriodRefused(_NO_PERIOD[type(job)])
        if due_at(job, wanted) > now:
            raise JobPeriodRefused(_NOT_DUE)
        if period is not None and wanted.on < self._firsts(now)[name].on:
            raise JobPeriodRefused(_BEFORE_FIRST)
        was_done = self._is_done(name, wanted)
        outcome = self.run_one(job, wanted, again=True)
        if outcome is None:
            raise JobUnderWay
        return RunByHand(wanted.text, outcome, was_done)

    def watch(self, now: datetime) -> int:
        """Tell the lender of every job whose oldest run that is not done should have been an hour ago; how many."""
        late: dict[str, Period] = {}
        for due in self._due(now):
            if due_at(due.job, due.period) + LATE_AFTER <= now:
                late.setdefault(due.job.name, due.period)  # those after it wait for it
        with self.runtime.database.transaction() as session:
            return sum(
                job_alarms.raise_alarm(session, self.runtime, name, period.text, AlarmReason.LATE, at=now)
                for name, period in late.items()
            )

    def _due(self, now: datetime) -> list[Due]:
        """What is due and not done, in the order in which it is to be run: by day, and as the jobs stand."""
        oldest = stockholm_date(now) - FARTHEST_BACK
        with self.runtime.database.transaction() as session:
            finished = sa.select(JobRun.job, JobRun.period).where(
                JobRun.finished_at.is_not(None), JobRun.period >= _month_text(oldest)
            )
            done = {(job, period) for job, period in session.execute(finished)}
        firsts = self._firsts(now)
        found = [
            (period.on, place, Due(job, period))
            for place, job in enumerate(self.periodic)
            for period in due_from(job, firsts[job.name], now)
            if (job.name, period.text) not in done
        ]
        return [due for _, _, due in sorted(found, key=lambda one: one[:2])]

    def _firsts(self, now: datetime) -> dict[str, Period]:
        """The first period of each job that may have been missed: of its first run, or of today where it has none."""
        with self.runtime.database.transaction() as session:
            query = sa.select(JobRun.job, sa.func.min(JobRun.period)).group_by(JobRun.job)
            oldest = {job: first_day_of(period) for job, period in session.execute(query)}
        today = stockholm_date(now)
        return {
            job.name: period_of(job, max(min(oldest.get(job.name, today), today), today - FARTHEST_BACK))
            for job in self.periodic
        }

    def _is_done(self, name: str, period: Period) -> bool:
        with self.runtime.database.transaction() as session:
            run = session.get(JobRun, (name, period.text), populate_existing=True)
            return run is not None and run.finished_at is not None

    def _tell_of_failure(self, attempt: Attempt, error: Exception) -> None:
        """Keep what kind of error it was, and tell the lender; without the database the lease runs out by itself."""
        try:
            with self.runtime.database.transaction() as session:
                if attempt.fail(error):
                    at = self.runtime.clock.now()
                    job_alarms.raise_alarm(
                        session, self.runtime, attempt.job, attempt.period, AlarmReason.FAILED, at=at
                    )
        except SQLAlchemyError:
            _log.exception("job_failure_not_kept", period=attempt.period)


_NOT_DUE = Text("Den är inte mogen för körning än.", "It is not due yet.")
_BEFORE_FIRST = Text("Jobbet kördes inte då; inget har missats.", "The job was not run then, and nothing was missed.")
_NO_PERIOD = {
    DailyJob: Text("Ange en dag som 2026-03-02.", "Give a day like 2026-03-02."),
    MonthlyJob: Text("Ange en månad som 2026-03.", "Give a month like 2026-03."),
}


def start(jobs: Jobs) -> BackgroundScheduler:
    """A running scheduler that ticks *jobs*; the caller shuts it down."""
    threads = 2 + sum(job.at_once for job in jobs.continuous)
    scheduler = BackgroundScheduler(
        timezone=STOCKHOLM,
        executors={"default": ThreadPoolExecutor(threads)},  # one for each, so that none waits for another
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs.continuous:
        for number in range(job.at_once):
            run = _guarded(job.name, job.run)
            scheduler.add_job(run, "interval", seconds=job.every_seconds, id=f"{job.name}-{number}")
    clock = jobs.runtime.clock
    due = _guarded("daily", lambda: len(jobs.run_due(clock.now())))
    scheduler.add_job(due, "interval", seconds=_TICK_SECONDS, id="daily")
    watch = _guarded("watch", lambda: jobs.watch(clock.now()))
    scheduler.add_job(watch, "interval", seconds=_WATCH_SECONDS, id="watch")
    scheduler.start()
    return scheduler


def _guarded(name: str, run: Callable[[], int]) -> Callable[[], None]:
    def tick() -> None:
        with request_ids.run_of(name):
            try:
                run()
            except Exception:  # one job's fault must not stop the others; the next tick tries again
                _log.exception("job_failed")

    return tick


def _month_text(on: date) -> str:
    """The text of the month of *on*, which stands before every period in it and after."""
    return str(Month.of(on))
