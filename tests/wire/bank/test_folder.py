"""The bank by files: the service's side and the stand-in's on either end of one folder."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agreements.payouts.drop import BankDrop
from agreements.payouts.sandbox.book import Book
from agreements.payouts.sandbox.folder import FolderBank
from tests.support.bank_stand_in import LENDER_BANKGIRO, BankWorld
from tests.support.credit import NEXT_DAY_ACCOUNT, ORDINARY_ACCOUNT, REJECTED_ACCOUNT
from tests.support.running import LIMIT, RunningWorld, running_world
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Account, AgreementState, PayoutState
from underwriting.platform.runtime import Runtime

OPENING = Money.kronor(100_000_000)


@dataclass
class Ends:
    """Both ends of the folder, on one clock."""

    world: RunningWorld
    drop: BankDrop
    bank: FolderBank

    def exchange(self) -> None:
        """The service sends, the bank takes and answers, the service reads."""
        self.world.payouts.send_due()
        self.bank.serve()
        self.read()

    def read(self) -> None:
        """The service reads what lies there."""
        self.world.payouts.read_reports()
        self.world.payments.fetch_files()

    def left(self) -> list[Path]:
        """The reports that nobody has read, in the order in which they will be."""
        return sorted((self.drop.root / "in").glob("*.xml"))

    def paid(self) -> Money:
        """What has left the lender's account."""
        return OPENING - self.bank.book.balance(at=self.world.clock.now())


@pytest.fixture
def ends(runtime: Runtime, clock: FixedClock, world: BankWorld, tmp_path: Path) -> Ends:
    running = running_world(runtime, clock, world)
    drop = BankDrop(tmp_path / "drop")
    running.payouts = replace(running.payouts, bank=drop)
    running.payments = replace(running.payments, bank=drop)
    book = Book(tmp_path / "book.sqlite3", bankgiro=LENDER_BANKGIRO)
    bank = FolderBank(book, drop.root, clock.now)
    bank.serve()
    return Ends(running, drop, bank)


@pytest.mark.parametrize(
    ("account", "payout", "agreement"),
    [
        (ORDINARY_ACCOUNT, PayoutState.PAID, AgreementState.RUNNING),
        (REJECTED_ACCOUNT, PayoutState.FAILED, AgreementState.SIGNED),
        (NEXT_DAY_ACCOUNT, PayoutState.SENT, AgreementState.SIGNED),
    ],
)
def test_a_file_is_taken_and_answered(
    ends: Ends, account: Bankgiro, payout: PayoutState, agreement: AgreementState
) -> None:
    """P2: booked, rejected, or taken and to be booked."""
    one = ends.world.signed(payout_account=account)
    ends.exchange()
    assert ends.world.payout_states(one) == [payout]
    assert ends.world.state(one) is agreement
    assert list((ends.drop.root / "out").iterdir()) == []
    assert ends.left() == []


def test_what_is_booked_the_next_day_is_told_the_next_day(ends: Ends) -> None:
    """P2, C2: a second report, about the same file; nothing is told twice."""
    one = ends.world.signed(payout_account=NEXT_DAY_ACCOUNT)
    ends.exchange()
    assert ends.bank.serve() == 0
    ends.world.to("2026-03-03 10:00:00")
    ends.exchange()
    assert ends.world.payout_states(one) == [PayoutState.PAID]
    assert ends.world.now(one).first_paid_out_on == stockholm_date(ends.world.clock.now())
    assert ends.bank.serve() == 0


def test_an_answer_that_is_carried_back_after_a_week_books_the_banks_day(ends: Ends) -> None:
    """P2, P3, C2: sent once, however long nothing is heard; owed and open from the day that the bank booked."""
    one = ends.world.signed()
    ends.world.payouts.send_due()
    ends.bank.serve()
    (answer,) = ends.left()
    kept = answer.rename(ends.drop.root / answer.name)
    for day in range(3, 10):
        ends.world.to(f"2026-03-{day:02d} 10:00:00")
        ends.world.later(days=1)
        ends.bank.serve()
    assert ends.world.payout_states(one) == [PayoutState.SENT]
    kept.rename(answer)
    ends.read()
    assert ends.world.payout_states(one) == [PayoutState.PAID]
    assert str(ends.world.now(one).first_paid_out_on) == "2026-03-02"
    assert ends.paid() == LIMIT


