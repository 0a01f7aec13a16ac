"""Risk classes: a table of customers, each with what raises the class."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.due_diligence.risk import TABLES, Measure, RiskFactor, RiskFacts, RiskTableMissing, assess
from underwriting.due_diligence.rules import Finding
from underwriting.kernel.vocabulary import CompanyForm, RiskClass

ON = date(2026, 2, 20)
LOW, NORMAL, HIGH = RiskClass.LOW, RiskClass.NORMAL, RiskClass.HIGH
CLEAR = RiskFacts(
    form=CompanyForm.AB,
    industry="62010",  # programming
    takes_cash=False,
    high_risk_countries=False,
    politically_exposed=False,
    owner_difference=False,
    owners_known=True,
    has_owner=True,
    owned_through_companies=False,
    sanctions=Finding.CLEAR,
)
ORDER = (LOW, NORMAL, HIGH)


@pytest.mark.parametrize(
    ("changes", "risk_class", "factors"),
    [
        ({}, LOW, set()),
        ({"form": CompanyForm.EF}, LOW, set()),
        ({"form": CompanyForm.HB}, NORMAL, {"partnership"}),
        ({"form": CompanyForm.KB}, NORMAL, {"partnership"}),
        ({"industry": None}, NORMAL, {"industry_unknown"}),
        ({"industry": "56100"}, NORMAL, {"industry_cash"}),  # restaurants
        ({"industry": "92000"}, HIGH, {"industry_high"}),  # gambling
        ({"industry": "92"}, HIGH, {"industry_high"}),
        ({"takes_cash": True}, NORMAL, {"cash"}),
        ({"takes_cash": None}, NORMAL, {"cash_unknown"}),
        ({"high_risk_countries": True}, HIGH, {"high_risk_country"}),
        ({"high_risk_countries": None}, NORMAL, {"countries_unknown"}),
        ({"politically_exposed": True}, HIGH, {"politically_exposed"}),
        ({"politically_exposed": None}, NORMAL, {"exposure_unknown"}),
        ({"owner_difference": True}, HIGH, {"owner_difference"}),
        ({"owners_known": False, "has_owner": False}, NORMAL, {"owners_unknown"}),
        ({"has_owner": False}, NORMAL, {"no_owner"}),
        ({"owned_through_companies": True}, NORMAL, {"owned_through_companies"}),
        ({"sanctions": Finding.POSSIBLE}, HIGH, {"sanctions_match"}),
        ({"sanctions": Finding.CONFIRMED}, HIGH, {"sanctions_match"}),
        ({"sanctions": Finding.UNKNOWN}, NORMAL, {"sanctions_unknown"}),
        ({"takes_cash": True, "politically_exposed": True}, HIGH, {"cash", "politically_exposed"}),
    ],
)
def test_the_gravest_reason_gives_the_class(changes: dict[str, Any], risk_class: RiskClass, factors: set[str]) -> None:
    """K1: every reason is named; without any the class is low."""
    found = assess(replace(CLEAR, **changes), on=ON)
    assert (found.risk_class, {str(row.factor) for row in found.reasons}) == (risk_class, factors)


def test_a_high_class_asks_for_origin_of_funds_and_approval() -> None:
    """K1: enhanced measures are for the high class alone."""
    enhanced = {Measure.ORIGIN_OF_FUNDS, Measure.APPROVAL, Measure.CLOSE_FOLLOW_UP}
    assert enhanced <= set(assess(replace(CLEAR, politically_exposed=True), on=ON).measures)
    assert not enhanced & set(assess(replace(CLEAR, takes_cash=True), on=ON).measures)


def test_every_row_says_why_and_by_which_law() -> None:
    """K1: each factor stands once in each table, in both languages, with its source."""
    for table in TABLES:
        assert sorted(row.factor for row in table.rows) == sorted(RiskFactor)
        assert all(row.text.sv and row.text.en and "2017:630" in str(row.source) for row in table.rows)


def test_before_the_first_table_nobody_is_classed() -> None:
    """K1: a day without a table fails, it never guesses."""
    with pytest.raises(RiskTableMissing):
        assess(CLEAR, on=date(2017, 7, 31))


THREE = st.sampled_from([True, False, None])


@given(
    facts=st.builds(
        RiskFacts,
        form=st.sampled_from(CompanyForm),
        industry=st.sampled_from([None, "62010", "56100", "92000"]),
        takes_cash=THREE,
        high_risk_countries=THREE,
        politically_exposed=THREE,
        owner_difference=st.booleans(),
        owners_known=st.booleans(),
        has_owner=st.booleans(),
        owned_through_companies=st.booleans(),
        sanctions=st.sampled_from(Finding),
    ),
    lost=st.sampled_from(["takes_cash", "industry"]),
)
def test_what_is_not_told_never_makes_a_class_lower_than_the_best_answer(facts: RiskFacts, lost: str) -> None:
    """K1: silence is not rewarded."""
    best = replace(facts, takes_cash=False) if lost == "takes_cash" else replace(facts, industry="62010")
    untold = replace(facts, takes_cash=None) if lost == "takes_cash" else replace(facts, industry=None)
    classes = [ORDER.index(assess(each, on=ON).risk_class) for each in (best, untold)]
    assert classes[0] <= classes[1]
