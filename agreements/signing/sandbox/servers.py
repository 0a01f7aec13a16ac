"""Both servers of the stand-in, in one process, over one set of orders."""

import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from agreements.signing.sandbox import pki
from agreements.signing.sandbox.app import create_bankid_app
from agreements.signing.sandbox.bankid import PATH, SLOW_SECONDS, Faults, create_bankid
from agreements.signing.sandbox.evidence import Notary
from agreements.signing.sandbox.orders import Orders
from agreements.signing.sandbox.people import DEMO_PEOPLE, Person

_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class BankIdStandIn:
    """The two servers, bound and not yet answering, and the certificates that a client needs."""

    certificates: pki.Pki
    relying_party_server: BaseWSGIServer
    app_server: BaseWSGIServer

    @property
    def base_url(self) -> str:
        """Where the relying-party API answers: the client's `base_url`."""
        return f"https://127.0.0.1:{self.relying_party_server.port}{PATH}"

    @property
    def app_url(self) -> str:
        """Where people find the pages that play the BankID app."""
        return f"http://127.0.0.1:{self.app_server.port}/bankid-app/"

    def serve_forever(self) -> None:
        """Answer, until `close` is called from elsewhere or the process ends."""
        other = threading.Thread(target=self.relying_party_server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        other.start()
        self.app_server.serve_forever(_POLL_SECONDS)
        other.join()

    def close(self) -> None:
        """Stop answering; `serve_forever` returns."""
        self.relying_party_server.shutdown()
        self.app_server.shutdown()


def make_stand_in(
    folder: Path,
    *,
    now: Callable[[], datetime],
    people: Sequence[Person] = DEMO_PEOPLE,
    host: str = "127.0.0.1",
    port: int = 0,
    app_port: int = 0,
    start_within: timedelta = timedelta(minutes=3),
    slow_seconds: float = SLOW_SECONDS,
) -> BankIdStandIn:
    """The stand-in with its certificates in *folder*; a port of 0 takes a free one.

    *now* is the clock by which orders live and signatures are dated. *start_within* is the time to open the app:
    BankID gives 30 seconds, which is short for somebody who must first find the stand-in's page.
    """
    certificates = pki.make(folder)
    notary = Notary(pki.authority_of(certificates))
    orders = Orders(notary, now=now, people=people, start_within=start_within)
    faults = Faults(slow_seconds=slow_seconds)
    return BankIdStandIn(
        certificates,
        make_server(
            host,
            port,
            create_bankid(orders, faults),
            threaded=True,
            request_handler=_QuietHandler,
            ssl_context=_mutual_tls(certificates),
        ),
        make_server(host, app_port, create_bankid_app(orders, faults), threaded=True, request_handler=_QuietHandler),
    )


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A relying party asks every other second: that is no news."""


def _mutual_tls(certificates: pki.Pki) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    return context
