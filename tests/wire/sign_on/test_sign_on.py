"""Sign-on of staff by OpenID Connect, against a stand-in that signs for real and cheats when it is told to."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from tests.support.environment import complete_environment
from tests.support.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    StandIn,
    identity_provider,
    way_back,
)
from underwriting.app import create_app
from underwriting.house import bureaus_of, compose
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.environment import Secret
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings, SettingsRefused
from underwriting.platform.staff_accounts import add_staff, disable
from underwriting.platform.staff_settings import SignOnSettings

PASSWORD = "korrekt häst batteri häftklammer"
ROLES = {"kredit-chef": Role.SENIOR_UNDERWRITER, "kredit": Role.UNDERWRITER, "revision": Role.AUDITOR}
START, BACK = "/console/sign-on", "/console/sign-on/back"
Serve = Callable[..., FlaskClient]


@pytest.fixture
def provider(clock: FixedClock) -> Iterator[StandIn]:
    with identity_provider(clock.now()) as stand_in:
        yield stand_in


@pytest.fixture
def wall(provider: StandIn) -> FixedClock:
    """The machine's clock: the provider's is right."""
    return provider.clock


@pytest.fixture
def runtime(runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(runtime, wall=wall)


@pytest.fixture
def serve(runtime: Runtime, provider: StandIn) -> Serve:
    """A browser at the service, whose settings for the provider are these."""

    def serve(**settings: Any) -> FlaskClient:
        sign_on = SignOnSettings(
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=Secret(CLIENT_SECRET),
            ca=None,
            username_claim="preferred_username",
            role_claim="roles",
            roles={},
            provision=False,
        )
        staff = replace(runtime.settings.staff, sign_on=replace(sign_on, **settings), second_factor_required=True)
        return browser(app_with(replace(runtime, settings=replace(runtime.settings, staff=staff))))

    return serve


def app_with(runtime: Runtime) -> Flask:
    nobody: Any = object()
    return create_app(compose(runtime, bankid=nobody, bank=nobody, bureaus=bureaus_of(runtime.settings)))


def browser(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


@pytest.fixture
def ulla(runtime: Runtime) -> None:
    """Ulla is there, and has never signed on."""
    with runtime.database.transaction() as session:
        add_staff(session, runtime, "ulla", PASSWORD, Role.UNDERWRITER, person=None, at=runtime.clock.now())


def go(client: FlaskClient, target: str = "/console/agreements") -> dict[str, str]:
    """Off to the provider; the parameters with which it sends the browser back."""
    off = client.get(START, query_string={"next": target})
    assert off.status_code == 303, off.text
    assert off.location is not None
    answer = requests.get(off.location, allow_redirects=False, timeout=5)
    return way_back(answer.headers["Location"])


def sign_on(client: FlaskClient) -> TestResponse:
    return client.get(BACK, query_string=go(client))


def me(client: FlaskClient) -> Any:
    return client.get("/v1/me").get_json()


def test_whoever_is_there_signs_on_and_needs_no_second_factor_here(serve: Serve, ulla: None) -> None:
    client = serve()
    answer = sign_on(client)
    assert (answer.status_code, answer.location) == (303, "/console/agreements")
    assert me(client)["role"] == "underwriter"
    assert client.get("/console/account").status_code == 200


def test_the_way_there_proves_that_the_way_back_is_ours(serve: Serve, provider: StandIn, ulla: None) -> None:
    """State and nonce are new each time, and the verifier's hash alone is told."""
    client = serve()
    seen = [way_back(client.get(START).location or "") for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in seen}) == 2
        assert all(len(each[name]) >= 30 for each in seen)
    assert seen[0]["redirect_uri"] == "http://127.0.0.1:8080/console/sign-on/back"
    assert "code_verifier" not in seen[0]


# What must not let anybody in


