from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.decision_facts import kronor
from underwriting.decisions.pricing import fees_of_plan, offer
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import RepaymentPlan

STRAIGHT, AT_TERM = RepaymentPlan


def test_the_fee_at_full_use_is_a_flat_rate_of_the_limit() -> None:
    """D6: 218 000 x 0.0150 = 3 270 and 218 000 x 0.0200 = 4 360."""
    assert offer(kronor(218_000), fee_rate=Decimal("0.0150"), term_months=12, plan=STRAIGHT).monthly_fee == kronor(
        3_270
    )
    assert offer(kronor(218_000), fee_rate=Decimal("0.0200"), term_months=12, plan=STRAIGHT).monthly_fee == kronor(
        4_360
    )


@pytest.mark.parametrize(
    ("limit", "fee"),
    [
        (20_033, 300),  # 300.495
        ("20033.33", 300),  # 300.49995
        ("20033.34", 301),  # 300.5001
        (20_100, 302),  # 301.5, half up
    ],
)
def test_the_fee_is_in_whole_kronor_half_up(limit: int | str, fee: int) -> None:
    """D6: rounded once, at 1.50 %."""
    assert offer(kronor(limit), fee_rate=Decimal("0.0150"), term_months=1, plan=STRAIGHT).monthly_fee == kronor(fee)


def test_the_total_is_the_sum_of_the_fees_of_a_straight_plan() -> None:
    """D6: 120 000 in 12 parts of 10 000 at 1.50 %: 1 800 + 1 650 + ... + 150 = 12 x (1 800 + 150)/2 = 11 700."""
    figures = offer(kronor(120_000), fee_rate=Decimal("0.0150"), term_months=12, plan=STRAIGHT)
    assert (figures.monthly_fee, figures.total_fees) == (kronor(1_800), kronor(11_700))


@pytest.mark.parametrize(
    ("limit", "rate", "term_months", "total"),
    [
        (120_000, "0.0150", 12, 21_600),  # 12 x 1 800; in straight instalments 11 700
        (120_000, "0.0150", 1, 1_800),  # a term of a month is repaid once on either plan
        (20_100, "0.0150", 36, 10_872),  # 36 x 302: each of 301.50 is rounded by itself, half up
        (2_000_000, "0.0450", 36, 3_240_000),  # 36 x 90 000: the dearest there is
        (120_000, "0", 12, 0),
    ],
)
def test_at_term_every_months_fee_is_on_the_whole(limit: int, rate: str, term_months: int, total: int) -> None:
    """D6, F2: the fee is on utilised principal, and none is repaid before the end."""
    asked: dict[str, Any] = {"fee_rate": Decimal(rate), "term_months": term_months}
    assert offer(kronor(limit), **asked, plan=AT_TERM).total_fees == kronor(total)
    assert fees_of_plan(kronor(limit), **asked, plan=AT_TERM) == kronor(total)


@given(
    limit=st.integers(2_000_000, 200_000_000).map(Money),
    rate=st.integers(0, 450).map(lambda hundredths: Decimal(hundredths) / 10_000),
    term_months=st.integers(1, 36),
)
def test_at_term_never_costs_less_than_straight_instalments(limit: Money, rate: Decimal, term_months: int) -> None:
    """D6: as many fees, each on as much or more; the fee of a month at full use is the same."""
    straight, at_term = (offer(limit, fee_rate=rate, term_months=term_months, plan=plan) for plan in RepaymentPlan)
    assert at_term.total_fees >= straight.total_fees
    assert at_term.monthly_fee == straight.monthly_fee
    assert at_term.total_fees.ore == term_months * at_term.monthly_fee.ore
    if term_months == 1:
        assert at_term.total_fees == straight.total_fees


def test_each_months_fee_is_rounded_by_itself() -> None:
    """D6, F2: 100 000 in 3 parts, 33 333.34 and twice 33 333.33; 1.50 % of 100 000, 66 666.66 and 33 333.33 is 1 500,
    1 000 (999.9999) and 500 (499.99995)."""
    assert offer(kronor(100_000), fee_rate=Decimal("0.0150"), term_months=3, plan=STRAIGHT).total_fees == kronor(3_000)


@pytest.mark.parametrize(
    ("rate", "yearly"),
    [
        ("0.0150", "0.1956"),  # 1.015^12 = 1.195618
        ("0.0200", "0.2682"),  # 1.02^12 = 1.268242
        ("0.0275", "0.3848"),  # 1.0275^12 = 1.384784
        ("0.0350", "0.5111"),  # 1.035^12 = 1.511069
        ("0.0450", "0.6959"),  # 1.045^12 = 1.695881
    ],
)
@pytest.mark.parametrize("term_months", [1, 12, 24])
def test_the_yearly_rate_is_the_fee_rate_compounded_where_no_fee_is_rounded(
    rate: str, yearly: str, term_months: int
) -> None:
    """D6: each fee is the rate on the principal of its month, so that the monthly internal rate is the rate itself."""
    for plan in RepaymentPlan:
        figures = offer(kronor(4_800_000), fee_rate=Decimal(rate), term_months=term_months, plan=plan)
        assert figures.effective_yearly_rate == Decimal(yearly)


def test_the_yearly_rate_counts_the_rounding_of_the_fees() -> None:
    """D6: 20 100 for a month costs 302, a rate of 302/20 100 = 1.50249 %, and 1.0150249^12 = 1.195970."""
    figures = offer(kronor(20_100), fee_rate=Decimal("0.0150"), term_months=1, plan=STRAIGHT)
    assert (figures.total_fees, figures.effective_yearly_rate) == (kronor(302), Decimal("0.1960"))


def test_a_fee_of_more_than_the_principal_has_a_yearly_rate_too() -> None:
    """D6: twice the principal after a month is a monthly rate of 2, and 3^12 - 1 = 531 440."""
    figures = offer(kronor(100), fee_rate=Decimal(2), term_months=1, plan=STRAIGHT)
    assert figures.effective_yearly_rate == Decimal("531440.0000")


def test_without_a_fee_the_yearly_rate_is_nothing() -> None:
    """D6: no fee, no rate."""
    figures = offer(kronor(20_000), fee_rate=Decimal(0), term_months=7, plan=STRAIGHT)
    assert (figures.total_fees, figures.effective_yearly_rate) == (Money.ZERO, Decimal("0.0000"))


@pytest.mark.parametrize(
    ("limit", "rate", "term"), [(0, "0.015", 12), (-1, "0.015", 12), (1, "-0.01", 12), (1, "0.01", 0)]
)
@pytest.mark.parametrize("plan", RepaymentPlan)
def test_an_offer_has_a_limit_a_rate_and_a_term(limit: int, rate: str, term: int, plan: RepaymentPlan) -> None:
    with pytest.raises(ValueError, match=r"."):
        offer(kronor(limit), fee_rate=Decimal(rate), term_months=term, plan=plan)
