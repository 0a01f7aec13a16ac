"""Blind indexes: by which a number is found again without being stored, under versions of one key.

An index is HMAC-SHA256 of the number; of every version but the first four bytes follow that name the version. Version
0 marks what was put in the place of an erased one. What a rotation does to rows is `personal_data.index_rotation`'s.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.platform.database import Database
from underwriting.platform.key_settings import FIRST_VERSION, KeyVersionNeeded

KEY_BYTES = 32
BLANK = "(sha256(uuid_send(gen_random_uuid())) || '\\x00000000'::bytea)"
"""SQL of what takes the place of an erased index: like one, of nobody, and no rotation looks at it."""
_VERSION_BYTES = 4

_CURRENT_VERSION = sa.text("SELECT coalesce(max(version), 1) FROM index_rotation WHERE finished_at IS NOT NULL")
_BEGUN_VERSION = sa.text("SELECT max(version) FROM index_rotation WHERE finished_at IS NULL")
_CURRENT_INDEX = sa.text("SELECT current_index(:given)")
_CURRENT_INDEXES = sa.text("SELECT given, current_index(given) FROM unnest(CAST(:given AS bytea[])) AS given")
_NOT_ENDING = sa.text("SELECT pg_advisory_xact_lock_shared(2, 0)")


class BlindIndexes(Protocol):
    """Where blind indexes come from."""

    def of(self, value: str) -> bytes:
        """The index under which *value* is kept now; equal values give equal bytes."""

    def of_each(self, values: Collection[str]) -> Mapping[str, bytes]:
        """The indexes under which *values* are kept now, asked for all at once."""

    def every(self, value: str) -> frozenset[bytes]:
        """The indexes of *value* under every version that is given."""


class UnderOneKey:
    """Indexes of version 1; ValueError where *key* is not 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key is {KEY_BYTES} bytes")
        self._key = key

    def of(self, value: str) -> bytes:
        """The index under which *value* is kept; equal values give equal bytes."""
        return index_under(self._key, FIRST_VERSION, value)

    def of_each(self, values: Collection[str]) -> Mapping[str, bytes]:
        """The indexes of *values*."""
        return {value: self.of(value) for value in values}

    def every(self, value: str) -> frozenset[bytes]:
        """The one index of *value*."""
        return frozenset({self.of(value)})


class StoredIndexes:
    """Indexes of which rows of *database* have one version or another, with the *keys* by version.

    While a newer version is given than the one that counts, the database is asked each time whether a rotation has
    changed the person over; the answer holds to the end of the transaction. An index that is under an older version
    after the rotation has ended is refused by the database as what cannot be serialised, and so tried again.
    """

    def __init__(self, database: Database, keys: Mapping[int, bytes]) -> None:
        self._database = database
        self._keys = dict(keys)
        self._newest = max(keys)
        self._newest_counts = len(keys) == 1  # `require_index_version` has made sure of it

    def of(self, value: str) -> bytes:
        """The index under which *value* is kept now; KeyVersionNeeded."""
        if self._newest_counts:
            return self._under(self._newest, value)
        with self._database.transaction() as session, session.no_autoflush:  # a row may be half made
            current = current_index_version(session)
            if current >= self._newest:
                self._newest_counts = True
                return self._under(self._newest, value)
            kept: bytes = session.execute(_CURRENT_INDEX, {"given": self._under(current, value)}).scalar_one()
            return kept

    def of_each(self, values: Collection[str]) -> Mapping[str, bytes]:
        """The indexes under which *values* are kept now, as many as a file has payers; KeyVersionNeeded.

        Before a rotation has begun nobody is asked for one by one: it cannot end while this transaction is open, and
        sees what that has written. While it is under way each takes a lock, of which the server has some thousand.
        """
        if self._newest_counts:
            return {value: self._under(self._newest, value) for value in values}
        with self._database.transaction() as session, session.no_autoflush:
            session.execute(_NOT_ENDING)
            current = current_index_version(session)
            made = {value: self._under(min(current, self._newest), value) for value in values}
            if current >= self._newest or begun_index_version(session) is None:
                return made
            rows = session.execute(_CURRENT_INDEXES, {"given": sorted(made.values())}).all()
            kept: dict[bytes, bytes] = dict(map(tuple, rows))
            return {value: kept[given] for value, given in made.items()}

    def every(self, value: str) -> frozenset[bytes]:
        """The indexes of *value* under every version that is given."""
        return frozenset(self._under(version, value) for version in self._keys)

    def _under(self, version: int, value: str) -> bytes:
        if version not in self._keys:
            raise KeyVersionNeeded(f"Version {version} of the index key is needed and not given.")
        return index_under(self._keys[version], version, value)


def index_under(key: bytes, version: int, value: str) -> bytes:
    """The index of *value* under the *key* of one version."""
    digest = hmac.new(key, value.encode(), hashlib.sha256).digest()
    return digest if version == FIRST_VERSION else digest + version.to_bytes(_VERSION_BYTES, "big")


def current_index_version(session: Session) -> int:
    """The version that counts: the newest to which a rotation has brought everything."""
    return int(session.execute(_CURRENT_VERSION).scalar_one())


def begun_index_version(session: Session) -> int | None:
    """The version of a rotation that has begun and not ended."""
    begun: int | None = session.execute(_BEGUN_VERSION).scalar_one()
    return begun


def require_index_version(session: Session, given: frozenset[int]) -> None:
    """Raise KeyVersionNeeded when indexes are under a version that is not *given*."""
    for version in (current_index_version(session), begun_index_version(session)):
        if version is not None and version not in given:
            raise KeyVersionNeeded(
                f"Version {version} of the index key is needed and not given; `borgen keys status` tells by what."
            )
