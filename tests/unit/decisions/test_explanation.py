from dataclasses import replace
from decimal import Decimal

import pytest

from bureau_clients.reports import CompanyStatus, RatingGrade
from tests.support.decision_facts import (
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
)
from underwriting.decisions.explanation import (
    MOST_OFFERED,
    NO_OFFER,
    REPLACE_GUARANTOR,
    UNDER_ASSESSMENT,
    Audience,
    Explanation,
    Reason,
    explain,
)
from underwriting.decisions.facts import Facts, Screening
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.scoring import decide
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

APPLICANT, GUARANTOR_TOLD, STAFF = Audience.APPLICANT, Audience.GUARANTOR, Audience.STAFF
WEAK = replace(GUARANTOR, reference="guarantor-2", income=UNKNOWN, remarks=known(4), protected=known(True))


def told(facts: Facts, audience: Audience, guarantor: str | None = None) -> Explanation:
    policy = shipped_policy()
    return explain(decide(facts, policy), policy, audience=audience, guarantor=guarantor)


def everything(explanation: Explanation) -> tuple[Reason, ...]:
    return explanation.strongest + explanation.others


def english(explanation: Explanation) -> list[str]:
    return [reason.text.en for reason in everything(explanation)]


def test_the_three_strongest_reasons_come_first() -> None:
    """D7: what bounds the limit, then points lost: 12 of 30 (8.75 %), 6 of 8 (two remarks), 3 of 10 (35 000 kr)."""
    explanation = told(with_company(FIRST, remarks=known(2)), STAFF)
    assert [(reason.points, reason.most) for reason in explanation.strongest] == [(None, None), (18, 30), (2, 8)]
    assert explanation.strongest[0].text == Text(
        "Beloppet är det högsta som det väntade överskottet bär på den sökta löptiden",
        "The amount is the highest that the expected surplus carries over the term asked for",
    )
    assert explanation.strongest[2].title == Text("Företagets betalningsanmärkningar", "The company's payment remarks")
    assert (explanation.others[0].points, explanation.others[0].most) == (7, 10)


def test_staff_is_told_every_rule_that_fired() -> None:
    """D7: each rule with its points, of everybody."""
    facts = with_due_diligence(replace(FIRST, guarantors=(GUARANTOR, WEAK)), sanctions=Screening.POSSIBLE)
    decision = decide(facts, shipped_policy())
    reasons = everything(told(facts, STAFF))
    assert len(reasons) == len(decision.trace)
    counted = [reason for reason in reasons if reason.subject != "guarantor-2"]
    assert sum(reason.points or 0 for reason in counted) == decision.points


def test_a_guarantor_who_does_not_count_is_explained_last() -> None:
    """D7: the points of a weaker guarantor took nothing away."""
    others = told(replace(FIRST, guarantors=(GUARANTOR, replace(WEAK, protected=known(False)))), STAFF).others
    assert [reason.subject for reason in others[-4:]] == ["guarantor-2"] * 4


def test_the_applicant_is_never_told_of_a_guarantor() -> None:
    """D7: neither facts, points nor reasons, nor points of its own from which a guarantor's could be worked out."""
    explanation = told(replace(FIRST, guarantors=(GUARANTOR, WEAK)), APPLICANT)
    assert {reason.subject for reason in everything(explanation)} == {"company", "terms"}
    assert {reason.points for reason in everything(explanation)} == {None}
    assert {reason.most for reason in everything(explanation)} == {None}


def test_what_the_applicant_is_told_is_the_same_whatever_a_guarantors_report_says() -> None:
    """D7: two guarantors with other facts and the same outcome, grade and limit give the applicant the same words."""
    facts = with_company(FIRST, rating=known(RatingGrade.A))
    other = with_guarantor(facts, remarks=known(2), kronofogden_debt=known(kronor(0)))
    assert decide(facts, shipped_policy()).grade == decide(other, shipped_policy()).grade
    assert decide(facts, shipped_policy()).points != decide(other, shipped_policy()).points
    assert told(facts, APPLICANT) == told(other, APPLICANT)


def test_a_guarantor_is_told_of_nobody_else() -> None:
    """D7: the own part with its points, and nothing of company, terms or other guarantors."""
    explanation = told(replace(FIRST, guarantors=(GUARANTOR, WEAK)), GUARANTOR_TOLD, "guarantor-2")
    assert {reason.subject for reason in everything(explanation)} == {"guarantor-2"}
    assert [reason.points for reason in explanation.strongest] == [None, 0, 1]
    assert explanation.strongest[0].text.en == (
        "The person has a protected identity, so an underwriter looks at the application"
    )
    assert explanation.replace == ()


def test_an_applicant_whose_case_a_guarantor_refers_is_told_that_it_is_assessed() -> None:
    """D7: the ground is the guarantor's."""
    explanation = told(with_guarantor(FIRST, emigrated=known(True)), APPLICANT)
    assert explanation.strongest[0].text == UNDER_ASSESSMENT
    assert not any(text.startswith("The amount is") for text in english(explanation))  # nothing is offered yet


