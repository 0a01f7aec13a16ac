"""Which keys wrap data keys: BORGEN_ENCRYPTION_KEYS, the same in a file, or the one key of version 1."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from underwriting.platform.environment import EnvironmentReader, Secret

FIRST_VERSION = 1
"""The version of BORGEN_ENCRYPTION_KEY."""
_KEY_BYTES = 32
_ENTRY = re.compile(r"([1-9][0-9]{0,8}):(\S+)")


class KeysMalformed(Exception):
    """A list of keys that cannot be read; the message says why and shows none of it."""


class KeyVersionNeeded(Exception):
    """A version of the key is not given although something is under it; the message names the versions."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Keys by version: the first one wraps, all open. Where *file* is named they are what it held at the start."""

    keys: Mapping[int, Secret[bytes]]
    file: Path | None = None

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
    """The keys that *reader* finds; BORGEN_ENCRYPTION_KEY beside a list is version 1, unless the list has that."""
    listed, file = reader.optional_text("BORGEN_ENCRYPTION_KEYS"), reader.optional_file("BORGEN_ENCRYPTION_KEYS_FILE")
    if file is not None:
        return KeySettings(_read(reader, "BORGEN_ENCRYPTION_KEYS_FILE", _content(reader, file)), file)
    if listed is None:
        return KeySettings(MappingProxyType({FIRST_VERSION: reader.key("BORGEN_ENCRYPTION_KEY")}))
    keys = dict(_read(reader, "BORGEN_ENCRYPTION_KEYS", listed))
    if reader.optional_text("BORGEN_ENCRYPTION_KEY") is not None:
        alone = reader.key("BORGEN_ENCRYPTION_KEY")
        if keys.setdefault(FIRST_VERSION, alone) != alone:
            reader.refuse("BORGEN_ENCRYPTION_KEY", "is another key than version 1 of BORGEN_ENCRYPTION_KEYS")
    return KeySettings(MappingProxyType(keys))


def _read(reader: EnvironmentReader, name: str, text: str) -> Mapping[int, Secret[bytes]]:
    try:
        return MappingProxyType({version: Secret(key) for version, key in read_keys(text).items()})
    except KeysMalformed as error:
        reader.refuse(name, str(error))
        return MappingProxyType({})


def _content(reader: EnvironmentReader, file: Path) -> str:
    try:
        return file.read_text() if file.is_file() else "1:"
    except (OSError, UnicodeDecodeError):
        reader.refuse("BORGEN_ENCRYPTION_KEYS_FILE", "names a file that cannot be read")
        return "1:"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
