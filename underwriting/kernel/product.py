"""The lender's own terms: what the product costs, allows and waits for. Law is in `statutes`."""

from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import WindowPolicy


@dataclass(frozen=True, kw_only=True)
class ProductTerms:
    """One set of terms; times of day are Stockholm's."""

    smallest_amount: Money = field(default=Money.kronor(20_000))
    """The least that can be applied for (rule A11)."""
    largest_amount: Money = field(default=Money.kronor(2_000_000))
    """The most that can be applied for (rule A11)."""
    shortest_term: int = 1
    """The shortest term, in months (rule A11)."""
    longest_term: int = 36
    """The longest term, in months (rule A11)."""
    highest_fee_rate: Decimal = Decimal("0.045")
    """The highest fee per calendar month, a fraction of utilised credit, which the applicant signs (rules A3, D6)."""

    draft_days: int = 30
    """Days after which a draft is deleted (rule A3)."""
    binding_days: int = 30
    """Days for which an application binds without a decision (rule A3)."""
    confirmation_days: int = 14
    """Days in which invited guarantors confirm (rule A6)."""
    counter_offer_days: int = 7
    """A counter-offer can be accepted to the end of this day (rule D1)."""
    signing_days: int = 14
    """Days from granted-at in which every signature is given (rule G2)."""
    plan_change_days: int = 14
    """Days from its proposal in which a change of the repayment plan is signed by everybody (rule G7). *Ours.*"""

    same_day_cut_off: time = time(16)
    """The same-day window closes at this time; a request at this very instant is too late (rule C1)."""
    same_day_cancellation_fee: Money = field(default=Money.kronor(1_500))
    """The fee of a cancellation in the same-day window (rule C3)."""
    cancellation_days: int = 5
    """Days after the first payout, which is day 0, in which it can be cancelled (rule C2)."""
    window_policy: WindowPolicy = WindowPolicy.CALENDAR
    """How those days are counted (rule C2)."""
    cancellation_fee: Money = field(default=Money.kronor(1_500))
    """The fee of a cancellation in the payout window (rule C3)."""
    cancellation_repayment_bank_days: int = 3
    """Bank days after the request in which principal and fee are received (rule C6)."""

    guarantee_cap_rate: Decimal = Decimal("1.5")
    """A guarantee's cap, as a multiple of the limit (rule G2)."""
    paper_invoice_fee: Money = field(default=Money.kronor(59))
    """The price of an invoice on paper; by e-mail it is free (rule F4)."""

    company_status_valid_days: int = 7
    """The greatest age of a company's status at payout, in days (rule P4)."""
    report_reuse_days: int = 30
    """Days for which a limited company's report is used again for the same company and role (rule B5)."""


DEFAULT_TERMS = ProductTerms()
"""The terms in force unless the lender sets others."""
