"""What is known of one property of a company or a person (rule D13): its value, that it has none, or nothing.

Each carries where it comes from: *source* is the bureau, *part* what of its answer was read (a block, a template, a
segment; empty where answers have no parts), *at* when it was asked. There is no call that turns the three into a value
with a default: a rule has to say what it does with *absent* and with *unknown*, and `match` makes it say so.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """*source*, asked *at* this instant, stated the value. Printing it does not show the value."""

    value: T = field(repr=False)
    source: str
    at: datetime
    part: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """*source* stated, at this instant, that there is no value: no accounts were filed, no rating is set."""

    source: str
    at: datetime
    part: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """*source* was asked at this instant and its answer does not tell, or tells something that cannot be read."""

    source: str
    at: datetime
    part: str = ""


Fact: TypeAlias = Known[T] | Absent | Unknown
