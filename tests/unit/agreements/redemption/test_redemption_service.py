"""Early redemption on the real database: what is quoted, what the money completes, and what has to wait."""

from collections.abc import Callable
from datetime import date

import pytest

from agreements.billing.service import charge_month, fees_of
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementStateRefuses
from agreements.redemption.rules import RedemptionDayRefused, RedemptionNotYetOpen
from tests.support.credit import NEXT_DAY_ACCOUNT
from tests.support.documents import texts_about
from tests.support.running import FEE, LIMIT, PART, RunningWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, AgreementState, GuaranteeState, PayoutState, RequestChannel

CREDIT, PRINCIPAL, FEES = Account.CREDIT_BALANCE, Account.PRINCIPAL, Account.FEE_RECEIVABLE
BORROWER = "person:anna"


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """120 000 kr at 2 400 kr a month, paid out on Monday 2 March 2026."""
    world.to("2026-03-02 10:00:00")
    return world.running()


def redeem(world: RunningWorld, agreement: Agreement, on: str) -> str:
    """What the borrower asks for; the state of the request."""
    return world.redemptions.request(agreement.id, date.fromisoformat(on), actor=BORROWER).state


def charged_months(world: RunningWorld, agreement: Agreement) -> list[Month]:
    with world.runtime.database.transaction() as session:
        return [fee.month for fee in fees_of(session, agreement.id)]


def test_the_sum_is_principal_fees_due_and_the_running_months_full_fee(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F3: on 20 April: 120 000 + March's 2 400, charged and unpaid, + April's 2 400 = 124 800; to 30 April."""
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.to("2026-04-20 10:00:00")
    before = world.actions(agreement)
    quote = world.redemptions.quote(agreement.id, date(2026, 4, 20))
    assert (quote.principal, quote.unpaid_fees) == (LIMIT, FEE)
    assert [(new.month, new.fee) for new in quote.new_fees] == [(Month(2026, 4), FEE)]
    assert (quote.total, quote.last_day) == (Money.kronor(124_800), date(2026, 4, 30))
    assert world.actions(agreement) == before


def test_a_quote_before_the_run_of_the_month_before_holds_both_months(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F3: on 1 April, before March is charged in the evening."""
    world.to("2026-04-01 08:00:00")
    quote = world.redemptions.quote(agreement.id, date(2026, 4, 1))
    assert [new.month for new in quote.new_fees] == [Month(2026, 3), Month(2026, 4)]
    assert quote.total == Money.kronor(124_800)


def test_the_money_redeems_it_and_charges_the_running_month_at_once(world: RunningWorld, agreement: Agreement) -> None:
    """F3: and F1: 120 000 + 2 400; guarantees end, and the run of the month charges nothing."""
    world.to("2026-03-16 10:00:00")
    assert redeem(world, agreement, "2026-03-16") == "open"
    assert world.state(agreement) is AgreementState.RUNNING
    world.pay(agreement, Money.kronor(122_400))
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.guarantee_states(agreement) == {GuaranteeState.ENDED}
    assert world.balances(agreement) == {Account.BANK: FEE, Account.FEE_INCOME: -FEE}
    assert world.redemptions.open_one(agreement.id) is None
    world.to("2026-04-01 20:00:00")
    assert charge_month(world.runtime, Month(2026, 3)).count == 0
    assert charged_months(world, agreement) == [Month(2026, 3)]


def test_an_ore_too_little_redeems_nothing_and_the_ore_completes_it(world: RunningWorld, agreement: Agreement) -> None:
    """F3: what came is kept as a credit balance."""
    redeem(world, agreement, "2026-03-02")
    world.pay(agreement, Money.kronor(122_400) - Money(1))
    assert world.state(agreement) is AgreementState.RUNNING
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -(Money.kronor(122_400) - Money(1))}
    world.pay(agreement, Money(1))
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.owed(agreement) == {}


def test_money_that_comes_in_the_next_month_owes_that_months_fee_too(world: RunningWorld, agreement: Agreement) -> None:
    """F3: quoted 122 400 for March, booked on 1 April: April's 2 400 is missing, and March's is due first."""
    world.to("2026-03-31 10:00:00")
    redeem(world, agreement, "2026-03-31")
    world.to("2026-04-01 20:00:00")
    charge_month(world.runtime, Month(2026, 3))
    world.pay(agreement, Money.kronor(122_400))
    assert world.state(agreement) is AgreementState.RUNNING
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -LIMIT}
    world.pay(agreement, FEE)
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.owed(agreement) == {}
    assert charged_months(world, agreement) == [Month(2026, 3), Month(2026, 4)]


