"""Both stand-ins with their control, and the real clients in front of them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.sandbox import bisnode, creditsafe
from bureau_clients.sandbox.stand_in import StandIn
from tests.support.serving import serving
from underwriting.platform.bureau_settings import BisnodeSettings, CreditsafeSettings
from underwriting.platform.environment import Secret

IN_TIME_SECONDS = 20.0  # healthy answers, on a machine that does other things too
NOT_IN_TIME_SECONDS = 0.5
SILENT_SECONDS = 3.0
CREDITSAFE, BISNODE = "creditsafe", "bisnode"

USERNAME, PASSWORD = "borgen", "hemligt"


@dataclass(frozen=True)
class World:
    """The stand-ins, which are controlled over HTTP, and clients of each bureau that wait long or not long; those
    *with_supplements* ask CAS and for the right to sign too.
    """

    addresses: Mapping[str, str]
    control: requests.Session
    patient: Mapping[str, Bureau]
    hasty: Mapping[str, Bureau]
    with_supplements: Mapping[str, Bureau]
    hasty_with_supplements: Mapping[str, Bureau]

    def forget(self) -> None:
        """Nothing goes wrong, and nobody was asked anything."""
        self.heal()
        for bureau in self.addresses:
            self._call("DELETE", bureau, "questions")

    def heal(self) -> None:
        """Nothing goes wrong any more; what was asked is not forgotten."""
        for bureau in self.addresses:
            self._call("DELETE", bureau, "faults")

    def inject(self, bureau: str, fault: str, *, kinds: tuple[str, ...], times: int | None = None) -> None:
        """Let questions of these *kinds* go wrong at *bureau*."""
        for kind in kinds:
            self._call("POST", bureau, "faults", json={"fault": fault, "kind": kind, "times": times})

    def asked(self, bureau: str) -> list[dict[str, Any]]:
        """The questions about somebody, the oldest first."""
        questions: list[dict[str, Any]] = self._call("GET", bureau, "questions").json()["questions"]
        return [question for question in questions if question["number"]]

    def _call(self, method: str, bureau: str, what: str, **body: Any) -> requests.Response:
        address = f"{self.addresses[bureau]}/control/{bureau}/{what}"
        response = self.control.request(method, address, timeout=IN_TIME_SECONDS, **body)
        assert response.ok, response.text
        return response


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Both bureaus, whose silence is longer than the hasty clients wait."""
    apps = {CREDITSAFE: creditsafe.create_app, BISNODE: bisnode.create_app}
    addresses = {}
    with ExitStack() as stack:
        control = stack.enter_context(requests.Session())
        control.trust_env = False  # to look for proxies takes longer than to ask
        for bureau, create_app in apps.items():
            stand_in = StandIn(username=USERNAME, password=PASSWORD, slow_seconds=0.05, silent_seconds=SILENT_SECONDS)
            app = create_app(stand_in)
            server = make_server("127.0.0.1", 0, app, threaded=True)
            stack.callback(server.server_close)
            stack.enter_context(serving(server))
            addresses[bureau] = f"http://127.0.0.1:{server.server_port}"
        yield World(
            addresses,
            control,
            patient=_clients(addresses, IN_TIME_SECONDS),
            hasty=_clients(addresses, NOT_IN_TIME_SECONDS),
            with_supplements=_clients(addresses, IN_TIME_SECONDS, supplements=True),
            hasty_with_supplements=_clients(addresses, NOT_IN_TIME_SECONDS, supplements=True),
        )


@pytest.fixture
def fresh(world: World) -> World:
    """The world without faults and without a past."""
    world.forget()
    return world


def _clients(
    addresses: Mapping[str, str], read_timeout_seconds: float, *, supplements: bool = False
) -> Mapping[str, Bureau]:
    """The real clients; with *supplements* they ask CAS and for the right to sign too."""
    creditsafe_too: dict[str, Any] = {}
    if supplements:
        cas_url = f"{addresses[CREDITSAFE]}{creditsafe.CAS_PATH}"
        creditsafe_too = {"cas_url": cas_url, "company_template": "BORGEN_CAS_C1", "person_template": "BORGEN_CAS_P1"}
    return {
        CREDITSAFE: Creditsafe(
            CreditsafeSettings(
                url=f"{addresses[CREDITSAFE]}{creditsafe.PATH}",
                username=USERNAME,
                password=Secret(PASSWORD),
                company_block="BORGEN_C_CREDIT",
                person_block="BORGEN_P_CREDIT",
                connect_timeout_seconds=read_timeout_seconds,
                read_timeout_seconds=read_timeout_seconds,
                **creditsafe_too,
            )
        ),
        BISNODE: Bisnode(
            BisnodeSettings(
                url=addresses[BISNODE],
                token_url=f"{addresses[BISNODE]}{bisnode.TOKEN_PATH}",
                client_id=USERNAME,
                client_secret=Secret(PASSWORD),
                connect_timeout_seconds=read_timeout_seconds,
                read_timeout_seconds=read_timeout_seconds,
                right_to_sign=supplements,
            )
        ),
    }
