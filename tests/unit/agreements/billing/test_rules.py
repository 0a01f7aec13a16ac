"""A month's fee: basis, rounding, and the explanation day by day."""

from datetime import date
from decimal import Decimal

import pytest

from agreements.billing.rules import Movement, MovementKind, chargeable_from, explain_fee, fees_through
from agreements.credit.rules import Instalment
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month

RATE = Decimal("0.045")
PRINCIPAL = 100_000


def drawn(on: str, kronor: int | str, *, order: int = 0) -> Movement:
    return Movement(date.fromisoformat(on), order, MovementKind.DRAWDOWN, Money.kronor(kronor))


def repaid(on: str, kronor: int | str, *, order: int = 0) -> Movement:
    return Movement(date.fromisoformat(on), order, MovementKind.REPAYMENT, Money.kronor(kronor))


def due(number: int, on: str, kronor: int) -> Instalment:
    return Instalment(number, date.fromisoformat(on), Money.kronor(kronor))


def basis(month: str, *movements: Movement, instalments: tuple[Instalment, ...] = ()) -> Money:
    return explain_fee(Month.parse(month), movements=movements, instalments=instalments, rate=RATE).basis


@pytest.mark.parametrize(
    ("payout", "redeemed", "months", "total"),
    [
        ("2026-03-02", "2026-03-20", ["2026-03"], 4_500),
        ("2026-03-31", "2026-04-01", ["2026-03", "2026-04"], 9_000),
        ("2026-01-31", "2026-03-31", ["2026-01", "2026-02", "2026-03"], 13_500),
        ("2026-03-31", "2026-03-31", ["2026-03"], 4_500),  # one moment
        ("2026-12-31", "2027-01-01", ["2026-12", "2027-01"], 9_000),
        ("2028-02-29", "2028-02-29", ["2028-02"], 4_500),
        ("2026-04-01", "2026-04-30", ["2026-04"], 4_500),
    ],
)
def test_every_month_in_which_credit_was_used_is_charged_in_full(
    payout: str, redeemed: str, months: list[str], total: int
) -> None:
    """F1: whole calendar months only; 4.50 % of 100 000 is 4 500 a month."""
    charged = fees_through(
        Month.parse("2028-12"),
        movements=[drawn(payout, PRINCIPAL), repaid(redeemed, PRINCIPAL, order=1)],
        instalments=[],
        rate=RATE,
    )
    assert [str(explained.month) for explained in charged] == months
    assert Money.sum(explained.fee for explained in charged) == Money.kronor(total)


def test_without_a_drawdown_there_is_no_fee() -> None:
    """F1: undrawn limit costs nothing."""
    assert fees_through(Month.parse("2026-12"), movements=[], instalments=[], rate=RATE) == ()
    assert basis("2026-12") == Money.ZERO


def test_a_month_before_the_first_drawdown_costs_nothing() -> None:
    """F1: the bank's booking day counts."""
    assert basis("2026-03", drawn("2026-04-01", PRINCIPAL)) == Money.ZERO


@pytest.mark.parametrize(
    ("movements", "expected"),
    [
        # drawn on the 1st, half of it repaid on the 15th: the highest is the whole
        ([drawn("2026-03-01", 100_000), repaid("2026-03-15", 50_000)], 100_000),
        # a second drawdown on the last day
        ([drawn("2026-03-01", 20_000), drawn("2026-03-31", 80_000)], 100_000),
        # 40 000 is repaid before another 60 000 is drawn: at no moment more than 60 000 + 60 000 - 40 000 = 80 000
        ([drawn("2026-03-02", 60_000), repaid("2026-03-09", 40_000), drawn("2026-03-10", 60_000)], 80_000),
        # the same on one day, in the other order: 60 000 + 60 000 for a moment
        ([drawn("2026-03-02", 60_000), drawn("2026-03-09", 60_000), repaid("2026-03-09", 40_000, order=1)], 120_000),
        # and in this order
        ([drawn("2026-03-02", 60_000), repaid("2026-03-09", 40_000), drawn("2026-03-09", 60_000, order=1)], 80_000),
        # the opening of the first day counts: repaid on the 1st
        ([drawn("2026-02-10", 100_000), repaid("2026-03-01", 100_000)], 100_000),
        ([drawn("2026-02-10", 100_000), repaid("2026-02-28", 100_000)], 0),
        # what happens after the month does not
        ([drawn("2026-03-02", 100_000), drawn("2026-04-01", 50_000)], 100_000),
    ],
)
def test_the_basis_is_the_highest_utilised_principal_of_the_month(movements: list[Movement], expected: int) -> None:
    """F2: at any moment of the month, however short."""
    assert basis("2026-03", *movements) == Money.kronor(expected)


PLAN = (due(1, "2026-03-31", 25_000), due(2, "2026-04-30", 25_000), due(3, "2026-05-29", 50_000))


