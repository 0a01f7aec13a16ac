"""A scheduler in a process of its own, over jobs whose effects can be counted.

    python -m tests.support.scheduler_process DATABASE_URL FOLDER NOW --at EPOCH --items 3 --seconds 0.01

Each run of a job does a number of things, one in a transaction each, and goes on where an earlier attempt was broken
off: the audit log's chain of the run has one entry for each. Prints the runs that it did.
"""

import argparse
import itertools
import json
import sys
import time as machine
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from tests.support.environment import complete_environment
from underwriting.house import runtime_of
from underwriting.kernel.clock import FixedClock, SystemClock
from underwriting.platform import audit_log, logs
from underwriting.platform.database import lock_subject
from underwriting.platform.job_periods import DailyJob, MonthlyJob
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import Jobs
from underwriting.platform.settings import Settings

NAMES = ("fees", "letters", "rates")
MONTHLY = "statements"


@dataclass
class Shifted:
    """The machine's clock, moved."""

    by: timedelta

    def now(self) -> datetime:
        """The moved time."""
        return SystemClock().now() + self.by


def subject(job: str, period: str) -> str:
    """The chain of one run's effects."""
    return f"job-test:{job}:{period}"


def jobs_over(runtime: Runtime, *, items: int, seconds: float) -> Jobs:
    """Three daily jobs and a monthly one, each run of which does *items* things and waits *seconds* after each."""

    def work(name: str, text: Callable[[date], str]) -> Callable[[date, Progress], dict[str, int]]:
        def run(on: date, progress: Progress) -> dict[str, int]:
            chain = subject(name, text(on))
            while True:
                with runtime.database.transaction() as session:
                    lock_subject(session, chain)
                    done = len(audit_log.entries_of(session, chain))
                    if done < items:
                        audit_log.append(session, chain, "job.item", actor="system", at=runtime.clock.now())
                if done >= items:
                    return {"count": done}
                progress(done + 1, items)
                machine.sleep(seconds)

        return run

    daily = [DailyJob(name, time(3), work(name, date.isoformat)) for name in NAMES]
    return Jobs(runtime, (), [*daily, MonthlyJob(MONTHLY, time(3), work(MONTHLY, lambda on: on.isoformat()[:7]))])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("now", type=datetime.fromisoformat)
    parser.add_argument("--at", type=float, default=0)
    parser.add_argument("--ahead-seconds", type=float, default=0)
    parser.add_argument("--items", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--ticks", type=int, default=1)
    parser.add_argument("--until-done", action="store_true", help="after a fault no lease and no pause is waited for")
    asked = parser.parse_args()
    logs.configure("CRITICAL")
    settings = Settings.from_environment(complete_environment(asked.folder, database_url=asked.url))
    wall = Shifted(timedelta(seconds=asked.ahead_seconds))
    runtime = replace(runtime_of(settings), clock=FixedClock(asked.now), wall=wall)
    jobs = jobs_over(runtime, items=asked.items, seconds=asked.seconds)
    with runtime.database.transaction():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
    machine.sleep(max(0.0, asked.at - SystemClock().now().timestamp()))
    ran: list[tuple[str, str]] = []
    for tick in itertools.count(1):
        try:
            found = jobs.run_due(asked.now)
        except (SQLAlchemyError, ExceptionGroup):
            wall.by += asked.until_done * timedelta(hours=2)
            machine.sleep(0.2)
            continue
        ran += found
        if tick >= asked.ticks and not (asked.until_done and found):
            break
    sys.stdout.write(json.dumps(ran) + "\n")


if __name__ == "__main__":
    main()
