"""The life of a credit agreement as a table, its repayment plan, and what may be drawn (rules G1, G2, P1, P4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from underwriting.kernel.bank_days import last_bank_day_of
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, add_months, end_of_day, stockholm_date
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, RepaymentPlan


class AgreementEvent(StrEnum):
    """What can happen to an agreement."""

    SIGNATURES_COMPLETE = "signatures_complete"
    SIGNING_TIME_OVER = "signing_time_over"
    GUARANTOR_REPLACED = "guarantor_replaced"  # the application is decided anew
    CANCELLATION_RECEIVED = "cancellation_received"
    CANCELLATION_PAID = "cancellation_paid"
    CANCELLATION_FELL = "cancellation_fell"
    ANNULMENT_APPROVED = "annulment_approved"
    DRAWDOWN_ASKED = "drawdown_asked"
    FIRST_PAYOUT_BOOKED = "first_payout_booked"
    REDEMPTION_ASKED = "redemption_asked"
    REDEMPTION_PAID = "redemption_paid"
    TERM_ENDED = "term_ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementFacts:
    """What the guards of the table read. What is not stated counts against the transition."""

    company_signed: bool = False  # one alternative of its signing rule is complete (S2)
    guarantees_signed: bool = False  # every one
    past_signing_deadline: bool = False
    guarantor_declined: bool = False
    payout_on_its_way: bool = True  # sent, or its outcome unknown
    approved_by_two: bool = False
    paid_in_full: bool = False  # the sum asked for is received, or nothing is owed


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a transition: whether the facts fulfil it, the rule that asks for it, and what to say if not."""

    holds: Callable[[AgreementFacts], bool]
    rule: str
    refusal: Text


class AgreementStateRefuses(Conflict):
    """The agreement is in a *state* in which *event* does not exist, or a guard of it does not hold."""

    slug = "agreement-state-refuses"
    title = Text("Avtalets läge tillåter det inte", "The agreement's state does not allow this")

    def __init__(self, state: AgreementState, event: AgreementEvent, *, rule: str, reason: Text | None = None) -> None:
        self.state = state
        self.event = event
        detail = Text(
            "Avtalet {state.sv} och kan inte {deed.sv}.", "The agreement {state.en} and cannot {deed.en}."
        ).filled(state=_STATE_WORDS[state], deed=_EVENTS[event][1])
        if reason is not None:
            detail = Text(f"{detail.sv} {reason.sv}", f"{detail.en} {reason.en}")
        super().__init__(detail, rule=rule)


class DrawdownRefused(Conflict):
    """The drawdown is no positive amount, is more than the limit leaves, or comes after the plan's end (rule P1)."""

    slug = "drawdown-refused"
    title = Text("Uttaget ryms inte i krediten", "The drawdown does not fit in the credit")
    rule = "P1"


class CompanyStatusTooOld(Conflict):
    """The company's status has to be looked up again before money is paid out (rule P4)."""

    slug = "company-status-too-old"
    title = Text("Företagets status måste kontrolleras igen", "The company's status has to be checked again")
    rule = "P4"


