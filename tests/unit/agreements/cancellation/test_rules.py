"""The two windows to the second, what cancelling costs, and what the refusals say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from agreements.cancellation.rules import (
    CancellationNotYetOpen,
    CancellationWindowClosed,
    NoteRefused,
    ReceivedAtRefused,
    Reception,
    check_note,
    check_received_at,
    outcome,
    pay_by,
    payout_window,
    quote,
    window_at,
)
from underwriting.kernel.errors import Conflict, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.kernel.vocabulary import CancellationState, CancellationWindow, RequestChannel, WindowPolicy

PRINCIPAL = Money.kronor(100_000)
MICROSECOND = timedelta(microseconds=1)


def local(text: str) -> datetime:
    """What the clocks of Stockholm show."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def terms_with(policy: WindowPolicy) -> ProductTerms:
    return replace(DEFAULT_TERMS, window_policy=policy)


SAME_DAY_ROWS = [
    # granted, received, in time
    ("2026-10-23T10:00:00", "2026-10-23T15:59:59", True),
    ("2026-10-23T10:00:00", "2026-10-23T15:59:59.999999", True),
    ("2026-10-23T10:00:00", "2026-10-23T16:00:00", False),
    ("2026-10-23T10:00:00", "2026-10-23T16:00:00.000001", False),
    ("2026-10-23T10:00:00", "2026-10-23T10:00:00", True),  # the instant of granting itself
    ("2026-10-23T10:00:00", "2026-10-23T09:59:59.999999", False),  # before there was an agreement
    ("2026-10-23T10:00:00", "2026-10-23T23:59:59", False),
    ("2026-10-23T10:00:00", "2026-10-24T00:00:00", False),
    ("2026-10-23T10:00:00", "2026-10-24T15:59:59", False),  # another day's afternoon
    ("2026-10-23T00:00:00", "2026-10-23T15:59:59", True),  # granted at midnight: that day, not the one before
    ("2026-10-23T23:59:59.999999", "2026-10-23T23:59:59.999999", False),
    ("2026-10-23T15:59:59.999999", "2026-10-23T15:59:59.999999", True),  # a window of one microsecond
    ("2026-10-23T16:00:00", "2026-10-23T16:00:00", False),  # granted at the cut-off: it never opens
    ("2026-10-23T16:05:00", "2026-10-23T17:00:00", False),
    ("2026-03-29T03:30:00", "2026-03-29T15:59:59", True),  # the day of the spring switch
    ("2026-03-29T03:30:00", "2026-03-29T16:00:00", False),
    ("2026-10-25T01:30:00", "2026-10-25T15:59:59", True),  # the day of the autumn switch, a Sunday
    ("2026-10-25T01:30:00", "2026-10-25T16:00:00", False),
    ("2026-04-05T12:00:00", "2026-04-05T15:59:59", True),  # Easter Sunday: every day of the week counts
    ("2026-04-03T12:00:00", "2026-04-03T15:59:59", True),  # Good Friday
    ("2026-12-24T09:00:00", "2026-12-24T15:59:59", True),  # Christmas Eve
    ("2026-12-31T09:00:00", "2026-12-31T15:59:59", True),  # New Year's Eve
    ("2026-12-31T09:00:00", "2027-01-01T09:00:00", False),
    ("2027-01-01T00:00:00", "2027-01-01T15:59:59", True),
    ("2028-02-29T12:00:00", "2028-02-29T15:59:59", True),
]


@pytest.mark.parametrize(("granted", "received", "in_time"), SAME_DAY_ROWS)
def test_a_request_on_the_day_of_granting_is_in_time_until_16_00(granted: str, received: str, in_time: bool) -> None:
    """C1: before 16:00:00 on the day of granted-at, on every day of the week."""
    window = window_at(local(received), granted_at=local(granted), first_paid_out_at=None, terms=DEFAULT_TERMS)
    assert (window is not None) is in_time
    assert window is None or window.kind is CancellationWindow.SAME_DAY


