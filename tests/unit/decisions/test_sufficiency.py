"""What would have been enough, against the engine itself."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from bureau_clients.reports import CompanyStatus
from tests.support.decision_facts import ABSENT, COMPANY, FIRST, GUARANTOR, known, kronor
from tests.support.decision_strategies import all_facts
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.sufficiency import Sufficiency, enough
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.vocabulary import DecisionOutcome

POLICY, TERMS = shipped_policy(), ProductTerms()
STEP = kronor(1_000)


def asking(facts: Facts, **changes: object) -> Facts:
    return replace(facts, application=replace(facts.application, **changes))  # type: ignore[arg-type]


def approved(facts: Facts) -> bool:
    return decide(facts, POLICY).outcome is DecisionOutcome.APPROVED


def test_the_amount_that_the_surplus_carries_would_have_been_enough() -> None:
    """D14: 35 000 a month carries 35 000 / 1.25 / (1/12 + 0.045) = 218 181 kr, in whole thousands 218 000."""
    found = enough(FIRST, POLICY, terms=TERMS)
    assert found.amount == kronor(218_000)


def test_a_longer_term_would_have_been_enough() -> None:
    """D14: 250 000 kr needs 1/term + 0.045 <= 28 000 / 250 000 = 0.112, which 15 months are the first to reach."""
    assert enough(FIRST, POLICY, terms=TERMS).term_months == 15


def test_an_approval_lacks_nothing() -> None:
    """D14: for a full approval nothing is said."""
    assert enough(asking(FIRST, asked=kronor(200_000)), POLICY, terms=TERMS).is_nothing


@pytest.mark.parametrize("status", [CompanyStatus.BANKRUPT, CompanyStatus.LIQUIDATION])
def test_with_a_hard_stop_nothing_is_enough(status: CompanyStatus) -> None:
    """D10, D14: no amount, term or guarantor lifts it."""
    stopped = replace(FIRST, company=replace(COMPANY, status=known(status)))
    assert enough(stopped, POLICY, terms=TERMS).is_nothing


def test_one_more_guarantor_would_have_been_enough() -> None:
    """D14: 48 points are grade D, to 250 000 kr; no remarks and no debt are 8 points more: grade C, to 500 000."""
    weak = replace(GUARANTOR, income=known(Money.ZERO), remarks=known(4), kronofogden_debt=known(kronor(200_000)))
    company = replace(COMPANY, rating=ABSENT, remarks=known(2), years_registered=known(0))
    figures = {"revenue": kronor(1_000_000), "costs": kronor(840_000), "asked": kronor(400_000), "term_months": 24}
    poor = asking(replace(FIRST, company=company, guarantors=(weak,)), **figures)
    found = enough(poor, POLICY, terms=TERMS)
    assert (found.amount, found.guarantor_income) == (kronor(250_000), Money.ZERO)
    assert found.guarantor_is_enough
    assert found.amount_with_guarantor == kronor(400_000)


def test_without_a_surplus_neither_amount_nor_guarantor_is_enough() -> None:
    """D14, D2: the capacity is what declines."""
    found = enough(asking(FIRST, costs=kronor(360_000)), POLICY, terms=TERMS)
    assert found == Sufficiency()


@settings(max_examples=60)
@given(facts=all_facts())
def test_what_is_said_to_be_enough_passes_and_a_step_more_does_not(facts: Facts) -> None:
    """D14: the answer is the engine's own."""
    found = enough(facts, POLICY, terms=TERMS)
    if found.amount is not None:
        assert approved(asking(facts, asked=found.amount))
        more = found.amount + STEP
        assert more > facts.application.asked or not approved(asking(facts, asked=more))
    if found.term_months is not None:
        asked = facts.application.term_months
        assert approved(asking(facts, term_months=found.term_months))
        nearer = found.term_months + (1 if found.term_months < asked else -1)
        assert not approved(asking(facts, term_months=nearer))
    assert found.amount is None or (found.amount_with_guarantor or Money.ZERO) >= found.amount


def test_a_dearer_fee_than_the_signed_one_is_no_full_approval() -> None:
    """D14, A3: no smaller amount makes the fee one that was signed."""
    found = enough(asking(FIRST, highest_fee_rate=Decimal("0.001")), POLICY, terms=TERMS)
    assert found.amount is None
