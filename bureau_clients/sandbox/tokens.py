"""Tokens that were given, and until when they are good."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """What a stand-in makes of a token."""

    GOOD = "good"
    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Token:
    """Good until an instant, for these *scopes*."""

    until: datetime
    scopes: frozenset[str] = frozenset()


@dataclass
class Tokens:
    """Every token that was given; for any number of threads."""

    _given: dict[str, Token] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, until: datetime, scopes: frozenset[str] = frozenset()) -> str:
        """A new token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._given[token] = Token(until, scopes)
        return token

    def void(self, header: str) -> None:
        """The token in *header* is no longer good."""
        with self._lock:
            self._given.pop(_token_in(header), None)

    def look_up(self, header: str, at: datetime) -> tuple[Standing, frozenset[str]]:
        """How the token in an Authorization *header* stands *at* an instant, and its scopes while it is good."""
        token = _token_in(header)
        if not token:
            return Standing.MISSING, frozenset()
        with self._lock:
            given = self._given.get(token)
        if given is None:
            return Standing.INVALID, frozenset()
        return (Standing.GOOD, given.scopes) if at < given.until else (Standing.EXPIRED, frozenset())


def _token_in(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
