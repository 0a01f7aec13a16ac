"""Whatever a browser's cookie alone allows needs a token of a page of ours."""

import re

import pytest
from flask.testing import FlaskClient

from agreements.signing.routes import SIGNING_COOKIE
from tests.support.house import Api, HouseWorld
from tests.support.lending import application_json
from underwriting.platform.authentication import DRAFT_COOKIE, SESSION_COOKIE


@pytest.fixture
def browser(world: HouseWorld) -> FlaskClient:
    return world.app.test_client()


def token_of(browser: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/console/login").text)
    assert found
    return found[1]


def test_an_order_is_ended_by_the_cookie_only_with_a_token(world: HouseWorld, browser: FlaskClient) -> None:
    started = world.anyone().post("/v1/signings", {"purpose": "identify"})
    order = f"/v1/signings/{started['signing_id']}"
    browser.set_cookie(SIGNING_COOKIE, started["secret"])
    refused = browser.delete(order)
    assert (refused.status_code, refused.get_json()["type"]) == (400, "/problems/form-expired")
    assert browser.get(order).get_json()["state"] == "pending"
    assert browser.delete(order, headers={"X-CSRFToken": token_of(browser)}).status_code == 204


def test_an_order_is_put_on_this_device_by_the_cookie_only_with_a_token(
    world: HouseWorld, browser: FlaskClient
) -> None:
    started = world.anyone().post("/v1/signings", {"purpose": "identify"})
    order = f"/v1/signings/{started['signing_id']}"
    browser.set_cookie(SIGNING_COOKIE, started["secret"])
    assert browser.post(f"{order}/same-device").status_code == 400
    assert "auto_start_token" not in browser.get(order).get_json()
    opened = browser.post(f"{order}/same-device", headers={"X-CSRFToken": token_of(browser)})
    assert opened.get_json()["auto_start_token"]


def test_an_order_is_ended_by_its_secret_in_the_header(world: HouseWorld) -> None:
    started = world.anyone().post("/v1/signings", {"purpose": "identify"})
    ended = world.anyone().call("DELETE", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
    assert ended.status_code == 204


@pytest.mark.parametrize("cookie", [DRAFT_COOKIE, SESSION_COOKIE])
def test_a_write_of_the_interface_by_a_cookie_needs_a_token(
    world: HouseWorld, browser: FlaskClient, cookie: str
) -> None:
    draft = world.anyone().post("/v1/applications", application_json())
    browser.set_cookie(cookie, draft["access_secret"])
    path = f"/v1/applications/{draft['id']}"
    assert browser.delete(path).status_code == 400
    assert Api(world.app, draft["access_secret"]).get(path)["state"] == "draft"
    assert browser.delete(path, headers={"X-CSRFToken": token_of(browser)}).status_code == 204