@pytest.mark.parametrize(
    ("granted", "closes"),
    [
        ("2026-01-15T08:00:00", "2026-01-15T15:00:00"),
        ("2026-03-30T08:00:00", "2026-03-30T14:00:00"),
        ("2026-07-01T08:00:00", "2026-07-01T14:00:00"),
        ("2026-10-23T08:00:00", "2026-10-23T14:00:00"),
        ("2026-03-29T00:30:00", "2026-03-29T14:00:00"),  # granted in winter time, closed in summer time
        ("2026-10-25T00:30:00", "2026-10-25T15:00:00"),  # granted in summer time, closed in winter time
    ],
)
def test_the_same_day_window_closes_at_16_00_by_the_clocks_of_stockholm(granted: str, closes: str) -> None:
    """C1: the published instants of 16:00 in UTC, and both days on which the clocks are moved."""
    asked = quote(
        local(granted), granted_at=local(granted), first_paid_out_at=None, principal=Money.ZERO, terms=DEFAULT_TERMS
    )
    assert asked.closes_at == utc(closes)
    assert asked.window.last_second == utc(closes) - timedelta(seconds=1)


def test_a_late_evening_in_utc_is_already_the_next_day_in_stockholm() -> None:
    """C1: the day is Stockholm's: 22:30 UTC on 30 June is 00:30 on 1 July."""
    granted = utc("2026-06-30T22:30:00")
    closing = utc("2026-07-01T14:00:00")
    assert window_at(closing - MICROSECOND, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS)
    assert window_at(closing, granted_at=granted, first_paid_out_at=None, terms=DEFAULT_TERMS) is None


PAYOUT_ROWS = [
    # payout, calendar, rolled, bank days, and the last second of the calendar window in UTC
    ("2026-03-02", "2026-03-07", "2026-03-09", "2026-03-09", "2026-03-07T22:59:59"),
    ("2026-03-27", "2026-04-01", "2026-04-01", "2026-04-07", "2026-04-01T21:59:59"),  # spring switch in between
    ("2026-06-16", "2026-06-21", "2026-06-22", "2026-06-24", "2026-06-21T21:59:59"),
    ("2026-10-26", "2026-10-31", "2026-11-02", "2026-11-02", "2026-10-31T22:59:59"),
    ("2026-12-19", "2026-12-24", "2026-12-28", "2026-12-29", "2026-12-24T22:59:59"),
    ("2026-03-24", "2026-03-29", "2026-03-30", "2026-03-31", "2026-03-29T21:59:59"),  # ends on the spring switch
    ("2026-10-20", "2026-10-25", "2026-10-26", "2026-10-27", "2026-10-25T22:59:59"),  # ends on the autumn switch
    ("2026-03-31", "2026-04-05", "2026-04-07", "2026-04-09", "2026-04-05T21:59:59"),  # Easter Sunday
    ("2026-12-26", "2026-12-31", "2027-01-04", "2027-01-05", "2026-12-31T22:59:59"),  # New Year's Eve
    ("2026-12-29", "2027-01-03", "2027-01-04", "2027-01-08", "2027-01-03T22:59:59"),  # over New Year and Epiphany
    ("2028-02-25", "2028-03-01", "2028-03-01", "2028-03-03", "2028-03-01T22:59:59"),  # over 29 February
]


@pytest.mark.parametrize(("payout", "calendar", "rolled", "bank_days", "last_second"), PAYOUT_ROWS)
def test_the_payout_window_ends_with_its_last_day(
    payout: str, calendar: str, rolled: str, bank_days: str, last_second: str
) -> None:
    """C2: five days after the booking, which is day 0, by each of the three ways to count them."""
    paid_out = local(f"{payout}T11:00:00")
    assert payout_window(paid_out, terms=DEFAULT_TERMS).last_second == utc(last_second)
    for policy, last_day in (
        (WindowPolicy.CALENDAR, calendar),
        (WindowPolicy.CALENDAR_ROLLED, rolled),
        (WindowPolicy.BANKING_DAYS, bank_days),
    ):
        window = payout_window(paid_out, terms=terms_with(policy))
        assert window.opens_at == paid_out
        assert window.holds(local(f"{last_day}T23:59:59.999999"))
        assert not window.holds(local(f"{last_day}T23:59:59.999999") + MICROSECOND)


@pytest.mark.parametrize("booked", ["2026-03-02T00:00:00", "2026-03-02T23:59:59.999999"])
def test_the_hour_of_the_booking_does_not_change_the_last_day(booked: str) -> None:
    """C2: day 0 is the whole day of the booking."""
    assert payout_window(local(booked), terms=DEFAULT_TERMS).closes_at == utc("2026-03-07T23:00:00")


