"""Stockholm days, half-open periods, months counted from their anchor."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.kernel.periods import (
    STOCKHOLM,
    DatePeriod,
    Month,
    add_months,
    end_of_day,
    months_between,
    stockholm_date,
    stockholm_instant,
)

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
months = st.builds(Month, st.integers(1990, 2060), st.integers(1, 12))
SWITCH_DAYS = [
    *(date(2024, 3, 31), date(2025, 3, 30), date(2026, 3, 29), date(2027, 3, 28), date(2028, 3, 26)),
    *(date(2024, 10, 27), date(2025, 10, 26), date(2026, 10, 25), date(2027, 10, 31), date(2028, 10, 29)),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "instant"),
    [
        (date(2026, 1, 15), "2026-01-15T15:00"),
        (date(2026, 3, 30), "2026-03-30T14:00"),
        (date(2026, 7, 1), "2026-07-01T14:00"),
        (date(2026, 10, 23), "2026-10-23T14:00"),
        (date(2026, 10, 26), "2026-10-26T15:00"),
    ],
)
def test_four_in_the_afternoon_in_stockholm_follows_summer_time(on: date, instant: str) -> None:
    """C1: the cut-off is a time of day in Stockholm."""
    assert stockholm_instant(on, time(16)) == utc(instant)


@pytest.mark.parametrize(
    ("on", "last_second"),
    [
        (date(2026, 3, 7), "2026-03-07T22:59:59"),
        (date(2026, 4, 1), "2026-04-01T21:59:59"),
        (date(2026, 6, 21), "2026-06-21T21:59:59"),
        (date(2026, 10, 31), "2026-10-31T22:59:59"),
        (date(2026, 12, 24), "2026-12-24T22:59:59"),
    ],
)
def test_a_day_ends_one_second_after_its_last(on: date, last_second: str) -> None:
    """C2: the window closes at the end of a Stockholm day."""
    assert end_of_day(on) == utc(last_second) + timedelta(seconds=1)
    assert stockholm_date(utc(last_second)) == on
    assert stockholm_date(end_of_day(on)) == on + timedelta(days=1)


def test_a_time_that_spring_skips_moves_forward() -> None:
    instant = stockholm_instant(date(2026, 3, 29), time(2, 30))
    assert instant == utc("2026-03-29T01:30")
    assert instant.astimezone(STOCKHOLM).time() == time(3, 30)


def test_of_a_time_that_autumn_repeats_the_first_is_meant() -> None:
    assert stockholm_instant(date(2026, 10, 25), time(2, 30)) == utc("2026-10-25T00:30")
    assert stockholm_instant(date(2026, 10, 25), time(2, 30, fold=1)) == utc("2026-10-25T00:30")


@pytest.mark.parametrize("on", SWITCH_DAYS)
def test_the_day_of_a_switch_has_23_or_25_hours(on: date) -> None:
    length = end_of_day(on) - stockholm_instant(on)
    assert length == timedelta(hours=23 if on.month == 3 else 25)


@given(st.sampled_from(SWITCH_DAYS), st.integers(-6 * 3600, 30 * 3600))
def test_around_a_switch_every_instant_lies_in_exactly_one_day(on: date, seconds: int) -> None:
    at = stockholm_instant(on) + timedelta(seconds=seconds)
    legal_day = stockholm_date(at)
    assert stockholm_instant(legal_day) <= at < end_of_day(legal_day)


@given(days, st.times())
def test_instants_are_in_utc_and_never_on_an_earlier_day(on: date, at: time) -> None:
    instant = stockholm_instant(on, at)
    assert instant.utcoffset() == timedelta(0)
    assert stockholm_date(instant) == on


def test_a_naive_instant_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="aware"):
        stockholm_date(datetime(2026, 3, 2, 12))  # noqa: DTZ001 (the fault under test)


def test_a_time_with_a_zone_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        stockholm_instant(date(2026, 3, 2), time(12, tzinfo=ZoneInfo("UTC")))


@pytest.mark.parametrize(
    ("anchor", "count", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),  # from the anchor, not from 28 February
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 5, 17), 0, date(2026, 5, 17)),
    ],
)
def test_months_are_added_and_clamped_to_the_months_end(anchor: date, count: int, expected: date) -> None:
    assert add_months(anchor, count) == expected


@given(days, st.integers(-400, 400))
def test_adding_months_never_leaves_the_month_it_reaches(anchor: date, count: int) -> None:
    reached = add_months(anchor, count)
    assert Month.of(reached) == Month.of(anchor).plus(count)
    assert reached.day == anchor.day or (
        reached.day < anchor.day and Month.of(reached).end == reached + timedelta(days=1)
    )


@given(days, st.integers(0, 400), st.integers(0, 400))
def test_a_longer_term_never_ends_earlier(anchor: date, one: int, other: int) -> None:
    assert (add_months(anchor, one) <= add_months(anchor, other)) is (one <= other)


def test_a_month_knows_its_days_and_neighbours() -> None:
    november = Month.of(date(2026, 11, 30))
    assert (november.first_day, november.end) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (november.previous(), november.next()) == (Month(2026, 10), Month(2026, 12))
    assert november.plus(2) == Month(2027, 1)
    assert Month(2026, 1).previous() == Month(2025, 12)
    assert str(Month(2026, 3)) == "2026-03"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "2026/11", "26-11", "2026-11-01", "٢٠٢٦-11", "0000-01"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the standard library words some of these)
        Month.parse(text)


@given(months)
def test_a_month_is_read_back_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month


@given(months, months)
def test_months_between_two_are_all_of_them_in_order(first: Month, last: Month) -> None:
    between = months_between(first, last)
    if last < first:
        assert between == ()
    else:
        assert (between[0], between[-1]) == (first, last)
        assert all(later == earlier.next() for earlier, later in pairwise(between))


def test_a_period_holds_its_first_day_and_not_its_end() -> None:
    period = DatePeriod(date(2026, 3, 1), date(2026, 4, 1))
    assert [
        period.contains(on) for on in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    ] == [
        False,
        True,
        True,
        False,
    ]
    assert period.days == 31


def test_an_open_period_holds_every_later_day_and_counts_none() -> None:
    period = DatePeriod(date(2026, 3, 1))
    assert period.contains(date(2999, 1, 1))
    with pytest.raises(ValueError, match="open"):
        _ = period.days


def test_a_period_may_be_empty_but_not_turned_round() -> None:
    empty = DatePeriod(date(2026, 3, 1), date(2026, 3, 1))
    assert empty.days == 0
    assert not empty.contains(date(2026, 3, 1))
    with pytest.raises(ValueError, match="before it starts"):
        DatePeriod(date(2026, 3, 2), date(2026, 3, 1))
