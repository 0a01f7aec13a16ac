"""One chain of the audit log, looked at by itself: does it hold, and where it does not, what was done to which entry.

Pure: the same for rows of a database and for lines of an exported file. An entry's hash covers its number, its content
and the hash of the one before it. Where a chain does not hold, its true course is followed from its end backwards, by
the hashes that the entries name: what is not on it was put in, what it names and is not there was taken out. Entries
that only got other numbers for the sake of those are not reported.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from underwriting.platform.encryption import canonical_json

GENESIS = bytes(32)
"""What the first entry of a chain follows."""
_FARTHEST_MOVE = 64
"""By how many numbers more than the chain has entries an entry is looked for where it may have stood."""


class Damage(StrEnum):
    """What was done."""

    CHANGED = "changed"  # something else stands there than what was written
    REMOVED = "removed"  # the entry is not there
    INSERTED = "inserted"  # nothing that follows knows of it
    CHAIN_REMOVED = "chain_removed"  # no entry is left of a chain that was sealed up to this one
    SEAL_BROKEN = "seal_broken"  # the seal does not agree with its chains, its signature or the one before it
    SEAL_MISSING = "seal_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """*damage* to the entry *sequence* of *subject*'s chain, or to the seal of that number (*subject* `seal`)."""

    subject: str
    sequence: int
    damage: Damage


class Entry(Protocol):
    """An entry, wherever it is kept."""

    @property
    def subject(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def action(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def previous_hash(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


def link(
    previous: bytes, subject: str, sequence: int, action: str, actor: str, at: datetime, data: Mapping[str, Any]
) -> bytes:
    """The hash of an entry that follows *previous*: over that and its content as canonical JSON."""
    before, after = around_the_number(subject, action, actor, at, data)
    return hashlib.sha256(previous + before + str(sequence).encode() + after).digest()


def around_the_number(
    subject: str, action: str, actor: str, at: datetime, data: Mapping[str, Any]
) -> tuple[bytes, bytes]:
    """An entry's content as canonical JSON, `[subject,number,action,actor,instant,data]`: what stands before its number
    and what after it. The number is known when the entry is written, by the database."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return canonical_json([subject])[:-1] + b",", b"," + canonical_json([action, actor, instant, dict(data)])[1:]


def link_of(entry: Entry, *, at_place: int | None = None) -> bytes:
    """The hash that *entry* should have, after what it says stood before it; *at_place* it has another number."""
    number = entry.sequence if at_place is None else at_place
    return link(entry.previous_hash, entry.subject, number, entry.action, entry.actor, entry.at, entry.data)


def holds(entries: Iterable[Entry]) -> bool:
    """Whether *entries*, a whole chain in the order of their numbers, are what was written."""
    previous = GENESIS
    for expected, entry in enumerate(entries, 1):
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, previous, link_of(entry)):
            return False
        previous = entry.hash
    return True


def damage_to(subject: str, entries: Sequence[Entry], heads: Mapping[int, bytes]) -> list[Finding]:
    """What was done to *subject*'s chain, of which *entries* are left in the order of their numbers.

    *heads* are the hashes that seals name, by the entry's number.
    """
    if not entries:
        return [Finding(subject, max(heads), Damage.CHAIN_REMOVED)] if heads else []
    return _Course(subject, entries, heads).findings()


@dataclass
class _Course:
    """The true course of a chain, followed backwards."""

    subject: str
    entries: Sequence[Entry]
    heads: Mapping[int, bytes]
    known: dict[bytes, Entry] = field(default_factory=dict)
    places: dict[int, int | None] = field(default_factory=dict)  # by its number: where an entry stood when it was made
    on_course: dict[int, int] = field(default_factory=dict)  # by its number: where it stands on the true course
    found: set[tuple[int, Damage]] = field(default_factory=set)

    def findings(self) -> list[Finding]:
        """All of it, in order."""
        self._place_all()
        end = self._end()
        last = self._follow(end)
        self._note_insertions()
        self._hold_against_seals(last)
        if not self.found:
            self.found = {(number, Damage.CHANGED) for number, place in self.on_course.items() if number != place}
        return [Finding(self.subject, *one) for one in sorted(self.found)]

    def _place_all(self) -> None:
        shift, most = 0, len(self.entries) + _FARTHEST_MOVE
        for entry in self.entries:
            moves = (0, shift, *(move for step in range(1, most) for move in (-step, step)))
            self.places[entry.sequence] = place = next(
                (
                    entry.sequence + move
                    for move in moves
                    if entry.sequence + move >= 1 and link_of(entry, at_place=entry.sequence + move) == entry.hash
                ),
                None,
            )
            shift = shift if place is None else place - entry.sequence
            earlier = self.known.get(entry.hash)
            if earlier is None or (place == entry.sequence and self.places[earlier.sequence] != earlier.sequence):
                self.known[entry.hash] = entry

    def _end(self) -> Entry:
        """The last entry that belongs to the chain: whole, sealed, or tied to one that is here."""
        sealed = set(self.heads.values())
        for entry in reversed(self.entries):
            is_original = self.known[entry.hash] is entry
            is_whole = self.places[entry.sequence] is not None
            if is_original and (is_whole or entry.hash in sealed or entry.previous_hash in self.known):
                return entry
        return self.entries[-1]

    def _follow(self, end: Entry) -> int:
        """Go from *end* to the beginning; where *end* stands."""
        last = place = self._step(end, self.places[end.sequence] or end.sequence)
        entry: Entry | None = end
        while entry is not None and place > 1:
            before = self.known.get(entry.previous_hash)
            if before is not None and before.sequence not in self.on_course:
                entry, place = before, self._step(before, place - 1)
            else:
                entry, place = self._jump(entry, place)
        if entry is not None and entry.previous_hash != GENESIS:
            self.found.add((entry.sequence, Damage.CHANGED))
        return last

    def _step(self, entry: Entry, place: int) -> int:
        self.on_course[entry.sequence] = place
        if self.places[entry.sequence] is None:
            self.found.add((entry.sequence, Damage.CHANGED))
        return place

    def _jump(self, entry: Entry, place: int) -> tuple[Entry | None, int]:
        """What *entry* names is not here: go on with the next one below, and say what is between them."""
        for below in reversed(self.entries):
            at = self.places[below.sequence] or below.sequence
            if below.sequence >= entry.sequence or below.sequence in self.on_course or at >= place:
                continue
            self.found |= {(gone, Damage.REMOVED) for gone in range(at + 1, place)}
            if at == place - 1 and self.places[entry.sequence] is not None:
                self.found.add((below.sequence, Damage.CHANGED))  # another one in its place
            return below, self._step(below, at)
        self.found |= {(gone, Damage.REMOVED) for gone in range(1, place)}
        return None, place

    def _note_insertions(self) -> None:
        self.found |= {(one.sequence, Damage.INSERTED) for one in self.entries if one.sequence not in self.on_course}

    def _hold_against_seals(self, last: int) -> None:
        told = {number for number, damage in self.found if damage is not Damage.INSERTED}
        here = {place: number for number, place in self.on_course.items()}
        newest = max(self.heads, default=0)
        self.found |= {(gone, Damage.REMOVED) for gone in range(last + 1, newest + 1)}
        for place, sealed in self.heads.items():
            entry = self.known.get(sealed)
            if place in here and here[place] not in told and (entry is None or entry.sequence != here[place]):
                self.found.add((here[place], Damage.CHANGED))
