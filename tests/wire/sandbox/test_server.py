"""One port for HTTP and HTTPS, and many callers at a time."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from agreements.signing.sandbox import pki
from bureau_clients.sandbox.creditsafe import create_app
from bureau_clients.sandbox.faults import Fault
from bureau_clients.sandbox.server import make_server
from bureau_clients.sandbox.stand_in import StandIn
from tests.support.serving import serving
from tests.wire.sandbox.conftest import PASSWORD, PATIENCE_SECONDS, Bureaus
from tests.wire.sandbox.test_faults import ask_xml

CALLERS = 32
LATENCY_SECONDS = 0.5


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> pki.Pki:
    return pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def by_tls(certificates: pki.Pki) -> Iterator[Bureaus]:
    """A stand-in that answers HTTPS too; each answer takes half a second."""
    account = StandIn(username="borgen", password=PASSWORD, latency_seconds=LATENCY_SECONDS, silent_seconds=0.5)
    files = (certificates.server_certificate, certificates.server_key)
    server = make_server(create_app(account), certificate=files)
    with serving(server):
        yield Bureaus(f"https://127.0.0.1:{server.port}", account.control)
    server.server_close()


def test_one_port_answers_http_and_https(by_tls: Bureaus, certificates: pki.Pki) -> None:
    """X1: https with a generated authority; the description names the address by which it was asked for."""
    path = "/getdata/getdata.asmx"
    for address in (by_tls.address, by_tls.address.replace("https", "http")):
        answer = requests.get(address + path, verify=str(certificates.ca), timeout=PATIENCE_SECONDS)
        assert f'location="{address}{path}"' in answer.text


def test_who_does_not_know_the_authority_asks_nothing(by_tls: Bureaus) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{by_tls.address}/getdata/health", timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.BROKEN_OFF])
def test_connections_break_under_tls_too(by_tls: Bureaus, certificates: pki.Pki, fault: Fault) -> None:
    by_tls.control.inject("creditsafe", fault, times=1)
    with pytest.raises(requests.RequestException):
        requests.get(f"{by_tls.address}/getdata/health", verify=str(certificates.ca), timeout=PATIENCE_SECONDS)


def test_a_caller_who_says_nothing_keeps_nobody_waiting(by_tls: Bureaus, certificates: pki.Pki) -> None:
    """The first byte is waited for in the caller's own thread."""
    port = int(by_tls.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        answer = requests.get(f"{by_tls.address}/getdata/health", verify=str(certificates.ca), timeout=5)
    assert answer.ok


def test_thirty_two_callers_wait_at_the_same_time(by_tls: Bureaus) -> None:
    """X1: each answer takes half a second; one after the other they would take 16."""
    plain = Bureaus(by_tls.address.replace("https", "http"), by_tls.control)
    started = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(lambda _: ask_xml(plain, wait=PATIENCE_SECONDS).status_code, range(CALLERS)))
    assert answers == [200] * CALLERS
    assert LATENCY_SECONDS < time.monotonic() - started < CALLERS * LATENCY_SECONDS / 3


def test_a_server_ends_while_somebody_waits(tmp_path: Path) -> None:
    """The threads of callers do not hold it."""
    account = StandIn(username="borgen", password=PASSWORD, latency_seconds=30)
    server = make_server(create_app(account))
    with serving(server):
        bureaus = Bureaus(f"http://127.0.0.1:{server.port}", account.control)
        waiting = threading.Thread(target=lambda: _ask_in_vain(bureaus), daemon=True)
        waiting.start()
        deadline = time.monotonic() + 5
        while not account.control.questions("creditsafe") and time.monotonic() < deadline:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    server.server_close()
    waiting.join()


def _ask_in_vain(bureaus: Bureaus) -> None:
    with pytest.raises(requests.RequestException):
        ask_xml(bureaus, wait=1)
