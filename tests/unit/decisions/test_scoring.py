import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bureau_clients.reports import CompanyStatus, RatingGrade
from tests.support.decision_facts import (
    ABSENT,
    FIRST,
    GUARANTOR,
    SOLE_TRADER,
    UNKNOWN,
    known,
    kronor,
    with_application,
    with_company,
    with_due_diligence,
    with_guarantor,
    with_history,
    with_owner,
    without_company_report,
    without_person_report,
)
from underwriting.decisions.facts import Facts, Screening
from underwriting.decisions.formats import decision_to_json, facts_from_json
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.scoring import Decision, Fired, decide
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome

APPROVED, COUNTER_OFFER = DecisionOutcome.APPROVED, DecisionOutcome.COUNTER_OFFER
REFERRED, DECLINED = DecisionOutcome.REFERRED, DecisionOutcome.DECLINED


DATA = Path(__file__).parents[2] / "data"
RICH: dict[str, Any] = {
    "asked": kronor(3_000_000),
    "term_months": 36,
    "revenue": kronor(4_000_000),
    "costs": kronor(2_000_000),
    "debt_payments": Money.ZERO,
}
"""A surplus that bears every limit of the policy."""
FLAWLESS: dict[str, Any] = {
    "rating": known(RatingGrade.A),
    "kronofogden_debt": known(Money.ZERO),
    "accounts_closed_on": known(date(2025, 12, 31)),
    "years_registered": known(9),
}


def decided(facts: Facts) -> Decision:
    return decide(facts, shipped_policy())


def points(decision: Decision, *measures: str) -> int:
    return sum(fired.points or 0 for fired in decision.trace if fired.key.partition(".")[0] in measures)


def keys(decision: Decision, *, subject: str | None = None) -> list[str]:
    """The keys of everything that fired but the bins, which alone have points."""
    fired = [each for each in decision.trace if each.points is None and subject in (None, each.subject)]
    return [each.key for each in fired]


ABILITY = ("surplus_share", "debt_burden", "surplus")
HISTORY = ("rating", "company_remarks", "years_registered", "payment_record")
PERSON = ("income", "person_remarks", "person_debt", "guarantees_to_income")


def test_the_first_case_of_the_default_policy_is_a_counter_offer_of_218_000() -> None:
    """D1: S = 0.90 x 400 000 - 310 000 - 15 000 = 35 000; 35 000/1.25/(1/12 + 0.045) = 28 000 x 12/1.54 = 218 181.8."""
    decision = decided(FIRST)
    assert (decision.outcome, decision.limit, decision.fee_rate) == (COUNTER_OFFER, kronor(218_000), Decimal("0.015"))
    assert decision.capacity == kronor("218181.81")
    assert [points(decision, measure) for measure in ABILITY] == [18, 16, 7]
    assert (points(decision, *HISTORY), points(decision, *PERSON)) == (22, 20)
    assert (decision.points, decision.grade, decision.counted) == (83, "A", "guarantor-1")
    assert keys(decision) == ["bound.capacity"]


def test_fifteen_months_carry_the_whole_first_case() -> None:
    """D1: 28 000/(1/15 + 0.045) = 28 000 x 15/1.675 = 250 746.26, at least the 250 000 asked for."""
    decision = decided(with_application(FIRST, term_months=15))
    assert (decision.outcome, decision.limit, decision.capacity) == (APPROVED, kronor(250_000), kronor("250746.26"))
    assert decided(with_application(FIRST, term_months=14)).outcome is COUNTER_OFFER


def test_remarks_and_a_lower_rating_raise_the_price_of_the_first_case_and_do_not_decline_it() -> None:
    """D2: 2 company remarks, rating C and one guarantor remark: 41 + (6 + 2 + 6) + (7 + 3 + 4 + 3) = 72 is grade B."""
    facts = with_guarantor(with_company(FIRST, remarks=known(2), rating=known(RatingGrade.C)), remarks=known(1))
    decision = decided(facts)
    assert (decision.outcome, decision.limit, decision.fee_rate) == (COUNTER_OFFER, kronor(218_000), Decimal("0.02"))
    assert [points(decision, *card) for card in (ABILITY, HISTORY, PERSON)] == [41, 14, 17]
    assert (decision.points, decision.grade) == (72, "B")


def test_a_new_sole_trader_with_an_unknown_debt_is_referred_without_limit_or_price() -> None:
    """D12: unknown in a capacity fact; of the 59 points nothing follows."""
    decision = decided(SOLE_TRADER)
    assert (decision.outcome, decision.limit, decision.fee_rate, decision.grade) == (REFERRED, None, None, None)
    assert [points(decision, *card) for card in (ABILITY, HISTORY, PERSON)] == [34, 14, 11]
    assert (decision.points, decision.capacity, decision.counted) == (59, None, "owner")
    assert keys(decision) == ["referral.company_debt_unknown"]


