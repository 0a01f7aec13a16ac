"""Several payouts in a file, its release by a second person, and what the bank reports of it whenever it does."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from lxml import etree
from sqlalchemy.exc import IntegrityError

from agreements.credit.models import Agreement
from agreements.payouts.answers import BankAnswerUnreadable
from agreements.payouts.drop import BankDrop
from agreements.payouts.models import BankReport, Payout, PayoutFile
from agreements.payouts.rules import AccountEvidenceNeeded, AccountNotTheCompanys, ReleaseBySamePerson
from agreements.payouts.sandbox.messages import Answer, read_pain_001, write_report
from agreements.payouts.service import PayoutAlive, PayoutNotUnsent
from agreements.payouts.services.release_payouts import PayoutFileNotWaiting, PayoutNotHeld
from tests.support.bank_stand_in import BankWorld
from tests.support.credit import ANNA, LIMIT, REJECTED_ACCOUNT, CreditWorld
from underwriting.kernel.errors import Refusal
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, AgreementState, PayoutFileState, PayoutState, Role
from underwriting.platform.callers import Caller

FIRST = Caller(actor="staff:1", role=Role.BILLING, own_index=b"1")
FIRST_AGAIN = Caller(actor="staff:11", role=Role.BILLING, own_index=b"1")
SECOND = Caller(actor="staff:2", role=Role.BILLING, own_index=b"2")
FULL, AFTER_ONE, AFTER_TWO = "100000000.00", "99782000.00", "99564000.00"  # 218 000 each
OWN_ACCOUNT, OTHERS_ACCOUNT, UNTOLD_ACCOUNT = Bankgiro("59990077"), Bankgiro("59990069"), Bankgiro("59990085")
A_DAY = timedelta(days=1)


def settle(credit: CreditWorld) -> None:
    while credit.payouts.send_due() + credit.payouts.reconcile_due():
        pass


def states(credit: CreditWorld, *agreements: Agreement) -> list[PayoutState]:
    return [credit.payout(agreement.id).payout_state for agreement in agreements]


def rows(credit: CreditWorld, agreement: Agreement) -> list[Payout]:
    query = sa.select(Payout).where(Payout.agreement_id == agreement.id).order_by(Payout.id)
    with credit.runtime.database.transaction() as session:
        return list(session.scalars(query.execution_options(populate_existing=True)))


def files(credit: CreditWorld) -> list[PayoutFile]:
    query = sa.select(PayoutFile).order_by(PayoutFile.number).execution_options(populate_existing=True)
    with credit.runtime.database.transaction() as session:
        return list(session.scalars(query))


def two(credit: CreditWorld, second_account: Bankgiro | None = None) -> tuple[Agreement, Agreement]:
    """Two agreements, each with an order."""
    changes = {} if second_account is None else {"payout_account": second_account}
    first = credit.signed(guarantors=())
    return first, credit.signed(guarantors=(), **changes)


def released_above(credit: CreditWorld, kronor: int) -> None:
    credit.payouts = replace(credit.payouts, terms=replace(credit.payouts.terms, above=Money.kronor(kronor)))


def move(credit: CreditWorld, bank: BankWorld, by: timedelta) -> None:
    for clock in (credit.clock, credit.wall, bank.clock):
        clock.move_to(clock.now() + by)


# --- files


def test_the_payouts_of_a_moment_stand_in_one_file_each_under_its_own_id(credit: CreditWorld, bank: BankWorld) -> None:
    """P2: one file, two payments, both paid."""
    first, second = two(credit)
    settle(credit)
    (file,) = files(credit)
    assert (file.payments, Money(file.total_ore), file.state) == (2, LIMIT + LIMIT, PayoutFileState.SENT)
    assert states(credit, first, second) == [PayoutState.PAID] * 2
    assert bank.balance() == AFTER_TWO
    assert len({rows(credit, one)[0].end_to_end_id for one in (first, second)}) == 2


def test_one_rejected_payment_of_a_file_stops_no_other(credit: CreditWorld, bank: BankWorld) -> None:
    """P2: each has its own answer."""
    first, second = two(credit, REJECTED_ACCOUNT)
    settle(credit)
    assert len(files(credit)) == 1
    assert states(credit, first, second) == [PayoutState.PAID, PayoutState.FAILED]
    assert bank.balance() == AFTER_ONE


# --- release


def test_nothing_above_the_sum_is_sent_before_a_person_has_released_it(credit: CreditWorld, bank: BankWorld) -> None:
    """P2: nor does it help to wait."""
    agreement = credit.signed(guarantors=())
    released_above(credit, 217_999)
    settle(credit)
    credit.pass_wall(hours=1)
    settle(credit)
    assert (states(credit, agreement), bank.balance()) == ([PayoutState.ORDERED], FULL)
    (waiting,) = credit.payouts.files()
    assert (waiting.payments, waiting.total) == (1, LIMIT)
    assert credit.payouts.release_file(waiting.id, caller=SECOND).state is PayoutFileState.RELEASED
    settle(credit)
    assert (states(credit, agreement), bank.balance()) == ([PayoutState.PAID], AFTER_ONE)
    with pytest.raises(PayoutFileNotWaiting):
        credit.payouts.release_file(waiting.id, caller=FIRST)


def test_as_much_as_the_sum_leaves_by_itself_and_the_next_one_of_the_day_does_not(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P2: the sum is of the day."""
    credit.signed(guarantors=())
    released_above(credit, 218_000)
    settle(credit)
    assert bank.balance() == AFTER_ONE
    other = credit.signed(guarantors=())
    settle(credit)
    assert states(credit, other) == [PayoutState.ORDERED]
    assert bank.balance() == AFTER_ONE