def test_the_payout_window_opens_at_the_booking_and_not_before() -> None:
    """C2: the instant of the booking is inside, the one before it is not."""
    booked = local("2026-03-03T11:00:00")
    granted = local("2026-03-02T17:00:00")
    window = window_at(booked, granted_at=granted, first_paid_out_at=booked, terms=DEFAULT_TERMS)
    assert window is not None
    assert window.kind is CancellationWindow.PAYOUT
    earlier = booked - MICROSECOND
    assert window_at(earlier, granted_at=granted, first_paid_out_at=booked, terms=DEFAULT_TERMS) is None


def test_a_payout_on_the_day_of_granting_ends_the_same_day_window() -> None:
    """C1: before payout; from the booking on it is the payout window."""
    granted, booked = local("2026-10-23T09:00:00"), local("2026-10-23T14:00:00")
    before = window_at(booked - MICROSECOND, granted_at=granted, first_paid_out_at=booked, terms=DEFAULT_TERMS)
    after = window_at(booked, granted_at=granted, first_paid_out_at=booked, terms=DEFAULT_TERMS)
    assert before is not None
    assert before.kind is CancellationWindow.SAME_DAY
    assert before.closes_at == booked
    assert after is not None
    assert after.kind is CancellationWindow.PAYOUT


def test_each_window_has_its_own_fee() -> None:
    """C3: 1 500 kr after payout, and a setting of its own for the same day."""
    terms = replace(DEFAULT_TERMS, same_day_cancellation_fee=Money.kronor(750))
    granted, booked = local("2026-10-23T09:00:00"), local("2026-10-24T11:00:00")
    same_day = quote(granted, granted_at=granted, first_paid_out_at=None, principal=Money.ZERO, terms=terms)
    after = quote(booked, granted_at=granted, first_paid_out_at=booked, principal=PRINCIPAL, terms=terms)
    assert same_day.fee == Money.kronor(750)
    assert after.fee == Money.kronor(1_500)
    assert quote(
        granted, granted_at=granted, first_paid_out_at=None, principal=Money.ZERO, terms=DEFAULT_TERMS
    ).fee == Money.kronor(1_500)


def test_before_payout_there_is_nothing_to_repay_and_nothing_to_wait_for() -> None:
    """C7: the same-day quote says window, closing second, fee and sum."""
    granted = local("2026-10-23T09:00:00")
    asked = quote(
        local("2026-10-23T15:59:59"),
        granted_at=granted,
        first_paid_out_at=None,
        principal=Money.ZERO,
        terms=DEFAULT_TERMS,
    )
    assert asked.window.kind is CancellationWindow.SAME_DAY
    assert asked.window.last_second == local("2026-10-23T15:59:59")
    assert (asked.fee, asked.principal_to_repay, asked.total) == (
        Money.kronor(1_500),
        Money.ZERO,
        Money.kronor(1_500),
    )
    assert asked.pay_by is None
    assert not asked.conditional


def test_after_payout_principal_and_fee_are_to_be_repaid_in_three_bank_days() -> None:
    """C7: 100 000 + 1 500 = 101 500 kr; asked on Saturday 7 March, so by Wednesday 11 March."""
    asked = quote(
        local("2026-03-07T23:59:59"),
        granted_at=local("2026-03-02T09:00:00"),
        first_paid_out_at=local("2026-03-02T13:00:00"),
        principal=PRINCIPAL,
        terms=DEFAULT_TERMS,
    )
    assert asked.window.kind is CancellationWindow.PAYOUT
    assert asked.total == Money.kronor(101_500)
    assert asked.pay_by == date(2026, 3, 11)
    assert asked.conditional


def test_a_request_from_before_payout_that_is_recorded_after_it_is_a_same_day_one_with_repayment() -> None:
    """C1: what counts is when it was received; the money that has left is repaid as after payout."""
    terms = replace(DEFAULT_TERMS, same_day_cancellation_fee=Money.kronor(750))
    asked = quote(
        local("2026-10-23T13:59:59"),
        granted_at=local("2026-10-23T09:00:00"),
        first_paid_out_at=local("2026-10-23T14:00:00"),
        principal=PRINCIPAL,
        terms=terms,
    )
    assert asked.window.kind is CancellationWindow.SAME_DAY
    assert asked.total == Money.kronor(100_750)
    assert asked.pay_by == date(2026, 10, 28)


