"""The agreement's life, its plan, and what may be drawn."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from agreements.credit.rules import (
    AgreementEvent,
    AgreementFacts,
    AgreementStateRefuses,
    CompanyStatusTooOld,
    DrawdownRefused,
    Instalment,
    PayoutStopped,
    advance,
    check_drawdown,
    check_payable,
    first_drawdown,
    instalments,
    signing_deadline,
)
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import AgreementState, RepaymentPlan

LIMIT = Money.kronor(100_000)
STRAIGHT, AT_TERM = RepaymentPlan
S, E = AgreementState, AgreementEvent
EVERYTHING_HOLDS = AgreementFacts(
    company_signed=True,
    guarantees_signed=True,
    past_signing_deadline=True,
    payout_on_its_way=False,
    approved_by_two=True,
    paid_in_full=True,
)
LIFE = {
    (S.SIGNING, E.SIGNATURES_COMPLETE): S.SIGNED,
    (S.SIGNING, E.SIGNING_TIME_OVER): S.LAPSED,
    (S.SIGNING, E.CANCELLATION_RECEIVED): S.CANCELLED,
    (S.SIGNED, E.CANCELLATION_RECEIVED): S.CANCELLED,
    (S.SIGNING, E.ANNULMENT_APPROVED): S.ANNULLED,
    (S.SIGNED, E.ANNULMENT_APPROVED): S.ANNULLED,
    (S.SIGNED, E.FIRST_PAYOUT_BOOKED): S.RUNNING,
    (S.RUNNING, E.CANCELLATION_RECEIVED): S.CANCELLING,
    (S.CANCELLING, E.CANCELLATION_PAID): S.CANCELLED,
    (S.CANCELLING, E.CANCELLATION_FELL): S.RUNNING,
    (S.RUNNING, E.REDEMPTION_PAID): S.REDEEMED,
    (S.RUNNING, E.TERM_ENDED): S.SETTLED,
    # these change nothing
    (S.SIGNED, E.DRAWDOWN_ASKED): S.SIGNED,
    (S.RUNNING, E.DRAWDOWN_ASKED): S.RUNNING,
    (S.RUNNING, E.REDEMPTION_ASKED): S.RUNNING,
}


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_what_is_not_in_the_lives_of_things_does_not_exist(state: AgreementState, event: AgreementEvent) -> None:
    """G1: every pair of state and event leads where `docs/states.md` says, or is refused with state and rule."""
    if (state, event) in LIFE:
        assert advance(state, event, EVERYTHING_HOLDS) is LIFE[state, event]
        return
    with pytest.raises(AgreementStateRefuses) as caught:
        advance(state, event, EVERYTHING_HOLDS)
    refused = caught.value
    assert isinstance(refused, Conflict)
    assert (refused.state, refused.event) == (state, event)
    assert refused.rule
    assert refused.detail.sv.startswith("Avtalet ")
    assert refused.detail.en.startswith("The agreement ")


@pytest.mark.parametrize("state", [S.CANCELLED, S.REDEEMED, S.SETTLED, S.LAPSED, S.ANNULLED])
def test_an_ended_agreement_stays_ended(state: AgreementState) -> None:
    """G1: no event leads out of an end."""
    for event in E:
        with pytest.raises(AgreementStateRefuses):
            advance(state, event, EVERYTHING_HOLDS)


@pytest.mark.parametrize(
    ("state", "event", "rule"),
    [
        (S.SIGNING, E.REDEMPTION_ASKED, "C8"),
        (S.SIGNED, E.REDEMPTION_ASKED, "C8"),
        (S.CANCELLING, E.REDEMPTION_ASKED, "F3"),
        (S.CANCELLING, E.CANCELLATION_RECEIVED, "C4"),
        (S.REDEEMED, E.CANCELLATION_RECEIVED, "C4"),
        (S.SIGNING, E.DRAWDOWN_ASKED, "P1"),
        (S.SIGNING, E.FIRST_PAYOUT_BOOKED, "P1"),
        (S.SIGNED, E.SIGNING_TIME_OVER, "G2"),
    ],
)
def test_a_refusal_names_the_rule(state: AgreementState, event: AgreementEvent, rule: str) -> None:
    """C8: and others: before the first payout nothing is redeemed."""
    with pytest.raises(AgreementStateRefuses) as caught:
        advance(state, event, EVERYTHING_HOLDS)
    assert caught.value.rule == rule


def test_a_refusal_names_the_state_in_words() -> None:
    """C4: what has been redeemed cannot be cancelled, and the sentence says so in both languages."""
    with pytest.raises(AgreementStateRefuses) as caught:
        advance(S.REDEEMED, E.CANCELLATION_RECEIVED, EVERYTHING_HOLDS)
    assert caught.value.detail.sv == "Avtalet är löst i förtid och kan inte hävas."
    assert caught.value.detail.en == "The agreement has been redeemed and cannot be cancelled."


@pytest.mark.parametrize(
    ("state", "event", "facts", "rule"),
    [
        (S.SIGNING, E.SIGNATURES_COMPLETE, AgreementFacts(company_signed=True), "G2"),
        (S.SIGNING, E.SIGNATURES_COMPLETE, AgreementFacts(guarantees_signed=True), "S2"),
        (S.SIGNING, E.SIGNATURES_COMPLETE, AgreementFacts(), "S2"),
        (S.SIGNING, E.SIGNING_TIME_OVER, AgreementFacts(), "G2"),
        (S.SIGNING, E.ANNULMENT_APPROVED, AgreementFacts(), "D8"),
        (S.SIGNED, E.ANNULMENT_APPROVED, AgreementFacts(approved_by_two=True), "P3"),
        (S.SIGNED, E.CANCELLATION_RECEIVED, AgreementFacts(payout_on_its_way=True), "P3"),
        (S.RUNNING, E.REDEMPTION_ASKED, AgreementFacts(payout_on_its_way=True), "P3"),
        (S.RUNNING, E.REDEMPTION_PAID, AgreementFacts(payout_on_its_way=True, paid_in_full=True), "P3"),
        (S.RUNNING, E.REDEMPTION_PAID, AgreementFacts(payout_on_its_way=False), "F3"),
        (S.RUNNING, E.TERM_ENDED, AgreementFacts(payout_on_its_way=False), "F3"),
        (S.CANCELLING, E.CANCELLATION_PAID, AgreementFacts(payout_on_its_way=False), "C6"),
        (S.CANCELLING, E.CANCELLATION_PAID, AgreementFacts(paid_in_full=True), "P3"),
    ],
)
def test_a_guard_that_does_not_hold_refuses_with_its_own_rule(
    state: AgreementState, event: AgreementEvent, facts: AgreementFacts, rule: str
) -> None:
    """G2: nothing before every signature; and P3, C6, F3 for money that is on its way or missing."""
    with pytest.raises(AgreementStateRefuses) as caught:
        advance(state, event, facts)
    assert caught.value.rule == rule


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("granted", "lapses"),
    [
        ("2026-11-02T09:00:00", "2026-11-16T23:00:00"),  # to the end of the 16th
        ("2026-11-02T00:00:00", "2026-11-16T23:00:00"),
        ("2026-11-02T23:59:59.999999", "2026-11-16T23:00:00"),
        ("2026-03-20T12:00:00", "2026-04-03T22:00:00"),  # over the spring switch
        ("2026-10-20T12:00:00", "2026-11-03T23:00:00"),  # over the autumn switch
        ("2026-12-24T12:00:00", "2027-01-07T23:00:00"),
        ("2028-02-20T12:00:00", "2028-03-05T23:00:00"),
    ],
)
def test_signatures_are_given_by_the_end_of_the_fourteenth_day(granted: str, lapses: str) -> None:
    """G2: signatures missing 14 days after granted-at, the agreement lapses; the instant is in UTC."""
    expected = datetime.fromisoformat(lapses).replace(tzinfo=UTC)
    assert signing_deadline(local(granted), terms=DEFAULT_TERMS) == expected


def test_the_whole_limit_is_paid_out_unless_less_was_asked() -> None:
    """P1: once, after the last signature."""
    assert first_drawdown(LIMIT) == LIMIT
    assert first_drawdown(LIMIT, asked=Money.kronor(40_000)) == Money.kronor(40_000)
    for asked in (Money.kronor("100000.01"), Money.ZERO, Money.kronor(-1)):
        with pytest.raises(DrawdownRefused):
            first_drawdown(LIMIT, asked=asked)


@pytest.mark.parametrize(
    ("amount", "drawn", "fits"),
    [
        ("100000", "0", True),
        ("100000.01", "0", False),
        ("60000", "40000", True),
        ("60000.01", "40000", False),
        ("0.01", "100000", False),  # all drawn: what was repaid since does not come back
        ("0.01", "99999.99", True),
        ("0", "0", False),
        ("-1", "0", False),
    ],
)
def test_the_sum_of_drawdowns_is_at_most_the_limit(amount: str, drawn: str, fits: bool) -> None:
    """P1: further drawdowns up to the limit; the credit does not revolve."""
    if fits:
        check_drawdown(Money.kronor(amount), limit=LIMIT, drawn=Money.kronor(drawn))
        return
    with pytest.raises(DrawdownRefused) as caught:
        check_drawdown(Money.kronor(amount), limit=LIMIT, drawn=Money.kronor(drawn))
    assert caught.value.rule == "P1"
    assert (LIMIT - Money.kronor(drawn)).formatted() in caught.value.detail.sv


@pytest.mark.parametrize(
    ("checked", "on", "fresh"),
    [
        ("2026-11-02", "2026-11-02", True),
        ("2026-11-02", "2026-11-09", True),
        ("2026-11-02", "2026-11-10", False),
        ("2026-12-28", "2027-01-04", True),
        ("2026-12-28", "2027-01-05", False),
        ("2028-02-23", "2028-03-01", True),
        ("2028-02-22", "2028-03-01", False),
    ],
)
def test_the_companys_status_is_at_most_seven_days_old(checked: str, on: str, fresh: bool) -> None:
    """P4: before each payout."""
    if fresh:
        check_payable(
            status_checked_on=date.fromisoformat(checked),
            on=date.fromisoformat(on),
            stopped=False,
            terms=DEFAULT_TERMS,
        )
        return
    with pytest.raises(CompanyStatusTooOld) as caught:
        check_payable(
            status_checked_on=date.fromisoformat(checked),
            on=date.fromisoformat(on),
            stopped=False,
            terms=DEFAULT_TERMS,
        )
    assert caught.value.rule == "P4"


def test_a_known_hard_stop_stops_the_payout_and_the_refusal_does_not_say_what_it_is() -> None:
    """P4: fresh status or not."""
    with pytest.raises(PayoutStopped) as caught:
        check_payable(status_checked_on=date(2026, 11, 2), on=date(2026, 11, 2), stopped=True, terms=DEFAULT_TERMS)
    assert caught.value.rule == "P4"
    assert caught.value.detail == PayoutStopped.title


@pytest.mark.parametrize(
    ("paid_out", "due"),
    [
        ("2026-03-02", ["2026-04-30", "2026-05-29", "2026-06-30"]),  # 31 May is a Sunday
        ("2026-03-01", ["2026-03-31", "2026-04-30", "2026-05-29"]),  # a month from the 1st ends on the 31st
        ("2026-01-31", ["2026-02-27", "2026-03-31", "2026-04-30"]),  # 28 February is a Saturday
        ("2026-01-30", ["2026-02-27", "2026-03-31", "2026-04-30"]),
        ("2024-01-31", ["2024-02-29", "2024-03-28", "2024-04-30"]),  # leap day; 29 March is Good Friday
        ("2026-10-30", ["2026-11-30", "2026-12-30", "2027-01-29"]),  # 31 December is closed
        ("2026-11-01", ["2026-11-30", "2026-12-30", "2027-01-29"]),
    ],
)
def test_an_instalment_is_due_on_the_last_bank_day_of_its_month(paid_out: str, due: list[str]) -> None:
    """F1: due before the month's end, so that a month's fee never meets principal due on its first day."""
    plan = instalments(Money.kronor(90_000), plan=STRAIGHT, paid_out_on=date.fromisoformat(paid_out), term_months=3)
    assert [part.due_on.isoformat() for part in plan] == due
    assert [part.number for part in plan] == [1, 2, 3]
    assert {part.amount for part in plan} == {Money.kronor(30_000)}


def test_the_first_instalments_take_the_odd_ore() -> None:
    """F6: 100 000 in three: 33 333.34, 33 333.33 and 33 333.33."""
    plan = instalments(LIMIT, plan=STRAIGHT, paid_out_on=date(2026, 3, 2), term_months=3)
    assert [str(part.amount) for part in plan] == ["33333.34", "33333.33", "33333.33"]


def test_a_drawdown_of_two_ore_has_two_instalments() -> None:
    """F6: an instalment of nothing is none."""
    plan = instalments(Money(2), plan=STRAIGHT, paid_out_on=date(2026, 3, 2), term_months=3)
    assert [(part.number, part.amount) for part in plan] == [(1, Money(1)), (2, Money(1))]


def test_a_later_drawdown_is_spread_over_the_due_days_that_are_left() -> None:
    """P1: drawn on the first due day itself, it shares the second and the third."""
    plan = instalments(
        Money.kronor(10_000), plan=STRAIGHT, paid_out_on=date(2026, 3, 2), term_months=3, drawn_on=date(2026, 4, 30)
    )
    assert [(part.number, part.due_on, part.amount) for part in plan] == [
        (2, date(2026, 5, 29), Money.kronor(5_000)),
        (3, date(2026, 6, 30), Money.kronor(5_000)),
    ]


def test_when_no_due_day_is_left_nothing_more_is_drawn() -> None:
    """P1: the last due day of the three months is 30 June."""
    with pytest.raises(DrawdownRefused):
        instalments(
            Money.kronor(10_000), plan=STRAIGHT, paid_out_on=date(2026, 3, 2), term_months=3, drawn_on=date(2026, 6, 30)
        )


@pytest.mark.parametrize(
    ("paid_out", "term_months", "due"),
    [
        ("2026-03-01", 1, "2026-03-31"),  # a month from the 1st ends on the 31st
        ("2026-03-02", 1, "2026-04-30"),
        ("2026-01-31", 1, "2026-02-27"),  # 28 February is a Saturday
        ("2026-08-31", 6, "2027-02-26"),  # 28 February is a Sunday
        ("2026-11-30", 3, "2027-02-26"),
        ("2026-10-30", 2, "2026-12-30"),  # 31 December is closed
        ("2027-02-28", 12, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 36, "2031-02-28"),
        ("2026-03-02", 36, "2029-03-29"),  # the 31st is a Saturday, the 30th Good Friday
    ],
)
def test_at_term_the_whole_is_due_on_the_last_bank_day_of_the_terms_last_month(
    paid_out: str, term_months: int, due: str
) -> None:
    """G1: one part, numbered as the last of the straight plan, whose last due day it has."""
    terms: dict[str, Any] = {"paid_out_on": date.fromisoformat(paid_out), "term_months": term_months}
    assert instalments(LIMIT, plan=AT_TERM, **terms) == (Instalment(term_months, date.fromisoformat(due), LIMIT),)
    assert instalments(LIMIT, plan=STRAIGHT, **terms)[-1].due_on == date.fromisoformat(due)


@pytest.mark.parametrize("drawn_on", ["2026-03-03", "2026-04-30", "2026-06-01", "2026-06-29"])
def test_a_later_drawdown_at_term_is_due_with_the_first(drawn_on: str) -> None:
    """P1: as late as the day before it."""
    plan = instalments(
        Money(1),
        plan=AT_TERM,
        paid_out_on=date(2026, 3, 2),
        term_months=3,
        drawn_on=date.fromisoformat(drawn_on),
    )
    assert plan == (Instalment(3, date(2026, 6, 30), Money(1)),)


def test_on_the_due_day_itself_nothing_more_is_drawn_at_term() -> None:
    """P1: there would be no day to repay it on."""
    with pytest.raises(DrawdownRefused):
        instalments(LIMIT, plan=AT_TERM, paid_out_on=date(2026, 3, 2), term_months=3, drawn_on=date(2026, 6, 30))
