"""Somebody sends the link of an order of their own to somebody else, who identifies: nobody is logged in by that."""

import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from agreements.signing.models import Signing
from tests.support.house import Api, HouseWorld
from tests.support.lending import ANNA, application_json
from tests.support.visitor import Visitor, own_part, text_of
from underwriting.kernel.vocabulary import SigningState
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.models import LoginSession

_LATER = timedelta(seconds=3)
_TOLD = "Fortsätt i det fönster som BankID-appen öppnade"


def identified(world: HouseWorld, token: str) -> str:
    """What Anna does with a link in BankID's app; the address to which the app leads her own browser."""
    answer = world.bankid.act(f"orders/{token}/sign", {"personal_number": ANNA.digits})
    world.let_pass(_LATER)
    return own_part(answer.json()["return_url"])


def sessions(world: HouseWorld) -> int:
    """How many are logged in, or were."""
    with world.runtime.database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) or 0


def row(world: HouseWorld, order: str) -> Mapping[str, Any]:
    """The order of the page *order* as it is kept."""
    with world.runtime.database.transaction() as session:
        kept = session.get_one(Signing, uuid.UUID(order.rpartition("/")[2]), populate_existing=True)
        return dict(vars(kept))


def test_whoever_sends_a_link_to_somebody_else_is_not_logged_in(world: HouseWorld) -> None:
    """The starter lacks the nonce, the other lacks the secret: both get nothing, and are told so."""
    starter, other = Visitor(world), Visitor(world)
    order = starter.start_bankid()
    back = identified(world, starter.app_link(order))
    for _ in range(2):
        assert _TOLD in text_of(starter.open(order))
        assert _TOLD in starter.open(f"{order}/live")
        asked = starter.client.get(f"/v1{order}")
        assert (asked.get_json()["state"], asked.get_json().get("session_token")) == ("complete", None)
        told = text_of(other.open(back, 409))
        assert "loggas inte in" in told
        world.let_pass(_LATER)
    assert sessions(world) == 0
    assert starter.client.get_cookie(SESSION_COOKIE) is other.client.get_cookie(SESSION_COOKIE) is None


def test_the_link_of_an_application_gives_the_signature_and_no_session(world: HouseWorld) -> None:
    """S1: what Anna signs is signed; whoever wrote the draft in her name does not become her."""
    draft = world.anyone().post("/v1/applications", application_json())
    holder = Api(world.app, draft["access_secret"])
    started = holder.post(f"/v1/applications/{draft['id']}/submit")
    order, secret = f"/v1/signings/{started['signing_id']}", {"Signing_Secret": started["secret"]}
    opened = world.anyone().call("POST", f"{order}/same-device", **secret).get_json()
    assert "qr_content" not in opened
    assert world.bankid.act(f"orders/{opened['auto_start_token']}/sign", {}).ok
    world.let_pass(_LATER)
    seen = world.anyone().call("GET", order, **secret).get_json()
    assert (seen["state"], seen.get("session_token")) == ("complete", None)
    assert sessions(world) == 0


def test_who_opens_the_app_on_the_same_device_is_logged_in_once(world: HouseWorld) -> None:
    visitor = Visitor(world)
    order = visitor.start_bankid()
    back = identified(world, visitor.app_link(order))
    for _ in range(2):  # the address is gone to again, from the browser's list of pages
        assert visitor.sent_on(back) == order
        assert visitor.sent_on(order) == "/my"
    visitor.open("/my")
    assert sessions(world) == 1


def test_the_browser_may_come_back_before_bankid_is_asked(world: HouseWorld) -> None:
    visitor = Visitor(world)
    order = visitor.start_bankid()
    token = visitor.app_link(order)
    visitor.open(order)  # BankID was asked just now
    answer = world.bankid.act(f"orders/{token}/sign", {"personal_number": ANNA.digits})
    assert visitor.sent_on(own_part(answer.json()["return_url"])) == order
    visitor.open(order)
    world.let_pass(_LATER)
    assert visitor.sent_on(order) == "/my"


