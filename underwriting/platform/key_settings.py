"""Which keys wrap data keys, and which make blind indexes: a list of versions, the same in a file, or one key."""

import base64
import functools
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from underwriting.platform.environment import EnvironmentReader, Secret

if TYPE_CHECKING:
    from underwriting.platform.key_store import KeyStore

FIRST_VERSION = 1
"""The version of BORGEN_ENCRYPTION_KEY, and of BORGEN_INDEX_KEY."""
_KEY_BYTES = 32
_ENCRYPTION = ("BORGEN_ENCRYPTION_KEY", "BORGEN_ENCRYPTION_KEYS", "BORGEN_ENCRYPTION_KEYS_FILE")
_ENTRY = re.compile(r"([1-9][0-9]{0,8}):(\S+)")


class KeysMalformed(Exception):
    """A list of keys that cannot be read; the message says why and shows none of it."""


class KeyVersionNeeded(Exception):
    """A version of the key is not given although something is under it; the message names the versions."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Keys by version. Of encryption keys the first one wraps, all open; of index keys the highest is the one to come.

    Where *file* is named they are what it held at the start. *remote* makes the store that wraps in their place; they
    open what is under them still.
    """

    keys: Mapping[int, Secret[bytes]]
    file: Path | None = None
    remote: "Callable[[], KeyStore] | None" = None

    @property
    def first(self) -> bytes | None:
        """The key of version 1, which values of the first form are under; None once it is given no more."""
        key = self.keys.get(FIRST_VERSION)
        return None if key is None else key.reveal()


def read_keys(text: str) -> dict[int, bytes]:
    """The keys in a text such as `2:base64,1:base64`, by version, in its order. Lines may take the place of commas.

    Lines that begin with `#` are left out. Raises KeysMalformed.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    entries = [entry for entry in re.split(r"[,\s]+", "\n".join(lines)) if entry]
    keys: dict[int, bytes] = {}
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise KeysMalformed("is not a list of versions and keys of the form 2:base64,1:base64")
        version, key = int(found[1]), _decoded(found[2])
        if version in keys:
            raise KeysMalformed(f"names version {version} twice")
        if len(key) != _KEY_BYTES:
            raise KeysMalformed(f"holds a key that is not {_KEY_BYTES} bytes in base64")
        keys[version] = key
    if not keys:
        raise KeysMalformed("holds no key")
    if len(set(keys.values())) < len(keys):
        raise KeysMalformed("holds the same key twice")
    return keys


def read_encryption(reader: EnvironmentReader) -> KeySettings:
    """The encryption keys that *reader* finds; BORGEN_ENCRYPTION_KEY beside a list is version 1 of it.

    BORGEN_KEY_STORE names what makes a store of somebody's own, `package.module:function`, which is called with the
    environment; then no key has to be given.
    """
    named = reader.optional_text("BORGEN_KEY_STORE")
    if named is None:
        return _read_given(reader)
    given = any(reader.optional_text(name) is not None for name in _ENCRYPTION)
    return KeySettings(_read_given(reader).keys if given else MappingProxyType({}), remote=_named(reader, named))


def _read_given(reader: EnvironmentReader) -> KeySettings:
    return _read_versions(reader, *_ENCRYPTION)


def read_index(reader: EnvironmentReader) -> KeySettings:
    """The index keys that *reader* finds; BORGEN_INDEX_KEY beside a list is version 1 of it."""
    return _read_versions(reader, "BORGEN_INDEX_KEY", "BORGEN_INDEX_KEYS", "BORGEN_INDEX_KEYS_FILE")


def _read_versions(reader: EnvironmentReader, one: str, several: str, in_file: str) -> KeySettings:
    listed, file = reader.optional_text(several), reader.optional_file(in_file)
    if file is not None:
        return KeySettings(_read(reader, in_file, _content(reader, file, named=in_file)), file)
    if listed is None:
        return KeySettings(MappingProxyType({FIRST_VERSION: reader.key(one)}))
    keys = dict(_read(reader, several, listed))
    if reader.optional_text(one) is not None:
        alone = reader.key(one)
        if keys.setdefault(FIRST_VERSION, alone) != alone:
            reader.refuse(one, f"is another key than version 1 of {several}")
    return KeySettings(MappingProxyType(keys))


def _named(reader: EnvironmentReader, named: str) -> "Callable[[], KeyStore] | None":
    module, _, name = named.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        reader.refuse("BORGEN_KEY_STORE", "names nothing of the form package.module:function that can be imported")
        return None
    return functools.partial(make, reader.environ)


def _read(reader: EnvironmentReader, name: str, text: str) -> Mapping[int, Secret[bytes]]:
    try:
        return MappingProxyType({version: Secret(key) for version, key in read_keys(text).items()})
    except KeysMalformed as error:
        reader.refuse(name, str(error))
        return MappingProxyType({})


def _content(reader: EnvironmentReader, file: Path, *, named: str) -> str:
    try:
        return file.read_text() if file.is_file() else "1:"
    except (OSError, UnicodeDecodeError):
        reader.refuse(named, "names a file that cannot be read")
        return "1:"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
