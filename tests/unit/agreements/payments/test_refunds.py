"""Money that is paid back, on the real database with the bank's stand-in on the wire (rule F8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from agreements.credit.models import Agreement
from agreements.ledger import invariants as ledger_invariants
from agreements.ledger.services.check_books import check
from agreements.payments import invariants
from agreements.payments.service import RefundNotAsked, RefundRefused
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.rules import ReleaseBySamePerson
from agreements.payouts.sandbox.messages import write_report
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


# --- F8: refunded money that comes back, and a file that the bank refuses


def returned_by_camt(name: str, amount: str, *, number: int = 1, is_reversal: bool = True) -> bytes:
    """The bank credits the account with what it could not pay, under our own id of it."""
    reversal = "<RvslInd>true</RvslInd>" if is_reversal else ""
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>M-{number}</MsgId><CreDtTm>2026-03-02T17:30:35</CreDtTm></GrpHdr>
    <Ntfctn><Acct><Id><IBAN>SE3550000000054910000003</IBAN></Id></Acct><Ntry><Amt Ccy="SEK">{amount}</Amt>
    <CdtDbtInd>CRDT</CdtDbtInd>{reversal}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-03</Dt></BookgDt>
    <AcctSvcrRef>E-{number}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs></TxDtls>
    </NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>""".encode()


def returned_by_bgmax(name: str, amount: str, *, number: int = 1) -> bytes:
    """The same in the file of payments: our id stands in the text."""
    return BgMax(TODAY, serial=10 + number).of(paid(1, "", Money.kronor(amount), code=0, texts=[f"Retur {name}"]))


@pytest.fixture
def refunded(world: RunningWorld, agreement: Agreement) -> str:
    """All of the balance is paid back; the bank's name for it."""
    asked = world.payments.ask_refund(agreement.id, SOME, reason="Betalat för mycket", caller=ASKER)
    world.payments.release_refund(asked.id, caller=OTHER)
    carried(world)
    assert world.owed(agreement) == {PRINCIPAL: LIMIT}
    return name_of_refund(world)


def name_of_refund(world: RunningWorld) -> str:
    with world.runtime.database.transaction() as session:
        return str(session.connection().exec_driver_sql("SELECT end_to_end_id FROM refund").scalar_one())


def state_of_refund(world: RunningWorld) -> str:
    with world.runtime.database.transaction() as session:
        return str(session.connection().exec_driver_sql("SELECT state FROM refund").scalar_one())


@pytest.mark.parametrize(
    "told",
    [
        returned_by_camt,
        partial(returned_by_camt, is_reversal=False),
        returned_by_bgmax,
    ],
)
def test_refunded_money_that_comes_back_is_the_borrowers_again_once(
    world: RunningWorld, agreement: Agreement, refunded: str, told: Callable[..., bytes]
) -> None:
    """F8: in the books by the day of the bank; told again, or by a report too, it changes nothing; asked for again."""
    result = world.payments.read_file(told(refunded, "700.00"), actor="bank")
    assert (result.matched, result.unmatched, state_of_refund(world)) == (1, 0, "returned")
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert world.payments.take_answer(PayoutAnswer(refunded, PayoutStatus.REJECTED, reason_code="AC04"))
    assert world.payments.read_file(told(refunded, "700.00", number=2), actor="bank").unmatched == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert broken(world) == ()
    again = world.payments.ask_refund(agreement.id, SOME, reason="Nytt konto", caller=ASKER)
    assert again.state is RefundState.ASKED


def test_money_that_a_report_has_told_of_first_is_not_counted_twice(
    world: RunningWorld, agreement: Agreement, refunded: str
) -> None:
    """F8: rejected afterwards by a pain.002, and then the money itself."""
    world.payments.take_answer(PayoutAnswer(refunded, PayoutStatus.REJECTED, reason_code="AC04"))
    assert world.payments.read_file(returned_by_camt(refunded, "700.00"), actor="bank").matched == 1
    assert world.payments.unmatched() == ()
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -SOME}
    assert broken(world) == ()


def test_another_sum_than_was_paid_back_waits_for_a_person(
    world: RunningWorld, agreement: Agreement, refunded: str
) -> None:
    """F8: nothing is guessed."""
    world.payments.read_file(returned_by_camt(refunded, "699.00"), actor="bank")
    assert [one.amount for one in world.payments.unmatched()] == [Money.kronor(699)]
    assert (world.owed(agreement), state_of_refund(world)) == ({PRINCIPAL: LIMIT}, "paid")


def test_a_strangers_payment_that_comes_back_waits_for_a_person_again(world: RunningWorld) -> None:
    """F8: the first of the two payments is nobody's as before; the second only tells that it is here."""
    world.to("2026-03-02 10:00:00")
    world.payments.read_file(BgMax(TODAY).of(paid(1, "", SOME, code=0, sender=SENDER)), actor="staff:1")
    (row,) = world.payments.unmatched()
    asked = world.payments.ask_return(row.id, reason="Fel mottagare", caller=ASKER)
    world.payments.release_refund(asked.id, caller=OTHER)
    carried(world)
    world.payments.read_file(returned_by_camt(name_of_refund(world), "700.00"), actor="bank")
    assert [one.id for one in world.payments.unmatched()] == [row.id]
    assert len(world.payments.in_state(PaymentState.CAME_BACK)) == 1
    assert broken(world) == ()


def report_on(world: RunningWorld, status: str, *, number: int = 1) -> bytes:
    """The bank's word on the refund's whole file."""
    file, at = name_of_refund(world), world.runtime.clock.now()
    return write_report(f"R{number}", file, [], at=at, file_status=status, reason_code="FF01")


@pytest.mark.parametrize("booked", [False, True])
def test_a_file_that_is_refused_whole_frees_its_money_unless_it_was_booked(
    world: RunningWorld, agreement: Agreement, booked: bool
) -> None:
    """F8, P3: what the bank says of the payment itself is nearer the truth."""
    asked = world.payments.ask_refund(agreement.id, SOME, reason="Betalat för mycket", caller=ASKER)
    world.payments.release_refund(asked.id, caller=OTHER)
    world.payments.carry_refunds()
    if booked:
        world.payments.take_answer(PayoutAnswer(name_of_refund(world), PayoutStatus.BOOKED, booked_on=TODAY))
    payouts = replace(world.payouts, others=world.payments.take_answer)
    assert payouts.take_report(report_on(world, "ACTC"), actor="bank").not_ours == 0
    payouts.take_report(report_on(world, "RJCT", number=2), actor="bank")
    assert state_of_refund(world) == ("paid" if booked else "failed")
    assert world.owed(agreement) == ({PRINCIPAL: LIMIT} if booked else {PRINCIPAL: LIMIT, CREDIT: -SOME})
    if not booked:
        again = world.payments.ask_refund(agreement.id, SOME, reason="Nytt försök", caller=ASKER)
        assert again.state is RefundState.ASKED


def broken(world: RunningWorld) -> tuple[object, ...]:
    """What does not hold of the books."""
    with world.runtime.database.transaction() as session:
        return tuple(check(session, (*ledger_invariants.INVARIANTS, *invariants.INVARIANTS)))
