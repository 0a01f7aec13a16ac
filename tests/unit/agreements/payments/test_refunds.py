"""Money that is paid back, on the real database with the bank's stand-in on the wire (rule F8)."""

from dataclasses import replace
from datetime import date

import pytest

from agreements.credit.models import Agreement
from agreements.payments.service import RefundNotAsked, RefundRefused
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.rules import ReleaseBySamePerson
from tests.support.bgmax_files import BgMax, paid
from tests.support.running import LIMIT, RunningWorld
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, PaymentState, RefundState, Role
from underwriting.platform.callers import Caller

CREDIT, PRINCIPAL = Account.CREDIT_BALANCE, Account.PRINCIPAL
TODAY = date(2026, 3, 2)
SOME = Money.kronor(700)
PART = Money.kronor(200)
ASKER = Caller(actor="staff:1", role=Role.BILLING, own_index=b"1" * 32)
OTHER = Caller(actor="staff:2", role=Role.BILLING, own_index=b"2" * 32)
SENDER = "59990002"


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """Paid out on 2 March 2026, with 700 kr of the borrower's own."""
    world.to("2026-03-02 10:00:00")
    made = world.running()
    world.pay(made, SOME)
    return made


def carried(world: RunningWorld) -> None:
    """What the worker does until the bank has booked."""
    world.payments.carry_refunds()
    world.to("2026-03-02 10:05:00")
    world.payments.carry_refunds()


def test_a_balance_is_paid_back_once_a_second_person_lets_it_go(world: RunningWorld, agreement: Agreement) -> None:
    """F8: asked by one, released by another, booked by the bank, and out of the books then."""
    asked = world.payments.ask_refund(agreement.id, PART, reason="Betalat för mycket", caller=ASKER)
    assert (asked.state, asked.asked_by) == (RefundState.ASKED, "staff:1")
    assert world.payments.carry_refunds() == 0
    released = world.payments.release_refund(asked.id, caller=OTHER)
    assert (released.state, released.released_by) == (RefundState.RELEASED, "staff:2")
    carried(world)
    assert world.payments.refunds() == ()
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: PART - SOME}
    assert world.payments.carry_refunds() == 0


@pytest.mark.parametrize("same", [ASKER, replace(ASKER, actor="staff:3")])
def test_nobody_releases_what_they_have_asked_for(world: RunningWorld, agreement: Agreement, same: Caller) -> None:
    """F8: nor with another account."""
    asked = world.payments.ask_refund(agreement.id, PART, reason="Betalat för mycket", caller=ASKER)
    with pytest.raises(ReleaseBySamePerson):
        world.payments.release_refund(asked.id, caller=same)


def test_no_more_is_paid_back_than_there_is(world: RunningWorld, agreement: Agreement) -> None:
    """F8: what others have asked for is not there any more."""
    world.payments.ask_refund(agreement.id, PART, reason="Betalat för mycket", caller=ASKER)
    for amount in (SOME, Money.ZERO, -PART):
        with pytest.raises(RefundRefused):
            world.payments.ask_refund(agreement.id, amount, reason="Betalat för mycket", caller=ASKER)


def test_what_is_on_its_way_pays_nothing_else(world: RunningWorld, agreement: Agreement) -> None:
    """F8: the instalment of 30 April takes what is left of the balance."""
    asked = world.payments.ask_refund(agreement.id, PART, reason="Betalat för mycket", caller=ASKER)
    world.payments.release_refund(asked.id, caller=OTHER)
    world.to("2026-04-30 05:00:00")
    assert world.payments.use_balances(date(2026, 4, 30)) == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - (SOME - PART), CREDIT: -PART}


def test_what_the_bank_refuses_is_the_borrowers_again(world: RunningWorld, agreement: Agreement) -> None:
    """F8: by a report that names the payment; what was booked and comes back too."""
    asked = world.payments.ask_refund(agreement.id, SOME, reason="Betalat för mycket", caller=ASKER)
    world.payments.release_refund(asked.id, caller=OTHER)
    carried(world)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}
    with world.runtime.database.transaction() as session:
        name = session.connection().exec_driver_sql("SELECT end_to_end_id FROM refund").scalar_one()
    answer = PayoutAnswer(name, PayoutStatus.REJECTED, reason_code="AC04")
    assert world.payments.take_answer(answer)
    assert not world.payments.take_answer(replace(answer, end_to_end_id="X"))
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}


def test_a_payment_that_is_nobodys_goes_back_to_its_sender(world: RunningWorld) -> None:
    """F8: and waits for a person again where that is withdrawn."""
    world.to("2026-03-02 10:00:00")
    world.payments.read_file(BgMax(TODAY).of(paid(1, "", SOME, code=0, sender=SENDER)), actor="staff:1")
    (row,) = world.payments.unmatched()
    asked = world.payments.ask_return(row.id, reason="Fel mottagare", caller=ASKER)
    assert world.payments.unmatched() == ()
    world.payments.withdraw_refund(asked.id, caller=ASKER)
    with pytest.raises(RefundNotAsked):
        world.payments.release_refund(asked.id, caller=OTHER)
    assert [one.id for one in world.payments.unmatched()] == [row.id]
    again = world.payments.ask_return(row.id, reason="Fel mottagare", caller=ASKER)
    world.payments.release_refund(again.id, caller=OTHER)
    carried(world)
    assert world.payments.refunds() == ()
    assert [one.id for one in world.payments.in_state(PaymentState.RETURNED)] == [row.id]


def test_without_a_bankgiro_of_the_senders_a_person_gives_one(world: RunningWorld) -> None:
    """F8: the bank told none."""
    world.to("2026-03-02 10:00:00")
    world.payments.read_file(BgMax(TODAY).of(paid(1, "", SOME, code=0)), actor="staff:1")
    (row,) = world.payments.unmatched()
    with pytest.raises(RefundRefused):
        world.payments.ask_return(row.id, reason="Fel mottagare", caller=ASKER)
    asked = world.payments.ask_return(row.id, account=Bankgiro(SENDER), reason="Fel mottagare", caller=ASKER)
    assert asked.payment_id == row.id
