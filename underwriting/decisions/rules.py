"""The words and the arithmetic of a credit decision: what may be scored, what stops, what refers, and the capacity.

Amounts are whole öre and quotients are exact pairs of whole numbers; nothing is rounded but where a docstring says so.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

Quotient = tuple[int, int]
"""Numerator and denominator; the denominator is 0 or more, and 0 where there is nothing to divide by."""

RATINGS = ("A", "B", "C", "D", "E")
"""The letters of a company's rating, best first."""

COMPANY = "company"
"""The subject of an entry of a trace that concerns the company."""
OWNER = "owner"
"""The subject of an entry that concerns the owner of an enskild firma."""
DUE_DILIGENCE = "due_diligence"
"""The subject of an entry about sanctions or money laundering, which is for staff only (rule D7)."""
GROUP = "group"
"""The subject of an entry about other companies of the group, which is for staff only: their credits are theirs."""
TERMS = "terms"
"""The subject of an entry about the limit or the price class."""


class Looks(StrEnum):
    """Which way a characteristic looks (rule D4)."""

    FUTURE = "future"
    HISTORY = "history"


class Card(StrEnum):
    """The scorecards: the ability to pay, the company and the guarantor that counts."""

    ABILITY = "ability"
    COMPANY = "company"
    GUARANTOR = "guarantor"


class Better(StrEnum):
    """Which values of a characteristic are the better ones."""

    HIGHER = "higher"
    LOWER = "lower"
    NAMED = "named"  # the letters of RATINGS, in that order


class Absence(StrEnum):
    """What it means that a value is known to be absent, and so what it may score (rules D12, D13)."""

    NONE_OF_IT = "none_of_it"  # no remark, no debt: as good as the best bin
    NOTHING_TO_SHOW = "nothing_to_show"  # no income, not registered: at most as good as the worst bin
    NOT_SAID = "not_said"  # no rating, nothing to pay yet: neither merit nor fault, between worst and best


class Unit(StrEnum):
    """What the limits of a characteristic's bins are written in."""

    SHARE = "share"  # a decimal fraction
    KRONOR = "kronor"
    COUNT = "count"
    LETTER = "letter"


class Measure(StrEnum):
    """Every characteristic that may be scored, and no other (rule D17)."""

    SURPLUS_SHARE = "surplus_share"
    DEBT_BURDEN = "debt_burden"
    SURPLUS = "surplus"
    RATING = "rating"
    COMPANY_REMARKS = "company_remarks"
    YEARS_REGISTERED = "years_registered"
    PAYMENT_RECORD = "payment_record"
    INCOME = "income"
    PERSON_REMARKS = "person_remarks"
    PERSON_DEBT = "person_debt"
    GUARANTEES_TO_INCOME = "guarantees_to_income"


class Kind(NamedTuple):
    """What a measure is: its scorecard, which way it looks, its better values, its unit, and what it may lack.

    *absence* is None where it cannot be absent.
    """

    card: Card
    looks: Looks
    better: Better
    unit: Unit
    absence: Absence | None
    may_be_unknown: bool


_NONE_OF_IT, _NOTHING_TO_SHOW, _NOT_SAID = Absence

# The surplus is never unknown: while the debt at Kronofogden is, the figures declared are measured, the burden of debts
# scores as unknown, and the case is referred without limit, price or grade, so that no one is better off.
KINDS: Mapping[Measure, Kind] = MappingProxyType(
    {
        Measure.SURPLUS_SHARE: Kind(Card.ABILITY, Looks.FUTURE, Better.HIGHER, Unit.SHARE, None, False),
        Measure.DEBT_BURDEN: Kind(Card.ABILITY, Looks.FUTURE, Better.LOWER, Unit.SHARE, None, True),
        Measure.SURPLUS: Kind(Card.ABILITY, Looks.FUTURE, Better.HIGHER, Unit.KRONOR, None, False),
        Measure.RATING: Kind(Card.COMPANY, Looks.HISTORY, Better.NAMED, Unit.LETTER, _NOT_SAID, True),
        Measure.COMPANY_REMARKS: Kind(Card.COMPANY, Looks.HISTORY, Better.LOWER, Unit.COUNT, _NONE_OF_IT, True),
        Measure.YEARS_REGISTERED: Kind(Card.COMPANY, Looks.HISTORY, Better.HIGHER, Unit.COUNT, _NOTHING_TO_SHOW, True),
        Measure.PAYMENT_RECORD: Kind(Card.COMPANY, Looks.HISTORY, Better.LOWER, Unit.SHARE, _NOT_SAID, True),
        Measure.INCOME: Kind(Card.GUARANTOR, Looks.HISTORY, Better.HIGHER, Unit.KRONOR, _NOTHING_TO_SHOW, True),
        Measure.PERSON_REMARKS: Kind(Card.GUARANTOR, Looks.HISTORY, Better.LOWER, Unit.COUNT, _NONE_OF_IT, True),
        Measure.PERSON_DEBT: Kind(Card.GUARANTOR, Looks.HISTORY, Better.LOWER, Unit.KRONOR, _NONE_OF_IT, True),
        Measure.GUARANTEES_TO_INCOME: Kind(
            Card.GUARANTOR, Looks.HISTORY, Better.LOWER, Unit.SHARE, _NOTHING_TO_SHOW, True
        ),
    }
)
"""What each measure is."""

