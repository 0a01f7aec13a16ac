"""Logs: one JSON object per line, and no person in any of them."""

import io
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from underwriting.kernel.errors import Conflict
from underwriting.platform import logs

# Marked identities: Skatteverket's published test numbers, never issued to anyone.
MARKED = [
    "199908072391",
    "19990807-2391",
    "990807-2391",
    "9908072391",
    "990807+2391",
    "990807 2391",
    "19990807 - 2391",
    "1999-08-07-2391",
    "990807–2391",
    "19990867-2391",  # in the shape of a coordination number
    "559999-0008",  # a company's: a sole trader's number has the same shape
    "199913992391",  # mistyped: no such day, and still somebody's number
]


class Lines(io.StringIO):
    """What was logged."""

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handlers, level, hook, structured = (
        logging.root.handlers,
        logging.root.level,
        sys.excepthook,
        structlog.get_config(),
    )
    stream = Lines()
    structlog.contextvars.clear_contextvars()  # a test before this one may have answered a request in this thread
    logs.configure("INFO", stream=stream)
    yield stream
    logging.root.handlers, sys.excepthook = handlers, hook
    logging.root.setLevel(level)
    structlog.configure(**structured)


def test_a_line_is_an_object_with_event_level_logger_and_instant(lines: Lines) -> None:
    structlog.get_logger("borgen.test").info("payout_sent", amount="1500.00", count=2)
    (line,) = lines.objects()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "payout_sent",
        "level": "info",
        "logger": "borgen.test",
        "amount": "1500.00",
        "count": 2,
    }


def test_a_line_below_the_level_is_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("quiet")
    logging.getLogger("library").debug("quiet")
    assert lines.objects() == []


def test_every_line_of_a_request_carries_its_id(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        structlog.get_logger().info("one")
        logging.getLogger("library").warning("two")
    structlog.get_logger().info("three")
    assert [line.get("request_id") for line in lines.objects()] == ["req-1", "req-1", None]


@pytest.mark.parametrize("number", MARKED)
def test_a_personal_number_is_masked_wherever_it_stands(lines: Lines, number: str) -> None:
    log = structlog.get_logger()
    log.info(f"signed by {number}", where=f"/v1/persons/{number}/x", several=[number], deep={"a": ({"b": number},)})
    log.info("as_a_member", **{number: 1})
    logging.getLogger("library").warning("no match for %s", number)
    digits = number.replace("+", "-").replace("–", "-").split("-")
    assert len(lines.objects()) == 3
    assert not any(part in lines.getvalue() for part in (number, digits[0]))


@pytest.mark.parametrize("number", [199908072391, 9908072391])
def test_a_personal_number_held_as_a_whole_number_is_masked(lines: Lines, number: int) -> None:
    structlog.get_logger().info("found", subject=number, by={number: number})
    assert str(number) not in lines.getvalue()


@given(
    before=st.sampled_from(["", " ", "pnr", "x:", "åäö", "/", "-", "#"]),
    number=st.from_regex(r"(19|20)?[0-9]{6}[-+ ]?[0-9]{4}", fullmatch=True),
    after=st.sampled_from(["", " ", "kr", ".", ",", "/", "å"]),
)
def test_no_text_around_a_number_hides_it(before: str, number: str, after: str) -> None:
    assert logs.masked(f"{before}{number}{after}") == f"{before}{logs.NUMBER_MASK}{after}"


@pytest.mark.parametrize(
    "text",
    [
        "018f3a2b-0000-7000-8000-199908072391",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "a199908072391a0000000000000000ab",
        "2026-03-02T09:00:00.123456Z",
        "2026-03-02 2026-04-01",
        "1500.00",
        "123456789",
        "12345678901",
        "1234567890123",
        "borgen_service@",
    ],
)
def test_identifiers_digests_instants_and_amounts_stay(text: str) -> None:
    assert logs.masked(text) == text


def test_e_mail_addresses_and_telephone_numbers_are_masked() -> None:
    assert logs.masked("to a.b@c.se,<d@e.f> or +46701234567") == (
        f"to {logs.EMAIL_MASK},<{logs.EMAIL_MASK}> or {logs.NUMBER_MASK}"
    )


@pytest.mark.parametrize(
    "member",
    [
        "body",
        "request_body",
        "Payload",
        "form",
        "json",
        "company_report",
        "answer",
        "headers",
        "guarantors",
        "email",
        "contact",
        "name",
        "personal_number_text",
        "sql",
        "parameters",
        "access_token",
        "raw-data",
        "bodies",
    ],
)
def test_members_that_carry_bodies_or_persons_are_dropped(lines: Lines, member: str) -> None:
    structlog.get_logger().info("received", **{member: "Anna Exempel"}, inner={member: "Anna Exempel"})
    (line,) = lines.objects()
    assert line["inner"] == {}
    assert "Anna" not in lines.getvalue()


def test_members_that_only_measure_such_things_stay(lines: Lines) -> None:
    structlog.get_logger().info("received", body_bytes=10, form_step="guarantor", report_count=3)
    (line,) = lines.objects()
    assert (line["body_bytes"], line["form_step"], line["report_count"]) == (10, "guarantor", 3)


def test_values_that_are_not_plain_are_left_out(lines: Lines) -> None:
    class Person:
        def __repr__(self) -> str:
            return "Anna Exempel"

    identifier = uuid.UUID(int=1)
    structlog.get_logger().info("seen", who=Person(), raw=b"Anna", id=identifier, all={"one": {Person()}})
    (line,) = lines.objects()
    assert (line["who"], line["raw"], line["id"]) == (logs.OMITTED, logs.OMITTED, str(identifier))
    assert "Anna" not in lines.getvalue()


def test_an_error_is_told_by_kind_and_place_and_never_by_its_message(lines: Lines) -> None:
    try:
        try:
            raise ValueError("Anna Exempel, 19990807-2391")
        except ValueError as error:
            raise Conflict from error
    except Conflict:
        structlog.get_logger().exception("job_failed")
        logging.getLogger("library").exception("library_failed")
    for line in lines.objects():
        assert line["error"] == ["conflict", "value-error"]
        assert line["where"][0].startswith("tests/unit/platform/test_logs.py:")
    assert "Anna" not in lines.getvalue()
    assert "ValueError" not in lines.getvalue()


def test_an_error_that_nobody_caught_is_logged_the_same_way(lines: Lines) -> None:
    error = RuntimeError("19990807-2391")
    sys.excepthook(RuntimeError, error, None)
    (line,) = lines.objects()
    assert (line["event"], line["level"], line["error"]) == ("uncaught_error", "critical", ["runtime-error"])


def test_what_the_web_server_says_passes_the_same_steps(lines: Lines) -> None:
    """Its own handler would write addresses as they were sent, and an error with its message."""
    server = logging.getLogger("gunicorn.error")
    own = io.StringIO()
    server.addHandler(logging.StreamHandler(own))
    logs.configure("INFO", stream=lines)
    try:
        raise ValueError(MARKED[0])
    except ValueError:
        server.exception("Error handling request GET /%s", MARKED[0])
    (line,) = lines.objects()
    assert (line["event"], line["error"]) == ("Error handling request GET /[number]", ["value-error"])
    assert own.getvalue() == ""
