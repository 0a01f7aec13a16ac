"""Payouts against the stand-in bank, on the real database: money leaves once, whatever is retried or lost."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementStateRefuses, DrawdownRefused
from agreements.credit.service import lock_agreement
from agreements.ledger import rules as ledger_rules
from agreements.ledger import service as ledger
from agreements.ledger.rules import Line
from agreements.payouts.answers import PayoutAnswer
from agreements.payouts.client import Bank, BankUnreachable
from agreements.payouts.models import Payout
from agreements.payouts.service import drawn, on_its_way, withdraw_unsent
from agreements.payouts.services.release_payouts import PayoutNotHeld
from agreements.payouts.services.send_files import ASKING_LASTS, STATUS_ASKED_EVERY
from bureau_clients.gateway import Gateway
from tests.support.bank_stand_in import BankWorld
from tests.support.bureau import NOWHERE, Exchangeable, creditsafe_at, creditsafe_stand_in
from tests.support.credit import (
    ANNA,
    ANSWER_LOST_ACCOUNT,
    ERIK,
    LIMIT,
    MARIA,
    NEXT_DAY_ACCOUNT,
    NOT_DELIVERED_ACCOUNT,
    REJECTED_ACCOUNT,
    CreditWorld,
)
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, AgreementState, GuaranteeState, PayoutState, Role
from underwriting.platform import outbox
from underwriting.platform.callers import Caller

SECOND = Caller(actor="staff:2", role=Role.BILLING, own_index=b"2")
FULL = "100000000.00"  # what the lender has at the stand-in before anything is paid
AFTER_ONE = "99782000.00"  # 100 000 000 - 218 000
SOME = Money.kronor(100_000)
REST = Money.kronor(118_000)  # 218 000 - 100 000


class Died(BaseException):
    """The worker is gone: nothing that follows in it is carried out."""


@dataclass
class WatchedBank(Bank):
    """The real client; keeps what is sent, may do something before and after, and is never asked in a transaction."""

    bank: Bank
    credit: CreditWorld | None = None
    files: list[bytes] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None

    def send(self, file: bytes, *, message_id: str) -> None:
        assert self.credit is None or not self.credit.runtime.database.in_transaction
        self.before()
        self.files.append(file)
        self.bank.send(file, message_id=message_id)
        self.after()

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        assert self.credit is None or not self.credit.runtime.database.in_transaction
        return self.bank.answer(end_to_end_id)

    def holder_of(self, account: Bankgiro) -> str | None:
        return self.bank.holder_of(account)

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        return self.bank.incoming_files(after)


def die() -> None:
    raise Died


def unreachable() -> None:
    raise BankUnreachable("no_connection")


def watch(credit: CreditWorld, bank: BankWorld) -> WatchedBank:
    """The bank of *credit* from now on."""
    watched = WatchedBank(bank.client(), credit)
    credit.payouts = replace(credit.payouts, bank=watched)
    return watched


def settle(credit: CreditWorld) -> None:
    """Everything that the worker can do without waiting."""
    while credit.payouts.send_due() + credit.payouts.reconcile_due():
        pass


def state(credit: CreditWorld, agreement: Agreement) -> PayoutState:
    return credit.payout(agreement.id).payout_state


def row(credit: CreditWorld, agreement: Agreement) -> Payout:
    with credit.runtime.database.transaction() as session:
        return session.scalars(sa.select(Payout).where(Payout.agreement_id == agreement.id)).one()


# --- from the last signature to the books


def test_nothing_is_ordered_before_the_last_signature(credit: CreditWorld, bank: BankWorld) -> None:
    """G2, P1: the company and one of two guarantors have signed; the second one's signature orders the payout."""
    agreement = credit.grant()
    credit.complete(credit.start_agreement(agreement.id, ANNA))
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    settle(credit)
    assert credit.payouts.drawdowns(agreement.id) == ()
    assert bank.balance() == FULL
    credit.complete(credit.start_guarantee(agreement.id, MARIA))
    assert state(credit, agreement) is PayoutState.ORDERED


