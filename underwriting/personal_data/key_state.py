"""How much is under which key, and which versions nothing needs any more."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.personal_data.columns import SUFFIX, EncryptedTable, encrypted_tables
from underwriting.platform.encryption import HOUSE
from underwriting.platform.key_models import DataKeyRow, KeyMilestone
from underwriting.platform.key_settings import FIRST_VERSION, KeyVersionNeeded
from underwriting.platform.key_store import KeyStore

_FIRST_FORM_GONE = "first-form-gone"
_FIRST_FORM = r"substring({column} FROM 1 FOR 1) = '\x01'"
_NAMED_KEY = "substring({column} FROM 2 FOR 16)"


@dataclass(frozen=True, slots=True)
class ColumnState:
    """The values of one column: of the *first_form*, under a *retired* key of the house, its current one, subjects'."""

    column: str
    first_form: int
    retired: int
    house: int
    subjects: int


@dataclass(frozen=True, slots=True)
class KeyState:
    """Data keys by the version that wraps them, those that are destroyed, and the values of every column."""

    current: int
    given: frozenset[int]
    data_keys: Mapping[int, int]
    destroyed: int
    columns: tuple[ColumnState, ...]

    @property
    def needed(self) -> frozenset[int]:
        """The versions that something is under."""
        first_form = any(column.first_form for column in self.columns)
        return frozenset(self.data_keys) | ({FIRST_VERSION} if first_form else frozenset())

    @property
    def may_go(self) -> frozenset[int]:
        """The given versions that nothing is under; the current one stays, new keys are wrapped by it."""
        return self.given - self.needed - {self.current}

    @property
    def missing(self) -> frozenset[int]:
        """The versions that something is under and that are not given."""
        return self.needed - self.given


def state(session: Session, store: KeyStore) -> KeyState:
    """How everything stands now. Reads every encrypted table."""
    versions = sa.select(DataKeyRow.version, sa.func.count()).group_by(DataKeyRow.version)
    counts = {row[0]: row[1] for row in session.execute(versions)}
    return KeyState(
        current=store.current(),
        given=store.versions(),
        destroyed=counts.get(None, 0),
        data_keys={version: counts[version] for version in sorted(filter(None, counts))},
        columns=tuple(column for table in encrypted_tables() for column in _states(session, table)),
    )


def require_versions(session: Session, store: KeyStore, *, at: datetime) -> None:
    """Raise KeyVersionNeeded when something is under a version that *store* was not given."""
    used = sa.select(DataKeyRow.version).where(DataKeyRow.wrapped.is_not(None)).distinct()
    needed = {version for version in session.scalars(used) if version is not None}
    if FIRST_VERSION not in store.versions() and not first_form_gone(session, at=at):
        needed.add(FIRST_VERSION)
    missing = sorted(needed - store.versions())
    if missing:
        named = ", ".join(str(version) for version in missing)
        raise KeyVersionNeeded(
            f"Version {named} of the encryption key is still needed and not given; `borgen keys status` tells by what."
        )


def first_form_gone(session: Session, *, at: datetime) -> bool:
    """Whether no value of the first form is left. Found once it is kept for ever: none is written any more."""
    if session.get(KeyMilestone, _FIRST_FORM_GONE) is not None:
        return True
    for table in encrypted_tables():
        of_first_form = " OR ".join(_FIRST_FORM.format(column=column) for column in table.columns)
        if session.execute(sa.text(f"SELECT 1 FROM {table.name} WHERE {of_first_form} LIMIT 1")).first():
            return False
    session.add(KeyMilestone(name=_FIRST_FORM_GONE, reached_at=at))
    session.flush()
    return True


def retired_ids(session: Session, *, before: datetime | None = None) -> Sequence[uuid.UUID]:
    """The retired keys of the house that are not destroyed; with *before* those retired before that instant."""
    query = sa.select(DataKeyRow.id).where(DataKeyRow.retired_at.is_not(None), DataKeyRow.wrapped.is_not(None))
    if before is not None:
        query = query.where(DataKeyRow.retired_at < before)
    return session.scalars(query.order_by(DataKeyRow.id)).all()


def is_old(table: EncryptedTable) -> str:
    """SQL that is true for a row with a value to be encrypted anew; has the parameter `retired`, bytes of key ids."""
    return " OR ".join(
        f"{_FIRST_FORM.format(column=column)} OR {_NAMED_KEY.format(column=column)} = ANY(CAST(:retired AS bytea[]))"
        for column in table.columns
    )


def count_old(session: Session, table: EncryptedTable) -> int:
    """How many rows of *table* have a value to be encrypted anew."""
    retired = [key_id.bytes for key_id in retired_ids(session)]
    query = sa.text(f"SELECT count(*) FROM {table.name} WHERE {is_old(table)}")
    return int(session.execute(query, {"retired": retired}).scalar_one())


def _states(session: Session, table: EncryptedTable) -> list[ColumnState]:
    house = sa.select(DataKeyRow.id, DataKeyRow.retired_at).where(DataKeyRow.subject == HOUSE)
    keys: dict[bool, list[bytes]] = {True: [], False: []}
    for row in session.execute(house):
        keys[row.retired_at is None].append(row.id.bytes)
    counts = ", ".join(
        f"""
        count(*) FILTER (WHERE {_FIRST_FORM.format(column=column)}),
        count(*) FILTER (WHERE {_NAMED_KEY.format(column=column)} = ANY(CAST(:retired AS bytea[]))),
        count(*) FILTER (WHERE {_NAMED_KEY.format(column=column)} = ANY(CAST(:house AS bytea[]))),
        count({column})
        """
        for column in table.columns
    )
    query = sa.text(f"SELECT {counts} FROM {table.name}")
    found = session.execute(query, {"retired": keys[False], "house": keys[True]}).one()
    states = []
    for place, column in enumerate(table.columns):
        first, retired, own, every = found[4 * place : 4 * place + 4]
        name = f"{table.name}.{column.removesuffix(SUFFIX)}"
        states.append(ColumnState(name, first, retired, own, every - first - retired - own))
    return states
