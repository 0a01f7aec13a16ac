import contextlib
import json
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from time import perf_counter
from typing import Any

import pytest

from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import PolicyInvalid
from underwriting.decisions.rules import Card, Looks
from underwriting.kernel.text import Text

POLICIES = files("underwriting.decisions.policies")
DOCUMENT = POLICIES.joinpath("policy-1.json").read_text()
SECOND = POLICIES.joinpath("policy-2.json").read_text()
"""Of format 2, with price table, limits and authority."""
Change = Callable[[dict[str, Any]], object]
REMARKS = "/scorecards/company/1"


def changed(change: Change, document: str = DOCUMENT) -> str:
    content = json.loads(document)
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


def only_own_books(content: dict[str, Any]) -> None:
    """A change that leaves the company's card no points but those for what it has paid to the lender."""
    for each in content["scorecards"]["company"]:
        if each["measure"] != "payment_record":
            for found in [*each["bins"], each["absent"], each["unknown"]]:
                found["points"] = 0


def refusal(document: str | bytes) -> PolicyInvalid:
    with pytest.raises(PolicyInvalid) as refused:
        load_policy(document)
    return refused.value


def test_the_shipped_policy_is_proved_and_says_what_the_default_policy_says() -> None:
    """D4: the future ranges over 30 + 16 + 10 = 56 points, history over 27 + 20 = 47."""
    policy = shipped_policy()
    ranges = {card: sum(each.most - each.least for each in policy.scorecards[card]) for card in Card}
    assert ranges == {Card.ABILITY: 56, Card.COMPANY: 27, Card.GUARANTOR: 20}
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
    assert load_policy(turned).sha256 == shipped_policy("1").sha256
    assert load_policy(turned) == shipped_policy("1")
    assert hash(load_policy(turned)) == hash(shipped_policy("1"))
    assert load_policy(changed(put("/version", "2"))) != shipped_policy("1")


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
        (put("/scorecards/ability/0/bins/0/at_least", "0.91"), "/scorecards/ability/0/bins/0", "D4"),  # of 0.90
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
        (put(f"{REMARKS}/bins/1/at_most", 3), f"{REMARKS}/bins/2", "D12"),
        (put("/scorecards/company/2/bins/0/at_least", 1), "/scorecards/company/2/bins/1", "D12"),
        (put("/scorecards/company/0/bins/1/is", "C"), "/scorecards/company/0/bins/1", "D12"),
        (put(f"{REMARKS}/absent/points", 7), f"{REMARKS}/absent/points", "D12"),
        (put("/scorecards/company/2/absent/points", 3), "/scorecards/company/2/absent/points", "D12"),
        (put("/scorecards/company/0/absent/points", 11), "/scorecards/company/0/absent/points", "D12"),
        (put("/scorecards/ability/0/bins/0/points", 1001), "/scorecards/ability/0/bins", "D11"),
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