def test_the_new_sole_trader_gets_a_counter_offer_once_there_is_known_to_be_no_debt() -> None:
    """A2: four months old; S = 54 000 - 45 000 = 9 000; 7 200 x 12/1.54 = 56 103.89; 50 + 14 + 15 = 79 points."""
    none = known(Money.ZERO)
    decision = decided(with_owner(with_company(SOLE_TRADER, kronofogden_debt=none), kronofogden_debt=none))
    assert (decision.outcome, decision.limit, decision.fee_rate) == (COUNTER_OFFER, kronor(56_000), Decimal("0.02"))
    assert (decision.points, decision.grade, decision.capacity) == (79, "B", kronor("56103.89"))


def test_the_first_case_with_costs_of_350_000_is_declined_whatever_history_and_guarantor() -> None:
    """D2: S = 360 000 - 350 000 - 15 000 = -5 000; the best and the worst of history are declined alike."""
    facts = with_application(FIRST, costs=kronor(350_000))
    worse = with_company(with_guarantor(facts, remarks=known(9)), remarks=known(9), rating=known(RatingGrade.E))
    for case in (facts, worse):
        decision = decided(case)
        assert (decision.outcome, decision.limit, decision.fee_rate, decision.grade) == (DECLINED, None, None, None)
        assert decision.capacity == Money.ZERO
        assert "decline.capacity" in keys(decision)


# The capacity is asked = 20 000 at S = 20 000 x 1.25 x (1/12 + 0.045) = 3 208.333...: one öre less declines.
@pytest.mark.parametrize(("costs", "outcome"), [("341791.66", COUNTER_OFFER), ("341791.67", DECLINED)])
def test_a_capacity_of_the_smallest_amount_is_enough_and_an_ore_less_is_not(
    costs: str, outcome: DecisionOutcome
) -> None:
    """D2: the decline test compares the capacity with 20 000."""
    assert decided(with_application(FIRST, costs=kronor(costs))).outcome is outcome


@pytest.mark.parametrize(
    ("application", "share", "burden", "kronor_points"),
    [
        # S/revenue with revenue 100 000: 90 000 - costs
        ({"costs": 75_000}, 30, 16, 4),  # exactly 15 %
        ({"costs": "75000.01"}, 24, 16, 4),
        ({"costs": 80_000}, 24, 16, 4),  # exactly 10 %
        ({"costs": 85_000}, 18, 16, 4),  # exactly 5 %, 5 000 kr
        ({"costs": "85000.01"}, 10, 16, 2),
        ({"costs": 88_000}, 10, 16, 2),  # exactly 2 %
        ({"costs": "88000.01"}, 5, 16, 2),
        ({"costs": "89999.99"}, 5, 16, 2),  # one öre
        ({"costs": 90_000}, 5, 16, 0),  # exactly 0
        ({"costs": "90000.01"}, 0, 16, 0),
        ({"costs": 0, "debt_payments": 5_000}, 30, 16, 10),  # exactly 5 % of the revenue
        ({"costs": 0, "debt_payments": "5000.01"}, 30, 11, 10),
        ({"costs": 0, "debt_payments": 10_000}, 30, 11, 10),
        ({"costs": 0, "debt_payments": "10000.01"}, 30, 5, 10),
        ({"costs": 0, "debt_payments": 20_000}, 30, 5, 10),
        ({"costs": 0, "debt_payments": "20000.01"}, 30, 0, 10),
        ({"costs": 40_000}, 30, 16, 10),  # exactly 50 000 kr
        ({"costs": "40000.01"}, 30, 16, 7),
        ({"costs": 70_000}, 30, 16, 7),  # exactly 20 000 kr
        ({"costs": "70000.01"}, 30, 16, 4),
        ({"revenue": 0, "costs": 0}, 0, 0, 0),  # nothing to divide by
    ],
)
def test_the_ability_scores_at_every_limit(
    application: dict[str, Any], share: int, burden: int, kronor_points: int
) -> None:
    """D4: the bins of the future, at and just beside each limit."""
    figures = {"revenue": 100_000, "debt_payments": 0} | application
    decision = decided(with_application(FIRST, **{name: kronor(value) for name, value in figures.items()}))
    assert [points(decision, measure) for measure in ABILITY] == [share, burden, kronor_points]


