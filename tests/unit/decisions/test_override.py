"""What an underwriter may determine, and what that makes of the case."""

from dataclasses import replace
from decimal import Decimal

import pytest

from underwriting.decisions.override import (
    NO_GROUND_FOR_DECLINE,
    REASON_TEXTS,
    Determination,
    DueDiligenceIncomplete,
    HardStopStands,
    ReasonCode,
    ReferredCase,
    outcome_of,
)
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome

CASE = ReferredCase(
    asked=Money.kronor(200_000),
    smallest_amount=Money.kronor(20_000),
    signed_fee_rate=Decimal("0.045"),
    fee_rates=frozenset(map(Decimal, ("0.0150", "0.0200", "0.0275", "0.0350", "0.0450"))),
    hard_stop=False,
    due_diligence_gap=False,
    declined_before=False,
)
APPROVE = Determination(
    outcome=DecisionOutcome.APPROVED,
    limit=Money.kronor(200_000),
    fee_rate=Decimal("0.0200"),
    reason_code=ReasonCode.DOCUMENTS_SEEN,
)
DECLINE = Determination(
    outcome=DecisionOutcome.DECLINED, limit=None, fee_rate=None, reason_code=ReasonCode.ABILITY_TO_PAY
)
LESS = replace(APPROVE, limit=Money.kronor(150_000))
OFFER = replace(LESS, outcome=DecisionOutcome.COUNTER_OFFER)


def pointers(determination: Determination, case: ReferredCase = CASE) -> dict[str, str | None]:
    with pytest.raises(InvalidInput) as refused:
        outcome_of(determination, case)
    return {error.pointer: error.rule for error in refused.value.errors}


@pytest.mark.parametrize(
    ("determination", "case", "outcome"),
    [
        (APPROVE, CASE, DecisionOutcome.APPROVED),
        (LESS, CASE, DecisionOutcome.COUNTER_OFFER),
        (OFFER, CASE, DecisionOutcome.COUNTER_OFFER),
        # a fee above the one that was signed is worse than asked
        (APPROVE, replace(CASE, signed_fee_rate=Decimal("0.0150")), DecisionOutcome.COUNTER_OFFER),
        # after a decline was sent nothing binds the applicant any more
        (APPROVE, replace(CASE, declined_before=True), DecisionOutcome.COUNTER_OFFER),
        (replace(APPROVE, outcome=DecisionOutcome.COUNTER_OFFER), replace(CASE, declined_before=True), "counter_offer"),
        (DECLINE, CASE, DecisionOutcome.DECLINED),
        (DECLINE, replace(CASE, hard_stop=True, due_diligence_gap=True), DecisionOutcome.DECLINED),
    ],
)
def test_worse_terms_or_terms_after_a_decline_are_an_offer(
    determination: Determination, case: ReferredCase, outcome: str
) -> None:
    """D8: approved is only what the applicant has bound themselves to."""
    assert outcome_of(determination, case) == outcome


def test_the_terms_asked_for_are_not_called_an_offer() -> None:
    """D1: a counter-offer is worse than asked."""
    assert pointers(replace(APPROVE, outcome=DecisionOutcome.COUNTER_OFFER)) == {"/outcome": "D1"}


@pytest.mark.parametrize("code", list(ReasonCode))
def test_history_alone_declines_nobody(code: ReasonCode) -> None:
    """D2: no remark, rating, age, number of employees or past turnover; and D3: no guarantor's remark."""
    determination = replace(DECLINE, reason_code=code)
    history = {
        ReasonCode.COMPANY_REMARKS: "D2",
        ReasonCode.RATING: "D2",
        ReasonCode.COMPANY_AGE: "D2",
        ReasonCode.EMPLOYEES: "D2",
        ReasonCode.PAST_TURNOVER: "D2",
        ReasonCode.GUARANTOR_REMARKS: "D3",
    }
    if code in history:
        assert pointers(determination) == {"/reason_code": history[code]}
    else:
        assert outcome_of(determination, CASE) is DecisionOutcome.DECLINED
    assert outcome_of(replace(OFFER, reason_code=code), CASE) is DecisionOutcome.COUNTER_OFFER


def test_a_limit_below_the_smallest_amount_stays_referred() -> None:
    """D2: it would be a decline in disguise."""
    assert pointers(replace(OFFER, limit=Money(1_999_999))) == {"/limit": "D2"}
    assert outcome_of(replace(OFFER, limit=Money.kronor(20_000)), CASE) is DecisionOutcome.COUNTER_OFFER


def test_nobody_is_given_more_than_they_asked_for() -> None:
    """D8: the override is of what was asked for."""
    assert pointers(replace(APPROVE, limit=Money(20_000_001))) == {"/limit": "D8"}


@pytest.mark.parametrize("rate", ["0.0100", "0.0201", "0.0500"])
def test_the_fee_is_one_of_the_price_table(rate: str) -> None:
    """D8: within the price table."""
    assert pointers(replace(APPROVE, fee_rate=Decimal(rate))) == {"/fee_rate": "D8"}


def test_every_fault_is_told_at_once() -> None:
    wrong = Determination(outcome=DecisionOutcome.APPROVED, limit=None, fee_rate=None, reason_code="because")
    assert pointers(wrong) == {"/reason_code": "D8", "/limit": "D8", "/fee_rate": "D8"}


@pytest.mark.parametrize("determination", [APPROVE, OFFER])
def test_a_hard_stop_is_not_overridden(determination: Determination) -> None:
    """D10: whatever the reason."""
    with pytest.raises(HardStopStands) as refused:
        outcome_of(determination, replace(CASE, hard_stop=True))
    assert refused.value.rule == "D10"


@pytest.mark.parametrize("determination", [APPROVE, OFFER])
def test_without_due_diligence_no_credit(determination: Determination) -> None:
    """K1: what is missing is asked for first."""
    with pytest.raises(DueDiligenceIncomplete) as refused:
        outcome_of(determination, replace(CASE, due_diligence_gap=True))
    assert refused.value.rule == "K1"


def test_every_reason_can_be_read_in_both_languages() -> None:
    assert REASON_TEXTS.keys() == set(ReasonCode)
    assert all(text.sv and text.en for text in REASON_TEXTS.values())
    assert NO_GROUND_FOR_DECLINE.keys() <= REASON_TEXTS.keys()
