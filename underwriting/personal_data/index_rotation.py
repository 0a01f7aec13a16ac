"""Every blind index under the newest version of its key, while the service answers.

1. Each table gets a trigger that puts a person's newer index in the place of an older one that somebody still writes.
2. Numbers are decrypted, some hundred rows at a time. A person is changed over in one transaction, in every table at
   once: so each person has one index at any moment, and unique constraints hold as they did. Who is busy with the
   person, or with a matter of theirs, is not waited for; the person's turn comes again.
3. What was erased is overwritten: nobody knows any more whose index it was.
4. When nothing older is left the new version counts, from one instant for all; then triggers and aliases go.

Until the fourth step the older version counts: `current_index` in the database tells whoever asks which of the two a
person has, and keeps it so to the end of that transaction. Whoever is killed in the middle has lost nothing: the next
run goes on with what is left.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from underwriting.personal_data.index_columns import IndexedTable, indexed_tables
from underwriting.platform.blind_index import BLANK, current_index_version, index_under
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher, CiphertextInvalid, DataErased

AT_ONCE = 200
_MOST_ROUNDS = 30
_ROUND_PAUSE_SECONDS = 1.0
_WAIT = "SET LOCAL lock_timeout = '500ms'"  # shorter than the server takes to look for a deadlock

Tell = Callable[[int], None]
"""Is told how many more persons are done."""


class VersionNotNewer(Exception):
    """The newest version that is given is the one that counts already, or older."""


@dataclass
class Reindexed:
    """What a run did. *left*: by table and column, how many indexes are still of an older version."""

    persons: int = 0
    overwritten: int = 0
    is_whole: bool = False  # the new version counts now
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class IndexRotation:
    """One run over *database*, as its tables' owner, to the newest of *keys*."""

    database: Database
    cipher: Cipher
    keys: Mapping[int, bytes]

    @property
    def version(self) -> int:
        """The version to which it goes."""
        return max(self.keys)

    def work_left(self) -> int:
        """How many indexes are of an older version now."""
        with self.database.transaction() as session:
            return sum(left(session, self.version).values())

    def run(self, *, at: datetime, tell: Tell = lambda _: None) -> Reindexed:
        """Do all of it. Raises VersionNotNewer."""
        if self._is_only_to_be_cleared():
            self._clear()
            return Reindexed(is_whole=True)
        self._begin(at)
        done = Reindexed()
        for pause in (*([_ROUND_PAUSE_SECONDS] * (_MOST_ROUNDS - 1)), 0.0):
            for table in indexed_tables():
                for count in self._change_over(table):
                    done.persons += count
                    tell(count)
            done.overwritten += sum(self._overwrite(table) for table in indexed_tables())
            done.is_whole = self._finish(at)
            if done.is_whole:
                self._clear()
                return done
            time.sleep(pause)
        with self.database.transaction() as session:
            done.left = left(session, self.version)
        return done

    def _is_only_to_be_cleared(self) -> bool:
        """Whether somebody was killed after the fourth step had begun."""
        with self.database.transaction() as session:
            return self.version == current_index_version(session) and bool(session.execute(_LEAVINGS).scalar_one())

    def _begin(self, at: datetime) -> None:
        with self.database.transaction() as session:
            if self.version <= current_index_version(session):
                raise VersionNotNewer
            session.execute(_BEGUN, {"version": self.version, "at": at})
        for table in indexed_tables():
            self._insist(f"{_function_of(table, self.version)}; {_trigger_of(table)}")

    def _change_over(self, table: IndexedTable) -> Iterator[int]:
        """How many persons of each chunk of *table* have the new index now."""
        last: uuid.UUID | None = uuid.UUID(int=0)
        while last is not None:
            after, count = last, 0
            try:
                with self.database.transaction() as session:
                    last, count = _Chunk(session, self, table).change_over(after)
            except DBAPIError as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
                with self.database.transaction() as session:
                    last = _Chunk(session, self, table).skip(after)
            yield count

    def _overwrite(self, table: IndexedTable) -> int:
        total = 0
        for column in table.columns:
            statement = _OVERWRITE.format(table=table.name, column=column, erased=table.erased, blank=BLANK)
            while True:
                with self.database.transaction() as session:
                    done = session.execute(sa.text(statement), {"version": self.version, "at_once": AT_ONCE}).all()
                if not done:
                    break
                total += len(done)
        return total

    def _finish(self, at: datetime) -> bool:
        """Let the new version count, unless something is left; nobody writes an index between the look and that."""
        if self.work_left():
            return False
        try:
            with self.database.transaction() as session:
                session.execute(sa.text(_WAIT))
                session.execute(sa.text("SELECT pg_advisory_xact_lock(2, 0)"))
                if left(session, self.version):
                    return False
                session.execute(_FINISHED, {"version": self.version, "at": at})
        except DBAPIError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            return False
        return True

    def _clear(self) -> None:
        for table in indexed_tables():
            name = f"current_indexes_of_{table.name}"
            self._insist(f"DROP TRIGGER IF EXISTS {name} ON {table.name}; DROP FUNCTION IF EXISTS {name}()")
        with self.database.transaction() as session:
            session.execute(sa.text("DELETE FROM index_alias"))

    def _insist(self, statement: str) -> None:
        """Change a table's definition, without ever holding up others for long."""
        for attempt in range(_MOST_ROUNDS):
            try:
                with self.database.transaction() as session:
                    session.execute(sa.text(_WAIT))
                    session.execute(sa.text(statement))
                return
            except DBAPIError as error:
                if not isinstance(error.orig, LockNotAvailable) or attempt == _MOST_ROUNDS - 1:
                    raise
            time.sleep(_ROUND_PAUSE_SECONDS)


