"""Laws of the cancellation windows over ten years of days, both switches of the clock included."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.cancellation.rules import (
    CancellationNotYetOpen,
    CancellationWindowClosed,
    check_received_at,
    pay_by,
    payout_window,
    quote,
    window_at,
)
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import CancellationWindow, RequestChannel, WindowPolicy

WALL = ZoneInfo("Europe/Stockholm")
FIRST, LAST = datetime(2024, 1, 1), datetime(2034, 1, 1)  # noqa: DTZ001 - Hypothesis wants naive bounds
instants = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
waits = st.timedeltas(timedelta(0), timedelta(days=12))
policies = st.sampled_from(WindowPolicy)
PRINCIPAL = Money.kronor(100_000)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@given(granted=instants, wait=waits)
def test_the_same_day_window_is_open_exactly_before_16_on_the_wall_clock_of_that_day(
    granted: datetime, wait: timedelta
) -> None:
    """C1: read off a Stockholm wall clock, in winter and summer."""
    moment = granted + wait
    on_the_wall = moment.astimezone(WALL)
    expected = on_the_wall.date() == granted.astimezone(WALL).date() and on_the_wall.hour < 16
    window = window_at(moment, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS)
    assert (window is not None) is expected


@given(granted=instants, to_payout=waits, wait=waits)
def test_the_calendar_window_is_open_exactly_through_the_fifth_day_on_the_wall(
    granted: datetime, to_payout: timedelta, wait: timedelta
) -> None:
    """C2: day 0 is the day of the booking, whatever the clocks did in between."""
    paid_out = granted + to_payout
    moment = paid_out + wait
    expected = (moment.astimezone(WALL).date() - paid_out.astimezone(WALL).date()).days <= 5
    window = window_at(moment, granted_at=granted, first_paid_out_at=paid_out, terms=DEFAULT_TERMS)
    assert (window is not None) is expected
    assert window is None or window.kind is CancellationWindow.PAYOUT


@given(paid_out=instants)
def test_the_three_ways_of_counting_agree_with_a_calendar_on_the_wall(paid_out: datetime) -> None:
    """C2: rolled ends on the calendar's last day or the first bank day after; bank days count five of them."""
    booked_on = paid_out.astimezone(WALL).date()
    last = {
        policy: payout_window(paid_out, terms=replace(DEFAULT_TERMS, window_policy=policy)).last_second
        for policy in WindowPolicy
    }
    ends = {policy: moment.astimezone(WALL) for policy, moment in last.items()}
    assert {(end.hour, end.minute, end.second) for end in ends.values()} == {(23, 59, 59)}
    calendar, rolled, counted = (ends[policy].date() for policy in WindowPolicy)
    assert (calendar - booked_on).days == 5
    assert is_bank_day(rolled)
    assert not any(is_bank_day(day) for day in days_between(calendar, rolled)[:-1])
    assert is_bank_day(counted)
    assert sum(map(is_bank_day, days_between(booked_on, counted)[1:])) == 5


@given(granted=instants, to_payout=st.none() | waits, wait=waits, policy=policies)
def test_every_moment_has_a_quote_or_exactly_one_refusal(
    granted: datetime, to_payout: timedelta | None, wait: timedelta, policy: WindowPolicy
) -> None:
    """C7: a quote inside a window, C8's refusal before the payout, C4's after its window, and nothing else."""
    terms = replace(DEFAULT_TERMS, window_policy=policy)
    paid_out = None if to_payout is None else granted + to_payout
    moment = granted + wait
    known = window_at(moment, granted_at=granted, first_paid_out_at=paid_out, terms=terms)
    try:
        asked = quote(
            moment,
            granted_at=granted,
            first_paid_out_at=paid_out,
            principal=PRINCIPAL if paid_out else Money.ZERO,
            terms=terms,
        )
    except CancellationNotYetOpen:
        assert known is None
        assert paid_out is None or moment < paid_out
    except CancellationWindowClosed:
        assert known is None
        assert paid_out is not None
        assert moment >= payout_window(paid_out, terms=terms).closes_at
    else:
        assert asked.window == known
        assert moment < asked.closes_at
        assert asked.total == asked.fee + (PRINCIPAL if paid_out else Money.ZERO)
        assert asked.conditional is (paid_out is not None)


@given(granted=instants, to_payout=waits, wait=waits)
def test_payout_never_shuts_out_a_request_that_was_in_time(
    granted: datetime, to_payout: timedelta, wait: timedelta
) -> None:
    """C1: who could cancel at a moment before the payout was known can still do so once it is recorded."""
    moment = granted + wait
    before = window_at(moment, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS)
    after = window_at(moment, granted_at=granted, first_paid_out_at=granted + to_payout, terms=DEFAULT_TERMS)
    assert before is None or after is not None


@given(granted=instants, wait=waits, delay=waits, to_payout=st.none() | waits)
def test_a_second_person_is_asked_exactly_when_the_window_closed_between_receipt_and_record(
    granted: datetime, wait: timedelta, delay: timedelta, to_payout: timedelta | None
) -> None:
    """C5: a request recorded while its window was open needs nobody else."""
    received, paid_out = granted + wait, None if to_payout is None else granted + to_payout
    asked = check_received_at(
        RequestChannel.PHONE,
        received_at=received,
        recorded_at=received + delay,
        granted_at=granted,
        first_paid_out_at=paid_out,
        terms=DEFAULT_TERMS,
    )
    window = window_at(received, granted_at=granted, first_paid_out_at=paid_out, terms=DEFAULT_TERMS)
    later = window_at(received + delay, granted_at=granted, first_paid_out_at=paid_out, terms=DEFAULT_TERMS)
    assert asked.needs_confirmation is (window is not None and later != window)


@given(received=instants)
def test_the_money_has_three_bank_days_after_the_day_of_the_request(received: datetime) -> None:
    """C6: three bank days, the last of which is the day named."""
    asked_on = received.astimezone(WALL).date()
    last_day = pay_by(received, terms=DEFAULT_TERMS)
    assert is_bank_day(last_day)
    assert sum(map(is_bank_day, days_between(asked_on, last_day)[1:])) == 3


@pytest.mark.parametrize("policy", list(WindowPolicy))
def test_a_later_booking_never_closes_the_window_earlier(policy: WindowPolicy) -> None:
    """C2: every day of ten years, noon after noon, Easter, Christmas and New Year among them."""
    terms = replace(DEFAULT_TERMS, window_policy=policy)
    noons = [datetime(2024, 1, 1, 11, tzinfo=UTC) + timedelta(days=number) for number in range(3653)]
    closings = [payout_window(noon, terms=terms).closes_at for noon in noons]
    assert all(earlier <= later for earlier, later in pairwise(closings))
    assert {closing.astimezone(WALL).hour for closing in closings} == {0}
