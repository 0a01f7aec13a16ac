"""Personal data at rest: AES-256-GCM for what is kept, HMAC-SHA256 for what must be found again.

Every value is encrypted under the data key of its subject: an application and all that follows from it, one question to
a bureau, one log-in; what belongs to nobody is the house's. A data key is kept wrapped by a key of the `KeyStore`. Who
destroys a data key erases everything under it, wherever copies lie (rule K2).

A stored value is one byte for its form, the id of its data key, a 12-byte nonce and the ciphertext with its tag. The
context (table and column) is authenticated with it, so that a value cannot be moved to another column. Values of the
first form, which lack the id, are under the key of version 1 itself; they are read and no longer written.
"""

import json
import os
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Text
from underwriting.platform import opened
from underwriting.platform.blind_index import KEY_BYTES, BlindIndexes, UnderOneKey

HOUSE = "house"
"""The subject of what belongs to no person's matter."""
APPLICATION = "application"
"""The kind of subject that an application is, with all that follows from it."""
FIRST_FORM, SECOND_FORM = b"\x01", b"\x02"
KEY_ID = slice(1, 17)
"""Where a value of the second form names its data key."""
_NONCE_BYTES = 12
_TAG_BYTES = 16


class CiphertextInvalid(Exception):
    """The stored bytes were changed, moved to another column, or encrypted under another key."""


class DataErased(NotFound):
    """The data were erased by destroying their key: nobody can read them any more. Rule K2."""

    slug = "data-erased"
    title = Text("Uppgifterna är raderade", "The data have been erased")
    rule = "K2"


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one subject; *id* stands in every value that is encrypted under it."""

    id: uuid.UUID
    subject: str
    key: bytes = field(repr=False)


class DataKeys(Protocol):
    """Where data keys come from."""

    def current(self, subject: str) -> DataKey:
        """The key under which values of *subject* are encrypted now, made if there is none; DataErased."""

    def begin(self, kind: str) -> uuid.UUID:
        """Make a subject `kind:id` with its key; the id, which the server makes as it does those of rows."""

    def find(self, key_id: uuid.UUID) -> DataKey:
        """The key of this id; DataErased when it was destroyed, CiphertextInvalid when there never was one."""

    def prepare(self, key_ids: Iterable[uuid.UUID]) -> None:
        """Have these at hand, asked for all at once; what cannot be had is told when it is asked for."""


class Cipher:
    """Encrypts what is stored and makes blind indexes. *first_key* opens values of the first form, where there is one.

    *index_key* is the one key of indexes, or what knows several of its versions. Keys are 32 bytes and secret.
    """

    def __init__(self, data_keys: DataKeys, *, index_key: bytes | BlindIndexes, first_key: bytes | None = None) -> None:
        if first_key is not None and len(first_key) != KEY_BYTES:
            raise ValueError(f"a key is {KEY_BYTES} bytes")
        self.data_keys = data_keys
        self._indexes = UnderOneKey(index_key) if isinstance(index_key, bytes) else index_key
        self._first_key = first_key

    def encrypt(self, plain: bytes, *, context: str, subject: str = HOUSE) -> bytes:
        """*plain* encrypted under the key of *subject*; only the same *context* opens it again. Raises DataErased."""
        return encrypt_under(self.data_keys.current(subject), plain, context=context)

    def decrypt(self, stored: bytes, *, context: str) -> bytes:
        """What `encrypt` was given; CiphertextInvalid when *stored* or *context* is not what it was. DataErased."""
        if stored[:1] == FIRST_FORM and self._first_key is not None:
            plain = unseal(self._first_key, stored[1:], bound_to=FIRST_FORM + context.encode())
            opened.note(HOUSE, context)
            return plain
        header = stored[: KEY_ID.stop]
        if stored[:1] != SECOND_FORM or len(header) < KEY_ID.stop:
            raise CiphertextInvalid("unknown form or cut off")
        data_key = self.data_keys.find(uuid.UUID(bytes=stored[KEY_ID]))
        plain = unseal(data_key.key, stored[KEY_ID.stop :], bound_to=header + context.encode())
        opened.note(data_key.subject, context)
        return plain

    def encrypt_json(self, value: Any, *, context: str, subject: str = HOUSE) -> bytes:
        """*value* as canonical JSON, encrypted."""
        return self.encrypt(canonical_json(value), context=context, subject=subject)

    def decrypt_json(self, stored: bytes, *, context: str) -> Any:
        """The value that `encrypt_json` was given."""
        return json.loads(self.decrypt(stored, context=context))

    def subject_of(self, stored: bytes) -> str:
        """Whose key *stored* is under: for what belongs beside it. Of the first form it is the house's. DataErased."""
        key_id = key_id_of(stored)
        return HOUSE if key_id is None else self.data_keys.find(key_id).subject

    def prepare(self, stored: Iterable[bytes | None]) -> None:
        """Have the keys of many values at hand before they are decrypted one by one."""
        named = (key_id_of(one) for one in stored if one is not None)
        self.data_keys.prepare({key_id for key_id in named if key_id is not None})

    def blind_index(self, value: str) -> bytes:
        """What *value* is found by, now and to the transaction's end, without being stored; equal for equal values."""
        return self._indexes.of(value)

    def blind_index_of_each(self, values: Collection[str]) -> Mapping[str, bytes]:
        """What each of *values* is found by, now and to the transaction's end."""
        return self._indexes.of_each(values)

    def blind_indexes(self, value: str) -> frozenset[bytes]:
        """What *value* may have been found by a moment ago, too: for a comparison that must not miss."""
        return self._indexes.every(value)


def of_application(application_id: uuid.UUID) -> str:
    """The subject of an application and of all that follows from it."""
    return f"{APPLICATION}:{application_id}"


def key_id_of(stored: bytes) -> uuid.UUID | None:
    """The data key that *stored* names; None for a value of the first form, or what is no value at all."""
    whole = stored[:1] == SECOND_FORM and len(stored) >= KEY_ID.stop
    return uuid.UUID(bytes=stored[KEY_ID]) if whole else None


def encrypt_under(data_key: DataKey, plain: bytes, *, context: str) -> bytes:
    """*plain* as it is stored: encrypted under *data_key*, which it names."""
    header = SECOND_FORM + data_key.id.bytes
    return header + seal(data_key.key, plain, bound_to=header + context.encode())


def seal(key: bytes, plain: bytes, *, bound_to: bytes) -> bytes:
    """A nonce and *plain* encrypted with its tag; only the same *bound_to* opens it again."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, *, bound_to: bytes) -> bytes:
    """What `seal` was given; CiphertextInvalid when anything about it differs."""
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise CiphertextInvalid("cut off")
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except InvalidTag as error:
        raise CiphertextInvalid("wrong key, context or bytes") from error


def new_key() -> bytes:
    """A new data key."""
    return AESGCM.generate_key(8 * KEY_BYTES)


def canonical_json(value: Any) -> bytes:
    """*value* as JSON with sorted keys and no blanks, in UTF-8: the same value is always the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