@pytest.mark.parametrize(
    ("change", "pointer", "rule", "words"),
    [
        # prices
        (put("/grades/1/to_points", 77), "/grades/1/to_points", "D6", "A hole: 78-79 points have no price (grade B)"),
        (put("/grades/0/to_points", 102), "/grades/0/to_points", "D6", "103-103 points have no price"),
        (put("/grades/2/to_points", 70), "/grades/2/to_points", "D6", "65-70 points have two prices (grade C)"),
        (put("/grades/2/to_points", 49), "/grades/2/to_points", "D6", "Grade C ends before it begins"),
        (put("/grades/2/default_rate", "0.07"), "/grades/2/default_rate", "D12", "fewer defaults than grade B"),
        (put("/grades/2/default_rate", "0"), "/grades/2/default_rate", "D6", "more than 0"),
        (put("/grades/4/default_rate", "1"), "/grades/4/default_rate", "D6", "less than 1"),
        (put("/grades/2/margin", "0.0010"), "/grades/2/fee_rate", "D12", "Grade C is kinder than grade B"),
        (put("/grades/2/fee_rate", "0.0275"), "/grades/2", None, "fee_rate is unknown"),
        (put("/grades/4/margin", "0.99"), "/grades", "D6", "less than 1"),
        (put("/prices/loss_given_default", "0"), "/prices/loss_given_default", "D6", "more than 0"),
        (put("/prices/rounded_up_to", "0"), "/prices/rounded_up_to", "D6", "more than 0"),
        (drop("/prices/cost_of_funds"), "/prices", None, "cost_of_funds is missing"),
        # limits
        (drop("/limits/by_form/KB"), "/limits/by_form", "A1", "KB is missing"),
        (put("/limits/by_form/XX", "1"), "/limits/by_form", "A1", "XX is unknown"),
        (put("/limits/by_form/EF", "19999.99"), "/limits/by_form/EF", "D2", "below the smallest amount"),
        (put("/limits/exposure/company", "0"), "/limits/exposure/company", "D2", "below the smallest amount"),
        (put("/limits/exposure/group", "2000000.00"), "/limits/exposure/group", "D12", "below the company's"),
        (put("/limits/guarantor/at_risk", "1"), "/limits/guarantor/at_risk", "G6", "below the smallest amount"),
        (drop("/limits/guarantor/promised"), "/limits/guarantor", "G6", "promised is missing"),
        # authority
        (drop("/authority/1"), "/authority", "D8", "underwriter, senior_underwriter"),
        (put("/authority/0/role", "billing"), "/authority/0/role", "D8", "determines no cases"),
        (put("/authority/0/role", "king"), "/authority/0/role", "D8", "values allowed"),
        (put("/authority/1/largest_limit", "1999999.99"), "/authority/1/largest_limit", "D8", "nobody could determine"),
        (put("/authority/1/fee_deviation", "0.0020"), "/authority/1/fee_deviation", "D8", "Less than that of"),
        (put("/authority/1/fee_deviation", "0.0150"), "/authority/1/fee_deviation", "D8", "the whole fee"),
        # the lender's own history
        (drop("/scorecards/company/3/absent"), "/scorecards/company/3/absent", "D13", "the bin absent is missing"),
        (put("/scorecards/company/3/absent/points", 5), "/scorecards/company/3/absent/points", "D12", "0-4 points"),
        (put("/scorecards/company/3/unknown/points", 1), "/scorecards/company/3/unknown/points", "D12", "worst bin"),
        (drop("/referrals/own_arrears"), "/referrals", "D11", "own_arrears is missing"),
        (only_own_books, "/scorecards/company", "D5", "Nothing that a report tells"),
        # format
        (put("/format", 3), "/format", "D11", "The format is 2, or left out"),
        (put("/format", 1), "/format", "D11", "The format is 2, or left out"),
        (drop("/format"), "", None, "is unknown"),
        (drop("/limits"), "", None, "limits is missing"),
    ],
)
def test_a_policy_of_format_2_is_refused_by_member_rule_and_words(
    change: Change, pointer: str, rule: str | None, words: str
) -> None:
    """D11: every number of points has one price, no limit leaves nothing, and somebody may determine every case."""
    found = {(error.pointer, error.rule): error.detail.en for error in refusal(changed(change, SECOND)).errors}
    assert words in found[(pointer, rule)]


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        (drop(f"{REMARKS}/bins/3"), f"{REMARKS}/bins/2", "company_remarks, bin 3: the last one takes the rest"),
        (put(f"{REMARKS}/bins/1/at_most", 3), f"{REMARKS}/bins/2", "company_remarks, bin 3: overlaps bin 2"),
        (put(f"{REMARKS}/bins/1/at_most", 0), f"{REMARKS}/bins/1", "company_remarks, bin 2: overlaps bin 1"),
        (
            drop("/scorecards/company/0/bins/1"),
            "/scorecards/company/0/bins/1",
            "rating, bin 2: the bin for B is missing",
        ),
        (put(f"{REMARKS}/bins/2/points", 6), f"{REMARKS}/bins/2", "company_remarks, bin 3: more points than the bin"),
        (
            drop("/scorecards/guarantor/0/unknown"),
            "/scorecards/guarantor/0/unknown",
            "income: the bin unknown is missing",
        ),
    ],
)
def test_a_fault_of_a_bin_names_the_bin(change: Change, pointer: str, words: str) -> None:
    """D11: missing, overlapping, or rewarding what is worse."""
    found = {error.pointer: error.detail for error in refusal(changed(change, SECOND)).errors}
    assert words in found[pointer].en
    assert found[pointer].sv != found[pointer].en