def test_a_debt_at_kronofogden_weighs_as_a_twelfth_of_it_each_month() -> None:
    """D4: 60 000/12 = 5 000 more a month: S 30 000, 7.5 %, and (15 000 + 5 000)/400 000 = 5 %."""
    decision = decided(with_company(FIRST, kronofogden_debt=known(kronor(60_000))))
    assert [points(decision, measure) for measure in ABILITY] == [18, 16, 7]
    assert decision.capacity == kronor("187012.98")  # 30 000/1.25 x 12/1.54
    more = decided(with_company(FIRST, kronofogden_debt=known(kronor("60000.01"))))
    assert points(more, "debt_burden") == 11


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"rating": known(RatingGrade.A)}, 10),
        ({"rating": known(RatingGrade.B)}, 8),
        ({"rating": known(RatingGrade.C)}, 6),
        ({"rating": ABSENT}, 4),
        ({"rating": known(RatingGrade.D)}, 3),
        ({"rating": known(RatingGrade.E)}, 1),
        ({"rating": UNKNOWN}, 0),
        ({"remarks": known(0)}, 8),
        ({"remarks": ABSENT}, 8),
        ({"remarks": known(1)}, 5),
        ({"remarks": known(2)}, 2),
        ({"remarks": known(3)}, 2),
        ({"remarks": known(4)}, 1),
        ({"remarks": UNKNOWN}, 0),
        ({"years_registered": known(3)}, 5),
        ({"years_registered": known(2)}, 3),
        ({"years_registered": known(1)}, 3),
        ({"years_registered": known(0)}, 1),
        ({"years_registered": ABSENT}, 1),
        ({"years_registered": UNKNOWN}, 0),
    ],
)
def test_the_company_scores_in_every_bin(change: dict[str, Any], expected: int) -> None:
    """D13: known, absent and unknown each have their points."""
    (name,) = change
    measure = {"remarks": "company_remarks"}.get(name, name)
    assert points(decided(with_company(FIRST, **change)), measure) == expected


@pytest.mark.parametrize(
    ("change", "measure", "expected"),
    [
        ({"income": known(kronor(400_000))}, "income", 7),
        ({"income": known(kronor("399999.99"))}, "income", 5),
        ({"income": known(kronor(250_000))}, "income", 5),
        ({"income": known(kronor("249999.99"))}, "income", 2),
        ({"income": ABSENT}, "income", 2),
        ({"income": UNKNOWN}, "income", 0),
        ({"remarks": known(0)}, "person_remarks", 6),
        ({"remarks": ABSENT}, "person_remarks", 6),
        ({"remarks": known(2)}, "person_remarks", 3),
        ({"remarks": known(3)}, "person_remarks", 1),
        ({"remarks": UNKNOWN}, "person_remarks", 0),
        ({"kronofogden_debt": known(Money.ZERO)}, "person_debt", 4),
        ({"kronofogden_debt": ABSENT}, "person_debt", 4),
        ({"kronofogden_debt": known(Money(1))}, "person_debt", 2),
        ({"kronofogden_debt": known(kronor(50_000))}, "person_debt", 2),
        ({"kronofogden_debt": known(kronor("50000.01"))}, "person_debt", 1),
        ({"kronofogden_debt": UNKNOWN}, "person_debt", 0),
    ],
)
def test_the_guarantor_scores_in_every_bin(change: dict[str, Any], measure: str, expected: int) -> None:
    """D13: known, absent and unknown each have their points."""
    assert points(decided(with_guarantor(FIRST, **change)), measure) == expected


@pytest.mark.parametrize(
    ("guarantees", "income", "expected"),
    [
        (0, known(kronor(0)), 3),
        (210_000, known(kronor(420_000)), 3),
        ("210000.01", known(kronor(420_000)), 2),
        (420_000, known(kronor(420_000)), 2),
        ("420000.01", known(kronor(420_000)), 1),
        (1, known(kronor(0)), 1),
        (1, known(kronor(-5_000)), 1),
        (0, ABSENT, 1),
        (0, UNKNOWN, 0),
    ],
)
def test_what_a_guarantor_already_guarantees_is_weighed_against_income(
    guarantees: int | str, income: Any, expected: int
) -> None:
    """G6: the sum at risk in the register against a year's income, at and just beside each limit."""
    facts = with_guarantor(FIRST, other_guarantees=kronor(guarantees), income=income)
    assert points(decided(facts), "guarantees_to_income") == expected


def test_of_several_guarantors_the_best_one_counts() -> None:
    """D12: a weaker one beside the first changes nothing, a better one beside a weak one does."""
    weak = replace(
        GUARANTOR, reference="weak", income=UNKNOWN, remarks=known(5), kronofogden_debt=known(kronor(90_000))
    )
    both, alone = decided(replace(FIRST, guarantors=(weak, GUARANTOR))), decided(replace(FIRST, guarantors=(weak,)))
    assert (both.points, both.counted) == (83, "guarantor-1")
    assert (alone.points, alone.counted) == (83 - 20 + 0 + 1 + 1 + 0, "weak")