def test_a_file_that_nobody_released_in_its_day_is_made_anew(credit: CreditWorld, bank: BankWorld) -> None:
    """P2: its day of execution is over; what is released the next day is that day's file."""
    agreement = credit.signed(guarantors=())
    released_above(credit, 0)
    settle(credit)
    (old,) = credit.payouts.files()
    move(credit, bank, A_DAY)
    settle(credit)
    (new,) = credit.payouts.files()
    assert (new.id != old.id, new.execute_on) == (True, date(2026, 3, 3))
    with pytest.raises(PayoutFileNotWaiting):
        credit.payouts.release_file(old.id, caller=SECOND)
    credit.payouts.release_file(new.id, caller=SECOND)
    settle(credit)
    assert states(credit, agreement) == [PayoutState.PAID]


def test_a_payout_that_is_withdrawn_after_the_release_takes_its_file_with_it(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P2, C1: what is sent is what was released, or nothing; the other one is released anew."""
    first, second = two(credit)
    released_above(credit, 0)
    settle(credit)
    (waiting,) = credit.payouts.files()
    credit.payouts.release_file(waiting.id, caller=SECOND)
    credit.payouts.withdraw(rows(credit, first)[0].id, caller=FIRST)
    settle(credit)
    assert bank.balance() == FULL
    (anew,) = credit.payouts.files()
    assert (anew.payments, states(credit, first, second)) == (1, [PayoutState.WITHDRAWN, PayoutState.ORDERED])


def test_whoever_ordered_a_payout_again_does_not_release_its_file(credit: CreditWorld, bank: BankWorld) -> None:
    """P1: nor with another account."""
    agreement = credit.signed(payout_account=REJECTED_ACCOUNT, guarantors=())
    settle(credit)
    credit.payouts.order_again(credit.payout(agreement.id).id, caller=FIRST)
    released_above(credit, 0)
    settle(credit)
    (waiting,) = credit.payouts.files()
    for caller in (FIRST, FIRST_AGAIN):
        with pytest.raises(ReleaseBySamePerson):
            credit.payouts.release_file(waiting.id, caller=caller)
    credit.payouts.release_file(waiting.id, caller=SECOND)


# --- the account


def test_a_changed_account_is_the_companys_own_and_a_second_person_releases_it(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P1: held, released by another one, and its file by another one as well, whatever the sum."""
    agreement = credit.signed(guarantors=())
    credit.payouts.change_account(agreement.id, OWN_ACCOUNT, holder=None, evidence=None, caller=FIRST)
    settle(credit)
    (payout,) = rows(credit, agreement)
    assert (payout.state, payout.held_for, bank.balance()) == (PayoutState.HELD, "account_changed", FULL)
    for caller in (FIRST, FIRST_AGAIN):
        with pytest.raises(ReleaseBySamePerson):
            credit.payouts.release(payout.id, caller=caller)
    credit.payouts.release(payout.id, caller=SECOND)
    settle(credit)
    assert bank.balance() == FULL
    (waiting,) = credit.payouts.files()
    credit.payouts.release_file(waiting.id, caller=SECOND)
    settle(credit)
    assert states(credit, agreement) == [PayoutState.PAID]
    assert "5999-0077" in bank.page()


@pytest.mark.parametrize(
    ("account", "holder", "evidence", "refusal"),
    [
        (OTHERS_ACCOUNT, "Exempelbolaget AB", "kontoutdrag", AccountNotTheCompanys),  # what the bank tells, counts
        (UNTOLD_ACCOUNT, None, None, AccountEvidenceNeeded),
        (UNTOLD_ACCOUNT, "Exempelbolaget AB", None, AccountEvidenceNeeded),
        (UNTOLD_ACCOUNT, "Anna Lindqvist", "kontoutdrag", AccountNotTheCompanys),
    ],
)
def test_an_account_that_is_not_seen_to_be_the_companys_is_refused(
    credit: CreditWorld, account: Bankgiro, holder: str | None, evidence: str | None, refusal: type[Refusal]
) -> None:
    """P1: and nothing is changed by it."""
    agreement = credit.signed(guarantors=())
    with pytest.raises(refusal):
        credit.payouts.change_account(agreement.id, account, holder=holder, evidence=evidence, caller=FIRST)
    settle(credit)
    assert states(credit, agreement) == [PayoutState.PAID]


def test_an_account_changed_after_the_release_of_its_file_is_not_paid_at_the_old_one(
    credit: CreditWorld, bank: BankWorld
) -> None:
    """P1, P2: the released file is never sent."""
    agreement = credit.signed(guarantors=())
    released_above(credit, 0)
    settle(credit)
    (waiting,) = credit.payouts.files()
    credit.payouts.release_file(waiting.id, caller=SECOND)
    told = {"holder": "Exempelbolaget AB", "evidence": "kontoutdrag"}
    credit.payouts.change_account(agreement.id, UNTOLD_ACCOUNT, **told, caller=FIRST)
    credit.payouts.release(rows(credit, agreement)[0].id, caller=SECOND)
    settle(credit)
    assert bank.balance() == FULL
    assert [file.state for file in files(credit)] == [PayoutFileState.DISSOLVED, PayoutFileState.PREPARED]


# --- ordered again, withdrawn


def test_what_failed_is_ordered_again_and_paid_once(credit: CreditWorld, bank: BankWorld) -> None:
    """P3: at most one order of a drawdown is alive."""
    agreement = credit.signed(payout_account=REJECTED_ACCOUNT, guarantors=())
    settle(credit)
    drawdown = credit.payout(agreement.id)
    told = {"holder": "Exempelbolaget AB", "evidence": "kontoutdrag"}
    credit.payouts.change_account(agreement.id, UNTOLD_ACCOUNT, **told, caller=FIRST)
    credit.payouts.order_again(drawdown.id, caller=FIRST)
    with pytest.raises(PayoutAlive):
        credit.payouts.order_again(drawdown.id, caller=SECOND)
    settle(credit)
    (waiting,) = credit.payouts.files()  # the account was changed
    credit.payouts.release_file(waiting.id, caller=SECOND)
    settle(credit)
    with pytest.raises(PayoutAlive):
        credit.payouts.order_again(drawdown.id, caller=SECOND)
    assert [payout.state for payout in rows(credit, agreement)] == [PayoutState.FAILED, PayoutState.PAID]
    assert bank.balance() == AFTER_ONE


def test_a_second_living_order_is_impossible(credit: CreditWorld) -> None:
    """P3: the database refuses it."""
    agreement = credit.signed(guarantors=())
    with pytest.raises(IntegrityError), credit.runtime.database.transaction() as session:
        session.execute(
            sa.text(
                "INSERT INTO payout (drawdown_id, agreement_id, state, amount_ore, account_encrypted, end_to_end_id,"
                " ordered_at) SELECT drawdown_id, agreement_id, 'ordered', amount_ore, account_encrypted, 'x',"
                " ordered_at FROM payout WHERE agreement_id = :agreement"
            ),
            {"agreement": agreement.id},
        )


def test_what_was_sent_is_not_withdrawn(credit: CreditWorld) -> None:
    """P3: nobody calls money back by a word."""
    agreement = credit.signed(guarantors=())
    credit.payouts.send_due()
    with pytest.raises(PayoutNotUnsent):
        credit.payouts.withdraw(rows(credit, agreement)[0].id, caller=FIRST)


def test_of_two_who_release_and_withdraw_at_once_one_wins(committed_credit: CreditWorld) -> None:
    """P3: the other one reads why; what is withdrawn is never paid."""
    credit = committed_credit
    agreement = credit.signed(guarantors=())
    told = {"holder": "Exempelbolaget AB", "evidence": "kontoutdrag"}
    credit.payouts.change_account(agreement.id, UNTOLD_ACCOUNT, **told, caller=FIRST)
    payout_id = rows(credit, agreement)[0].id

    def outcome(act: Callable[[], object]) -> str:
        try:
            act()
        except (PayoutNotHeld, PayoutNotUnsent) as refusal:
            return refusal.slug
        return "done"

    with ThreadPoolExecutor(3) as pool:
        release = [pool.submit(outcome, lambda: credit.payouts.release(payout_id, caller=SECOND)) for _ in range(2)]
        withdrawal = pool.submit(outcome, lambda: credit.payouts.withdraw(payout_id, caller=FIRST))
    released = sorted(one.result() for one in release)
    assert withdrawal.result() == "done"  # before or after the release, it was not sent
    assert released in (["done", "payout-not-held"], ["payout-not-held", "payout-not-held"])
    assert states(credit, agreement) == [PayoutState.WITHDRAWN]


# --- the bank's reports


def answered(credit: CreditWorld, agreement: Agreement, status: str, *, on: date | None = None) -> Answer:
    payout = rows(credit, agreement)[-1]
    return Answer(
        end_to_end_id=payout.end_to_end_id,
        message_id="",
        status=status,
        amount=Money(payout.amount_ore),
        booked_on=on,
        booked_at=None,
        reason_code="AC04" if status == "RJCT" else None,
        reason=None,
    )


def report(credit: CreditWorld, *answers: Answer, number: int = 1, **whole: str) -> bytes:
    (file, *_) = files(credit)
    return write_report(f"R{number}", file.message_id, answers, at=credit.clock.now(), **whole)


@pytest.fixture
def dropped(credit: CreditWorld, tmp_path: Path) -> BankDrop:
    """A bank that is reached by files alone."""
    (tmp_path / "drop" / "in").mkdir(parents=True)
    drop = BankDrop(tmp_path / "drop")
    credit.payouts = replace(credit.payouts, bank=drop)
    return drop


def leave(drop: BankDrop, name: str, content: bytes) -> None:
    (drop.root / "in" / name).write_bytes(content)


def test_an_answer_that_comes_after_a_week_books_the_day_that_it_names(credit: CreditWorld, dropped: BankDrop) -> None:
    """P2, C2: the payout waits for its week, sent once; then the window is that of the bank's booking day."""
    agreement = credit.signed(guarantors=())
    for _ in range(7):
        settle(credit)
        credit.pass_wall(days=1)
        credit.clock.move_to(credit.clock.now() + A_DAY)
    assert (states(credit, agreement), len(list((dropped.root / "out").iterdir()))) == ([PayoutState.SENT], 1)
    (sent,) = (dropped.root / "out").iterdir()
    assert read_pain_001(sent.read_bytes()).payments[0].amount == LIMIT
    leave(dropped, "1.xml", report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 3))))
    assert credit.payouts.read_reports() == 1
    assert states(credit, agreement) == [PayoutState.PAID]
    running = credit.agreement(agreement.id)
    assert (running.state, running.first_paid_out_on) == (AgreementState.RUNNING, date(2026, 3, 3))
    assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}