CHEATS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "no audience": {"aud": None},
    "many audiences and no authorised party": {"aud": [CLIENT_ID, "somebody-else"]},
    "another authorised party": {"azp": "somebody-else"},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "over": {"exp": 1},
    "never over": {"exp": None},
    "from the future": {"iat": 99999999999},
    "not yet": {"nbf": 99999999999},
    "nobody": {"sub": None},
    "a person that is a number": {"sub": 7},
    "a person without a name": {"sub": ""},
    "a person with an unprintable name": {"sub": "p\x001"},
    "a person whose name is endless": {"sub": "p" * 256},
    "a list of persons": {"sub": ["p-1"]},
    "an end that is no number": {"exp": "soon"},
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_token_that_says_something_else_lets_nobody_in(
    serve: Serve, provider: StandIn, ulla: None, cheat: str
) -> None:
    provider.cheats = CHEATS[cheat]
    refused(serve())


def refused(client: FlaskClient, *, status: int = 403) -> None:
    answer = sign_on(client)
    assert answer.status_code == status, answer.text
    assert client.get_cookie(SESSION_COOKIE) is None
    assert client.get("/v1/me").status_code == 401


def test_a_token_without_signature_lets_nobody_in(serve: Serve, provider: StandIn, ulla: None) -> None:
    provider.algorithm = "none"
    refused(serve())


def test_a_token_signed_by_another_key_lets_nobody_in(serve: Serve, provider: StandIn, ulla: None) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    refused(serve())


def test_the_public_key_is_no_secret_to_sign_with(serve: Serve, provider: StandIn, ulla: None) -> None:
    provider.algorithm = "HS256"
    refused(serve())


@pytest.mark.parametrize(
    "change",
    [
        {"state": "another"},
        {"state": ""},
        {"code": "another"},
        {"code": ""},
        {"iss": "https://evil.example"},
    ],
)
def test_a_way_back_that_is_not_ours_lets_nobody_in(serve: Serve, ulla: None, change: dict[str, str]) -> None:
    client = serve()
    answer = client.get(BACK, query_string=go(client) | change)
    assert answer.status_code == 403
    assert client.get("/v1/me").status_code == 401


def test_a_provider_that_says_that_it_tells_who_it_is_has_to(serve: Serve, provider: StandIn, ulla: None) -> None:
    """RFC 9207: without that anybody's answer could be passed off as this provider's."""
    provider.document = {"authorization_response_iss_parameter_supported": True}
    client = serve()
    assert sign_on(client).status_code == 303
    returned = go(client)
    del returned["iss"]
    assert client.get(BACK, query_string=returned).status_code == 403


@pytest.mark.parametrize(("told", "status"), [("mfa", 303), ("password", 403), (None, 403), (["mfa"], 403)])
def test_where_the_settings_ask_for_it_the_provider_has_logged_them_in_that_way(
    serve: Serve, provider: StandIn, ulla: None, told: Any, status: int
) -> None:
    provider.person["acr"] = told
    client = serve(acr="mfa")
    assert way_back(client.get(START).location or "")["acr_values"] == "mfa"
    assert sign_on(client).status_code == status


def test_whoever_did_not_begin_does_not_end(serve: Serve, ulla: None) -> None:
    """An attacker's own sign-on is not planted in somebody's browser."""
    client = serve()
    returned = go(client)
    other = browser(client.application)
    assert other.get(BACK, query_string=returned).status_code == 403
    assert other.get(BACK).status_code == 403


def test_a_way_back_counts_once(serve: Serve, ulla: None) -> None:
    client = serve()
    returned = go(client)
    assert client.get(BACK, query_string=returned).status_code == 303
    again = client.get(BACK, query_string=returned)
    assert again.status_code == 403


def test_a_sign_on_is_ended_within_ten_minutes(serve: Serve, wall: FixedClock, ulla: None) -> None:
    client = serve()
    returned = go(client)
    wall.move_to(wall.now() + timedelta(minutes=10))
    assert client.get(BACK, query_string=returned).status_code == 403


