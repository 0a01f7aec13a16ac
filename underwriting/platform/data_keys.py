"""Data keys in the database, one per subject, and a few seconds of them in memory.

1. A key is made in the transaction that first encrypts for its subject, and is gone with it if that is rolled back.
2. What a transaction has seen of keys is its own until it is committed; then the process remembers it.
3. The process remembers at most `MOST_REMEMBERED` keys, for `REMEMBERED_SECONDS` each: so long can a key that another
   process has destroyed still open something here.
"""

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from underwriting.platform.blind_index import StoredIndexes
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher, CiphertextInvalid, DataErased, DataKey, new_key
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.key_store import KeyStore, Wrapped, key_store_of
from underwriting.platform.settings import Settings

REMEMBERED_SECONDS = 10.0
MOST_REMEMBERED = 10_000
_SEEN = "data keys seen in this transaction"

_INSERT = sa.text("""
    INSERT INTO data_key (subject, version, wrapped)
    SELECT * FROM unnest(CAST(:subjects AS text[]), CAST(:versions AS integer[]), CAST(:wrapped AS bytea[]))
    ON CONFLICT (subject) WHERE retired_at IS NULL DO NOTHING
    RETURNING id, subject
""")

_BEGIN = sa.text("""
    INSERT INTO data_key (subject, version, wrapped)
    SELECT CAST(:kind AS text) || ':' || uuidv7(), :version, :wrapped
    RETURNING id, subject
""")
_DESTROY = sa.text("""
    UPDATE data_key SET wrapped = NULL, version = NULL, destroyed_at = :at, destroyed_because = :because
    WHERE subject = ANY(CAST(:subjects AS text[])) AND wrapped IS NOT NULL
    RETURNING subject
""")
_BLOCK = sa.text("""
    INSERT INTO data_key (subject, destroyed_at, destroyed_because)
    SELECT name, :at, :because FROM unnest(CAST(:subjects AS text[])) AS name ORDER BY name
    ON CONFLICT (subject) WHERE retired_at IS NULL DO NOTHING
    RETURNING subject
""")

_Name = uuid.UUID | str


class StoredDataKeys:
    """The data keys of one database, wrapped by *store*."""

    def __init__(
        self,
        database: Database,
        store: KeyStore,
        *,
        remembered_seconds: float = REMEMBERED_SECONDS,
        most: int = MOST_REMEMBERED,
    ) -> None:
        self.store = store
        self._database = database
        self._remembered = _Memory(remembered_seconds, most)

    def current(self, subject: str) -> DataKey:
        """The key of *subject*, made if there is none; DataErased."""
        return self.currents([subject])[subject]

    def currents(self, subjects: Collection[str]) -> Mapping[str, DataKey]:
        """The keys of *subjects*, made where there are none; DataErased if one of them is."""
        found = self._at_hand(subjects)
        missing = [subject for subject in dict.fromkeys(subjects) if subject not in found]
        if missing:
            with self._database.transaction() as session:
                found |= self._load_current(session, missing)
                new = [subject for subject in missing if subject not in found]
                found |= self._make(session, new) if new else {}
        return found

    def begin(self, kind: str) -> uuid.UUID:
        """Make a subject `kind:id` with its key; the id, which the server makes as it does those of rows."""
        key = new_key()
        wrapped = self.store.wrap(key, context=kind)
        values = {"kind": kind, "version": wrapped.version, "wrapped": wrapped.content}
        with self._database.transaction() as session:
            row = session.execute(_BEGIN, values).one()
            made = DataKey(row.id, row.subject, key)
            self._see(session, {made.id: made})
            self._see(session, {made.subject: made})
        return uuid.UUID(made.subject.removeprefix(f"{kind}:"))

    def find(self, key_id: uuid.UUID) -> DataKey:
        """The key of this id; DataErased when it was destroyed, CiphertextInvalid when there never was one."""
        found = self._at_hand([key_id])
        if not found:
            with self._database.transaction() as session:
                for key in self._load(session, DataKeyRow.id == key_id):
                    return key
            raise CiphertextInvalid("there is no such data key")
        return found[key_id]

    def prepare(self, key_ids: Iterable[uuid.UUID]) -> None:
        """Have these at hand, asked for all at once; what cannot be had is told when it is asked for."""
        wanted = set(key_ids)
        missing = wanted - self._at_hand(wanted).keys()
        if missing:
            with self._database.transaction() as session:
                self._load(session, DataKeyRow.id.in_(missing), DataKeyRow.wrapped.is_not(None))

    def forget(self) -> None:
        """Remember nothing: what was destroyed a moment ago opens nothing in this process."""
        self._remembered.clear()

    def _load_current(self, session: Session, subjects: Collection[str]) -> dict[str, DataKey]:
        keys = self._load(session, DataKeyRow.subject.in_(subjects), DataKeyRow.retired_at.is_(None))
        found = {key.subject: key for key in keys}
        self._see(session, found)
        return found

    def _load(self, session: Session, *which: sa.ColumnElement[bool]) -> list[DataKey]:
        columns = (DataKeyRow.id, DataKeyRow.subject, DataKeyRow.version, DataKeyRow.wrapped)
        keys = []
        for row in session.execute(sa.select(*columns).where(*which)):
            if row.wrapped is None or row.version is None:
                raise DataErased
            key = self.store.unwrap(Wrapped(row.version, row.wrapped), context=kind_of(row.subject))
            keys.append(DataKey(row.id, row.subject, key))
        self._see(session, {key.id: key for key in keys})
        return keys

    def _make(self, session: Session, subjects: Collection[str]) -> dict[str, DataKey]:
        keys = {subject: new_key() for subject in sorted(subjects)}  # in one order, so that two never wait in a circle
        wrapped = {subject: self.store.wrap(key, context=kind_of(subject)) for subject, key in keys.items()}
        made = session.execute(
            _INSERT,
            {
                "subjects": list(wrapped),
                "versions": [one.version for one in wrapped.values()],
                "wrapped": [one.content for one in wrapped.values()],
            },
        ).all()
        found = {row.subject: DataKey(row.id, row.subject, keys[row.subject]) for row in made}
        self._see(session, found)
        self._see(session, {key.id: key for key in found.values()})
        others = [subject for subject in subjects if subject not in found]  # somebody else was faster
        return found | self._load_current(session, others) if others else found

    def _at_hand(self, names: Collection[_Name]) -> dict[Any, DataKey]:
        session = self._database.current_session
        seen: Mapping[_Name, DataKey] = session.info[_SEEN][1] if session and _SEEN in session.info else {}
        found = {name: seen.get(name) or self._remembered.get(name) for name in names}
        return {name: key for name, key in found.items() if key is not None}

    def _see(self, session: Session, keys: Mapping[uuid.UUID, DataKey] | Mapping[str, DataKey]) -> None:
        """Keep *keys*, by id or subject, for the rest of the transaction."""
        _, seen = session.info.setdefault(_SEEN, (self._remembered, {}))
        seen.update(keys)


