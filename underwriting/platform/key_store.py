"""The keys that wrap data keys: given by the environment, in a file, or in a service that never hands them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from underwriting.kernel.errors import Unavailable
from underwriting.kernel.text import Text
from underwriting.platform.encryption import seal, unseal
from underwriting.platform.key_settings import KeySettings, KeysMalformed, read_keys


class KeyStoreUnavailable(Unavailable):
    """The service that wraps keys does not answer, or the file cannot be read; nothing was changed."""

    slug = "key-store-unavailable"
    title = Text("Nyckeltjänsten svarar inte", "The key store does not answer")


class KeyVersionMissing(KeyStoreUnavailable):
    """What is asked for was wrapped under a version that this process was not given."""

    slug = "key-version-missing"
    title = Text(
        "En nyckelversion som behövs är inte given till tjänsten",
        "A version of the key that is needed is not given to the service",
    )


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it is kept: encrypted by the store's key of *version*."""

    version: int
    content: bytes = field(repr=False)


class KeyStore(Protocol):
    """Wraps data keys and opens them again. *context* is not secret; only the same one opens a key again.

    A remote store raises KeyStoreUnavailable when it cannot be asked.
    """

    def current(self) -> int:
        """The version that wraps now."""

    def versions(self) -> frozenset[int]:
        """Those that can be opened."""

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        """*key* under the current version."""

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """The key; KeyVersionMissing, and CiphertextInvalid where content or context is not what it was."""


class GivenKeys:
    """Keys by version, the newest first: that one wraps, all open."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise ValueError("at least one key")
        self._keys = dict(keys)

    def current(self) -> int:
        """The version that wraps now."""
        return next(iter(self._keys))

    def versions(self) -> frozenset[int]:
        """Those that can be opened."""
        return frozenset(self._keys)

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        """*key* under the current version."""
        version = self.current()
        return Wrapped(version, seal(self._keys[version], key, bound_to=_bound_to(version, context)))

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """The key; KeyVersionMissing, and CiphertextInvalid where content or context is not what it was."""
        if wrapped.version not in self._keys:
            raise KeyVersionMissing
        return unseal(self._keys[wrapped.version], wrapped.content, bound_to=_bound_to(wrapped.version, context))


class KeysInFile:
    """The keys that a file holds; a changed file counts from the next call on, without a restart."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[tuple[int, int, int], GivenKeys] | None = None
        self._given()

    def current(self) -> int:
        """The version that wraps now."""
        return self._given().current()

    def versions(self) -> frozenset[int]:
        """Those that can be opened."""
        return self._given().versions()

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        """*key* under the current version."""
        return self._given().wrap(key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """The key; KeyVersionMissing, and CiphertextInvalid where content or context is not what it was."""
        return self._given().unwrap(wrapped, context=context)

    def _given(self) -> GivenKeys:
        try:
            status = self._file.stat()
            state = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read is None or self._read[0] != state:
                self._read = state, GivenKeys(read_keys(self._file.read_text()))
        except (OSError, KeysMalformed) as error:
            raise KeyStoreUnavailable from error
        return self._read[1]


class RemoteBesideGiven:
    """A remote store that wraps, beside given keys that open what they wrapped before: on the way from these to it."""

    def __init__(self, remote: KeyStore, given: GivenKeys) -> None:
        self._remote = remote
        self._given = given

    def current(self) -> int:
        """The version that wraps now: the remote store's."""
        return self._remote.current()

    def versions(self) -> frozenset[int]:
        """Those that can be opened."""
        return self._remote.versions() | self._given.versions()

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        """*key* under the remote store's current version."""
        return self._remote.wrap(key, context=context)

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """The key; KeyVersionMissing, and CiphertextInvalid where content or context is not what it was."""
        given = wrapped.version in self._given.versions()
        return (self._given if given else self._remote).unwrap(wrapped, context=context)


def key_store_of(settings: KeySettings) -> KeyStore:
    """The store that *settings* name."""
    if settings.file is not None and settings.remote is None:
        return KeysInFile(settings.file)
    keys = {version: key.reveal() for version, key in settings.keys.items()}
    if settings.remote is None:
        return GivenKeys(keys)
    remote = settings.remote()
    return RemoteBesideGiven(remote, GivenKeys(keys)) if keys else remote


def _bound_to(version: int, context: str) -> bytes:
    return f"data key, version {version}, {context}".encode()