def test_a_sole_traders_own_facts_count_beside_those_of_a_guarantor() -> None:
    """D5: the owner has 15 of 20, a guarantor with all of them takes the owner's place."""
    facts = with_owner(with_company(SOLE_TRADER, kronofogden_debt=ABSENT), kronofogden_debt=ABSENT)
    assert (decided(facts).points, decided(facts).counted) == (79, "owner")
    guaranteed = decided(replace(facts, guarantors=(GUARANTOR,)))
    assert (guaranteed.points, guaranteed.counted, guaranteed.grade) == (84, "guarantor-1", "A")


def test_changing_the_companys_report_alone_changes_the_fee() -> None:
    """D5: two remarks take 6 of 83 points, from grade A to B."""
    assert decided(FIRST).fee_rate == Decimal("0.0150")
    assert decided(with_company(FIRST, remarks=known(2))).fee_rate == Decimal("0.0200")


def test_changing_the_guarantors_report_alone_changes_the_fee() -> None:
    """D5: a guarantor with 2 instead of 7 points for income, and 3 instead of 6 for remarks, takes 83 to 75."""
    changed = decided(with_guarantor(FIRST, income=known(kronor(100_000)), remarks=known(1)))
    assert (changed.points, changed.fee_rate) == (75, Decimal("0.0200"))


WEAK = {"income": ABSENT, "remarks": known(3), "kronofogden_debt": known(kronor(50_000))}  # 2 + 1 + 2, guarantees 1


# A hundred times the first case, so that every cap binds. S is 36 000 000 - costs - debts: 8.75 % or 0.75 % of the
# revenue, and more than 50 000 kr; debts are 3.75 % or 20 % of it. So F is 44, 31 or 20. A new customer's record is 1.
@pytest.mark.parametrize(
    ("costs", "debts", "company", "guarantor", "total", "grade", "fee_rate", "cap"),
    [
        (31_000_000, 1_500_000, (ABSENT, 0, 1), {}, 44 + 4 + 8 + 4 + 20, "A", "0.0150", 2_000_000),
        (31_000_000, 1_500_000, (known(RatingGrade.D), 0, 1), {}, 44 + 3 + 8 + 4 + 20, "B", "0.0200", 1_000_000),
        (31_000_000, 1_500_000, (known(RatingGrade.E), 0, 3), WEAK, 44 + 1 + 8 + 6 + 6, "B", "0.0200", 1_000_000),
        (31_000_000, 1_500_000, (ABSENT, 0, 0), WEAK, 44 + 4 + 8 + 2 + 6, "C", "0.0275", 500_000),
        (34_200_000, 1_500_000, (known(RatingGrade.D), 0, 0), WEAK, 31 + 3 + 8 + 2 + 6, "C", "0.0275", 500_000),
        (34_200_000, 1_500_000, (UNKNOWN, 0, 1), WEAK, 31 + 0 + 8 + 4 + 6, "D", "0.0350", 250_000),
        (27_700_000, 8_000_000, (known(RatingGrade.E), 2, 3), WEAK, 20 + 1 + 2 + 6 + 6, "D", "0.0350", 250_000),
        (27_700_000, 8_000_000, (ABSENT, 2, 0), WEAK, 20 + 4 + 2 + 2 + 6, "E", "0.0450", 100_000),
    ],
)
def test_points_give_grade_fee_and_cap(
    costs: int,
    debts: int,
    company: tuple[Any, int, int],
    guarantor: dict[str, Any],
    total: int,
    grade: str,
    fee_rate: str,
    cap: int,
) -> None:
    """D1: at 80, 65, 50 and 35 points a grade begins, a point less is the next; the lowest is for an underwriter."""
    rating, remarks, years = company
    figures = {"revenue": 40_000_000, "asked": 100_000_000, "costs": costs, "debt_payments": debts}
    facts = with_application(FIRST, term_months=36, **{name: kronor(value) for name, value in figures.items()})
    facts = with_company(facts, rating=rating, remarks=known(remarks), years_registered=known(years))
    decision = decided(with_guarantor(facts, **guarantor))
    assert (decision.points, decision.grade, decision.fee_rate) == (total, grade, Decimal(fee_rate))
    assert decision.limit == kronor(cap)
    assert decision.outcome is (REFERRED if grade == "E" else COUNTER_OFFER)
    form_cap = ["bound.form_cap"] if grade == "A" else []  # 2 000 000 for an AB, as for the grade
    assert keys(decision) == [*(["referral.grade"] if grade == "E" else []), "bound.grade_cap", *form_cap]


