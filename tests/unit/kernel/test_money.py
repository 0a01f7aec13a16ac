"""Whole öre, rounded once, and parts that sum."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.kernel.money import Money

amounts = st.integers(-(10**14), 10**14).map(Money)


@pytest.mark.parametrize(
    ("amount", "ore"),
    [
        ("0", 0),
        ("-0.00", 0),
        ("1500", 150_000),
        ("1500.5", 150_050),
        ("0.01", 1),
        ("-0.01", -1),
        (Decimal("59.90"), 5_990),
    ],
)
def test_kronor_become_whole_ore(amount: str | Decimal, ore: int) -> None:
    assert Money.kronor(amount).ore == ore


@pytest.mark.parametrize(
    "amount", ["0.001", "NaN", "Infinity", "-Infinity", "", "1 500", "1,50", "kr", Decimal("sNaN")]
)
def test_what_is_no_amount_in_ore_is_a_value_error(amount: str | Decimal) -> None:
    with pytest.raises(ValueError, match="an amount"):
        Money.kronor(amount)


@pytest.mark.parametrize("amount", [1.5, True, None, b"1"])
def test_a_float_is_never_money(amount: Any) -> None:
    with pytest.raises(TypeError):
        Money.kronor(amount)
    with pytest.raises(TypeError):
        Money(amount)


def test_money_is_multiplied_by_a_whole_count_only() -> None:
    factor: Any = 1.5
    assert Money(150) * 3 == Money(450)
    with pytest.raises(TypeError):
        Money(150) * factor


@pytest.mark.parametrize(
    ("ore", "wire", "people"),
    [
        (0, "0.00", "0\u00a0kr"),
        (150_000, "1500.00", "1\u00a0500\u00a0kr"),
        (150_050, "1500.50", "1\u00a0500,50\u00a0kr"),
        (5, "0.05", "0,05\u00a0kr"),
        (-5, "-0.05", "\u22120,05\u00a0kr"),
        (-150_000, "-1500.00", "\u22121\u00a0500\u00a0kr"),
        (200_000_000, "2000000.00", "2\u00a0000\u00a0000\u00a0kr"),
    ],
)
def test_money_is_written_one_way_on_the_wire_and_another_for_people(ore: int, wire: str, people: str) -> None:
    assert (str(Money(ore)), Money(ore).formatted()) == (wire, people)


@pytest.mark.parametrize(
    ("ore", "rate", "expected"),
    [
        (1, "0.5", 1),  # half an öre goes up
        (1, "0.4999", 0),
        (-1, "0.5", -1),  # and away from zero
        (1_000_000, "0.0275", 27_500),
        (333, "0.015", 5),  # 4.995
    ],
)
def test_a_rate_is_rounded_half_up_to_whole_ore(ore: int, rate: str, expected: int) -> None:
    assert Money(ore).at_rate(Decimal(rate)) == Money(expected)


def test_the_monthly_fee_of_218_000_at_one_and_a_half_per_cent_is_3_270() -> None:
    """D6: the fee is in whole kronor, half up."""
    assert Money.kronor(218_000).at_rate_in_kronor(Decimal("0.015")) == Money.kronor(3_270)
    assert Money.kronor(30).at_rate_in_kronor(Decimal("0.0500")) == Money.kronor(2)  # 1.50 kr
    assert Money.kronor(29).at_rate_in_kronor(Decimal("0.0500")) == Money.kronor(1)  # 1.45 kr


@pytest.mark.parametrize(("sum_", "payable"), [("1499.49", 1499), ("1499.50", 1500), ("4536.99", 4537), ("0.49", 0)])
def test_a_payable_sum_is_in_whole_kronor(sum_: str, payable: int) -> None:
    """F5: lag 1970:1029, 2 §: 1 to 49 öre down, 50 to 99 up."""
    assert Money.kronor(sum_).in_whole_kronor() == Money.kronor(payable)


def test_three_equal_guarantors_share_100_000_with_the_odd_ore_to_the_first() -> None:
    assert Money.kronor(100_000).split(3) == (Money(3_333_334), Money(3_333_333), Money(3_333_333))


def test_two_guarantors_share_90_000_by_their_caps() -> None:
    shares = Money.kronor(90_000).split_by([100_000, 50_000])
    assert shares == (Money.kronor(60_000), Money.kronor(30_000))


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_weights_that_share_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100).split_by(weights)


@given(amounts, st.integers(1, 60))
def test_equal_parts_sum_to_the_whole_and_differ_by_one_ore_at_most(amount: Money, parts: int) -> None:
    shares = amount.split(parts)
    assert len(shares) == parts
    assert Money.sum(shares) == amount
    assert max(shares).ore - min(shares).ore <= 1


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any))
def test_weighted_parts_sum_to_the_whole_and_a_weight_of_zero_gets_nothing(amount: Money, weights: list[int]) -> None:
    shares = amount.split_by(weights)
    assert Money.sum(shares) == amount
    assert all(not share for share, weight in zip(shares, weights, strict=True) if weight == 0)


@given(amounts, amounts)
def test_money_adds_like_its_ore(one: Money, other: Money) -> None:
    assert (one + other).ore == one.ore + other.ore
    assert one - other == -(other - one)
    assert bool(one) is (one.ore != 0)
    assert Money.kronor(str(one)) == one
    assert (one < other) is (one.ore < other.ore)
