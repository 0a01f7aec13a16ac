import json
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import PolicyInvalid
from underwriting.decisions.rules import Card, Looks
from underwriting.kernel.text import Text

DOCUMENT = files("underwriting.decisions.policies").joinpath("policy-1.json").read_text()
Change = Callable[[dict[str, Any]], object]
REMARKS = "/scorecards/company/1"


def changed(change: Change) -> str:
    content = json.loads(DOCUMENT)
    change(content)
    return json.dumps(content)


def at(content: Any, pointer: str) -> Any:
    for step in pointer.strip("/").split("/"):
        content = content[int(step) if isinstance(content, list) else step]
    return content


def put(pointer: str, value: Any) -> Change:
    """A change that puts *value* at *pointer*."""
    parent, _, name = pointer.rpartition("/")

    def change(content: dict[str, Any]) -> None:
        holder: Any = at(content, parent) if parent else content
        holder[int(name) if isinstance(holder, list) else name] = value

    return change


def drop(pointer: str) -> Change:
    """A change that removes what stands at *pointer*."""
    parent, _, name = pointer.rpartition("/")

    def change(content: dict[str, Any]) -> None:
        holder: Any = at(content, parent) if parent else content
        del holder[int(name) if isinstance(holder, list) else name]

    return change


def all_points(card: str, points: int) -> Change:
    """A change that gives every bin of a card the same points."""

    def change(content: dict[str, Any]) -> None:
        for each in content["scorecards"][card]:
            for found in [*each["bins"], *(each[name] for name in ("absent", "unknown") if name in each)]:
                found["points"] = points

    return change


def refusal(document: str | bytes) -> PolicyInvalid:
    with pytest.raises(PolicyInvalid) as refused:
        load_policy(document)
    return refused.value


def test_the_shipped_policy_is_proved_and_says_what_the_default_policy_says() -> None:
    """D4: the future ranges over 30 + 16 + 10 = 56 points, history over 24 + 20 = 44."""
    policy = shipped_policy()
    ranges = {card: sum(each.most - each.least for each in policy.scorecards[card]) for card in Card}
    assert ranges == {Card.ABILITY: 56, Card.COMPANY: 24, Card.GUARANTOR: 20}
    assert {each.looks for each in policy.scorecards[Card.ABILITY]} == {Looks.FUTURE}
    assert [(grade.name, grade.from_points, str(grade.fee_rate)) for grade in policy.grades] == [
        ("A", 80, "0.0150"),
        ("B", 65, "0.0200"),
        ("C", 50, "0.0275"),
        ("D", 35, "0.0350"),
        ("E", 0, "0.0450"),
    ]
    assert policy.highest_fee_rate == Decimal("0.0450")


def test_every_reason_of_the_shipped_policy_stands_in_both_languages() -> None:
    """D7: no text is missing, and none stands twice in place of a translation."""
    for key, text in shipped_policy().reasons().items():
        assert text.sv.strip(), key
        assert text.en.strip(), key
        assert text.sv != text.en, key


def test_a_policys_hash_does_not_depend_on_how_the_document_is_laid_out() -> None:
    """D7: the hash is that of the canonical document."""
    content = json.loads(DOCUMENT)
    turned = json.dumps(dict(reversed(content.items())), indent=7)
    assert load_policy(turned).sha256 == shipped_policy().sha256
    assert load_policy(turned) == shipped_policy()
    assert hash(load_policy(turned)) == hash(shipped_policy())
    assert load_policy(changed(put("/version", "2"))) != shipped_policy()