def test_money_booked_on_the_last_day_of_the_month_and_told_later_owes_no_more(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F1: the bank's booking day counts: Tuesday 31 March, told on Thursday."""
    world.to("2026-03-31 10:00:00")
    redeem(world, agreement, "2026-03-31")
    world.to("2026-04-02 10:00:00")
    world.pay(agreement, Money.kronor(122_400), on="2026-03-31")
    assert world.state(agreement) is AgreementState.REDEEMED
    assert charged_months(world, agreement) == [Month(2026, 3)]


def test_a_sum_that_was_not_asked_for_redeems_nothing(world: RunningWorld, agreement: Agreement) -> None:
    """F3: without a request the money waits for what falls due."""
    world.pay(agreement, Money.kronor(122_400))
    assert world.state(agreement) is AgreementState.RUNNING
    assert world.owed(agreement) == {PRINCIPAL: LIMIT, CREDIT: -Money.kronor(122_400)}


def test_a_credit_balance_that_covers_everything_redeems_it_at_once(world: RunningWorld, agreement: Agreement) -> None:
    """F3: and one kr over stays the borrower's."""
    world.pay(agreement, Money.kronor(122_401))
    assert redeem(world, agreement, "2026-03-02") == "completed"
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.owed(agreement) == {CREDIT: -Money.kronor(1)}


def test_a_later_request_replaces_the_earlier_one(world: RunningWorld, agreement: Agreement) -> None:
    """F3: one is open at a time."""
    redeem(world, agreement, "2026-03-02")
    redeem(world, agreement, "2026-04-02")
    open_one = world.redemptions.open_one(agreement.id)
    assert open_one is not None
    assert (open_one.on, open_one.total) == (date(2026, 4, 2), Money.kronor(124_800))


def test_what_is_overdue_is_paid_too_and_what_was_repaid_is_not(world: RunningWorld, agreement: Agreement) -> None:
    """F3: of two instalments due one is paid: 110 000, and fees of 2 400 + 2 400 + 2 200 + 2 000 less 4 800.

    In April 120 000 were utilised; in May 110 000; the 10 000 that are overdue when June begins are outside its basis.
    """
    for paid_on in ("2026-04-30",):
        world.to(f"{paid_on} 12:00:00")
        charge_month(world.runtime, Month(2026, 3))
        world.pay(agreement, FEE + PART)
    world.to("2026-05-05 20:00:00")
    charge_month(world.runtime, Month(2026, 4))
    world.pay(agreement, FEE)
    world.to("2026-06-15 10:00:00")
    quote = world.redemptions.quote(agreement.id, date(2026, 6, 15))
    assert [new.fee for new in quote.new_fees] == [Money.kronor(2_200), Money.kronor(2_000)]
    assert quote.total == Money.kronor(114_200)
    redeem(world, agreement, "2026-06-15")
    world.pay(agreement, quote.total)
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.owed(agreement) == {}


@pytest.mark.parametrize("make", [RunningWorld.granted, RunningWorld.signed])
def test_before_the_first_payout_there_is_nothing_to_redeem(
    world: RunningWorld, make: Callable[[RunningWorld], Agreement]
) -> None:
    """C8: redemption begins with the first payout."""
    world.to("2026-03-02 10:00:00")
    with pytest.raises(RedemptionNotYetOpen):
        redeem(world, make(world), "2026-03-02")


@pytest.mark.parametrize("on", ["2026-03-01", "2027-03-04"])
def test_a_day_that_is_over_or_more_than_a_year_ahead_is_refused(
    world: RunningWorld, agreement: Agreement, on: str
) -> None:
    """F3: today is 2 March 2026."""
    with pytest.raises(RedemptionDayRefused):
        redeem(world, agreement, on)
    assert world.redemptions.open_one(agreement.id) is None


def test_while_a_payout_is_on_its_way_redemption_waits(world: RunningWorld) -> None:
    """P3: 50 000 are paid out, 70 000 sent: no request is taken; one from before waits until the bank has answered."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000), payout_account=NEXT_DAY_ACCOUNT)
    world.to("2026-03-03 10:00:00")
    world.later(minutes=1)
    redeem(world, agreement, "2026-03-03")
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor=BORROWER)
    world.payouts.send_due()
    with pytest.raises(AgreementStateRefuses) as refusal:
        redeem(world, agreement, "2026-03-03")
    assert refusal.value.rule == "P3"
    world.pay(agreement, Money.kronor(122_400))
    assert world.state(agreement) is AgreementState.RUNNING
    world.to("2026-03-04 10:00:00")
    world.later(minutes=1)
    world.payments.use_balances(date(2026, 3, 4))
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.owed(agreement) == {}


def test_a_drawdown_that_was_not_sent_is_withdrawn_by_the_money(world: RunningWorld) -> None:
    """F3: 50 000 + 1 000 of fee; the other 70 000 are never sent."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=Money.kronor(50_000))
    world.payouts.request_drawdown(agreement.id, Money.kronor(70_000), actor=BORROWER)
    redeem(world, agreement, "2026-03-02")
    world.pay(agreement, Money.kronor(51_000))
    world.work()
    assert world.state(agreement) is AgreementState.REDEEMED
    assert world.payout_states(agreement) == [PayoutState.PAID, PayoutState.WITHDRAWN]


def test_while_a_cancellation_waits_for_its_money_nothing_is_redeemed(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F3: the states say so; the money goes to the cancellation, which costs less than the month's fee here."""
    redeem(world, agreement, "2026-03-02")
    world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor=BORROWER)
    with pytest.raises(AgreementStateRefuses):
        redeem(world, agreement, "2026-03-02")
    world.pay(agreement, Money.kronor(122_400))
    assert world.state(agreement) is AgreementState.CANCELLED
    assert world.owed(agreement) == {CREDIT: -Money.kronor(900)}


def test_what_is_over_cannot_be_redeemed(world: RunningWorld, agreement: Agreement) -> None:
    """F3: a second time."""
    redeem(world, agreement, "2026-03-02")
    world.pay(agreement, Money.kronor(122_400))
    with pytest.raises(AgreementStateRefuses):
        redeem(world, agreement, "2026-03-02")


def test_whoever_asks_to_redeem_is_given_the_quote_as_a_document(world: RunningWorld, agreement: Agreement) -> None:
    """F3: what it is made of, where it is paid and by when; a later request has its own."""
    world.to("2026-04-20 10:00:00")
    asked = world.redemptions.request(agreement.id, date(2026, 4, 20), actor=BORROWER)
    (text,) = texts_about(world.runtime, asked.id)
    assert "Kvarvarande kapital 120 000 kr" in text
    assert "Avgift för mars 2026 2 400 kr (hel månad) Avgift för april 2026 2 400 kr (hel månad)" in text
    assert f"Att betala 124 800 kr Betalas till bankgiro 5999-0002, OCR {agreement.ocr}" in text
    assert "ännu en månads avgift är torsdagen den 30 april 2026" in text
    later = world.redemptions.request(agreement.id, date(2026, 4, 21), actor=BORROWER)
    assert len(texts_about(world.runtime, later.id)) == 1


def test_the_borrower_is_written_to_at_the_quote_and_at_the_end_and_the_guarantor_at_the_end(
    world: RunningWorld, agreement: Agreement
) -> None:
    """F3: the sum, where the quote is, and that it is over."""
    redeem(world, agreement, "2026-03-02")
    (quoted,) = world.letters("redemption-quote")
    assert "betalas 122\u00a0400\u00a0kr" in quoted.body
    assert f"/agreements/{agreement.id}" in quoted.body
    assert world.letters("redeemed") == world.letters("guarantee-ended") == []
    world.pay(agreement, Money.kronor(122_400))
    assert world.told(agreement)[-1] == "redeemed"
    (ended,) = world.letters("guarantee-ended")
    assert ended.recipient == "erik@exempel.example"


def test_a_redemption_that_a_balance_pays_at_once_asks_for_nothing(world: RunningWorld, agreement: Agreement) -> None:
    """F3: the letter says that it is redeemed."""
    world.pay(agreement, Money.kronor(122_400))
    redeem(world, agreement, "2026-03-02")
    assert world.letters("redemption-quote") == []
    assert len(world.letters("redeemed")) == 1
