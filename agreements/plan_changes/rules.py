"""A change of the repayment plan by agreement: when it may be asked for, what it moves, who has to sign (rule G7).

It moves the instalments from a first month on that begins after the last day for signatures. An invoice asks for the
instalments of its own month, and not before that month has begun: so nothing that is moved is due or invoiced when the
last one signs, and everybody reads beforehand exactly what they sign. Overdue principal stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from uuid import UUID

from agreements.billing.rules import Movement, fees_through
from agreements.credit import rules as credit
from agreements.credit.rules import DrawdownRefused, Instalment
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, end_of_day, stockholm_date, stockholm_instant
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, PlanChangeState, RepaymentPlan


class PlanChangeEvent(StrEnum):
    """What can happen to a change that was proposed."""

    SIGNATURES_COMPLETE = "signatures_complete"
    TIME_OVER = "time_over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeFacts:
    """What the guards of the table read. What is not stated counts against the transition."""

    company_signed: bool = False  # one alternative of its signing rule is complete (S2)
    guarantors_signed: bool = False  # each whose guarantee binds
    past_sign_by: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One instalment of one drawdown."""

    drawdown_id: UUID
    number: int
    due_on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class AskedPlan:
    """The plan that is asked for: its kind, the whole term, and the first month whose instalments it moves."""

    plan: RepaymentPlan
    term_months: int
    first_month: Month


class PlanChangeRefused(Conflict):
    """The plan cannot be changed so, or not now (rule G7). The detail says why."""

    slug = "plan-change-refused"
    title = Text("Planen kan inte ändras så", "The plan cannot be changed so")
    rule = "G7"


class PlanChangePending(Conflict):
    """Another change of the agreement's plan waits for signatures: it is signed, withdrawn or lapses first (G7)."""

    slug = "plan-change-pending"
    title = Text("En annan ändring väntar på underskrifter", "Another change waits for signatures")
    rule = "G7"


class PlanChangeNotPending(Conflict):
    """The change does not wait for signatures: it is in effect or over, or what it was made for has ended (G7)."""

    slug = "plan-change-not-pending"
    title = Text("Ändringen väntar inte på underskrifter", "The change does not wait for signatures")
    rule = "G7"


class PlanChangeAskedWrong(InvalidInput):
    """The term is outside the product's (rule A11), or the first month has begun (rule G7)."""

    slug = "plan-change-asked-wrong"
    title = Text("Löptid eller månad godtas inte", "The term or the month is not accepted")
    rule = "G7"


_S = PlanChangeState
_E = PlanChangeEvent
TRANSITIONS: Mapping[tuple[PlanChangeState, PlanChangeEvent], tuple[PlanChangeState, Callable[[ChangeFacts], bool]]] = {
    (_S.PENDING, _E.SIGNATURES_COMPLETE): (
        _S.IN_EFFECT,
        lambda facts: facts.company_signed and facts.guarantors_signed and not facts.past_sign_by,
    ),
    (_S.PENDING, _E.TIME_OVER): (_S.LAPSED, lambda facts: facts.past_sign_by),
    (_S.PENDING, _E.WITHDRAWN): (_S.WITHDRAWN, lambda _: True),
}
"""Where each event leads, and what must hold; what is not here does not exist (`docs/states.md`)."""

_NOT_RUNNING = Text("Bara ett avtal som löper får en annan plan.", "Only a running agreement gets another plan.")
_REDEEMING = Text("Krediten ska lösas i förtid.", "The credit is to be redeemed early.")
_CANCELLING = Text("En begäran om hävning väntar.", "A request to cancel waits.")
_NOTHING_LEFT = Text(
    "Från {month} finns inga delar kvar att flytta.", "From {month} on there are no instalments left to move."
)
_ENDS_BEFORE = Text(
    "Den nya löptiden tar slut före {month}. Välj en längre löptid.",
    "The new term ends before {month}. Choose a longer one.",
)
_CHANGES_NOTHING = Text("Så är planen redan.", "The plan is like that already.")
_TERM = Text("Mellan {least} och {most} månader", "Between {least} and {most} months")
_BEGUN = Text("Välj en månad som inte har börjat", "Choose a month that has not begun")


def advance(state: PlanChangeState, event: PlanChangeEvent, facts: ChangeFacts) -> PlanChangeState:
    """The state in which *event* puts a change that is in *state*. Raises PlanChangeNotPending."""
    if (state, event) not in TRANSITIONS:
        raise PlanChangeNotPending
    to, holds = TRANSITIONS[state, event]
    if not holds(facts):
        raise PlanChangeNotPending
    return to


def check_changeable(*, state: AgreementState, redemption_waits: bool, cancellation_waits: bool) -> None:
    """Raise PlanChangeRefused unless the plan of an agreement like that may be changed (rule G7)."""
    reasons = ((state is not AgreementState.RUNNING, _NOT_RUNNING), (redemption_waits, _REDEEMING))
    for holds, reason in (*reasons, (cancellation_waits, _CANCELLING)):
        if holds:
            raise PlanChangeRefused(reason)


