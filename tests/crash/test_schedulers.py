"""Schedulers in processes of their own: at the same second, killed in the middle, with clocks that jump."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import nursery, scheduler_process
from tests.support.processes import wait_until
from tests.support.scheduler_process import MONTHLY, NAMES, subject
from underwriting.kernel.clock import SystemClock
from underwriting.platform.database import Database
from underwriting.platform.job_models import JobRun
from underwriting.platform.models import AuditEntry

pytestmark = pytest.mark.crash

FIRST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIFTH = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06")
LEASE_SECONDS = 600


@pytest.fixture
def start(committed_database: Database, tmp_path: Path) -> Iterator["Starter"]:
    with ExitStack() as stack:
        yield Starter(committed_database, tmp_path, stack)


class Starter:
    """Starts schedulers over one database."""

    def __init__(self, database: Database, folder: Path, stack: ExitStack) -> None:
        self.database, self._folder, self._stack = database, folder, stack

    def __call__(self, now: datetime, **options: float) -> nursery.Process:
        asked = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        place = (self.database.url, str(self._folder))
        process = nursery.start("-m", scheduler_process.__name__, *place, now.isoformat(), *asked)
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def effects(self) -> Counter[str]:
        """How often each run has had its effect."""
        with self.database.transaction() as session:
            rows = session.execute(sa.select(AuditEntry.subject, sa.func.count()).group_by(AuditEntry.subject))
            return Counter(dict(iter(rows)))

    def attempts(self) -> set[int]:
        with self.database.transaction() as session:
            return set(session.scalars(sa.select(JobRun.attempts)))


def ran(process: nursery.Process) -> list[tuple[str, str]]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return [(job, period) for job, period in json.loads(output.splitlines()[-1])]


def test_four_that_tick_at_the_same_second_run_each_day_once(start: Starter) -> None:
    """The work of five missed days is shared; no run is begun twice, and each job's days are in order."""
    assert len(ran(start(FIRST))) == 4
    at = SystemClock().now().timestamp() + 3
    processes = [start(FIFTH, at=at, items=1, seconds=0.02, ticks=400) for _ in range(4)]
    done = [run for process in processes for run in ran(process)]
    assert sorted(done) == sorted((name, day) for name in NAMES for day in DAYS[1:])
    expected = {subject(name, day): 1 for name in NAMES for day in DAYS} | {subject(MONTHLY, "2026-03"): 1}
    assert start.effects() == expected
    assert start.attempts() == {1}


def test_a_scheduler_that_is_killed_is_followed_by_the_next_after_its_lease(start: Starter) -> None:
    """Nothing that it did is done again, nothing is left out; before its lease is over nobody takes the run."""
    dying = start(FIRST, items=120, seconds=0.01)
    chain = subject(MONTHLY, "2026-03")  # due since the first of the month: before the others
    assert wait_until(lambda: start.effects()[chain] > 20)
    dying.kill()
    dying.wait()
    reached = start.effects()[chain]
    assert reached < 120
    assert ran(start(FIRST, items=120)) == [(name, DAYS[0]) for name in NAMES]
    assert start.effects()[chain] == reached
    assert ran(start(FIRST, items=120, ahead_seconds=LEASE_SECONDS)) == [(MONTHLY, "2026-03")]
    assert set(start.effects().values()) == {120}
    assert start.attempts() == {1, 2}


def test_a_machine_whose_clock_jumps_ahead_doubles_nothing(start: Starter) -> None:
    """It takes a run that another one is at. The first is stopped, or is through before it notices."""
    slow = start(FIRST, items=120, seconds=0.02, ticks=3)
    chain = subject(MONTHLY, "2026-03")
    assert wait_until(lambda: start.effects()[chain] > 20)
    jumped = start(FIRST, items=120, ahead_seconds=3600, ticks=3)
    for process in (jumped, slow):
        ran(process)
    assert set(start.effects().values()) == {120}
    assert len(start.effects()) == 4
    with start.database.transaction() as session:
        assert session.scalars(sa.select(JobRun.finished_at).where(JobRun.finished_at.is_(None))).all() == []
