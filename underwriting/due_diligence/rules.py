"""Sanctions, pure: entries and parties, when the two count as alike, what a case is held to be (K1, D10, D16)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

POSSIBLE_FROM = 85
"""From this score a party may be the entry: a person looks (rule D16)."""
STRONG_FROM = 94
"""From this score two persons are needed to say that it is somebody else."""
BORN_ELSEWHEN = 12
"""What a score loses when the years of birth differ by more than one: lists err, but seldom by more."""


class EntryKind(StrEnum):
    """What an entry names."""

    PERSON = "person"
    ENTERPRISE = "enterprise"


class Occasion(StrEnum):
    """When parties are held against a list (rule K1)."""

    DECISION = "decision"
    SIGNING = "signing"
    PAYOUT = "payout"
    LIST_CHANGED = "list_changed"


class MatchState(StrEnum):
    """How a match stands; one that is being cleared waits for the second person."""

    OPEN = "open"
    CLEARING = "clearing"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"


class Finding(StrEnum):
    """What the lists say of everybody concerned by a case, the worst of all."""

    UNKNOWN = "unknown"
    CLEAR = "clear"
    POSSIBLE = "possible"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """As much of it as the list tells."""

    year: int
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        """`1970-05-04`, `1970-05` or `1970`."""
        told = [f"{self.year:04}"]
        if self.month is not None:
            told.append(f"{self.month:02}")
            if self.day is not None:
                told.append(f"{self.day:02}")
        return "-".join(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a sanctions list: every name that it is known by, its dates of birth, what else the list tells.

    *citizenships* are countries as the list names them; the *remark* is the list's own.
    """

    reference: str
    kind: EntryKind
    names: tuple[str, ...]
    born: tuple[BirthDate, ...] = ()
    citizenships: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody concerned by a case. *number* is their digits; without a *name* nothing can be said of them."""

    kind: EntryKind
    role: str
    number: str = field(repr=False)
    name: str | None = field(repr=False)
    born: date | None = field(default=None, repr=False)


def score_of(likeness: int, entry: Entry, born: date | None) -> int:
    """From 0 to 100: the *likeness* of names, less where every year of birth on the list is another."""
    if born is None or not entry.born or any(_may_be(one, born) for one in entry.born):
        return likeness
    return max(0, likeness - BORN_ELSEWHEN)


def is_strong(score: int) -> bool:
    """Whether it takes two persons to say that it is somebody else."""
    return score >= STRONG_FROM


def worst(states: Iterable[MatchState], *, all_named: bool) -> Finding:
    """What a case is held to be: a confirmed match before all, then one that nobody has settled."""
    found = set(states)
    if MatchState.CONFIRMED in found:
        return Finding.CONFIRMED
    if found & {MatchState.OPEN, MatchState.CLEARING}:
        return Finding.POSSIBLE
    return Finding.CLEAR if all_named else Finding.UNKNOWN


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[int, int, int]:
    """How many entries were added, changed and removed; the hash of each by its reference."""
    both = before.keys() & after.keys()
    changed = sum(before[reference] != after[reference] for reference in both)
    return len(after) - len(both), changed, len(before) - len(both)


def _may_be(listed: BirthDate, born: date) -> bool:
    return abs(listed.year - born.year) <= 1
