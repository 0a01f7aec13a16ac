"""What has happened to a thing, from its audit log, as staff read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from underwriting.platform.problems import language_of_request
from underwriting.web.texts import catalogue, translate

_STAFF, _PERSON = "staff:", "person:"


class Noted(Protocol):
    """An entry of the audit log."""

    action: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history: *what* happened, *who* did it, and when."""

    what: str
    who: str
    at: datetime


def history_of(
    entries: Iterable[Noted], *, reader: str, names: Mapping[str, str] = MappingProxyType({})
) -> list[Happening]:
    """*entries* in words, the newest first; *reader* is the actor who reads them, *names* what other actors are called.

    An action that has no words yet stands as it was noted.
    """
    words = catalogue(language_of_request())
    told = [
        Happening(words.get(f"history.{entry.action}", entry.action), _who(entry.actor, reader, names), entry.at)
        for entry in entries
    ]
    return told[::-1]


def _who(actor: str, reader: str, names: Mapping[str, str]) -> str:
    if actor == reader:
        return translate("actor.you")
    if actor in names:
        return names[actor]
    if actor.startswith(_STAFF):
        return translate("actor.staff")
    return translate("actor.person" if actor.startswith(_PERSON) else "actor.system")
