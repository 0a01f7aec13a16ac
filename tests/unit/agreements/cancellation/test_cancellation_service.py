"""Cancelling on the real database: to the second, with the money, whatever the bank has answered by then."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from agreements.billing.service import charge_month, fees_of
from agreements.cancellation.models import Cancellation
from agreements.cancellation.rules import (
    CancellationNotYetOpen,
    CancellationWindowClosed,
    NoteRefused,
    ReceivedAtRefused,
)
from agreements.cancellation.service import (
    CancellationUnderWay,
    ConfirmationNotAwaited,
    SecondPersonNeeded,
)
from agreements.cancellation.services.view_cancellation import CancellationView
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementStateRefuses
from agreements.credit.service import lock_agreement
from agreements.redemption.rules import RedemptionNotYetOpen
from tests.support.credit import (
    ANSWER_LOST_ACCOUNT,
    NEXT_DAY_ACCOUNT,
    NOT_DELIVERED_ACCOUNT,
    REJECTED_ACCOUNT,
)
from tests.support.documents import texts_about
from tests.support.running import CANCELLATION_FEE, FEE, LIMIT, PART, RunningWorld, actor
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, Month
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    CancellationState,
    CancellationWindow,
    GuaranteeState,
    PayoutState,
    RequestChannel,
    WindowPolicy,
)
from underwriting.platform import audit_log

TOTAL = LIMIT + CANCELLATION_FEE  # 120 000 + 1 500 = 121 500 kr
CREDIT, PRINCIPAL = Account.CREDIT_BALANCE, Account.PRINCIPAL
FEES, CANCELLATION = Account.FEE_RECEIVABLE, Account.CANCELLATION_FEE_RECEIVABLE
BORROWER = "person:anna"


def at(text: str) -> datetime:
    """A time that clocks in Stockholm show."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def cancel(world: RunningWorld, agreement: Agreement) -> CancellationView:
    """What the borrower does in the portal."""
    return world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor=BORROWER)


def phoned(world: RunningWorld, agreement: Agreement, received: str) -> CancellationView:
    """What a member of staff records of a call."""
    return world.cancellations.request(
        agreement.id, RequestChannel.PHONE, received_at=at(received), actor=actor(1), note="Anna ringde från växeln"
    )


def running_since(world: RunningWorld, text: str) -> Agreement:
    """120 000 kr, granted and paid out at that time."""
    world.to(text)
    return world.running()


# --- C1: the same-day window


@pytest.mark.parametrize("make", [RunningWorld.granted, RunningWorld.signed])
def test_a_request_at_15_59_59_ends_the_agreement_at_once(
    world: RunningWorld, make: Callable[[RunningWorld], Agreement]
) -> None:
    """C1: and C3: 1 500 kr are owed, nothing is paid out, nobody is bound; whether signed already or not."""
    world.to("2026-03-02 10:00:00")
    agreement = make(world)
    world.to("2026-03-02 15:59:59")
    view = cancel(world, agreement)
    world.work()
    assert (view.state, view.window) == (CancellationState.COMPLETED, CancellationWindow.SAME_DAY)
    assert (view.fee, view.principal_to_repay, view.pay_by) == (CANCELLATION_FEE, Money.ZERO, None)
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CANCELLATION: CANCELLATION_FEE}
    assert world.guarantee_states(agreement) == {GuaranteeState.LAPSED}
    assert set(world.payout_states(agreement)) <= {PayoutState.WITHDRAWN}
    assert world.bank.balance() == "100000000.00"
    assert "cancelled" in world.told(agreement)