def test_a_price_is_expected_loss_cost_of_funds_and_margin_rounded_up() -> None:
    """D6: B is 0.08 x 0.60 / 12 + 0.0040 + 0.0120 = 0.0200; with a loss of 0.61 it is 0.020066..., so 0.0201."""
    rates = [grade.fee_rate for grade in load_policy(SECOND).grades]
    assert rates == [Decimal(rate) for rate in ("0.0150", "0.0200", "0.0275", "0.0350", "0.0450")]
    dearer = load_policy(changed(put("/prices/loss_given_default", "0.61"), SECOND))
    assert [grade.fee_rate for grade in dearer.grades][:2] == [Decimal("0.0151"), Decimal("0.0201")]
    quarter = load_policy(changed(put("/prices/rounded_up_to", "0.0025"), SECOND))
    assert [grade.fee_rate for grade in quarter.grades][:2] == [Decimal("0.0150"), Decimal("0.0200")]


def test_the_stress_stands_in_the_sentences_that_speak_of_it() -> None:
    """D7: a reason cannot say another stress than the one that was reckoned with."""
    reasons = load_policy(changed(put("/capacity/revenue_share", "0.875"), SECOND)).reasons()
    assert "12,5\N{NO-BREAK SPACE}% lägre" in reasons["surplus_share.5"].sv
    assert "12.5% lower" in reasons["surplus_share.5"].en
    assert not any("{" in text.sv + text.en for text in reasons.values())


def test_a_document_with_another_hash_than_it_was_approved_under_is_refused() -> None:
    """D11: by both hashes; the right one is accepted."""
    right = shipped_policy("2").sha256
    assert load_policy(SECOND, sha256=right).sha256 == right
    with pytest.raises(PolicyInvalid) as refused:
        load_policy(changed(put("/smallest_amount", "21000.00"), SECOND), sha256=right)
    assert refused.value.rule == "D11"
    assert right in refused.value.errors[0].detail.en


def test_policy_1_goes_on_loading_under_the_hash_that_stored_decisions_name() -> None:
    """D7: the very document that decided; what came with format 2 is not in it."""
    policy = shipped_policy("1")
    assert policy.sha256 == "5456acf7a73aea850a270ee8260305f0cfdb596659f9f364310f98a6534a4afd"
    assert (policy.prices, policy.limits, policy.authority) == (None, None, ())


def test_the_shipped_policy_is_proved_within_a_second() -> None:
    """D11: with every bin of every card at points that give the most different sums, too."""
    content = json.loads(SECOND)
    step = 1
    for card in content["scorecards"].values():
        for each in card:
            for place, found in enumerate(reversed(each["bins"])):
                found["points"] = min(1_000, place * step * 37 % 1_000 + place)
            step += 1
    started = perf_counter()
    for document in (SECOND, json.dumps(content)):
        with contextlib.suppress(PolicyInvalid):
            load_policy(document)
    assert perf_counter() - started < 1


def test_sentences_nested_too_deeply_are_refused() -> None:
    """D11: bad input is told where, and never ends the process."""
    assert refusal(SECOND.replace('"format": 2', f'"format": 2, "deep": {_deep(3_000)}')).errors


def _deep(levels: int) -> str:
    return '{"a": ' * levels + "1" + "}" * levels
