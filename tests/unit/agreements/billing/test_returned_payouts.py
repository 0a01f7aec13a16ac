"""Fees after a payout came back: it was never utilised, whatever had been charged for it and paid since."""

from dataclasses import replace
from datetime import date

import pytest

from agreements.billing.service import charge_month, explain, fees_of, reverse_all, reverse_unutilised
from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.models import Payout
from agreements.payouts.services.record_answer import Answers
from tests.support.running import RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
FIRST, SECOND, THIRD = Money.kronor(60_000), Money.kronor(40_000), Money.kronor(20_000)  # at 2 % a month


@pytest.fixture
def drawn(world: RunningWorld) -> Agreement:
    """60 000 kr on 2 March, 40 000 on the 5th, 20 000 on the 9th: 120 000 at the most, so that March costs 2 400."""
    world.payouts = replace(world.payouts, returned=reverse_unutilised)
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=FIRST)
    for day, amount in (("05", SECOND), ("09", THIRD)):
        world.to(f"2026-03-{day} 10:00:00")
        world.payouts.request_drawdown(agreement.id, amount, actor="test")
        world.work()
    world.to("2026-04-01 21:00:00")
    assert charge_month(world.runtime, MARCH).charged == Money.kronor(2_400)
    return world.now(agreement)


def come_back(world: RunningWorld, agreement: Agreement, amount: Money) -> None:
    """The bank tells that what it booked of *amount* did not reach the account."""
    (payout_id,) = (one.payout_id for one in world.payouts.drawdowns(agreement.id) if one.amount == amount)
    with world.runtime.database.transaction() as session:
        locked, payout = lock_agreement(session, agreement.id), session.get_one(Payout, payout_id)
        answer = PayoutAnswer(payout.end_to_end_id, PayoutStatus.REJECTED, reason_code="AC04")
        Answers(world.runtime, reverse_unutilised).take(session, locked, payout, answer, at=world.clock.now())


def fee_of_march(world: RunningWorld, agreement: Agreement) -> Money | None:
    """What stands as charged; None where it was taken back."""
    with world.runtime.database.transaction() as session:
        (fee,) = fees_of(session, agreement.id)
        explained = explain(session, agreement, MARCH)
    assert fee.reversed_at is not None or (explained.fee, explained.basis) == (fee.fee, fee.basis)
    return None if fee.reversed_at else fee.fee


@pytest.mark.parametrize(
    ("returned", "fee"),
    [
        ((SECOND,), 1_600),  # 2 % of 60 000 + 20 000
        ((FIRST,), 1_200),  # of 40 000 + 20 000
        ((SECOND, THIRD), 1_200),
        ((THIRD, SECOND), 1_200),
        ((FIRST, SECOND, THIRD), None),
    ],
)
@pytest.mark.parametrize("paid", [0, 1_000, 2_400])
def test_a_month_costs_what_was_used_besides_what_came_back(
    world: RunningWorld, drawn: Agreement, returned: tuple[Money, ...], fee: int | None, paid: int
) -> None:
    """F1, F2, P3: and what was paid beyond that is the borrower's."""
    if paid:
        world.pay(drawn, Money.kronor(paid))
    for amount in returned:
        come_back(world, drawn, amount)
    assert fee_of_march(world, drawn) == (None if fee is None else Money.kronor(fee))
    owed = world.owed(drawn)
    principal = FIRST + SECOND + THIRD - Money.sum(returned)
    assert owed.get(Account.PRINCIPAL, Money.ZERO) == principal
    fee_less_paid = owed.get(Account.FEE_RECEIVABLE, Money.ZERO) + owed.get(Account.CREDIT_BALANCE, Money.ZERO)
    assert fee_less_paid == Money.kronor((fee or 0) - paid)
    world.payments.use_balances(date(2026, 4, 2))
    after = world.owed(drawn)
    assert after.get(Account.FEE_RECEIVABLE, Money.ZERO) == Money.kronor(max(0, (fee or 0) - paid))
    assert charge_month(world.runtime, MARCH).count == 0


def test_a_fee_that_was_lowered_is_taken_back_as_it_stands(world: RunningWorld, drawn: Agreement) -> None:
    """C6, F6: lowered twice and then reversed with all others; nothing is left of it."""
    come_back(world, drawn, SECOND)
    come_back(world, drawn, THIRD)
    with world.runtime.database.transaction() as session:
        reverse_all(session, drawn.id, occurred_on=date(2026, 4, 2), at=world.clock.now())
    assert world.owed(drawn) == {Account.PRINCIPAL: FIRST}
    assert fee_of_march(world, drawn) is None


def test_the_months_after_are_charged_for_what_is_left(world: RunningWorld, drawn: Agreement) -> None:
    """F1: 2 % of 60 000 in April, as of March."""
    come_back(world, drawn, SECOND)
    come_back(world, drawn, THIRD)
    world.to("2026-05-04 21:00:00")
    assert charge_month(world.runtime, APRIL).charged == Money.kronor(1_200)
    assert world.owed(drawn)[Account.FEE_RECEIVABLE] == Money.kronor(2_400)
