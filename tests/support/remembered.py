"""What a test did before what it is about, put back in milliseconds where another test of this process has done it.

Most tests of agreements begin with a loan that is applied for, decided and signed: half a second of processor time.
The first test that asks for such a beginning does it through the product; what it leaves (rows, the bank's book,
clocks) is kept, and put back for whoever begins alike. A beginning is put back only where nothing was written before
it, or nothing but beginnings; and only into the database that is rolled back, which keeps its sequences.

What happens on the way (calls, logs, metrics) happens once. A test about the way itself walks `tests.support.journey`.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from tests.support.bank_stand_in import BankWorld
from underwriting.kernel.clock import FixedClock
from underwriting.platform.database import SERVICE_ROLE
from underwriting.platform.runtime import Runtime

_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
_WRITTEN = """
    SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN 0
           ELSE (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables) END
"""
_Result = TypeVar("_Result")
_Key = tuple[object, ...]


@dataclass(frozen=True)
class _Left:
    """What a beginning has left behind; *settings* is held so that nothing else gets its identity."""

    settings: object
    rows: Mapping[str, bytes]
    times: Sequence[datetime]
    book: bytes | None
    result: Any


_LEFT: dict[_Key, _Left] = {}


class Beginnings:
    """The beginnings of one test: on *runtime*, with *clocks* that they move and the *bank* where they use it."""

    def __init__(self, runtime: Runtime, clocks: Sequence[FixedClock], bank: BankWorld | None = None) -> None:
        self._runtime = runtime
        self._clocks = clocks
        self._bank = bank
        self._done: _Key = (runtime.database.url, id(runtime.settings), pickle.dumps(runtime.terms))
        self._written = 0

    def begin(
        self,
        name: object,
        walk: Callable[[], _Result],
        *,
        keep: Callable[[_Result], Any] = lambda result: result,
        take: Callable[[Any], _Result] = lambda kept: kept,
    ) -> _Result:
        """What *walk* gives, or *take* of what was kept of it by *keep*; *name* tells it from every other beginning."""
        if self._runtime.database.serves_threads or self._writes() != self._written:
            return walk()
        key = (*self._done, name, *self._times())
        if key in _LEFT:
            self._put_back(_LEFT[key])
        else:
            result = walk()
            _LEFT[key] = _Left(self._runtime.settings, self._rows(), self._times(), self._book(), keep(result))
        self._done, self._written = key, self._writes()
        return take(_LEFT[key].result)

    def _times(self) -> tuple[datetime, ...]:
        return tuple(clock.now() for clock in self._clocks)

    def _writes(self) -> int:
        with self._runtime.database.transaction() as session:
            return int(session.scalar(sa.text(_WRITTEN)) or 0)

    def _book(self) -> bytes | None:
        return self._bank.book.read_bytes() if self._bank and self._bank.book else None

    def _rows(self) -> Mapping[str, bytes]:
        with self._runtime.database.transaction() as session:
            connection = _driver(session.connection())
            return {table: _copied(connection, table) for table in _with_rows(connection)}

    def _put_back(self, left: _Left) -> None:
        with self._runtime.database.transaction() as session:
            connection = _driver(session.connection())
            connection.execute("SET LOCAL ROLE NONE")
            connection.execute("SET LOCAL session_replication_role = replica")  # no trigger forbids it
            now = {table: _copied(connection, table) for table in _with_rows(connection)}
            for table in now.keys() | left.rows.keys():
                if now.get(table) == left.rows.get(table):
                    continue
                if table in now:
                    connection.execute(f"DELETE FROM {table}".encode())
                if table in left.rows:
                    with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                        copy.write(left.rows[table])
            connection.execute("SET LOCAL session_replication_role = origin")
            connection.execute(f"SET LOCAL ROLE {SERVICE_ROLE}".encode())
        for clock, at in zip(self._clocks, left.times, strict=True):
            clock.move_to(at)
        if self._bank and self._bank.book and left.book is not None:
            self._bank.book.write_bytes(left.book)


def _driver(connection: sa.Connection) -> "psycopg.Connection[tuple[object, ...]]":
    found: psycopg.Connection[tuple[object, ...]] = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def _with_rows(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    tables = [str(name) for (name,) in connection.execute(_TABLES).fetchall()]
    question = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    return [str(name) for (name,) in connection.execute(question.encode()).fetchall()]


def _copied(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(bytes(part) for part in copy)