def test_a_request_at_16_00_sharp_is_too_late_and_the_payout_is_sent(world: RunningWorld) -> None:
    """C1: and C8: the refusal names the window that the payout will open."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 16:00:00")
    with pytest.raises(CancellationNotYetOpen) as refusal:
        cancel(world, agreement)
    assert refusal.value.rule == "C8"
    assert "16.00" in refusal.value.detail.sv
    assert "5 efter" in refusal.value.detail.sv
    world.work()
    assert world.state(agreement) is AgreementState.RUNNING


def test_between_the_windows_nothing_is_redeemed_either(world: RunningWorld) -> None:
    """C8: redemption begins with the first payout."""
    world.to("2026-03-02 16:00:00")
    agreement = world.signed()
    with pytest.raises(RedemptionNotYetOpen) as refusal:
        world.redemptions.quote(agreement.id, date(2026, 3, 2))
    assert refusal.value.rule == "C8"


def test_each_window_has_the_fee_of_the_terms_under_which_the_credit_was_granted(world: RunningWorld) -> None:
    """C3: the same-day fee is a setting of its own; 500 kr then, 1 500 kr after payout."""
    world.to("2026-03-02 10:00:00")
    terms = replace(world.runtime.terms, same_day_cancellation_fee=Money.kronor(500))
    own = replace(world.cancellations.runtime, terms=terms)
    world.runtime = own
    agreement = world.signed()
    assert world.cancellations.quote(agreement.id).fee == Money.kronor(500)
    world.work()
    assert world.cancellations.quote(agreement.id).fee == CANCELLATION_FEE
    free = replace(terms, same_day_cancellation_fee=Money.ZERO)
    world.runtime = replace(own, terms=free)
    without_fee = world.signed()
    assert cancel(world, without_fee).fee == Money.ZERO
    assert world.balances(without_fee) == {}


# --- a payout that has been sent when the request comes


def test_a_payout_that_is_sent_and_unanswered_makes_a_same_day_request_conditional(world: RunningWorld) -> None:
    """C1: and C6: the bank has the order; once it is booked the money has to come back, counted from then."""
    world.to("2026-03-02 14:00:00")  # a Monday
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.work()
    assert world.payout_states(agreement) == [PayoutState.SENT]
    view = cancel(world, agreement)
    assert (view.state, view.window) == (CancellationState.CONDITIONAL, CancellationWindow.SAME_DAY)
    assert view.total == TOTAL
    assert world.state(agreement) is AgreementState.SIGNED
    world.to("2026-03-03 09:00:00")
    world.later(minutes=1)
    assert world.state(agreement) is AgreementState.CANCELLING
    taken_up = world.cancellations.of_agreement(agreement.id)
    assert taken_up is not None
    assert taken_up.pay_by == date(2026, 3, 6)  # Wednesday, Thursday, Friday
    assert world.told(agreement)[-2:] == ["paid-out", "cancellation"]
    world.pay(agreement, TOTAL, on="2026-03-06")
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {}
    assert world.guarantee_states(agreement) == {GuaranteeState.ENDED}


def test_money_that_comes_before_the_banks_answer_completes_it_when_that_comes(world: RunningWorld) -> None:
    """C6: the borrower had paid at once; the answer came the next day."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.work()
    cancel(world, agreement)
    world.pay(agreement, TOTAL)
    assert world.owed(agreement) == {CREDIT: -TOTAL}
    world.to("2026-03-03 09:00:00")
    world.later(minutes=1)
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {}
    assert "cancellation" not in world.told(agreement)  # nothing was left to ask for


def test_a_payout_that_fails_afterwards_leaves_nothing_to_repay(world: RunningWorld) -> None:
    """C1: the bank refuses the order, so the agreement is over and owes the fee."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=REJECTED_ACCOUNT)
    world.payouts.send_due()
    assert cancel(world, agreement).state is CancellationState.CONDITIONAL
    world.work()
    assert world.payout_states(agreement) == [PayoutState.FAILED]
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CANCELLATION: CANCELLATION_FEE}
    assert world.guarantee_states(agreement) == {GuaranteeState.LAPSED}


def test_a_payout_that_the_bank_has_never_seen_is_not_sent_again(world: RunningWorld) -> None:
    """C1: the connection broke; had the file been sent again, money would leave after the cancellation."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=NOT_DELIVERED_ACCOUNT)
    world.payouts.send_due()
    cancel(world, agreement)
    world.later(minutes=5)
    assert world.payout_states(agreement) == [PayoutState.WITHDRAWN]
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.bank.balance() == "100000000.00"


def test_a_payout_whose_answer_was_lost_has_to_come_back(world: RunningWorld) -> None:
    """P3: unknown to us, paid by the bank."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=ANSWER_LOST_ACCOUNT)
    world.payouts.send_due()
    assert world.payout_states(agreement) == [PayoutState.UNKNOWN]
    cancel(world, agreement)
    world.work()
    assert world.state(agreement) is AgreementState.CANCELLING
    world.pay(agreement, TOTAL)
    assert world.state(agreement) is AgreementState.CANCELLED


def test_nothing_more_is_drawn_once_a_cancellation_is_received(world: RunningWorld) -> None:
    """C1: the first payout is on its way; a second one would have to come back too."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT, asked=Money.kronor(50_000))
    world.work()
    cancel(world, agreement)
    with pytest.raises(AgreementStateRefuses) as refusal:
        world.payouts.request_drawdown(agreement.id, PART, actor=BORROWER)
    assert refusal.value.rule == "C1"


