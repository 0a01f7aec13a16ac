"""A running stand-in and the real client in front of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import make_server

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.sandbox.creditsafe import PATH, StandIn, create_app
from underwriting.platform.environment import Secret
from underwriting.platform.settings import CreditsafeSettings

PASSWORD = "hemligt&<lösen>"

WsgiApp = Callable[..., Any]


def settings_for(url: str, **changes: Any) -> CreditsafeSettings:
    """Settings of an account that the stand-in knows, with time-outs short enough for a test."""
    values = {
        "url": url,
        "username": "borgen",
        "password": Secret(PASSWORD),
        "company_block": "BORGEN_C_CREDIT",
        "person_block": "BORGEN_P_CREDIT",
        "connect_timeout_seconds": 0.4,
        "read_timeout_seconds": 0.4,
    }
    return CreditsafeSettings(**{**values, **changes})


@contextmanager
def served(app: WsgiApp, *, tls: bool = False) -> Iterator[str]:
    """*app* on a free port of loopback, in a thread, its address; *tls* is with a certificate that nobody trusts."""
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context="adhoc" if tls else None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}{PATH}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a stand-in whose slow answers are in time and whose silence is not."""
    stand_in = StandIn(username="borgen", password=PASSWORD, slow_seconds=0.1, silent_seconds=1.0)
    with served(create_app(stand_in)) as url:
        yield url


@pytest.fixture(scope="session")
def creditsafe(address: str) -> Creditsafe:
    """The real client in front of the stand-in."""
    return Creditsafe(settings_for(address, status_block="BORGEN_C_BASIC"))