def first_month_by_default(at: datetime, *, terms: ProductTerms) -> Month:
    """The first month that begins after all the days for signatures, when the change is proposed at *at*."""
    return Month.of(stockholm_date(at) + timedelta(days=terms.plan_change_days)).next()


def sign_by(at: datetime, first_month: Month, *, terms: ProductTerms) -> datetime:
    """The instant at which a change that is proposed at *at* lapses: the end of the last day, or of the month before.

    *first_month* is the first one that it moves: whoever wants an early one leaves fewer days.
    """
    last = end_of_day(stockholm_date(at) + timedelta(days=terms.plan_change_days))
    return min(last, stockholm_instant(first_month.first_day))


def check_asked(asked: AskedPlan, *, at: datetime, terms: ProductTerms) -> None:
    """Raise PlanChangeAskedWrong unless the product has such a term and the first month has not begun at *at*."""
    errors = []
    if not terms.shortest_term <= asked.term_months <= terms.longest_term:
        limits = _TERM.filled(least=terms.shortest_term, most=terms.longest_term)
        errors.append(FieldError("/term_months", limits, "A11"))
    if asked.first_month.first_day <= stockholm_date(at):
        errors.append(FieldError("/first_month", _BEGUN, "G7"))
    if errors:
        raise PlanChangeAskedWrong(errors=tuple(errors))


def changed(parts: Sequence[PlannedPart], asked: AskedPlan, *, paid_out_on: date) -> tuple[PlannedPart, ...]:
    """The whole plan after the change (rule G7). *paid_out_on* is the booking of the agreement's first payout.

    What is due before the first month stays. Of each drawdown the rest, which keeps its sum, is repaid as is asked on
    the due days that the new term leaves. Raises PlanChangeRefused where there is no rest, where the new term leaves no
    day, and where the plan is like that already.
    """
    starts_on = asked.first_month.first_day
    kept = [part for part in parts if part.due_on < starts_on]
    moved = [part for part in parts if part.due_on >= starts_on]
    if not moved:
        raise PlanChangeRefused(_NOTHING_LEFT.filled(month=asked.first_month))
    after = list(kept)
    for drawdown_id, own in groupby(sorted(moved, key=lambda part: str(part.drawdown_id)), lambda one: one.drawdown_id):
        used = max((part.number for part in kept if part.drawdown_id == drawdown_id), default=0)
        rest = Money.sum(part.amount for part in own)
        after += [
            PlannedPart(drawdown_id, each.number, each.due_on, each.amount)
            for each in _renumbered(_spread(rest, asked, paid_out_on), used)
        ]
    after.sort(key=_in_order)
    if after == sorted(parts, key=_in_order):
        raise PlanChangeRefused(_CHANGES_NOTHING)
    return tuple(after)


def together(parts: Iterable[PlannedPart]) -> tuple[Instalment, ...]:
    """The instalments of all drawdowns: what is due on one day is one."""
    found: dict[tuple[date, int], Money] = {}
    for part in parts:
        place = (part.due_on, part.number)
        found[place] = found.get(place, Money.ZERO) + part.amount
    return tuple(Instalment(number, due_on, amount) for (due_on, number), amount in sorted(found.items()))


def fees_from(
    first_month: Month, parts: Sequence[PlannedPart], *, movements: Iterable[Movement], rate: Decimal
) -> Money:
    """The fees of *first_month* and all later months of the plan, if all of it is paid when due (rules F1, F2)."""
    last = max((Month.of(part.due_on) for part in parts), default=first_month)
    explained = fees_through(last, movements=movements, instalments=together(parts), rate=rate)
    return Money.sum(fee.fee for fee in explained if fee.month >= first_month)


def _spread(rest: Money, asked: AskedPlan, paid_out_on: date) -> tuple[Instalment, ...]:
    before = asked.first_month.first_day - timedelta(days=1)
    try:
        return credit.instalments(
            rest, plan=asked.plan, paid_out_on=paid_out_on, term_months=asked.term_months, drawn_on=before
        )
    except DrawdownRefused as error:
        raise PlanChangeRefused(_ENDS_BEFORE.filled(month=asked.first_month)) from error


def _renumbered(spread: Sequence[Instalment], used: int) -> Iterable[Instalment]:
    """The numbers of the term's months, unless they would meet those that are *used*.

    They can where the first payout came back: the term is counted from a later one since.
    """
    ahead = max(used + 1 - min(part.number for part in spread), 0)
    return (replace(part, number=part.number + ahead) for part in spread)


def _in_order(part: PlannedPart) -> tuple[date, str, int]:
    return part.due_on, str(part.drawdown_id), part.number