OWN_BOOKS = frozenset({Measure.PAYMENT_RECORD})
"""The measures that read the lender's own books alone, and no report."""


class HardStop(StrEnum):
    """What declines whatever the rest says (rule D10); the list is closed."""

    BANKRUPTCY = "bankruptcy"
    LIQUIDATION = "liquidation"
    DEREGISTERED = "deregistered"
    MINOR = "minor"
    DECEASED = "deceased"
    BLOCKED = "blocked"
    TRUSTEE = "trustee"
    SANCTIONS = "sanctions"


class Referral(StrEnum):
    """What sends a case to an underwriter (rules D2, D10, D12, D16, G6, K1)."""

    COMPANY_NO_MATCH = "company_no_match"
    COMPANY_STATUS_UNKNOWN = "company_status_unknown"
    COMPANY_DEBT_UNKNOWN = "company_debt_unknown"
    COMPANY_REMARKS_UNKNOWN = "company_remarks_unknown"
    ACCOUNTS_UNKNOWN = "accounts_unknown"
    COMPANY_REMARKS = "company_remarks"
    FORM_UNCONFIRMED = "form_unconfirmed"
    INACTIVE = "inactive"
    RECONSTRUCTION = "reconstruction"
    PERSON_NO_MATCH = "person_no_match"
    PERSON_STATUS_UNKNOWN = "person_status_unknown"
    PERSON_CIRCUMSTANCES_UNKNOWN = "person_circumstances_unknown"
    NUMBER_RETIRED = "number_retired"
    PROTECTED_IDENTITY = "protected_identity"
    EMIGRATED = "emigrated"
    DEBT_RESTRUCTURING = "debt_restructuring"
    TRADING_PROHIBITION = "trading_prohibition"
    DORMANT_COORDINATION_NUMBER = "dormant_coordination_number"
    POSSIBLE_SANCTIONS = "possible_sanctions"
    SANCTIONS_UNKNOWN = "sanctions_unknown"
    POLITICALLY_EXPOSED = "politically_exposed"
    DUE_DILIGENCE_GAP = "due_diligence_gap"
    GRADE = "grade"
    OWN_BOOKS_UNKNOWN = "own_books_unknown"
    OWN_ARREARS = "own_arrears"
    EXPOSURE = "exposure"
    GUARANTOR_EXPOSURE = "guarantor_exposure"


class Bound(StrEnum):
    """What may make an offer worse than what was asked for (rule D1)."""

    CAPACITY = "capacity"
    GRADE_CAP = "grade_cap"
    WITHOUT_ACCOUNTS = "without_accounts"
    FORM_CAP = "form_cap"
    COMPANY_EXPOSURE = "company_exposure"
    GROUP_EXPOSURE = "group_exposure"
    GUARANTOR_EXPOSURE = "guarantor_exposure"
    SIGNED_FEE_RATE = "signed_fee_rate"  # not the limit: the fee is above what the applicant signed