class PayoutStopped(Conflict):
    """Something is known that stops every payout (rule P4). The refusal does not say what, or about whom."""

    slug = "payout-stopped"
    title = Text("Utbetalningen är stoppad och utreds", "The payout is stopped and looked into")
    rule = "P4"


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of the principal (*amortering*), due on a bank day; its number is that of its month of the term."""

    number: int
    due_on: date
    amount: Money


_ALL_SIGNED = (
    Guard(
        lambda facts: facts.company_signed,
        "S2",
        Text("Företagets underskrifter är inte fullständiga.", "The company's signatures are not complete."),
    ),
    Guard(
        lambda facts: facts.guarantees_signed,
        "G2",
        Text("Alla borgensåtaganden är inte undertecknade.", "Not every guarantee is signed."),
    ),
)
_DEADLINE_OVER = Guard(
    lambda facts: facts.past_signing_deadline,
    "G2",
    Text("Tiden för underskrifter är inte slut.", "The time for signatures is not over."),
)
_GUARANTOR_DECLINED = Guard(
    lambda facts: facts.guarantor_declined,
    "G2",
    Text("Ingen borgensman har avböjt.", "No guarantor has declined."),
)
_TWO_PERSONS = Guard(
    lambda facts: facts.approved_by_two,
    "D8",
    Text("Två personer måste godkänna det.", "Two persons have to approve it."),
)
_NO_PAYOUT_ON_ITS_WAY = Guard(
    lambda facts: not facts.payout_on_its_way,
    "P3",
    Text(
        "En utbetalning är på väg och bankens besked inväntas.", "A payout is on its way; the bank's answer is awaited."
    ),
)
_CANCELLATION_RECEIVED_IN_FULL = Guard(
    lambda facts: facts.paid_in_full, "C6", Text("Beloppet har inte kommit in.", "The sum has not been received.")
)
_REDEMPTION_RECEIVED_IN_FULL = Guard(
    lambda facts: facts.paid_in_full, "F3", Text("Beloppet har inte kommit in.", "The sum has not been received.")
)
_NOTHING_OWED = Guard(lambda facts: facts.paid_in_full, "F3", Text("Det finns en skuld kvar.", "There is debt left."))

_S = AgreementState
_E = AgreementEvent
TRANSITIONS: Mapping[tuple[AgreementState, AgreementEvent], tuple[AgreementState, tuple[Guard, ...]]] = {
    (_S.SIGNING, _E.SIGNATURES_COMPLETE): (_S.SIGNED, _ALL_SIGNED),
    (_S.SIGNING, _E.SIGNING_TIME_OVER): (_S.LAPSED, (_DEADLINE_OVER,)),
    (_S.SIGNING, _E.GUARANTOR_REPLACED): (_S.LAPSED, (_GUARANTOR_DECLINED,)),
    (_S.SIGNING, _E.CANCELLATION_RECEIVED): (_S.CANCELLED, ()),
    (_S.SIGNING, _E.ANNULMENT_APPROVED): (_S.ANNULLED, (_TWO_PERSONS,)),
    (_S.SIGNED, _E.CANCELLATION_RECEIVED): (_S.CANCELLED, (_NO_PAYOUT_ON_ITS_WAY,)),
    (_S.SIGNED, _E.ANNULMENT_APPROVED): (_S.ANNULLED, (_TWO_PERSONS, _NO_PAYOUT_ON_ITS_WAY)),
    (_S.SIGNED, _E.DRAWDOWN_ASKED): (_S.SIGNED, ()),
    (_S.SIGNED, _E.FIRST_PAYOUT_BOOKED): (_S.RUNNING, ()),
    (_S.RUNNING, _E.CANCELLATION_RECEIVED): (_S.CANCELLING, ()),
    (_S.RUNNING, _E.DRAWDOWN_ASKED): (_S.RUNNING, ()),
    (_S.RUNNING, _E.REDEMPTION_ASKED): (_S.RUNNING, (_NO_PAYOUT_ON_ITS_WAY,)),
    (_S.RUNNING, _E.REDEMPTION_PAID): (_S.REDEEMED, (_NO_PAYOUT_ON_ITS_WAY, _REDEMPTION_RECEIVED_IN_FULL)),
    (_S.RUNNING, _E.TERM_ENDED): (_S.SETTLED, (_NO_PAYOUT_ON_ITS_WAY, _NOTHING_OWED)),
    (_S.CANCELLING, _E.CANCELLATION_PAID): (_S.CANCELLED, (_NO_PAYOUT_ON_ITS_WAY, _CANCELLATION_RECEIVED_IN_FULL)),
    (_S.CANCELLING, _E.CANCELLATION_FELL): (_S.RUNNING, ()),
}
"""Where each event leads from each state, and its guards; what is not here does not exist (`docs/states.md`)."""

_STATE_WORDS: Mapping[AgreementState, Text] = {
    _S.SIGNING: Text("väntar på underskrifter", "is waiting for signatures"),
    _S.SIGNED: Text("är undertecknat men inte utbetalt", "is signed but not paid out"),
    _S.RUNNING: Text("löper", "is running"),
    _S.CANCELLING: Text("är på väg att hävas", "is being cancelled"),
    _S.CANCELLED: Text("är hävt", "is cancelled"),
    _S.REDEEMED: Text("är löst i förtid", "has been redeemed"),
    _S.SETTLED: Text("är slutbetalt", "is settled"),
    _S.LAPSED: Text("har förfallit utan underskrifter", "has lapsed without signatures"),
    _S.ANNULLED: Text("är annullerat", "is annulled"),
}
_EVENTS: Mapping[AgreementEvent, tuple[str, Text]] = {
    _E.SIGNATURES_COMPLETE: ("G2", Text("räknas som undertecknat", "count as signed")),
    _E.SIGNING_TIME_OVER: ("G2", Text("förfalla", "lapse")),
    _E.GUARANTOR_REPLACED: ("G2", Text("få en annan borgensman", "be given another guarantor")),
    _E.CANCELLATION_RECEIVED: ("C4", Text("hävas", "be cancelled")),
    _E.CANCELLATION_PAID: ("C6", Text("slutligt hävas", "be finally cancelled")),
    _E.CANCELLATION_FELL: ("C6", Text("återgå till att löpa", "go back to running")),
    _E.ANNULMENT_APPROVED: ("D8", Text("annulleras", "be annulled")),
    _E.DRAWDOWN_ASKED: ("P1", Text("användas för uttag", "be drawn on")),
    _E.FIRST_PAYOUT_BOOKED: ("P1", Text("betalas ut", "be paid out")),
    _E.REDEMPTION_ASKED: ("F3", Text("lösas i förtid", "be redeemed")),
    _E.REDEMPTION_PAID: ("F3", Text("lösas i förtid", "be redeemed")),
    _E.TERM_ENDED: ("F3", Text("avslutas", "be closed")),
}


def advance(state: AgreementState, event: AgreementEvent, facts: AgreementFacts) -> AgreementState:
    """The state in which *event* puts an agreement that is in *state*. Raises AgreementStateRefuses."""
    if (state, event) not in TRANSITIONS:
        raise AgreementStateRefuses(state, event, rule=_rule_of(state, event))
    to, guards = TRANSITIONS[state, event]
    for guard in guards:
        if not guard.holds(facts):
            raise AgreementStateRefuses(state, event, rule=guard.rule, reason=guard.refusal)
    return to


def signing_deadline(granted_at: datetime, *, terms: ProductTerms) -> datetime:
    """The instant at which an unsigned agreement lapses (rule G2): the end of the 14th day after granted-at."""
    return end_of_day(stockholm_date(granted_at) + timedelta(days=terms.signing_days))


def first_drawdown(limit: Money, *, asked: Money | None = None) -> Money:
    """What is paid out after the last signature: the whole limit unless less was *asked* (rule P1)."""
    amount = limit if asked is None else asked
    check_drawdown(amount, limit=limit, drawn=Money.ZERO)
    return amount


def check_drawdown(amount: Money, *, limit: Money, drawn: Money) -> None:
    """Raise DrawdownRefused unless *amount* fits in the limit with all that was *drawn* before (rule P1).

    *drawn* is the sum of drawdowns, ordered ones too; failed, returned and withdrawn payouts are not in it. What was
    repaid cannot be drawn again: the credit does not revolve.
    """
    left = limit - drawn
    if not Money.ZERO < amount <= left:
        raise DrawdownRefused(
            Text(
                "Högst {left} återstår av kreditgränsen {limit}; det som har återbetalats kan inte tas ut igen.",
                "At most {left} of the limit {limit} is left; what has been repaid cannot be drawn again.",
            ).filled(left=left.formatted(), limit=limit.formatted())
        )


def check_payable(*, status_checked_on: date, on: date, stopped: bool, terms: ProductTerms) -> None:
    """Raise PayoutStopped or CompanyStatusTooOld unless money may be paid out on *on* (rule P4).

    *stopped* says whether a hard stop (D10) is known for the company or a guarantor.
    """
    if stopped:
        raise PayoutStopped
    if (on - status_checked_on).days > terms.company_status_valid_days:
        raise CompanyStatusTooOld


def instalments(
    principal: Money, *, plan: RepaymentPlan, paid_out_on: date, term_months: int, drawn_on: date | None = None
) -> tuple[Instalment, ...]:
    """The parts in which *principal* is repaid, which sum to it.

    Instalment i is due on the last bank day of the month in which the i-th month after *paid_out_on*, the booking of
    the agreement's first payout, ends. The straight plan has one a month, the first ones with the odd öre, and none of
    nothing; at term the whole is the last one. A later drawdown, booked on *drawn_on*, is repaid on the due days of the
    plan that are left after it and keeps their numbers. Raises DrawdownRefused when none is left.
    """
    numbers = range(1, term_months + 1) if plan is RepaymentPlan.STRAIGHT else (term_months,)
    due_days = [(number, _due_day(paid_out_on, number)) for number in numbers]
    left = [(number, due_on) for number, due_on in due_days if drawn_on is None or due_on > drawn_on]
    if not left:
        raise DrawdownRefused(Text("Kredittiden är slut; inget mer kan tas ut.", "The term is over; no more is paid."))
    return tuple(
        Instalment(number, due_on, amount)
        for (number, due_on), amount in zip(left, principal.split(len(left)), strict=True)
        if amount
    )


def _due_day(paid_out_on: date, number: int) -> date:
    return last_bank_day_of(Month.of(add_months(paid_out_on, number) - timedelta(days=1)))


def _rule_of(state: AgreementState, event: AgreementEvent) -> str:
    between_the_windows = event is _E.REDEMPTION_ASKED and state in (_S.SIGNING, _S.SIGNED)
    return "C8" if between_the_windows else _EVENTS[event][0]
