"""Every refusal and error as it is answered: what is wrong, in the caller's language, and nothing about us."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, TooManyRequests

from tests.support.log_lines import LogLines, log_lines
from underwriting.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    LoginRequired,
    NotFound,
    NotPermitted,
    Refusal,
    Unavailable,
)
from underwriting.kernel.text import Text
from underwriting.platform import problems
from underwriting.platform.problems import Problem

TOLD = Text("Fönstret stängde klockan 16", "The window closed at 16:00")
SECRET = "199908072391"


class WindowClosed(Conflict):
    """A refusal of a feature."""

    slug = "window-closed-of-a-test"
    title = Text("Fönstret är stängt", "The window is closed")
    rule = "C4"


@pytest.fixture
def raised() -> list[Exception]:
    """What the view raises: put it here."""
    return []


@pytest.fixture
def client(raised: list[Exception]) -> FlaskClient:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 100

    def page(problem: Problem) -> Response:
        return Response(f"<h1>{problem.slug}</h1>", status=problem.status, mimetype="text/html")

    @app.get("/v1/things/<name>")
    @app.get("/pages/<name>")
    def fail(name: str) -> NoReturn:
        raise raised[0]

    @app.post("/v1/things")
    def read() -> Response:
        return Response(json.dumps(request.get_json()))

    problems.register(app, page=page)
    return app.test_client()


@pytest.fixture
def logged() -> Iterator[LogLines]:
    """What was logged."""
    with log_lines() as lines:
        yield lines


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidInput, 422),
        (LoginRequired, 401),
        (NotPermitted, 403),
        (NotFound, 404),
        (Conflict, 409),
        (Unavailable, 503),
    ],
)
def test_each_kind_of_refusal_has_its_status(
    client: FlaskClient, raised: list[Exception], kind: type[Refusal], status: int
) -> None:
    raised.append(kind(TOLD))
    answer = client.get("/v1/things/1")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json() == {
        "type": f"/problems/{kind.slug}",
        "title": kind.title.sv,
        "status": status,
        "detail": "Fönstret stängde klockan 16",
        "instance": "/v1/things/1",
    }


def test_a_refusal_of_a_feature_names_its_rule(client: FlaskClient, raised: list[Exception]) -> None:
    """C4: the refusal that a rule causes carries the rule's id."""
    raised.append(WindowClosed(TOLD))
    problem = client.get("/v1/things/1").get_json()
    assert (problem["type"], problem["rule"]) == ("/problems/window-closed-of-a-test", "C4")


def test_each_member_at_fault_is_pointed_at_with_its_rule(client: FlaskClient, raised: list[Exception]) -> None:
    """A4: the member carries the id of the rule that refuses it; a malformed one carries none."""
    named, missing = Text("Redan angiven", "Already named"), Text("Uppgiften saknas", "This is required")
    errors = (FieldError("/guarantors/1/personal_number", named, "A4"), FieldError("/term_months", missing))
    raised.append(InvalidInput(rule="A4", errors=errors))
    problem = client.get("/v1/things/1", headers={"Accept-Language": "en"}).get_json()
    assert problem["rule"] == "A4"
    assert problem["errors"] == [
        {"pointer": "/guarantors/1/personal_number", "detail": "Already named", "rule": "A4"},
        {"pointer": "/term_months", "detail": "This is required"},
    ]


