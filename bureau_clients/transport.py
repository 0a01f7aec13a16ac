"""One question to a bureau over HTTP, and its answer or the reason why there is none (rules B3, B4).

1. The address is https, or on loopback; no redirect is followed, since a password or a token goes with the question.
2. The question goes out on a connection of its own: on a kept one, a reset would not tell whether it was delivered.
3. The answer arrives whole, within the time and the size allowed.
What fails before the question has left is certainly not carried out. What fails later may have been, and charged and
told to the subject, unless the bureau says otherwise.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

from bureau_clients.errors import BureauFailure, BureauUnavailable, OutcomeUnknown
from underwriting.platform.environment import is_on_loopback

LARGEST_ANSWER_BYTES = 5 * 1024 * 1024

_CHUNK_BYTES = 64 * 1024
_NAME_LOOK_UP = timedelta(seconds=30)  # no time-out of ours bounds it


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status and the body of an answer, neither of which is ever logged, and its media type in lower case."""

    status: int
    body: bytes = field(repr=False)
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Transport:
    """How long is waited for a connection and for an answer, in seconds; *ca*: who vouches for the bureau's host."""

    connect_timeout_seconds: float
    read_timeout_seconds: float
    ca: Path | None = None

    @property
    def longest_call(self) -> timedelta:
        """After this time a question has an outcome, or its process is dead."""
        return timedelta(seconds=self.connect_timeout_seconds + 2 * self.read_timeout_seconds) + _NAME_LOOK_UP

    def send(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one question; *basic* is a user name and password. Raises BureauUnavailable or OutcomeUnknown."""
        deadline = time.monotonic() + self.connect_timeout_seconds + self.read_timeout_seconds
        try:
            # The environment's proxies and .netrc would take the message, or a log-in, elsewhere.
            with requests.Session() as session:
                session.trust_env = False
                with session.request(
                    method,
                    url,
                    params=query,
                    data=body,
                    headers={**headers, "Accept-Encoding": "identity"},
                    auth=basic,
                    timeout=(self.connect_timeout_seconds, self.read_timeout_seconds),
                    allow_redirects=False,
                    stream=True,
                    verify=True if self.ca is None else str(self.ca),
                ) as response:
                    return HttpAnswer(response.status_code, _body(response, deadline), _media_type(response))
        except requests.RequestException as error:
            raise _failure_of_delivery(error) from error
        except HTTPError as error:  # while the body is read
            raise OutcomeUnknown(
                "read-timeout" if isinstance(error, ReadTimeoutError) else "broken-connection"
            ) from error


def check_address(url: str) -> None:
    """ValueError for an address that is neither https nor on loopback: a password would be readable on its way."""
    scheme = urlsplit(url).scheme
    if scheme != "https" and not (scheme == "http" and is_on_loopback(url)):
        raise ValueError("a bureau's address is neither https nor on loopback")


def _media_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _body(response: Any, deadline: float) -> bytes:
    body = bytearray()
    # read1 gives what has arrived; waiting for a full chunk would outlast the deadline. Nothing is decompressed.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise OutcomeUnknown("too-large")
        if time.monotonic() > deadline:
            raise OutcomeUnknown("read-timeout")
    return bytes(body)


def _failure_of_delivery(error: requests.RequestException) -> BureauFailure:
    if isinstance(error, requests.ConnectTimeout):
        return BureauUnavailable("no-connection")
    if isinstance(error, requests.ReadTimeout):
        return OutcomeUnknown("read-timeout")
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, NewConnectionError):
        return BureauUnavailable("no-connection")
    if reason is not None and any(isinstance(arg, ssl.SSLCertVerificationError) for arg in reason.args):
        return BureauUnavailable("certificate")
    return OutcomeUnknown("broken-connection")
