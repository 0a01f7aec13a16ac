"""What early redemption costs on a given day."""

from datetime import date
from decimal import Decimal

import pytest

from agreements.billing.rules import Movement, MovementKind
from agreements.credit.rules import AgreementStateRefuses, Instalment
from agreements.redemption.rules import RedemptionDayRefused, RedemptionNotYetOpen, RedemptionQuote, quote
from underwriting.kernel.errors import Conflict, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import AgreementState

RATE = Decimal("0.045")
PLAN = (
    Instalment(1, date(2026, 3, 31), Money.kronor(25_000)),
    Instalment(2, date(2026, 4, 30), Money.kronor(25_000)),
    Instalment(3, date(2026, 5, 29), Money.kronor(50_000)),
)


def moved(on: str, kronor: int, kind: MovementKind = MovementKind.DRAWDOWN, *, order: int = 0) -> Movement:
    return Movement(date.fromisoformat(on), order, kind, Money.kronor(kronor))


def repaid(on: str, kronor: int) -> Movement:
    return moved(on, kronor, MovementKind.REPAYMENT, order=1)


def asked(
    on: str,
    *movements: Movement,
    today: str | None = None,
    state: AgreementState = AgreementState.RUNNING,
    payout_on_its_way: bool = False,
    instalments: tuple[Instalment, ...] = (),
    charged: tuple[str, ...] = (),
    unpaid_fees: int = 0,
    credit_balance: int = 0,
) -> RedemptionQuote:
    return quote(
        date.fromisoformat(on),
        today=date.fromisoformat(today or on),
        state=state,
        payout_on_its_way=payout_on_its_way,
        movements=movements or (moved("2026-03-02", 100_000),),
        instalments=instalments,
        rate=RATE,
        charged={Month.parse(month) for month in charged},
        unpaid_fees=Money.kronor(unpaid_fees),
        credit_balance=Money.kronor(credit_balance),
    )


def months(asked_for: RedemptionQuote) -> list[str]:
    return [str(explained.month) for explained in asked_for.new_fees]


@pytest.mark.parametrize(
    ("payout", "on", "new_months", "total"),
    [
        ("2026-03-02", "2026-03-20", ["2026-03"], 104_500),
        ("2026-03-31", "2026-04-01", ["2026-03", "2026-04"], 109_000),
        ("2026-01-31", "2026-03-31", ["2026-01", "2026-02", "2026-03"], 113_500),
        ("2026-03-02", "2026-03-02", ["2026-03"], 104_500),  # on the very day of the payout
    ],
)
def test_principal_and_every_started_month_are_paid(payout: str, on: str, new_months: list[str], total: int) -> None:
    """F3: whole months, no part of one; 4.50 % of 100 000 is 4 500."""
    asked_for = asked(on, moved(payout, 100_000))
    assert months(asked_for) == new_months
    assert asked_for.total == Money.kronor(total)


def test_fees_that_are_charged_and_unpaid_are_in_the_sum_and_not_charged_again() -> None:
    """F3: March is charged and 2 000 of it unpaid; April is charged at once: 100 000 + 2 000 + 4 500."""
    asked_for = asked("2026-04-15", charged=("2026-03",), unpaid_fees=2_000)
    assert months(asked_for) == ["2026-04"]
    assert asked_for.principal == Money.kronor(100_000)
    assert asked_for.unpaid_fees == Money.kronor(2_000)
    assert asked_for.total == Money.kronor(106_500)


def test_early_in_a_month_the_month_before_is_not_charged_yet_and_is_in_the_sum() -> None:
    """F3: on 1 April March's fee waits for that day's bank answers (F1): 100 000 + 2 * 4 500."""
    asked_for = asked("2026-04-01")
    assert months(asked_for) == ["2026-03", "2026-04"]
    assert asked_for.total == Money.kronor(109_000)


def test_the_running_months_fee_is_in_the_sum_once_even_if_it_is_charged() -> None:
    """F1: never twice for one agreement and month."""
    asked_for = asked("2026-04-15", charged=("2026-03", "2026-04"), unpaid_fees=4_500)
    assert months(asked_for) == []
    assert asked_for.total == Money.kronor(104_500)