@pytest.mark.parametrize("accounts", [ABSENT, UNKNOWN])
def test_without_known_accounts_at_most_150_000_is_offered(accounts: Any) -> None:
    """D1: a cap, not a referral."""
    decision = decided(with_company(FIRST, accounts_closed_on=accounts))
    assert (decision.outcome, decision.limit) == (COUNTER_OFFER, kronor(150_000))
    assert keys(decision) == ["bound.without_accounts"]


@pytest.mark.parametrize(
    ("asked", "accounts", "outcome"),
    [
        (150_000, UNKNOWN, APPROVED),
        (500_000, UNKNOWN, COUNTER_OFFER),
        ("500000.01", UNKNOWN, REFERRED),
        ("500000.01", ABSENT, COUNTER_OFFER),
        ("500000.01", known(date(2025, 12, 31)), COUNTER_OFFER),
    ],
)
def test_unknown_accounts_are_fetched_where_a_large_amount_is_asked_for(
    asked: int | str, accounts: Any, outcome: DecisionOutcome
) -> None:
    """D12: the threshold reads what is asked for, never what is offered; absent accounts cap and do not refer."""
    facts = with_application(with_company(FIRST, accounts_closed_on=accounts), asked=kronor(asked))
    assert decided(facts).outcome is outcome


@pytest.mark.parametrize(
    ("change", "stop"),
    [
        ({"status": known(CompanyStatus.BANKRUPT)}, "hard_stop.bankruptcy"),
        ({"bankruptcy": known(True)}, "hard_stop.bankruptcy"),
        ({"status": known(CompanyStatus.BANKRUPT), "bankruptcy": known(True)}, "hard_stop.bankruptcy"),
        ({"status": known(CompanyStatus.LIQUIDATION)}, "hard_stop.liquidation"),
        ({"status": known(CompanyStatus.DEREGISTERED)}, "hard_stop.deregistered"),
    ],
)
def test_a_company_that_is_being_wound_up_is_declined(change: dict[str, Any], stop: str) -> None:
    """D10: also when everything else is unknown, since nobody is asked once a hard stop is known (B2)."""
    for facts in (FIRST, without_company_report(FIRST, no_match=False)):
        decision = decided(with_company(facts, **change))
        assert (decision.outcome, decision.limit, decision.fee_rate) == (DECLINED, None, None)
        assert keys(decision)[0] == stop
        assert [key for key in keys(decision) if key.startswith("hard_stop")] == [stop]


@pytest.mark.parametrize(
    ("change", "stop"),
    [
        ({"minor": True}, "hard_stop.minor"),
        ({"deceased": known(True)}, "hard_stop.deceased"),
        ({"blocked": known(True)}, "hard_stop.blocked"),
        ({"trustee": known(True)}, "hard_stop.trustee"),
    ],
)
def test_a_guarantor_or_owner_who_cannot_be_bound_is_a_hard_stop(change: dict[str, Any], stop: str) -> None:
    """D10: on the person that it concerns, beside however good another guarantor."""
    other = replace(GUARANTOR, reference="guarantor-2")
    for facts, subject in (
        (with_guarantor(replace(FIRST, guarantors=(GUARANTOR, other)), 1, **change), "guarantor-2"),
        (with_owner(SOLE_TRADER, **change), "owner"),
    ):
        decision = decided(facts)
        assert decision.outcome is DECLINED
        assert decision.trace[0] == Fired("D10", subject, stop, None)


@pytest.mark.parametrize(
    ("found", "outcome", "expected"),
    [
        ({"sanctions": Screening.CONFIRMED}, DECLINED, ["hard_stop.sanctions"]),
        ({"sanctions": Screening.POSSIBLE}, REFERRED, ["referral.possible_sanctions"]),
        ({"sanctions": Screening.UNKNOWN}, REFERRED, ["referral.sanctions_unknown"]),
    ],
)
def test_sanctions_stop_when_confirmed_and_refer_without_price_until_cleared(
    found: dict[str, Any], outcome: DecisionOutcome, expected: list[str]
) -> None:
    """D16: a possible match is never decided automatically, and a screening not made is an unknown hard stop (D12)."""
    decision = decided(with_due_diligence(FIRST, **found))
    assert (decision.outcome, decision.limit, keys(decision)) == (outcome, None, expected)


