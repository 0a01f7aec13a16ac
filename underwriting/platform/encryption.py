"""Personal data at rest: AES-256-GCM for what is kept, HMAC-SHA256 for what must be found again.

A stored value is one version byte, a 12-byte nonce and the ciphertext with its tag. The context (table and column) is
authenticated with it, so that a value cannot be moved to another column.
"""

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE_BYTES = 12
_SHORTEST = 1 + _NONCE_BYTES + 16  # nothing at all, with its tag


class CiphertextInvalid(Exception):
    """The stored bytes were changed, moved to another column, or encrypted under another key."""


class Cipher:
    """Encrypts what is stored and makes blind indexes. Both keys are 32 bytes and secret."""

    def __init__(self, *, encryption_key: bytes, index_key: bytes) -> None:
        if len(encryption_key) != 32 or len(index_key) != 32:
            raise ValueError("both keys are 32 bytes")
        self._aead = AESGCM(encryption_key)
        self._index_key = index_key

    def encrypt(self, plain: bytes, *, context: str) -> bytes:
        """*plain* encrypted; only the same *context* opens it again."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, plain, _VERSION + context.encode())

    def decrypt(self, stored: bytes, *, context: str) -> bytes:
        """What `encrypt` was given; CiphertextInvalid when *stored* or *context* is not what it was."""
        if stored[:1] != _VERSION or len(stored) < _SHORTEST:
            raise CiphertextInvalid("unknown version or cut off")
        nonce, sealed = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, sealed, _VERSION + context.encode())
        except InvalidTag as error:
            raise CiphertextInvalid("wrong key, context or bytes") from error

    def encrypt_json(self, value: Any, *, context: str) -> bytes:
        """*value* as canonical JSON, encrypted."""
        return self.encrypt(canonical_json(value), context=context)

    def decrypt_json(self, stored: bytes, *, context: str) -> Any:
        """The value that `encrypt_json` was given."""
        return json.loads(self.decrypt(stored, context=context))

    def blind_index(self, value: str) -> bytes:
        """32 bytes by which *value* is found again without being stored; equal values give equal bytes."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).digest()


def canonical_json(value: Any) -> bytes:
    """*value* as JSON with sorted keys and no blanks, in UTF-8: the same value is always the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