def left(session: Session, version: int) -> Mapping[str, int]:
    """By table and column, how many indexes are of another version, and not of what was erased."""
    counts = {}
    for table in indexed_tables():
        each = ", ".join(
            f"count(*) FILTER (WHERE index_version_of({column}) NOT IN (0, :version))" for column in table.columns
        )
        row = session.execute(sa.text(f"SELECT {each} FROM {table.name}"), {"version": version}).one()
        counts.update({f"{table.name}.{column}": count for column, count in zip(table.columns, row, strict=True)})
    return {name: count for name, count in counts.items() if count}


_BEGUN = sa.text("""
    INSERT INTO index_rotation (version, begun_at) VALUES (:version, :at) ON CONFLICT (version) DO NOTHING
""")
_LEAVINGS = sa.text("""
    SELECT EXISTS (SELECT FROM index_alias) OR EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'current_indexes_of_%')
""")
_FINISHED = sa.text("UPDATE index_rotation SET finished_at = :at WHERE version = :version")
_OVERWRITE = """
    UPDATE {table} SET {column} = {blank} WHERE id IN (
        SELECT id FROM {table} WHERE index_version_of({column}) NOT IN (0, :version) AND ({erased})
        ORDER BY id LIMIT :at_once FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""
_FREE = sa.text("""
    SELECT old FROM unnest(CAST(:olds AS bytea[])) AS old
    WHERE pg_try_advisory_xact_lock(hashtextextended(encode(old, 'hex'), 2))
""")
_MATTERS = sa.text("""
    SELECT id, company_index AS old FROM application WHERE company_index = ANY(CAST(:olds AS bytea[]))
    UNION SELECT id, signatory_index FROM application WHERE signatory_index = ANY(CAST(:olds AS bytea[]))
    UNION SELECT application_id, person_index FROM application_guarantor
          WHERE person_index = ANY(CAST(:olds AS bytea[]))
    UNION SELECT application_id, company_index FROM agreement WHERE company_index = ANY(CAST(:olds AS bytea[]))
    UNION SELECT application_id, person_index FROM guarantee JOIN agreement ON agreement.id = agreement_id
          WHERE person_index = ANY(CAST(:olds AS bytea[]))
""")
_BUSY = """
    WITH free AS (SELECT {id} FROM {table} WHERE {id} = ANY(CAST(:ids AS uuid[])) ORDER BY {id} FOR UPDATE SKIP LOCKED)
    SELECT {id} FROM {table} WHERE {id} = ANY(CAST(:ids AS uuid[])) AND {id} NOT IN (SELECT {id} FROM free)
"""
_REMEMBER = sa.text("""
    INSERT INTO index_alias (old, anew) SELECT * FROM unnest(CAST(:olds AS bytea[]), CAST(:anews AS bytea[]))
    ON CONFLICT (old) DO UPDATE SET anew = excluded.anew