@pytest.mark.parametrize(
    ("found", "key"),
    [
        ({"politically_exposed": True}, "referral.politically_exposed"),
        ({"gaps": ("beneficial_owners",)}, "referral.due_diligence_gap"),
    ],
)
def test_a_gap_or_a_politically_exposed_person_refers(found: dict[str, Any], key: str) -> None:
    """K1: no approval before know-your-customer is complete; the limit is a proposal to the underwriter."""
    decision = decided(with_due_diligence(FIRST, **found))
    assert (decision.outcome, decision.limit) == (REFERRED, kronor(218_000))
    assert key in keys(decision, subject="due_diligence")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"protected": known(True)}, "protected_identity"),
        ({"emigrated": known(True)}, "emigrated"),
        ({"debt_restructuring": known(True)}, "debt_restructuring"),
        ({"trading_prohibition": known(True)}, "trading_prohibition"),
        ({"dormant_coordination_number": known(True)}, "dormant_coordination_number"),
        ({"number_retired": known(True)}, "number_retired"),
        ({"protected": UNKNOWN}, "person_circumstances_unknown"),
        ({"trading_prohibition": UNKNOWN, "emigrated": UNKNOWN}, "person_circumstances_unknown"),
    ],
)
def test_what_is_never_decided_automatically_about_a_person_refers(change: dict[str, Any], key: str) -> None:
    """D16: of a guarantor as of a sole trader's owner (A4), and unknown refers as well (D12)."""
    guaranteed = decided(with_guarantor(FIRST, **change))
    assert (guaranteed.outcome, guaranteed.limit, guaranteed.fee_rate) == (REFERRED, kronor(218_000), Decimal("0.015"))
    assert keys(guaranteed, subject="guarantor-1") == [f"referral.{key}"]
    assert keys(decided(with_owner(SOLE_TRADER, **change)), subject="owner") == [f"referral.{key}"]


@pytest.mark.parametrize(
    "name", ["protected", "emigrated", "debt_restructuring", "trading_prohibition", "dormant_coordination_number"]
)
def test_what_is_known_to_be_absent_of_a_person_refers_nothing(name: str) -> None:
    """D13: absent is known, and is not unknown."""
    assert decided(with_guarantor(FIRST, **dict[str, Any]({name: ABSENT}))).outcome is COUNTER_OFFER


@pytest.mark.parametrize("name", ["deceased", "blocked", "trustee"])
def test_an_unknown_hard_stop_of_a_person_refers_without_limit_or_price(name: str) -> None:
    """D12: unknown in a hard-stop fact."""
    decision = decided(with_guarantor(FIRST, **dict[str, Any]({name: UNKNOWN})))
    assert (decision.outcome, decision.limit, decision.fee_rate, decision.grade) == (REFERRED, None, None, None)
    assert keys(decision) == ["referral.person_status_unknown"]


@pytest.mark.parametrize(
    ("change", "limit", "key"),
    [
        ({"status": UNKNOWN}, None, "company_status_unknown"),
        ({"status": ABSENT}, None, "company_status_unknown"),
        ({"bankruptcy": UNKNOWN}, None, "company_status_unknown"),
        ({"kronofogden_debt": UNKNOWN}, None, "company_debt_unknown"),
        ({"remarks": UNKNOWN}, 218_000, "company_remarks_unknown"),
        ({"remarks": known(4)}, 218_000, "company_remarks"),
        ({"status": known(CompanyStatus.RECONSTRUCTION)}, 218_000, "reconstruction"),
        ({"status": known(CompanyStatus.INACTIVE)}, 218_000, "inactive"),
        ({"form": known(CompanyForm.HB)}, 218_000, "form_unconfirmed"),
        ({"form": UNKNOWN}, 218_000, "form_unconfirmed"),
    ],
)
def test_what_refers_of_a_company_names_its_ground(change: dict[str, Any], limit: int | None, key: str) -> None:
    """D12: an unknown hard stop or capacity gives neither limit nor price; other grounds leave them as a proposal."""
    decision = decided(with_company(FIRST, **change))
    assert decision.outcome is REFERRED
    assert decision.limit == (None if limit is None else kronor(limit))
    assert keys(decision, subject="company") == [f"referral.{key}"]


def test_three_remarks_are_priced_and_four_are_referred() -> None:
    """D2: remarks may price or refer, and do not decline."""
    assert decided(with_company(FIRST, remarks=known(3))).outcome is COUNTER_OFFER
    assert decided(with_company(FIRST, remarks=known(4))).outcome is REFERRED


def test_a_company_that_no_bureau_knows_is_referred_with_a_registration_certificate() -> None:
    """D10: a week-old company is not refused (A2), and the one ground is what to do about it."""
    decision = decided(without_company_report(FIRST, no_match=True))
    assert (decision.outcome, decision.limit) == (REFERRED, None)
    assert keys(decision) == ["referral.company_no_match"]