@pytest.mark.parametrize(
    ("change", "pointer", "rule"),
    [
        # D2, D3
        (put("/declines/0/when", "company_remarks_at_least"), "/declines/0/when", "D2"),
        (
            lambda content: content["declines"].append(dict(content["declines"][0], when="person_remarks_at_least")),
            "/declines/1/when",
            "D2",
        ),
        (lambda content: content["declines"].append(content["declines"][0]), "/declines/1/when", "D2"),
        (put("/grades/4/cap", "19999.99"), "/grades/4/cap", "D2"),
        (put("/without_accounts/cap", "19999.99"), "/without_accounts/cap", "D2"),
        (put("/smallest_amount", "20500.00"), "/capacity/rounded_down_to", "D2"),
        (put("/company_remarks_referred_from", 0), "/company_remarks_referred_from", "D2"),
        # D4
        (put("/scorecards/company/0/looks", "future"), "/scorecards/company/0/looks", "D4"),
        (put("/scorecards/ability/0/looks", "history"), "/scorecards/ability/0/looks", "D4"),
        (put("/scorecards/company/0/bins/0/points", 23), "/scorecards", "D4"),  # 56 of 56 + 57
        (put("/scorecards/company/0/looks", "sideways"), "/scorecards/company/0/looks", "D4"),
        # D5
        (all_points("guarantor", 1), "/scorecards/guarantor", "D5"),
        (all_points("company", 1), "/scorecards/company", "D5"),
        # D10
        (drop("/hard_stops/trustee"), "/hard_stops", "D10"),
        (put("/hard_stops/remarks", {"sv": "Anmärkningar", "en": "Remarks"}), "/hard_stops", "D10"),
        # D11
        (drop(f"{REMARKS}/bins/1/points"), f"{REMARKS}/bins/1", "D11"),
        (drop(f"{REMARKS}/bins/1/reason"), f"{REMARKS}/bins/1", "D11"),
        (drop(f"{REMARKS}/bins/1/at_most"), f"{REMARKS}/bins/1", "D11"),
        (put(f"{REMARKS}/bins/1/above", 1), f"{REMARKS}/bins/1", "D11"),
        (drop(f"{REMARKS}/bins/3"), f"{REMARKS}/bins/2", "D11"),
        (drop("/referrals/grade"), "/referrals", "D11"),
        (drop("/bounds/capacity"), "/bounds", "D11"),
        (
            lambda content: content["scorecards"]["company"].append(content["scorecards"]["company"][1]),
            "/scorecards/company/3/measure",
            "D11",
        ),
        (put("/grades/4/from_points", 1), "/grades/4/from_points", "D11"),
        # D6, D7
        (put("/grades/0/fee_rate", "0"), "/grades", "D6"),
        (drop(f"{REMARKS}/bins/1/reason/sv"), f"{REMARKS}/bins/1/reason", "D7"),
        # D12
        (put(f"{REMARKS}/unknown/points", 2), f"{REMARKS}/unknown/points", "D12"),
        (put(f"{REMARKS}/bins/2/points", 6), f"{REMARKS}/bins/2", "D12"),
        (put(f"{REMARKS}/bins/1/at_most", 3), f"{REMARKS}/bins", "D12"),
        (put("/scorecards/company/2/bins/0/at_least", 1), "/scorecards/company/2/bins", "D12"),
        (put("/scorecards/company/0/bins/1/is", "C"), "/scorecards/company/0/bins", "D12"),
        (put("/grades/2/fee_rate", "0.0199"), "/grades/2/fee_rate", "D12"),
        (put("/grades/2/cap", "1000000.01"), "/grades/2/cap", "D12"),
        (put("/grades/2/from_points", 65), "/grades/2/from_points", "D12"),
        (put("/grades/2/referred", True), "/grades/3/referred", "D12"),
        # D13
        (drop(f"{REMARKS}/unknown"), f"{REMARKS}/unknown", "D13"),
        (drop(f"{REMARKS}/absent"), f"{REMARKS}/absent", "D13"),
        (drop("/scorecards/ability/1/unknown"), "/scorecards/ability/1/unknown", "D13"),
        (
            put("/scorecards/ability/0/absent", {"points": 0, "reason": {"sv": "a", "en": "b"}}),
            "/scorecards/ability/0/absent",
            "D13",
        ),
        # D17
        (put(f"{REMARKS}/measure", "age"), f"{REMARKS}/measure", "D17"),
        (put(f"{REMARKS}/measure", "postcode"), f"{REMARKS}/measure", "D17"),
        (put("/scorecards/guarantor/0/measure", "sex"), "/scorecards/guarantor/0/measure", "D17"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused_by_member_and_rule(change: Change, pointer: str, rule: str) -> None:
    """D11: what breaks D2 to D5, D10, D12, D13 or D17, or lacks points, a reason or a treatment of unknown."""
    refused = refusal(changed(change))
    assert (pointer, rule) in [(error.pointer, error.rule) for error in refused.errors]
    assert refused.rule is not None


def test_more_than_the_lowest_grade_may_be_for_an_underwriter() -> None:
    """D12: a referred grade is the lowest, or has only referred ones below it."""
    assert [grade.referred for grade in load_policy(changed(put("/grades/3/referred", True))).grades][3:] == [
        True,
        True,
    ]


def test_a_refusal_names_the_bin_and_what_is_wrong_with_it_in_both_languages() -> None:
    """D11: for the person who drafts a policy."""
    refused = refusal(changed(put(f"{REMARKS}/bins/2/points", 6)))
    assert [(error.pointer, error.rule) for error in refused.errors] == [(f"{REMARKS}/bins/2", "D12")]
    assert refused.errors[0].detail == Text(
        "company_remarks, fack 3: fler poäng än facket före",
        "company_remarks, bin 3: more points than the bin before",
    )


def test_every_fault_of_a_readable_policy_is_told_at_once() -> None:
    """D11: an error per member at fault."""

    def change(content: dict[str, Any]) -> None:
        put("/grades/1/fee_rate", "0.0100")(content)
        put(f"{REMARKS}/unknown/points", 9)(content)

    errors = refusal(changed(change)).errors
    assert {error.pointer for error in errors} == {"/grades/1/fee_rate", f"{REMARKS}/unknown/points"}


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ("", ""),
        ("{", ""),
        (b"\xff", ""),
        ("[" * 100_000, ""),
        ("[]", ""),
        ("null", ""),
        (changed(drop("/grades")), ""),
        (changed(put("/colour", "green")), ""),
        (changed(put("/grades", [])), "/grades"),
        (changed(put("/grades/0/referred", "no")), "/grades/0/referred"),
        (changed(put("/grades/0/from_points", "80")), "/grades/0/from_points"),
        (changed(put("/grades/0/from_points", True)), "/grades/0/from_points"),
        (changed(put("/grades/0/from_points", -1)), "/grades/0/from_points"),
        (changed(put("/grades/0/cap", "1.001")), "/grades/0/cap"),
        (changed(put("/grades/0/cap", 2_000_000)), "/grades/0/cap"),
        (changed(put("/grades/0/cap", "1e6")), "/grades/0/cap"),
        (changed(put("/grades/0/name", " ")), "/grades/0/name"),
        (changed(put("/capacity/revenue_share", "1.01")), "/capacity/revenue_share"),
        (changed(put("/capacity/revenue_share", "0")), "/capacity/revenue_share"),
        (changed(put("/capacity/margin", "0.99")), "/capacity/margin"),
        (changed(put("/capacity/debt_months", 0)), "/capacity/debt_months"),
        (changed(put("/capacity/rounded_down_to", "0")), "/capacity/rounded_down_to"),
        (
            changed(put("/without_accounts/referred_when_asked_above", "149999.99")),
            "/without_accounts/referred_when_asked_above",
        ),
        (changed(put("/scorecards/company/0/bins/0/is", "AAA")), "/scorecards/company/0/bins/0/is"),
        (changed(put("/scorecards/company/0/bins/4/otherwise", False)), "/scorecards/company/0/bins/4/otherwise"),
        (changed(put("/scorecards/company/0/measure", "income")), "/scorecards/company/0/measure"),
        (DOCUMENT.replace('"margin": "1.25"', '"margin": 1.25'), ""),
        (DOCUMENT.replace('"version": "1"', '"version": "1", "version": "2"'), ""),
        (DOCUMENT.replace('"company_remarks_referred_from": 4', '"company_remarks_referred_from": NaN'), ""),
    ],
)
def test_a_document_that_cannot_be_a_policy_is_refused_by_its_member(document: str | bytes, pointer: str) -> None:
    """D11: typed data, never free-form."""
    assert pointer in {error.pointer for error in refusal(document).errors}