REFERRAL_RULES: Mapping[Referral, str] = MappingProxyType(
    {
        Referral.COMPANY_NO_MATCH: "D10",
        Referral.COMPANY_STATUS_UNKNOWN: "D12",
        Referral.COMPANY_DEBT_UNKNOWN: "D12",
        Referral.COMPANY_REMARKS_UNKNOWN: "D12",
        Referral.ACCOUNTS_UNKNOWN: "D12",
        Referral.COMPANY_REMARKS: "D2",
        Referral.FORM_UNCONFIRMED: "A1",
        Referral.INACTIVE: "A1",
        Referral.RECONSTRUCTION: "D16",
        Referral.PERSON_NO_MATCH: "D10",
        Referral.PERSON_STATUS_UNKNOWN: "D12",
        Referral.PERSON_CIRCUMSTANCES_UNKNOWN: "D12",
        Referral.NUMBER_RETIRED: "B7",
        Referral.PROTECTED_IDENTITY: "D16",
        Referral.EMIGRATED: "D16",
        Referral.DEBT_RESTRUCTURING: "D16",
        Referral.TRADING_PROHIBITION: "D16",
        Referral.DORMANT_COORDINATION_NUMBER: "D16",
        Referral.POSSIBLE_SANCTIONS: "D16",
        Referral.SANCTIONS_UNKNOWN: "K1",
        Referral.POLITICALLY_EXPOSED: "D16",
        Referral.DUE_DILIGENCE_GAP: "K1",
        Referral.GRADE: "D1",
        Referral.OWN_BOOKS_UNKNOWN: "D12",
        Referral.OWN_ARREARS: "D1",
        Referral.EXPOSURE: "D2",
        Referral.GUARANTOR_EXPOSURE: "G6",
    }
)
"""The rule under which each referral fires."""

LIMIT_REFERRALS = frozenset(
    {Referral.OWN_BOOKS_UNKNOWN, Referral.OWN_ARREARS, Referral.EXPOSURE, Referral.GUARANTOR_EXPOSURE}
)
"""The referrals of a policy that limits exposure; one without limits has no words for them."""

LIMIT_BOUNDS = frozenset({Bound.FORM_CAP, Bound.COMPANY_EXPOSURE, Bound.GROUP_EXPOSURE, Bound.GUARANTOR_EXPOSURE})
"""The bounds of a policy that limits exposure."""

BLIND_REFERRALS = frozenset(
    {
        Referral.COMPANY_NO_MATCH,
        Referral.COMPANY_STATUS_UNKNOWN,
        Referral.COMPANY_DEBT_UNKNOWN,
        Referral.PERSON_NO_MATCH,
        Referral.PERSON_STATUS_UNKNOWN,
        Referral.POSSIBLE_SANCTIONS,
        Referral.SANCTIONS_UNKNOWN,
    }
)
"""The referrals for a hard stop or a capacity that is not known: they give neither limit nor price (rule D12)."""

CARD_RULES: Mapping[Card, str] = MappingProxyType({Card.ABILITY: "D4", Card.COMPANY: "D5", Card.GUARANTOR: "D5"})
"""The rule under which the bins of each scorecard fire."""


def surplus(
    *, revenue: int, costs: int, debt_payments: int, kronofogden_debt: int, revenue_share: Quotient, debt_months: int
) -> Quotient:
    """The stressed surplus of a month, exact, in öre: a share of the revenue less costs, debt payments and a part of
    the debt at Kronofogden. Amounts are öre; the denominator depends on the policy alone.
    """
    share, whole = revenue_share
    scale = whole * debt_months
    left = share * debt_months * revenue - scale * (costs + debt_payments) - whole * kronofogden_debt
    return left, scale


def debt_burden(*, revenue: int, debt_payments: int, kronofogden_debt: int, debt_months: int) -> Quotient:
    """Debt payments and a month's part of the debt at Kronofogden, as a share of the revenue; denominator 0 without."""
    return debt_months * debt_payments + kronofogden_debt, debt_months * revenue


def capacity(monthly_surplus: Quotient, *, term_months: int, margin: Quotient, fee_rate: Quotient) -> int:
    """The principal, in öre rounded down, that the surplus carries with a margin; 0 without surplus.

    In straight instalments the heaviest month is the first: 1/term of the principal and the fee on the whole. At term
    the fee on the whole is paid every month, and what the months leave, put aside, has to be the principal when the
    term is over: term x surplus = principal + term x fee. That is the same principal, so that neither plan is a way to
    a higher limit. *fee_rate* is the policy's highest, so that price and limit do not circle (rule D12).
    """
    amount, scale = monthly_surplus
    if amount <= 0:
        return 0
    fee, fee_whole = fee_rate
    times, times_whole = margin
    heaviest = fee_whole + fee * term_months
    return amount * times_whole * term_months * fee_whole // (scale * times * heaviest)
