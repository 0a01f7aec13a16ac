"""The queue as values: kinds of grounds, what somebody searches for, places in the list."""

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decision_strategies import all_facts
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.policy import referral_key
from underwriting.decisions.queue import (
    KINDS,
    NothingToSearch,
    Place,
    QueuePlaceInvalid,
    Sought,
    place_in,
    referral_kind,
    sought_in,
    strongest_referral,
)
from underwriting.decisions.rules import Referral
from underwriting.decisions.scoring import decide
from underwriting.kernel.vocabulary import DecisionOutcome

TODAY = date(2026, 3, 2)


def test_every_referral_is_of_a_kind() -> None:
    assert set(KINDS) == set(Referral)


@given(all_facts())
def test_what_is_referred_has_a_ground_and_its_kind(facts: Facts) -> None:
    """D7: the strongest ground is one of the decision's own, and the kind kept in the open is its kind."""
    decision = decide(facts, shipped_policy())
    strongest = strongest_referral(decision)
    assert (strongest is None) == (referral_kind(decision) is None)
    if decision.outcome is DecisionOutcome.REFERRED:
        assert strongest is not None
    if strongest is not None:
        (referral,) = (each for each in Referral if referral_key(each) == strongest.key)
        assert referral_kind(decision) is KINDS[referral]


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("B7K2-9QXM", Sought(reference="B7K2-9QXM")),
        (" b7k2 9qxm ", Sought(reference="B7K2-9QXM")),
        ("b7k2", Sought(reference="B7K2")),
        ("b7k29", Sought(reference="B7K2-9")),
        ("2345 6799", Sought(reference="2345-6799")),  # digits alone may be a reference; eight are no number
        ("559999-0008", Sought(digits=frozenset({"5599990008"}))),
        ("16559999-0008", Sought(digits=frozenset({"5599990008"}))),
        ("760109-2385", Sought(digits=frozenset({"197601092385"}))),
        ("19760109-2385", Sought(digits=frozenset({"197601092385"}))),
    ],
)
def test_a_search_is_for_a_reference_or_a_companys_number(typed: str, sought: Sought) -> None:
    """A1: a sole trader's number is the owner's, and is found with or without its century."""
    assert sought_in(typed, on=TODAY) == sought


@pytest.mark.parametrize(
    "typed", ["", "B7K", "B7K2-9QXMA", "B7K0", "559999-0009", "Anna Andersson", "%", "b7k2%", "٣" * 10]
)
def test_what_can_be_neither_is_refused(typed: str) -> None:
    with pytest.raises(NothingToSearch):
        sought_in(typed, on=TODAY)


@given(st.integers(0, 10**17 - 1), st.uuids())
def test_a_place_is_read_as_it_was_written(key: int, application_id: uuid.UUID) -> None:
    place = Place(key, application_id)
    assert place_in(str(place)) == place


@pytest.mark.parametrize(
    "text", ["1", "1.", ".2", "-1." + "0" * 36, "1." + "-" * 36, "9" * 18 + "." + str(uuid.UUID(int=0)), "\x00"]
)
def test_another_text_is_no_place(text: str) -> None:
    with pytest.raises(QueuePlaceInvalid):
        place_in(text)