def test_a_report_of_some_payments_moves_those(credit: CreditWorld, dropped: BankDrop) -> None:
    """P2: partly accepted, partly rejected, partly not told."""
    first, second = two(credit)
    third = credit.signed(guarantors=())
    settle(credit)
    answers = [answered(credit, first, "ACSC", on=date(2026, 3, 2)), answered(credit, second, "RJCT")]
    leave(dropped, "1.xml", report(credit, *answers, file_status="PART"))
    credit.payouts.read_reports()
    assert states(credit, first, second, third) == [PayoutState.PAID, PayoutState.FAILED, PayoutState.SENT]


def test_the_same_said_twice_changes_nothing(credit: CreditWorld, dropped: BankDrop) -> None:
    """P2: the same report again, and another one that says the same."""
    agreement = credit.signed(guarantors=())
    settle(credit)
    booked = answered(credit, agreement, "ACSC", on=date(2026, 3, 2))
    content = report(credit, booked)
    assert [credit.payouts.take_report(content, actor="bank").moved for _ in range(2)] == [1, 0]
    again = credit.payouts.take_report(report(credit, booked, number=2), actor="bank")
    assert (again.moved, again.contradicted) == (0, 0)
    assert credit.actions(agreement.id).count("payout.paid") == 1


def test_a_file_rejected_as_a_whole_fails_every_payment_of_it(credit: CreditWorld, dropped: BankDrop) -> None:
    """P2: with the bank's reason."""
    first, second = two(credit)
    settle(credit)
    credit.payouts.take_report(report(credit, file_status="RJCT", reason_code="FF01"), actor="bank")
    assert states(credit, first, second) == [PayoutState.FAILED] * 2
    assert {rows(credit, one)[0].failure for one in (first, second)} == {"FF01"}


