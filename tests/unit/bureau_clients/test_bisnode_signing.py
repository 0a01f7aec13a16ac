"""The right to sign: rules, groups and who belongs to them."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.formats import Unreadable
from bureau_clients.bisnode.signing import company_number, signing_right
from bureau_clients.reports import Coverage, Signatory, SigningRight
from tests.wire.bisnode.samples import COMPANY_NUMBER, Document, signing_document


def names(right: SigningRight) -> set[tuple[str, ...]]:
    return {tuple(sorted(each.name.split()[0] for each in way)) for way in right.alternatives}


def with_rule(position: int, **changes: Any) -> Document:
    document = signing_document()
    document["signingRules"][position].update(changes)
    return document


def with_group(position: int, **changes: Any) -> Document:
    document = signing_document()
    document["signingRules"][position]["signatoryGroups"][0].update(changes)
    return document


def test_two_of_three_together_or_one_alone() -> None:
    """A3: three pairs of three, and the managing director."""
    right = signing_right(signing_document())
    assert names(right) == {("Anna", "Bo"), ("Anna", "Cia"), ("Bo", "Cia"), ("Dag",)}
    assert (right.coverage, right.text[:5]) == (Coverage.COMPLETE, "Firma")
    dag = Signatory(name="Dag Exempel", number="198301012384", roles=("Verkställande direktör",))
    assert (dag,) in right.alternatives


@pytest.mark.parametrize(
    ("document", "ways"),
    [
        (with_group(0, quantity={"type": "ALL", "value": 0}), {("Anna", "Bo", "Cia"), ("Dag",)}),
        (with_rule(0, code="ALONE"), {("Dag",)}),  # alone, yet two
        (with_rule(0, code="SOMEHOW"), {("Dag",)}),
        (with_rule(0, id=None), {("Dag",)}),
        (with_rule(0, interpretationLevel="PARTIAL"), {("Dag",)}),
        (with_rule(0, signatoryGroups=[]), {("Dag",)}),
        (with_group(0, interpretationLevel="NONE"), {("Dag",)}),
        (with_group(0, subGroups=[{"id": "s"}]), {("Dag",)}),
        (with_group(0, quantity={"type": "VALUE", "value": 4}), {("Dag",)}),
        (with_group(0, quantity={"type": "VALUE", "value": 0}), {("Dag",)}),
        (with_group(0, quantity={"type": "MOST", "value": 2}), {("Dag",)}),
        (with_group(0, quantity=None), {("Dag",)}),
        (with_group(0, id="elsewhere"), {("Dag",)}),
    ],
)
def test_a_rule_that_cannot_be_read_is_left_to_a_person(document: Document, ways: set[tuple[str, ...]]) -> None:
    """D13: partial, and never a way that was not told."""
    right = signing_right(document)
    assert names(right) == ways
    expected = Coverage.COMPLETE if ("Anna", "Bo", "Cia") in ways else Coverage.PARTIAL
    assert right.coverage is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"interpretationLevel": "PARTIAL"},
        {"interpretationLevel": None},
        {"signingIssues": [{"code": "COMPANY_INACTIVE"}]},
    ],
)
def test_what_the_service_is_unsure_of_is_partial(changes: Document) -> None:
    assert signing_right({**signing_document(), **changes}).coverage is Coverage.PARTIAL


def test_two_groups_sign_together_and_nobody_for_both() -> None:
    """A3: one of the board with the managing director, who is on the board himself."""
    document = signing_document()
    document["signingRules"] = [
        {
            "id": "r1",
            "code": "JOINTLY",
            "signatoryGroups": [
                {"id": "board", "quantity": {"type": "VALUE", "value": 1}},
                {"id": "manager", "quantity": {"type": "VALUE", "value": 1}},
            ],
        }
    ]
    for who in document["signatories"]:
        who["signingRights"] = [{"ruleId": "r1", "groupId": "board"}]
    document["signatories"][3]["signingRights"].append({"ruleId": "r1", "groupId": "manager"})
    assert names(signing_right(document)) == {("Anna", "Dag"), ("Bo", "Dag"), ("Cia", "Dag")}


def test_the_same_signatory_listed_twice_is_one() -> None:
    document = signing_document()
    document["coSignatories"] = document["signatories"][:1]
    assert names(signing_right(document)) == {("Anna", "Bo"), ("Anna", "Cia"), ("Bo", "Cia"), ("Dag",)}


@pytest.mark.parametrize(
    ("text", "rules"), [("Firman tecknas av styrelsen.", []), ("Firman tecknas av styrelsen.", None)]
)
def test_the_text_alone_covers_nothing(text: str, rules: Any) -> None:
    document = {"interpretationLevel": "COMPLETE", "signingAuthorityDescription": text, "signingRules": rules}
    right = signing_right(document)
    assert right == SigningRight(text=text, alternatives=(), coverage=Coverage.NONE)


@pytest.mark.parametrize("document", [{"company": {}}, {"signingRules": "many"}, {"signingAuthorityDescription": 5}])
def test_an_answer_that_tells_nothing_is_unreadable(document: Document) -> None:
    with pytest.raises(Unreadable):
        signing_right(document)


def test_more_ways_than_anybody_reads_are_left_to_a_person() -> None:
    """D13: ten of twenty are 184 756 ways."""
    document = signing_document()
    document["signatories"] = [
        {
            "name": f"Exempel {position}",
            "nationalIdentificationNumber": f"19800101{position:04}",
            "signingRights": [{"ruleId": "r1", "signatoryGroupId": "r1-g"}],
        }
        for position in range(20)
    ]
    document["signingRules"] = [document["signingRules"][0]]
    document["signingRules"][0]["signatoryGroups"][0]["quantity"]["value"] = 10
    right = signing_right(document)
    assert (right.alternatives, right.coverage) == ((), Coverage.NONE)


@given(members=st.integers(min_value=1, max_value=6), quantity=st.integers(min_value=1, max_value=6))
def test_so_many_of_a_group_are_every_choice_of_so_many(members: int, quantity: int) -> None:
    document = signing_document()
    document["signingRules"] = [document["signingRules"][0]]
    document["signingRules"][0]["signatoryGroups"][0]["quantity"]["value"] = quantity
    right = {"ruleId": "r1", "signatoryGroupId": "r1-g"}
    document["signatories"] = [{"name": chr(65 + position), "signingRights": [right]} for position in range(members)]
    expected = set(combinations([chr(65 + position) for position in range(members)], quantity))
    assert names(signing_right(document)) == expected


def test_which_company_an_answer_is_about() -> None:
    assert company_number(signing_document()) == COMPANY_NUMBER
    assert company_number({}) is None
