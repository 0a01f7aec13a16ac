"""What an incoming payment pays."""

from dataclasses import replace
from datetime import date

import pytest

from agreements.ledger.rules import Line
from agreements.payments.rules import (
    Claim,
    Settled,
    Settlement,
    SettlementKind,
    allocate,
    open_claims,
    settled_claims,
)
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account

BANK, CREDIT = Account.BANK, Account.CREDIT_BALANCE
FEES, CANCELLATION, PRINCIPAL = Account.FEE_RECEIVABLE, Account.CANCELLATION_FEE_RECEIVABLE, Account.PRINCIPAL
TODAY = date(2026, 4, 30)


def claim(account: Account, kronor: int, due_on: str = "2026-04-30") -> Claim:
    return Claim(account, date.fromisoformat(due_on), Money.kronor(kronor))


def line(debit: Account, credit: Account, kronor: int | str) -> Line:
    return Line(debit, credit, Money.kronor(kronor))


DUE = [claim(PRINCIPAL, 25_000), claim(FEES, 4_500, "2026-03-31"), claim(CANCELLATION, 1_500), claim(FEES, 4_500)]


@pytest.mark.parametrize(
    ("kronor", "lines"),
    [
        (0, []),
        (1, [line(BANK, FEES, 1)]),
        (9_000, [line(BANK, FEES, 9_000)]),
        (9_001, [line(BANK, FEES, 9_000), line(BANK, CANCELLATION, 1)]),
        (10_501, [line(BANK, FEES, 9_000), line(BANK, CANCELLATION, 1_500), line(BANK, PRINCIPAL, 1)]),
        (35_500, [line(BANK, FEES, 9_000), line(BANK, CANCELLATION, 1_500), line(BANK, PRINCIPAL, 25_000)]),
        (
            36_000,
            [
                line(BANK, FEES, 9_000),
                line(BANK, CANCELLATION, 1_500),
                line(BANK, PRINCIPAL, 25_000),
                line(BANK, CREDIT, 500),
            ],
        ),
    ],
)
def test_fees_come_before_the_cancellation_fee_and_that_before_principal(kronor: int, lines: list[Line]) -> None:
    """F8: 2 * 4 500 of fees, 1 500, 25 000 of principal, and the rest becomes credit balance."""
    made = allocate(Money.kronor(kronor), booked_on=TODAY, claims=DUE)
    assert list(made.lines) == lines
    assert not made.settles


def test_what_is_not_due_yet_is_not_paid() -> None:
    """F8: the next instalment waits for its day, the money for the instalment."""
    made = allocate(Money.kronor(30_000), booked_on=TODAY, claims=[claim(PRINCIPAL, 25_000, "2026-05-29")])
    assert made.lines == (line(BANK, CREDIT, 30_000),)


def test_the_credit_balance_is_used_before_the_payment() -> None:
    """F8: 3 000 were held; a payment of 7 000 pays the other 6 000 of fees and 1 000 of the cancellation fee."""
    made = allocate(Money.kronor(7_000), booked_on=TODAY, claims=DUE, credit_balance=Money.kronor(3_000))
    assert made.lines == (line(CREDIT, FEES, 3_000), line(BANK, FEES, 6_000), line(BANK, CANCELLATION, 1_000))


def test_a_credit_balance_alone_pays_what_falls_due() -> None:
    """F8: without any payment."""
    made = allocate(Money.ZERO, booked_on=TODAY, claims=[claim(FEES, 4_500)], credit_balance=Money.kronor(10_000))
    assert made.lines == (line(CREDIT, FEES, 4_500),)


CANCEL = Settlement(SettlementKind.CANCELLATION, (claim(PRINCIPAL, 100_000), claim(CANCELLATION, 1_500)), pay_by=TODAY)


def test_a_sum_that_covers_the_cancellation_settles_it() -> None:
    """C6: 100 000 + 1 500; the monthly fee that is due is reversed, so it takes nothing of it."""
    made = allocate(Money.kronor(101_500), booked_on=TODAY, claims=[claim(FEES, 4_500)], settlement=CANCEL)
    assert made.settles
    assert made.lines == (line(BANK, CANCELLATION, 1_500), line(BANK, PRINCIPAL, 100_000))


