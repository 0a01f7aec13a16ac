"""Facts that are told of after a month was charged: each month is looked at again, and its fee corrected with why."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from agreements.billing import invariants
from agreements.billing.models import FeeChunk, FeeCorrection, FeeRun
from agreements.billing.service import charge_begun, charge_month, fees_of, run_due
from agreements.credit.models import Agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import Line, Posting
from tests.support.bank_stand_in import BankWorld
from tests.support.running import FEE, RunningWorld, running_world
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
TEN_THOUSAND = Money.kronor(10_000)
LOWER, HIGHER = Money.kronor(2_200), Money.kronor(2_600)  # of 110 000 and 130 000 kr


@pytest.fixture
def world(runtime: Runtime, clock: FixedClock, bank: BankWorld) -> Iterator[RunningWorld]:
    """Agreements that run; facts are booked with no file or order behind them, so that only fees are proved after."""
    made = running_world(runtime, clock, bank)
    yield made
    with runtime.database.transaction() as session:
        assert ledger.check(session, invariants.INVARIANTS) == ()


def paid(on: date, amount: Money = TEN_THOUSAND, name: str = "one") -> Posting:
    """Principal was repaid."""
    return postings.incoming_payment((Line(Account.BANK, Account.PRINCIPAL, amount),), payment_id=name, booked_on=on)


def drawn(on: date) -> Posting:
    """More was paid out."""
    return postings.payout(TEN_THOUSAND, payout_id="late", booked_on=on)


def balance_used(on: date) -> Posting:
    """A credit balance has repaid principal."""
    line = Line(Account.CREDIT_BALANCE, Account.PRINCIPAL, TEN_THOUSAND)
    return postings.balance_used((line,), business_key="balance-used:late", occurred_on=on)


def told(world: RunningWorld, agreement: Agreement, posting: Posting) -> LedgerEntry:
    """Book *posting* now."""
    with world.runtime.database.transaction() as session:
        entry = ledger.post(session, agreement.id, posting, at=world.clock.now())
    assert entry is not None
    return entry


def charged_in_may(world: RunningWorld) -> Agreement:
    """120 000 kr paid out on 2 March; March and April are charged on the evening of 4 May."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running()
    world.to("2026-05-04 20:00:00")
    run_due(world.runtime, date(2026, 5, 4))
    return agreement


def fees(world: RunningWorld, agreement: Agreement) -> dict[str, Money]:
    """What each month costs."""
    with world.runtime.database.transaction() as session:
        return {str(fee.month): fee.fee for fee in fees_of(session, agreement.id)}


def reasons(world: RunningWorld) -> list[tuple[str, str]]:
    """The corrections made, by month and reason."""
    with world.runtime.database.transaction() as session:
        rows = session.execute(sa.select(FeeCorrection.month, FeeCorrection.reason).order_by(FeeCorrection.month))
        return [(str(Month.of(month)), reason) for month, reason in rows]


def evening_of_6_may(world: RunningWorld) -> None:
    """The daily run."""
    world.to("2026-05-06 20:00:00")
    run_due(world.runtime, date(2026, 5, 6))


@pytest.mark.parametrize(
    ("late", "april", "reason"),
    [
        (paid(date(2026, 3, 31)), LOWER, "payment_late"),
        (balance_used(date(2026, 3, 31)), LOWER, "payment_late"),
        (drawn(date(2026, 4, 30)), HIGHER, "payout_late"),
    ],
)
def test_the_reason_is_the_fact_that_changed_the_fee_and_not_what_was_booked_after_it(
    world: RunningWorld, late: Posting, april: Money, reason: str
) -> None:
    """F10: after it came a payment of May and a fee for paper, which change nothing of April."""
    agreement = charged_in_may(world)
    world.to("2026-05-05 10:00:00")
    told(world, agreement, late)
    world.later(minutes=1)
    told(world, agreement, paid(date(2026, 5, 5), Money.kronor(100), "of-may"))
    told(world, agreement, drawn_in_may())
    evening_of_6_may(world)
    assert fees(world, agreement) == {"2026-03": FEE, "2026-04": april}
    assert reasons(world) == [("2026-04", reason)]


def drawn_in_may() -> Posting:
    """A payout in time."""
    return postings.payout(TEN_THOUSAND, payout_id="of-may", booked_on=date(2026, 5, 5))


