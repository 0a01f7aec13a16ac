"""The page on which a person signs: alike with and without scripts, cheap to look at, and of its starter alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from agreements.signing.models import Signing
from tests.support.credit import ANNA
from tests.support.house import HouseWorld
from underwriting.platform.models import AuditEntry, LoginSession

_LIVE = re.compile(r'<(p|div) [^>]*id="(told|qr)" data-live>.*?</\1>', re.DOTALL)


@dataclass
class Watched:
    """A log-in that somebody has started, and the browser in which it is watched."""

    world: HouseWorld
    browser: FlaskClient
    signing_id: UUID
    code: str

    def look(self, part: str = "", *, after_seconds: float = 3) -> TestResponse:
        """The page, or with */live* what changes of it, after a while."""
        self.world.let_pass(timedelta(seconds=after_seconds))
        return self.browser.get(f"/signings/{self.signing_id}{part}")

    def act(self, what: str) -> None:
        """What the person does in the app."""
        body = {"personal_number": ANNA.digits} if what == "sign" else {}
        answer = self.world.bankid.act(f"orders/{self.code}/{what}", body)
        assert answer.ok, answer.text


@pytest.fixture
def watched(world: HouseWorld) -> Iterator[Watched]:
    with world.app.test_client() as browser:
        started = browser.post("/v1/signings", json={"purpose": "identify"}).get_json()
        yield Watched(world, browser, UUID(started["signing_id"]), started["qr_content"])


def live_parts(text: str) -> list[str]:
    """What changes on a page while it is watched, each part with its element."""
    return [found.group() for found in _LIVE.finditer(text)]


def test_the_page_looks_again_by_itself_without_scripts(watched: Watched) -> None:
    page = watched.look().text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert f'data-live="/signings/{watched.signing_id}/live"' in page


def test_what_scripts_fetch_is_what_the_page_shows(watched: Watched) -> None:
    for act in (None, "open", "cancel"):
        if act == "open":
            watched.world.bankid.open(watched.code)
        elif act:
            watched.act(act)
        page, part = watched.look(), watched.look("/live", after_seconds=0)
        assert act == "cancel" or live_parts(part.text) == live_parts(page.text) != []
        assert (part.status_code, part.headers["Cache-Control"]) == (200, "no-store")
        version = "failed" if act == "cancel" else "pending"
        assert part.text.startswith(f'<main data-version="{version}">')


def test_the_page_holds_the_codes_of_this_second_and_the_next(watched: Watched) -> None:
    first = re.findall(r'<path class="(first|second)" d="([^"]+)"', watched.look(after_seconds=0).text)
    second = re.findall(r'<path class="(first|second)" d="([^"]+)"', watched.look(after_seconds=1).text)
    assert [name for name, _ in first] == ["first", "second"]
    assert first[1][1] == second[0][1]
    assert len({drawn for _, drawn in (*first, *second)}) == 3


def test_once_the_app_is_open_its_code_is_gone(watched: Watched) -> None:
    assert "<svg" in watched.look("/live").text
    watched.world.bankid.open(watched.code)
    told = watched.look("/live").text
    assert "<svg" not in told
    assert "skriv din säkerhetskod" in told


@pytest.mark.parametrize("part", ["", "/live"])
def test_whoever_is_identified_is_logged_in_by_the_next_look(watched: Watched, part: str) -> None:
    watched.act("sign")
    answer = watched.look(part)
    assert (answer.status_code, answer.location) == (303, "/my")
    assert watched.browser.get("/my").status_code == 200
    with watched.world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 1


@pytest.mark.parametrize("part", ["", "/live"])
def test_an_order_is_shown_to_nobody_but_whoever_started_it(watched: Watched, part: str) -> None:
    with watched.world.app.test_client() as stranger:
        assert stranger.get(f"/signings/{watched.signing_id}{part}").status_code == 404
        stranger.post("/v1/signings", json={"purpose": "identify"})  # whoever has an order has a cookie
        assert stranger.get(f"/signings/{watched.signing_id}{part}").status_code == 404


def test_the_page_tells_in_english_what_bankid_waits_for(watched: Watched) -> None:
    watched.browser.set_cookie("language", "en")
    assert "Open your BankID app and scan the QR code." in watched.look("/live").text


def test_looking_writes_nothing_but_when_bankid_is_to_be_asked_again(watched: Watched) -> None:
    """A page is looked at every other second: no session, no audit entry and no other row comes of it."""
    watched.look()
    with watched.world.runtime.database.transaction() as session:
        entries = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
        before = session.get_one(Signing, watched.signing_id).__dict__.copy()
    watched.look("/live")
    watched.look()
    with watched.world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == entries
        assert session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0
        after = session.get_one(Signing, watched.signing_id, populate_existing=True).__dict__
    changed = {name for name in before if name != "_sa_instance_state" and before[name] != after[name]}
    assert changed == {"collect_after"}


def test_a_look_sends_the_database_two_statements(watched: Watched) -> None:
    """The question to BankID is claimed and its answer kept; where it is not due the order is read."""
    sent: list[str] = []
    source = watched.world.runtime.database.engine
    watched.look("/live")
    sa.event.listen(source, "before_cursor_execute", lambda _c, _k, statement, *_: sent.append(statement.split()[0]))
    watched.look("/live")
    asked = [word for word in sent if word not in ("SAVEPOINT", "RELEASE")]
    sent.clear()
    watched.look("/live", after_seconds=0)
    unasked = [word for word in sent if word not in ("SAVEPOINT", "RELEASE")]
    assert (asked, unasked) == (["UPDATE", "UPDATE"], ["UPDATE", "SELECT"])
