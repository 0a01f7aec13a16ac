"""A credit that is repaid at term on the real database: its plan, what a month costs, and what ends it early."""

from datetime import date

import pytest
import sqlalchemy as sa

from agreements.billing.service import charge_month, fees_of
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import DrawdownRefused
from agreements.credit.service import lock_agreement
from tests.support.running import FEE, LIMIT, RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, RepaymentPlan

K = Money.kronor
LAST_DAY = date(2026, 6, 30)
MONTHS = (("2026-04-01", 3), ("2026-05-04", 4), ("2026-06-01", 5), ("2026-07-01", 6))


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """120 000 kr at 2 400 kr a month for three months, paid out on 2 March: the term ends on 1 June."""
    world.to("2026-03-02 10:00:00")
    return world.running(repayment_plan=RepaymentPlan.AT_TERM, term_months=3)


def planned(world: RunningWorld, agreement: Agreement) -> list[tuple[int, date, Money]]:
    part = PlannedInstalment
    query = sa.select(part.number, part.due_on, part.amount_ore).where(part.agreement_id == agreement.id)
    with world.runtime.database.transaction() as session:
        return [(number, on, Money(ore)) for number, on, ore in session.execute(query.order_by(part.amount_ore))]


def charge_through(world: RunningWorld, count: int) -> None:
    for day, month in MONTHS[:count]:
        world.to(f"{day} 20:00:00")
        charge_month(world.runtime, Month(2026, month))


def test_the_whole_is_one_part_on_the_last_day(world: RunningWorld, agreement: Agreement) -> None:
    """G1: the month in which the third month ends is June."""
    assert planned(world, agreement) == [(3, LAST_DAY, LIMIT)]


def test_what_is_drawn_in_the_last_month_is_due_with_the_rest(world: RunningWorld) -> None:
    """P1: on the day before; on the day itself nothing more is drawn, and nothing is ordered."""
    world.to("2026-03-02 10:00:00")
    part = world.running(repayment_plan=RepaymentPlan.AT_TERM, term_months=3, asked=K(70_000))
    world.to("2026-06-29 10:00:00")
    with world.runtime.database.transaction() as session:
        lock_agreement(session, part.id).status_checked_at = world.clock.now()
    world.payouts.request_drawdown(part.id, K(20_000), actor="test")
    world.work()
    assert planned(world, part) == [(3, LAST_DAY, K(20_000)), (3, LAST_DAY, K(70_000))]
    world.to("2026-06-30 09:00:00")
    with pytest.raises(DrawdownRefused):
        world.payouts.request_drawdown(part.id, K(10_000), actor="test")
    assert len(world.payouts.drawdowns(part.id)) == 2


def test_every_month_of_the_term_costs_its_fee_on_the_whole_and_none_after_it(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F1, F2: March to June; what is overdue from 1 July on bears late interest in the place of a fee."""
    charge_through(world, 4)
    world.to("2026-08-03 20:00:00")
    charge_month(world.runtime, Month(2026, 7))
    with world.runtime.database.transaction() as session:
        fees = [(one.month.month, one.fee) for one in fees_of(session, agreement.id)]
    assert fees == [(3, FEE), (4, FEE), (5, FEE), (6, FEE)]
    assert world.owed(agreement) == {Account.PRINCIPAL: LIMIT, Account.FEE_RECEIVABLE: FEE + FEE + FEE + FEE}


def test_redeeming_it_early_saves_the_fees_of_the_months_that_are_left(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F3: on 15 April all principal, March's fee, which is charged, and April's; 4 x 2 400 if it ran to its end."""
    charge_through(world, 1)
    world.to("2026-04-15 10:00:00")
    quote = world.redemptions.quote(agreement.id, date(2026, 4, 15))
    assert (quote.principal, quote.unpaid_fees, quote.total) == (LIMIT, FEE, K(124_800))
    assert [new.month for new in quote.new_fees] == [Month(2026, 4)]


def test_cancelling_it_in_time_takes_all_of_it_back(world: RunningWorld, agreement: Agreement) -> None:
    """C2, C6: the plan has no part in it."""
    world.to("2026-03-07 12:00:00")
    quote = world.cancellations.quote(agreement.id)
    assert (quote.principal_to_repay, quote.fee) == (LIMIT, K(1_500))


def test_money_before_the_last_day_waits_for_it(world: RunningWorld, agreement: Agreement) -> None:
    """F8: what is not due yet is not repaid, and what is paid too early is the borrower's until it is."""
    world.to("2026-05-15 10:00:00")
    world.pay(agreement, LIMIT)
    assert world.owed(agreement) == {Account.PRINCIPAL: LIMIT, Account.CREDIT_BALANCE: -LIMIT}
    world.to("2026-06-30 23:00:00")
    assert world.payments.use_balances(LAST_DAY) == 1
    assert world.owed(agreement) == {}
