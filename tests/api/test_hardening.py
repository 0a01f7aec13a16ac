"""Headers and cookies against browsers' weaknesses, proxies that are believed, and how often each caller may ask."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from agreements.signing.service import Signings
from tests.api.test_account import send
from tests.support.bank_stand_in import BankWorld
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.bureau import creditsafe_at
from tests.support.house import PASSWORD, Api, HouseWorld, house_world
from tests.support.lending import application_json
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import machine_clients
from underwriting.platform.authentication import DRAFT_COOKIE, SESSION_COOKIE
from underwriting.platform.rate_limit_store import RequestCount
from underwriting.platform.runtime import Runtime

MINUTE = timedelta(minutes=1)
Serve = Callable[..., HouseWorld]


@pytest.fixture
def serve(runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, creditsafe_address: str) -> Iterator[Serve]:
    """Serves with other settings: those of the edge by name, and the base address."""
    with ExitStack() as stack:

        def serve(*, base_url: str = "http://127.0.0.1:8080", **edge: Any) -> HouseWorld:
            settings = replace(runtime.settings, base_url=base_url, edge=replace(runtime.settings.edge, **edge))
            other = replace(runtime, settings=settings)
            return stack.enter_context(house_world(other, bankid, bank, (creditsafe_at(creditsafe_address),)))

        yield serve


@pytest.fixture
def https(serve: Serve) -> HouseWorld:
    return serve(base_url="https://kredit.example")


def browser(world: HouseWorld) -> FlaskClient:
    client = world.app.test_client()
    client.environ_base |= {"HTTP_ACCEPT": "text/html", "wsgi.url_scheme": "https", "HTTP_HOST": "kredit.example"}
    return client


# Headers


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v1/me", "/console/", "/openapi.json", "/static/app.css"])
def test_every_answer_is_hardened(world: HouseWorld, path: str) -> None:
    with world.app.test_client().get(path) as answer:
        told = answer.headers
    policy = told["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Cross-Origin-Opener-Policy"] == "same-origin"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in told["Permissions-Policy"]
    assert "Strict-Transport-Security" not in told  # a browser on this machine must not be told so of localhost
    assert ("no-store" in told.get("Cache-Control", "")) is not path.startswith("/static/")


def test_browsers_are_told_to_stay_with_https(https: HouseWorld) -> None:
    told = browser(https).get("/").headers["Strict-Transport-Security"]
    assert told == "max-age=63072000; includeSubDomains"


# Cookies


def cookies_set(answer: Any) -> dict[str, str]:
    return {each.split("=", 1)[0]: each for each in answer.headers.getlist("Set-Cookie")}


def test_by_https_cookies_belong_to_this_host_alone(https: HouseWorld) -> None:
    client = browser(https)
    shown = client.get("/console/login")
    (form,) = cookies_set(shown)
    https.staff(Role.AUDITOR, username="astrid")
    answer = send(client, "/console/login", {"username": "astrid", "password": PASSWORD})
    assert answer.status_code == 303
    session = cookies_set(answer)[f"__Host-{SESSION_COOKIE}"]
    for cookie in (cookies_set(shown)[form], session):
        assert cookie.startswith("__Host-")
        for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert attribute in cookie
        assert "Domain" not in cookie
    assert client.get("/console/account").status_code == 200
    (language,) = cookies_set(client.get("/language/en")).items()
    assert language[0] == "__Host-language"
    assert "Secure" in language[1]
    assert client.get("/console/login").headers["Content-Language"] == "en"
    out = send(client, "/logout", {}, page="/console/account")
    assert out.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert f"__Host-{SESSION_COOKIE}=;" in cookies_set(out)[f"__Host-{SESSION_COOKIE}"]
    assert client.get("/console/account").status_code == 401


@pytest.mark.parametrize("name", [SESSION_COOKIE, DRAFT_COOKIE])
def test_by_https_a_cookie_without_the_prefix_counts_for_nothing(https: HouseWorld, name: str) -> None:
    token = https.staff(Role.ADMINISTRATOR).token
    client = https.app.test_client(use_cookies=False)
    answer = client.get("/v1/me", headers={"Cookie": f"{name}={token}"})
    assert answer.status_code == 401
    known = client.get("/v1/me", headers={"Cookie": f"__Host-{SESSION_COOKIE}={token}"})
    assert known.status_code == 200


@pytest.mark.parametrize(
    "forged",
    ["bs_" + "A" * 43, "bs_", "eyJhbGciOiJub25lIn0.e30.", "bd_x", "bk_x", "bt_x", "1", "../../etc/passwd", "%00"],
)
def test_a_forged_session_is_nobodys(world: HouseWorld, forged: str) -> None:
    client = world.app.test_client(use_cookies=False)
    assert client.get("/v1/fee-runs", headers={"Cookie": f"{SESSION_COOKIE}={forged}"}).status_code == 401
    assert client.get("/v1/fee-runs", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


# Open redirects


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/%0d%0aLocation:https://evil.example",
        " https://evil.example",
        "https:evil.example",
        "http://127.0.0.1@evil.example/",
    ],
)
def test_no_page_leads_to_another_site(world: HouseWorld, target: str) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    form = {"username": "astrid", "password": PASSWORD, "next": target}
    places = [
        client.get("/language/en", query_string={"next": target}).location,
        send(client, "/console/login", form).location,
    ]
    for place in places:
        assert place is not None
        assert place.startswith("/")
        assert not place.startswith(("//", "/\\", "/\t"))
        assert "\n" not in place
    shown = client.get("/console/login", query_string={"next": target}).text
    (kept,) = re.findall(r'name="next" value="([^"]*)"', shown)
    assert kept.startswith("/")
    assert not kept.startswith(("//", "/\\"))


# Mass assignment and escalation


@pytest.mark.parametrize("member", ["role", "state", "id", "created_by", "access_secret_hash", "is_admin"])
def test_a_member_that_is_not_described_is_refused(world: HouseWorld, member: str) -> None:
    refused = world.anyone().call("POST", "/v1/applications", application_json(**{member: "administrator"}))
    assert refused.status_code == 422


# Proxies


@pytest.mark.parametrize(
    ("trusted", "told", "address"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what the caller wrote itself stands further left
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "10.0.0.1"),  # too few proxies: nothing is believed
        (1, "", "10.0.0.1"),
    ],
)
def test_the_proxies_that_are_trusted_say_where_a_person_is(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, trusted: int, told: str, address: str
) -> None:
    world = serve(trusted_proxies=trusted)
    asked: list[str] = []

    def identify(_: Signings, *, end_user_ip: str) -> Any:
        asked.append(end_user_ip)
        raise NotFound

    monkeypatch.setattr(Signings, "identify", identify)  # what BankID would be told
    world.app.test_client().post(
        "/v1/signings",
        json={"purpose": "identify"},
        headers={"X-Forwarded-For": told} if told else {},
        environ_base={"REMOTE_ADDR": "10.0.0.1"},
    )
    assert asked == [address]


def test_a_proxy_that_is_not_trusted_does_not_turn_http_into_https(serve: Serve) -> None:
    world = serve()
    answer = world.app.test_client().get(
        "/language/en", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    )
    assert answer.location == "/"


# How often


def ask(client: Api, times: int) -> list[int]:
    return [client.call("GET", "/v1/me").status_code for _ in range(times)]


@pytest.mark.parametrize("shared", [False, True])
def test_a_caller_asks_as_often_as_it_may_and_is_told_how_often(serve: Serve, shared: bool) -> None:
    world = serve(per_minute=5, counts_in_database=shared)
    _, key = machine_clients.add_client(world.runtime, "ledger", [Scope.EVENTS_READ], actor="staff:1")
    client = Api(world.app, key)
    first = client.call("GET", "/v1/me")
    assert first.headers["RateLimit-Policy"] == '"minute";q=5;w=60'
    assert re.fullmatch(r'"minute";r=4;t=\d+', first.headers["RateLimit"])
    assert "Retry-After" not in first.headers
    assert ask(client, 5) == [200, 200, 200, 200, 429]
    refused = client.call("GET", "/v1/me")
    assert (refused.mimetype, refused.get_json()["type"]) == ("application/problem+json", "/problems/http-429")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"minute";r=0;')


@pytest.mark.parametrize("shared", [False, True])
def test_callers_are_counted_apart_and_strangers_by_address(serve: Serve, shared: bool) -> None:
    world = serve(per_minute=2, counts_in_database=shared)
    keys = [machine_clients.add_client(world.runtime, name, [Scope.EVENTS_READ], actor="staff:1")[1] for name in "ab"]
    assert [ask(Api(world.app, key), 3) for key in keys] == [[200, 200, 429]] * 2
    client = world.app.test_client(use_cookies=False)

    def stranger(address: str, **headers: str) -> int:
        return client.get("/docs", environ_base={"REMOTE_ADDR": address}, headers=headers).status_code

    assert [stranger("10.0.0.1") for _ in range(3)] == [200, 200, 429]
    made_up = [stranger("10.0.0.1", Authorization=f"Bearer bd_{number}") for number in range(3)]
    assert made_up == [429] * 3  # a secret that anybody can make up is no name
    assert stranger("10.0.0.1", X_Forwarded_For="10.0.0.9") == 429
    assert stranger("10.0.0.2") == 200


def test_counts_of_one_process_begin_anew_after_a_minute(serve: Serve) -> None:
    world = serve(per_minute=2)
    client = Api(world.app, machine_clients.add_client(world.runtime, "a", [Scope.EVENTS_READ], actor="staff:1")[1])
    assert ask(client, 3) == [200, 200, 429]
    world.let_pass(MINUTE - timedelta(seconds=1))
    assert ask(client, 1) == [429]
    world.let_pass(timedelta(seconds=1))
    assert ask(client, 3) == [200, 200, 429]


def test_shared_counts_begin_anew_after_a_minute_and_old_ones_are_swept(serve: Serve) -> None:
    world = serve(per_minute=2, counts_in_database=True)
    keys = [machine_clients.add_client(world.runtime, name, [Scope.EVENTS_READ], actor="staff:1")[1] for name in "ab"]
    assert ask(Api(world.app, keys[0]), 3) == [200, 200, 429]
    world.let_pass(MINUTE)
    assert ask(Api(world.app, keys[1]), 1) == [200]
    with world.runtime.database.transaction() as session:
        kept = session.scalars(sa.select(RequestCount.key)).all()
    assert len(kept) == 1
    assert ask(Api(world.app, keys[0]), 3) == [200, 200, 429]


def test_no_address_is_kept_as_it_is(serve: Serve) -> None:
    world = serve(counts_in_database=True)
    world.app.test_client().get("/docs", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    with world.runtime.database.transaction() as session:
        (key,) = session.scalars(sa.select(RequestCount.key)).all()
    assert "203.0.113.9" not in key


def test_log_in_is_stricter_than_the_rest(serve: Serve) -> None:
    world = serve(sensitive_per_minute=3)
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    form = {"username": "nobody", "password": "guess"}
    found = [send(client, "/console/login", form).status_code for _ in range(4)]
    assert found == [401, 401, 401, 429]
    assert client.get("/console/login").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/applications", application_json()), ("/v1/signings", {"purpose": "identify"})]
)
def test_drafts_and_bankid_orders_are_stricter_too(serve: Serve, path: str, body: dict[str, Any]) -> None:
    world = serve(sensitive_per_minute=2)
    found = [world.anyone().call("POST", path, body).status_code for _ in range(3)]
    assert found == [201, 201, 429]


def test_the_operators_own_questions_are_not_counted(serve: Serve) -> None:
    world = serve(per_minute=1)
    client = world.app.test_client()
    for path in ("/healthz", "/healthz", "/readyz", "/metrics", "/static/app.css", "/static/app.css"):
        with client.get(path) as answer:
            assert answer.status_code != 429
            assert "RateLimit" not in answer.headers