# --- C2, C4, C7: the payout window


def test_the_last_second_of_the_fifth_day_is_in_time_and_the_next_one_is_not(world: RunningWorld) -> None:
    """C2: booked on Monday 2 March, day 0; the window closes with Saturday 7 March. And C4: what is left is said."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    other = world.running()
    world.to("2026-03-07 23:59:59")
    assert cancel(world, agreement).window is CancellationWindow.PAYOUT
    world.to("2026-03-08 00:00:00")
    with pytest.raises(CancellationWindowClosed) as refusal:
        cancel(world, other)
    assert refusal.value.rule == "C4"
    assert "7 mars 2026" in refusal.value.detail.sv
    assert "lösa" in refusal.value.detail.sv
    assert world.state(other) is AgreementState.RUNNING
    assert world.cancellations.of_agreement(other.id) is None


def test_a_later_drawdown_opens_no_window(world: RunningWorld) -> None:
    """C2: only the first payout's booking counts."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000))
    world.to("2026-03-09 10:00:00")
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor=BORROWER)
    world.work()
    with pytest.raises(CancellationWindowClosed):
        cancel(world, agreement)


def test_the_quote_says_window_last_second_fee_and_sum_and_changes_nothing(world: RunningWorld) -> None:
    """C7: 120 000 + 1 500, asked on Thursday, so by Tuesday: Friday, Monday, Tuesday."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    before = world.actions(agreement)
    world.to("2026-03-05 12:00:00")
    quote = world.cancellations.quote(agreement.id)
    assert quote.window.kind is CancellationWindow.PAYOUT
    assert quote.window.last_second == at("2026-03-07 23:59:59")
    assert (quote.fee, quote.principal_to_repay, quote.total) == (CANCELLATION_FEE, LIMIT, TOTAL)
    assert quote.pay_by == date(2026, 3, 10)
    assert world.actions(agreement) == before


@pytest.mark.parametrize("asked", ["quote", "request"])
def test_an_agreement_that_is_over_cannot_be_cancelled(world: RunningWorld, asked: str) -> None:
    """C4: it has been redeemed on the third day; the states say so."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-05 10:00:00")
    world.redemptions.request(agreement.id, date(2026, 3, 5), actor=BORROWER)
    world.pay(agreement, LIMIT + FEE)
    assert world.state(agreement) is AgreementState.REDEEMED
    with pytest.raises(AgreementStateRefuses) as refusal:
        world.cancellations.quote(agreement.id) if asked == "quote" else cancel(world, agreement)
    assert refusal.value.rule == "C4"


def test_a_second_request_is_told_that_one_is_under_way(world: RunningWorld) -> None:
    """C6: whether it waits for its money or is completed."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    with pytest.raises(CancellationUnderWay):
        cancel(world, agreement)
    world.pay(agreement, TOTAL)
    with pytest.raises(CancellationUnderWay):
        phoned(world, agreement, "2026-03-02 10:00:00")


# --- C5: by phone and e-mail


def test_in_the_portal_the_servers_clock_decides_alone(world: RunningWorld) -> None:
    """C5: a stated time is refused, whatever it is."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    with pytest.raises(ReceivedAtRefused):
        world.cancellations.request(
            agreement.id, RequestChannel.PORTAL, received_at=at("2026-03-02 10:00:00"), actor=BORROWER
        )


@pytest.mark.parametrize("received", ["2026-03-02 12:00:01", "2026-03-02 09:59:59"])
def test_a_call_cannot_have_come_in_the_future_or_before_the_agreement(world: RunningWorld, received: str) -> None:
    """C5: granted at 10:00:00, recorded at 12:00:00."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-02 12:00:00")
    with pytest.raises(ReceivedAtRefused):
        phoned(world, agreement, received)
    assert world.state(agreement) is AgreementState.RUNNING


def test_a_call_recorded_while_its_window_is_open_needs_nobody_else(world: RunningWorld) -> None:
    """C5: received at 11:00, recorded at 15:00 of the same day, before payout."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 15:00:00")
    assert phoned(world, agreement, "2026-03-02 11:00:00").state is CancellationState.COMPLETED


