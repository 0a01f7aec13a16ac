"""Sessions that were made up, changed, planted or are over: none of them opens anything."""

import pytest
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from tests.api.test_account import cookie, reader, send
from tests.support.house import PASSWORD, Api, HouseWorld
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import DRAFT_COOKIE, SESSION_COOKIE

FORM = {"username": "astrid", "password": PASSWORD, "next": "/console/"}


def changed(token: str, place: int) -> str:
    """*token* with one letter replaced."""
    letters = list(token)
    letters[place] = "A" if letters[place] != "A" else "B"
    return "".join(letters)


@pytest.mark.parametrize("place", [3, 20, -1])
def test_a_token_of_which_one_letter_is_changed_is_nobodys(world: HouseWorld, place: int) -> None:
    token = world.staff(Role.ADMINISTRATOR).token or ""
    Api(world.app, token).get("/v1/me")
    Api(world.app, changed(token, place)).get("/v1/me", status=401)
    Api(world.app, token[:-1]).get("/v1/me", status=401)
    Api(world.app, token + "A").get("/v1/me", status=401)


def test_a_session_that_was_planted_is_not_the_one_that_is_logged_in(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    attacker = world.staff(Role.BILLING, username="eve").token or ""
    for planted in ("bs_chosen-by-somebody-else", attacker):
        client = reader(world)
        client.set_cookie(SESSION_COOKIE, planted)
        assert send(client, "/console/login", FORM).status_code == 303
        assert cookie(client) not in (None, planted)
        assert Api(world.app, planted).call("GET", "/v1/me").status_code == 401


def test_a_token_is_over_once_its_owner_has_logged_out(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = reader(world)
    send(client, "/console/login", FORM)
    token = cookie(client)
    send(client, "/logout", {}, page="/console/account")
    Api(world.app, token).get("/v1/me", status=401)


def test_a_secret_of_one_kind_is_none_of_another(world: HouseWorld) -> None:
    """A draft's secret in the place of a session, and the reverse, and both under each other's beginning."""
    token = world.staff(Role.ADMINISTRATOR).token or ""
    client = world.app.test_client(use_cookies=False)
    assert client.get("/v1/fee-runs", headers={"Cookie": f"{SESSION_COOKIE}=bd_{token[3:]}"}).status_code == 401
    assert client.get("/v1/fee-runs", headers={"Cookie": f"{DRAFT_COOKIE}=bd_{token[3:]}"}).status_code == 401
    for start in ("bd_", "bt_", "bk_", ""):
        Api(world.app, start + token[3:]).get("/v1/fee-runs", status=401)


def test_what_the_form_cookie_says_counts_only_under_our_key(world: HouseWorld) -> None:
    """A sign-on that was made up: state, nonce and verifier of somebody else's choice."""
    signer = SecureCookieSessionInterface().get_signing_serializer(world.app)
    assert isinstance(signer, URLSafeTimedSerializer)
    forged = URLSafeTimedSerializer("guessed", salt=signer.salt, serializer=signer.serializer).dumps(
        {"csrf_token": "a"}
    )
    client = reader(world)
    client.set_cookie(world.app.config["SESSION_COOKIE_NAME"], forged)
    assert client.post("/console/login", data=FORM | {"csrf_token": "a"}).status_code == 400


@pytest.mark.parametrize("where", ["query", "form"])
def test_a_token_in_the_address_or_a_form_is_not_looked_for(world: HouseWorld, where: str) -> None:
    token = world.staff(Role.ADMINISTRATOR).token
    client = world.app.test_client(use_cookies=False)
    names = dict.fromkeys(("token", "access_token", "session", SESSION_COOKIE), token)
    answer = client.get("/v1/fee-runs", **({"query_string": names} if where == "query" else {"data": names}))
    assert answer.status_code == 401


def test_the_cookies_are_for_no_script_and_no_other_site(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = reader(world)
    answers = [client.get("/console/login"), send(client, "/console/login", FORM), client.get("/language/en")]
    told = [each for answer in answers for each in answer.headers.getlist("Set-Cookie")]
    assert len(told) >= 3
    for each in told:
        assert "HttpOnly" in each
        assert "SameSite=Lax" in each
        assert "Domain=" not in each
