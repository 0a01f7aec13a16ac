"""The key that seals the audit log: Ed25519, so that the public key checks a seal and cannot make one."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_KEY_BYTES = 32


class SealKey:
    """Signs seals. The *seed* is 32 secret bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The 32 bytes that others check signatures with."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        """The 64 bytes of a signature over *content*."""
        return self._key.sign(content)


def is_signed(content: bytes, signature: bytes, *, public: bytes) -> bool:
    """Whether *signature* over *content* was made with the key whose *public* part this is."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True
