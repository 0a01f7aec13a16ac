"""How Bisnode's JSON is read: what is a document, a date, an amount, a week, an error."""

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.formats import (
    NotAnAnswer,
    Unreadable,
    amount,
    closing_day,
    count,
    day,
    digits,
    error_status,
    flag,
    is_error,
    kronor,
    member,
    read_document,
    text,
    week,
    whole_kronor,
)
from underwriting.kernel.money import Money

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b'"a"',
        b"null",
        b'{"a": 1',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} {"b": 2}',
        '{"a": "å"}'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_one_object_in_utf_8_is_no_answer(body: bytes) -> None:
    """B3: a page, half a document, another encoding, a nesting without end."""
    with pytest.raises(NotAnAnswer):
        read_document(body)


def test_a_byte_order_mark_is_allowed() -> None:
    assert read_document(b'\xef\xbb\xbf{"a": "\xc3\xa5"}') == {"a": "å"}


@given(st.binary())
def test_any_bytes_are_a_document_or_no_answer(body: bytes) -> None:
    with suppress(NotAnAnswer):
        assert isinstance(read_document(body), dict)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_was_written_is_read(document: dict[str, Any]) -> None:
    read = read_document(json.dumps(document).encode())
    assert read.keys() == document.keys()


def test_a_member_given_twice_is_unreadable_and_the_rest_is_not() -> None:
    """D13: which of the two holds nobody can tell."""
    document = read_document(b'{"count": 0, "count": 3, "amount": 1}')
    with pytest.raises(Unreadable):
        count(member(document, "count"))
    assert count(member(document, "amount")) == 1


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "9" * 30, "1e400", "1e9999999999", "0." + "3" * 40])
def test_an_endless_number_is_unreadable_and_the_rest_is_not(number: str) -> None:
    document = read_document(f'{{"a": {number}, "b": 2}}'.encode())
    for read in (count, kronor, whole_kronor):
        with pytest.raises(Unreadable):
            read(document["a"])
    assert count(document["b"]) == 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"amount": "1500.50", "currency": "SEK"}, Money(150_050)),
        ({"amount": "1500", "currency": "SEK"}, Money(150_000)),
        ({"amount": "1500.", "currency": "SEK"}, Money(150_000)),
        ({"amount": ".5", "currency": "SEK"}, Money(50)),
        ({"amount": "0.000", "currency": "SEK"}, Money.ZERO),
        ({"amount": 1500, "currency": "SEK"}, Money(150_000)),
        ({"amount": Decimal("15.5"), "currency": "SEK"}, Money(1_550)),
        ({"amount": "1500.50", "currency": "EUR"}, None),
        ({"amount": "1500.50"}, None),
        ({"amount": "1500.50", "currency": None}, None),
        ({"amount": "1500.505", "currency": "SEK"}, None),
        ({"amount": "1 500", "currency": "SEK"}, None),
        ({"amount": "1500,50", "currency": "SEK"}, None),
        ({"amount": "-1", "currency": "SEK"}, None),
        ({"amount": -1, "currency": "SEK"}, None),
        ({"amount": "", "currency": "SEK"}, None),
        ({"amount": ".", "currency": "SEK"}, None),
        ({"amount": "1e3", "currency": "SEK"}, None),
        ({"amount": "١٢", "currency": "SEK"}, None),
        ({"amount": True, "currency": "SEK"}, None),
        ({"amount": "9" * 14, "currency": "SEK"}, None),
        ("1500.50", None),
        (None, None),
    ],
)
def test_amounts(value: Any, expected: Money | None) -> None:
    """D13: only kronor are an amount of ours; anything else is not told."""
    assert _or_none(amount, value) == expected


