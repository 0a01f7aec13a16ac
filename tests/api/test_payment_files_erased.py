"""Payment files, both ways, are accounts: kept for seven years after the year, and then nobody can read them."""

import uuid
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from agreements.payments.models import IncomingPayment, PaymentFile, Refund
from agreements.payouts.models import BankReport, Payout, PayoutFile
from agreements.payouts.sandbox.messages import Answer, write_report
from agreements.payouts.services.order_payout import account_of
from agreements.payouts.services.write_file import content_of
from tests.support.beginnings import running
from tests.support.bgmax_files import BgMax, paid
from tests.support.house import HouseWorld
from tests.support.journey import Loan
from tests.support.lending import ANNA
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role
from underwriting.personal_data import erasure
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import DataErased

KEPT_THROUGH, DAY_AFTER_THAT = date(2033, 12, 31), date(2034, 1, 1)  # 2026 and seven years: 1999:1078, 7 kap. 2 §
REPORT = "bank_report.content"


def erase(world: HouseWorld, on: date) -> erasure.Erased:
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]
    return erasure.erase_due(world.runtime, on=on, at=datetime(on.year, on.month, on.day, 3, 45, tzinfo=UTC))


def files_of(world: HouseWorld) -> tuple[PayoutFile, BankReport, PaymentFile]:
    """The one of each kind as it stands now."""
    with world.runtime.database.transaction() as session:
        session.expire_all()
        return tuple(session.scalars(sa.select(kind)).one() for kind in (PayoutFile, BankReport, PaymentFile))  # type: ignore[return-value]


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """A loan that was paid out by a file, of which the bank has reported, and of which something was paid back."""
    loan = running(world)
    with world.runtime.database.transaction() as session:
        payout = session.scalars(sa.select(Payout)).one()
        file = session.scalars(sa.select(PayoutFile)).one()
    taken = Answer(payout.end_to_end_id, file.message_id, "ACCP", Money(payout.amount_ore), None, None, None, None)
    report = write_report("R1", file.message_id, [taken], at=world.clock.now())
    world.house.payouts.take_report(report, actor="bank")
    reference = loan.borrower.get(loan.agreement)["ocr"]
    assert world.bank.pay(bankgiro="5999-0093", reference=reference, amount="100.00").ok
    world.work()
    return loan


def test_the_files_are_read_to_the_end_of_the_seventh_year_and_not_a_day_longer(world: HouseWorld, loan: Loan) -> None:
    """K2: what was sent, what the bank said of it and what came in; that they were there stays, by their hashes."""
    sent, said, came_in = files_of(world)
    hashes = {one.sha256 for one in (sent, said, came_in)}
    assert erase(world, KEPT_THROUGH).payment_files == 0
    assert b"5999" in content_of(world.runtime, sent)
    assert erase(world, DAY_AFTER_THAT).payment_files == 3
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]
    with pytest.raises(DataErased):
        content_of(world.runtime, sent)
    with pytest.raises(DataErased):
        world.runtime.cipher.decrypt(said.content_encrypted, context=REPORT)
    assert {one.sha256 for one in files_of(world)} == hashes
    assert all(one.erased_at is not None for one in files_of(world))
    assert erase(world, DAY_AFTER_THAT).payment_files == 0


def test_the_loan_that_still_runs_keeps_its_own_account(world: HouseWorld, loan: Loan) -> None:
    """K2: where its money went is the agreement's, and goes with it; the file of that day held it besides."""
    erase(world, DAY_AFTER_THAT)
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]
    with world.runtime.database.transaction() as session:
        payout = session.scalars(sa.select(Payout).where(Payout.agreement_id == uuid.UUID(loan.agreement_id))).one()
    assert account_of(world.runtime, payout).formatted == loan.body["payout_account"]["bankgiro"]


def test_a_report_that_comes_again_after_its_erasure_moves_nothing(world: HouseWorld, loan: Loan) -> None:
    """K2, P2: it is known by its hash."""
    _, said, _ = files_of(world)
    content = world.runtime.cipher.decrypt(said.content_encrypted, context=REPORT)
    erase(world, DAY_AFTER_THAT)
    again = world.house.payouts.take_report(content, actor="bank")
    assert (again.moved, again.not_ours, again.contradicted) == (0, 0, 0)


def test_what_went_back_to_its_sender_the_year_after_is_kept_for_that_year_too(world: HouseWorld) -> None:
    """K2, F8: received in 2026, returned in 2027; then nobody finds the sender or whoever asked for it."""
    asker, other = (Caller(f"staff:{n}", role=Role.BILLING, own_index=bytes([1, n]) * 16) for n in (1, 2))
    payments = world.house.payments
    sent = paid(1, "", Money.kronor(700), code=0, sender="59990002", name="Anna Andersson", number=ANNA.digits[2:])
    payments.read_file(BgMax(world.clock.now().date()).of(sent), actor="bank")
    (row,) = payments.unmatched()
    world.move_to(datetime(2027, 1, 4, 9, tzinfo=UTC))
    payments.release_refund(payments.ask_return(row.id, reason="Fel mottagare", caller=asker).id, caller=other)
    payments.carry_refunds()
    world.move_to(datetime(2027, 1, 4, 9, 5, tzinfo=UTC))
    payments.carry_refunds()

    assert found_by(world) == [True, True, True]
    assert erase(world, date(2034, 12, 31)).payment_files == 0
    assert found_by(world) == [True, True, True]
    assert erase(world, date(2035, 1, 1)).payment_files == 1
    assert found_by(world) == [False, False, False]


def found_by(world: HouseWorld) -> list[bool]:
    """Whether the one payment that went back still has the indexes of its account, its payer and who asked for it."""
    columns = (IncomingPayment.sender_index, IncomingPayment.payer_index, Refund.asker_index)
    query = sa.select(*columns).join(Refund, Refund.payment_id == IncomingPayment.id)
    with world.runtime.database.transaction() as session:
        return [index is not None for index in session.execute(query).one()]