def kind_of(subject: str) -> str:
    """What *subject* is one of: `application` of `application:0199…`. A wrapped key opens as one of its kind alone."""
    return subject.partition(":")[0]


def cipher_of(settings: Settings, database: Database, data_keys: StoredDataKeys | None = None) -> Cipher:
    """The cipher over *database* with the keys of *settings*."""
    data_keys = data_keys or StoredDataKeys(database, key_store_of(settings.encryption))
    keys = {version: key.reveal() for version, key in settings.index.keys.items()}
    return Cipher(data_keys, index_key=StoredIndexes(database, keys), first_key=settings.encryption.first)


def destroy(session: Session, subjects: Collection[str], *, because: str, at: datetime) -> int:
    """Destroy the keys of *subjects*: what is under them is erased, and nothing is encrypted for them again.

    How many subjects were erased by this call. One that has no key yet gets none: it is kept as destroyed.
    """
    values = {"subjects": sorted(set(subjects)), "at": at, "because": because}
    erased: set[str] = set()
    # Once more after the insert, which waits for whoever is making a key of the subject at this moment.
    for statement in (_DESTROY, _BLOCK, _DESTROY):
        erased |= set(session.execute(statement, values).scalars())
    session.info.pop(_SEEN, None)
    return len(erased)


class _Remembered(NamedTuple):
    until_seconds: float  # by the machine's monotonic clock
    key: DataKey


class _Memory:
    """Keys under their ids and subjects, each for a while; the one asked for longest ago goes first."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: OrderedDict[_Name, _Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: _Name) -> DataKey | None:
        with self._lock:
            found = self._kept.get(name)
            if found is None or found.until_seconds <= time.monotonic():
                self._kept.pop(name, None)
                return None
            self._kept.move_to_end(name)
            return found.key

    def keep(self, keys: Mapping[_Name, DataKey]) -> None:
        until = time.monotonic() + self._seconds
        with self._lock:
            for name, key in keys.items():
                self._kept[name] = _Remembered(until, key)
                self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


@event.listens_for(Session, "after_commit")
def _remember(session: Session) -> None:
    if _SEEN in session.info and not session.in_nested_transaction():
        memory, seen = session.info.pop(_SEEN)
        memory.keep(seen)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _previous: object) -> None:
    session.info.pop(_SEEN, None)