def test_the_user_may_say_no(serve: Serve, ulla: None) -> None:
    client = serve()
    returned = go(client)
    said = {"error": "access_denied", "state": returned["state"]}
    assert client.get(BACK, query_string=said).status_code == 403


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
        {"jwks_uri": "http://127.0.0.1:9/keys"},
    ],
)
def test_a_document_that_leads_elsewhere_is_not_followed(
    serve: Serve, provider: StandIn, ulla: None, document: dict[str, Any]
) -> None:
    provider.document = document
    client = serve()
    answer = client.get(START)
    if answer.status_code == 303:
        provider.document = document
        answer = sign_on(client)
    assert answer.status_code == 503
    assert client.get("/v1/me").status_code == 401


def test_a_provider_that_is_down_is_said_to_be_and_passwords_go_on(serve: Serve, provider: StandIn, ulla: None) -> None:
    provider.down = True
    client = serve()
    answer = client.get(START)
    assert answer.status_code == 503
    assert 'name="password"' in answer.text
    provider.down = False
    returned = go(client)
    provider.down = True
    assert client.get(BACK, query_string=returned).status_code == 503


# Keys


def test_keys_are_remembered_and_asked_for_anew_when_they_change(serve: Serve, provider: StandIn, ulla: None) -> None:
    client = serve()
    for _ in range(3):
        assert sign_on(client).status_code == 303
    assert provider.asked.count("/keys") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    provider.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
    assert sign_on(client).status_code == 303
    assert provider.asked.count("/keys") == 2


def test_documents_count_for_an_hour(serve: Serve, provider: StandIn, wall: FixedClock, ulla: None) -> None:
    client = serve()
    sign_on(client)
    wall.move_to(wall.now() + timedelta(hours=1))
    sign_on(client)
    assert provider.asked.count("/keys") == 2


# Who it is here


def test_whoever_has_no_account_stays_outside(serve: Serve) -> None:
    refused(serve())


def test_where_it_is_allowed_an_account_is_made_with_the_role_of_the_claim(
    serve: Serve, provider: StandIn, runtime: Runtime
) -> None:
    provider.person["roles"] = ["everyone", "kredit"]
    client = serve(roles=ROLES, provision=True)
    assert sign_on(client).status_code == 303
    assert me(client)["role"] == "underwriter"
    with runtime.database.transaction() as session:
        user = session.scalars(sa.select(StaffUser)).one()
        noted = [(one.action, one.actor) for one in audit_log.entries_of(session, f"staff:{user.id}")]
    assert (user.username, user.password_hash) == ("ulla", None)
    assert noted[0] == ("staff.added", "identity-provider")


@pytest.mark.parametrize("told", [None, [], "everyone", ["everyone"], {"kredit": True}, 7])
def test_without_a_role_nobody_is_let_in(serve: Serve, provider: StandIn, ulla: None, told: Any) -> None:
    provider.person["roles"] = told
    refused(serve(roles=ROLES, provision=True))


@pytest.mark.parametrize(
    ("told", "role"),
    [("revision", "auditor"), (["kredit", "kredit-chef"], "senior_underwriter"), (["kredit"], "underwriter")],
)
def test_the_first_value_that_fits_gives_the_role(
    serve: Serve, provider: StandIn, ulla: None, told: Any, role: str
) -> None:
    provider.person["roles"] = told
    client = serve(roles=ROLES)
    sign_on(client)
    assert me(client)["role"] == role


def test_a_role_that_is_taken_ends_what_was_open_with_it(serve: Serve, provider: StandIn, ulla: None) -> None:
    provider.person["roles"] = ["kredit-chef"]
    client = serve(roles=ROLES)
    sign_on(client)
    elsewhere = browser(client.application)
    provider.person["roles"] = ["revision"]
    sign_on(elsewhere)
    assert client.get("/v1/me").status_code == 401
    assert me(elsewhere)["role"] == "auditor"