def test_no_nonce_but_the_orders_own_is_taken(world: HouseWorld) -> None:
    """Wrong, empty, missing, of another order of the same person, and for an order that has none."""
    visitor, other = Visitor(world), Visitor(world)
    order, others = visitor.start_bankid(), other.start_bankid()
    identified(world, visitor.app_link(order))
    foreign = identified(world, other.app_link(others)).rpartition("=")[2]
    for query in ("", "?nonce=", "?nonce=x", f"?nonce={foreign}", f"?nonce={'x' * 5000}", "?nonce=%00"):
        visitor.open(f"{order}/return{query}", 409)
    visitor.open(order)
    scanned = Visitor(world)
    by_code = scanned.start_bankid()
    scanned.open(f"{by_code}/return?nonce={foreign}", 409)
    assert sessions(world) == 0


def test_a_nonce_is_of_no_use_to_a_second_session(world: HouseWorld) -> None:
    """Neither to whoever has the secret as well."""
    visitor = Visitor(world)
    order = visitor.start_bankid()
    back = identified(world, visitor.app_link(order))
    visitor.sent_on(back)
    visitor.sent_on(order)
    visitor.client.delete_cookie(SESSION_COOKIE)
    visitor.sent_on(back)
    visitor.sent_on(order)
    assert visitor.client.get_cookie(SESSION_COOKIE) is None


def test_an_order_for_a_qr_code_shows_nothing_that_opens_it_by_a_link(world: HouseWorld) -> None:
    visitor = Visitor(world)
    order = visitor.start_bankid()
    tokens = [one["auto_start_token"] for one in requests.get(f"{world.bankid.app_url}orders", timeout=5).json()]
    started = world.anyone().call("POST", "/v1/signings", {"purpose": "identify"})
    texts = [visitor.open(order), visitor.open(f"{order}/live"), visitor.client.get(f"/v1{order}").text, started.text]
    assert tokens
    for text in texts:
        assert not re.search(r"autostarttoken=|/orders/", text)
        assert not [token for token in tokens if token in text]
    assert "auto_start_token" not in visitor.client.get(f"/v1{order}").get_json()


def test_an_order_for_the_device_has_no_code_and_no_way_back_to_one(world: HouseWorld) -> None:
    visitor = Visitor(world)
    order = visitor.start_bankid()
    code = visitor.client.get(f"/v1{order}").get_json()["qr_content"]
    token = visitor.app_link(order)
    assert "<svg" not in visitor.open(order)
    assert "qr_content" not in visitor.client.get(f"/v1{order}").get_json()
    assert not world.bankid.act(f"orders/{code}/sign", {"personal_number": ANNA.digits}).ok
    assert visitor.app_link(order) == token  # a second press places no second order


def test_nobody_but_the_starter_chooses_the_device(world: HouseWorld) -> None:
    visitor, other = Visitor(world), Visitor(world)
    order = visitor.start_bankid()
    other.start_bankid()
    assert other.send(f"{order}/open-here", "/login").status_code == 404
    assert world.anyone().call("POST", f"/v1{order}/same-device", Signing_Secret="x").status_code == 404
    assert row(world, order)["return_nonce_hash"] is None


def test_a_renewed_order_for_the_device_asks_for_its_own_nonce(world: HouseWorld) -> None:
    """What came back from an order that was replaced says nothing about the one in its place."""
    visitor = Visitor(world)
    order = visitor.start_bankid()
    first = visitor.app_link(order)
    before = row(world, order)["return_nonce_hash"]
    world.let_pass(timedelta(seconds=31))
    visitor.open(order)
    after = row(world, order)
    assert after["return_nonce_hash"] not in (None, before)
    assert after["returned_at"] is None
    assert first not in visitor.open(order)


@pytest.mark.parametrize("fault", ["maintenance", "html_502"])
def test_where_bankid_is_away_the_order_is_over(world: HouseWorld, fault: str) -> None:
    visitor = Visitor(world)
    order = visitor.start_bankid()
    world.bankid.act("faults", {"fault": fault})
    answer = visitor.send(f"{order}/open-here", "/login")
    world.bankid.act("faults", {"fault": None})
    assert answer.status_code == 503
    assert row(world, order)["state"] == SigningState.FAILED
    visitor.open(order)