def test_a_call_from_before_the_payout_recorded_after_it_is_confirmed_by_a_second_person(world: RunningWorld) -> None:
    """C5: and C1: it is a same-day one, with C6's repayment: Monday's call, so by Thursday."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 14:00:00")
    world.work()
    world.to("2026-03-02 15:00:00")
    view = phoned(world, agreement, "2026-03-02 13:59:59")
    assert (view.state, view.needs_confirmation) == (CancellationState.UNCONFIRMED, True)
    assert view.window is CancellationWindow.SAME_DAY
    assert world.state(agreement) is AgreementState.RUNNING
    with pytest.raises(SecondPersonNeeded):
        world.cancellations.confirm(view.id, actor=actor(1))
    confirmed = world.cancellations.confirm(view.id, actor=actor(2))
    assert (confirmed.state, confirmed.pay_by) == (CancellationState.CONDITIONAL, date(2026, 3, 5))
    assert world.state(agreement) is AgreementState.CANCELLING
    with pytest.raises(ConfirmationNotAwaited):
        world.cancellations.confirm(view.id, actor=actor(2))
    world.pay(agreement, TOTAL)
    assert world.state(agreement) is AgreementState.CANCELLED


def test_no_payout_is_sent_while_a_call_waits_for_its_second_person(world: RunningWorld) -> None:
    """C5: received at 15:59:59, recorded at 16:30, the payout ordered and not sent yet."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 16:30:00")
    view = phoned(world, agreement, "2026-03-02 15:59:59")
    world.later(days=1)
    assert world.payout_states(agreement) == [PayoutState.ORDERED]
    world.cancellations.confirm(view.id, actor=actor(2))
    assert world.payout_states(agreement) == [PayoutState.WITHDRAWN]
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CANCELLATION: CANCELLATION_FEE}


def test_a_call_that_the_second_person_does_not_believe_has_no_effect(world: RunningWorld) -> None:
    """C5: the payout goes out, and the borrower may still cancel after it."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 16:30:00")
    view = phoned(world, agreement, "2026-03-02 15:59:59")
    with pytest.raises(SecondPersonNeeded):
        world.cancellations.reject(view.id, actor=actor(1))
    assert world.cancellations.reject(view.id, actor=actor(2)).state is CancellationState.FALLEN
    world.work()
    assert world.state(agreement) is AgreementState.RUNNING
    assert cancel(world, agreement).state is CancellationState.CONDITIONAL


def test_a_request_in_time_takes_the_place_of_one_that_waits_for_its_second_person(world: RunningWorld) -> None:
    """C5: a mistaken note must not keep the borrower from cancelling in the portal; a second note is refused."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 14:00:00")
    world.work()
    mistaken = phoned(world, agreement, "2026-03-02 13:00:00")
    with pytest.raises(CancellationUnderWay):
        phoned(world, agreement, "2026-03-02 13:30:00")
    view = cancel(world, agreement)
    assert (view.state, view.window) == (CancellationState.CONDITIONAL, CancellationWindow.PAYOUT)
    with pytest.raises(ConfirmationNotAwaited):
        world.cancellations.confirm(mistaken.id, actor=actor(2))


def test_a_confirmation_of_nothing_is_not_found(world: RunningWorld) -> None:
    """C5: an id that is no cancellation's."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    with pytest.raises(NotFound):
        world.cancellations.confirm(agreement.id, actor=actor(2))


def test_money_that_was_there_by_the_last_day_counts_when_the_confirmation_comes_later(world: RunningWorld) -> None:
    """C5: and C6: called on Saturday, paid on Wednesday, recorded on Sunday and confirmed on Friday."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-08 09:00:00")
    view = phoned(world, agreement, "2026-03-07 23:59:59")
    world.to("2026-03-12 09:00:00")
    world.pay(agreement, TOTAL, on="2026-03-11")
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -TOTAL}
    world.to("2026-03-11 17:00:00")
    confirmed = world.cancellations.confirm(view.id, actor=actor(2))
    assert (confirmed.state, confirmed.pay_by) == (CancellationState.COMPLETED, date(2026, 3, 11))
    assert world.owed(agreement) == {}


