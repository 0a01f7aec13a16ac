"""Names held against a list: a table of true and false matches. Everybody in it is invented."""

from datetime import date

import pytest

from underwriting.due_diligence.likeness import NameIndex, PairedWords, paired
from underwriting.due_diligence.rules import (
    BirthDate,
    Entry,
    EntryKind,
    Finding,
    MatchState,
    Party,
    changes,
    is_strong,
    worst,
)

LISTED = (
    Entry(
        reference="1001",
        kind=EntryKind.PERSON,
        names=("Anton Påhittad", "Антон Похиттад"),
        born=(BirthDate(year=1970, month=5, day=4),),
    ),
    Entry(
        reference="1002",
        kind=EntryKind.PERSON,
        names=("Yusuf Abdi al-Exempeli",),
        born=(BirthDate(year=1982),),
    ),
    Entry(reference="1003", kind=EntryKind.ENTERPRISE, names=("Exempelgruvan Trading Ltd",)),
    Entry(reference="1004", kind=EntryKind.PERSON, names=("Påhittad Hittepålund",)),
)
INDEX = NameIndex(LISTED)
PERSON, ENTERPRISE = EntryKind.PERSON, EntryKind.ENTERPRISE


def found(name: str | None, kind: EntryKind = PERSON, born: date | None = None) -> dict[str, int]:
    party = Party(kind=kind, role="guarantor", number="197005040000", name=name, born=born)
    return {hit.entry.reference: hit.score for hit in INDEX.find(party)}


@pytest.mark.parametrize(
    ("name", "kind", "born", "reference"),
    [
        ("Anton Påhittad", PERSON, None, "1001"),
        ("Anton Påhittad", PERSON, date(1970, 5, 4), "1001"),
        ("PÅHITTAD, Anton", PERSON, None, "1001"),  # the other order, and capitals
        ("Anton Pahittad", PERSON, None, "1001"),  # without marks
        ("Anton Karl Påhittad", PERSON, None, "1001"),  # a middle name more
        ("Anton Påhitad", PERSON, None, "1001"),  # a letter less
        ("Антон Похиттад", PERSON, None, "1001"),  # in another script
        ("Anton Påhittad", PERSON, date(1971, 1, 2), "1001"),  # a year off is near enough
        ("Anton Påhittad", PERSON, date(1990, 1, 2), "1001"),  # the very name is looked into whatever the year
        ("Yusuf al Exempeli", PERSON, date(1982, 3, 3), "1002"),  # a name less
        ("Exempelgruvan Trading AB", ENTERPRISE, None, "1003"),
        ("Trading Exempelgruvan", ENTERPRISE, None, "1003"),
    ],
)
def test_a_party_like_an_entry_is_a_possible_match(
    name: str, kind: EntryKind, born: date | None, reference: str
) -> None:
    """D16: in whatever order, script and spelling."""
    assert reference in found(name, kind, born)


@pytest.mark.parametrize(
    ("name", "kind", "born"),
    [
        (None, PERSON, None),
        ("", PERSON, None),
        ("Anton", PERSON, None),  # one name of two
        ("Anton Andersson", PERSON, None),
        ("Beata Påhittad", PERSON, None),
        ("Anton Påhitad", PERSON, date(1990, 1, 2)),  # misspelt and born twenty years later
        ("Anton Påhittad", ENTERPRISE, None),  # a company is no person
        ("Exempelbageriet AB", ENTERPRISE, None),
        ("Nordisk Trading AB", ENTERPRISE, None),
        ("Yusuf Abdi Mohamed", PERSON, None),
    ],
)
def test_a_party_unlike_every_entry_is_none(name: str | None, kind: EntryKind, born: date | None) -> None:
    """D16: names that only share a word, and years that contradict, are no match."""
    assert found(name, kind, born) == {}


def test_another_year_of_birth_makes_a_match_weaker_and_never_strong() -> None:
    """D16: the very name with another year is looked into by one person, with the same year by two."""
    assert is_strong(found("Anton Påhittad", born=date(1970, 5, 4))["1001"])
    assert not is_strong(found("Anton Påhittad", born=date(1990, 5, 4))["1001"])


@pytest.mark.parametrize(
    ("states", "all_named", "finding"),
    [
        ([], True, Finding.CLEAR),
        ([], False, Finding.UNKNOWN),
        ([MatchState.CLEARED], True, Finding.CLEAR),
        ([MatchState.CLEARED, MatchState.OPEN], True, Finding.POSSIBLE),
        ([MatchState.CLEARING], True, Finding.POSSIBLE),
        ([MatchState.OPEN], False, Finding.POSSIBLE),
        ([MatchState.CLEARED, MatchState.OPEN, MatchState.CONFIRMED], False, Finding.CONFIRMED),
    ],
)
def test_a_case_is_what_the_worst_of_its_matches_is(
    states: list[MatchState], all_named: bool, finding: Finding
) -> None:
    """D10, D16: confirmed before possible before unknown before clear."""
    assert worst(states, all_named=all_named) is finding


def test_what_a_list_changes_is_counted() -> None:
    """K1: added, changed, removed."""
    assert changes({"a": b"1", "b": b"1", "c": b"1"}, {"b": b"1", "c": b"2", "d": b"1", "e": b"1"}) == (2, 1, 1)


def test_the_words_of_two_names_are_shown_beside_each_other_the_likest_first() -> None:
    """K1: whoever settles a match sees why there is one."""
    assert paired("Påhittad, Antonn Erik", "Anton Påhittad") == (
        PairedWords("pahittad", "pahittad", 100),
        PairedWords("antonn", "anton", 91),  # 2 x 5 shared letters of 6 + 5
        PairedWords("erik", "", 0),
    )
    assert paired("Exempel AB", "Exempel Handel Ltd")[1:] == (PairedWords("", "handel", 0),)
