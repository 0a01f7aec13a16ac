"""The windows against a slow oracle that shares nothing with the product: ten years of days, every edge of them.

The oracle knows when the clocks are moved from the directive's rule, Easter from a printed table, and walks day by day.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.cancellation.rules import pay_by, payout_window, window_at
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.kernel.vocabulary import CancellationWindow, WindowPolicy

FIRST, DAYS = date(2024, 1, 1), 3653
SECOND, MICROSECOND, DAY = timedelta(seconds=1), timedelta(microseconds=1), timedelta(days=1)
EASTER_SUNDAYS = (
    *("2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01"),
    *("2030-04-21", "2031-04-13", "2032-03-28", "2033-04-17", "2034-04-09"),
)
EASTERS = {day.year: day for day in map(date.fromisoformat, EASTER_SUNDAYS)}
FIXED = {(1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31)}


def last_sunday(year: int, month: int) -> datetime:
    """01:00 UTC of the last Sunday: the clocks of the Union are moved then."""
    day = date(year, month, 31)
    while day.isoweekday() != 7:
        day -= DAY
    return datetime.combine(day, time(1), UTC)


def on_the_wall(moment: datetime) -> datetime:
    """What a clock in Stockholm shows, without a zone."""
    summer = last_sunday(moment.year, 3) <= moment < last_sunday(moment.year, 10)
    return (moment + timedelta(hours=2 if summer else 1)).replace(tzinfo=None)


def instants_of(shown: datetime) -> list[datetime]:
    """Every instant at which the clocks show *shown*: none or two in the nights when they are moved."""
    candidates = ((shown - timedelta(hours=hours)).replace(tzinfo=UTC) for hours in (2, 1))
    return [candidate for candidate in candidates if on_the_wall(candidate) == shown]


def bank_is_open(day: date) -> bool:
    """Monday to Friday but for holidays, Midsummer's, Christmas and New Year's Eve."""
    since_easter = (day - EASTERS[day.year]).days
    midsummer_eve = day.month == 6 and day.isoweekday() == 5 and 19 <= day.day <= 25
    closed = (day.month, day.day) in FIXED or since_easter in (-2, 0, 1, 39, 49) or midsummer_eve
    return day.isoweekday() <= 5 and not closed


def last_day(booked_on: date, policy: WindowPolicy) -> date:
    """The fifth day after the booking, found by walking."""
    day, counted = booked_on, 0
    while counted < 5:
        day += DAY
        if policy is not WindowPolicy.BANKING_DAYS or bank_is_open(day):
            counted += 1
    while policy is WindowPolicy.CALENDAR_ROLLED and not bank_is_open(day):
        day += DAY
    return day


def kind_at(
    moment: datetime, granted: datetime, paid_out: datetime | None, policy: WindowPolicy
) -> CancellationWindow | None:
    """The window that is open, by the sentences of C1 and C2 alone."""
    shown, granted_on = on_the_wall(moment), on_the_wall(granted).date()
    if paid_out is not None and moment >= paid_out:
        in_time = shown.date() <= last_day(on_the_wall(paid_out).date(), policy)
        return CancellationWindow.PAYOUT if in_time else None
    in_time = granted <= moment and shown.date() == granted_on and shown.time() < time(16)
    return CancellationWindow.SAME_DAY if in_time else None


def terms_of(policy: WindowPolicy) -> ProductTerms:
    return replace(DEFAULT_TERMS, window_policy=policy)


ALL_DAYS = [FIRST + number * DAY for number in range(DAYS)]


def test_on_every_day_of_ten_years_15_59_59_is_in_time_and_16_00_00_is_not() -> None:
    """C1: both nights of each year in which the clocks are moved, Easter, Christmas and New Year among them."""
    for day in ALL_DAYS:
        (granted,) = instants_of(datetime.combine(day, time(0)))
        for shown, in_time in (
            (time(0), True),
            (time(15, 59, 59), True),
            (time(15, 59, 59, 999_999), True),
            (time(16), False),
            (time(16, 0, 1), False),
            (time(23, 59, 59), False),
        ):
            (moment,) = instants_of(datetime.combine(day, shown))
            window = window_at(moment, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS)
            assert (window is not None) is in_time, (day, shown)


@pytest.mark.parametrize("policy", list(WindowPolicy))
def test_on_every_day_of_ten_years_the_payout_window_ends_with_the_day_that_walking_finds(policy: WindowPolicy) -> None:
    """C2: the second before midnight is in time and midnight is not, by the first and the last booking of the day."""
    terms = terms_of(policy)
    for day in ALL_DAYS:
        (midnight,) = instants_of(datetime.combine(last_day(day, policy) + DAY, time(0)))
        for shown in (time(0), time(23, 59, 59, 999_999)):
            (booked,) = instants_of(datetime.combine(day, shown))
            window = payout_window(booked, terms=terms)
            assert (window.closes_at, window.last_second) == (midnight, midnight - SECOND), (day, shown)
            assert window.holds(midnight - MICROSECOND)
            assert not window.holds(midnight)


def test_on_every_day_of_ten_years_the_money_has_the_third_open_day_after_it() -> None:
    """C6: found by walking from the first and from the last second of the day of the request."""
    for day in ALL_DAYS:
        due, counted = day, 0
        while counted < 3:
            due += DAY
            counted += bank_is_open(due)
        for shown in (time(0), time(23, 59, 59)):
            (received,) = instants_of(datetime.combine(day, shown))
            assert pay_by(received, terms=DEFAULT_TERMS) == due


edges = st.sampled_from((-SECOND, -MICROSECOND, timedelta(0), MICROSECOND, SECOND))
walls = st.builds(
    datetime.combine,
    st.sampled_from(ALL_DAYS[:-40]),
    st.sampled_from((time(0), time(2), time(2, 30), time(3), time(15, 59, 59), time(16), time(23, 59, 59)))
    | st.times(),
)


@st.composite
def near_an_edge(draw: st.DrawFn) -> datetime:
    """An instant at, or next to, a full hour that matters; in the spring night the hour that is left out is skipped."""
    found = instants_of(draw(walls)) or [datetime(2026, 3, 29, 1, tzinfo=UTC)]
    return draw(st.sampled_from(found)) + draw(edges)


@given(
    granted=near_an_edge(),
    to_payout=st.none() | st.timedeltas(timedelta(0), timedelta(days=4)),
    days=st.integers(0, 16),
    shown=st.sampled_from((time(0), time(15, 59, 59), time(16), time(23, 59, 59))),
    edge=edges,
    policy=st.sampled_from(WindowPolicy),
)
def test_at_any_edge_the_open_window_is_the_one_that_the_rules_sentences_give(
    granted: datetime, to_payout: timedelta | None, days: int, shown: time, edge: timedelta, policy: WindowPolicy
) -> None:
    """C1, C2: around midnight and 16:00 of the days that follow, whatever was granted and booked in the odd hours."""
    paid_out = None if to_payout is None else granted + to_payout
    day = on_the_wall(paid_out or granted).date() + days * DAY
    for moment in instants_of(datetime.combine(day, shown)):
        asked = moment + edge
        window = window_at(asked, granted_at=granted, first_paid_out_at=paid_out, terms=terms_of(policy))
        found = None if window is None else window.kind
        assert found == kind_at(asked, granted, paid_out, policy)


@given(granted=near_an_edge(), wait=st.timedeltas(timedelta(0), timedelta(days=2)))
def test_in_the_nights_when_the_clocks_are_moved_the_day_of_granting_is_the_days_on_the_wall(
    granted: datetime, wait: timedelta
) -> None:
    """C1: of 23 or of 25 hours, it ends for cancelling when the wall shows 16."""
    window = window_at(granted + wait, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS)
    assert (window is not None) is (kind_at(granted + wait, granted, None, WindowPolicy.CALENDAR) is not None)