def test_a_borrower_is_given_the_days_again_when_they_passed_before_the_confirmation(world: RunningWorld) -> None:
    """C6: called on Saturday the 7th, confirmed on Friday the 13th: Monday, Tuesday, Wednesday."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-08 09:00:00")
    view = phoned(world, agreement, "2026-03-07 23:59:59")
    world.to("2026-03-13 09:00:00")
    assert world.cancellations.confirm(view.id, actor=actor(2)).pay_by == date(2026, 3, 18)
    world.pay(agreement, TOTAL, on="2026-03-18")
    assert world.state(agreement) is AgreementState.CANCELLED


# --- C6: the money


def test_money_on_the_last_day_completes_it(world: RunningWorld) -> None:
    """C6: asked on Tuesday the 3rd, so by Friday the 6th; told on Monday."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-03 10:00:00")
    assert cancel(world, agreement).pay_by == date(2026, 3, 6)
    world.to("2026-03-09 10:00:00")
    world.pay(agreement, TOTAL, on="2026-03-06")
    view = world.cancellations.of_agreement(agreement.id)
    assert view is not None
    assert (view.state, view.settled_at) == (CancellationState.COMPLETED, at("2026-03-09 10:00:00"))
    assert world.balances(agreement) == {
        Account.BANK: CANCELLATION_FEE,
        Account.CANCELLATION_FEE_INCOME: -CANCELLATION_FEE,
    }
    assert world.told(agreement)[-2:] == ["cancellation", "cancelled"]


def test_money_that_lacks_an_ore_is_kept_and_the_rest_completes_it(world: RunningWorld) -> None:
    """C6: 121 499.99 and then 0.01, and what is over is the borrower's: 1 kr."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    world.pay(agreement, TOTAL - Money(1))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -(TOTAL - Money(1))}
    world.pay(agreement, Money(101))
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CREDIT: -Money(100)}


def test_a_credit_balance_that_covers_everything_completes_it_at_once(world: RunningWorld) -> None:
    """C6: the borrower sent the money back first and asked then."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.pay(agreement, TOTAL)
    assert cancel(world, agreement).state is CancellationState.COMPLETED
    assert world.owed(agreement) == {}
    assert world.state(agreement) is AgreementState.CANCELLED


def test_a_credit_balance_counts_towards_the_sum(world: RunningWorld) -> None:
    """C6: 20 000 were there, 101 500 come."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.pay(agreement, Money.kronor(20_000))
    cancel(world, agreement)
    world.pay(agreement, Money.kronor(101_500))
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {}


def fall(world: RunningWorld, on: str) -> int:
    """The daily job of that day, after the bank's answers have been read."""
    world.to(f"{on} 04:00:00")
    return world.cancellations.fall_overdue(date.fromisoformat(on))


def test_money_a_day_late_lets_it_fall_and_the_fees_run(world: RunningWorld) -> None:
    """C6: by Thursday the 5th; booked on Friday it pays what is due. And F1: March is charged as if never asked."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    world.to("2026-03-06 18:00:00")
    world.pay(agreement, TOTAL)
    assert world.state(agreement) is AgreementState.CANCELLING
    assert fall(world, "2026-03-09") == 1
    assert world.state(agreement) is AgreementState.RUNNING
    assert world.guarantee_states(agreement) == {GuaranteeState.IN_FORCE}
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -TOTAL}
    assert world.told(agreement)[-1] == "cancellation-fell"
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, Month(2026, 3)).charged == FEE


@pytest.mark.parametrize(
    ("day", "falls"),
    [
        ("2026-03-05", False),
        ("2026-03-06", False),  # Friday: Thursday's bookings are told to the end of today
        ("2026-03-07", True),
    ],
)
def test_it_falls_only_after_the_answers_of_its_last_day_are_read(world: RunningWorld, day: str, falls: bool) -> None:
    """C6: by Thursday 5 March."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    assert fall(world, day) == int(falls)
    assert (world.state(agreement) is AgreementState.RUNNING) is falls


def test_a_cancellation_that_fell_can_be_asked_for_again_in_its_window(world: RunningWorld) -> None:
    """C6: as if never asked; with seven days of window in place of five."""
    world.to("2026-03-02 10:00:00")
    world.runtime = replace(world.runtime, terms=replace(world.runtime.terms, cancellation_days=7))
    agreement = world.running()
    cancel(world, agreement)
    assert fall(world, "2026-03-09") == 1
    assert cancel(world, agreement).state is CancellationState.CONDITIONAL
    world.pay(agreement, TOTAL)
    assert world.state(agreement) is AgreementState.CANCELLED


def test_what_was_kept_for_it_pays_what_is_due_when_it_falls(world: RunningWorld) -> None:
    """C6: and F8: 5 000 kr came while it waited; then the fee of March, 2 400 kr, is due."""
    agreement = running_since(world, "2026-03-30 10:00:00")
    world.to("2026-04-01 12:00:00")
    cancel(world, agreement)  # by Wednesday 8 April: the 2nd, the 7th and the 8th, with Easter between
    world.pay(agreement, Money.kronor(5_000))
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, FEES: FEE, CREDIT: -Money.kronor(5_000)}
    assert fall(world, "2026-04-09") == 0
    assert fall(world, "2026-04-10") == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -Money.kronor(2_600)}


