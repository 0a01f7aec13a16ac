"""A server on loopback that answers as it is told, and the real client in front of it."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bureau_clients.bisnode.client import Bisnode
from underwriting.platform.bureau_settings import BisnodeSettings
from underwriting.platform.environment import Secret

CLIENT, SECRET = "borgen", "hemligt&<lösen>"
TOKEN_PATH = "/as/token.oauth2"
COMPANY_PATH = "/credit-data-companies/v2/companies/se"
PERSON_PATH = "/credit-data-persons/v1/persons/se/credit-data"
SIGNING_PATH = "/nordic-rts/v1/rts/company/detailed/SE"


@dataclass(frozen=True)
class Reply:
    """What is answered: *document* as JSON, or *body* as it is. *sleeps* first; *cut* ends it half-way."""

    status: int = 200
    document: Any = None
    body: bytes | None = None
    sleeps: float = 0.0
    cut: bool = False
    location: str | None = None

    @property
    def content(self) -> bytes:
        return json.dumps(self.document).encode() if self.body is None else self.body


@dataclass(frozen=True)
class Asked:
    """One question as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.body)
        return members


@dataclass
class Service:
    """What is answered at each path, the last reply again and again, and what was asked."""

    url: str = ""
    replies: dict[str, deque[Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0

    def says(self, path: str, *replies: Reply) -> None:
        self.replies[path] = deque(replies)

    def at(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        queue = self.replies.get(asked.path)
        if queue:
            return queue.popleft() if len(queue) > 1 else queue[0]
        if asked.path == TOKEN_PATH:
            self.tokens += 1
            return Reply(document={"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 7199})
        return Reply(404, body=b"<html>nothing here</html>")


@contextmanager
def served(service: Service) -> Iterator[Service]:
    """*service* on a free port of loopback, in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = service.reply_to(Asked(self.path, dict(self.headers), body))
            time.sleep(reply.sleeps)
            self.send_response(reply.status)
            if reply.location:
                self.send_header("Location", reply.location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content[: len(reply.content) // 2] if reply.cut else reply.content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name is the library's
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # many ask at once
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that has waited long enough hangs up

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings_for(url: str, /, **changes: Any) -> BisnodeSettings:
    """Settings of a client at *url*, with time-outs short enough for a test."""
    values = {
        "url": url,
        "token_url": url + TOKEN_PATH,
        "client_id": CLIENT,
        "client_secret": Secret(SECRET),
        "connect_timeout_seconds": 1.0,
        "read_timeout_seconds": 1.0,
    }
    return BisnodeSettings(**{**values, **changes})


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that gives tokens and knows nobody."""
    with served(Service()) as running:
        yield running


@pytest.fixture
def bisnode(service: Service) -> Bisnode:
    """The real client in front of it."""
    return Bisnode(settings_for(service.url))