def test_a_second_look_at_the_last_signature_orders_nothing_more(credit: CreditWorld, bank: BankWorld) -> None:
    """P1: whoever watches or collects again, the payout is ordered once."""
    agreement = credit.grant(guarantors=())
    started = credit.start_agreement(agreement.id)
    credit.complete(started)
    credit.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")
    credit.pass_wall(minutes=1)
    credit.signings.collect_due()
    settle(credit)
    settle(credit)
    assert len(credit.payouts.drawdowns(agreement.id)) == 1
    assert bank.balance() == AFTER_ONE


def test_the_whole_limit_is_paid_out_and_the_agreement_runs(credit: CreditWorld, bank: BankWorld) -> None:
    """P1: 218 000 kr leave the lender's account, once, and are what the borrower owes."""
    agreement = credit.signed()
    settle(credit)
    assert bank.balance() == AFTER_ONE
    assert "5999-0002" in bank.page()
    assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}
    running = credit.agreement(agreement.id)
    assert running.state == AgreementState.RUNNING
    assert running.first_paid_out_on == date(2026, 3, 2)
    assert running.first_paid_out_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert {credit.guarantee_of(agreement.id, person).state for person in (ERIK, MARIA)} == {GuaranteeState.IN_FORCE}


def test_the_plan_repays_what_was_paid_out_in_equal_parts(credit: CreditWorld) -> None:
    """G1: booked 2 March; the first month ends 1 April, so the first part is due on the last bank day of April.

    218 000 / 12 = 18 166.666…: eight parts of 18 166.67 and four of 18 166.66.
    """
    agreement = credit.signed()
    settle(credit)
    plan = credit.agreements.show(agreement.id, credit.person(ANNA)).plan
    assert [part.number for part in plan] == list(range(1, 13))
    assert plan[0].due_on == date(2026, 4, 30)
    assert [part.amount.ore for part in plan] == [1_816_667] * 8 + [1_816_666] * 4
    assert Money.sum(part.amount for part in plan) == LIMIT


def test_less_is_paid_out_first_when_less_was_asked(credit: CreditWorld, bank: BankWorld) -> None:
    """P1: 100 000 of 218 000; 100 000 000 - 100 000 are left at the bank."""
    agreement = credit.signed(asked=SOME)
    settle(credit)
    assert bank.balance() == "99900000.00"
    assert credit.balances(agreement.id)[Account.PRINCIPAL] == SOME


def test_the_borrower_is_told_once_that_the_money_is_paid_out(credit: CreditWorld) -> None:
    credit.signed(guarantors=())
    settle(credit)
    settle(credit)
    with credit.runtime.database.transaction() as session:
        letters = outbox.latest(session, credit.runtime, count=20)
    told = [letter for letter in letters if "218\u00a0000\u00a0kr har betalats ut" in letter.body]
    assert [letter.recipient for letter in told] == ["anna@exempel.example"]


