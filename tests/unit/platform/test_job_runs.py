"""Runs as people see them, and how long they are kept."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from underwriting.kernel.periods import stockholm_instant
from underwriting.platform import job_runs
from underwriting.platform.job_models import JobAlarm, JobRun
from underwriting.platform.job_periods import DailyJob, MonthlyJob, PeriodicJob
from underwriting.platform.job_runs import JobView, RunState
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TODAY = "2026-03-02"


def nothing(_on: date, _progress: Progress) -> dict[str, Any]:
    return {}


FEES = DailyJob("fees", time(3), nothing)


@pytest.fixture
def look(runtime: Runtime) -> Callable[..., JobView]:
    def view(job: PeriodicJob = FEES, *, now: datetime = NOON, most: int = 3) -> JobView:
        with runtime.database.transaction() as session:
            (found,) = job_runs.view_all(session, [job], now=now, wall=NOON, most=most)
        return found

    return view


def keep(runtime: Runtime, **columns: Any) -> None:
    with runtime.database.transaction() as session:
        session.add(JobRun(**{"job": "fees", "period": TODAY, "started_at": NOON - MINUTE} | columns))


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"leased_until": NOON + MINUTE}, RunState.RUNNING),
        ({"leased_until": NOON}, RunState.LOST),
        ({"failed_at": NOON, "retry_at": NOON + MINUTE, "last_error": "database"}, RunState.FAILED),
        ({"finished_at": NOON, "last_error": "database"}, RunState.DONE),
    ],
)
def test_a_run_stands_as_its_row_says(
    runtime: Runtime, look: Callable[..., JobView], columns: dict[str, Any], state: RunState
) -> None:
    keep(runtime, **columns)
    latest = look().latest
    assert latest is not None
    assert (latest.period, latest.state) == (TODAY, state)


def test_a_run_that_nobody_has_begun_is_due(runtime: Runtime, look: Callable[..., JobView]) -> None:
    keep(runtime, period="2026-03-01", finished_at=NOON)
    assert [(run.period, run.state) for run in look().runs] == [(TODAY, "due"), ("2026-03-01", "done")]


def test_before_its_first_hour_a_new_job_owes_nothing(look: Callable[..., JobView]) -> None:
    before = look(now=stockholm_instant(date(2026, 3, 2), time(2, 59)))
    assert (before.latest, before.next_due_at) == (None, stockholm_instant(date(2026, 3, 2), time(3)))
    assert look(now=before.next_due_at).latest is not None


@pytest.mark.parametrize(
    ("job", "due"),
    [
        (FEES, stockholm_instant(date(2026, 3, 3), time(3))),
        (MonthlyJob("letters", time(3), nothing), stockholm_instant(date(2026, 4, 1), time(3))),
    ],
)
def test_the_next_is_told(look: Callable[..., JobView], job: PeriodicJob, due: datetime) -> None:
    assert look(job).next_due_at == due


def test_the_newest_runs_are_shown(runtime: Runtime, look: Callable[..., JobView]) -> None:
    for day in range(1, 10):
        keep(runtime, period=f"2026-02-0{day}", finished_at=NOON)
    assert [run.period for run in look(most=3).runs] == [TODAY, "2026-02-09", "2026-02-08"]


def test_runs_of_two_years_ago_are_forgotten_unless_they_are_not_done(runtime: Runtime) -> None:
    """In March 2026 what is of February 2024 or before; of daily and monthly jobs alike."""
    for job, period, finished_at in (
        ("fees", "2024-02-29", NOON),
        ("fees", "2024-03-01", NOON),
        ("letters", "2024-02", NOON),
        ("letters", "2024-03", NOON),
        ("stuck", "2024-02-29", None),
    ):
        keep(runtime, job=job, period=period, finished_at=finished_at)
    with runtime.database.transaction() as session:
        session.add(JobAlarm(job="fees", period="2024-02-29", reason="late", raised_at=NOON))
    assert job_runs.forget_old(runtime, date(2026, 3, 1)) == 2
    with runtime.database.transaction() as session:
        left = session.execute(sa.select(JobRun.job, JobRun.period).order_by(JobRun.job, JobRun.period)).all()
        assert [tuple(row) for row in left] == [
            ("fees", "2024-03-01"),
            ("letters", "2024-03"),
            ("stuck", "2024-02-29"),
        ]
        assert session.scalar(sa.select(sa.func.count()).select_from(JobAlarm)) == 0
