"""Days, times and rates as people write them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.wording import (
    day_in_words,
    instant_in_words,
    month_in_words,
    percent_in_words,
    time_in_words,
)


@pytest.mark.parametrize(
    ("on", "text"),
    [
        (date(2026, 10, 23), Text("fredagen den 23 oktober 2026", "Friday 23 October 2026")),
        (date(2027, 1, 1), Text("fredagen den 1 januari 2027", "Friday 1 January 2027")),
        (date(2028, 2, 29), Text("tisdagen den 29 februari 2028", "Tuesday 29 February 2028")),
        (date(2026, 3, 7), Text("lördagen den 7 mars 2026", "Saturday 7 March 2026")),
    ],
)
def test_a_day_is_written_with_its_weekday(on: date, text: Text) -> None:
    assert day_in_words(on) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (time(16), Text("16.00", "16:00")),
        (time(0), Text("00.00", "00:00")),
        (time(15, 59, 59), Text("15.59.59", "15:59:59")),
        (time(15, 59, 59, 999_999), Text("15.59.59", "15:59:59")),
        (time(9, 5), Text("09.05", "09:05")),
    ],
)
def test_a_time_shows_seconds_only_where_there_are_some_and_never_rounds_up(at: time, text: Text) -> None:
    assert time_in_words(at) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 10, 23, 14, tzinfo=UTC), "fredagen den 23 oktober 2026 kl.\u00a016.00"),
        (datetime(2026, 10, 26, 15, tzinfo=UTC), "måndagen den 26 oktober 2026 kl.\u00a016.00"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "fredagen den 1 januari 2027 kl.\u00a000.00"),
    ],
)
def test_an_instant_is_written_by_the_clocks_of_stockholm(at: datetime, text: str) -> None:
    assert instant_in_words(at).sv == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Decimal("0.0275"), Text("2,75\u00a0%", "2.75%")),
        (Decimal("0.045"), Text("4,50\u00a0%", "4.50%")),
        (Decimal("0.03"), Text("3,00\u00a0%", "3.00%")),
        (Decimal("0.030000"), Text("3,00\u00a0%", "3.00%")),
        (Decimal("0.027625"), Text("2,7625\u00a0%", "2.7625%")),
        (Decimal("1.5"), Text("150,00\u00a0%", "150.00%")),
        (Decimal("0"), Text("0,00\u00a0%", "0.00%")),
    ],
)
def test_a_rate_is_written_in_per_cent_without_losing_a_decimal(rate: Decimal, text: Text) -> None:
    assert percent_in_words(rate) == text


def test_a_month_is_written_with_its_name() -> None:
    assert month_in_words(Month(2026, 1)) == ("januari 2026", "January 2026")
    assert month_in_words(Month(2027, 12)) == ("december 2027", "December 2027")