def test_a_word_about_the_file_takes_back_no_booked_payment(credit: CreditWorld, dropped: BankDrop) -> None:
    """P3: what was said of the payment itself is nearer the truth."""
    agreement = credit.signed(guarantors=())
    settle(credit)
    credit.payouts.take_report(report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 2))), actor="bank")
    result = credit.payouts.take_report(report(credit, number=2, file_status="RJCT"), actor="bank")
    assert (result.moved, result.contradicted) == (0, 1)
    assert states(credit, agreement) == [PayoutState.PAID]


def test_ids_that_are_not_ours_move_nothing_and_are_counted(credit: CreditWorld, dropped: BankDrop) -> None:
    """P3: nothing follows from them."""
    agreement = credit.signed(guarantors=())
    settle(credit)
    strange = replace(answered(credit, agreement, "ACSC", on=date(2026, 3, 2)), end_to_end_id="not-ours")
    result = credit.payouts.take_report(report(credit, strange), actor="bank")
    assert (result.moved, result.not_ours) == (0, 1)
    assert states(credit, agreement) == [PayoutState.SENT]


@pytest.mark.parametrize("content", [b"", b"<html/>", b"\xff", b"<Document xmlns='urn:x'/>"])
def test_what_cannot_be_read_is_in_quarantine_and_changes_nothing(
    credit: CreditWorld, dropped: BankDrop, content: bytes
) -> None:
    """P2: kept for a person, and told to the log."""
    agreement = credit.signed(guarantors=())
    settle(credit)
    leave(dropped, "1.xml", content)
    assert credit.payouts.read_reports() == 1
    assert credit.payouts.read_reports() == 0
    assert (dropped.root / "in" / "quarantine" / "1.xml").read_bytes() == content
    assert states(credit, agreement) == [PayoutState.SENT]
    with pytest.raises(BankAnswerUnreadable):
        credit.payouts.take_report(content, actor="bank")
    with credit.runtime.database.transaction() as session:
        assert session.scalars(sa.select(BankReport.refused)).all() == ["bank-answer-unreadable"]


