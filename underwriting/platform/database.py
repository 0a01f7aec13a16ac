"""PostgreSQL: one engine, one way to open a transaction, one base class of rows.

Business instants are parameters, never SQL `now()`; primary keys are UUIDv7 made by the server.
"""

import contextlib
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

SERVICE_ROLE = "borgen_service"  # owns nothing; may not change or delete what is append-only
OLDEST_SERVER = 180000

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
            pool_pre_ping=True,
            connect_args={"options": options},
        )
        self._bound: Connection | None = None
        self._current: ContextVar[Session | None] = ContextVar("session", default=None)

    @classmethod
    def bound_to(cls, connection: Connection) -> "Database":
        """A database whose transactions are savepoints in *connection*'s own, which the caller rolls back."""
        database = cls.__new__(cls)
        database.url = str(connection.engine.url)
        database.engine = connection.engine
        database._bound = connection
        database._current = ContextVar("session", default=None)
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
            try:
                with session.begin():
                    yield session
            finally:
                self._current.reset(token)

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

    def _open_session(self) -> Session:
        if self._bound is not None:
            return Session(self._bound, expire_on_commit=False, join_transaction_mode="create_savepoint")
        return Session(self.engine, expire_on_commit=False)


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