def test_monthly_fees_are_taken_back_whether_paid_or_not(world: RunningWorld) -> None:
    """C6: March was charged and 1 000 of its 2 400 kr paid; they count towards the 121 500 kr."""
    agreement = running_since(world, "2026-03-30 10:00:00")
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.to("2026-04-02 10:00:00")
    world.pay(agreement, Money.kronor(1_000))
    cancel(world, agreement)
    world.pay(agreement, Money.kronor(120_499))
    assert world.state(agreement) is AgreementState.CANCELLING
    world.pay(agreement, Money.kronor(2))
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CREDIT: -Money.kronor(1)}  # 1 000 + 120 499 + 2 - 121 500
    with world.runtime.database.transaction() as session:
        (fee,) = fees_of(session, agreement.id)
    assert fee.reversed_at == at("2026-04-02 10:00:00")
    world.to("2026-05-04 20:00:00")
    assert charge_month(world.runtime, Month(2026, 4)).count == 0


def test_a_payment_that_went_to_a_fee_before_the_call_was_recorded_counts(world: RunningWorld) -> None:
    """C5: and C6: called at noon, paid 121 500 kr, of which 2 400 went to March's fee; recorded in the evening."""
    agreement = running_since(world, "2026-03-30 10:00:00")
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.to("2026-04-02 15:00:00")
    world.pay(agreement, TOTAL)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -(TOTAL - FEE)}
    world.to("2026-04-02 18:00:00")
    assert phoned(world, agreement, "2026-04-02 12:00:00").state is CancellationState.COMPLETED
    assert world.owed(agreement) == {}


def test_a_later_payout_that_is_on_its_way_belongs_to_the_sum(world: RunningWorld) -> None:
    """C6: 50 000 are paid out, 70 000 are sent; nothing settles before the bank has answered, nor falls."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000), payout_account=NEXT_DAY_ACCOUNT)
    world.to("2026-03-03 09:00:00")
    world.later(minutes=1)
    assert world.state(agreement) is AgreementState.RUNNING
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor=BORROWER)
    world.payouts.send_due()
    view = cancel(world, agreement)
    assert view.total == TOTAL
    world.pay(agreement, TOTAL)
    assert world.state(agreement) is AgreementState.CANCELLING
    assert world.owed(agreement) == {PRINCIPAL: Money.kronor(50_000), CREDIT: -TOTAL}
    assert fall(world, "2026-03-10") == 0
    world.to("2026-03-10 05:00:00")
    world.later(minutes=1)
    assert world.payout_states(agreement) == [PayoutState.PAID, PayoutState.PAID]
    world.payments.use_balances(date(2026, 3, 10))
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {}


def test_a_drawdown_that_was_not_sent_is_withdrawn(world: RunningWorld) -> None:
    """C1: 50 000 are paid out, 70 000 ordered: 50 000 + 1 500 settle it."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000))
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor=BORROWER)
    assert cancel(world, agreement).total == Money.kronor(51_500)
    world.pay(agreement, Money.kronor(51_500))
    assert world.payout_states(agreement) == [PayoutState.PAID, PayoutState.WITHDRAWN]
    assert world.state(agreement) is AgreementState.CANCELLED


def test_the_fee_of_a_cancelled_agreement_is_paid_like_any_claim(world: RunningWorld) -> None:
    """C3: 1 500 kr are owed after a same-day cancellation; 1 600 come."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    cancel(world, agreement)
    world.pay(agreement, Money.kronor(1_600))
    assert world.owed(agreement) == {CREDIT: -Money.kronor(100)}


def test_a_request_that_is_taken_has_a_receipt(world: RunningWorld) -> None:
    """C2, C3, C6: when it came and how, what it costs, where and by when it is paid; the third bank day is a Friday."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-03 12:00:00")
    (text,) = texts_about(world.runtime, cancel(world, agreement).id)
    assert "Inkom tisdagen den 3 mars 2026 kl. 12.00 Sätt i portalen" in text
    assert "Avgift för hävning 1 500 kr" in text
    assert "Bokfört hos oss senast fredagen den 6 mars 2026" in text
    assert "Hävningen är villkorad." in text