@pytest.mark.parametrize(
    ("month", "movements", "expected"),
    [
        # nothing is repaid: what fell due before the month is in its basis no more
        ("2026-03", [], 100_000),
        ("2026-04", [], 75_000),
        ("2026-05", [], 50_000),
        ("2026-06", [], 0),
        ("2027-06", [], 0),
        # repaid in time: the same
        ("2026-04", [repaid("2026-03-31", 25_000)], 75_000),
        # the first instalment a month late: overdue in April, so already outside
        ("2026-04", [repaid("2026-04-15", 25_000)], 75_000),
        ("2026-05", [repaid("2026-04-15", 25_000)], 50_000),
        # half of the first instalment in time, the rest never
        ("2026-04", [repaid("2026-03-31", 12_500)], 75_000),
        # more than what is due: what was repaid counts
        ("2026-04", [repaid("2026-03-31", 60_000)], 40_000),
        ("2026-05", [repaid("2026-03-31", 60_000)], 40_000),
        ("2026-06", [repaid("2026-03-31", 60_000)], 0),
        # due in the month itself: still in its basis
        ("2026-05", [repaid("2026-05-04", 25_000)], 50_000),
    ],
)
def test_overdue_principal_is_in_no_later_months_basis(month: str, movements: list[Movement], expected: int) -> None:
    """F1: it bears late interest instead; the instalments are 25 000, 25 000 and 50 000."""
    assert basis(month, drawn("2026-03-02", 100_000), *movements, instalments=PLAN) == Money.kronor(expected)


def test_principal_drawn_after_an_instalment_fell_due_does_not_pay_it() -> None:
    """F1: drawn 100 000 + 10 000, due before April 25 000: at most 85 000 in April."""
    movements = [drawn("2026-03-02", 100_000), drawn("2026-04-10", 10_000)]
    explained = explain_fee(Month.parse("2026-04"), movements=movements, instalments=PLAN, rate=RATE)
    assert explained.basis == Money.kronor(85_000)
    assert explained.days[8].closing == Money.kronor(75_000)


@pytest.mark.parametrize(
    ("principal", "rate", "product", "fee"),
    [
        ("100000", "0.045", "4500", 4_500),
        ("20020", "0.025", "500.50", 501),  # half a krona goes up
        ("20019.60", "0.025", "500.49", 500),
        ("20019.99", "0.025", "500.49975", 500),
        ("20020.01", "0.025", "500.50025", 501),
        ("33333.33", "0.0275", "916.666575", 917),
        ("218000", "0.015", "3270", 3_270),
        ("218000", "0.02", "4360", 4_360),
        ("11.11", "0.045", "0.49995", 0),
        ("11.12", "0.045", "0.5004", 1),
    ],
)
def test_the_fee_is_rounded_once_half_up_to_whole_kronor(principal: str, rate: str, product: str, fee: int) -> None:
    """D6: a rate per calendar month on utilised credit, in whole kronor, half up."""
    explained = explain_fee(
        Month.parse("2026-03"), movements=[drawn("2026-03-02", principal)], instalments=[], rate=Decimal(rate)
    )
    assert explained.product == Decimal(product)
    assert explained.fee == Money.kronor(fee)


def test_a_fee_is_explained_day_by_day() -> None:
    """F10: the month's utilisation day by day, the rate, the rounding."""
    explained = explain_fee(
        Month.parse("2026-04"),
        movements=[
            drawn("2026-03-02", 100_000),
            repaid("2026-04-10", 30_000),
            drawn("2026-04-20", 10_000),
            repaid("2026-04-20", 40_000, order=1),
        ],
        instalments=PLAN,
        rate=Decimal("0.0275"),
    )
    assert len(explained.days) == 30
    assert [day.on for day in explained.days] == [date(2026, 4, number) for number in range(1, 31)]
    closings = {day.on.day: day.closing for day in explained.days}
    highest = {day.on.day: day.highest for day in explained.days}
    assert explained.due_before == Money.kronor(25_000)
    assert (highest[1], closings[1]) == (Money.kronor(75_000), Money.kronor(75_000))  # 100 000 - 25 000 overdue
    assert (highest[10], closings[10]) == (Money.kronor(75_000), Money.kronor(70_000))  # opens high, closes lower
    assert (highest[11], closings[11]) == (Money.kronor(70_000), Money.kronor(70_000))
    assert (highest[20], closings[20]) == (Money.kronor(80_000), Money.kronor(40_000))  # 110 000 - 30 000; - 70 000
    assert (highest[30], closings[30]) == (Money.kronor(40_000), Money.kronor(40_000))
    assert explained.basis == Money.kronor(80_000)
    assert explained.product == Decimal("2200")  # 80 000 * 2.75 %
    assert explained.fee == Money.kronor(2_200)


@pytest.mark.parametrize(
    ("month", "first"),
    [
        ("2026-03", "2026-04-01"),
        ("2026-12", "2027-01-04"),  # New Year's Day is a Friday
        ("2026-04", "2026-05-04"),  # 1 May is a Friday
        ("2027-02", "2027-03-01"),
        ("2027-05", "2027-06-01"),
        ("2026-10", "2026-11-02"),
    ],
)
def test_a_fee_is_charged_after_the_answers_of_the_next_months_first_bank_day(month: str, first: str) -> None:
    """F1: a booking on the month's last day may be told only then."""
    assert chargeable_from(Month.parse(month)) == date.fromisoformat(first)
