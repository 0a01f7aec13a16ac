"""REST's token: one for all threads, asked for by one of them at a time.

A question that waits for a token has not left, so whatever goes wrong here, it was certainly not carried out.
Creditsafe locks an account out for five minutes after five wrong log-ins within two; therefore a log-in that was
declined is not tried again for a while.
"""

import json
import threading
import time

from bureau_clients.creditsafe.envelopes import NotAnAnswer
from bureau_clients.creditsafe.rest_formats import read_token
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.transport import HttpAnswer, Transport, check_address
from underwriting.platform.environment import Secret

GOOD_SECONDS = 55 * 60  # of the hour that it is good for
PAUSE_SECONDS = 120  # after a log-in that was declined

_DECLINED = frozenset({"http-400", "http-401", "http-403", "http-429"})


class Token:
    """The token of one account, renewed before it goes out and whenever it is refused."""

    def __init__(self, url: str, *, username: str, password: Secret[str], transport: Transport) -> None:
        """Ask for it at *url*. ValueError for an address that is neither https nor on loopback."""
        check_address(url)
        self._url = url
        self._username = username
        self._password = password
        self._transport = transport
        self._lock = threading.Lock()
        self._value: str | None = None
        self._good_until_seconds = 0.0
        self._failure: BureauFailure | None = None
        self._pause_until_seconds = 0.0

    def value(self, *, refused: str | None = None) -> str:
        """A token that is not the *refused* one. Raises BureauUnavailable or BureauRefused.

        Who waited while another thread failed to get one fails with it, and does not wait a second time.
        """
        waited_from_seconds = time.monotonic()
        with self._lock:
            if self._value is not None and self._value != refused and time.monotonic() < self._good_until_seconds:
                return self._value
            return self._renewed(waited_from_seconds)

    def renewed(self) -> str:
        """A token that was given just now; where none is, the one there was stays. Raises as `value` does."""
        waited_from_seconds = time.monotonic()
        with self._lock:
            return self._renewed(waited_from_seconds)

    def _renewed(self, waited_from_seconds: float) -> str:
        if self._failure is not None and waited_from_seconds < self._pause_until_seconds:
            raise type(self._failure)(self._failure.code, part=self._failure.part)
        try:
            self._value = self._ask()
        except BureauFailure as failure:
            self._failure = failure
            self._pause_until_seconds = time.monotonic() + (PAUSE_SECONDS if failure.code in _DECLINED else 0)
            raise
        self._failure = None
        self._good_until_seconds = time.monotonic() + GOOD_SECONDS
        return self._value

    def _ask(self) -> str:
        account = {"username": self._username, "password": self._password.reveal()}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            answer = self._transport.send("POST", self._url, headers=headers, body=json.dumps(account).encode())
        except OutcomeUnknown as lost:
            raise BureauUnavailable(lost.code, part="token") from lost
        return _token_in(answer)


def _token_in(answer: HttpAnswer) -> str:
    """The token; what else was answered is not kept, since it may be half a secret."""
    if 300 <= answer.status < 500 and answer.status not in (408, 429):
        raise BureauRefused(f"http-{answer.status}", part="token")
    if answer.status != 200:
        raise BureauUnavailable(f"http-{answer.status}", part="token")
    try:
        return read_token(answer.body)
    except NotAnAnswer as error:
        raise BureauUnavailable("no-token", part="token") from error