def test_a_receipt_before_payout_asks_for_the_fee_alone(world: RunningWorld) -> None:
    """C1, C3: nothing has to come back, and the agreement is over."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    (text,) = texts_about(world.runtime, phoned(world, agreement, "2026-03-02 10:00:00").id)
    assert "Sätt på telefon" in text
    assert "Att betala 1 500 kr" in text
    assert "Krediten är hävd." in text
    assert "återbetala" not in text


def test_a_receipt_of_what_the_balance_covers_asks_for_nothing(world: RunningWorld) -> None:
    """C6: the money was there before the request; 20 000 of it are less to pay where the rest is not."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.pay(agreement, Money.kronor(20_000))
    (text,) = texts_about(world.runtime, cancel(world, agreement).id)
    assert "Redan inbetalt avgår 20 000 kr Att betala 101 500 kr" in text
    other = running_since(world, "2026-03-02 10:00:00")
    world.pay(other, TOTAL)
    (text,) = texts_about(world.runtime, cancel(world, other).id)
    assert "Redan inbetalt 121 500 kr Att betala inget" in text
    assert "Månadsavgifterna är återförda" in text


def test_a_fee_that_was_paid_before_counts_in_the_receipt(world: RunningWorld) -> None:
    """C6: 2 400 kr of March's fee were paid before the request, and are taken back by it."""
    agreement = running_since(world, "2026-03-30 10:00:00")
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.to("2026-04-02 15:00:00")
    world.pay(agreement, FEE)
    (text,) = texts_about(world.runtime, cancel(world, agreement).id)
    assert "Redan inbetalt avgår 2 400 kr Att betala 119 100 kr" in text


def test_a_receipt_while_the_bank_has_the_payout_asks_for_nothing_yet(world: RunningWorld) -> None:
    """C6: what the bank answers decides whether there is anything to repay."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.work()
    (text,) = texts_about(world.runtime, cancel(world, agreement).id)
    assert "På väg från banken 120 000 kr" in text
    assert "Inget behöver betalas dessförinnan." in text
    assert "senast " not in text.split("Vad hävningen kostar")[1].split("Vad som gäller")[0]


def test_a_request_that_waits_for_a_second_person_has_no_receipt_yet(world: RunningWorld) -> None:
    """C5: it is written with the confirmation."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    world.to("2026-03-10 12:00:00")
    late = phoned(world, agreement, "2026-03-03 12:00:00")
    assert texts_about(world.runtime, late.id) == []
    world.cancellations.confirm(late.id, actor=actor(2))
    (text,) = texts_about(world.runtime, late.id)
    assert "Inkom tisdagen den 3 mars 2026 kl. 12.00 Sätt på telefon Antecknad tisdagen den 10 mars 2026" in text


# --- C5: what shows when it came, and by whom it was recorded


def late_mail(world: RunningWorld, **recorder: Any) -> tuple[Agreement, CancellationView]:
    """Granted at 10, mailed at 15:59:59, recorded at 16:30 before anything was sent."""
    world.to("2026-03-02 10:00:00")
    agreement = world.signed()
    world.to("2026-03-02 16:30:00")
    received = at("2026-03-02 15:59:59")
    view = world.cancellations.request(agreement.id, RequestChannel.EMAIL, received_at=received, **recorder)
    return agreement, view


def test_a_late_record_without_what_shows_when_it_came_changes_nothing(world: RunningWorld) -> None:
    """C5: it is refused before anything is held back."""
    with pytest.raises(NoteRefused):
        late_mail(world, actor=actor(1))
    world.work()
    (agreement,) = world.agreements()
    assert world.cancellations.of_agreement(agreement.id) is None
    assert world.state(agreement) is AgreementState.RUNNING


def test_what_was_noted_is_kept_encrypted_and_read_by_the_second_person(world: RunningWorld) -> None:
    """C5: and stands in no log."""
    agreement, view = late_mail(world, actor=actor(1), note="Mejl från Anna, rubrik: Vi ångrar oss")
    assert world.cancellations.note_of(agreement.id) == "Mejl från Anna, rubrik: Vi ångrar oss"
    with world.runtime.database.transaction() as session:
        row = session.get_one(Cancellation, view.id)
        assert row.note_encrypted is not None
        assert b"Anna" not in row.note_encrypted
        own = f"application:{agreement.application_id}"
        assert world.runtime.cipher.subject_of(row.note_encrypted) == own  # erased with it (K2)
        logged = [str(entry.data) for entry in audit_log.entries_of(session, f"agreement:{agreement.id}")]
    assert not any("Anna" in line for line in logged)