def test_money_for_a_cancellation_is_kept_together_until_it_suffices() -> None:
    """C6: 50 000 and then 51 500: had 4 500 gone to a fee, the cancellation would have fallen."""
    first = allocate(Money.kronor(50_000), booked_on=date(2026, 4, 29), claims=DUE, settlement=CANCEL)
    assert first.lines == (line(BANK, CREDIT, 50_000),)
    assert not first.settles
    second = allocate(
        Money.kronor(51_500), booked_on=TODAY, claims=DUE, credit_balance=Money.kronor(50_000), settlement=CANCEL
    )
    assert second.settles
    assert second.lines == (
        line(CREDIT, CANCELLATION, 1_500),
        line(CREDIT, PRINCIPAL, 48_500),
        line(BANK, PRINCIPAL, 51_500),
    )


def test_money_that_comes_a_day_late_pays_what_is_due_instead() -> None:
    """C6: the cancellation falls, fees run as if it had never been asked for."""
    late = allocate(Money.kronor(101_500), booked_on=date(2026, 5, 4), claims=DUE, settlement=CANCEL)
    assert not late.settles
    assert late.lines == (
        line(BANK, FEES, 9_000),
        line(BANK, CANCELLATION, 1_500),
        line(BANK, PRINCIPAL, 25_000),
        line(BANK, CREDIT, 66_000),
    )


def test_fees_that_are_taken_back_count_towards_the_cancellation() -> None:
    """C6: of 101 500 kr 4 500 were paid as a monthly fee; they are the borrower's again and pay principal."""
    cancel = replace(CANCEL, refunded=Money.kronor(4_500))
    made = allocate(Money.kronor(97_000), booked_on=TODAY, claims=[], settlement=cancel)
    assert made.settles
    assert made.lines == (
        line(CREDIT, CANCELLATION, 1_500),
        line(CREDIT, PRINCIPAL, 3_000),
        line(BANK, PRINCIPAL, 97_000),
    )
    assert not allocate(Money.kronor(97_000) - Money(1), booked_on=TODAY, claims=[], settlement=cancel).settles


def test_nothing_settles_a_cancellation_whose_sum_is_not_final() -> None:
    """P3: the bank has not answered for a payout; what comes is kept together."""
    made = allocate(
        Money.kronor(200_000), booked_on=TODAY, claims=[claim(FEES, 4_500)], settlement=replace(CANCEL, is_final=False)
    )
    assert not made.settles
    assert made.lines == (line(BANK, CREDIT, 200_000),)


REDEEM = Settlement(SettlementKind.REDEMPTION, (claim(PRINCIPAL, 75_000), claim(FEES, 3_375)))


def test_a_sum_that_covers_the_redemption_settles_it_and_the_rest_is_the_borrowers() -> None:
    """F3: 75 000 + 3 375 = 78 375; of 80 000 there are 1 625 left."""
    made = allocate(Money.kronor(80_000), booked_on=TODAY, claims=DUE, settlement=REDEEM)
    assert made.settles
    assert made.lines == (line(BANK, FEES, 3_375), line(BANK, PRINCIPAL, 75_000), line(BANK, CREDIT, 1_625))


def test_a_sum_too_small_for_the_redemption_pays_what_is_due() -> None:
    """F8: one öre is missing, so nothing is redeemed."""
    made = allocate(Money.kronor("78374.99"), booked_on=TODAY, claims=[claim(FEES, 3_375)], settlement=REDEEM)
    assert not made.settles
    assert made.lines == (line(BANK, FEES, 3_375), line(BANK, CREDIT, "74999.99"))


@pytest.mark.parametrize("wrong", [{"amount": Money(-1)}, {"credit_balance": Money(-1)}])
def test_neither_a_payment_nor_a_credit_balance_is_negative(wrong: dict[str, Money]) -> None:
    """F8: a negative sum would pay a claim twice."""
    amounts = {"amount": Money.ZERO, "credit_balance": Money.ZERO} | wrong
    with pytest.raises(ValueError, match="negative"):
        allocate(amounts["amount"], booked_on=TODAY, claims=[], credit_balance=amounts["credit_balance"])


