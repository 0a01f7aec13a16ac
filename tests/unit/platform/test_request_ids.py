"""One name for a request: whose it is, where it stands; and one for each run of a job."""

import re
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from tests.support.log_lines import LogLines, log_lines
from underwriting.kernel.errors import NotFound
from underwriting.platform import problems, request_ids

MADE = re.compile("[0-9a-f]{32}")


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    request_ids.register(app)
    problems.register(app, page=problems.answer)

    @app.get("/v1/things")
    def things() -> str:
        structlog.get_logger("test").info("looked")
        return request_ids.current() or ""

    @app.get("/v1/nothing")
    def nothing() -> str:
        raise NotFound

    return app.test_client()


@pytest.fixture
def logged() -> Iterator[LogLines]:
    with log_lines() as lines:
        yield lines


@pytest.mark.parametrize(
    "given",
    ["a-request-of-ours", "0" * 16, "z" * 64, "6f1f2e3c-90ab-4cde-8f01-23456789abcd", "01JDA5V8Q4X7Y2ZK3M9N6P1R0S"],
)
def test_a_callers_name_of_a_safe_form_is_kept(client: FlaskClient, given: str) -> None:
    answer = client.get("/v1/things", headers={"Request-Id": given})
    assert (answer.text, answer.headers["Request-Id"]) == (given, given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x" * 15,
        "x" * 65,
        "sixteen letters!",
        "a-request-of-ours\t",
        "en-begäran-av-oss",
        "'; DROP TABLE x; --",
        "199908072391-0001",  # a personal number
        "request-19990807-2391",
        "request-9908072391",
    ],
)
def test_any_other_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/v1/things", headers={"Request-Id": given.encode().decode("latin-1")})
    assert MADE.fullmatch(answer.headers["Request-Id"])


def test_without_one_each_request_gets_its_own(client: FlaskClient) -> None:
    names = {client.get("/v1/things").headers["Request-Id"] for _ in range(3)}
    assert len(names) == 3
    assert all(MADE.fullmatch(name) for name in names)


def test_it_stands_in_every_log_line_and_in_the_problem(client: FlaskClient, logged: LogLines) -> None:
    given = "a-request-of-ours"
    client.get("/v1/things", headers={"Request-Id": given})
    problem = client.get("/v1/nothing", headers={"Request-Id": given}).get_json()
    assert problem["request_id"] == given
    assert [line["request_id"] for line in logged.objects() if line["event"] == "looked"] == [given]


def test_nothing_is_named_outside_of_a_request() -> None:
    assert request_ids.current() is None


def test_each_run_of_a_job_has_a_name_of_its_own_in_its_lines(logged: LogLines) -> None:
    log = structlog.get_logger("test")
    for _ in range(2):
        with request_ids.run_of("charge-fees"):
            log.info("begun")
            log.info("ended")
    log.info("outside")
    *inside, outside = logged.objects()
    assert {line["job"] for line in inside} == {"charge-fees"}
    names = [line["run_id"] for line in inside]
    assert names[0] == names[1] != names[2] == names[3]
    assert "run_id" not in outside
