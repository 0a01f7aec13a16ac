"""The lender's own terms."""

from datetime import time
from decimal import Decimal

from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import WindowPolicy


def test_amount_and_term_stay_within_these_limits() -> None:
    """A11: 20 000 to 2 000 000 kr, 1 to 36 months."""
    assert (DEFAULT_TERMS.smallest_amount, DEFAULT_TERMS.largest_amount) == (Money(2_000_000), Money(200_000_000))
    assert (DEFAULT_TERMS.shortest_term, DEFAULT_TERMS.longest_term) == (1, 36)


def test_the_two_windows_close_at_16_00_and_after_five_days() -> None:
    """C1: before 16:00; C2: five calendar days."""
    assert DEFAULT_TERMS.same_day_cut_off == time(16, 0, 0)
    assert (DEFAULT_TERMS.cancellation_days, DEFAULT_TERMS.window_policy) == (5, WindowPolicy.CALENDAR)


def test_either_cancellation_costs_1_500() -> None:
    """C3: two settings, one amount."""
    assert DEFAULT_TERMS.same_day_cancellation_fee == DEFAULT_TERMS.cancellation_fee == Money(150_000)


def test_what_was_paid_out_is_back_within_three_bank_days() -> None:
    """C6: a setting."""
    assert DEFAULT_TERMS.cancellation_repayment_bank_days == 3


def test_an_invoice_on_paper_costs_59() -> None:
    """F4: by e-mail it is free."""
    assert DEFAULT_TERMS.paper_invoice_fee == Money(5_900)


def test_a_guarantee_is_capped_at_one_and_a_half_times_the_limit() -> None:
    """G2: 150 per cent."""
    assert Money.kronor(100_000).at_rate(DEFAULT_TERMS.guarantee_cap_rate) == Money.kronor(150_000)


def test_nothing_waits_for_ever() -> None:
    """A3: 30 days bind and 30 days a draft is kept; A6 and G2: 14 days; D1: 7; P4: 7; B5: 30."""
    assert (DEFAULT_TERMS.binding_days, DEFAULT_TERMS.draft_days) == (30, 30)
    assert (DEFAULT_TERMS.confirmation_days, DEFAULT_TERMS.signing_days) == (14, 14)
    assert (DEFAULT_TERMS.counter_offer_days, DEFAULT_TERMS.company_status_valid_days) == (7, 7)
    assert DEFAULT_TERMS.report_reuse_days == 30


def test_nobody_pays_more_than_four_and_a_half_per_cent_a_month() -> None:
    """A3: the highest fee rate is what the applicant signs."""
    assert DEFAULT_TERMS.highest_fee_rate == Decimal("0.045")
