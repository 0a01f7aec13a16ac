"""Runs as people see them: what was done when, how long it took and what it came to, and what is due next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.periods import Month, stockholm_date
from underwriting.platform.job_models import JobAlarm, JobRun
from underwriting.platform.job_periods import (
    MonthlyJob,
    Outcome,
    PeriodicJob,
    due_at,
    latest_due,
    next_period,
    period_of,
)
from underwriting.platform.runtime import Runtime

KEPT_MONTHS = 24
"""So long a run can be looked up."""


class RunState(StrEnum):
    """How a run stands."""

    DUE = "due"  # nobody has begun it
    RUNNING = "running"
    FAILED = "failed"  # it is tried again
    LOST = "lost"  # whoever was at it has gone; it is taken again
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, as its latest attempt left it. *milliseconds* are those of the attempt that ended last."""

    job: str
    period: str
    state: RunState
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    retry_at: datetime | None
    last_error: str | None
    milliseconds: int | None
    done: int | None
    total: int | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class JobView:
    """One job: its newest runs, the newest first, and when the next is due. None before its very first is due."""

    name: str
    monthly: bool
    next_due_at: datetime
    runs: tuple[RunView, ...]

    @property
    def latest(self) -> RunView | None:
        """The latest run that is due, or was begun."""
        return self.runs[0] if self.runs else None


def view_all(
    session: Session, jobs: Sequence[PeriodicJob], *, now: datetime, wall: datetime, most: int
) -> tuple[JobView, ...]:
    """Every job with its *most* newest runs; *wall* is the machine's time, by which leases go."""
    return tuple(_view(session, job, now=now, wall=wall, most=most) for job in jobs)


def forget_old(runtime: Runtime, on: date) -> int:
    """Delete the runs of two years ago and before, and their alarms; how many runs.

    What is not done stays, and so does what the catching up looks at.
    """
    before = str(Month.of(on).plus(-KEPT_MONTHS))
    old = sa.delete(JobRun).where(JobRun.period < before, JobRun.finished_at.is_not(None))
    with runtime.database.transaction() as session:
        forgotten = len(session.execute(old.returning(JobRun.job)).all())
        session.execute(sa.delete(JobAlarm).where(JobAlarm.period < before))
    return forgotten


def _view(session: Session, job: PeriodicJob, *, now: datetime, wall: datetime, most: int) -> JobView:
    query = sa.select(JobRun).where(JobRun.job == job.name).order_by(JobRun.period.desc()).limit(most)
    runs = [_run(row, wall) for row in session.scalars(query.execution_options(populate_existing=True))]
    due = latest_due(job, now)
    if due.text > runs[0].period if runs else due == period_of(job, stockholm_date(now)):
        runs = [_not_begun(job, due.text), *runs][:most]
    upcoming = next_period(job, due)
    return JobView(job.name, isinstance(job, MonthlyJob), due_at(job, upcoming), tuple(runs))


def _run(row: JobRun, wall: datetime) -> RunView:
    return RunView(
        job=row.job,
        period=row.period,
        state=_state(row, wall),
        attempts=row.attempts,
        started_at=row.started_at,
        finished_at=row.finished_at,
        retry_at=row.retry_at,
        last_error=row.last_error,
        milliseconds=row.milliseconds,
        done=row.progress_done,
        total=row.progress_total,
        outcome=row.outcome or {},
    )


def _state(row: JobRun, wall: datetime) -> RunState:
    if row.finished_at is not None:
        return RunState.DONE
    if row.failed_at is not None:
        return RunState.FAILED
    return RunState.RUNNING if row.leased_until is not None and row.leased_until > wall else RunState.LOST


def _not_begun(job: PeriodicJob, period: str) -> RunView:
    return RunView(job.name, period, RunState.DUE, 0, None, None, None, None, None, None, None, {})