@pytest.mark.parametrize("verdict", ["confirm", "reject"])
def test_two_accounts_of_one_person_are_one_person(world: RunningWorld, verdict: str) -> None:
    """C5: recorded by account 1 and judged by account 2 with the same personal number; account 3 is somebody else."""
    _, view = late_mail(world, actor=actor(1), note="Mejl 15.59", own_index=b"ulla")
    judge = getattr(world.cancellations, verdict)
    with pytest.raises(SecondPersonNeeded) as refusal:
        judge(view.id, actor=actor(2), own_index=b"ulla")
    assert refusal.value.rule == "C5"
    judged = judge(view.id, actor=actor(3), own_index=b"urban")
    expected = CancellationState.COMPLETED if verdict == "confirm" else CancellationState.FALLEN
    assert judged.state is expected


# --- who is told


def test_each_letter_says_where_the_receipt_is_and_guarantors_hear_when_they_are_free(world: RunningWorld) -> None:
    """C6: the borrower at the request and at the end; Erik when his guarantee has ended."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    assert world.told(agreement)[-1] == "cancellation"
    assert world.letters("guarantee-ended") == []
    world.pay(agreement, TOTAL)
    (letter,) = world.letters("guarantee-ended")
    assert letter.recipient == "erik@exempel.example"
    assert "binder dig inte längre" in letter.body
    (last,) = world.letters("cancelled")
    assert f"/agreements/{agreement.id}" in last.body


def test_a_request_while_the_bank_has_the_payout_is_answered_at_once(world: RunningWorld) -> None:
    """C6: what is to be repaid follows with the bank's answer."""
    world.to("2026-03-02 14:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.work()
    cancel(world, agreement)
    assert world.told(agreement)[-1] == "cancellation-awaits-bank"


def test_a_cancellation_that_falls_leaves_guarantors_bound_and_untold(world: RunningWorld) -> None:
    """C6: as if never asked; and the job that runs again finds nothing."""
    agreement = running_since(world, "2026-03-02 10:00:00")
    cancel(world, agreement)
    assert [fall(world, "2026-03-09"), fall(world, "2026-03-09"), fall(world, "2026-03-10")] == [1, 0, 0]
    assert world.letters("guarantee-ended") == []
    assert world.told(agreement).count("cancellation-fell") == 1
    assert world.guarantee_states(agreement) == {GuaranteeState.IN_FORCE}


def test_parts_that_add_up_by_the_last_day_complete_it_and_a_part_after_it_does_not(world: RunningWorld) -> None:
    """C6: asked on the 2nd, so by Thursday the 5th: 100 000 on the 4th and 21 500 on the 5th, or on the 6th."""
    in_time, late = running_since(world, "2026-03-02 10:00:00"), world.running()
    for agreement, day in ((in_time, "2026-03-05"), (late, "2026-03-06")):
        world.to("2026-03-02 12:00:00")
        cancel(world, agreement)
        world.to("2026-03-06 18:00:00")
        world.pay(agreement, Money.kronor(100_000), on="2026-03-04")
        world.pay(agreement, Money.kronor(21_500), on=day)
    assert world.state(in_time) is AgreementState.CANCELLED
    assert world.state(late) is AgreementState.CANCELLING
    assert fall(world, "2026-03-09") == 1
    assert world.state(late) is AgreementState.RUNNING


@pytest.mark.parametrize("policy", list(WindowPolicy))
def test_the_window_of_an_agreement_is_counted_as_its_terms_said_when_it_was_granted(
    world: RunningWorld, policy: WindowPolicy
) -> None:
    """C2: booked on Saturday 19 December 2026: to the 24th, rolled to the 28th, and five bank days to the 29th."""
    world.to("2026-12-19 10:00:00")
    world.runtime = replace(world.runtime, terms=replace(world.runtime.terms, window_policy=policy))
    agreement = world.signed()
    with world.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id).first_paid_out_at = at("2026-12-19 10:00:00")
    ends = {
        WindowPolicy.CALENDAR: "2026-12-24 23:59:59",
        WindowPolicy.CALENDAR_ROLLED: "2026-12-28 23:59:59",
        WindowPolicy.BANKING_DAYS: "2026-12-29 23:59:59",
    }
    world.to("2026-12-21 10:00:00")
    assert world.cancellations.quote(agreement.id).window.last_second == at(ends[policy])