""")
_PAIRS = "unnest(CAST(:olds AS bytea[]), CAST(:anews AS bytea[])) AS pair (old, anew)"
_CHANGE = "UPDATE {table} SET {column} = pair.anew FROM " + _PAIRS + " WHERE {table}.{column} = pair.old"
_CALLER = "'person:' || left(encode(pair.{index}, 'hex'), 16)"
# Rule A7: whose key it is stays whose key it is.
_CHANGE_CALLERS = sa.text(
    f"UPDATE idempotency_key SET caller = {_CALLER.format(index='anew')} FROM {_PAIRS}"
    f" WHERE caller = {_CALLER.format(index='old')}"
)


@dataclass(frozen=True)
class _Chunk:
    """Some hundred rows of one table, and the persons of whom they tell."""

    session: Session
    rotation: IndexRotation
    table: IndexedTable

    def skip(self, after: uuid.UUID) -> uuid.UUID | None:
        """The last row of the chunk that begins after *after*; None where there is none."""
        rows = self._rows(after)
        return rows[-1].id if rows else None

    def change_over(self, after: uuid.UUID) -> tuple[uuid.UUID | None, int]:
        """The last row that was looked at, or None; how many persons were changed over."""
        rows = self._rows(after) if self.table.sources else []
        if not rows:
            return None, 0
        self.session.execute(sa.text(_WAIT))
        persons = self._not_busy({self._anew(number): self._olds(number) for number in self._numbers(rows)})
        if persons:
            self._put(persons)
        return rows[-1].id, len(persons)

    def _rows(self, after: uuid.UUID) -> Sequence[sa.Row[tuple[uuid.UUID]]]:
        columns = ", ".join(["id", *(source.column for source in self.table.sources)])
        of_old = f"FROM {self.table.name} WHERE id > :after AND ({self.table.old()})"
        values = {"after": after, "version": self.rotation.version, "most": AT_ONCE}
        return self.session.execute(sa.text(f"SELECT {columns} {of_old} ORDER BY id LIMIT :most"), values).all()

    def _numbers(self, rows: Sequence[sa.Row[tuple[uuid.UUID]]]) -> set[str]:
        cipher, found = self.rotation.cipher, set[str]()
        cipher.prepare(row._mapping[source.column] for row in rows for source in self.table.sources)
        for row in rows:
            for source in self.table.sources:
                stored = row._mapping[source.column]
                try:
                    found |= set(source.numbers(cipher.decrypt(stored, context=source.context))) if stored else set()
                except (CiphertextInvalid, DataErased):
                    continue
        return found

    def _anew(self, number: str) -> bytes:
        return index_under(self.rotation.keys[self.rotation.version], self.rotation.version, number)

    def _olds(self, number: str) -> frozenset[bytes]:
        return self.rotation.cipher.blind_indexes(number) - {self._anew(number)}

    def _not_busy(self, persons: Mapping[bytes, frozenset[bytes]]) -> dict[bytes, frozenset[bytes]]:
        """Those of *persons*, old indexes by their new one, with whom no open transaction has to do; they are held."""
        olds = sorted(frozenset().union(*persons.values()))
        free = set(self.session.execute(_FREE, {"olds": olds}).scalars())
        busy = self._in_busy_matters(sorted(free)) | (set(olds) - free)
        return {anew: old for anew, old in persons.items() if old.isdisjoint(busy)}

    def _in_busy_matters(self, olds: Collection[bytes]) -> set[bytes]:
        matters = self.session.execute(_MATTERS, {"olds": list(olds)}).all()
        ids = {"ids": sorted({matter.id for matter in matters})}
        busy = set(self.session.execute(sa.text(_BUSY.format(table="application", id="id")), ids).scalars())
        busy |= set(self.session.execute(sa.text(_BUSY.format(table="agreement", id="application_id")), ids).scalars())
        return {matter.old for matter in matters if matter.id in busy}

    def _put(self, persons: Mapping[bytes, frozenset[bytes]]) -> None:
        pairs = [(old, anew) for anew, olds in persons.items() for old in olds]
        values = {"olds": [old for old, _ in pairs], "anews": [anew for _, anew in pairs]}
        self.session.execute(_REMEMBER, values)
        for table in indexed_tables():
            for column in table.columns:
                self.session.execute(sa.text(_CHANGE.format(table=table.name, column=column)), values)
        self.session.execute(_CHANGE_CALLERS, values)


def _function_of(table: IndexedTable, version: int) -> str:
    put = "\n".join(
        f"IF index_version_of(NEW.{column}) NOT IN (0, {version}) THEN"
        f" NEW.{column} := current_index(NEW.{column}); END IF;"
        for column in table.columns
    )
    return f"""
        CREATE OR REPLACE FUNCTION current_indexes_of_{table.name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {put} RETURN NEW; END $$
    """


def _trigger_of(table: IndexedTable) -> str:
    return f"""
        CREATE OR REPLACE TRIGGER current_indexes_of_{table.name}
        BEFORE INSERT OR UPDATE OF {", ".join(table.columns)} ON {table.name}
        FOR EACH ROW EXECUTE FUNCTION current_indexes_of_{table.name}()
    """
