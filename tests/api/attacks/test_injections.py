"""What would be a command in SQL, a template, a page or a header is text here, wherever it is typed."""

import json

import pytest

from tests.api.test_account import reader, send
from tests.support.beginnings import apply
from tests.support.house import HouseWorld
from tests.support.journey import BODIES
from tests.support.lending import application_json
from tests.support.log_lines import log_lines
from underwriting.kernel.vocabulary import CompanyForm, Role, Scope
from underwriting.platform import machine_clients
from underwriting.platform.authentication import SESSION_COOKIE

COMMANDS = (
    "' OR '1'='1",
    "'; DROP TABLE application; --",
    "\\'; SELECT pg_sleep(5); --",
    "1) UNION SELECT version() --",
    "%' ESCAPE '",
    "$$||pg_sleep(5)||$$",
    "${jndi:ldap://127.0.0.1/a}",
    "*)(uid=*",
)
SEARCHED = (
    *("/v1/applications?cursor={}", "/v1/applications?state={}", "/v1/applications?limit={}"),
    *("/v1/payments?status=unmatched&cursor={}", "/v1/events?cursor={}", "/v1/events?type={}"),
    *("/v1/events?subject={}", "/v1/events?limit={}", "/console/audit?about={}", "/console/audit?who={}"),
    *("/console/audit?on={}", "/console/audit?about=agreement:1&cursor={}", "/console/audit/chain?of={}&after={}"),
    *("/console/applications?state={}", "/console/applications?after={}", "/console/agreements?cursor={}"),
    *("/console/applications?q={}", "/console/applications?least={}&most={}&older={}", "/console/approvals?after={}"),
    "/console/applications?kind={}&form={}&assigned={}&order={}",
    *("/console/messages?before={}", "/console/messages/log?before={}", "/console/bureaus?days={}"),
    *("/language/{}", "/apply?form={}", "/console/login?next={}", "/login?next={}"),
)


@pytest.mark.parametrize("path", SEARCHED)
def test_a_search_for_a_command_finds_nothing_and_does_nothing(world: HouseWorld, path: str) -> None:
    client = reader(world)
    client.set_cookie(SESSION_COOKIE, world.staff(Role.ADMINISTRATOR).token or "")
    with log_lines("DEBUG") as logged:
        for command in COMMANDS:
            query = path.format(*[command.replace("%", "%25").replace("&", "%26")] * path.count("{}"))
            answer = client.get(query)
            assert answer.status_code < 500, query
            assert "psycopg" not in answer.text
            assert "PostgreSQL 1" not in answer.text
    assert "unforeseen_error" not in logged.getvalue()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_username_is_a_name(world: HouseWorld, command: str) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    for username, password in ((command, "x"), ("astrid", command), (f"astrid{command}", command)):
        sent = send(reader(world), "/console/login", {"username": username, "password": password})
        assert sent.status_code == 401


TYPED = "<b>{{7*191}}{%raw%}${7*191}#{7*191}</b><script>alert(1)</script>\"'"


def test_a_name_is_shown_as_it_was_typed_on_every_page(world: HouseWorld) -> None:
    """No template and no tag comes out of what somebody typed."""
    body = BODIES[CompanyForm.AB] | {"contact": BODIES[CompanyForm.AB]["contact"] | {"name": TYPED}}
    loan = apply(world, json.loads(json.dumps(body)))
    machine_clients.add_client(world.runtime, TYPED[:80], [Scope.EVENTS_READ], actor="staff:1")
    staff = reader(world)
    staff.set_cookie(SESSION_COOKIE, world.staff(Role.ADMINISTRATOR).token or "")
    pages = [f"/console/applications/{loan.application_id}", "/console/clients", f"/console/login?next={TYPED}"]
    shown = [staff.get(page).text for page in pages]
    shown += [send(reader(world), "/console/login", {"username": TYPED, "password": "x"}).text]
    person = reader(world)
    person.set_cookie(SESSION_COOKIE, loan.borrower.token or "")
    shown += [person.get(f"/applications/{loan.application_id}").text]
    for page in shown:
        assert "1337" not in page
        assert "<b>{{" not in page
        assert "<script>alert" not in page
    assert any("&lt;script&gt;alert" in page for page in shown)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\u0085", "%0d%0a\r"])
def test_a_name_writes_no_header_of_a_letter(world: HouseWorld, end: str) -> None:
    """What would end a line of a letter's head is refused before there is a letter."""
    hostile = f"Anna{end}Bcc: offer@example.se"
    contact = BODIES[CompanyForm.AB]["contact"]
    guarantor = BODIES[CompanyForm.AB]["guarantors"][0]
    for changes in (
        {"contact": contact | {"name": hostile}},
        {"contact": contact | {"email": f"anna@example.se{end}Bcc: offer@example.se"}},
        {"guarantors": [guarantor | {"name": hostile}]},
        {"guarantors": [guarantor | {"email": f"anna@example.se{end}x"}]},
    ):
        assert world.anyone().call("POST", "/v1/applications", application_json(**changes)).status_code == 422
    assert world.letters() == []


@pytest.mark.parametrize("header", ["Request-Id", "Accept-Language", "User-Agent", "Idempotency-Key", "If-Match"])
def test_what_a_header_says_comes_back_in_none(world: HouseWorld, header: str) -> None:
    client = world.app.test_client()
    answer = client.get("/v1/me", headers={header: "<script>alert(1)</script>"})
    assert "<script" not in str(answer.headers)
    assert "alert" not in str(answer.headers)
    assert "<script" not in answer.text