@pytest.mark.parametrize("found", [{"sanctions": Screening.CONFIRMED}, {"sanctions": Screening.POSSIBLE}])
def test_sanctions_are_for_staff_only(found: dict[str, Screening]) -> None:
    """D7: applicant and guarantor read nothing of them."""
    facts = with_due_diligence(with_application(FIRST, asked=kronor(200_000)), gaps=("owners",), **found)
    assert any("sanctions list" in text for text in english(told(facts, STAFF)))
    for explanation in (told(facts, APPLICANT), told(facts, GUARANTOR_TOLD, "guarantor-1")):
        for reason in everything(explanation):
            assert "sanction" not in reason.text.sv + reason.text.en
            assert "Know-your-customer" not in reason.text.en
            assert reason.subject != "due_diligence"
    placeholder = NO_OFFER if found["sanctions"] is Screening.CONFIRMED else UNDER_ASSESSMENT
    assert told(facts, APPLICANT).strongest[0].text == placeholder


def test_a_decline_is_explained_to_the_applicant_by_its_ground_alone() -> None:
    """D2: remarks are no ground for a decline, and are not named as one."""
    facts = with_application(with_company(FIRST, remarks=known(3)), costs=kronor(350_000))
    assert english(told(facts, APPLICANT)) == [
        "The expected surplus does not carry the smallest amount over the term asked for"
    ]
    assert english(told(with_company(FIRST, status=known(CompanyStatus.LIQUIDATION)), APPLICANT)) == [
        "The company is in liquidation"
    ]


def test_a_guarantor_who_is_a_hard_stop_is_to_be_replaced_and_nothing_more_is_said() -> None:
    """D10: the applicant is told whom to replace, not why; the guarantor is told why."""
    facts = with_guarantor(replace(FIRST, guarantors=(GUARANTOR, WEAK)), trustee=known(True))
    applicant = told(facts, APPLICANT)
    assert [reason.text for reason in everything(applicant)] == [REPLACE_GUARANTOR]
    assert applicant.replace == ("guarantor-1",)
    assert told(facts, STAFF).replace == ("guarantor-1",)
    assert told(facts, GUARANTOR_TOLD, "guarantor-1").strongest[0].text.en == "The person has a trustee"
    assert "The person has a trustee" not in english(told(facts, GUARANTOR_TOLD, "guarantor-2"))


def test_a_sole_trader_is_told_of_the_owner() -> None:
    """D7: the owner is the applicant; there is nobody to replace."""
    explanation = told(with_owner(SOLE_TRADER, trustee=known(True)), APPLICANT)
    assert (english(explanation), explanation.replace) == (["The person has a trustee"], ())
    assert {reason.subject for reason in everything(told(SOLE_TRADER, APPLICANT))} == {"company", "owner"}


def test_a_full_approval_is_explained_by_what_cost_points() -> None:
    """D7: without a ground that limits, the points lost come first, and no sentence stands in for anything."""
    explanation = told(with_application(FIRST, asked=kronor(200_000)), APPLICANT)
    assert explanation.strongest[0].text.en == (
        "At least 5% of the expected revenue is left over with 10% less revenue"
    )
    assert {UNDER_ASSESSMENT, NO_OFFER, REPLACE_GUARANTOR}.isdisjoint(reason.text for reason in everything(explanation))


def test_a_fee_above_the_signed_one_is_named() -> None:
    """D1: what is worse than asked for is told."""
    facts = with_application(FIRST, asked=kronor(200_000), highest_fee_rate=Decimal("0.01"))
    assert told(facts, APPLICANT).strongest[0].text.en == (
        "The fee is higher than the highest one that the application stated"
    )


def test_a_decision_is_not_explained_by_another_policy_or_to_nobody() -> None:
    """D7: reasons are those of the policy that decided."""
    policy = shipped_policy()
    decision = decide(FIRST, policy)
    with pytest.raises(ValueError, match="policy"):
        explain(replace(decision, policy_sha256="0" * 64), policy, audience=STAFF)
    with pytest.raises(ValueError, match="guarantor"):
        explain(decision, policy, audience=GUARANTOR_TOLD)
    with pytest.raises(ValueError, match="guarantor"):
        explain(decision, policy, audience=APPLICANT, guarantor="guarantor-1")


def test_the_applicant_is_not_told_of_a_guarantors_other_guarantees() -> None:
    """D7, G6: the guarantor is, and the applicant that the amount is the highest that can be offered."""
    facts = with_guarantor(FIRST, promised_guarantees=known(kronor(4_900_000)))
    assert decide(facts, shipped_policy()).limit == kronor(100_000)  # of 5 000 000
    applicant, guarantor = told(facts, APPLICANT), told(facts, Audience.GUARANTOR, guarantor="guarantor-1")
    assert applicant.strongest[0].text == MOST_OFFERED
    assert (
        guarantor.strongest[0].text.en
        == "The amount is the highest that fits with the person's other guarantees with us"
    )
    assert not any("guarantees" in reason.text.en for reason in (*applicant.strongest, *applicant.others))
    full = told(with_guarantor(FIRST, promised_guarantees=known(kronor(4_990_000))), APPLICANT)
    assert full.strongest[0].text == UNDER_ASSESSMENT


@pytest.mark.parametrize(
    ("exposure", "text"), [(kronor(3_900_000), MOST_OFFERED), (kronor(3_990_000), UNDER_ASSESSMENT)]
)
def test_the_applicant_is_not_told_of_the_credits_of_others_in_the_group(exposure: Money, text: Text) -> None:
    """D7: what another company of the same owner owes is not the applicant's to know; staff are told."""
    facts = with_history(FIRST, group_exposure=known(exposure))
    assert told(facts, APPLICANT).strongest[0].text == text
    assert not any(reason.subject == "group" for reason in everything(told(facts, APPLICANT)))
    assert any(reason.subject == "group" for reason in everything(told(facts, STAFF)))
