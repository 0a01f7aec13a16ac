"""`/healthz`: the process answers. `/readyz`: what it cannot work without is there, said within two seconds.

The parts are the database, its tables, and a clock that agrees with the database's: leases and log-ins are written by
one process and read by another. Outside parties are no part: without them applications wait, and nothing is refused.
Nor are workers: the web service does not need them, and their absence is a metric.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
import structlog
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from underwriting.kernel.clock import Clock, SystemClock
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

ANSWERS_WITHIN_SECONDS = 2.0
LARGEST_SKEW = timedelta(seconds=10)

_CLOCK_AND_TABLES = sa.text("SELECT clock_timestamp(), to_regclass('alembic_version') IS NOT NULL")
_REVISION = sa.text("SELECT version_num FROM alembic_version")

_log = structlog.get_logger(__name__)


class Part(StrEnum):
    """What the service cannot work without."""

    DATABASE = "database"  # it answers
    TABLES = "tables"  # they are at the revision that this program needs, or a later one
    CLOCK = "clock"  # this machine's agrees with the database's


def register(app: Flask, runtime: Runtime, *, serves: Callable[[str], bool], clock: Clock | None = None) -> None:
    """Add both views; they say nothing about how we are built.

    *serves* tells whether this program can work on tables of a revision; *clock* is the machine's.
    """
    probe = _Probe(runtime.database, serves, clock or SystemClock())

    @app.get("/healthz")
    def alive() -> ResponseReturnValue:
        return jsonify(status="ok")

    @app.get("/readyz")
    def ready() -> ResponseReturnValue:
        missing = probe.missing(within_seconds=ANSWERS_WITHIN_SECONDS)
        if missing:
            _log.warning("not_ready", missing=sorted(missing))
        parts = {str(part): "unavailable" if part in missing else "ok" for part in Part}
        return jsonify(status="unavailable" if missing else "ok", **parts), 503 if missing else 200


@dataclass
class _Look:
    """One look at the parts, in a thread of its own; *missing* holds once it is *done*."""

    done: threading.Event = field(default_factory=threading.Event)
    missing: frozenset[Part] = frozenset(Part)


@dataclass
class _Probe:
    """Looks at the parts. Who asks while a look is under way waits for that one: a database that hangs holds one thread
    and one connection, however often it is asked about.
    """

    database: Database
    serves: Callable[[str], bool]
    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _current: _Look | None = None

    def missing(self, *, within_seconds: float) -> frozenset[Part]:
        """The parts that are missing; all of them where there is no telling in time."""
        with self._lock:
            if self._current is None or self._current.done.is_set():
                self._current = _Look()
                threading.Thread(target=self._look, args=(self._current,), daemon=True).start()
            look = self._current
        return look.missing if look.done.wait(within_seconds) else frozenset(Part)

    def _look(self, look: _Look) -> None:
        try:
            with contextlib.suppress(SQLAlchemyError):  # then all of them are
                look.missing = self._found_missing()
        finally:
            look.done.set()

    def _found_missing(self) -> frozenset[Part]:
        with self.database.engine.connect() as connection:
            asked_at = self.clock.now()
            theirs, has_tables = connection.execute(_CLOCK_AND_TABLES).one()
            skew = max(asked_at - theirs, theirs - self.clock.now())
            revision = connection.execute(_REVISION).scalar_one_or_none() if has_tables else None
        found = {
            Part.CLOCK: skew <= LARGEST_SKEW,
            Part.TABLES: revision is not None and self.serves(revision),
        }
        return frozenset(part for part, is_there in found.items() if not is_there)