def test_a_person_is_known_by_the_providers_own_name_whatever_they_are_called(
    serve: Serve, provider: StandIn, ulla: None
) -> None:
    client = serve()
    sign_on(client)
    first = me(client)["actor"]
    provider.person["preferred_username"] = "ulla.gift"
    sign_on(client)
    assert me(client)["actor"] == first


def test_nobody_takes_the_account_of_another_by_its_name(serve: Serve, provider: StandIn, ulla: None) -> None:
    client = serve(roles=ROLES, provision=True)
    provider.person["roles"] = ["kredit"]
    sign_on(client)
    provider.person["sub"] = "p-2"
    refused(browser(client.application))


@pytest.mark.parametrize("name", [None, "", "u\x00lla", 7, "x" * 201])
def test_a_name_that_is_none_finds_nobody(serve: Serve, provider: StandIn, ulla: None, name: Any) -> None:
    provider.person["preferred_username"] = name
    refused(serve())


def test_a_closed_account_stays_closed(serve: Serve, runtime: Runtime, ulla: None) -> None:
    client = serve()
    sign_on(client)
    disable(runtime, "ulla")
    refused(browser(client.application))


def test_the_session_before_it_ends(serve: Serve, ulla: None) -> None:
    client = serve()
    sign_on(client)
    before = client.get_cookie(SESSION_COOKIE)
    assert before is not None
    sign_on(client)
    other = browser(client.application)
    other.set_cookie(SESSION_COOKIE, before.value)
    assert other.get("/v1/me").status_code == 401


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_to_no_other_site(serve: Serve, ulla: None, target: str) -> None:
    client = serve()
    assert client.get(BACK, query_string=go(client, target)).location == "/"


def test_where_no_provider_is_named_there_is_no_sign_on(runtime: Runtime) -> None:
    client = browser(app_with(runtime))
    assert client.get(START).status_code == 404
    assert client.get(BACK).status_code == 404
    assert START not in client.get("/console/login").text


def test_the_page_offers_it_where_there_is_one(serve: Serve) -> None:
    assert f"{START}?next=" in serve().get("/console/login").text


# Settings


def environment(folder: Path, **more: str) -> dict[str, str]:
    named = {"OIDC_ISSUER": "http://127.0.0.1:9/", "OIDC_CLIENT_ID": "borgen", "OIDC_CLIENT_SECRET": "s"}
    return complete_environment(folder) | named | more


def test_the_settings_say_who_the_provider_is(tmp_path: Path) -> None:
    given = environment(tmp_path, OIDC_ROLES='{"kredit": "underwriter"}', OIDC_PROVISION="true")
    read = Settings.from_environment(given).staff.sign_on
    assert read is not None
    assert (read.issuer, read.roles, read.provision) == ("http://127.0.0.1:9/", {"kredit": Role.UNDERWRITER}, True)
    assert (read.username_claim, read.role_claim) == ("preferred_username", "roles")
    assert "'s'" not in repr(read)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"OIDC_ISSUER": "http://idp.example"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://idp.example"}, "OIDC_ISSUER"),  # not in the sandbox
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID"),
        ({"OIDC_ROLES": '{"kredit": "king"}'}, "OIDC_ROLES"),
        ({"OIDC_ROLES": "[]"}, "OIDC_ROLES"),
        ({"OIDC_ROLES": '{"kredit": ["underwriter"]}'}, "OIDC_ROLES"),
        ({"OIDC_PROVISION": "true"}, "OIDC_PROVISION"),
        ({"OIDC_CA": "/nowhere.pem"}, "OIDC_CA"),
    ],
)
def test_a_provider_that_cannot_be_is_refused_at_start(tmp_path: Path, more: dict[str, str], name: str) -> None:
    """X1: in the sandbox it answers on loopback."""
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment(environment(tmp_path, **more))
    assert [problem.name for problem in refused.value.problems] == [name]
