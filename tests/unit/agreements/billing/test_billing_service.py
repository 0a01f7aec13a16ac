"""The fee run on the real database: every month once, whatever was told late, died half-way or ran twice at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa

from agreements.billing import invariants, jobs
from agreements.billing.models import FeeChunk, FeeRun
from agreements.billing.service import (
    MonthNotOver,
    charge_month,
    explain,
    fees_of,
    run_due,
    runs,
)
from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.ledger import invariants as ledger_invariants
from agreements.ledger.service import check
from agreements.payouts.client import BankUnreachable
from agreements.payouts.models import Payout
from agreements.payouts.services.record_answer import record_booking
from tests.support.credit import NEXT_DAY_ACCOUNT
from tests.support.processes import wait_until
from tests.support.running import CANCELLATION_FEE, FEE, LIMIT, RunningWorld
from underwriting.kernel.errors import Refusal
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    CancellationState,
    FeeCorrectionReason,
    PayoutState,
    RequestChannel,
)
from underwriting.platform import audit_log
from underwriting.platform.database import Database
from underwriting.platform.progress import unheard

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
PRINCIPAL, FEES = Account.PRINCIPAL, Account.FEE_RECEIVABLE


def paid_out(world: RunningWorld, text: str = "2026-03-02 10:00:00", **changes: object) -> Agreement:
    """120 000 kr at 2 400 kr a month, paid out at that time."""
    world.to(text)
    return world.running(**changes)


def fees(world: RunningWorld, agreement: Agreement) -> dict[str, Money]:
    """What was charged, by month."""
    with world.runtime.database.transaction() as session:
        return {str(fee.month): fee.fee for fee in fees_of(session, agreement.id)}


def book_late(world: RunningWorld, agreement: Agreement, on: date) -> None:
    """The bank tells now that it has booked the agreement's sent payout on *on*."""
    at = world.clock.now()
    with world.runtime.database.transaction() as session:
        locked = lock_agreement(session, agreement.id)
        query = sa.select(Payout).where(Payout.agreement_id == agreement.id, Payout.state == "sent")
        payout = session.scalars(query).one()
        record_booking(session, world.runtime, locked, payout, booked_on=on, booked_at=None, at=at)


@contextmanager
def chunks_of(monkeypatch: pytest.MonkeyPatch, size: int) -> Iterator[None]:
    """Let a run charge so many agreements at once."""
    with monkeypatch.context() as patch:
        patch.setattr("agreements.billing.services.charge_month.AGREEMENTS_AT_ONCE", size)
        yield


# --- F1: which months, and when


@pytest.mark.parametrize(
    ("now", "charged"),
    [
        ("2026-03-31 23:59:59", False),  # the month is not over
        ("2026-04-01 00:00:00", True),  # Wednesday, a bank day
    ],
)
def test_a_month_is_charged_from_the_next_ones_first_bank_day(world: RunningWorld, now: str, charged: bool) -> None:
    """F1: and the refusal says from when."""
    agreement = paid_out(world)
    world.to(now)
    if charged:
        assert charge_month(world.runtime, MARCH).count == 1
        assert fees(world, agreement) == {"2026-03": FEE}
    else:
        with pytest.raises(MonthNotOver) as refusal:
            charge_month(world.runtime, MARCH)
        assert "1 april 2026" in refusal.value.detail.sv
        assert fees(world, agreement) == {}


def test_a_month_that_begins_with_a_holiday_waits_for_its_first_bank_day(world: RunningWorld) -> None:
    """F1: April is charged on Monday 4 May: the 1st is a holiday, the 2nd and 3rd a weekend."""
    paid_out(world, "2026-04-07 10:00:00")
    world.to("2026-05-03 23:59:59")
    assert [result.month for result in run_due(world.runtime, date(2026, 5, 3))] == [MARCH]
    with pytest.raises(MonthNotOver):
        charge_month(world.runtime, APRIL)
    world.to("2026-05-04 20:00:00")
    assert [(one.month, one.count) for one in run_due(world.runtime, date(2026, 5, 4))] == [(APRIL, 1)]


def test_one_moment_of_use_costs_the_whole_month(world: RunningWorld) -> None:
    """F1: paid out on the last day of March, and repaid to the last krona on the first of April."""
    agreement = paid_out(world, "2026-03-31 15:00:00")
    with world.runtime.database.transaction() as session:
        explained = explain(session, agreement, MARCH)
    assert (explained.basis, explained.fee) == (LIMIT, FEE)
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, MARCH).charged == FEE


