"""Everything under the newest keys, while the service answers.

1. The house's key is retired where an older version wraps it; the next value of the house's makes a new one.
2. Every data key is wrapped anew by the current version.
3. Every value of the first form, or under a retired key of the house, is encrypted anew under its subject's key.

Each step takes some hundred rows under row locks, skips those that somebody holds and comes back for them, and is done
when nothing is left. Whoever is killed in the middle has lost nothing: the next run goes on with what is left.
"""

import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.personal_data.columns import EncryptedTable, encrypted_tables
from underwriting.personal_data.key_state import count_old, first_form_gone, is_old, retired_ids
from underwriting.platform.data_keys import StoredDataKeys, kind_of
from underwriting.platform.database import Database, lock_subject
from underwriting.platform.encryption import (
    FIRST_FORM,
    HOUSE,
    SECOND_FORM,
    Cipher,
    CiphertextInvalid,
    DataErased,
    DataKey,
    encrypt_under,
    key_id_of,
)
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.key_store import Wrapped

AT_ONCE = 500
RETIRED_FOR = timedelta(hours=1)
"""How long a retired key of the house stays, since another process may have it in memory for some seconds, and a
transaction that began then may still be open."""
_AS_IF_ENCRYPTED = 12 + 16  # a nonce and a tag
_MOST_ROUNDS = 30
_ROUND_PAUSE_SECONDS = 1.0

Tell = Callable[[int], None]
"""Is told how many more data keys or rows are done."""


@dataclass
class Rotated:
    """What a run did. *held*: rows that somebody else held to the end; *unreadable*: values that no key opens."""

    wrapped: int = 0
    encrypted: int = 0
    held: int = 0
    unreadable: int = 0
    retired_destroyed: int = 0
    unreadable_in: set[str] = field(default_factory=set)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return not self.held and not self.unreadable


