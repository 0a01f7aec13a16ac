"""A change of a repayment plan: what it moves and what it leaves, until when it is signed, what it costs."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.billing.rules import Movement, MovementKind
from agreements.credit.rules import Instalment, instalments
from agreements.plan_changes.rules import (
    AskedPlan,
    ChangeFacts,
    PlanChangeAskedWrong,
    PlanChangeEvent,
    PlanChangeNotPending,
    PlanChangeRefused,
    PlannedPart,
    advance,
    changed,
    check_asked,
    check_changeable,
    fees_from,
    first_month_by_default,
    sign_by,
    together,
)
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, Month, stockholm_date, stockholm_instant
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import AgreementState, PlanChangeState, RepaymentPlan

K = Money.kronor
S, E = PlanChangeState, PlanChangeEvent
STRAIGHT, AT_TERM = RepaymentPlan.STRAIGHT, RepaymentPlan.AT_TERM
FIRST, SECOND = UUID(int=1), UUID(int=2)
PAID_OUT_ON = date(2026, 3, 2)  # the first of twelve instalments is due at the end of April
EVERYTHING = ChangeFacts(company_signed=True, guarantors_signed=True)


def plan_of(
    principal: Money,
    *,
    drawdown: UUID = FIRST,
    plan: RepaymentPlan = STRAIGHT,
    term: int = 12,
    drawn_on: date | None = None,
) -> tuple[PlannedPart, ...]:
    """What a drawdown is repaid by."""
    parts = instalments(principal, plan=plan, paid_out_on=PAID_OUT_ON, term_months=term, drawn_on=drawn_on)
    return tuple(PlannedPart(drawdown, part.number, part.due_on, part.amount) for part in parts)


def asked(plan: RepaymentPlan, term: int, first_month: str) -> AskedPlan:
    return AskedPlan(plan, term, Month.parse(first_month))


def amounts(parts: tuple[PlannedPart, ...]) -> list[tuple[int, str, str]]:
    return [(part.number, part.due_on.isoformat(), str(part.amount)) for part in parts]


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        # 120 000 in twelfths of 10 000; April and May stay, 100 000 is left from June on (numbers 3 to 12)
        (asked(AT_TERM, 12, "2026-06"), [(12, "2027-03-31", "100000.00")]),
        (asked(AT_TERM, 18, "2026-06"), [(18, "2027-09-30", "100000.00")]),
        (
            asked(STRAIGHT, 6, "2026-06"),  # four parts of 25 000
            [
                (3, "2026-06-30", "25000.00"),
                (4, "2026-07-31", "25000.00"),
                (5, "2026-08-31", "25000.00"),
                (6, "2026-09-30", "25000.00"),
            ],
        ),
        (asked(STRAIGHT, 3, "2026-06"), [(3, "2026-06-30", "100000.00")]),
    ],
)
def test_what_is_due_from_the_first_month_on_is_spread_anew(
    ask: AskedPlan, expected: list[tuple[int, str, str]]
) -> None:
    """G7: another plan or term; April and May of the old plan stay as they are."""
    after = changed(plan_of(K(120_000)), ask, paid_out_on=PAID_OUT_ON)
    stays = [(1, "2026-04-30", "10000.00"), (2, "2026-05-29", "10000.00")]
    assert amounts(after) == stays + expected


def test_a_plan_at_term_can_become_straight_from_any_month() -> None:
    """G7: 90 000 at the end of March 2027; from October on six parts of 15 000."""
    before = plan_of(K(90_000), plan=AT_TERM)
    after = changed(before, asked(STRAIGHT, 12, "2026-10"), paid_out_on=PAID_OUT_ON)
    assert [(part.number, part.amount) for part in after] == [(number, K(15_000)) for number in range(7, 13)]


def test_each_drawdown_keeps_its_own_sum() -> None:
    """G7: two drawdowns; what is due on one day is one instalment to whoever pays it."""
    before = (*plan_of(K(120_000)), *plan_of(K(30_000), drawdown=SECOND, drawn_on=date(2026, 9, 15)))
    after = changed(before, asked(AT_TERM, 12, "2026-12"), paid_out_on=PAID_OUT_ON)
    moved = [part for part in after if part.due_on >= date(2026, 12, 1)]
    # of the first 4 x 10 000 are left (December to March); of the second 4 of its 7 parts
    due, first, second = date(2027, 3, 31), K(40_000), Money.sum(K(30_000).split(7)[3:])
    assert [(part.drawdown_id, part.due_on, part.amount) for part in moved] == [
        (FIRST, due, first),
        (SECOND, due, second),
    ]
    assert together(moved) == (Instalment(12, due, first + second),)


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (asked(STRAIGHT, 12, "2026-06"), "already"),
        (asked(AT_TERM, 3, "2026-07"), "ends before 2026-07"),
        (asked(AT_TERM, 24, "2027-04"), "no instalments left"),
    ],
)
def test_a_change_of_nothing_or_of_what_is_gone_is_refused(ask: AskedPlan, why: str) -> None:
    """G7: the plan is so already, the term has ended by then, or nothing is left to move."""
    with pytest.raises(PlanChangeRefused) as caught:
        changed(plan_of(K(120_000)), ask, paid_out_on=PAID_OUT_ON)
    assert why in caught.value.detail.en


def test_a_number_that_is_used_is_not_used_again() -> None:
    """G7: the term is counted from a later payout since the first came back: its numbers go on after the old ones."""
    before = plan_of(K(120_000))
    after = changed(before, asked(STRAIGHT, 6, "2026-07"), paid_out_on=date(2026, 6, 1))
    numbers = [part.number for part in after]
    assert numbers == sorted(set(numbers))
    assert Money.sum(part.amount for part in after) == K(120_000)


@given(
    principal=st.integers(100, 10_000_000_00).map(Money),
    later=st.integers(0, 1_000_000_00).map(Money),
    term=st.integers(1, 36),
    plan=st.sampled_from(RepaymentPlan),
    new_term=st.integers(1, 36),
    new_plan=st.sampled_from(RepaymentPlan),
    months_ahead=st.integers(0, 36),
)
def test_the_sums_stay_and_nothing_before_the_first_month_is_touched(
    principal: Money,
    later: Money,
    term: int,
    plan: RepaymentPlan,
    new_term: int,
    new_plan: RepaymentPlan,
    months_ahead: int,
) -> None:
    """G7: each drawdown is repaid whole, on bank days; overdue and due instalments never move."""
    first_month = Month.of(PAID_OUT_ON).plus(months_ahead)
    before = plan_of(principal, plan=plan, term=term)
    if later:
        before += plan_of(later, drawdown=SECOND, plan=plan, term=term, drawn_on=PAID_OUT_ON + timedelta(days=20))
    try:
        after = changed(before, AskedPlan(new_plan, new_term, first_month), paid_out_on=PAID_OUT_ON)
    except PlanChangeRefused:
        return
    for drawdown in (FIRST, SECOND):
        own = [[part.amount for part in parts if part.drawdown_id == drawdown] for parts in (before, after)]
        assert Money.sum(own[0]) == Money.sum(own[1])
        assert len({part.number for part in after if part.drawdown_id == drawdown}) == len(own[1])
    starts_on = first_month.first_day
    early = [{part for part in parts if part.due_on < starts_on} for parts in (before, after)]
    assert early[0] == early[1]
    assert all(part.amount > Money.ZERO and is_bank_day(part.due_on) for part in after)
    assert max(part.due_on for part in after) >= starts_on


@pytest.mark.parametrize(
    ("at", "first_month", "until"),
    [
        ("2026-03-02 10:00", "2026-04", "2026-03-17"),  # 14 days, to the end of the 16th
        ("2026-03-17 23:59", "2026-04", "2026-04-01"),  # to the end of the 31st, the 14th day
        ("2026-03-18 00:00", "2026-05", "2026-04-02"),
        ("2026-03-18 00:00", "2026-04", "2026-04-01"),  # an early month leaves fewer days
        ("2026-03-31 23:59", "2026-04", "2026-04-01"),
    ],
)
def test_nobody_signs_once_the_first_month_has_begun(at: str, first_month: str, until: str) -> None:
    """G7: 14 days, and no longer than to the month whose instalments are moved: they are not invoiced before it."""
    instant = datetime.fromisoformat(at).replace(tzinfo=STOCKHOLM)
    expected = stockholm_instant(date.fromisoformat(until))
    assert sign_by(instant, Month.parse(first_month), terms=DEFAULT_TERMS) == expected


@given(st.integers(0, 3 * 365 * 24).map(lambda hours: stockholm_instant(date(2026, 1, 1)) + timedelta(hours=hours)))
def test_the_month_by_default_is_the_first_that_leaves_all_days(at: datetime) -> None:
    """G7: one month earlier would leave fewer than 14 days."""
    first = first_month_by_default(at, terms=DEFAULT_TERMS)
    whole = sign_by(at, first.plus(12), terms=DEFAULT_TERMS)
    assert sign_by(at, first, terms=DEFAULT_TERMS) == whole
    assert (
        first.previous() == Month.of(stockholm_date(at)) or sign_by(at, first.previous(), terms=DEFAULT_TERMS) < whole
    )


@pytest.mark.parametrize(
    ("term", "first_month", "wrong"),
    [
        (12, "2026-04", []),
        (36, "2026-04", []),
        (0, "2026-04", [("/term_months", "A11")]),
        (37, "2026-04", [("/term_months", "A11")]),
        (12, "2026-03", [("/first_month", "G7")]),
        (37, "2025-01", [("/term_months", "A11"), ("/first_month", "G7")]),
    ],
)
def test_the_term_is_the_products_and_the_month_has_not_begun(
    term: int, first_month: str, wrong: list[tuple[str, str]]
) -> None:
    """G7: and A11: on 31 March, one second before April."""
    at = datetime(2026, 3, 31, 23, 59, 59, tzinfo=STOCKHOLM)
    found = []
    try:
        check_asked(asked(STRAIGHT, term, first_month), at=at, terms=DEFAULT_TERMS)
    except PlanChangeAskedWrong as refusal:
        found = [(error.pointer, error.rule) for error in refusal.errors]
    assert found == wrong


def test_a_longer_plan_costs_the_fees_of_its_months() -> None:
    """G7: and F1, D6: 120 000 at 2 %; from June on 100 000 is left, which costs 2 000, 1 800 … 200, or 2 000 a month.

    Straight to March 2027: 2 000 + 1 800 + … + 200 = 11 000. At term in March 2027: ten months of 2 000 = 20 000.
    """
    paid_out = Movement(PAID_OUT_ON, 1, MovementKind.DRAWDOWN, K(120_000))
    before = plan_of(K(120_000))
    after = changed(before, asked(AT_TERM, 12, "2026-06"), paid_out_on=PAID_OUT_ON)
    fees = [fees_from(Month(2026, 6), parts, movements=(paid_out,), rate=Decimal("0.02")) for parts in (before, after)]
    assert fees == [K(11_000), K(20_000)]


LIFE = {
    (S.PENDING, E.SIGNATURES_COMPLETE): (S.IN_EFFECT, EVERYTHING),
    (S.PENDING, E.TIME_OVER): (S.LAPSED, ChangeFacts(past_sign_by=True)),
    (S.PENDING, E.WITHDRAWN): (S.WITHDRAWN, ChangeFacts()),
}


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_a_change_lives_as_the_table_says(state: PlanChangeState, event: PlanChangeEvent) -> None:
    """G7: every pair of state and event leads where `docs/states.md` says, or is refused."""
    if (state, event) in LIFE:
        to, facts = LIFE[state, event]
        assert advance(state, event, facts) is to
        return
    for facts in (EVERYTHING, ChangeFacts(past_sign_by=True)):
        with pytest.raises(PlanChangeNotPending):
            advance(state, event, facts)


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        (E.SIGNATURES_COMPLETE, ChangeFacts()),
        (E.SIGNATURES_COMPLETE, ChangeFacts(company_signed=True)),
        (E.SIGNATURES_COMPLETE, ChangeFacts(guarantors_signed=True)),
        (E.SIGNATURES_COMPLETE, ChangeFacts(company_signed=True, guarantors_signed=True, past_sign_by=True)),
        (E.TIME_OVER, EVERYTHING),
    ],
)
def test_without_every_signature_in_time_nothing_takes_effect(event: PlanChangeEvent, facts: ChangeFacts) -> None:
    """G7: a change never binds anybody who has not signed it."""
    with pytest.raises(PlanChangeNotPending):
        advance(S.PENDING, event, facts)


@pytest.mark.parametrize(
    ("state", "redemption", "cancellation", "is_changeable"),
    [
        *((state, False, False, state is AgreementState.RUNNING) for state in AgreementState),
        (AgreementState.RUNNING, True, False, False),
        (AgreementState.RUNNING, False, True, False),
    ],
)
def test_only_an_agreement_that_runs_on_gets_another_plan(
    state: AgreementState, redemption: bool, cancellation: bool, is_changeable: bool
) -> None:
    """G7: not before it runs, once it is over, or while redemption or cancellation waits."""
    with nullcontext() if is_changeable else pytest.raises(PlanChangeRefused):
        check_changeable(state=state, redemption_waits=redemption, cancellation_waits=cancellation)
