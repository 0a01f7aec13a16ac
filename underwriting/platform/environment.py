"""Reading the environment variable by variable: what is wrong is collected, so that it can be told all at once."""

import base64
import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.money import Money

_KEY_BYTES = 32
_LONGEST_TIMEOUT_SECONDS = 120
_LONGEST_WHOLE_NUMBER = 10  # digits

T = TypeVar("T")


class Secret(Generic[T]):
    """A value that no log line, traceback or screen shows: its text is a mask. `reveal()` gives the value."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself; for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to a pickle")


class SettingProblem(NamedTuple):
    """What is wrong with one setting; *detail* never contains the value."""

    name: str
    detail: str


class EnvironmentReader:
    """Reads settings one by one and collects what is wrong in `problems`; with any of them nothing may be used."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[SettingProblem] = []
        self._environ = environ

    @property
    def environ(self) -> Mapping[str, str]:
        """All that is given, for what has settings of its own."""
        return self._environ

    def refuse(self, name: str, detail: str) -> None:
        """Note that *name* has to be mended."""
        self.problems.append(SettingProblem(name, detail))

    def text(self, name: str, default: str | None = None) -> str:
        """The text that *name* holds, without blanks around it; an empty one counts as missing."""
        value = self._environ.get(name, "").strip() or default
        if value is None:
            self.refuse(name, "is missing")
        return value or ""

    def optional_text(self, name: str, *, longest: int | None = None) -> str | None:
        """The text that *name* holds, if any, of at most *longest* characters."""
        value = self.text(name, "")
        if longest is not None and len(value) > longest:
            self.refuse(name, f"is longer than {longest} characters")
        return value or None

    def word(self, name: str, *, among: tuple[str, ...], default: str) -> str:
        """The one of *among* that *name* holds, in capitals or not."""
        value = self.text(name, default)
        for word in among:
            if value.casefold() == word.casefold():
                return word
        self.refuse(name, f"is none of {', '.join(among)}")
        return default

    def words(self, name: str, *, among: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        """Those of *among* that *name* holds, with commas between them, each once and in its order."""
        words = tuple(word.strip().casefold() for word in self.text(name, ",".join(default)).split(","))
        if not set(words) <= set(among) or len(set(words)) < len(words):
            self.refuse(name, f"is not a list, with commas, of some of {', '.join(among)}, each once")
            return default
        return words

    def whole(self, name: str, *, least: int, most: int, default: int) -> int:
        """The whole number from *least* to *most* that *name* holds."""
        text = self.text(name, str(default))
        value = int(text) if re.fullmatch("[0-9]+", text) and len(text) < _LONGEST_WHOLE_NUMBER else -1
        if not least <= value <= most:
            self.refuse(name, f"is not a whole number from {least} to {most}")
            return default
        return value

    def kronor(self, name: str) -> Money | None:
        """The amount in kronor that *name* holds, if any; not below zero."""
        text = self.text(name, "0")
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", text):
            self.refuse(name, "is not an amount in kronor of the form 1500 or 19.50")
            return None
        return Money.kronor(text) if self._environ.get(name, "").strip() else None

    def optional_file(self, name: str) -> Path | None:
        """The path of an existing file, if any is named."""
        return self.file(name) if self._environ.get(name, "").strip() else None

    def url(self, name: str) -> str:
        """The address that *name* holds, without a slash at its end."""
        value = self.text(name).rstrip("/")
        if value and (fault := fault_of_address(value)):
            self.refuse(name, fault)
        return value

    def optional_url(self, name: str) -> str | None:
        """The address that *name* holds, if any."""
        return self.url(name) if self._environ.get(name, "").strip() else None

    def database_url(self, name: str) -> Secret[str]:
        """The address of a PostgreSQL server, which may hold a password."""
        value = self.text(name)
        if value and value.partition("://")[0] not in ("postgres", "postgresql", "postgresql+psycopg"):
            self.refuse(name, "is not an address of the form postgresql://user:password@host/database")
        return Secret(value)

    def secret(self, name: str) -> Secret[str]:
        """The text that *name* holds, wrapped."""
        return Secret(self.text(name))

    def optional_secret(self, name: str) -> Secret[str] | None:
        """The text that *name* holds, wrapped, if any."""
        value = self.text(name, "")
        return Secret(value) if value else None

    def key(self, name: str) -> Secret[bytes]:
        """The 32 bytes that *name* holds in base64."""
        value = self.text(name)
        try:
            key = base64.b64decode(value, validate=True)
        except ValueError:  # binascii.Error, and letters outside ASCII
            key = b""
        if value and len(key) != _KEY_BYTES:
            self.refuse(name, f"is not {_KEY_BYTES} bytes in base64")
        return Secret(key)

    def file(self, name: str) -> Path:
        """The path of an existing file."""
        value = self.text(name)
        if value and not Path(value).is_file():
            self.refuse(name, "names a file that does not exist")
        return Path(value)

    def optional_path(self, name: str) -> Path | None:
        """The path that *name* holds, if any; nothing needs to be there yet."""
        value = self.text(name, "")
        return Path(value) if value else None

    def flag(self, name: str) -> bool:
        """Whether *name* says true; false when it says nothing."""
        return self.word(name, among=("true", "false"), default="false") == "true"

    def seconds(self, name: str, default: str) -> float:
        """A time-out in seconds, above 0 and at most 120."""
        try:
            seconds = float(self.text(name, default))
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= _LONGEST_TIMEOUT_SECONDS:
            self.refuse(name, f"is not a number of seconds above 0 and at most {_LONGEST_TIMEOUT_SECONDS}")
        return seconds

    def json_object(self, name: str) -> Mapping[str, Any]:
        """The members of the JSON object that *name* holds; none when it says nothing."""
        try:
            found = json.loads(self.text(name, "{}"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.refuse(name, "is not a JSON object")
            return {}
        return found

    def parsed(self, name: str, parse: Callable[[str], T]) -> T:
        """What *parse* makes of the text that *name* holds; *parse* raises InvalidInput for a wrong one."""
        value = self.text(name)
        try:
            return parse(value)
        except InvalidInput as error:
            if value:
                self.refuse(name, f"is not valid: {error.detail.en}")
        return cast(T, None)  # never given out: the problem just noted refuses the settings


def fault_of_address(value: str) -> str | None:
    """What is wrong with *value* as the address of a service, or None; plain HTTP is for loopback only."""
    try:
        address = urlsplit(value)
        well_formed = bool(address.hostname) and address.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or address.scheme not in ("http", "https") or any(letter.isspace() for letter in value):
        return "is not an address of the form https://host/path"
    if address.username is not None or address.password is not None:
        return "contains a user name or password"
    if address.scheme == "http" and not is_on_loopback(value):
        return "is not https, which every address beyond this machine must be"
    return None


def is_on_loopback(url: str) -> bool:
    """Whether the host of *url*, a well-formed address, is this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