@dataclass(frozen=True)
class Rotation:
    """One run over *database*, as a role that may change every table's encrypted columns: the owner's."""

    database: Database
    cipher: Cipher
    data_keys: StoredDataKeys

    def work_left(self) -> int:
        """How many data keys and rows are to be done now."""
        with self.database.transaction() as session:
            keys = sa.select(sa.func.count()).where(self._is_wrapped_by_older)
            count = session.execute(keys).scalar_one()
            return count + sum(count_old(session, table) for table in encrypted_tables())

    def run(self, *, at: datetime, tell: Tell = lambda _: None) -> Rotated:
        """Do all of it; *at* is the instant by which retired keys are judged."""
        done = Rotated()
        self._retire_house_key(at)
        for count in self._wrap_all():
            done.wrapped += count
            tell(count)
        for table in encrypted_tables():
            self._encrypt_all(table, done, tell)
        with self.database.transaction() as session:
            done.retired_destroyed = self._destroy_retired(session, at)
            first_form_gone(session, at=at)
        return done

    @property
    def _is_wrapped_by_older(self) -> sa.ColumnElement[bool]:
        return sa.and_(DataKeyRow.wrapped.is_not(None), DataKeyRow.version != self.data_keys.store.current())

    def _retire_house_key(self, at: datetime) -> None:
        with self.database.transaction() as session:
            lock_subject(session, "keys:house")
            session.execute(
                sa.update(DataKeyRow)
                .where(DataKeyRow.subject == HOUSE, DataKeyRow.retired_at.is_(None), self._is_wrapped_by_older)
                .values(retired_at=at)
            )
        self.data_keys.forget()

    def _wrap_all(self) -> Iterator[int]:
        for _ in range(_MOST_ROUNDS):
            last = uuid.UUID(int=0)
            while True:
                with self.database.transaction() as session:
                    found = self._wrap_some(session, after=last)
                if not found:
                    break
                last = found[-1]
                yield len(found)
            with self.database.transaction() as session:
                if session.scalar(sa.select(DataKeyRow.id).where(self._is_wrapped_by_older).limit(1)) is None:
                    return
            time.sleep(_ROUND_PAUSE_SECONDS)

    def _wrap_some(self, session: Session, *, after: uuid.UUID) -> Sequence[uuid.UUID]:
        store = self.data_keys.store
        rows = session.execute(
            sa.select(DataKeyRow.id, DataKeyRow.subject, DataKeyRow.version, DataKeyRow.wrapped)
            .where(self._is_wrapped_by_older, DataKeyRow.id > after)
            .order_by(DataKeyRow.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        anew = [
            store.wrap(store.unwrap(Wrapped(row.version, row.wrapped), context=kind), context=kind)
            for row, kind in ((row, kind_of(row.subject)) for row in rows)
        ]
        ids = [row.id for row in rows]
        values = {"ids": ids, "versions": [one.version for one in anew], "wrapped": [one.content for one in anew]}
        session.execute(_WRAPPED_ANEW, values)
        return ids

    def _encrypt_all(self, table: EncryptedTable, done: Rotated, tell: Tell) -> None:
        for _ in range(_MOST_ROUNDS):
            faults = 0
            last: Sequence[Any] | None = None
            while True:
                with self.database.transaction() as session:
                    chunk = _Chunk(session, table, self.cipher, self.data_keys)
                    last, count, unreadable = chunk.encrypt_anew(after=last)
                if last is None:
                    break
                done.encrypted += count
                faults += unreadable
                tell(count)
            with self.database.transaction() as session:
                left = count_old(session, table)
            if left <= faults:
                break
            time.sleep(_ROUND_PAUSE_SECONDS)
        done.unreadable += faults
        done.held += max(left - faults, 0)
        if faults:
            done.unreadable_in.add(table.name)

    def _destroy_retired(self, session: Session, at: datetime) -> int:
        ids = retired_ids(session, before=at - RETIRED_FOR)
        if not ids or any(count_old(session, table) for table in encrypted_tables()):
            return 0
        gone = (
            sa.update(DataKeyRow)
            .where(DataKeyRow.id.in_(ids))
            .values(wrapped=None, version=None, destroyed_at=at, destroyed_because="rotation")
        )
        return len(session.execute(gone.returning(DataKeyRow.id)).all())


_WRAPPED_ANEW = sa.text("""
    UPDATE data_key SET version = anew.version, wrapped = anew.wrapped
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:wrapped AS bytea[]))
         AS anew (id, version, wrapped)
    WHERE data_key.id = anew.id
""")


@dataclass(frozen=True)
class _Chunk:
    """Some hundred rows of one table, in the order of their keys."""

    session: Session
    table: EncryptedTable
    cipher: Cipher
    data_keys: StoredDataKeys

    def encrypt_anew(self, *, after: Sequence[Any] | None) -> tuple[Sequence[Any] | None, int, int]:
        """The key of the last row that was looked at, or None; how many were changed and how many no key opens."""
        rows = self._locked(after)
        if not rows:
            return None, 0, 0
        retired = frozenset(retired_ids(self.session))
        self.cipher.prepare(value for row in rows for value in self._values_in(row))
        keys = self._keys_of({row.subject for row in rows})
        changed, unreadable = [], 0
        for row in rows:
            try:
                changed.append((self._key_of(row), self._anew(row, keys[row.subject], retired)))
            except (CiphertextInvalid, DataErased):
                unreadable += 1
        if changed:
            self._write(changed)
        return self._key_of(rows[-1]), len(changed), unreadable

    def _locked(self, after: Sequence[Any] | None) -> Sequence[sa.Row[Any]]:
        table, keys = self.table, ", ".join(self.table.keys)
        contexts = ", ".join(f"{sql} AS context_{place}" for place, sql in enumerate(table.contexts))
        values = {f"after_{place}": value for place, value in enumerate(after or ())}
        beyond = f"AND ({keys}) > ({', '.join(f':{name}' for name in values)})" if values else ""
        query = f"""
            SELECT {keys}, {", ".join(table.columns)}, {contexts}, {table.subject} AS subject
            FROM {table.name} WHERE ({is_old(table)}) {beyond}
            ORDER BY {keys} LIMIT {AT_ONCE} FOR UPDATE OF {table.name} SKIP LOCKED
        """
        retired = retired_ids(self.session)
        return self.session.execute(sa.text(query), {**values, "retired": [key_id.bytes for key_id in retired]}).all()

    def _keys_of(self, subjects: Collection[str]) -> dict[str, DataKey | uuid.UUID]:
        """Each subject's key; of one that is erased the id of the key that was destroyed."""
        erased = sa.select(DataKeyRow.subject, DataKeyRow.id).where(
            DataKeyRow.subject.in_(subjects), DataKeyRow.retired_at.is_(None), DataKeyRow.wrapped.is_(None)
        )
        gone = {row.subject: row.id for row in self.session.execute(erased)}
        return {**gone, **self.data_keys.currents([subject for subject in subjects if subject not in gone])}

    def _anew(self, row: sa.Row[Any], key: DataKey | uuid.UUID, retired: frozenset[uuid.UUID]) -> list[bytes | None]:
        """The row's values; what is old among them under *key*, or erased as its subject is."""
        anew = []
        for place, stored in enumerate(self._values_in(row)):
            if stored is None or not (stored[:1] == FIRST_FORM or key_id_of(stored) in retired):
                anew.append(stored)
            elif isinstance(key, uuid.UUID):
                anew.append(SECOND_FORM + key.bytes + os.urandom(_AS_IF_ENCRYPTED))
            else:
                context: str = row._mapping[f"context_{place}"]
                anew.append(encrypt_under(key, self.cipher.decrypt(stored, context=context), context=context))
        return anew

    def _write(self, changed: Sequence[tuple[Sequence[Any], Sequence[bytes | None]]]) -> None:
        table = self.table
        names = [*table.keys, *table.columns]
        types = [*table.key_types, *("BYTEA" for _ in table.columns)]
        arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, types, strict=True))
        put = ", ".join(f"{column} = anew.{column}" for column in table.columns)
        same = " AND ".join(f"{table.name}.{key} = anew.{key}" for key in table.keys)
        statement = f"UPDATE {table.name} SET {put} FROM unnest({arrays}) AS anew ({', '.join(names)}) WHERE {same}"
        rows = [(*key, *values) for key, values in changed]
        self.session.execute(
            sa.text(statement),
            {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
        )

    def _key_of(self, row: sa.Row[Any]) -> Sequence[Any]:
        return row[: len(self.table.keys)]

    def _values_in(self, row: sa.Row[Any]) -> Sequence[bytes | None]:
        return row[len(self.table.keys) : len(self.table.keys) + len(self.table.columns)]
