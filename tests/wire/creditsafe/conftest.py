"""A running stand-in and the real client in front of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import make_server

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.sandbox.creditsafe import CAS_PATH, PATH, TOKEN_PATH, StandIn, create_app
from underwriting.platform.bureau_settings import CreditsafeSettings
from underwriting.platform.environment import Secret

PASSWORD = "hemligt&<lösen>"
COMPANY_TEMPLATE = "BORGEN_CAS_C1"
PERSON_TEMPLATE = "BORGEN_CAS_P1"

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


def with_cas(url: str, **changes: Any) -> CreditsafeSettings:
    """Settings that ask CAS too, at the stand-in whose GetData is at *url*."""
    templates = {"company_template": COMPANY_TEMPLATE, "person_template": PERSON_TEMPLATE}
    return settings_for(url, **{"cas_url": url.removesuffix(PATH) + CAS_PATH, **templates, **changes})


def over_rest(url: str, **changes: Any) -> CreditsafeSettings:
    """Settings that ask over REST, at the stand-in whose GetData over SOAP is at *url*."""
    base = url.removesuffix(PATH)
    return settings_for(base, **{"transport": "rest", "token_url": base + TOKEN_PATH, **changes})


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


@pytest.fixture
def stand_in() -> StandIn:
    """A stand-in of the test's own, whose control it has."""
    return StandIn(username="borgen", password=PASSWORD, slow_seconds=0.1, silent_seconds=1.0)


@pytest.fixture
def own_address(stand_in: StandIn) -> Iterator[str]:
    """The address of the test's own stand-in."""
    with served(create_app(stand_in)) as url:
        yield url
