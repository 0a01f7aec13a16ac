"""Signs of life of workers: each writes a row every few seconds, by which others see that somebody runs the jobs.

Instants are the machine's clock's.
"""

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from underwriting.platform.models import WorkerHeartbeat
from underwriting.platform.runtime import Runtime

EVERY = timedelta(seconds=15)
ALIVE_FOR = timedelta(seconds=60)  # four signs may be missed, by a slow machine or a restart of the database

_FORGOTTEN_AFTER = timedelta(days=1)
_log = structlog.get_logger(__name__)


class Heartbeat:
    """The signs of life of one worker; begins without any."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._worker = uuid.uuid4()
        self._started_at = runtime.wall.now()

    def beat(self) -> None:
        """Give a sign of life. A database that does not answer is logged: the worker goes on."""
        now = self._runtime.wall.now()
        row = insert(WorkerHeartbeat).values(worker=self._worker, started_at=self._started_at, seen_at=now)
        old = sa.delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - _FORGOTTEN_AFTER)
        try:
            with self._runtime.database.transaction() as session:
                session.execute(row.on_conflict_do_update(index_elements=["worker"], set_={"seen_at": now}))
                session.execute(old)
        except SQLAlchemyError:
            _log.exception("heartbeat_failed")

    def end(self) -> None:
        """Leave no trace: a worker that was stopped is not missed."""
        try:
            with self._runtime.database.transaction() as session:
                session.execute(sa.delete(WorkerHeartbeat).where(WorkerHeartbeat.worker == self._worker))
        except SQLAlchemyError:
            _log.exception("heartbeat_failed")


def alive(session: Session, *, at: datetime) -> int:
    """How many workers have given a sign of life within a minute before *at*."""
    query = sa.select(sa.func.count()).where(WorkerHeartbeat.seen_at > at - ALIVE_FOR)
    return session.scalars(query).one()


def last_seen_at(session: Session) -> datetime | None:
    """When any worker has given its latest sign of life; None where there is none."""
    return session.scalar(sa.select(sa.func.max(WorkerHeartbeat.seen_at)))
