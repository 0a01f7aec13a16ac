"""Staff's own account in the browser: the code between password and console, sessions, another password."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.house import PASSWORD, HouseWorld
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.staff_accounts import add_staff

STEP = timedelta(seconds=30)
NEW = "dinosaurie-42-moln"


def browser(world: HouseWorld) -> FlaskClient:
    with world.runtime.database.transaction() as session:
        at = world.runtime.clock.now()
        add_staff(session, world.runtime, "ulla", PASSWORD, Role.AUDITOR, person=None, at=at)
    return reader(world)


def reader(world: HouseWorld) -> FlaskClient:
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def send(client: FlaskClient, path: str, form: dict[str, str], *, page: str | None = None) -> TestResponse:
    """Send a form as the page that shows it would."""
    shown = client.get(page or path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert token is not None, shown
    return client.post(path, data={"csrf_token": token[1], **form})


def log_in(client: FlaskClient, target: str = "/console/agreements") -> TestResponse:
    form = {"username": "ulla", "password": PASSWORD, "next": target}
    return send(client, "/console/login", form)


def cookie(client: FlaskClient) -> Any:
    found = client.get_cookie(SESSION_COOKIE)
    return found.value if found else None


def enrol(world: HouseWorld, client: FlaskClient) -> tuple[pyotp.TOTP, TestResponse]:
    shown = client.get("/console/account/second-factor").text
    secret = re.search(r"<code>([A-Z2-7 ]{32,})</code>", shown)
    assert secret is not None
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    answer = send(client, "/console/account/second-factor", {"code": totp.at(world.wall.now())})
    return totp, answer


def test_the_whole_way_in(strict: HouseWorld) -> None:
    client = browser(strict)
    assert log_in(client).location == "/console/agreements"
    half = cookie(client)
    stopped = client.get("/console/agreements")
    assert (stopped.status_code, stopped.location) == (303, "/console/account/code?next=%2Fconsole%2Fagreements")
    assert client.get(stopped.location).location == "/console/account/second-factor"
    totp, codes = enrol(strict, client)
    assert codes.text.count("<code>") == 10
    assert cookie(client) != half
    assert client.get("/console/agreements").status_code == 200

    send(client, "/logout", {}, page="/console/account")
    strict.let_pass(2 * STEP)
    assert log_in(client).status_code == 303
    asked = client.get("/console/agreements")
    wrong = send(client, "/console/account/code", {"code": "12", "next": "/my"}, page=asked.location)
    assert wrong.status_code == 401
    form = {"code": totp.at(strict.wall.now()), "next": "/console/agreements"}
    assert send(client, "/console/account/code", form).location == "/console/agreements"
    assert client.get("/console/agreements").status_code == 200


@pytest.mark.parametrize("path", ["/console/", "/console/account", "/v1/fee-runs", "/console/billing"])
def test_halfway_in_nothing_else_is_open(strict: HouseWorld, path: str) -> None:
    client = browser(strict)
    log_in(client)
    answer = client.get(path)
    assert answer.status_code == (401 if path.startswith("/v1/") else 303)


def test_the_code_leads_to_no_other_site(strict: HouseWorld) -> None:
    client = browser(strict)
    log_in(client)
    totp, _ = enrol(strict, client)
    strict.let_pass(2 * STEP)
    log_in(client)
    for target in ("https://example.com/", "//example.com", "/\\example.com"):
        form = {"code": "no", "next": target}
        assert 'name="next" value="/"' in send(client, "/console/account/code", form).text
    form = {"code": totp.at(strict.wall.now()), "next": "https://example.com/"}
    assert send(client, "/console/account/code", form).location == "/"


def test_a_session_that_was_there_before_the_log_in_is_not_used_after_it(world: HouseWorld) -> None:
    """Whoever planted a cookie, or shared the browser, is not logged in with the user."""
    client = browser(world)
    log_in(client)
    first = cookie(client)
    log_in(client)
    assert cookie(client) != first
    stolen = reader(world)
    stolen.set_cookie(SESSION_COOKIE, first)
    assert stolen.get("/console/agreements").status_code == 401


def test_another_password_ends_every_other_session(world: HouseWorld) -> None:
    client, elsewhere = browser(world), reader(world)
    log_in(client)
    log_in(elsewhere)
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    answer = send(client, "/console/account/password", form, page="/console/account")
    assert (answer.status_code, answer.location) == (303, "/console/account?done=password")
    assert client.get("/console/account?done=password").status_code == 200
    assert elsewhere.get("/console/account").status_code == 401
    assert log_in(elsewhere).status_code == 401


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "fel", "password": NEW, "again": NEW}, "current"),
        ({"current": PASSWORD, "password": "Sommar2026!!", "again": "Sommar2026!!"}, "password"),
        ({"current": PASSWORD, "password": NEW, "again": NEW + "x"}, "again"),
        ({}, "current"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(world: HouseWorld, form: dict[str, str], field: str) -> None:
    client = browser(world)
    log_in(client)
    answer = send(client, "/console/account/password", form, page="/console/account")
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert not any(value in answer.text for value in form.values())


def test_sessions_are_listed_and_ended(world: HouseWorld) -> None:
    client, elsewhere = browser(world), reader(world)
    log_in(client)
    log_in(elsewhere)
    shown = client.get("/console/account").text
    (other,) = re.findall(r"/console/account/sessions/([0-9a-f-]+)/end", shown)
    assert send(client, f"/console/account/sessions/{other}/end", {}, page="/console/account").status_code == 303
    assert elsewhere.get("/console/account").status_code == 401
    log_in(elsewhere)
    send(client, "/console/account/sessions/end-others", {}, page="/console/account")
    assert elsewhere.get("/console/account").status_code == 401
    assert client.get("/console/account").status_code == 200


@pytest.mark.parametrize(("language", "told"), [("sv", "Tvåstegsinloggning"), ("en", "Second factor")])
def test_the_account_is_shown_in_both_languages(world: HouseWorld, language: str, told: str) -> None:
    client = browser(world)
    log_in(client)
    assert told in client.get("/console/account", headers={"Accept-Language": language}).text
