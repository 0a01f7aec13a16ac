"""Credit balances of many agreements, used on a due day by a few statements, on the real database (rule F8)."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from agreements.billing.service import charge_month
from agreements.credit.models import Agreement
from agreements.payments.rules import Settlement
from tests.support.running import LIMIT, PART, RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

CREDIT, PRINCIPAL, FEES = Account.CREDIT_BALANCE, Account.PRINCIPAL, Account.FEE_RECEIVABLE
DUE_ON = date(2026, 4, 30)
MUCH, LITTLE = Money.kronor(11_000), Money.kronor(4_000)


@pytest.fixture
def three(world: RunningWorld) -> tuple[Agreement, ...]:
    """Each 120 000 kr, of which 10 000 are due on 30 April; the first has paid 11 000 early, the second 4 000."""
    world.to("2026-03-02 10:00:00")
    agreements = tuple(world.running() for _ in range(3))
    for agreement, amount in zip(agreements, (MUCH, LITTLE), strict=False):
        world.pay(agreement, amount)
    world.to("2026-04-30 05:00:00")
    return agreements


def owed_then(world: RunningWorld, agreements: Sequence[Agreement]) -> list[dict[Account, Money]]:
    """What each owes."""
    return [world.owed(agreement) for agreement in agreements]


PAID = [
    {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(1_000)},
    {PRINCIPAL: LIMIT - LITTLE},
    {PRINCIPAL: LIMIT},
]


def test_all_that_have_something_to_pay_do_so_and_once(world: RunningWorld, three: tuple[Agreement, ...]) -> None:
    """F8: as much as there is, and who has nothing is left alone."""
    told: list[tuple[int, int | None]] = []

    def hear(done: int, total: int | None = None) -> None:
        told.append((done, total))

    assert world.payments.use_balances(DUE_ON, progress=hear) == 2
    assert owed_then(world, three) == PAID
    assert told[0] == (0, 2)
    assert world.payments.use_balances(DUE_ON) == 0
    assert world.faults() == ()


def test_a_day_that_is_caught_up_on_uses_what_stood_there_then(world: RunningWorld) -> None:
    """F8: March's fee is charged late, and money that came on 4 May has not paid it on 30 April."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running()
    world.to("2026-04-30 10:00:00")
    world.pay(agreement, PART)
    world.to("2026-05-04 10:00:00")
    world.pay(agreement, Money.kronor(3_000))
    charge_month(world.runtime, Month(2026, 3))
    owed = world.owed(agreement)
    assert owed == {PRINCIPAL: LIMIT - PART, FEES: Money.kronor(2_400), CREDIT: -Money.kronor(3_000)}
    assert world.payments.use_balances(DUE_ON) == 0
    assert world.owed(agreement) == owed
    assert world.payments.use_balances(date(2026, 5, 4)) == 1
    assert world.owed(agreement) == {PRINCIPAL: LIMIT - PART, CREDIT: -Money.kronor(600)}


@dataclass
class FailsWithMany:
    """A feature that cannot answer for several agreements that are held, and waits for nothing."""

    asked: int = 0
    failed: list[int] = field(default_factory=list)

    def may_wait(self, session: Session, agreement_ids: Sequence[uuid.UUID]) -> Collection[uuid.UUID]:  # noqa: ARG002
        """Nobody at the first look; then it fails."""
        self.asked += 1
        if self.asked > 1:
            self.failed.append(len(agreement_ids))
            raise LookupError
        return ()

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:  # noqa: ARG002
        """Nothing."""
        return None

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """Nothing is ever waited for."""
        raise NotImplementedError


def test_a_fault_with_many_together_leaves_each_to_be_done_alone(
    world: RunningWorld, three: tuple[Agreement, ...]
) -> None:
    """F8: nobody's balance waits for somebody else's fault."""
    source = FailsWithMany()
    assert replace(world.payments, sources=(source,)).use_balances(DUE_ON) == 2
    assert source.failed == [2]
    assert owed_then(world, three) == PAID
