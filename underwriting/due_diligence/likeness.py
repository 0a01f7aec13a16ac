"""Which entries of a list are like a name: found by the letters they share, then compared word by word.

1. A name is written in small Latin letters without marks (anyascii), in words, without a company's form.
2. Words are paired by likeness (rapidfuzz) in whatever order they stand. Where one name has more words than the other
   the rest counts little, as long as two words were paired: middle names are often left out.
3. Only names that can be like the one asked about are compared so: those whose letters are like its own all together,
   and those with one word that is like one of its words. Nothing that a comparison with every name finds is missed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from anyascii import anyascii
from rapidfuzz import fuzz, process

from underwriting.due_diligence.rules import POSSIBLE_FROM, Entry, EntryKind, Party, score_of

_FORMS = frozenset(
    ("ab", "aktiebolag", "hb", "kb", "handelsbolag", "kommanditbolag", "firma", "enskild", "publ", "ltd", "llc", "gmbh")
)
_LEAST = POSSIBLE_FROM - 0.5  # what is rounded to it
_LETTERS_APART = 200 - 2 * POSSIBLE_FROM + 1  # of 200: that much less than the same
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
    """The names of a list in memory, to be asked by name: finds all that comparing it with every name would find."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._of_kind = {kind: _Names() for kind in EntryKind}
        for entry in entries:
            for name in entry.names:
                self._of_kind[entry.kind].add(entry, name)

    def find(self, party: Party) -> list[Hit]:
        """The entries that *party* may be, the likest first; none for a party without a name."""
        words = words_of(party.name or "")
        best: dict[str, Hit] = {}
        for entry, name, listed in self._of_kind[party.kind].candidates(words):
            score = score_of(likeness(words, listed), entry, party.born)
            known = best.get(entry.reference)
            if score >= POSSIBLE_FROM and (known is None or score > known.score):
                best[entry.reference] = Hit(entry, name, score)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry.reference))


class _Names:
    """The names of one kind of entry, by their letters and by their words."""

    def __init__(self) -> None:
        self._names: list[tuple[Entry, str, tuple[str, ...]]] = []
        self._joined = NearTexts()
        self._words = NearTexts()
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        self._of: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, entry: Entry, name: str) -> None:
        """One more name of *entry*."""
        words, position = words_of(name), len(self._names)
        self._names.append((entry, name, words))
        joined = "".join(sorted(words))
        self._joined.add(joined)
        self._of[joined].append(position)
        for word in set(words):
            self._words.add(word)
            self._with[word].append(position)

    def candidates(self, words: tuple[str, ...]) -> Iterable[tuple[Entry, str, tuple[str, ...]]]:
        """Every name whose likeness to *words* may reach POSSIBLE_FROM, in the order of the list.

        It does so by all letters together, or by paired words, whose mean is not above that of the best pair.
        """
        found: set[int] = set()
        for near in self._joined.like("".join(sorted(words))):
            found.update(self._of[near])
        for word in set(words) if len(words) > 1 else ():
            for near in self._words.like(word):
                found.update(self._with[near])
        for position in sorted(found):
            yield self._names[position]


class NearTexts:
    """Texts, to be asked for those whose ratio to another one may be rounded to POSSIBLE_FROM: all of them.

    1. Texts of n and m letters with a ratio of r percent differ by at most e = (1 - r/100)(n + m) letters that only one
       of them has. Of e + 1 pieces of one text at least one is therefore whole in the other.
    2. It is moved by the letters that differ before it, s, and those after it move it back to m - n: |s| + |m - n - s|
       is at most e. Where it may stand the rarest of its pairs of letters is looked up.
    3. Pieces of one letter tell nothing, so that very short texts are all read.
    """

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._of_length: defaultdict[int, list[str]] = defaultdict(list)
        self._with_pair: defaultdict[tuple[int, int, str], list[str]] = defaultdict(list)

    def add(self, text: str) -> None:
        """One more text; the same again changes nothing."""
        if text in self._texts:
            return
        self._texts.add(text)
        self._of_length[len(text)].append(text)
        for place in range(len(text) - 1):
            self._with_pair[len(text), place, text[place : place + 2]].append(text)

    def like(self, text: str) -> list[str]:
        """The texts that are like *text*, in no order."""
        found: set[str] = set()
        for length in _lengths_near(len(text)):
            apart = _LETTERS_APART * (len(text) + length) // 200
            size = len(text) // (apart + 1)
            if size < len("ab"):
                found.update(self._of_length.get(length, ()))
                continue
            moved = range(-((apart - length + len(text)) // 2), (apart + length - len(text)) // 2 + 1)
            for piece in range(apart + 1):
                last = len(text) if piece == apart else (piece + 1) * size
                found.update(*self._with_rarest(text, piece * size, last, length, moved))
        hits = process.extract(text, list(found), scorer=fuzz.ratio, processor=None, score_cutoff=_LEAST, limit=None)
        return [near for near, _, _ in hits]

    def _with_rarest(self, text: str, first: int, last: int, length: int, moved: range) -> list[list[str]]:
        """The texts of a length in which a pair of letters of this piece stands, of the pair that fewest have."""
        find, rarest, least = self._with_pair.get, list[list[str]](), -1
        for start in range(first, last - 1):
            pair = text[start : start + 2]
            having = [texts for by in moved if (texts := find((length, start + by, pair))) is not None]
            count = sum(map(len, having))
            if least < 0 or count < least:
                rarest, least = having, count
        return rarest


def _lengths_near(length: int) -> range:
    """The lengths of texts that can be like one of *length*: their ratio is at most twice the shorter over the sum."""
    share = _LEAST / (200 - _LEAST)
    return range(max(1, floor(length * share)), ceil(length / share) + 1)
