"""What people do over HTTP: citizens with BankID in the stand-in's app, staff with a password, payers at the bank."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

from agreements.signing.sandbox.people import Person
from underwriting.demo.cast import StaffMember
from underwriting.demo.wire import Unexpected, Wire

_LOGGED_IN_FOR = timedelta(hours=7)  # an hour less than a session lasts
_SESSION_COOKIE = "borgen_session"
_ASKED_AGAIN_WITHIN_SECONDS = 10
_LOOK_EVERY_SECONDS = 0.2

Now = Callable[[], datetime]


@dataclass
class Citizen:
    """A person with BankID. *web* is the service, *app* the stand-in's BankID app."""

    person: Person
    web: Wire
    app: Wire
    now: Now
    _token: str | None = None
    _since: datetime | None = None

    @property
    def token(self) -> str:
        """Of a session that lasts; the person identifies with BankID when there is none."""
        if self._token is None or self._since is None or not self._since <= self.now() < self._since + _LOGGED_IN_FOR:
            self.carry_out(self.web.send("POST", "/v1/signings", {"purpose": "identify"}))
        if self._token is None:
            raise Unexpected(f"{self.person.name} was identified and not logged in")
        return self._token

    def sign(self, purpose: str, subject_id: str) -> None:
        """Read and sign an agreement or a guarantee."""
        self.carry_out(
            self.web.send("POST", "/v1/signings", {"purpose": purpose, "subject_id": subject_id}, token=self.token)
        )

    def carry_out(self, started: dict[str, Any]) -> None:
        """Do in the app what a started order asks for; whoever has signed is logged in. Raises Unexpected."""
        body = {"personal_number": self.person.personal_number}
        self.app.send("POST", f"/orders/{started['qr_content']}/sign", body)
        order = self._watched(started)
        if order["state"] != "complete":
            raise Unexpected(f"the order of {self.person.name} is {order['state']}: {order.get('message')}")
        self._token, self._since = order.get("session_token") or self._token, self.now()

    def _watched(self, started: dict[str, Any]) -> dict[str, Any]:
        """The order once it is over. A worker that looked before the signature was there looks again in two seconds."""
        deadline = time.monotonic() + _ASKED_AGAIN_WITHIN_SECONDS
        while True:
            path, secret = f"/v1/signings/{started['signing_id']}", started["secret"]
            order: dict[str, Any] = self.web.get(path, headers={"Signing-Secret": secret})
            if order["state"] != "pending" or time.monotonic() > deadline:
                return order
            time.sleep(_LOOK_EVERY_SECONDS)


@dataclass
class Employee:
    """One of the lender's staff, who logs in on the console's page."""

    member: StaffMember
    web: Wire
    now: Now
    _token: str | None = None
    _since: datetime | None = None

    @property
    def token(self) -> str:
        """Of a session that lasts."""
        if self._token is None or self._since is None or not self._since <= self.now() < self._since + _LOGGED_IN_FOR:
            self._token, self._since = self._log_in(), self.now()
        return self._token

    def _log_in(self) -> str:
        form = self.web.page("/console/login")
        found = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
        if found is None:
            raise Unexpected("the log-in page has no token")
        values = {"csrf_token": html.unescape(found[1]), "username": self.member.username}
        values["password"] = self.member.password
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in _cookies(form.headers.get_all("Set-Cookie")))
        answer = self.web.page("/console/login", cookie=cookies, form=values)
        token = dict(_cookies(answer.headers.get_all("Set-Cookie"))).get(_SESSION_COOKIE)
        if token is None:
            raise Unexpected(f"{self.member.username} could not log in")
        return str(token.value)


@dataclass(frozen=True, slots=True)
class Bank:
    """The stand-in bank as those who pay use it."""

    wire: Wire
    lender_bankgiro: str

    def pay(self, amount: str, *, ocr: str, payer: str) -> None:
        """Pay *amount* kronor to the lender with the *ocr* number."""
        body = {"bankgiro": self.lender_bankgiro, "reference": ocr, "amount": amount, "payer_name": payer}
        self.wire.send("POST", "/payments", body)


def _cookies(headers: list[str] | None) -> list[tuple[str, Any]]:
    return [pair for header in headers or [] for pair in SimpleCookie(header).items()]
