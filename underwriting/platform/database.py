"""PostgreSQL: one engine, one way to open a transaction, one place where it is tried again, one base class of rows.

Business instants are parameters, never SQL `now()`; primary keys are UUIDv7 made by the server.
"""

import contextlib
import math
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
import structlog
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from underwriting.platform.arrays import array_text

SERVICE_ROLE = "borgen_service"  # owns nothing; may not change or delete what is append-only
OLDEST_SERVER = 180000
PAUSES_SECONDS = (0.02, 0.1, 0.5)
"""Before work that the server broke off is tried again: each at random between the half and the whole, so that two that
met do not meet again."""

_RESTED_SECONDS = 1
_READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SHOW", "SET")  # what commits nothing
_Result = TypeVar("_Result")
_log = structlog.get_logger(__name__)

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every row."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: sa.DateTime(timezone=True),
        bytes: sa.LargeBinary,
        int: sa.BigInteger,
        str: sa.Text,
        uuid.UUID: sa.Uuid,
    }


class Identified:
    """Mix-in: a UUIDv7 primary key made by the server."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=sa.text("uuidv7()"))


def one_of(column: str, words: type[Any]) -> str:
    """The text of a check constraint: *column* holds one of the values of the enumeration *words*."""
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class ServerTooOld(Exception):
    """The database server is older than PostgreSQL 18."""


class Database:
    """A PostgreSQL 18 database. `transaction()` joins the transaction that is already open in this context, if any."""

    def __init__(self, url: str, *, pool_size: int = 10, as_service: bool = True) -> None:
        """Connect lazily to *url*; *as_service* gives up the owner's rights on each connection."""
        options = f"-c timezone=UTC{f' -c role={SERVICE_ROLE}' if as_service else ''}"
        self.url = url
        self.engine: Engine = sa.create_engine(
            with_driver(url),
            pool_size=pool_size,
            max_overflow=10,
            connect_args={"options": options},
        )
        _ping_after_a_rest(self.engine)
        self._bound: Connection | None = None
        self._follow(self.engine)

    @classmethod
    def bound_to(cls, connection: Connection) -> "Database":
        """A database whose transactions are savepoints in *connection*'s own, which the caller rolls back."""
        database = cls.__new__(cls)
        database.url = str(connection.engine.url)
        database.engine = connection.engine
        database._bound = connection
        database._follow(connection)
        return database

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed at the end, or rolled back when an exception leaves the block.

        Inside an open transaction of the same context it gives that one's session: the outermost block commits.
        """
        joined = self._current.get()
        if joined is not None:
            yield joined
            return
        with self._open_session() as session:
            token = self._current.set(session)
            self._has_written.set(False)
            try:
                with session.begin():
                    yield session
                if self._has_written.get():
                    self._commits.set(self._commits.get() + 1)
            finally:
                self._current.reset(token)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session that reads the database as it stood at one moment, however long it takes, and cannot write.

        Where a transaction is open already it is that one's, as it was opened.
        """
        is_own = self.serves_threads and not self.in_transaction
        with self.transaction() as session:
            if is_own:
                session.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    def retrying(self, work: Callable[[], _Result], *, repeatable: bool = False) -> _Result:
        """What *work* gives, which opens its own transactions; tried again, three times at most, where the server broke
        one off to end a deadlock or because it could not be serialised.

        Work of which a part is committed is not tried again, unless it is *repeatable*: made so that a second time
        finds what the first one did. Inside an open transaction it is the outermost caller who tries again.
        """
        pauses = iter(() if self.in_transaction else PAUSES_SECONDS)
        while True:
            commits = self._commits.get()
            try:
                return work()
            except DBAPIError as error:
                pause = next(pauses, None)
                partly_done = self._commits.get() != commits and not repeatable
                if pause is None or partly_done or not was_broken_off(error):
                    raise
                _log.warning("transaction_tried_again", reason=type(error.orig).__name__)
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 (no secret)

    @property
    def serves_threads(self) -> bool:
        """Whether each thread has transactions of its own, rather than all of them one connection."""
        return self._bound is None

    @property
    def current_session(self) -> Session | None:
        """The session of the transaction that this context has open, if any."""
        return self._current.get()

    @property
    def in_transaction(self) -> bool:
        """Whether this context has a transaction open: no outside party is asked then."""
        return self._current.get() is not None

    def check_server(self) -> None:
        """Raise ServerTooOld when the server is older than PostgreSQL 18."""
        with self.engine.connect() as connection:
            version = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
        if version < OLDEST_SERVER:
            raise ServerTooOld(f"PostgreSQL 18 or later is needed; this server is version {version // 10000}")

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _follow(self, source: Engine | Connection) -> None:
        """Keep in mind, for each context, which session is open, whether it has written, and how often one has."""
        self._current: ContextVar[Session | None] = ContextVar("session", default=None)
        self._has_written: ContextVar[bool] = ContextVar("has_written", default=False)
        self._commits: ContextVar[int] = ContextVar("commits", default=0)

        def notice(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            if not statement.lstrip().startswith(_READING):
                self._has_written.set(True)

        event.listen(source, "before_cursor_execute", notice)

    def _open_session(self) -> Session:
        if self._bound is not None:
            return Session(self._bound, expire_on_commit=False, join_transaction_mode="create_savepoint")
        return Session(self.engine, expire_on_commit=False)


def was_broken_off(error: DBAPIError) -> bool:
    """Whether the server undid the transaction for the sake of another one, so that it may succeed when tried again."""
    return isinstance(error.orig, DeadlockDetected | SerializationFailure)


def _ping_after_a_rest(engine: Engine) -> None:
    """Ask a connection that has not been used for a while whether it still stands, and take a new one if it does not.

    Asking each time would cost as much as the shortest query.
    """

    def leave(_dbapi_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["left_at"] = time.monotonic()

    def take(dbapi_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("left_at", -math.inf) < _RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(dbapi_connection)
        except Exception as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", leave)
    event.listen(engine, "checkout", take)


def with_driver(url: str) -> str:
    """*url* with the driver that we use, whichever way the operator wrote it."""
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def new_id(session: Session) -> uuid.UUID:
    """A primary key of the server's, for a row whose values depend on it."""
    return session.execute(sa.text("SELECT uuidv7()")).scalar_one()  # type: ignore[no-any-return]


def lock_subject(session: Session, subject: str) -> None:
    """Wait until no other open transaction holds *subject*, and hold it to the end of this one."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))"), {"subject": subject})


def lock_subjects(session: Session, subjects: Sequence[str]) -> None:
    """`lock_subject` for many at once, in the order in which they stand."""
    each = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:subjects AS text[])) AS name"
    session.execute(sa.text(each), {"subjects": array_text(subjects)})
