"""How the people of the demo reach the service and the stand-ins: plain HTTP, as any integrator does."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from underwriting.kernel.text import Language

_PATIENCE_SECONDS = 60  # a move of test time runs every day's jobs before it is answered


class Unexpected(Exception):
    """An answer that the story has no place for: nothing was said, or something else than what was asked for."""


class Refused(Exception):
    """The service has refused, with a problem (RFC 9457) that says why."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title')}: {problem.get('detail')}")
        self.status = status
        self.rule: str | None = problem.get("rule")
        self.detail = str(problem.get("detail"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the headers and the body as text."""

    status: int
    headers: Message
    text: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One server at *base*, spoken to in *language*."""

    base: str
    language: Language

    def get(self, path: str, *, token: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON at *path*. Raises Refused, Unexpected."""
        return _json(self._ask("GET", path, None, _headers(token, headers)))

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str | None = None) -> Any:
        """What *body* is answered with, as JSON; None when nothing is. Raises Refused, Unexpected."""
        content = json.dumps(body or {}).encode()
        return _json(self._ask(method, path, content, _headers(token, {"Content-Type": "application/json"})))

    def page(self, path: str, *, cookie: str = "", form: Mapping[str, str] | None = None) -> Reply:
        """The page at *path*, or what *form* is answered with; a redirect is an answer. Raises Refused, Unexpected."""
        content = None if form is None else urlencode(form).encode()
        headers = {"Accept": "text/html", "Cookie": cookie}
        return self._ask("GET" if form is None else "POST", path, content, headers)

    def _ask(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        said = {"Accept-Language": self.language, **headers}
        request = urllib.request.Request(self.base + path, content, said, method=method)  # noqa: S310 - loopback alone
        try:
            with _OPENER.open(request, timeout=_PATIENCE_SECONDS) as response:
                return Reply(response.status, response.headers, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return _not_done(method, path, Reply(error.code, error.headers, error.read().decode()))
        except OSError as error:
            raise Unexpected(f"{method} {path}: {error}") from error


class _Stay(urllib.request.HTTPRedirectHandler):
    """The place that a redirect names is of no interest: what was asked for has been done."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def _headers(token: str | None, others: Mapping[str, str] | None) -> dict[str, str]:
    return ({"Authorization": f"Bearer {token}"} if token else {}) | dict(others or {})


def _not_done(method: str, path: str, reply: Reply) -> Reply:
    if reply.status == HTTPStatus.SEE_OTHER:
        return reply
    if reply.headers.get_content_type() == "application/problem+json":
        raise Refused(reply.status, json.loads(reply.text))
    raise Unexpected(f"{method} {path}: {reply.status}")


def _json(reply: Reply) -> Any:
    return json.loads(reply.text) if reply.text else None
