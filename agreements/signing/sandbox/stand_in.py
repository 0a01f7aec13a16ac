"""BankID on this machine: the relying-party API and the app that people sign in, over one set of orders."""

import ssl
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from wsgiref.handlers import SimpleHandler

from flask import Blueprint, Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from agreements.signing.sandbox import pki
from agreements.signing.sandbox.app import bankid_app
from agreements.signing.sandbox.bankid import SLOW_SECONDS, Faults, create_bankid
from agreements.signing.sandbox.evidence import Notary
from agreements.signing.sandbox.orders import Orders
from agreements.signing.sandbox.people import DEMO_PEOPLE, Person

_KEPT_SECONDS = 30
_LARGEST_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class BankIdStandIn:
    """What there is to serve, in one process since the orders live in its memory.

    *relying_party* answers over mutual TLS (`make_relying_party_server`), *app* under `/bankid-app` on plain HTTP.
    """

    certificates: pki.Pki
    relying_party: Flask
    app: Blueprint


def make_bankid(
    folder: Path,
    *,
    now: Callable[[], datetime],
    people: Sequence[Person] = DEMO_PEOPLE,
    start_within: timedelta = timedelta(minutes=3),
    slow_seconds: float = SLOW_SECONDS,
) -> BankIdStandIn:
    """The stand-in with its certificates in *folder*, made there when missing.

    *now* is the clock by which orders live and signatures are dated; *people* are offered as signers. *start_within*
    is the time to open the app: BankID gives 30 seconds, which is short for somebody who must first find the page.
    """
    certificates = pki.make(folder)
    notary = Notary(pki.root_of(certificates))
    orders = Orders(notary, now=now, people=people, start_within=start_within)
    faults = Faults(slow_seconds=slow_seconds)
    return BankIdStandIn(certificates, create_bankid(orders, faults), bankid_app(orders, faults))


def make_relying_party_server(
    stand_in: BankIdStandIn, *, host: str = "127.0.0.1", port: int = 0, fd: int | None = None
) -> BaseWSGIServer:
    """A server, bound and not yet answering, that refuses who shows no certificate of the stand-in's authority.

    A port of 0 takes a free one; *fd* is a socket that listens already. `serve_forever` answers, `shutdown` ends it.
    """
    certificates = stand_in.certificates
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    server = make_server(
        host,
        port,
        stand_in.relying_party,
        threaded=True,
        request_handler=_Handler,
        ssl_context=context,
        fd=fd,
    )
    # Else the handshake is waited for where connections are accepted, and one silent caller would stop all others.
    server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined]  # unknown to the library's types
    return server


class _Answering(SimpleHandler):
    """The application's answer, with a head as a server writes it."""

    origin_server = True
    http_version = "1.1"


class _Handler(WSGIRequestHandler):
    """Keeps connections for the next question, as BankID does: werkzeug's own handler closes each."""

    timeout = _KEPT_SECONDS
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request. All of its body is read, so that the next one begins where it ends."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _LARGEST_BODY_BYTES:
            self.send_error(413)
            return
        self.environ, answer = self.make_environ(), BytesIO()
        _Answering(BytesIO(self.rfile.read(int(length))), answer, sys.stderr, self.environ).run(self.server.app)
        self.wfile.write(answer.getvalue())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A relying party asks every other second: that is no news."""