def test_an_undrawn_limit_costs_nothing(world: RunningWorld) -> None:
    """F1: 50 000 of 120 000 kr: 2 % of them."""
    agreement = paid_out(world, asked=Money.kronor(50_000))
    unpaid = world.signed()
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, MARCH).count == 1
    assert fees(world, agreement) == {"2026-03": Money.kronor(1_000)}
    assert fees(world, unpaid) == {}


def test_the_basis_is_the_highest_of_the_month(world: RunningWorld) -> None:
    """F2: 50 000, 120 000 from 9 March, 110 000 from 30 April, so that April still counts 120 000."""
    agreement = paid_out(world, asked=Money.kronor(50_000))
    world.to("2026-03-09 10:00:00")
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor="person:anna")
    world.work()
    world.to("2026-04-30 12:00:00")
    world.pay(agreement, Money.kronor(10_000))
    world.to("2026-06-01 20:00:00")
    run_due(world.runtime, date(2026, 6, 1))
    assert fees(world, agreement) == {
        "2026-03": FEE,
        "2026-04": FEE,
        "2026-05": Money.kronor(2_200),
    }


def test_overdue_principal_is_in_no_later_months_basis(world: RunningWorld) -> None:
    """F1: 10 000 fell due on 30 April and were not paid: May is charged on 110 000, June on 100 000."""
    agreement = paid_out(world)
    world.to("2026-07-01 20:00:00")
    run_due(world.runtime, date(2026, 7, 1))
    assert fees(world, agreement) == {
        "2026-03": FEE,
        "2026-04": FEE,
        "2026-05": Money.kronor(2_200),
        "2026-06": Money.kronor(2_000),
    }


@pytest.mark.parametrize(
    ("rate", "kronor"),
    [
        ("0.013334", 1_333),  # 1 333.40
        ("0.013335", 1_334),  # 1 333.50: half up
        ("0.013336", 1_334),  # 1 333.60
        ("0.000004", 0),  # 0.40
    ],
)
def test_the_fee_is_in_whole_kronor_half_up(world: RunningWorld, rate: str, kronor: int) -> None:
    """D6: 100 000 kr times the rate; a fee of nothing is no entry in the books."""
    agreement = paid_out(world, limit=Money.kronor(100_000), fee_rate=Decimal(rate))
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, MARCH)
    assert fees(world, agreement) == {"2026-03": Money.kronor(kronor)}
    assert world.owed(agreement).get(FEES, Money.ZERO) == Money.kronor(kronor)


# --- once


def test_a_second_run_charges_nothing(world: RunningWorld) -> None:
    """F1: nor does a third on a later day."""
    agreement = paid_out(world)
    finished_at = world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, MARCH).count == 1
    assert charge_month(world.runtime, MARCH).count == 0
    world.to("2026-04-20 20:00:00")
    assert charge_month(world.runtime, MARCH).count == 0
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, FEES: FEE}
    with world.runtime.database.transaction() as session:
        (run,) = runs(session)
        noted = [entry.action for entry in audit_log.entries_of(session, "fee-run:2026-03")]
    assert (run.month, run.charged_count, run.charged) == (MARCH, 1, FEE)
    assert run.finished_at == finished_at
    assert noted == ["fee_run.charged"]


def test_a_payout_that_the_bank_told_of_late_is_charged_by_the_second_run(world: RunningWorld) -> None:
    """F1: booked on 31 March, told on 2 April, after the run of the first."""
    world.to("2026-03-31 10:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.payouts.send_due()
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, MARCH).count == 0
    world.to("2026-04-02 10:00:00")
    book_late(world, agreement, date(2026, 3, 31))
    world.to("2026-04-02 20:00:00")
    assert [(one.month, one.count) for one in run_due(world.runtime, date(2026, 4, 2))] == [(MARCH, 1)]
    assert fees(world, agreement) == {"2026-03": FEE}
    assert charge_month(world.runtime, MARCH).count == 0


