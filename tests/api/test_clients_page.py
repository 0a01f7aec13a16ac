"""Machine clients in the console: a key that is shown once, and what auditors may only read."""

import re

import pytest
from flask.testing import FlaskClient

from tests.api.test_account import send
from tests.support.house import Api, HouseWorld
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import machine_clients
from underwriting.platform.authentication import SESSION_COOKIE

PAGE = "/console/clients"
KEY = re.compile(r"bk_[0-9a-f]{32}_[\w-]{43}")
FORM = {"name": "Bokföringen", "days": "90", "scopes": "events:read"}


def desk(world: HouseWorld, role: Role = Role.ADMINISTRATOR) -> FlaskClient:
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    token = world.staff(role).token
    assert token is not None
    client.set_cookie(SESSION_COOKIE, token)
    return client


def test_a_client_is_added_and_its_key_shown_once(world: HouseWorld) -> None:
    client = desk(world)
    shown = send(client, PAGE, FORM)
    (key,) = set(KEY.findall(shown.text))
    assert shown.headers["Cache-Control"] == "no-store"
    assert Api(world.app, key).get("/v1/me")["scopes"] == ["events:read"]
    (made,) = machine_clients.list_clients(world.runtime)
    for page in (PAGE, f"{PAGE}/{made.id}"):
        text = client.get(page).text
        assert "Bokföringen" in text
        assert not KEY.search(text)
        assert key.split("_", 2)[2] not in text


def test_keys_are_changed_over_revoked_and_the_client_shut_out(world: HouseWorld) -> None:
    client = desk(world)
    first = KEY.findall(send(client, PAGE, FORM).text)[0]
    (made,) = machine_clients.list_clients(world.runtime)
    own = f"{PAGE}/{made.id}"
    second = KEY.findall(send(client, f"{own}/keys", {}, page=own).text)[0]
    send(client, f"{own}/scopes", {"scopes": "payments:read"}, page=own)
    assert Api(world.app, first).get("/v1/me")["scopes"] == ["payments:read"]
    identifier = machine_clients.get_client(world.runtime, made.id).keys[-1].id
    send(client, f"{own}/keys/{identifier}/revoke", {}, page=own)
    assert sorted(Api(world.app, key).call("GET", "/v1/me").status_code for key in (first, second)) == [200, 401]
    send(client, f"{own}/disable", {}, page=own)
    Api(world.app, second).get("/v1/me", status=401)
    assert "Avstängd" in client.get(own).text


@pytest.mark.parametrize(
    ("form", "field"),
    [({"name": ""}, "name"), ({"days": "0"}, "days"), ({"days": "-1"}, "days"), ({"scopes": "all"}, "scopes")],
)
def test_what_is_wrong_is_told_at_its_field(world: HouseWorld, form: dict[str, str], field: str) -> None:
    answer = send(desk(world), PAGE, FORM | form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert machine_clients.list_clients(world.runtime) == ()


def test_the_name_is_taken_once(world: HouseWorld) -> None:
    client = desk(world)
    send(client, PAGE, FORM)
    assert send(client, PAGE, FORM).status_code == 409


def test_an_auditor_reads_and_is_offered_nothing_else(world: HouseWorld) -> None:
    made, _ = machine_clients.add_client(world.runtime, "ledger", [Scope.EVENTS_READ], actor="staff:1")
    client = desk(world, Role.AUDITOR)
    for page in (PAGE, f"{PAGE}/{made.id}"):
        shown = client.get(page)
        assert shown.status_code == 200
        assert f'action="{PAGE}' not in shown.text


@pytest.mark.parametrize(("language", "told"), [("sv", "Maskinklienter"), ("en", "Machine clients")])
def test_it_is_shown_in_both_languages(world: HouseWorld, language: str, told: str) -> None:
    assert told in desk(world).get(PAGE, headers={"Accept-Language": language}).text