@given(st.integers(min_value=0, max_value=10**14))
def test_an_amount_is_read_to_the_ore(ore: int) -> None:
    assert amount({"amount": str(Money(ore)), "currency": "SEK"}) == Money(ore)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"year": 2024, "month": 2, "day": 29}, date(2024, 2, 29)),
        ({"year": "2012", "month": "1", "day": "23"}, date(2012, 1, 23)),
        ({"year": 2023, "month": 2, "day": 29}, None),
        ({"year": 2024, "month": 13, "day": 1}, None),
        ({"year": 2024, "month": 2}, None),
        ({"year": 2024}, None),
        ({"year": 0, "month": 1, "day": 1}, None),
        ({"year": 10**17, "month": 1, "day": 1}, None),
        ({"year": True, "month": True, "day": True}, None),
        ({"year": 2024, "month": 2, "day": 1.5}, None),
        ("2024-02-29", None),
        ({}, None),
    ],
)
def test_a_date_is_whole_or_unreadable(value: Any, expected: date | None) -> None:
    """D13: a month is no day."""
    assert _or_none(day, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"year": 2025, "month": 12, "day": 31}, date(2025, 12, 31)),
        ({"year": 2025, "month": 6}, date(2025, 6, 30)),
        ({"year": 2024, "month": 2}, date(2024, 2, 29)),
        ({"year": 2024, "month": 2, "day": 30}, None),
        ({"year": 2024, "month": 0}, None),
        ({"year": 2024, "month": 13}, None),
        ({"year": 2025}, None),
    ],
)
def test_a_financial_year_closes_with_its_month(value: Any, expected: date | None) -> None:
    assert _or_none(closing_day, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2019W42", date(2019, 10, 14)),  # ISO 8601: the week of 17 October 2019, which was a Thursday
        ("2020W53", date(2020, 12, 28)),
        ("2021W53", None),  # 2021 has 52 weeks
        ("2019W00", None),
        ("2019-42", None),
        ("W42", None),
        (201942, None),
    ],
)
def test_weeks(value: Any, expected: date | None) -> None:
    assert _or_none(week, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  Två \n rader ", "Två rader"),
        ("", None),
        (" \t ", None),
        ("half a \ud800 pair", None),
        ("a\u0000b", None),
        (5, None),
        (None, None),
    ],
)
def test_texts_are_one_line_that_can_be_stored(value: Any, expected: str | None) -> None:
    assert _or_none(text, value) == expected


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (1, None), ("true", None), (None, None)])
def test_a_flag_is_a_boolean(value: Any, expected: bool | None) -> None:
    assert _or_none(flag, value) is expected


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (10**9, 10**9), (10**9 + 1, None), (-1, None), (True, None)])
def test_counts(value: Any, expected: int | None) -> None:
    assert _or_none(count, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("559999-0008", "5599990008"), ("SE 5599990008", "5599990008"), ("-", None), (5, None)]
)
def test_digits_of_a_number(value: Any, expected: str | None) -> None:
    assert _or_none(digits, value) == expected


@pytest.mark.parametrize(
    ("document", "is_of_service", "status"),
    [
        ({"status": 404, "statusText": "NOT FOUND", "message": "x", "timestamp": "t", "subErrors": []}, True, 404),
        ({"statusCode": 404, "message": "x"}, True, 404),
        ({"statusCode": "404", "message": "x"}, True, 404),
        ({"message": "x"}, True, None),
        ({"status": True, "message": "x"}, True, None),
        ({"timestamp": "t"}, False, None),
        ({}, False, None),
        ({"timestamp": "t", "status": 404, "error": "Not Found", "path": "/x", "message": "x"}, False, 404),
        ({"fault": {"code": 404}, "message": "x"}, False, None),
        ({"companyInformation": {}, "status": 404}, False, 404),
    ],
)
def test_both_models_of_an_error_are_told_from_other_servers_errors(
    document: dict[str, Any], is_of_service: bool, status: int | None
) -> None:
    """B3: a wrong path is not an unknown company."""
    assert (is_error(document), error_status(document)) == (is_of_service, status)


def _or_none(read: Any, value: Any) -> Any:
    try:
        return read(value)
    except Unreadable:
        return None
