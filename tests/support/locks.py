"""Which locks each transaction takes, in order, as the database is asked for them.

A row lock is named by its table, a lock on a subject by what stands before its id: `audit:application`. What a
transaction has inserted itself nobody waits for; an update of what it has not held before is a lock as well.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from underwriting.platform.database import Database

_HELD = re.compile(r"\bFROM (\w+).*\bFOR (?:NO KEY )?(?:UPDATE|KEY SHARE|SHARE)\b")
_CHANGED = re.compile(r"^(?:UPDATE|DELETE FROM) (\w+)")
_INSERTED = re.compile(r"^INSERT INTO (\w+)")
_ID = re.compile(r"[0-9a-f]{64,}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d{2}(-\d{2})?")


@dataclass
class LockRecorder:
    """The locks of every transaction that has ended, each with what asked for it."""

    transactions: list[tuple[str, ...]] = field(default_factory=list)
    _current: list[str] = field(default_factory=list)
    _own: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """A transaction begins."""
        self._current, self._own = [], set()

    def end(self) -> None:
        """It ends; each lock counts from when it was taken first."""
        if self._current:
            self.transactions.append(tuple(dict.fromkeys(self._current)))

    def notice(self, statement: str, parameters: Any) -> None:
        """A statement is sent."""
        text = " ".join(statement.split())
        if "pg_advisory_xact_lock" in text:
            self._current += _subjects(parameters)
        elif inserted := _INSERTED.search(text):
            self._own.add(inserted[1])
        elif held := _HELD.search(text):
            self._current.append(held[1])
        elif (changed := _CHANGED.search(text)) and changed[1] not in self._own:
            self._current.append(changed[1])


@contextlib.contextmanager
def locks_of(database: Database, connection: Connection, patch: pytest.MonkeyPatch) -> Iterator[LockRecorder]:
    """Record the locks of *database*'s transactions, which are all on *connection*."""
    recorder, transaction = LockRecorder(), Database.transaction

    @contextlib.contextmanager
    def recorded(self: Database) -> Iterator[Session]:
        if self.in_transaction:
            with transaction(self) as session:
                yield session
            return
        recorder.begin()
        with transaction(self) as session:
            yield session
        recorder.end()

    def notice(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        recorder.notice(statement, parameters)

    patch.setattr(Database, "transaction", recorded)
    sa.event.listen(connection, "before_cursor_execute", notice)
    try:
        yield recorder
    finally:
        sa.event.remove(connection, "before_cursor_execute", notice)


def out_of_order(locks: Sequence[str], rank: Mapping[str, int]) -> list[str]:
    """What is wrong with the order of one transaction's *locks*; a lock that has no rank is wrong."""
    unknown = [f"{lock} has no place" for lock in locks if lock not in rank]
    known = [lock for lock in locks if lock in rank]
    return unknown + [
        f"{later} is taken after {earlier}"
        for place, earlier in enumerate(known)
        for later in known[place + 1 :]
        if rank[later] < rank[earlier]
    ]


def _subjects(parameters: Any) -> list[str]:
    """`audit:application` of `audit:application:0199…`, or of each in an array of them, `{audit:…,event:…}`."""
    given = str(next(iter(parameters.values() if isinstance(parameters, Mapping) else parameters)))
    names = given.removeprefix("{").removesuffix("}").split(",")
    return [":".join(part for part in name.split(":") if not _ID.fullmatch(part)) for name in names]
