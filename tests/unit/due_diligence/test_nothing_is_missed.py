"""What the index leaves out when it looks for names: nothing that comparing with every name would find."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from underwriting.due_diligence.likeness import NameIndex, NearTexts, likeness, words_of
from underwriting.due_diligence.rules import POSSIBLE_FROM, Entry, EntryKind, Party

WORDS = st.text(alphabet="aeklmn", min_size=1, max_size=9)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


def entries_of(names: Sequence[str]) -> list[Entry]:
    return [
        Entry(reference=str(place), kind=EntryKind.PERSON, names=(name,)) for place, name in enumerate(names, start=1)
    ]


def found_by_index(names: Sequence[str], asked: str) -> dict[str, int]:
    party = Party(kind=EntryKind.PERSON, role="owner", number="197001010000", name=asked)
    return {hit.entry.reference: hit.score for hit in NameIndex(entries_of(names)).find(party)}


def found_one_by_one(names: Sequence[str], asked: str) -> dict[str, int]:
    scores = {entry.reference: likeness(words_of(asked), words_of(entry.names[0])) for entry in entries_of(names)}
    return {reference: score for reference, score in scores.items() if score >= POSSIBLE_FROM}


def misspelt(source: random.Random, name: str) -> str:
    """A name with a letter or two added, left out or changed."""
    letters = list(name)
    for _ in range(source.randint(0, 2)):
        place = source.randrange(len(letters))
        letters[place : place + source.randint(0, 1)] = source.choices("aeklmn ", k=source.randint(0, 1))
        letters = letters or ["a"]
    return "".join(letters)


@given(names=st.lists(NAMES, min_size=1, max_size=25), asked=NAMES)
def test_the_index_finds_what_a_comparison_with_every_name_finds(names: list[str], asked: str) -> None:
    """D16: the same matches with the same scores, whatever the names."""
    assert found_by_index(names, asked) == found_one_by_one(names, asked)


@given(seed=st.integers(min_value=0, max_value=2**32), names=st.lists(NAMES, min_size=1, max_size=10))
def test_a_misspelt_name_is_found_by_the_index_as_it_is_by_comparing(seed: int, names: list[str]) -> None:
    """D16: near the threshold, too, where names differ by a letter or two."""
    asked = misspelt(random.Random(seed), names[0])
    assert found_by_index(names, asked) == found_one_by_one(names, asked)


def test_a_long_text_is_found_up_to_the_last_letter_that_may_differ() -> None:
    """D16: of 20 and 20 letters 6 may be of one alone, 3 of each: 34 of 40 are shared, 85 of 100."""
    texts = NearTexts()
    texts.add("abcdefghijklmnopqrst")
    assert texts.like("abcdefgXijklmYopqrsZ") == ["abcdefghijklmnopqrst"]
    assert texts.like("abcdefgXijkVmYopqrsZ") == []
