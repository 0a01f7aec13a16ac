"""Jobs: APScheduler only ticks; PostgreSQL decides what is done.

A *continuous* job looks for work that is due, takes it under row locks and may run at any time in any number of
processes. A *daily* job is run once for each Stockholm day under a lease in `job_run`; days that were missed are caught
up in order, and "already done" is success.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.dialects.postgresql import insert

from underwriting.kernel.periods import STOCKHOLM, stockholm_date, stockholm_instant
from underwriting.platform import request_ids, tracing
from underwriting.platform.models import JobRun
from underwriting.platform.runtime import Runtime

LEASE = timedelta(minutes=10)
FARTHEST_BACK = timedelta(days=62)  # a fee run may not be older than a month and a bit

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ContinuousJob:
    """Takes what is due, and says how much it did; run every *every_seconds*, by *at_once* threads side by side."""

    name: str
    every_seconds: float
    run: Callable[[], int]
    at_once: int = 1


@dataclass(frozen=True)
class DailyJob:
    """Run for each Stockholm day, from *at* o'clock of that day; its outcome is kept."""

    name: str
    at: time
    run: Callable[[date], dict[str, Any]]


@dataclass(frozen=True)
class Jobs:
    """All jobs of the service."""

    runtime: Runtime
    continuous: Sequence[ContinuousJob]
    daily: Sequence[DailyJob]

    def run_continuous(self) -> int:
        """Run every continuous job until none finds anything to do; how much was done. For test time and the demo."""
        total = 0
        for _ in range(1000):
            done = sum(job.run() for job in self.continuous)
            total += done
            if not done:
                break
        return total

    def run_daily_due(self, now: datetime) -> list[tuple[str, date]]:
        """Run what is due at *now* and not done yet, day by day; the runs that this call did.

        A job waits for its own day before: where that failed or somebody is at it, the days after are left for later.
        The other jobs go on, and what failed is raised together at the end.
        """
        ran: list[tuple[str, date]] = []
        faults: list[Exception] = []
        waiting: set[str] = set()
        for on in _days_until(stockholm_date(now), first=self._first_day(now)):
            for job in self.daily:
                if job.name in waiting or stockholm_instant(on, job.at) > now:
                    continue
                try:
                    if self.run_daily(job, on):
                        ran.append((job.name, on))
                    elif not self._is_done(job, on):
                        waiting.add(job.name)
                except Exception as fault:  # one job's fault must not stop the others
                    waiting.add(job.name)
                    faults.append(fault)
        if faults:
            raise ExceptionGroup("daily jobs failed", faults)
        return ran

    def run_daily(self, job: DailyJob, on: date) -> bool:
        """Run *job* for *on* unless that is done or somebody is at it; whether this call ran it."""
        if not self._take(job, on):
            return False
        with request_ids.run_of(job.name):
            try:
                with tracing.span(f"job {job.name}", period=on.isoformat()):
                    outcome = job.run(on)
                self._finish(job, on, outcome)
            except Exception:
                _log.exception("job_failed", period=on.isoformat())
                raise
            _log.info("job_done", period=on.isoformat(), **outcome)
        return True

    def _finish(self, job: DailyJob, on: date, outcome: dict[str, Any]) -> None:
        with self.runtime.database.transaction() as session:
            session.execute(
                sa.update(JobRun)
                .where(JobRun.job == job.name, JobRun.period == on.isoformat())
                .values(finished_at=self.runtime.wall.now(), leased_until=None, outcome=outcome)
            )

    def _take(self, job: DailyJob, on: date) -> bool:
        now = self.runtime.wall.now()
        claim = insert(JobRun).values(job=job.name, period=on.isoformat(), started_at=now, leased_until=now + LEASE)
        claim = claim.on_conflict_do_update(
            index_elements=["job", "period"],
            set_={"leased_until": now + LEASE, "started_at": now},
            where=sa.and_(JobRun.finished_at.is_(None), sa.func.coalesce(JobRun.leased_until, now) <= now),
        )
        with self.runtime.database.transaction() as session:
            return session.execute(claim.returning(JobRun.job)).one_or_none() is not None

    def _is_done(self, job: DailyJob, on: date) -> bool:
        with self.runtime.database.transaction() as session:
            return session.get_one(JobRun, (job.name, on.isoformat())).finished_at is not None

    def _first_day(self, now: datetime) -> date:
        """The day after the last one on which everything was done; at the very first start, today."""
        names = [job.name for job in self.daily]
        with self.runtime.database.transaction() as session:
            done = session.execute(
                sa.select(JobRun.period)
                .where(JobRun.job.in_(names), JobRun.finished_at.is_not(None))
                .group_by(JobRun.period)
                .having(sa.func.count() == len(names))
                .order_by(JobRun.period.desc())
                .limit(1)
            ).scalar_one_or_none()
            oldest = session.scalar(sa.select(sa.func.min(JobRun.period)).where(JobRun.job.in_(names)))
        today = stockholm_date(now)
        start = (
            date.fromisoformat(done) + timedelta(days=1) if done else date.fromisoformat(oldest) if oldest else today
        )
        return max(start, today - FARTHEST_BACK)


def start(jobs: Jobs) -> BackgroundScheduler:
    """A running scheduler that ticks *jobs*; the caller shuts it down."""
    threads = 1 + sum(job.at_once for job in jobs.continuous)
    scheduler = BackgroundScheduler(
        timezone=STOCKHOLM,
        executors={"default": ThreadPoolExecutor(threads)},  # one for each, so that none waits for another
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs.continuous:
        for number in range(job.at_once):
            run = _guarded(job.name, job.run)
            scheduler.add_job(run, "interval", seconds=job.every_seconds, id=f"{job.name}-{number}")
    scheduler.add_job(
        _guarded("daily", lambda: len(jobs.run_daily_due(jobs.runtime.clock.now()))), "interval", seconds=20, id="daily"
    )
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


def _days_until(last: date, *, first: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
