"""How pages write what they show."""

from datetime import UTC, datetime, timedelta

import pytest

from underwriting.web.filters import time_left

UNTIL = datetime(2026, 3, 7, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (timedelta(0), "00:00:00"),
        (timedelta(microseconds=1), "00:00:00"),
        (timedelta(seconds=1), "00:00:01"),
        (timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999), "23:59:59"),
        (timedelta(days=1), "1 d 00:00:00"),
        (timedelta(days=5, hours=12, minutes=4, seconds=7), "5 d 12:04:07"),
        (-timedelta(seconds=1), "00:00:00"),
        (-timedelta(days=3), "00:00:00"),
    ],
)
def test_a_countdown_says_without_scripts_how_long_it_is(before: timedelta, written: str) -> None:
    """C7: the server writes what the page's script goes on counting; what is over stays at zero."""
    assert time_left(UNTIL, UNTIL - before) == written
