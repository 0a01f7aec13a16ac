"""How an event is told: its kind, its members, and the form of each. There is none for a name or a person's number."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum

from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text


class EventDataInvalid(Exception):
    """What is to be told is not what the catalogue says of the kind."""


class Form(Enum):
    """How a member is written, in words for people; a member with words of its own is one of those."""

    ID = "UUID"
    WORD = "word"
    AMOUNT = 'amount in kronor, `"1500.00"`'
    RATE = 'fraction, `"0.0275"`'
    INSTANT = "instant, RFC 3339 in UTC"
    DAY = "date, ISO"
    MONTH = "month, `2026-11`"
    COUNT = "whole number"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an event's data; an optional one is left out where there is nothing to tell."""

    name: str
    form: Form
    words: type[StrEnum] | None = None
    optional: bool = False

    def written(self, value: object) -> str | int:
        """*value* as it stands on the wire; EventDataInvalid when it has another form."""
        match self.form, value:
            case Form.ID, uuid.UUID():
                return str(value)
            case Form.WORD, StrEnum() if self.words is not None and isinstance(value, self.words):
                return str(value)
            case Form.AMOUNT, Money():
                return str(value)
            case Form.RATE, Decimal():
                return f"{value.normalize():f}"
            case Form.INSTANT, datetime() if value.tzinfo is not None:
                return instant_written(value)
            case Form.DAY, date() if not isinstance(value, datetime):
                return value.isoformat()
            case Form.MONTH, Month():
                return str(value)
            case Form.COUNT, int() if not isinstance(value, bool):
                return value
        raise EventDataInvalid(f"{self.name} is no {self.form.name.lower()}")


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event: its name on the wire, what has happened, and the members of its data.

    The first member is the id of the *subject*, the word for what the event is about.
    """

    name: str
    subject: str
    text: Text
    members: tuple[Member, ...]

    def subject_of(self, data: Mapping[str, object]) -> str:
        """What *data* are about, by name: `agreement:0199…`."""
        return f"{self.subject}:{self.members[0].written(data[self.members[0].name])}"

    def written(self, data: Mapping[str, object]) -> dict[str, str | int]:
        """*data* as they stand on the wire; EventDataInvalid unless they are what the catalogue says."""
        told = {name: value for name, value in data.items() if value is not None}
        needed = {member.name for member in self.members if not member.optional}
        known = {member.name: member for member in self.members}
        if not needed <= told.keys() <= known.keys():
            raise EventDataInvalid(f"{self.name} has the members {', '.join(known)}")
        return {name: known[name].written(value) for name, value in told.items()}


def instant_written(at: datetime) -> str:
    """*at* as RFC 3339 in UTC, to the microsecond where it has one: `2026-11-22T14:59:59Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
