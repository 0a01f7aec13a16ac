"""Which entries of a list are like a name: found by the letters they share, then compared word by word.

1. A name is written in small Latin letters without marks (anyascii), in words, without a company's form.
2. Entries are looked up by groups of three letters; those that share two fifths of the name's own are compared.
3. Words are paired by likeness (rapidfuzz) in whatever order they stand. Where one name has more words than the other
   the rest counts little, as long as two words were paired: middle names are often left out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anyascii import anyascii
from rapidfuzz import fuzz

from underwriting.due_diligence.rules import POSSIBLE_FROM, Entry, EntryKind, Party, score_of

_FORMS = frozenset(
    ("ab", "aktiebolag", "hb", "kb", "handelsbolag", "kommanditbolag", "firma", "enskild", "publ", "ltd", "llc", "gmbh")
)
_SHARED = 0.4
_MOST_COMPARED = 300
_MISSING_WORD = 3.0
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that is like a party, by which of its names, and how much of 100."""

    entry: Entry
    name: str
    score: int


@dataclass(frozen=True, slots=True)
class PairedWords:
    """A word of a party's name and the one of the entry's that it is likest, how much of 100; one may stand alone."""

    own: str
    listed: str
    percent: int


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small Latin letters, without a company's form unless there is nothing else."""
    found = tuple(_WORD.findall(anyascii(name).lower().replace("'", "")))
    return tuple(word for word in found if word not in _FORMS) or found


def likeness(one: Sequence[str], other: Sequence[str]) -> int:
    """How alike two names in words are, 0 to 100, in whatever order the words stand."""
    joined = fuzz.ratio("".join(sorted(one)), "".join(sorted(other)))
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 2:
        return round(joined)
    left, total, weight = list(longer), 0.0, 0
    for word in sorted(shorter, key=len, reverse=True):
        best = max(left, key=lambda candidate: fuzz.ratio(word, candidate))
        left.remove(best)
        total += fuzz.ratio(word, best) * len(word)
        weight += len(word)
    return round(max(joined, total / weight - _MISSING_WORD * len(left)))


def paired(name: str, listed: str) -> tuple[PairedWords, ...]:
    """The words of two names beside each other, the likest first: why they count as alike; those left alone last."""
    own, others = list(words_of(name)), list(words_of(listed))
    found = []
    while own and others:
        one, other = max(((a, b) for a in own for b in others), key=lambda pair: fuzz.ratio(*pair))
        found.append(PairedWords(one, other, round(fuzz.ratio(one, other))))
        own.remove(one)
        others.remove(other)
    return (*found, *(PairedWords(word, "", 0) for word in own), *(PairedWords("", word, 0) for word in others))


class NameIndex:
    """The names of a list in memory, to be asked by name."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names: list[tuple[Entry, str, tuple[str, ...]]] = []
        self._by_letters: defaultdict[str, list[int]] = defaultdict(list)
        for entry in entries:
            for name in entry.names:
                self._add(entry, name)

    def find(self, party: Party) -> list[Hit]:
        """The entries that *party* may be, the likest first; none for a party without a name."""
        words = words_of(party.name or "")
        best: dict[str, Hit] = {}
        for entry, name, listed in self._candidates(words, party.kind):
            score = score_of(likeness(words, listed), entry, party.born)
            known = best.get(entry.reference)
            if score >= POSSIBLE_FROM and (known is None or score > known.score):
                best[entry.reference] = Hit(entry, name, score)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry.reference))

    def _add(self, entry: Entry, name: str) -> None:
        words = words_of(name)
        for letters in _letters(words):
            self._by_letters[letters].append(len(self._names))
        self._names.append((entry, name, words))

    def _candidates(self, words: tuple[str, ...], kind: EntryKind) -> Iterable[tuple[Entry, str, tuple[str, ...]]]:
        wanted = _letters(words)
        shared: Counter[int] = Counter()
        for letters in wanted:
            shared.update(self._by_letters.get(letters, ()))
        least = max(1.0, _SHARED * len(wanted))
        for position, count in shared.most_common(_MOST_COMPARED):
            if count < least:
                return
            if self._names[position][0].kind is kind:
                yield self._names[position]


def _letters(words: Iterable[str]) -> set[str]:
    """Groups of three letters of each word with its ends marked."""
    return {f" {word} "[start : start + 3] for word in words for start in range(len(word))}