def test_money_that_cannot_be_called_back_makes_a_same_day_request_conditional() -> None:
    """C6: a payout that is sent, or whose outcome is unknown, has to come back like one that is booked."""
    asked = quote(
        local("2026-10-23T14:00:00"),
        granted_at=local("2026-10-23T09:00:00"),
        first_paid_out_at=None,
        principal=PRINCIPAL,
        terms=DEFAULT_TERMS,
    )
    assert asked.conditional
    assert asked.total == Money.kronor(101_500)


@pytest.mark.parametrize(
    ("received", "last_day"),
    [
        ("2026-03-02T00:00:00", "2026-03-05"),  # Monday
        ("2026-03-02T23:59:59", "2026-03-05"),
        ("2026-03-06T12:00:00", "2026-03-11"),  # Friday
        ("2026-03-07T12:00:00", "2026-03-11"),  # Saturday
        ("2026-04-02T12:00:00", "2026-04-09"),  # Maundy Thursday: 7, 8, 9 April
        ("2026-12-23T12:00:00", "2026-12-30"),  # 28, 29, 30 December
        ("2026-12-30T12:00:00", "2027-01-07"),  # 4, 5, 7 January: Epiphany is no bank day
        ("2026-06-18T12:00:00", "2026-06-24"),  # Midsummer Eve is no bank day
    ],
)
def test_the_money_is_due_three_bank_days_after_the_request(received: str, last_day: str) -> None:
    """C6: the day of the request is not counted, and only bank days are."""
    assert pay_by(local(received), terms=DEFAULT_TERMS) == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("received", "read_through", "expected"),
    [
        (101_500, "2026-03-05", CancellationState.COMPLETED),
        (101_501, "2026-03-05", CancellationState.COMPLETED),
        (101_499, "2026-03-10", CancellationState.CONDITIONAL),
        (101_499, "2026-03-11", CancellationState.FALLEN),  # that day's answers have been read
        (0, "2026-03-10", CancellationState.CONDITIONAL),
        (0, "2026-03-12", CancellationState.FALLEN),
        (101_500, "2026-03-12", CancellationState.COMPLETED),  # booked in time, told late
    ],
)
def test_a_conditional_cancellation_falls_when_the_last_days_answers_lack_the_money(
    received: int, read_through: str, expected: CancellationState
) -> None:
    """C6: principal and fee are received within the time, otherwise the cancellation falls."""
    assert (
        outcome(
            total=Money.kronor(101_500),
            received=Money.kronor(received),
            pay_by=date(2026, 3, 11),
            answers_read_through=date.fromisoformat(read_through),
        )
        is expected
    )


def refusal_at(
    moment: str, *, granted: str, paid_out: str | None, policy: WindowPolicy = WindowPolicy.CALENDAR
) -> Conflict:
    with pytest.raises(Conflict) as caught:
        quote(
            local(moment),
            granted_at=local(granted),
            first_paid_out_at=local(paid_out) if paid_out else None,
            principal=PRINCIPAL if paid_out else Money.ZERO,
            terms=terms_with(policy),
        )
    return caught.value


def test_a_request_at_16_00_sharp_is_told_what_it_missed_and_what_payout_will_open() -> None:
    """C8: between the windows nothing is cancelled or redeemed; the next window is named."""
    refused = refusal_at("2026-10-23T16:00:00", granted="2026-10-23T09:00:00", paid_out=None)
    assert isinstance(refused, CancellationNotYetOpen)
    assert refused.rule == "C8"
    assert refused.detail.sv == (
        "Fönstret för hävning samma dag stängde fredagen den 23 oktober 2026 kl.\u00a016.00. Till dess att den första "
        "utbetalningen har bokförts kan krediten varken hävas eller lösas. Utbetalningen öppnar ett nytt fönster, "
        "till och med dag 5 efter bokföringsdagen; hävning kostar då 1\u00a0500\u00a0kr."
    )
    assert refused.detail.en == (
        "The same-day window for cancelling closed on Friday 23 October 2026 at 16:00. Until the first payout is "
        "booked the credit can be neither cancelled nor redeemed. The payout opens a new window, up to and including "
        "day 5 after the day of booking; cancelling then costs 1\u00a0500\u00a0kr."
    )