def test_a_guarantor_whom_no_bureau_knows_is_referred() -> None:
    """D10: a person without a match refers like a company without one."""
    facts = replace(FIRST, guarantors=(without_person_report(GUARANTOR, no_match=True),))
    decision = decided(facts)
    assert (decision.outcome, decision.limit) == (REFERRED, None)
    assert keys(decision) == ["referral.person_no_match"]


def test_a_sole_trader_whom_no_bureau_knows_is_referred_on_one_ground() -> None:
    """D10: the owner's report is the company's (B1), so that one ground stands for both."""
    assert SOLE_TRADER.owner is not None
    facts = replace(SOLE_TRADER, owner=without_person_report(SOLE_TRADER.owner, no_match=True))
    assert keys(decided(without_company_report(facts, no_match=True))) == ["referral.company_no_match"]


def test_a_hard_stop_is_declined_although_other_facts_are_unknown() -> None:
    """D10: what is known to stop is not referred for what is not known."""
    facts = with_company(FIRST, kronofogden_debt=UNKNOWN, remarks=UNKNOWN, bankruptcy=known(True))
    assert decided(facts).outcome is DECLINED


@pytest.mark.parametrize("name", ["status", "kronofogden_debt"])
def test_an_unknown_stop_or_debt_is_referred_although_the_declared_surplus_is_too_small(name: str) -> None:
    """D12: no case is declined automatically for its capacity while a fact of the decline test is unknown."""
    facts = with_company(with_application(FIRST, costs=kronor(400_000)), **{name: UNKNOWN})
    assert (decided(facts).outcome, decided(facts).limit) == (REFERRED, None)


def test_a_fee_above_the_one_signed_is_a_counter_offer_even_for_the_whole_amount() -> None:
    """A3: the signed text states the highest fee rate; what is dearer has to be accepted."""
    facts = with_application(FIRST, asked=kronor(200_000), highest_fee_rate=Decimal("0.0149"))
    decision = decided(facts)
    assert (decision.outcome, decision.limit, keys(decision)) == (
        COUNTER_OFFER,
        kronor(200_000),
        ["bound.signed_fee_rate"],
    )
    assert decided(with_application(facts, highest_fee_rate=Decimal("0.015"))).outcome is APPROVED


def test_an_amount_asked_for_is_given_to_the_ore() -> None:
    """D1: only the capacity is rounded, never what is asked for."""
    decision = decided(with_application(FIRST, asked=kronor("200000.50")))
    assert (decision.outcome, decision.limit) == (APPROVED, kronor("200000.50"))


@pytest.mark.parametrize(
    ("in_time", "late", "expected"),
    [
        (known(0), known(0), 1),
        (ABSENT, ABSENT, 1),
        (known(1), known(0), 4),
        (known(9), known(1), 2),
        (known(9), known(2), 0),
        (known(0), known(1), 0),
        (ABSENT, known(1), 0),
        (UNKNOWN, known(0), 0),
        (known(9), UNKNOWN, 0),
    ],
)
def test_a_record_of_payments_to_the_lender_scores_by_the_share_paid_late(
    in_time: Any, late: Any, expected: int
) -> None:
    """D13: nothing to pay yet is known and neither merit nor fault; a tenth is late at most for two points."""
    decision = decided(with_history(FIRST, claims_paid_in_time=in_time, claims_paid_late=late))
    assert points(decision, "payment_record") == expected


@pytest.mark.parametrize("form", [CompanyForm.AB, CompanyForm.HB, CompanyForm.KB, CompanyForm.EF])
def test_a_form_of_company_has_a_highest_limit(form: CompanyForm) -> None:
    """D1: what the surplus and the grade would bear is held to the form's cap, and is offered."""
    facts = with_application(SOLE_TRADER if form is CompanyForm.EF else FIRST, **RICH, form=form)
    facts = with_company(facts, **FLAWLESS, form=known(form))
    most = {CompanyForm.AB: 2_000_000, CompanyForm.HB: 1_000_000, CompanyForm.KB: 1_000_000, CompanyForm.EF: 500_000}
    decision = decided(facts)
    assert (decision.outcome, decision.limit) == (COUNTER_OFFER, kronor(most[form]))
    assert "bound.form_cap" in keys(decision)


