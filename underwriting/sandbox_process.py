"""One process that plays every outside party on this machine, each over its real wire."""

import signal
import threading

from flask import Flask, redirect
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from agreements.payouts.sandbox.bank import bank
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from bureau_clients.sandbox.creditsafe import StandIn, creditsafe
from underwriting.platform.runtime import Runtime


def run(runtime: Runtime, *, http_socket: int, https_socket: int) -> None:
    """Answer on both open sockets until SIGINT or SIGTERM.

    The bank's book lies beside BankID's certificates, so that a restart finds it.
    """
    settings = runtime.settings
    folder = settings.bankid.certificate.parent
    bankid = make_bankid(folder, now=runtime.wall.now)
    app = Flask(__name__)
    app.register_blueprint(bankid.app)
    app.register_blueprint(
        bank(
            folder.parent / "bank.sqlite3",
            now=runtime.clock.now,
            token=settings.bank.token.reveal(),
            bankgiro=settings.lender.bankgiro,
        )
    )
    account = settings.creditsafe
    if account is not None:
        app.register_blueprint(creditsafe(StandIn(username=account.username, password=account.password.reveal())))

    @app.get("/")
    def start() -> Response:
        return redirect(settings.base_url + "/sandbox")

    plain = make_server("127.0.0.1", 0, app, threaded=True, fd=http_socket, request_handler=_Quiet)
    _serve_until_signal([plain, make_relying_party_server(bankid, fd=https_socket)])


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The callers log their own questions."""


def _serve_until_signal(servers: list[BaseWSGIServer]) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stop.wait()
    for server in servers:
        server.shutdown()