def test_a_credit_granted_at_16_00_or_later_never_had_a_same_day_window_and_the_refusal_says_so() -> None:
    """C8: granted after 16:00 the first window never opens (C1)."""
    refused = refusal_at("2026-10-23T16:00:00", granted="2026-10-23T16:00:00", paid_out=None)
    assert refused.detail.sv.startswith(
        "Krediten beviljades fredagen den 23 oktober 2026 kl.\u00a016.00. Då var klockan redan 16.00, så något fönster "
        "för hävning samma dag öppnades aldrig."
    )
    assert "That was not before 16:00, so no same-day window" in refused.detail.en


@pytest.mark.parametrize(
    ("policy", "sv", "en"),
    [
        (WindowPolicy.CALENDAR, "till och med dag 5 efter", "day 5 after the day of booking;"),
        (WindowPolicy.CALENDAR_ROLLED, "om den inte är en bankdag, nästa bankdag;", "the next bank day;"),
        (WindowPolicy.BANKING_DAYS, "till och med bankdag 5 efter", "bank day 5 after"),
    ],
)
def test_the_refusal_counts_the_coming_window_as_the_terms_do(policy: WindowPolicy, sv: str, en: str) -> None:
    """C8: the window that payout will open is named by the policy in force."""
    refused = refusal_at("2026-10-24T10:00:00", granted="2026-10-23T09:00:00", paid_out=None, policy=policy)
    assert sv in refused.detail.sv
    assert en in refused.detail.en


def test_a_request_from_between_the_windows_that_is_recorded_later_is_told_when_payout_opened_the_second() -> None:
    """C8: the request reached the lender after 16:00 and before the payout was booked."""
    refused = refusal_at("2026-10-23T17:00:00", granted="2026-10-23T09:00:00", paid_out="2026-10-26T11:00:00")
    assert isinstance(refused, CancellationNotYetOpen)
    assert (
        "öppnade först måndagen den 26 oktober 2026 kl.\u00a011.00 och gäller till utgången av "
        "lördagen den 31 oktober 2026." in refused.detail.sv
    )
    assert "opened only on Monday 26 October 2026 at 11:00" in refused.detail.en


@pytest.mark.parametrize("moment", ["2026-03-08T00:00:00", "2026-03-08T00:00:01", "2027-03-08T12:00:00"])
def test_after_the_payout_window_the_refusal_says_when_it_closed_and_what_is_left(moment: str) -> None:
    """C4: the window missed, when it closed, and early redemption."""
    refused = refusal_at(moment, granted="2026-03-02T09:00:00", paid_out="2026-03-02T13:00:00")
    assert isinstance(refused, CancellationWindowClosed)
    assert refused.rule == "C4"
    assert refused.detail.sv.startswith(
        "Fönstret för hävning efter utbetalning stängde vid utgången av lördagen den 7 mars 2026."
    )
    assert "lösa krediten i förtid" in refused.detail.sv
    assert "closed at the end of Saturday 7 March 2026" in refused.detail.en
    assert "early redemption" in refused.detail.en


RECORDED = "2026-10-23T16:30:00"


def reception(
    channel: RequestChannel, received: str | None, *, recorded: str = RECORDED, paid_out: str | None = None
) -> Reception:
    return check_received_at(
        channel,
        received_at=local(received) if received else None,
        recorded_at=local(recorded),
        granted_at=local("2026-10-23T09:00:00"),
        first_paid_out_at=local(paid_out) if paid_out else None,
        terms=DEFAULT_TERMS,
    )


def test_in_the_portal_the_servers_clock_decides() -> None:
    """C5: the request is received when it is recorded, and nobody else says when."""
    asked = reception(RequestChannel.PORTAL, None, recorded="2026-10-23T15:59:59.999999")
    assert asked.received_at == local("2026-10-23T15:59:59.999999")
    assert not asked.needs_confirmation
    with pytest.raises(ReceivedAtRefused):
        reception(RequestChannel.PORTAL, "2026-10-23T15:00:00")


@pytest.mark.parametrize("channel", [RequestChannel.PHONE, RequestChannel.EMAIL])
@pytest.mark.parametrize(
    ("received", "sentence"),
    [
        (None, "Ange när begäran kom in"),
        ("2026-10-23T16:30:00.000001", "Tidpunkten ligger i framtiden"),
        ("2026-10-24T10:00:00", "Tidpunkten ligger i framtiden"),
        ("2026-10-23T08:59:59.999999", "Tidpunkten ligger före avtalet"),
    ],
)
def test_staff_cannot_record_a_time_in_the_future_or_before_the_agreement(
    channel: RequestChannel, received: str | None, sentence: str
) -> None:
    """C5: the member is named and nothing is accepted."""
    with pytest.raises(ReceivedAtRefused) as caught:
        reception(channel, received)
    assert isinstance(caught.value, InvalidInput)
    assert caught.value.rule == "C5"
    assert caught.value.detail.sv == sentence
    assert [error.pointer for error in caught.value.errors] == ["/received_at"]


