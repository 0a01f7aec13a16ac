"""What a late claim bears in interest (rule R5) and what it may cost to ask for it again (rule R4).

Late interest is simple interest: actual days over 365, from the day after the due day through the day of payment, at
the reference rate of each half-year plus eight points. In a leap year too the days are divided by 365: räntelagen
(1975:635) does not say, and the year of 365 days is what is reckoned with in practice. Only the sum is rounded, once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from underwriting.kernel.errors import Conflict, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.statutes import (
    COLLECTION_DEMAND_FEE,
    INSTALMENT_PLAN_FEE,
    LATE_INTEREST_ADDITION,
    LATE_PAYMENT_COMPENSATION,
    REMINDER_FEE,
    StatutoryValue,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompensationPolicy, InvoiceLineKind, LateCharge

DAYS_OF_A_YEAR = 365
_DAY = timedelta(days=1)
_SHOWN = Decimal("0.0001")  # of a krona, as stretches are shown
_HALF_A_POINT = Decimal("0.005")
_RATES = (Decimal("-0.05"), Decimal("0.30"))
_STEPS: Mapping[LateCharge, StatutoryValue[Money]] = {
    LateCharge.REMINDER: REMINDER_FEE,
    LateCharge.DEMAND: COLLECTION_DEMAND_FEE,
    LateCharge.INSTALMENT_PLAN: INSTALMENT_PLAN_FEE,
}


class ReferenceRateRefused(InvalidInput):
    """That is no reference rate: it holds from 1 January or 1 July, and is a whole number of half points. Rule R5."""

    slug = "reference-rate-refused"
    title = Text("Det är ingen referensränta", "That is no reference rate")
    rule = "R5"


class NotLate(Conflict):
    """Nothing of the invoice is late: it is not due, or nothing is left to pay of it. Rule R4."""

    slug = "invoice-not-late"
    title = Text("Fakturan är inte försenad", "The invoice is not late")
    rule = "R4"


class NotAgreed(Conflict):
    """The fee was not agreed when the debt arose. Rule R4 (lag 1981:739, 2 §)."""

    slug = "late-charge-not-agreed"
    title = Text("Avgiften var inte avtalad", "The fee was not agreed")
    rule = "R4"


@dataclass(frozen=True, slots=True)
class Stretch:
    """*days* from *first* through *last* on which *principal* was owed at one yearly *rate*."""

    first: date
    last: date
    principal: Money
    rate: Decimal

    @property
    def days(self) -> int:
        """How many, both ends counted."""
        return (self.last - self.first).days + 1

    @property
    def exact_ore(self) -> Fraction:
        """The interest in öre, not rounded."""
        return Fraction(self.principal.ore) * Fraction(self.rate) * self.days / DAYS_OF_A_YEAR

    @property
    def shown(self) -> Decimal:
        """The interest in kronor with four decimals, to be shown; sums are made of what is not rounded."""
        exact = self.exact_ore / 100
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_SHOWN, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class LateInterest:
    """The late interest of one claim, stretch by stretch; *amount* is their sum, rounded once, half up, to öre."""

    stretches: tuple[Stretch, ...] = ()

    @property
    def amount(self) -> Money:
        """The sum."""
        exact = sum((one.exact_ore for one in self.stretches), Fraction(0))
        return Money((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))


@dataclass(frozen=True, slots=True)
class DatedClaim:
    """A claim on an account: *amount* due on *due_on*. *named* is what payers paid of it by naming its invoice."""

    key: str
    due_on: date
    amount: Money
    named: Sequence[tuple[date, Money]] = ()


@dataclass(frozen=True, slots=True)
class ChargedStep:
    """A step that was charged for a claim on a day, with the fee that it had by itself."""

    kind: LateCharge
    on: date


def late_interest(
    amount: Money,
    *,
    due_on: date,
    through: date,
    rates: StatutoryValue[Decimal],
    paid: Iterable[tuple[date, Money]] = (),
) -> LateInterest:
    """What *amount*, due on *due_on*, bears through the day *through* (rule R5; räntelagen 3, 6 and 9 §§).

    A part of it that is *paid* on a day bears through that day, and not after; what was paid by the due day never
    bears. *rates* are the reference rates: where the half-year of a day that bears is missing, StatutoryValueMissing
    names it. More paid than the amount changes nothing.
    """
    left, payments = amount, sorted(paid, key=lambda one: one[0])
    stretches: list[Stretch] = []
    first = due_on + _DAY
    for day, part in [*payments, (through, Money.ZERO)]:
        last = min(day, through)
        if last >= first and left > Money.ZERO:
            stretches += _at_each_rate(left, first, last, rates)
            first = last + _DAY
        left -= part
    return LateInterest(tuple(stretches))


def late_rate(day: date, rates: StatutoryValue[Decimal]) -> Decimal:
    """The yearly late-interest rate on *day*, a fraction; StatutoryValueMissing."""
    return rates.on(day) + LATE_INTEREST_ADDITION.on(day)


def payments_of_claims(
    claims: Sequence[DatedClaim], *, payments: Iterable[tuple[date, Money]], owed: Money
) -> Mapping[str, tuple[tuple[date, Money], ...]]:
    """When each of *claims* on one account was paid, by its key, where *owed* in all is left of them (rule F8).

    *payments* are all that came in on the account, those of payers who named an invoice too. What was named is paid of
    that claim; the rest went to the oldest claims. Where more came in than the claims have lost, since a charge that
    had been paid was taken back, the latest payments are shortened: that money went elsewhere.
    """
    found: dict[str, list[tuple[date, Money]]] = {one.key: list(one.named) for one in claims}
    named_by_day: dict[date, Money] = {}
    for claim in claims:
        for day, part in claim.named:
            named_by_day[day] = named_by_day.get(day, Money.ZERO) + part
    unnamed = []
    for day, part in sorted(payments, key=lambda one: one[0]):
        taken = min(part, named_by_day.get(day, Money.ZERO))
        named_by_day[day] = named_by_day.get(day, Money.ZERO) - taken
        unnamed.append((day, part - taken))
    room = {one.key: one.amount - Money.sum(part for _, part in one.named) for one in claims}
    budget = Money.sum(room.values()) - owed
    oldest_first = [one.key for one in sorted(claims, key=lambda one: one.due_on)]
    for day, part in unnamed:
        spent = max(min(part, budget), Money.ZERO)
        budget -= spent
        for key in oldest_first:
            piece = max(min(spent, room[key]), Money.ZERO)
            if piece:
                found[key].append((day, piece))
                room[key] -= piece
                spent -= piece
    return {key: tuple(sorted(parts, key=lambda one: one[0])) for key, parts in found.items()}


def cost_of(steps: Iterable[ChargedStep], *, compensated_on: date | None) -> Money:
    """What a claim may cost besides interest (rule R4; lag 1981:739, 2 to 5 §§), each step counted once.

    With late-payment compensation, owed since *compensated_on*, the steps are owed only above it.
    """
    each = {step.kind: _STEPS[step.kind].on(step.on) for step in sorted(steps, key=lambda one: one.on, reverse=True)}
    total = Money.sum(each.values())
    if compensated_on is None:
        return total
    return max(LATE_PAYMENT_COMPENSATION.on(compensated_on), total)


def added_cost(
    kind: LateCharge, *, on: date, earlier: Sequence[ChargedStep] = (), compensated_on: date | None = None
) -> Money:
    """What charging *kind* on a day adds to what the claim has cost by its *earlier* steps; zero where it adds none."""
    before = cost_of(earlier, compensated_on=compensated_on)
    if kind is LateCharge.COMPENSATION:
        return cost_of(earlier, compensated_on=on) - before
    return cost_of([*earlier, ChargedStep(kind, on)], compensated_on=compensated_on) - before


def is_compensated(policy: CompensationPolicy, kinds: Iterable[InvoiceLineKind]) -> bool:
    """Whether an invoice whose open lines are of *kinds* gives late-payment compensation (rule R4).

    A fee is paid for a service, principal is not; that is the reading of 4 a § which *fee_invoices* takes.
    """
    fees = {InvoiceLineKind.MONTHLY_FEE, InvoiceLineKind.CANCELLATION_FEE, InvoiceLineKind.PAPER_FEE}
    found = set(kinds)
    match policy:
        case CompensationPolicy.OFF:
            return False
        case CompensationPolicy.FEE_INVOICES:
            return bool(found & fees)
        case CompensationPolicy.ALL:
            return bool(found & (fees | {InvoiceLineKind.INSTALMENT}))


def half_year_of(day: date) -> date:
    """The first day of the half-year in which *day* lies."""
    return date(day.year, 7 if day.month > 6 else 1, 1)


def next_half_year(day: date) -> date:
    """The first day of the half-year after the one in which *day* lies."""
    first = half_year_of(day)
    return date(first.year, 7, 1) if first.month == 1 else date(first.year + 1, 1, 1)


def require_rate(since: date, rate: Decimal) -> None:
    """Raise ReferenceRateRefused unless *rate* may be the reference rate of the half-year from *since* (9 §)."""
    if since != half_year_of(since) or rate % _HALF_A_POINT or not _RATES[0] <= rate <= _RATES[1]:
        raise ReferenceRateRefused(
            Text(
                "Referensräntan gäller från 1 januari eller 1 juli och är ett helt antal halva procentenheter.",
                "The reference rate holds from 1 January or 1 July and is a whole number of half points.",
            )
        )


def first_missing(rates: StatutoryValue[Decimal], *, on: date) -> date:
    """The first half-year, that of *on* or a later one, whose reference rate is missing."""
    half_year = half_year_of(on)
    while half_year in rates.since:
        half_year = next_half_year(half_year)
    return half_year


def _at_each_rate(principal: Money, first: date, last: date, rates: StatutoryValue[Decimal]) -> Iterable[Stretch]:
    while first <= last:
        end = min(last, next_half_year(first) - _DAY)
        yield Stretch(first, end, principal, late_rate(first, rates))
        first = end + _DAY