@pytest.mark.parametrize(
    ("header", "cookie", "detail"),
    [
        (None, None, TOLD.sv),
        ("en", None, TOLD.en),
        ("en-GB,en;q=0.9", None, TOLD.en),
        ("de", None, TOLD.sv),
        ("sv;q=0.5,en;q=0.8", None, TOLD.en),
        ("en", "sv", TOLD.sv),
        ("sv", "en", TOLD.en),
        ("en", "<script>", TOLD.sv),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(
    client: FlaskClient, raised: list[Exception], header: str | None, cookie: str | None, detail: str
) -> None:
    raised.append(Conflict(TOLD))
    if cookie:
        client.set_cookie("language", cookie)
    answer = client.get("/v1/things/1", headers={"Accept-Language": header} if header else {})
    assert answer.get_json()["detail"] == detail


def test_an_error_of_ours_says_nothing_of_itself(
    client: FlaskClient, raised: list[Exception], logged: LogLines
) -> None:
    raised.append(RuntimeError(f"SELECT * FROM person WHERE number = '{SECRET}'"))
    answer = client.get(f"/v1/things/{SECRET}", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert answer.get_json()["title"] == "An error occurred on our side; nothing was changed"
    assert "SELECT" not in answer.text
    assert "Runtime" not in answer.text
    (line,) = logged.objects()
    assert (line["event"], line["error"]) == ("unforeseen_error", ["runtime-error"])
    assert SECRET not in logged.getvalue()
    assert "SELECT" not in logged.getvalue()


def test_a_refusal_is_no_fault_of_ours_and_is_not_logged_as_one(
    client: FlaskClient, raised: list[Exception], logged: LogLines
) -> None:
    raised.append(Unavailable(TOLD))
    assert client.get("/v1/things/1").status_code == 503
    assert "unforeseen_error" not in logged.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "title"),
    [
        (b'{"a": ', "application/json", 400, "Begäran kunde inte läsas"),
        (b"", "application/json", 400, "Begäran kunde inte läsas"),
        (b"\xff\xfe", "application/json", 400, "Begäran kunde inte läsas"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "Skicka application/json"),
        (b"{}", "", 415, "Skicka application/json"),
        (b'"' + b"x" * 100 + b'"', "application/json", 413, "Begäran är för stor"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    client: FlaskClient, body: bytes, content_type: str, status: int, title: str
) -> None:
    answer = client.post("/v1/things", data=body, content_type=content_type)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (answer.get_json()["title"], answer.get_json()["type"]) == (title, f"/problems/http-{status}")


def test_a_path_that_leads_nowhere_is_a_problem_too(client: FlaskClient) -> None:
    assert client.get("/v1/nothing").get_json()["type"] == "/problems/http-404"


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(client: FlaskClient) -> None:
    answer = client.delete("/v1/things")
    assert (answer.status_code, set(answer.allow)) == (405, {"POST", "OPTIONS"})
    assert answer.get_json()["title"] == "Metoden är inte tillåten här"


def test_who_must_log_in_is_told_how(client: FlaskClient, raised: list[Exception]) -> None:
    raised.append(LoginRequired())
    assert client.get("/v1/things/1").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "accept", "is_page"),
    [
        ("/pages/1", "text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("/pages/1", "application/json", False),
        ("/pages/1", "*/*", False),
        ("/pages/1", None, False),
        ("/v1/things/1", "text/html", False),
    ],
)
def test_a_person_gets_a_page_and_a_program_a_document(
    client: FlaskClient, raised: list[Exception], path: str, accept: str | None, is_page: bool
) -> None:
    raised.append(Conflict(TOLD))
    answer = client.get(path, headers={"Accept": accept} if accept else {})
    assert answer.mimetype == ("text/html" if is_page else "application/problem+json")
    assert answer.status_code == 409


def test_a_form_that_has_gone_out_says_so(client: FlaskClient, raised: list[Exception]) -> None:
    raised.append(CSRFError("The CSRF token is missing."))
    problem = client.get("/v1/things/1", headers={"Accept-Language": "en"}).get_json()
    assert (problem["status"], problem["type"]) == (400, "/problems/form-expired")
    assert problem["detail"] == "The form has expired; reload the page and try again"


class Teapot(HTTPException):
    """A status that nobody foresaw."""

    code = 418
    description = "short and stout"


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Teapot(), 418, "Begäran kunde inte läsas"),
        (TooManyRequests("internal words"), 429, "För många försök; vänta en stund"),
    ],
)
def test_a_library_never_chooses_the_words(
    client: FlaskClient, raised: list[Exception], error: Exception, status: int, title: str
) -> None:
    raised.append(error)
    problem: dict[str, Any] = client.get("/v1/things/1").get_json()
    assert (problem["status"], problem["title"], problem["detail"]) == (status, title, title)


def test_a_page_that_cannot_be_shown_gives_way_to_the_bare_document(logged: LogLines) -> None:
    app = Flask(__name__)

    def broken_page(problem: Problem) -> Response:
        raise KeyError(f"{SECRET} {problem.slug}")

    problems.register(app, page=broken_page)
    answer = app.test_client().get("/nowhere", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "problem_page_failed" in logged.getvalue()
    assert SECRET not in answer.text + logged.getvalue()
