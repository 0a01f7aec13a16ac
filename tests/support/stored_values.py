"""Every encrypted value of a database, read by the table of encrypted columns; and the same in the first form."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from underwriting.personal_data.columns import EncryptedTable, encrypted_tables
from underwriting.platform.encryption import Cipher

FIRST_KEY = b"e" * 32  # BORGEN_ENCRYPTION_KEY of the tests' environment


@dataclass(frozen=True)
class StoredValue:
    """One value, with where it stands and whose it is by the table of encrypted columns."""

    table: EncryptedTable
    key: tuple[Any, ...]
    column: str
    context: str
    subject: str
    stored: bytes

    @property
    def place(self) -> tuple[Any, ...]:
        return self.table.name, self.key, self.column


def stored_values(session: Session) -> Iterator[StoredValue]:
    """All of them."""
    for table in encrypted_tables():
        for column, context in zip(table.columns, table.contexts, strict=True):
            query = f"SELECT {', '.join(table.keys)}, {context}, {table.subject}, {column} FROM {table.name}"
            for *key, named, subject, stored in session.execute(sa.text(query)):
                if stored is not None:
                    yield StoredValue(table, tuple(key), column, named, subject, stored)


def opened(session: Session, cipher: Cipher) -> dict[tuple[Any, ...], bytes]:
    """What every value says, by its place."""
    return {value.place: cipher.decrypt(value.stored, context=value.context) for value in stored_values(session)}


def put_in_first_form(session: Session, cipher: Cipher) -> int:
    """Store every value as the first version of the product did, under no data key; how many. For the tables' owner."""
    values = list(stored_values(session))
    for value in values:
        nonce, bound_to = os.urandom(12), b"\x01" + value.context.encode()
        plain = cipher.decrypt(value.stored, context=value.context)
        old = b"\x01" + nonce + AESGCM(FIRST_KEY).encrypt(nonce, plain, bound_to)
        where = " AND ".join(f"{name} = :key_{place}" for place, name in enumerate(value.table.keys))
        keys = {f"key_{place}": part for place, part in enumerate(value.key)}
        session.execute(
            sa.text(f"UPDATE {value.table.name} SET {value.column} = :old WHERE {where}"), {"old": old, **keys}
        )
    session.execute(sa.text("DELETE FROM data_key"))
    session.execute(sa.text("DELETE FROM key_milestone"))
    return len(values)