@pytest.mark.parametrize(("account", "kronor"), [(Account.BANK, 1), (Account.FEE_INCOME, 1), (FEES, 0), (FEES, -1)])
def test_a_claim_is_a_positive_amount_on_a_receivable(account: Account, kronor: int) -> None:
    """F8: anything else is a fault of the caller."""
    with pytest.raises(ValueError, match="claim"):
        claim(account, kronor)


@pytest.mark.parametrize(
    ("paid", "left"),
    [
        (0, [("2026-03-31", 25_000), ("2026-04-30", 25_000), ("2026-05-29", 50_000)]),
        (24_999, [("2026-03-31", 1), ("2026-04-30", 25_000), ("2026-05-29", 50_000)]),
        (25_000, [("2026-04-30", 25_000), ("2026-05-29", 50_000)]),
        (60_000, [("2026-05-29", 40_000)]),
        (100_000, []),
        (110_000, []),
    ],
)
def test_what_was_paid_has_paid_the_oldest(paid: int, left: list[tuple[str, int]]) -> None:
    """F8: instalments of 25 000, 25 000 and 50 000, given in no order."""
    charged = [
        (date(2026, 5, 29), Money.kronor(50_000)),
        (date(2026, 3, 31), Money.kronor(25_000)),
        (date(2026, 4, 30), Money.kronor(25_000)),
    ]
    assert open_claims(PRINCIPAL, charged=charged, paid=Money.kronor(paid)) == tuple(
        claim(PRINCIPAL, kronor, due_on) for due_on, kronor in left
    )


# Two claims of 1 000 kr: due on 31 March and 30 April. The days of grace are over on 14 April and 14 May.
@pytest.mark.parametrize(
    ("paid", "on", "in_time", "late", "overdue"),
    [
        ([], "2026-03-31", 0, 0, 0),
        ([], "2026-04-14", 0, 0, 0),  # unpaid within its days of grace counts for nothing
        ([], "2026-04-15", 0, 1, 1_000),
        ([], "2026-05-15", 0, 2, 2_000),
        ([("2026-04-14", 1_000)], "2026-04-14", 1, 0, 0),
        ([("2026-04-15", 1_000)], "2026-04-15", 0, 1, 0),
        ([("2026-03-01", 1_000)], "2026-03-31", 1, 0, 0),  # before it was due
        ([("2026-04-14", 999)], "2026-04-15", 0, 1, 1),
        ([("2026-04-14", 999), ("2026-04-20", 1)], "2026-05-01", 0, 1, 0),
        ([("2026-04-20", 1_000), ("2026-05-14", 1_000)], "2026-05-20", 1, 1, 0),
        ([("2026-04-01", 2_000)], "2026-06-01", 2, 0, 0),
        ([("2026-04-01", 1_500)], "2026-06-01", 1, 1, 500),
        ([("2026-04-01", 9_999)], "2026-06-01", 2, 0, 0),
        ([("2026-05-14", 1_000), ("2026-04-14", 1_000)], "2026-06-01", 2, 0, 0),  # told in another order
    ],
)
def test_a_claim_is_paid_in_time_until_its_days_of_grace_are_over(
    paid: list[tuple[str, int]], on: str, in_time: int, late: int, overdue: int
) -> None:
    """F8: the oldest claim is paid first; what is late stays late in the record when it is paid at last."""
    charged = [(date(2026, 4, 30), Money.kronor(1_000)), (date(2026, 3, 31), Money.kronor(1_000))]
    payments = [(date.fromisoformat(day), Money.kronor(amount)) for day, amount in paid]
    assert settled_claims(charged, paid=payments, on=date.fromisoformat(on)) == Settled(
        in_time, late, Money.kronor(overdue)
    )


def test_a_borrower_who_had_nothing_to_pay_has_no_record() -> None:
    assert settled_claims([], paid=[(TODAY, Money.kronor(1))], on=TODAY) == Settled()