def test_an_answer_about_what_was_never_sent_moves_nothing(credit: CreditWorld) -> None:
    """P3: ordered is not sent, whatever the bank says."""
    other = credit.signed(guarantors=())
    settle(credit)
    agreement = credit.signed(guarantors=())
    content = report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 2)))
    assert credit.payouts.take_report(content, actor="bank").contradicted == 1
    assert states(credit, other, agreement) == [PayoutState.PAID, PayoutState.ORDERED]


# --- money that comes back


def test_a_payment_that_is_booked_and_then_rejected_is_returned(credit: CreditWorld, dropped: BankDrop) -> None:
    """P3, C2: never utilised: the books take it back, its plan falls away, and its window is not open."""
    agreement = credit.signed()
    settle(credit)
    booked = report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 2)))
    credit.payouts.take_report(booked, actor="bank")
    credit.clock.move_to(credit.clock.now() + A_DAY)
    credit.payouts.take_report(report(credit, answered(credit, agreement, "RJCT"), number=2), actor="bank")
    assert states(credit, agreement) == [PayoutState.RETURNED]
    assert credit.balances(agreement.id) == {}
    shown = credit.agreements.show(agreement.id, credit.person(ANNA))
    assert (shown.plan, shown.first_paid_out_on) == ((), None)
    assert [file.state for file in files(credit)] == [PayoutFileState.SENT]
    again = credit.payouts.take_report(report(credit, answered(credit, agreement, "RJCT"), number=3), actor="bank")
    assert (again.moved, again.contradicted) == (0, 0)