def test_a_payout_told_of_months_late_is_charged_for_every_month_since(world: RunningWorld) -> None:
    """F1: booked on 31 March, told on 10 June."""
    other = paid_out(world)
    world.to("2026-03-31 10:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.payouts.send_due()
    for day in ("2026-04-01", "2026-05-04", "2026-06-01"):
        world.to(f"{day} 20:00:00")
        run_due(world.runtime, date.fromisoformat(day))
    charged_before = fees(world, other)
    world.to("2026-06-10 10:00:00")
    book_late(world, agreement, date(2026, 3, 31))
    world.to("2026-06-10 20:00:00")
    results = run_due(world.runtime, date(2026, 6, 10))
    assert [(str(one.month), one.count) for one in results] == [("2026-03", 1), ("2026-04", 1), ("2026-05", 1)]
    # 120 000 / 12: the first part is due on the day that its month ends, 30 April
    assert fees(world, agreement) == {"2026-03": FEE, "2026-04": FEE, "2026-05": Money.kronor(2_200)}
    assert fees(world, other) == charged_before


def test_months_in_which_nothing_ran_are_charged_afterwards(world: RunningWorld) -> None:
    """F1: nothing is skipped: the worker slept from March to August."""
    agreement = paid_out(world, term_months=36, limit=Money.kronor(36_000))
    world.to("2026-08-03 20:00:00")
    assert [str(one.month) for one in run_due(world.runtime, date(2026, 8, 3))] == [
        "2026-03",
        "2026-04",
        "2026-05",
        "2026-06",
        "2026-07",
    ]
    assert list(fees(world, agreement)) == ["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"]
    assert [str(one.month) for one in run_due(world.runtime, date(2026, 8, 4))] == ["2026-07"]


def test_a_cancelled_agreement_is_not_charged_and_one_that_waits_is(world: RunningWorld) -> None:
    """C6: one is cancelled in time, one waits for its money, which would take its fee back."""
    cancelled, waiting = paid_out(world, "2026-03-30 10:00:00"), world.running()
    for agreement in (cancelled, waiting):
        world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:anna")
    world.pay(cancelled, LIMIT + CANCELLATION_FEE)
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, MARCH).count == 1
    assert fees(world, cancelled) == {}
    assert fees(world, waiting) == {"2026-03": FEE}


