"""The days on which Swedish banks settle."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.kernel.bank_days import (
    add_bank_days,
    first_bank_day_of,
    is_bank_day,
    last_bank_day_of,
    next_bank_day,
    previous_bank_day,
)
from underwriting.kernel.periods import Month

CLOSED_WEEKDAYS = {
    2024: "01-01 03-29 04-01 05-01 05-09 06-06 06-21 12-24 12-25 12-26 12-31",
    2025: "01-01 01-06 04-18 04-21 05-01 05-29 06-06 06-20 12-24 12-25 12-26 12-31",
    2026: "01-01 01-06 04-03 04-06 05-01 05-14 06-19 12-24 12-25 12-31",
    2027: "01-01 01-06 03-26 03-29 05-06 06-25 12-24 12-31",
}
BANK_DAYS_OF_YEAR = {2024: 251, 2025: 249, 2026: 251, 2027: 253}
ten_years = st.dates(date(2024, 1, 1), date(2033, 12, 31))


def days_of(year: int) -> list[date]:
    return [
        date(year, 1, 1) + timedelta(days=offset) for offset in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]


@pytest.mark.parametrize("year", CLOSED_WEEKDAYS)
def test_banks_are_closed_on_these_weekdays_and_no_others(year: int) -> None:
    closed = [on for on in days_of(year) if on.weekday() < 5 and not is_bank_day(on)]
    assert closed == [date.fromisoformat(f"{year}-{day}") for day in CLOSED_WEEKDAYS[year].split()]
    assert sum(map(is_bank_day, days_of(year))) == BANK_DAYS_OF_YEAR[year]


@pytest.mark.parametrize(
    ("month_end", "following", "preceding"),
    [
        (date(2026, 1, 31), date(2026, 2, 2), date(2026, 1, 30)),
        (date(2026, 2, 28), date(2026, 3, 2), date(2026, 2, 27)),
        (date(2026, 5, 31), date(2026, 6, 1), date(2026, 5, 29)),
        (date(2026, 10, 31), date(2026, 11, 2), date(2026, 10, 30)),
        (date(2026, 12, 31), date(2027, 1, 4), date(2026, 12, 30)),
    ],
)
def test_a_month_end_without_banks_rolls_either_way(month_end: date, following: date, preceding: date) -> None:
    assert (next_bank_day(month_end), previous_bank_day(month_end)) == (following, preceding)
    assert last_bank_day_of(Month.of(month_end)) == preceding


@pytest.mark.parametrize(
    ("month", "first"),
    [(Month(2026, 1), date(2026, 1, 2)), (Month(2026, 5), date(2026, 5, 4)), (Month(2027, 1), date(2027, 1, 4))],
)
def test_the_first_bank_day_of_a_month_passes_new_year_and_may_day(month: Month, first: date) -> None:
    assert first_bank_day_of(month) == first


@pytest.mark.parametrize(
    ("payout", "last_day"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),
        (date(2026, 3, 27), date(2026, 4, 7)),  # Easter
        (date(2026, 6, 16), date(2026, 6, 24)),  # midsummer
        (date(2026, 10, 26), date(2026, 11, 2)),
        (date(2026, 12, 19), date(2026, 12, 29)),  # Christmas, from a Saturday
    ],
)
def test_five_bank_days_pass_over_holidays(payout: date, last_day: date) -> None:
    """C2: the setting `banking_days`."""
    assert add_bank_days(payout, 5) == last_day


@pytest.mark.parametrize(
    ("receipt", "deadline"),
    [
        (date(2026, 4, 22), date(2026, 4, 28)),
        (date(2026, 5, 8), date(2026, 5, 15)),
        (date(2026, 12, 23), date(2027, 1, 4)),
    ],
)
def test_a_demand_gives_four_bank_days_from_receipt(receipt: date, deadline: date) -> None:
    """R6: 1 May, Ascension Day and the days round New Year do not count."""
    assert add_bank_days(receipt, 4) == deadline


def test_no_bank_days_are_no_move_and_none_are_counted_backwards() -> None:
    assert add_bank_days(date(2026, 3, 7), 0) == date(2026, 3, 7)
    with pytest.raises(ValueError, match="forwards"):
        add_bank_days(date(2026, 3, 7), -1)


@given(ten_years)
def test_the_nearest_bank_days_enclose_a_day_and_are_six_days_apart_at_most(on: date) -> None:
    before, after = previous_bank_day(on), next_bank_day(on)
    assert is_bank_day(before)
    assert is_bank_day(after)
    assert before <= on <= after
    assert (after - before).days <= 6  # 24 to 28 December 2025 are five days without banks
    assert (before == on) is (after == on) is is_bank_day(on)


@given(ten_years, st.integers(0, 30), st.integers(0, 30))
def test_bank_days_add_up(on: date, one: int, other: int) -> None:
    assert add_bank_days(add_bank_days(on, one), other) == add_bank_days(on, one + other)


@given(ten_years, st.integers(1, 30))
def test_exactly_as_many_bank_days_lie_between_as_were_added(on: date, count: int) -> None:
    reached = add_bank_days(on, count)
    passed = [on + timedelta(days=offset) for offset in range(1, (reached - on).days + 1)]
    assert sum(map(is_bank_day, passed)) == count
    assert is_bank_day(reached)