def test_answers_in_the_wrong_order_and_twice_come_to_the_same(ends: Ends) -> None:
    """P2, P3: booked is read before taken, and both again: it stays booked."""
    one = ends.world.signed(payout_account=NEXT_DAY_ACCOUNT)
    ends.world.payouts.send_due()
    ends.bank.serve()
    ends.world.to("2026-03-03 10:00:00")
    ends.bank.serve()
    taken, booked = ends.left()
    for number, report in enumerate((booked, taken, booked, taken)):
        shutil.copy(report, ends.drop.root / "in" / f"0-{number}.xml")
    ends.read()
    assert ends.world.payout_states(one) == [PayoutState.PAID]
    assert ends.world.faults() == ()


def test_a_file_of_several_is_answered_in_parts(ends: Ends) -> None:
    """P2: one booked, one rejected, one only taken, in one report; the last one's booking comes alone."""
    accounts = (ORDINARY_ACCOUNT, REJECTED_ACCOUNT, NEXT_DAY_ACCOUNT)
    ones = [ends.world.signed(payout_account=account) for account in accounts]
    ends.exchange()
    assert [ends.world.payout_states(one) for one in ones] == [
        [PayoutState.PAID],
        [PayoutState.FAILED],
        [PayoutState.SENT],
    ]
    ends.world.to("2026-03-03 10:00:00")
    ends.exchange()
    assert ends.world.payout_states(ones[2]) == [PayoutState.PAID]
    assert ends.paid() == LIMIT + LIMIT


def test_a_file_that_the_bank_cannot_read_is_rejected_as_a_whole(ends: Ends) -> None:
    """P2: what was damaged on the way fails, and is not paid; staff may order it again."""
    one = ends.world.signed()
    ends.world.payouts.send_due()
    (file,) = (ends.drop.root / "out").iterdir()
    file.write_bytes(file.read_bytes().replace(b"<NbOfTxs>1<", b"<NbOfTxs>2<"))
    ends.bank.serve()
    ends.read()
    assert ends.world.payout_states(one) == [PayoutState.FAILED]
    assert ends.paid() == Money.ZERO


def test_the_same_file_carried_there_twice_is_paid_once(ends: Ends) -> None:
    """P3: the bank knows it by its id."""
    one = ends.world.signed()
    ends.world.payouts.send_due()
    (file,) = (ends.drop.root / "out").iterdir()
    content = file.read_bytes()
    ends.bank.serve()
    file.write_bytes(content)
    ends.bank.serve()
    ends.read()
    assert ends.world.payout_states(one) == [PayoutState.PAID]
    assert ends.paid() == LIMIT


def test_money_that_comes_in_is_left_there_once(ends: Ends) -> None:
    """F7, F8: as BgMax files, in the order in which it came; nothing is due yet, so that it is the borrower's."""
    one, at = ends.world.signed(), ends.world.clock.now()
    ends.exchange()
    for amount in (500, 700):
        ends.bank.book.receive(
            reference=str(one.ocr), amount=Money.kronor(amount), payer_name="", booked_on=stockholm_date(at), at=at
        )
    assert ends.bank.serve() == 2
    assert ends.bank.serve() == 0
    assert [name for name, _ in ends.drop.incoming_files(None)] == ["BGMAX-000000001.bgmax", "BGMAX-000000002.bgmax"]
    for _ in range(2):
        ends.read()
        assert ends.world.owed(one)[Account.CREDIT_BALANCE] == -Money.kronor(1_200)