def test_a_run_charges_in_chunks_whatever_their_size(world: RunningWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: five agreements by two: 2 + 2 + 1."""
    agreements = [paid_out(world) for _ in range(5)]
    world.to("2026-04-01 20:00:00")
    with chunks_of(monkeypatch, 2):
        result = charge_month(world.runtime, MARCH)
    assert (result.count, result.charged) == (5, FEE * 5)
    assert [fees(world, one) for one in agreements] == [{"2026-03": FEE}] * 5


def test_a_run_that_died_half_way_is_begun_again_and_ends_the_same(
    world: RunningWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1: it died in its second chunk; the next run charges the others, and the mark says what both charged."""
    for _ in range(4):
        paid_out(world)
    world.to("2026-04-01 20:00:00")
    dying = DyingDatabase.over(world, transactions=3)  # begun, one chunk, and no more
    with chunks_of(monkeypatch, 2), pytest.raises(Died):
        charge_month(replace(world.runtime, database=dying), MARCH)
    with world.runtime.database.transaction() as session:
        (run,) = runs(session)
    assert (run.charged_count, run.finished_at) == (2, None)
    assert charge_month(world.runtime, MARCH).count == 2
    with world.runtime.database.transaction() as session:
        (run,) = runs(session)
    assert (run.charged_count, run.charged) == (4, FEE * 4)


class Died(BaseException):
    """The process is gone."""


class DyingDatabase(Database):
    """A database that the process outlives for so many transactions only."""

    left: int

    @classmethod
    def over(cls, world: RunningWorld, *, transactions: int) -> "DyingDatabase":
        """The world's database, for so many transactions."""
        database = cls.__new__(cls)
        database.__dict__.update(world.runtime.database.__dict__)
        database.left = transactions
        return database

    @contextmanager
    def transaction(self) -> Iterator[sa.orm.Session]:
        self.left -= 1
        with super().transaction() as session:
            yield session
            if self.left <= 0:
                raise Died


# --- F10


def test_a_fee_is_explained_day_by_day(world: RunningWorld) -> None:
    """F10: 50 000 from the 2nd, 120 000 from the 9th."""
    agreement = paid_out(world, asked=Money.kronor(50_000))
    world.to("2026-03-09 10:00:00")
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor="person:anna")
    world.work()
    with world.runtime.database.transaction() as session:
        explained = explain(session, agreement, MARCH)
    closing = [day.closing.ore // 100 for day in explained.days]
    assert closing == [0] + [50_000] * 7 + [120_000] * 23
    assert (explained.basis, explained.product, explained.fee) == (LIMIT, Decimal("2400"), FEE)
    assert (explained.charged_at, explained.reversed_at) == (None, None)


def test_a_fee_is_corrected_for_a_payout_told_of_late_and_says_why(world: RunningWorld) -> None:
    """F10: another payout of March is told of after the run: until the next one the fee stands as it was charged."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000), payout_account=NEXT_DAY_ACCOUNT)
    world.to("2026-03-03 10:00:00")
    world.later(minutes=1)
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor="person:anna")
    world.payouts.send_due()
    charged_at = world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, MARCH)
    corrected_at = world.to("2026-04-02 20:00:00")
    book_late(world, agreement, date(2026, 3, 30))
    with world.runtime.database.transaction() as session:
        before = explain(session, agreement, MARCH)
    assert (before.basis, before.fee, before.corrections) == (Money.kronor(50_000), Money.kronor(1_000), ())
    for _ in range(2):
        assert charge_month(world.runtime, MARCH).count == 0
        world.later(minutes=1)
    with world.runtime.database.transaction() as session:
        after = explain(session, agreement, MARCH)
        assert check(session, (*ledger_invariants.INVARIANTS, *invariants.INVARIANTS)) == ()
    (correction,) = after.corrections
    assert (after.basis, after.fee, after.charged_at, after.reversed_at) == (LIMIT, FEE, charged_at, None)
    assert (correction.corrected_at, correction.reason) == (corrected_at, FeeCorrectionReason.PAYOUT_LATE)
    assert (correction.fee_before, correction.fee) == (Money.kronor(1_000), FEE)
    assert (fees(world, agreement), world.owed(agreement)[FEES]) == ({"2026-03": FEE}, FEE)


# --- the job


def test_the_job_reads_the_banks_answers_first(world: RunningWorld) -> None:
    """F1: a payout booked on the last day of the month, told of on the day of the run."""
    world.to("2026-03-31 10:00:00")
    agreement = world.signed(payout_account=NEXT_DAY_ACCOUNT)
    world.payouts.send_due()
    world.to("2026-04-01 20:00:00")

    def read_answers() -> None:
        book_late(world, agreement, date(2026, 3, 31))

    (job,) = jobs.daily(world.runtime, read_answers=read_answers)
    assert job.run(date(2026, 4, 1), unheard) == {"count": 1, "charged": "2400.00"}


def test_the_job_charges_nothing_when_the_bank_does_not_answer(world: RunningWorld) -> None:
    """F1: the scheduler tries again."""
    agreement = paid_out(world)
    world.to("2026-04-01 20:00:00")

    def read_answers() -> None:
        raise BankUnreachable("no_answer")

    (job,) = jobs.daily(world.runtime, read_answers=read_answers)
    with pytest.raises(BankUnreachable):
        job.run(date(2026, 4, 1), unheard)
    assert fees(world, agreement) == {}


# --- at the same time


def together(*works: Callable[[], object]) -> list[object]:
    """What each work gave, or the refusal it raised; all are begun at the same moment."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return work()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def waits_for_a_lock(world: RunningWorld) -> Callable[[], bool]:
    """Whether some session of the database waits for a lock."""
    query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def waits() -> bool:
        with world.runtime.database.engine.connect() as connection:
            return bool(connection.execute(query).scalar_one())

    return waits


def test_two_runs_of_a_month_at_once_charge_everybody_once(
    committed_world: RunningWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1: never twice for one agreement and month."""
    world = committed_world
    agreements = [paid_out(world) for _ in range(7)]
    world.to("2026-04-01 20:00:00")
    with chunks_of(monkeypatch, 2):
        together(*[lambda: charge_month(world.runtime, MARCH)] * 3)
    assert [fees(world, one) for one in agreements] == [{"2026-03": FEE}] * 7
    assert [world.owed(one) for one in agreements] == [{PRINCIPAL: LIMIT, FEES: FEE}] * 7
    with world.runtime.database.transaction() as session:
        (run,) = runs(session)
    assert (run.charged_count, run.charged) == (7, FEE * 7)


def test_a_run_waits_for_a_cancellation_under_way_and_does_not_charge_it(committed_world: RunningWorld) -> None:
    """C6: the money is being booked while the run comes to the agreement."""
    world = committed_world
    agreement = paid_out(world, "2026-03-30 10:00:00")
    world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:anna")
    world.to("2026-04-01 20:00:00")
    content = world.file((agreement, LIMIT + CANCELLATION_FEE, date(2026, 4, 1)))
    with ThreadPoolExecutor(1) as pool:
        with world.runtime.database.transaction():
            world.payments.read_file(content, actor="staff:1")
            run = pool.submit(charge_month, world.runtime, MARCH)
            assert wait_until(waits_for_a_lock(world))
        assert run.result().count == 0
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {}


def test_a_redemption_and_a_run_at_once_charge_the_month_once(committed_world: RunningWorld) -> None:
    """F3: whichever comes first."""
    world = committed_world
    for _ in range(3):
        agreement = paid_out(world)
        world.to("2026-04-01 20:00:00")
        world.redemptions.request(agreement.id, date(2026, 4, 1), actor="person:anna")
        content = world.file((agreement, LIMIT + FEE * 2, date(2026, 4, 1)))
        together(
            partial(world.payments.read_file, content, actor="staff:1"),
            lambda: charge_month(world.runtime, MARCH),
        )
        assert world.state(agreement) is AgreementState.REDEEMED
        assert fees(world, agreement) == {"2026-03": FEE, "2026-04": FEE}
        assert world.owed(agreement) == {}
        with world.runtime.database.transaction() as session:
            session.execute(sa.delete(FeeChunk))
            session.execute(sa.delete(FeeRun))


def test_files_and_a_run_that_touch_the_same_agreements_do_not_block_each_other(
    committed_world: RunningWorld,
) -> None:
    """F7: each takes the agreements in the order of their ids, whatever the order in the files."""
    world = committed_world
    agreements = [paid_out(world) for _ in range(6)]
    world.to("2026-04-01 20:00:00")
    day, some = date(2026, 4, 1), Money.kronor(100)
    files = [
        world.file(*((one, some, day) for one in agreements)),
        world.file(*((one, some, day) for one in reversed(agreements))),
    ]
    results = together(
        *(partial(world.payments.read_file, content, actor="staff:1") for content in files),
        lambda: charge_month(world.runtime, MARCH),
    )
    assert not [result for result in results if isinstance(result, Refusal)]
    for one in agreements:
        assert world.payments.use_balances(day) >= 0
        assert world.owed(one) == {PRINCIPAL: LIMIT, FEES: FEE - some * 2}


@pytest.mark.parametrize("_round", range(4))
def test_a_cancellation_and_the_sending_of_the_payout_at_once(committed_world: RunningWorld, _round: int) -> None:
    """C1: the first one wins: cancelled and never paid, or sent and to be repaid."""
    world = committed_world
    world.to("2026-03-02 15:59:59")
    agreement = world.signed()
    together(
        lambda: world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:anna"),
        world.payouts.send_due,
    )
    world.work()
    view = world.cancellations.of_agreement(agreement.id)
    assert view is not None
    if world.payout_states(agreement) == [PayoutState.WITHDRAWN]:
        assert view.state is CancellationState.COMPLETED
        assert world.bank.balance() == "100000000.00"
    else:
        assert world.payout_states(agreement) == [PayoutState.PAID]
        assert view.state is CancellationState.CONDITIONAL
        assert world.state(agreement) is AgreementState.CANCELLING


@pytest.mark.parametrize("_round", range(4))
def test_a_cancellation_and_the_money_of_a_redemption_at_once(committed_world: RunningWorld, _round: int) -> None:
    """F3: the first one wins: redeemed with its fee, or cancelled with 900 kr over; never both."""
    world = committed_world
    agreement = paid_out(world)
    world.redemptions.request(agreement.id, date(2026, 3, 2), actor="person:anna")
    content = world.file((agreement, LIMIT + FEE, date(2026, 3, 2)))
    cancelled, _ = together(
        lambda: world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:anna"),
        lambda: world.payments.read_file(content, actor="staff:1"),
    )
    if isinstance(cancelled, Refusal):
        assert world.state(agreement) is AgreementState.REDEEMED
        assert world.owed(agreement) == {}
    else:
        assert world.state(agreement) is AgreementState.CANCELLED
        assert world.owed(agreement) == {Account.CREDIT_BALANCE: -Money.kronor(900)}


def test_two_requests_to_cancel_at_once_are_one(committed_world: RunningWorld) -> None:
    """C6: the other is told that one is under way."""
    world = committed_world
    agreement = paid_out(world)
    results = together(
        *[
            lambda: world.cancellations.request(
                agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:anna"
            )
        ]
        * 2
    )
    assert len([result for result in results if isinstance(result, Refusal)]) == 1
    assert world.state(agreement) is AgreementState.CANCELLING