def test_money_that_the_bank_books_the_next_day_is_owed_from_that_day(credit: CreditWorld, bank: BankWorld) -> None:
    """P2, C2: the bank's booking counts, not our sending."""
    agreement = credit.signed(payout_account=NEXT_DAY_ACCOUNT, guarantors=())
    settle(credit)
    assert state(credit, agreement) is PayoutState.SENT
    assert credit.balances(agreement.id) == {}
    for clock in (credit.clock, credit.wall, bank.clock):
        clock.move_to(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    settle(credit)
    running = credit.agreement(agreement.id)
    assert running.first_paid_out_on == date(2026, 3, 3)
    assert running.first_paid_out_at == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # as the bank tells: midnight


def test_a_booking_that_is_read_late_without_its_time_counts_to_the_end_of_its_day(credit: CreditWorld) -> None:
    """C1, C2: a bank that tells the day alone. The window of that day is not shortened by what nobody knows."""
    agreement = credit.signed(guarantors=())
    credit.payouts.send_due()

    @dataclass
    class TellsTheDay(WatchedBank):
        def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
            answer = self.bank.answer(end_to_end_id)
            return replace(answer, booked_at=None) if answer else None

    credit.payouts = replace(credit.payouts, bank=TellsTheDay(credit.payouts.bank))
    credit.clock.move_to(datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    credit.payouts.reconcile_due()
    paid = credit.agreement(agreement.id)
    assert paid.first_paid_out_on == date(2026, 3, 2)
    assert paid.first_paid_out_at == datetime(2026, 3, 2, 22, 59, 59, 999_999, tzinfo=UTC)


# --- once, whatever happens


def test_two_workers_who_send_at_the_same_time_send_one_file(committed_credit: CreditWorld, bank: BankWorld) -> None:
    """P3: both find the order; one of them may mark it."""
    agreement = committed_credit.signed(guarantors=())
    watched = watch(committed_credit, bank)
    both = threading.Barrier(2)

    def work() -> int:
        both.wait(5)
        return committed_credit.payouts.send_due()

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            moved = [one.result() for one in [pool.submit(work), pool.submit(work)]]
        assert len(watched.files) == 1
    assert sum(moved) == 0
    settle(committed_credit)
    assert bank.balance() == AFTER_ONE
    assert committed_credit.balances(agreement.id)[Account.PRINCIPAL] == LIMIT


def test_a_worker_that_looks_while_another_is_sending_does_nothing(
    committed_credit: CreditWorld, bank: BankWorld
) -> None:
    """P3: the first is still talking to the bank when the second comes by, to send and to reconcile."""
    agreement = committed_credit.signed(guarantors=())
    watched = watch(committed_credit, bank)
    at_the_bank, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        at_the_bank.set()
        assert go_on.wait(5)

    watched.before = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(committed_credit.payouts.send_due)
        assert at_the_bank.wait(5)
        assert committed_credit.payouts.send_due() == 0
        assert committed_credit.payouts.reconcile_due() == 0
        assert state(committed_credit, agreement) is PayoutState.SENT
        go_on.set()
        assert first.result() == 1
    assert len(watched.files) == 1


def test_two_workers_who_read_the_answer_at_the_same_time_book_it_once(committed_credit: CreditWorld) -> None:
    """P3: the second finds it booked."""
    agreement = committed_credit.signed(guarantors=())
    committed_credit.payouts.send_due()
    with ThreadPoolExecutor(2) as pool:
        moved = [pool.submit(committed_credit.payouts.reconcile_due) for _ in range(2)]
        assert sum(one.result() for one in moved) == 1
    assert committed_credit.balances(agreement.id)[Account.PRINCIPAL] == LIMIT
    assert committed_credit.actions(agreement.id).count("payout.paid") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_between_marking_and_answer_pays_once(
    credit: CreditWorld, bank: BankWorld, moment: str
) -> None:
    """P3: it dies before the bank has the file, or when the bank has it; the next worker asks before it sends."""
    agreement = credit.signed(guarantors=())
    watched = watch(credit, bank)
    setattr(watched, moment, die)
    with pytest.raises(Died):
        credit.payouts.send_due()
    setattr(watched, moment, lambda: None)
    assert state(credit, agreement) is PayoutState.SENT
    settle(credit)  # the dead worker's time is not over
    assert credit.balances(agreement.id) == {}
    credit.pass_wall(seconds=ASKING_LASTS.total_seconds())
    settle(credit)
    credit.pass_wall(minutes=1)
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bank.balance() == AFTER_ONE
    assert len(watched.files) == 1  # before: only the second worker's; after: only the first one's
    assert credit.balances(agreement.id)[Account.PRINCIPAL] == LIMIT


def test_a_payout_whose_answer_was_lost_is_unknown_until_the_bank_is_asked(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P3: the bank has taken the file and the line broke; nothing is sent again."""
    agreement = credit.signed(payout_account=ANSWER_LOST_ACCOUNT, guarantors=())
    watched = watch(credit, bank)
    assert credit.payouts.send_due() == 1
    assert state(credit, agreement) is PayoutState.UNKNOWN
    assert credit.payouts.send_due() == 0
    assert credit.payouts.reconcile_due() == 1
    assert state(credit, agreement) is PayoutState.PAID
    assert len(watched.files) == 1
    assert bank.balance() == AFTER_ONE


def test_what_the_bank_has_never_seen_is_sent_again_as_the_same_file(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: the line broke before the bank had the file: the same bytes under the same id."""
    agreement = credit.signed(payout_account=NOT_DELIVERED_ACCOUNT, guarantors=())
    watched = watch(credit, bank)
    credit.payouts.send_due()
    assert state(credit, agreement) is PayoutState.UNKNOWN
    credit.clock.move_to(credit.clock.now() + timedelta(days=1))
    settle(credit)
    credit.pass_wall(minutes=1)
    settle(credit)
    first, second = watched.files
    assert first == second
    assert row(credit, agreement).end_to_end_id.encode() in first
    assert state(credit, agreement) is PayoutState.PAID
    assert bank.balance() == AFTER_ONE


def test_while_the_bank_cannot_be_reached_the_order_waits_unsent(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: certainly not delivered is not the same as unknown."""
    agreement = credit.signed(guarantors=())
    watched = watch(credit, bank)
    watched.before = unreachable
    credit.payouts.send_due()
    assert (state(credit, agreement), row(credit, agreement).sent_at) == (PayoutState.ORDERED, None)
    watched.before = lambda: None
    assert credit.payouts.send_due() == 0  # after a pause
    credit.pass_wall(minutes=1)
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bank.balance() == AFTER_ONE


def test_what_may_have_reached_the_bank_never_counts_as_unsent_again(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: unknown, never seen, and then the bank cannot be reached: it cannot be withdrawn, and is paid once."""
    agreement = credit.signed(payout_account=NOT_DELIVERED_ACCOUNT, guarantors=())
    watched = watch(credit, bank)
    credit.payouts.send_due()
    watched.before = unreachable
    credit.payouts.reconcile_due()
    assert state(credit, agreement) is PayoutState.SENT
    watched.before = lambda: None
    credit.pass_wall(minutes=1)
    settle(credit)
    credit.pass_wall(minutes=1)
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert watched.files[0] == watched.files[1]
    assert bank.balance() == AFTER_ONE


def test_an_answer_that_cannot_be_had_now_is_asked_for_later(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: silence is no answer; nothing is sent again for it."""
    agreement = credit.signed(guarantors=())
    credit.payouts.send_due()

    @dataclass
    class Silent(WatchedBank):
        def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
            raise BankUnreachable(f"no answer about {len(end_to_end_id)} characters")

    credit.payouts = replace(credit.payouts, bank=Silent(bank.client()))
    assert credit.payouts.reconcile_due() == 0
    assert state(credit, agreement) is PayoutState.SENT
    credit.payouts = replace(credit.payouts, bank=bank.client())
    assert credit.payouts.reconcile_due() == 0
    credit.pass_wall(minutes=1)
    assert credit.payouts.reconcile_due() == 1


def test_before_fees_are_charged_every_answer_is_read_without_a_pause(credit: CreditWorld, bank: BankWorld) -> None:
    """F1: the bank booked on the next day; its answer is due by business time, not by the pause between questions."""
    agreement = credit.signed(payout_account=NEXT_DAY_ACCOUNT, guarantors=())
    settle(credit)
    for clock in (credit.clock, bank.clock):
        clock.move_to(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    assert credit.payouts.reconcile_due() == 0
    assert credit.payouts.read_answers() == 1
    assert credit.payouts.read_answers() == 0
    assert credit.agreement(agreement.id).first_paid_out_on == date(2026, 3, 3)


def test_reading_answers_sends_nothing(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: another worker may be about to send what the bank has not seen."""
    agreement = credit.signed(guarantors=())
    watched = watch(credit, bank)
    watched.before = die
    with pytest.raises(Died):
        credit.payouts.send_due()
    assert credit.payouts.read_answers() == 0
    assert (state(credit, agreement), watched.files) == (PayoutState.SENT, [])


def test_a_rejected_payout_has_failed_and_is_not_owed(credit: CreditWorld, bank: BankWorld) -> None:
    """P2: the account is closed, AC04."""
    agreement = credit.signed(payout_account=REJECTED_ACCOUNT, guarantors=())
    settle(credit)
    failed = row(credit, agreement)
    assert (failed.state, failed.failure) == (PayoutState.FAILED, "AC04")
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED
    assert credit.balances(agreement.id) == {}
    assert bank.balance() == FULL
    with credit.runtime.database.transaction() as session:
        assert drawn(session, agreement.id) == Money.ZERO


def test_a_file_that_the_bank_refuses_fails_only_when_the_bank_has_not_seen_the_payment(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P3: a refusal may be of a second copy; the answer about the payment is what counts."""
    agreement = credit.signed(guarantors=())
    watched = watch(credit, bank)
    watched.after = lambda: watched.bank.send(b"<not a payment file/>", message_id="another")
    credit.payouts.send_due()
    assert state(credit, agreement) is PayoutState.UNKNOWN
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    other = credit.signed(guarantors=())
    watched.after = lambda: None
    watched.before = watched_refusal(watched)
    credit.payouts.send_due()
    settle(credit)
    assert state(credit, other) is PayoutState.FAILED
    assert bank.balance() == AFTER_ONE


def watched_refusal(watched: WatchedBank) -> Callable[[], None]:
    """The bank refuses the file before it has read the payment."""
    return lambda: watched.bank.send(b"<not a payment file/>", message_id="another")


def test_a_drawdown_has_one_live_order_by_constraint(credit: CreditWorld) -> None:
    """P3: a second payout is impossible in the database itself."""
    agreement = credit.signed(guarantors=())
    first = row(credit, agreement)
    copy = Payout(
        drawdown_id=first.drawdown_id,
        agreement_id=first.agreement_id,
        state="ordered",
        amount_ore=first.amount_ore,
        account_encrypted=first.account_encrypted,
        end_to_end_id="another",
        ordered_at=first.ordered_at,
    )
    with credit.runtime.database.transaction() as session:
        savepoint = session.begin_nested()
        session.add(copy)
        with pytest.raises(IntegrityError, match="uq_payout_one_alive"):
            session.flush()
        savepoint.rollback()


def test_a_fault_with_one_file_does_not_stop_the_others(credit: CreditWorld, bank: BankWorld) -> None:
    first = credit.signed(guarantors=())
    watched = watch(credit, bank)
    calls: list[int] = []

    def stumble() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a fault that nobody foresaw")

    watched.before = stumble
    assert credit.payouts.send_due() == 0
    assert state(credit, first) is PayoutState.SENT
    second = credit.signed(guarantors=())
    settle(credit)
    assert state(credit, second) is PayoutState.PAID
    credit.pass_wall(seconds=ASKING_LASTS.total_seconds())
    settle(credit)
    credit.pass_wall(minutes=1)
    settle(credit)
    assert state(credit, first) is PayoutState.PAID


# --- withdrawn


def test_what_is_not_sent_can_be_withdrawn_and_is_then_never_sent(credit: CreditWorld, bank: BankWorld) -> None:
    """C1: a cancellation before payout."""
    agreement = credit.signed(guarantors=())
    with credit.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id)
        assert withdraw_unsent(session, agreement.id, actor="test", at=credit.clock.now()) == 1
        assert on_its_way(session, agreement.id) == Money.ZERO
        assert drawn(session, agreement.id) == Money.ZERO
    settle(credit)
    assert state(credit, agreement) is PayoutState.WITHDRAWN
    assert bank.balance() == FULL


def test_what_is_sent_cannot_be_withdrawn(credit: CreditWorld) -> None:
    """P3: money that is on its way cannot be called back."""
    agreement = credit.signed(guarantors=())
    credit.payouts.send_due()
    with credit.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id)
        assert withdraw_unsent(session, agreement.id, actor="test", at=credit.clock.now()) == 0
        assert on_its_way(session, agreement.id) == LIMIT
    assert state(credit, agreement) is PayoutState.SENT


def test_after_a_cancellation_nothing_is_sent_again(credit: CreditWorld, bank: BankWorld) -> None:
    """C1, P3: the bank has never seen the file; the cancellation came while that was unknown."""
    agreement = credit.signed(payout_account=NOT_DELIVERED_ACCOUNT, guarantors=())
    watched = watch(credit, bank)
    credit.payouts.send_due()
    with credit.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id).payouts_stopped_at = credit.clock.now()
    settle(credit)
    credit.pass_wall(minutes=10)
    settle(credit)
    assert state(credit, agreement) is PayoutState.WITHDRAWN
    assert len(watched.files) == 1
    assert bank.balance() == FULL


# --- later drawdowns


def test_the_rest_of_the_limit_can_be_drawn_later_and_no_more(credit: CreditWorld, bank: BankWorld) -> None:
    """P1: 100 000 first, then 118 000 of 218 000; a krona more is refused."""
    agreement = credit.signed(asked=SOME, guarantors=())
    settle(credit)
    with pytest.raises(DrawdownRefused):
        credit.payouts.request_drawdown(agreement.id, REST + Money.kronor(1), actor="person:1")
    view = credit.payouts.request_drawdown(agreement.id, REST, actor="person:1")
    assert (view.sequence, view.payout_state) == (2, PayoutState.ORDERED)
    settle(credit)
    assert bank.balance() == AFTER_ONE
    assert credit.balances(agreement.id)[Account.PRINCIPAL] == LIMIT
    with pytest.raises(DrawdownRefused):
        credit.payouts.request_drawdown(agreement.id, Money.kronor(1), actor="person:1")
    assert credit.agreement(agreement.id).first_paid_out_on == date(2026, 3, 2)


def test_what_was_repaid_cannot_be_drawn_again(credit: CreditWorld) -> None:
    """P1: the credit does not revolve."""
    agreement = credit.signed(guarantors=())
    settle(credit)
    repaid = ledger_rules.incoming_payment(
        [Line(Account.BANK, Account.PRINCIPAL, SOME)], payment_id="1", booked_on=date(2026, 3, 3)
    )
    with credit.runtime.database.transaction() as session:
        ledger.post(session, agreement.id, repaid, at=credit.clock.now())
    with pytest.raises(DrawdownRefused):
        credit.payouts.request_drawdown(agreement.id, Money.kronor(1), actor="person:1")


def test_a_later_drawdown_is_repaid_on_the_due_days_that_are_left(credit: CreditWorld, bank: BankWorld) -> None:
    """G1, P1: drawn on 4 May, when the first of twelve due days, 30 April, has passed: eleven are left.

    100 000 / 12 = 8 333.333…: four parts of 8 333.34. 118 000 / 11 = 10 727.2727…: three parts of 10 727.28.
    """
    agreement = credit.signed(asked=SOME, guarantors=())
    settle(credit)
    for clock in (credit.clock, credit.wall, bank.clock):
        clock.move_to(datetime(2026, 5, 4, 9, 0, tzinfo=UTC))
    with credit.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id).status_checked_at = credit.clock.now()
    credit.payouts.request_drawdown(agreement.id, REST, actor="person:1")
    settle(credit)
    plan = credit.agreements.show(agreement.id, credit.person(ANNA)).plan
    assert plan[0].due_on == date(2026, 4, 30)
    assert [part.amount.ore for part in plan] == [
        833_334,
        *[833_334 + 1_072_728] * 3,
        *[833_333 + 1_072_727] * 8,
    ]
    assert Money.sum(part.amount for part in plan) == LIMIT


def test_nothing_is_drawn_before_everybody_has_signed(credit: CreditWorld) -> None:
    """G2, P1: the refusal names the rule and changes nothing."""
    agreement = credit.grant()
    with pytest.raises(AgreementStateRefuses) as refused:
        credit.payouts.request_drawdown(agreement.id, SOME, actor="person:1")
    assert refused.value.rule == "P1"
    assert credit.payouts.drawdowns(agreement.id) == ()


def test_nothing_is_drawn_when_no_due_day_is_left(credit: CreditWorld) -> None:
    """P1: the last due day of twelve months from 2 March 2026 is 31 March 2027."""
    agreement = credit.signed(asked=SOME, guarantors=())
    settle(credit)
    credit.clock.move_to(datetime(2027, 3, 31, 9, 0, tzinfo=UTC))
    with pytest.raises(DrawdownRefused):
        credit.payouts.request_drawdown(agreement.id, REST, actor="person:1")


# --- the company's standing


@pytest.fixture(scope="module")
def creditsafe_url() -> Iterator[str]:
    with creditsafe_stand_in() as url:
        yield url


@pytest.fixture
def bureau(credit: CreditWorld, creditsafe_url: str) -> Exchangeable:
    """The bureau that the payouts ask, by the real gateway and client."""
    bureau = Exchangeable(creditsafe_at(creditsafe_url))
    credit.payouts = replace(credit.payouts, reports=Gateway(credit.runtime, [bureau]))
    return bureau


def signed_days_ago(credit: CreditWorld, days: int, number: str = "5599990008") -> Agreement:
    """An agreement with a company whose status was last seen *days* ago."""
    seen_at = credit.clock.now() - timedelta(days=days)
    return credit.signed(company=OrganisationNumber(number), status_checked_at=seen_at, guarantors=())


def test_a_status_of_seven_days_is_young_enough(credit: CreditWorld, bureau: Exchangeable) -> None:
    """P4: nobody is asked."""
    agreement = signed_days_ago(credit, 7)
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bureau.asked == []


def test_a_status_of_eight_days_is_asked_for_again_before_payout(credit: CreditWorld, bureau: Exchangeable) -> None:
    """P4: the register status alone is asked for, of which no copy is sent; then it is paid."""
    agreement = signed_days_ago(credit, 8)
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bureau.asked == ["status of 5599990008"]
    assert credit.agreement(agreement.id).status_checked_at == credit.clock.now()


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("5599991105", "bankruptcy"),
        ("5599991113", "liquidation"),
        ("5599991139", "deregistered after liquidation"),
        ("5599991147", "deregistered after bankruptcy"),
        ("5599991170", "no such company any more"),
    ],
)
def test_a_payout_to_a_company_with_a_hard_stop_is_held(
    credit: CreditWorld, bank: BankWorld, bureau: Exchangeable, number: str, why: str
) -> None:
    """P4: and stays held until a person has looked into it."""
    agreement = signed_days_ago(credit, 8, number)
    settle(credit)
    credit.pass_wall(days=1)
    settle(credit)
    assert state(credit, agreement) is PayoutState.HELD, why
    assert bank.balance() == FULL
    assert bureau.asked == [f"status of {number}"]
    assert "payout.held" in credit.actions(agreement.id)


def test_a_company_in_reconstruction_has_no_hard_stop(credit: CreditWorld, bureau: Exchangeable) -> None:
    """P4, D10: bankruptcy, liquidation and deregistration are the stops, and only these."""
    agreement = signed_days_ago(credit, 8, "5599991121")
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bureau.asked == ["status of 5599991121"]


def test_while_no_bureau_answers_the_payout_waits(
    credit: CreditWorld, bank: BankWorld, bureau: Exchangeable, creditsafe_url: str
) -> None:
    """P4, B8: nothing is paid on an old status, nothing is lost, and nobody is asked all the time."""
    bureau.behind = creditsafe_at(NOWHERE)
    agreement = signed_days_ago(credit, 8)
    settle(credit)
    settle(credit)
    assert state(credit, agreement) is PayoutState.ORDERED
    assert len(bureau.asked) == 1
    bureau.behind = creditsafe_at(creditsafe_url)
    credit.pass_wall(seconds=STATUS_ASKED_EVERY.total_seconds())
    settle(credit)
    assert state(credit, agreement) is PayoutState.PAID
    assert bank.balance() == AFTER_ONE


def test_a_held_payout_that_is_released_is_looked_at_anew(
    credit: CreditWorld, bureau: Exchangeable, creditsafe_url: str
) -> None:
    """P4: a release does not pay; the company is still bankrupt and the payout is held again."""
    agreement = signed_days_ago(credit, 8, "5599991105")
    settle(credit)
    payout_id = row(credit, agreement).id
    assert credit.payouts.release(payout_id, caller=SECOND).payout_state is PayoutState.ORDERED
    settle(credit)
    assert state(credit, agreement) is PayoutState.HELD
    assert bureau.asked == ["status of 5599991105"] * 2


def test_only_a_held_payout_is_released(credit: CreditWorld) -> None:
    """P4: what waits or is unknown has nobody to release it."""
    agreement = credit.signed(guarantors=())
    with pytest.raises(PayoutNotHeld):
        credit.payouts.release(row(credit, agreement).id, caller=SECOND)
    with pytest.raises(NotFound):
        credit.payouts.release(uuid.uuid4(), caller=SECOND)