def test_a_payment_that_is_taken_back_raises_the_months_after_it(world: RunningWorld) -> None:
    """F10: April was charged on 110 000 kr; without the payment of March it costs what 120 000 kr cost."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running()
    world.to("2026-03-31 10:00:00")
    entry = told(world, agreement, paid(date(2026, 3, 31)))
    world.to("2026-05-04 20:00:00")
    run_due(world.runtime, date(2026, 5, 4))
    assert fees(world, agreement) == {"2026-03": FEE, "2026-04": LOWER}
    world.to("2026-05-06 10:00:00")
    with world.runtime.database.transaction() as session:
        taken = session.get_one(LedgerEntry, entry.id)
        ledger.reverse(session, taken, occurred_on=date(2026, 5, 6), at=world.clock.now())
    evening_of_6_may(world)
    assert fees(world, agreement) == {"2026-03": FEE, "2026-04": FEE}
    assert reasons(world) == [("2026-04", "payment_reversed")]


def test_a_payment_told_of_late_corrects_a_month_long_ago(world: RunningWorld) -> None:
    """F10: of 31 March, told of in July: April was charged too much for. From May on it had fallen due anyway."""
    agreement = charged_in_may(world)
    world.to("2026-07-01 20:00:00")
    run_due(world.runtime, date(2026, 7, 1))
    world.to("2026-07-02 10:00:00")
    told(world, agreement, paid(date(2026, 3, 31)))
    world.to("2026-07-02 20:00:00")
    run_due(world.runtime, date(2026, 7, 2))
    assert reasons(world) == [("2026-04", "payment_late")]


def test_a_run_of_one_month_hides_nothing_from_the_others(world: RunningWorld) -> None:
    """F10: April is charged by hand between the late payout of March and the evening's run."""
    agreement = charged_in_may(world)
    world.to("2026-05-05 06:00:00")
    told(world, agreement, drawn(date(2026, 3, 31)))
    world.to("2026-05-06 10:00:00")
    charge_month(world.runtime, APRIL)
    evening_of_6_may(world)
    assert fees(world, agreement) == {"2026-03": HIGHER, "2026-04": HIGHER}


@pytest.mark.parametrize("noticed_at_once", [True, False])
def test_a_clock_that_jumped_ahead_and_back_hides_nothing(world: RunningWorld, noticed_at_once: bool) -> None:
    """F10: a run was made as on 20 May; back on the 5th, a late payout is told of.

    The workers notice within seconds, or the next daily run does.
    """
    agreement = charged_in_may(world)
    world.to("2026-05-20 20:00:00")
    run_due(world.runtime, date(2026, 5, 20))
    world.to("2026-05-05 10:00:00")
    if noticed_at_once:
        charge_begun(world.runtime)
    told(world, agreement, drawn(date(2026, 4, 30)))
    if noticed_at_once:
        world.to("2026-05-22 20:00:00")
        run_due(world.runtime, date(2026, 5, 22))
    else:
        evening_of_6_may(world)
    assert fees(world, agreement) == {"2026-03": FEE, "2026-04": HIGHER}


def test_a_month_charged_too_early_by_a_clock_that_jumped_is_put_right_when_it_is_over(world: RunningWorld) -> None:
    """F1: May was charged on 5 May; on the 20th more was paid out."""
    agreement = charged_in_may(world)
    world.to("2026-06-01 20:00:00")
    run_due(world.runtime, date(2026, 6, 1))
    assert fees(world, agreement)["2026-05"] == LOWER
    world.to("2026-05-05 20:00:00")
    assert charge_begun(world.runtime) == 0
    world.to("2026-05-20 10:00:00")
    told(world, agreement, drawn(date(2026, 5, 20)))
    world.to("2026-06-01 20:00:01")
    run_due(world.runtime, date(2026, 6, 1))
    assert fees(world, agreement)["2026-05"] == FEE


class Died(BaseException):
    """The process is gone."""


class DyingDatabase(Database):
    """A database that the process outlives for so many transactions only; the last one is rolled back."""

    left: int

    @classmethod
    def over(cls, database: Database, *, transactions: int) -> "DyingDatabase":
        """The *database*, for so many transactions."""
        dying = cls.__new__(cls)
        dying.__dict__.update(database.__dict__)
        dying.left = transactions
        return dying

    @contextmanager
    def transaction(self) -> Iterator[sa.orm.Session]:
        self.left -= 1
        with super().transaction() as session:
            yield session
            if self.left <= 0:
                raise Died


@pytest.mark.parametrize("transactions", range(1, 9))
def test_a_correction_that_was_broken_off_is_taken_up_without_waiting_for_the_next_day(
    world: RunningWorld, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    """F10: the daily run died after any of its transactions; workers go on with what is left of it, as with chunks."""
    monkeypatch.setattr("agreements.billing.services.look_again.AGREEMENTS_AT_ONCE", 1)
    agreements = [charged_in_may(world), charged_again(world)]
    world.to("2026-05-05 10:00:00")
    told(world, agreements[0], drawn(date(2026, 4, 30)))
    told(world, agreements[1], paid(date(2026, 3, 31)))
    world.to("2026-05-06 20:00:00")
    dying = DyingDatabase.over(world.runtime.database, transactions=transactions)
    try:
        run_due(replace(world.runtime, database=dying), date(2026, 5, 6))
    except Died:
        charge_begun(world.runtime)
    with world.runtime.database.transaction() as session:
        begun = session.scalars(sa.select(FeeRun.looked_at).where(FeeRun.month == APRIL.first_day)).one()
    if begun == world.clock.now():  # else nothing was begun, and the job itself is tried again
        assert [fees(world, one)["2026-04"] for one in agreements] == [HIGHER, LOWER]


def charged_again(world: RunningWorld) -> Agreement:
    """Another, whose months are charged anew."""
    with world.runtime.database.transaction() as session:
        session.execute(sa.delete(FeeChunk))
        session.execute(sa.delete(FeeRun))
    return charged_in_may(world)