def test_what_came_back_is_ordered_again_and_its_booking_opens_the_window(
    credit: CreditWorld, dropped: BankDrop
) -> None:
    """P3, C2: the window is that of the first payout that counts; there is one plan."""
    agreement = credit.signed()
    settle(credit)
    credit.payouts.take_report(report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 2))), actor="bank")
    credit.payouts.take_report(report(credit, answered(credit, agreement, "RJCT"), number=2), actor="bank")
    credit.payouts.order_again(credit.payout(agreement.id).id, caller=FIRST)
    credit.clock.move_to(datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    settle(credit)
    credit.payouts.take_report(
        report(credit, answered(credit, agreement, "ACSC", on=date(2026, 3, 4)), number=3), actor="bank"
    )
    running = credit.agreement(agreement.id)
    assert (running.state, running.first_paid_out_on) == (AgreementState.RUNNING, date(2026, 3, 4))
    assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}
    plan = credit.agreements.show(agreement.id, credit.person(ANNA)).plan
    assert (len(plan), Money.sum(part.amount for part in plan)) == (12, LIMIT)


def test_a_file_is_what_it_was_hashed_as(credit: CreditWorld, dropped: BankDrop) -> None:
    """P2: what a person releases by its hash is what leaves."""
    credit.signed(guarantors=())
    settle(credit)
    (file,) = files(credit)
    (sent,) = (dropped.root / "out").iterdir()
    assert hashlib.sha256(sent.read_bytes()).digest() == file.sha256
    assert etree.fromstring(sent.read_bytes()).findtext(".//{*}MsgId") == file.message_id
    assert sent.name == f"{file.message_id}.xml"
