"""What an offer costs (rule D6): a flat fee per calendar month on utilised credit, and for comparison a yearly rate;
and what the fee of a price class is made of.

The figures rest on full use: paid out on the 1st, and repaid on the last day of each month of the term in equal
instalments, or at term on the last day of the last; each month with its fee on the principal at its start. Used
otherwise, the credit costs accordingly. At term the whole is owed all the time, so that the fees are more kronor; per
krona owed and month they are the same, and so is the yearly rate, but for the rounding of the fees.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext

from underwriting.decisions.policy import PriceTerms
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import RepaymentPlan

_DIGITS = 34
_PRECISION = Decimal("1E-12")  # of the monthly rate; far below what four decimals of the yearly one show
_FOUR_DECIMALS = Decimal("0.0001")
_MONTHS_IN_A_YEAR = 12


def fee_rate_of(default_rate: Decimal, terms: PriceTerms, *, margin: Decimal) -> Decimal:
    """The fee per calendar month that covers a grade: expected loss, cost of funds and margin, rounded up to a step.

    The expected loss of a month is a twelfth of the share that defaults within twelve months, times the share lost of
    it. Both it and the fee are of what is utilised, so that repayment changes neither. All are fractions per month.
    """
    steps = (monthly_loss(default_rate, terms) + terms.cost_of_funds + margin) / terms.rounded_up_to
    return steps.to_integral_value(ROUND_CEILING) * terms.rounded_up_to


def monthly_loss(default_rate: Decimal, terms: PriceTerms) -> Decimal:
    """The expected loss of a month, a fraction of what is utilised; not rounded."""
    return default_rate * terms.loss_given_default / _MONTHS_IN_A_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer's figures. *fee_rate* is a fraction per calendar month; *monthly_fee* is that of a month at full use;
    *total_fees* is the sum over the term on the *plan*; *effective_yearly_rate* has four decimals.
    """

    limit: Money
    fee_rate: Decimal
    term_months: int
    plan: RepaymentPlan
    monthly_fee: Money
    total_fees: Money
    effective_yearly_rate: Decimal


def offer(limit: Money, *, fee_rate: Decimal, term_months: int, plan: RepaymentPlan) -> Offer:
    """The figures of *limit* at *fee_rate* over *term_months*; fees in whole kronor, half up. ValueError without."""
    if limit <= Money.ZERO or fee_rate < 0:
        raise ValueError("an offer has a limit and a fee rate")
    parts = _parts(limit, term_months, plan)
    fees = _fees(limit, parts, fee_rate)
    return Offer(
        limit=limit,
        fee_rate=fee_rate,
        term_months=term_months,
        plan=plan,
        monthly_fee=limit.at_rate_in_kronor(fee_rate),
        total_fees=Money.sum(fees),
        effective_yearly_rate=_yearly_rate(limit, [part + fee for part, fee in zip(parts, fees, strict=True)]),
    )


def fees_of_plan(limit: Money, *, fee_rate: Decimal, term_months: int, plan: RepaymentPlan) -> Money:
    """The sum of the fees over the term on the *plan*, as in `Offer.total_fees`."""
    return Money.sum(_fees(limit, _parts(limit, term_months, plan), fee_rate))


def _parts(limit: Money, term_months: int, plan: RepaymentPlan) -> tuple[Money, ...]:
    """What is repaid at the end of each month of the term."""
    if plan is RepaymentPlan.STRAIGHT:
        return limit.split(term_months)
    if term_months < 1:
        raise ValueError("a term is a month or more")
    return (*(Money.ZERO for _ in range(term_months - 1)), limit)


def _fees(limit: Money, parts: tuple[Money, ...], fee_rate: Decimal) -> list[Money]:
    """The fee of each month, on the principal at its start: the month's highest (rule F2)."""
    fees, principal = [], limit
    for part in parts:
        fees.append(principal.at_rate_in_kronor(fee_rate))
        principal -= part
    return fees


def _yearly_rate(limit: Money, payments: list[Money]) -> Decimal:
    """The monthly rate at which the payments at month ends are worth *limit*, annualised; half up to four decimals."""
    with localcontext() as context:
        context.prec = _DIGITS
        low, high = Decimal(0), Decimal(1)
        while _worth(payments, high) > limit.ore:
            high *= 2
        while high - low > _PRECISION:
            middle = (low + high) / 2
            low, high = (middle, high) if _worth(payments, middle) > limit.ore else (low, middle)
        yearly = (1 + (low + high) / 2) ** _MONTHS_IN_A_YEAR - 1
        return yearly.quantize(_FOUR_DECIMALS, ROUND_HALF_UP)


def _worth(payments: list[Money], rate: Decimal) -> Decimal:
    """What the payments, the first a month from now, are worth now, in öre."""
    worth = Decimal(0)
    for payment in reversed(payments):
        worth = (worth + payment.ore) / (1 + rate)
    return worth
