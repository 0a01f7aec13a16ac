"""Somebody in front of a browser without scripts: follows links, fills in forms, signs in BankID's app."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from agreements.credit.models import Agreement
from agreements.credit.service import grant
from tests.support.credit import granted_terms
from tests.support.house import Api, HouseWorld
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.sessions import open_for_person

_BETWEEN_QUESTIONS = timedelta(seconds=3)  # BankID is asked every other second
_TAG = re.compile(r"<[^>]+>")


@dataclass
class Visitor:
    """One browser with its cookies; *api* is who is logged in, if anybody."""

    world: HouseWorld
    api: Api | None = None
    language: str = "sv"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.world.app.test_client()
        if self.api is not None:
            self.client.set_cookie(SESSION_COOKIE, self.api.token or "")

    def open(self, path: str, status: int = 200) -> str:
        """The page at *path*, whose status is *status*; its entities are read."""
        answer = self.client.get(path, headers=self._headers)
        assert answer.status_code == status, (answer.status_code, text_of(answer.text))
        return unescape(answer.text)

    def sent_on(self, path: str) -> str:
        """Where the page at *path* leads at once."""
        answer = self.client.get(path, headers=self._headers)
        assert answer.status_code == 303, (answer.status_code, text_of(answer.text))
        return urlsplit(answer.location).path

    def send(self, path: str, page: str = "/", **fields: Any) -> TestResponse:
        """Send a form to *path*, with the token of the form on *page*; the answer."""
        own = {"csrf_token": self._token(page)}
        return self.client.post(path, data=own | fields, headers=self._headers)

    def identify(self, path: str, person: PersonalNumber) -> TestResponse:
        """Press the button of the page at *path* that starts BankID, be *person* there; where that leads."""
        order = self.start_bankid(path)
        signed = self.world.bankid.act(f"orders/{self.app_link(order)}/sign", {"personal_number": person.digits})
        self.world.let_pass(_BETWEEN_QUESTIONS)
        assert self.sent_on(own_part(signed.json()["return_url"])) == order
        answer = self.client.get(order, headers=self._headers)
        assert answer.status_code == 303, text_of(answer.text)
        return self.client.get(answer.location, headers=self._headers)

    def start_bankid(self, path: str = "/login") -> str:
        """Press the button of the page at *path* that starts BankID; the address of the order's page."""
        started = self.send(path, path)
        assert started.status_code == 303, text_of(started.text)
        return started.location

    def app_link(self, order: str) -> str:
        """Choose this device on the page *order*; the token by which its link then opens the app."""
        assert self.send(f"{order}/open-here", order).status_code == 303
        watched = self.open(order)
        token = re.search(r'href="[^"]*(?:/orders/|autostarttoken=)([\w-]+)', watched)
        assert token is not None, watched
        return token[1]

    def _token(self, page: str) -> str:
        shown = self.client.get(page, headers=self._headers).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        if found is None:  # a page of nothing but facts; every page's menu or the log-in has one
            return self._token("/login")
        return found[1]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Accept-Language": self.language}


def grant_directly(world: HouseWorld, **changes: Any) -> Agreement:
    """An agreement that Anna signs and that Erik and Maria guarantee: 218 000 kr, nobody has signed."""
    at = world.runtime.clock.now()
    with world.runtime.database.transaction() as session:
        return grant(session, world.runtime, granted_terms(at, **changes), at=at)


def visit(world: HouseWorld, person: PersonalNumber, *, language: str = "sv") -> Visitor:
    """The browser of *person*, who was identified by BankID a moment ago."""
    with world.runtime.database.transaction() as session:
        return Visitor(world, Api(world.app, open_for_person(session, world.runtime, person)), language)


def own_part(url: str) -> str:
    """Path and query of an address of the service."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def text_of(page: str) -> str:
    """What of *page* people read, on one line."""
    body = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(_TAG.sub(" ", body)).split())