@pytest.mark.parametrize(
    ("received", "recorded", "paid_out", "needs_confirmation"),
    [
        ("2026-10-23T15:30:00", "2026-10-23T15:59:59.999999", None, False),
        ("2026-10-23T15:30:00", "2026-10-23T16:00:00", None, True),  # the window closed meanwhile
        ("2026-10-23T09:00:00", "2026-10-23T09:00:00", None, False),  # at once
        ("2026-10-23T15:30:00", "2026-10-26T09:00:00", None, True),
        ("2026-10-23T13:30:00", "2026-10-23T13:59:59", "2026-10-23T14:00:00", False),
        ("2026-10-23T13:30:00", "2026-10-23T14:00:00", "2026-10-23T14:00:00", True),  # payout closed it
        ("2026-10-28T23:59:59", "2026-10-29T00:00:00", "2026-10-23T14:00:00", True),  # day 5 is the 28th
        ("2026-10-27T10:00:00", "2026-10-28T23:59:59", "2026-10-23T14:00:00", False),
        ("2026-10-23T16:10:00", "2026-10-23T16:30:00", None, False),  # in no window: the quote refuses it
    ],
)
def test_what_is_recorded_after_its_window_closed_needs_a_second_person(
    received: str, recorded: str, paid_out: str | None, needs_confirmation: bool
) -> None:
    """C5: staff cannot alone put a request back into a window that is over."""
    asked = reception(RequestChannel.PHONE, received, recorded=recorded, paid_out=paid_out)
    assert asked.received_at == local(received)
    assert asked.needs_confirmation is needs_confirmation


@pytest.mark.parametrize(
    ("asked_at", "seconds"),
    [
        ("2026-10-23T09:00:00", 7 * 3600),
        ("2026-10-23T15:59:58", 2),
        ("2026-10-23T15:59:59", 1),
        ("2026-10-23T15:59:59.999999", 1),  # the last microsecond still has its second
    ],
)
def test_the_quote_counts_the_seconds_that_are_left(asked_at: str, seconds: int) -> None:
    """C7: to 16:00:00, the first second that is too late."""
    asked = quote(
        local(asked_at),
        granted_at=local("2026-10-23T09:00:00"),
        first_paid_out_at=None,
        principal=Money.ZERO,
        terms=DEFAULT_TERMS,
    )
    assert (asked.at, asked.seconds_left) == (local(asked_at), seconds)


def test_over_the_autumn_night_the_countdown_has_an_hour_more() -> None:
    """C7: booked on Tuesday 20 October 2026 at noon; five days and a half, and the hour that comes twice."""
    asked = quote(
        local("2026-10-20T12:00:00"),
        granted_at=local("2026-10-20T09:00:00"),
        first_paid_out_at=local("2026-10-20T12:00:00"),
        principal=PRINCIPAL,
        terms=DEFAULT_TERMS,
    )
    assert asked.seconds_left == (5 * 24 + 12 + 1) * 3600


@pytest.mark.parametrize("channel", [RequestChannel.PHONE, RequestChannel.EMAIL])
def test_a_late_record_says_what_shows_when_the_request_came(channel: RequestChannel) -> None:
    """C5: a second person has to have something to judge by; in time nothing is asked for."""
    with pytest.raises(NoteRefused) as caught:
        check_note(channel, None, needs_confirmation=True)
    assert caught.value.rule == "C5"
    assert [error.pointer for error in caught.value.errors] == ["/note"]
    check_note(channel, "Mejl 15.31, rubrik: Vi ångrar oss", needs_confirmation=True)
    check_note(channel, None, needs_confirmation=False)


def test_the_portal_is_told_nothing_about_when_a_request_came() -> None:
    """C5: the server's clock is all there is."""
    with pytest.raises(NoteRefused):
        check_note(RequestChannel.PORTAL, "Jag ringde i går", needs_confirmation=False)
    check_note(RequestChannel.PORTAL, None, needs_confirmation=False)
