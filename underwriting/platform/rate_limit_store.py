"""Where requests are counted: in the memory of one process, or in the database, which all of them share.

`limits` has no storage in PostgreSQL, and the one in memory starts a thread for each hundredth of a second in which
somebody asks. Both of these go by the machine's clock, in fixed windows; a new one sweeps away some that are over.
"""

import itertools
import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from limits.storage import Storage
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base
from underwriting.platform.runtime import Runtime

_SWEPT = 100

_COUNT = sa.text("""
    INSERT INTO request_count AS kept (key, count, until) VALUES (:key, :amount, :until)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN kept.until <= :now THEN :amount ELSE kept.count + :amount END,
        until = CASE WHEN kept.until <= :now THEN :until ELSE kept.until END
    RETURNING count
""")
_FORGET = sa.text("""
    DELETE FROM request_count WHERE key IN (
        SELECT key FROM request_count WHERE until <= :now ORDER BY until LIMIT :most FOR UPDATE SKIP LOCKED
    )
""")
_READ = sa.text("SELECT count, until FROM request_count WHERE key = :key AND until > :now")


class RequestCount(Base):
    """How often one caller has asked in a minute; an unlogged table, since a crash may forget it."""

    __tablename__ = "request_count"
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(index=True)


class MemoryStorage(Storage):
    """Counts of one process, for any number of its threads."""

    STORAGE_SCHEME = None

    def __init__(self, *, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing goes wrong in the store."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count *amount* more in the window of *key*, of *expiry* seconds; how many there are."""
        now = self._now()
        with self._lock:
            count, until = self._kept.get(key, (0, now))
            if until <= now:
                self._sweep(now)
                count, until = 0, now + expiry
            self._kept[key] = count + amount, until
            return count + amount

    def get(self, key: str) -> int:
        """The count of *key* in its window, 0 when that is over."""
        count, until = self._kept.get(key, (0, 0.0))
        return count if until > self._now() else 0

    def get_expiry(self, key: str) -> float:
        """The second, since 1970, at which the window of *key* is over; this one when it is."""
        return max(self._kept.get(key, (0, 0.0))[1], self._now())

    def check(self) -> bool:
        """The memory answers."""
        return True

    def reset(self) -> int | None:
        """Forget every count; how many."""
        with self._lock:
            count = len(self._kept)
            self._kept.clear()
            return count

    def clear(self, key: str) -> None:
        """Forget the count of *key*."""
        with self._lock:
            self._kept.pop(key, None)

    def _sweep(self, now: float) -> None:
        """Forget windows that are over: the oldest stand first, since each is put last when it begins."""
        for key in list(itertools.islice(self._kept, _SWEPT)):
            if self._kept[key][1] <= now:
                del self._kept[key]

    def _now(self) -> float:
        return self._runtime.wall.now().timestamp()


class DatabaseStorage(Storage):
    """Counts that all processes share."""

    STORAGE_SCHEME = None

    def __init__(self, *, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong in the store."""
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count *amount* more in the window of *key*, of *expiry* seconds; how many there are."""
        now = self._now()
        with self._runtime.database.transaction() as session:
            given = {"key": key, "amount": amount, "now": now, "until": now + timedelta(seconds=expiry)}
            count: int = session.execute(_COUNT, given).scalar_one()
            if count == amount:
                session.execute(_FORGET, {"now": now, "most": _SWEPT})
        return count

    def get(self, key: str) -> int:
        """The count of *key* in its window, 0 when that is over."""
        return self._read(key)[0]

    def get_expiry(self, key: str) -> float:
        """The second, since 1970, at which the window of *key* is over; this one when it is."""
        return self._read(key)[1].timestamp()

    def check(self) -> bool:
        """Whether the store answers."""
        try:
            self._read("")
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget every count; how many."""
        with self._runtime.database.transaction() as session:
            return len(session.execute(sa.text("DELETE FROM request_count RETURNING key")).all())

    def clear(self, key: str) -> None:
        """Forget the count of *key*."""
        with self._runtime.database.transaction() as session:
            session.execute(sa.text("DELETE FROM request_count WHERE key = :key"), {"key": key})

    def _read(self, key: str) -> tuple[int, datetime]:
        now = self._now()
        with self._runtime.database.transaction() as session:
            found = session.execute(_READ, {"key": key, "now": now}).one_or_none()
        return (found[0], found[1]) if found is not None else (0, now)

    def _now(self) -> datetime:
        return self._runtime.wall.now().astimezone(UTC)
