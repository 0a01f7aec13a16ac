"""One process that plays every outside party on this machine, each over its real wire; or the two bureaus alone."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask, redirect
from werkzeug.serving import BaseWSGIServer
from werkzeug.wrappers import Response

from agreements.payouts.sandbox.bank import bank
from agreements.payouts.sandbox.book import Book
from agreements.payouts.sandbox.folder import FolderBank
from agreements.signing.sandbox import pki
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from bureau_clients.sandbox.bisnode import bisnode
from bureau_clients.sandbox.control import Control, control_panel
from bureau_clients.sandbox.creditsafe import creditsafe
from bureau_clients.sandbox.server import make_server
from bureau_clients.sandbox.stand_in import StandIn
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.identifiers import parse_bankgiro
from underwriting.platform.processes import listen
from underwriting.platform.runtime import Runtime
from underwriting.sandbox_environment import BISNODE_CLIENT, CREDITSAFE_USER, ca_settings, settings_of_bureaus

_LENDER_BANKGIRO = "5999-0002"
_EVERY_SECONDS = 1.0


def run(runtime: Runtime, *, http_socket: int, https_socket: int) -> None:
    """Answer on both open sockets until SIGINT or SIGTERM.

    The bank's book lies beside BankID's certificates, so that a restart finds it. The bureaus answer on the first
    socket by HTTP and by HTTPS alike.
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
    control = Control()
    if (account := settings.creditsafe) is not None:
        app.register_blueprint(
            creditsafe(StandIn(username=account.username, password=account.password.reveal(), control=control))
        )
    if (client := settings.bisnode) is not None:
        app.register_blueprint(
            bisnode(StandIn(username=client.client_id, password=client.client_secret.reveal(), control=control))
        )
    app.register_blueprint(control_panel(control))

    @app.get("/")
    def start() -> Response:
        return redirect(settings.base_url + "/sandbox")

    certificates = bankid.certificates
    plain = make_server(app, fd=http_socket, certificate=(certificates.server_certificate, certificates.server_key))
    _serve_until_signal([plain, make_relying_party_server(bankid, fd=https_socket)])


def run_bureaus(
    *,
    port: int,
    folder: Path,
    tls: bool,
    latency_seconds: float,
    silent_seconds: float,
    password: str,
    bank_drop: Path | None,
    show: Callable[[str, dict[str, str]], None],
) -> None:
    """Play the two bureaus alone, on *port* of loopback, until SIGINT or SIGTERM; with *bank_drop* the bank as well.

    That bank takes files in the folder, and shows people its page; its book lies beside the folder's files.

    *show* is told once the address and the settings of a service that is to ask here. With *tls* the address is https,
    by an authority whose files are made in *folder*. Raises PortInUse.
    """
    control = Control()
    app = Flask(__name__)
    for play, username in ((creditsafe, CREDITSAFE_USER), (bisnode, BISNODE_CLIENT)):
        stand_in = StandIn(
            username=username,
            password=password,
            latency_seconds=latency_seconds,
            silent_seconds=silent_seconds,
            control=control,
        )
        app.register_blueprint(play(stand_in))
    app.register_blueprint(control_panel(control))
    background = [_play_bank(app, bank_drop, password)] if bank_drop else []
    certificates = pki.make(folder) if tls else None
    files = (certificates.server_certificate, certificates.server_key) if certificates else None
    with listen(port, remedy="Choose another one: borgen sandbox --port NUMBER") as listener:
        server = make_server(app, fd=listener.fileno(), certificate=files)
        address = f"http{'s' if tls else ''}://127.0.0.1:{server.port}"
        secrets = {"CREDITSAFE_PASSWORD": password, "BISNODE_CLIENT_SECRET": password}
        trusted = ca_settings(certificates.ca) if certificates else {}
        show(address, {**settings_of_bureaus(address), **secrets, **trusted})
        _serve_until_signal([server], background)


def _play_bank(app: Flask, root: Path, token: str) -> Callable[[], object]:
    """What is to be done again and again by the bank of the folder *root*; its page is put into *app*."""
    state, now = root / "bank.sqlite3", SystemClock().now
    bankgiro = parse_bankgiro(os.environ.get("LENDER_BANKGIRO") or _LENDER_BANKGIRO)
    app.register_blueprint(bank(state, now=now, token=token, bankgiro=bankgiro))
    return FolderBank(Book(state, bankgiro=bankgiro), root, now).serve


def _serve_until_signal(servers: list[BaseWSGIServer], background: Sequence[Callable[[], object]] = ()) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    while not stop.wait(_EVERY_SECONDS if background else None):
        for work in background:
            work()
    for server in servers:
        server.shutdown()