@pytest.mark.parametrize(
    ("on", "booked", "new_months", "last_day"),
    [
        ("2026-03-31", "2026-03-31", ["2026-03"], "2026-03-31"),
        ("2026-05-29", "2026-05-29", ["2026-03", "2026-04", "2026-05"], "2026-05-29"),
        # Saturday 30 May and Sunday 31 May: the bank books on 1 June, and June's fee is owed
        ("2026-05-30", "2026-06-01", ["2026-03", "2026-04", "2026-05", "2026-06"], "2026-06-30"),
        ("2026-05-31", "2026-06-01", ["2026-03", "2026-04", "2026-05", "2026-06"], "2026-06-30"),
        ("2026-04-03", "2026-04-07", ["2026-03", "2026-04"], "2026-04-30"),  # Good Friday to after Easter Monday
        ("2026-03-07", "2026-03-09", ["2026-03"], "2026-03-31"),
    ],
)
def test_the_day_on_which_the_bank_books_the_money_counts(
    on: str, booked: str, new_months: list[str], last_day: str
) -> None:
    """F3: the last day that avoids the next month's fee is a bank day of the booking's month."""
    asked_for = asked(on)
    assert asked_for.booked_on == date.fromisoformat(booked)
    assert months(asked_for) == new_months
    assert asked_for.last_day == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("on", "booked", "last_day"),
    [
        ("2026-12-24", "2026-12-28", "2026-12-30"),  # Christmas Eve; New Year's Eve is no bank day
        ("2026-12-30", "2026-12-30", "2026-12-30"),
        ("2026-12-31", "2027-01-04", "2027-01-29"),
        ("2027-01-01", "2027-01-04", "2027-01-29"),
        ("2028-02-29", "2028-02-29", "2028-02-29"),
        ("2026-10-31", "2026-11-02", "2026-11-30"),
    ],
)
def test_the_last_day_that_avoids_the_next_months_fee_is_a_bank_day(on: str, booked: str, last_day: str) -> None:
    """F3: around Christmas, New Year and 29 February."""
    asked_for = asked(on)
    assert (asked_for.booked_on, asked_for.last_day) == (date.fromisoformat(booked), date.fromisoformat(last_day))


def test_overdue_principal_is_repaid_but_is_in_no_basis() -> None:
    """F3: the instalment of 31 March is unpaid: principal 100 000, April's fee 4.50 % of 75 000 = 3 375."""
    asked_for = asked("2026-04-15", instalments=PLAN, charged=("2026-03",))
    assert asked_for.principal == Money.kronor(100_000)
    assert asked_for.new_fees[0].fee == Money.kronor(3_375)
    assert asked_for.total == Money.kronor(103_375)


def test_what_has_been_repaid_is_not_asked_for_again() -> None:
    """F3: 100 000 - 25 000; May's basis is what was owed when it began, 75 000 less what fell due in April."""
    asked_for = asked(
        "2026-05-04",
        moved("2026-03-02", 100_000),
        repaid("2026-03-31", 25_000),
        instalments=PLAN,
        charged=("2026-03", "2026-04"),
    )
    assert asked_for.principal == Money.kronor(75_000)
    assert asked_for.new_fees[0].fee == Money.kronor(2_250)  # 4.50 % of 50 000
    assert asked_for.total == Money.kronor(77_250)


def test_the_borrowers_own_money_is_set_off() -> None:
    """F3: 104 500 less a credit balance of 500; never below zero."""
    assert asked("2026-03-20", credit_balance=500).total == Money.kronor(104_000)
    assert asked("2026-03-20", credit_balance=200_000).total == Money.ZERO


@pytest.mark.parametrize("state", [AgreementState.SIGNING, AgreementState.SIGNED])
@pytest.mark.parametrize("payout_on_its_way", [False, True])
def test_before_the_first_payout_nothing_is_redeemed(state: AgreementState, payout_on_its_way: bool) -> None:
    """C8: redemption begins with the first payout, and the refusal names the window that payout will open."""
    with pytest.raises(RedemptionNotYetOpen) as caught:
        asked("2026-03-20", state=state, payout_on_its_way=payout_on_its_way)
    assert isinstance(caught.value, Conflict)
    assert caught.value.rule == "C8"
    assert (
        "öppnar både rätten att lösa krediten i förtid och ett tidsfönster för att häva den" in caught.value.detail.sv
    )
    assert "a window in which the credit can be cancelled" in caught.value.detail.en


def test_while_a_payout_is_sent_or_unknown_redemption_waits() -> None:
    """P3: what is owed is not known until the bank has answered."""
    with pytest.raises(AgreementStateRefuses) as caught:
        asked("2026-03-20", payout_on_its_way=True)
    assert caught.value.rule == "P3"


@pytest.mark.parametrize(
    "state",
    [AgreementState.CANCELLING, AgreementState.CANCELLED, AgreementState.REDEEMED, AgreementState.SETTLED],
)
def test_what_is_being_cancelled_or_has_ended_is_not_redeemed(state: AgreementState) -> None:
    """F3: the first one wins, the next reads the new state."""
    with pytest.raises(AgreementStateRefuses) as caught:
        asked("2026-03-20", state=state)
    assert caught.value.rule == "F3"


@pytest.mark.parametrize("on", ["2026-03-19", "2027-03-22", "2099-01-01"])
def test_a_day_that_has_passed_or_lies_more_than_a_year_ahead_is_refused(on: str) -> None:
    """F3: a quote is for a day that money can still be sent on."""
    with pytest.raises(RedemptionDayRefused) as caught:
        asked(on, today="2026-03-20")
    assert isinstance(caught.value, InvalidInput)
    assert [error.pointer for error in caught.value.errors] == ["/on"]


def test_a_quote_for_a_later_month_holds_the_months_until_then() -> None:
    """F3: asked in March for 4 May: March, April and May."""
    asked_for = asked("2026-05-04", today="2026-03-20")
    assert months(asked_for) == ["2026-03", "2026-04", "2026-05"]
    assert asked_for.total == Money.kronor(113_500)