@pytest.mark.parametrize(
    ("history", "limit", "key"),
    [
        ({"exposure": known(kronor(1_500_000))}, 1_000_000, "bound.company_exposure"),
        ({"exposure": known(kronor("1500000.01"))}, 999_000, "bound.company_exposure"),
        ({"exposure": known(kronor(2_480_000))}, 20_000, "bound.company_exposure"),
        ({"exposure": known(kronor(2_480_001))}, None, "referral.exposure"),
        ({"exposure": known(kronor(9_000_000))}, None, "referral.exposure"),
        ({"group_exposure": known(kronor(3_000_000))}, 1_000_000, "bound.group_exposure"),
        ({"group_exposure": known(kronor(3_980_000))}, 20_000, "bound.group_exposure"),
        ({"group_exposure": known(kronor(3_990_000))}, None, "referral.exposure"),
        ({"exposure": UNKNOWN}, None, "referral.own_books_unknown"),
        ({"group_exposure": UNKNOWN}, None, "referral.own_books_unknown"),
    ],
)
def test_credits_that_are_out_already_leave_room_for_so_much(
    history: dict[str, Any], limit: int | None, key: str
) -> None:
    """D2: of 2 500 000 with a company, 4 000 000 with its group; less than the smallest amount is never a decline."""
    decision = decided(with_history(with_company(with_application(FIRST, **RICH), **FLAWLESS), **history))
    assert (decision.outcome, decision.limit) == ((REFERRED, None) if limit is None else (COUNTER_OFFER, kronor(limit)))
    assert keys(decision) == [key]


@pytest.mark.parametrize(
    ("person", "limit", "key"),
    [
        ({"other_guarantees": kronor(2_000_000)}, 1_000_000, "bound.guarantor_exposure"),
        ({"promised_guarantees": known(kronor(4_500_000))}, 500_000, "bound.guarantor_exposure"),
        ({"other_guarantees": kronor(2_990_000)}, None, "referral.guarantor_exposure"),
        ({"promised_guarantees": known(kronor(9_000_000))}, None, "referral.guarantor_exposure"),
        ({"promised_guarantees": UNKNOWN}, None, "referral.guarantor_exposure"),
    ],
)
def test_one_guarantor_stands_for_so_much_over_all_credits(person: dict[str, Any], limit: int | None, key: str) -> None:
    """G6: 3 000 000 at risk and 5 000 000 promised; another with more room makes up for the one without (D12)."""
    rich = with_company(with_application(FIRST, **RICH), **FLAWLESS)
    decision = decided(with_guarantor(rich, **person))
    assert decision.limit == (None if limit is None else kronor(limit))
    assert keys(decision, subject="guarantor-1") == [key]
    other = replace(GUARANTOR, reference="guarantor-2")
    both = decided(
        replace(with_guarantor(rich, **person), guarantors=(*with_guarantor(rich, **person).guarantors, other))
    )
    assert both.limit == kronor(2_000_000)


def test_a_payment_that_is_late_now_refers_with_a_limit_as_a_proposal() -> None:
    """D1: a person looks before more is lent; it is no ground for a decline (D2)."""
    decision = decided(with_history(FIRST, overdue=known(kronor("0.01")), claims_paid_late=known(1)))
    assert (decision.outcome, decision.limit, keys(decision)[0]) == (REFERRED, kronor(218_000), "referral.own_arrears")
    unread = decided(with_history(FIRST, overdue=UNKNOWN))
    assert (unread.outcome, keys(unread)[0]) == (REFERRED, "referral.own_books_unknown")


def test_the_lenders_own_books_never_come_before_the_capacity() -> None:
    """D2: too small a surplus is declined whatever the books say, or do not say."""
    poor = with_application(FIRST, costs=kronor(350_000))
    for history in ({"exposure": UNKNOWN}, {"exposure": known(kronor(9_000_000))}, {"overdue": known(kronor(1))}):
        assert decided(with_history(poor, **dict[str, Any](history))).outcome is DECLINED


def test_what_policy_1_decided_is_decided_again_to_the_byte() -> None:
    """D7: stored facts from before the lender's own books were read, by the document that decided then."""
    stored = json.loads((DATA / "decisions-by-policy-1.json").read_text())
    assert len(stored) == 10
    for case in stored:
        facts = facts_from_json(json.dumps(case["facts"]))
        again = decision_to_json(decide(facts, shipped_policy("1")))
        assert json.loads(again) == case["decision"], case["case"]
        assert again == json.dumps(case["decision"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert facts.history.any_unknown()


def test_facts_kept_before_the_own_books_were_read_get_no_limit_by_a_policy_that_limits_exposure() -> None:
    """D12: what was not looked at is unknown, and never none."""
    stored = json.loads((DATA / "decisions-by-policy-1.json").read_text())
    facts = facts_from_json(json.dumps(stored[0]["facts"]))
    decision = decide(facts, shipped_policy("2"))
    assert (decision.outcome, decision.limit) == (REFERRED, None)


def test_a_decision_names_the_policy_that_gave_it() -> None:
    """D7: version and hash."""
    decision = decided(FIRST)
    assert (decision.policy_version, decision.policy_sha256) == ("2", shipped_policy().sha256)
