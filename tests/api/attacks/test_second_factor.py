"""A stolen password, or a browser that was left open, does not replace the second factor."""

from datetime import timedelta

import pyotp

from tests.api.test_account import browser, cookie, enrol, log_in, reader, send
from tests.support.house import PASSWORD, HouseWorld

PAGE = "/console/account/second-factor"


def test_whoever_has_the_password_alone_sets_up_no_factor_of_their_own(strict: HouseWorld) -> None:
    owner = browser(strict)
    log_in(owner)
    enrol(strict, owner)
    strict.let_pass(timedelta(minutes=2))
    thief = reader(strict)
    log_in(thief)
    shown = thief.get(PAGE)
    assert shown.status_code in (303, 401, 403, 404)
    assert "otpauth" not in shown.text
    sent = send(thief, PAGE, {"code": "000000"}, page="/console/account/code")
    assert sent.status_code in (303, 401, 403, 404)
    assert thief.get("/v1/me").status_code == 401


def test_a_browser_that_was_left_open_sets_up_no_factor_without_the_password(strict: HouseWorld) -> None:
    owner = browser(strict)
    log_in(owner)
    enrol(strict, owner)
    assert 'name="password"' in owner.get(PAGE).text
    before = cookie(owner)
    _, refused = enrol(strict, owner)  # with a code that is right
    assert refused.status_code == 401
    assert cookie(owner) == before
    secret = owner.get(PAGE).text.split("<code>")[1].split("</code>")[0].replace(" ", "")
    form = {"code": pyotp.TOTP(secret).at(strict.wall.now()), "password": PASSWORD}
    assert send(owner, PAGE, form).text.count("<code>") == 10
