"""The row of a run: who has taken it, for how long, and what came of it.

1. `take` leases the run to one attempt, unless it is done, somebody is at it, or its last failure was a moment ago.
2. While the attempt works, a thread of its own renews the lease and writes down the progress: however long a run takes,
   nobody else takes it. When the process dies the lease runs out, and the run is taken again.
3. `finish` and `fail` write only where the attempt still has the run. One that was cut off from the database for longer
   than the lease has lost it: it is stopped where it next tells its progress, and what it did the next attempt finds.

Leases and pauses go by the machine's clock. One that lies farther ahead than any can is of a clock that went wrong, and
holds nobody.
"""

import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from underwriting.kernel.errors import Refusal
from underwriting.platform.job_models import JobRun
from underwriting.platform.job_periods import Outcome
from underwriting.platform.runtime import Runtime

LEASE = timedelta(minutes=10)
RENEWED_EVERY = timedelta(minutes=2)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""After each attempt that failed; the last one after every further one."""

_TOLD_EVERY_SECONDS = 1.0
_SKEW = timedelta(minutes=1)  # by which two machines' clocks may differ

_log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another attempt has taken the run: this one could not renew its lease in time."""


@dataclass
class Attempt:
    """One attempt at one run, which it holds until `finish` or `fail`."""

    runtime: Runtime
    job: str
    period: str
    token: uuid.UUID
    number: int
    told_every_seconds: float = _TOLD_EVERY_SECONDS
    renewed_every: timedelta = RENEWED_EVERY
    _began_seconds: float = field(default_factory=time.monotonic)
    _progress: tuple[int, int | None] | None = None
    _lost: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def __enter__(self) -> "Attempt":
        """Begin to renew the lease."""
        if self.runtime.database.serves_threads:
            self._keeper = threading.Thread(target=self._keep, name=f"lease of {self.job}", daemon=True)
            self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Renew no longer."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.join()

    def tell(self, done: int, total: int | None = None) -> None:
        """Show how far the work has come; LeaseLost where it is another attempt's by now."""
        self._progress = done, total
        if self._lost:
            raise LeaseLost

    def finish(self, outcome: Outcome) -> bool:
        """Mark the run as done; whether it was still this attempt's."""
        return self._write(
            finished_at=self.runtime.wall.now(),
            leased_until=None,
            failed_at=None,
            retry_at=None,
            milliseconds=self._milliseconds(),
            outcome=dict(outcome),
        )

    def fail(self, error: Exception) -> bool:
        """Mark the attempt as failed, and when the next one may begin; whether the run was still this attempt's."""
        now = self.runtime.wall.now()
        return self._write(
            leased_until=None,
            failed_at=now,
            retry_at=now + PAUSES[min(self.number, len(PAUSES)) - 1],
            last_error=kind_of(error),
            milliseconds=self._milliseconds(),
        )

    def _keep(self) -> None:
        renewed, written = time.monotonic(), None
        while not self._ended.wait(self.told_every_seconds):
            progress = self._progress
            if progress == written and time.monotonic() - renewed < self.renewed_every.total_seconds():
                continue
            try:
                self._lost = not self._write(leased_until=self.runtime.wall.now() + LEASE)
            except SQLAlchemyError:
                _log.exception("lease_not_renewed", job=self.job, period=self.period)
                continue
            if self._lost:
                _log.error("lease_lost", job=self.job, period=self.period)
                return
            renewed, written = time.monotonic(), progress

    def _write(self, **values: object) -> bool:
        """Write *values* and the progress, where the run is still this attempt's; whether it is."""
        done, total = self._progress or (None, None)
        mine = (JobRun.job == self.job, JobRun.period == self.period, JobRun.token == self.token)
        statement = sa.update(JobRun).where(*mine).values(progress_done=done, progress_total=total, **values)
        with self.runtime.database.transaction() as session:
            return session.execute(statement.returning(JobRun.job)).one_or_none() is not None

    def _milliseconds(self) -> int:
        return round((time.monotonic() - self._began_seconds) * 1000)


def take(runtime: Runtime, job: str, period: str, *, again: bool = False) -> Attempt | None:
    """Lease the run to a new attempt; None where it is done, somebody is at it or its last failure was a moment ago.

    With *again*, for a person who asks for it, only somebody who is at it stands in the way.
    """
    now, token = runtime.wall.now(), uuid.uuid4()
    begun = {"token": token, "leased_until": now + LEASE, "started_at": now}
    cleared = dict.fromkeys(("finished_at", "failed_at", "retry_at", "progress_done", "progress_total"))
    free = _is_over(JobRun.leased_until, now, LEASE)
    if not again:
        free = sa.and_(free, JobRun.finished_at.is_(None), _is_over(JobRun.retry_at, now, PAUSES[-1]))
    claim = insert(JobRun).values(job=job, period=period, attempts=1, **begun)
    claim = claim.on_conflict_do_update(
        index_elements=["job", "period"],
        set_={**begun, **cleared, "attempts": JobRun.attempts + 1},
        where=free,
    )
    with runtime.database.transaction() as session:
        number = session.execute(claim.returning(JobRun.attempts)).scalar_one_or_none()
    return None if number is None else Attempt(runtime, job, period, token, number)


def kind_of(error: Exception) -> str:
    """What is kept of an error: its kind, and nothing that it says."""
    if isinstance(error, Refusal):
        return error.slug
    return "database" if isinstance(error, SQLAlchemyError) else "unforeseen"


def _is_over(
    until: sa.orm.InstrumentedAttribute[datetime | None], now: datetime, longest: timedelta
) -> sa.ColumnElement[bool]:
    return sa.or_(until.is_(None), until <= now, until > now + longest + _SKEW)
