"""Both stand-ins on one free port, asked by clients that know nothing of ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask import Flask
from requests.auth import HTTPBasicAuth

from bureau_clients.sandbox.bisnode import TOKEN_PATH, bisnode
from bureau_clients.sandbox.control import Control, control_panel
from bureau_clients.sandbox.creditsafe import creditsafe
from bureau_clients.sandbox.server import make_server
from bureau_clients.sandbox.stand_in import StandIn
from tests.support.serving import serving

PASSWORD = "hemligt&<lösen>"
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Bureaus:
    """Where the stand-ins answer, and what controls them."""

    address: str
    control: Control

    def token(self, scope: str = "") -> str:
        """A token of Bisnode's."""
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = requests.post(
            self.address + TOKEN_PATH,
            data=form,
            auth=HTTPBasicAuth("borgen", PASSWORD.encode()),
            timeout=PATIENCE_SECONDS,
        )
        return str(answer.json()["access_token"])

    def ask_bisnode(self, path: str, body: Any, *, token: str | None = None) -> requests.Response:
        """A question to Bisnode, with a new token unless one is given."""
        header = {"Authorization": f"Bearer {self.token() if token is None else token}"}
        return requests.post(self.address + path, json=body, headers=header, timeout=PATIENCE_SECONDS)

    def creditsafe_token(self) -> str:
        """A token of Creditsafe's REST."""
        body = {"username": "borgen", "password": PASSWORD}
        answer = requests.post(f"{self.address}/v1/authenticate", json=body, timeout=PATIENCE_SECONDS)
        return str(answer.json()["token"])

    def ask_creditsafe(self, path: str, *, token: str | None = None, **query: str) -> requests.Response:
        """A question to Creditsafe over REST, with a new token unless one is given."""
        header = {"Authorization": f"Bearer {self.creditsafe_token() if token is None else token}"}
        return requests.get(self.address + path, params=query, headers=header, timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def running() -> Iterator[Bureaus]:
    """The stand-ins, running for all tests of this process."""
    control = Control()
    app = Flask("bureaus")
    for play in (creditsafe, bisnode):
        app.register_blueprint(
            play(StandIn(username="borgen", password=PASSWORD, slow_seconds=0.3, silent_seconds=1.2, control=control))
        )
    app.register_blueprint(control_panel(control))
    server = make_server(app)
    with serving(server):
        yield Bureaus(f"http://127.0.0.1:{server.port}", control)
    server.server_close()


@pytest.fixture
def bureaus(running: Bureaus) -> Bureaus:
    """The stand-ins, with no fault set and nothing asked yet."""
    for bureau in ("creditsafe", "bisnode"):
        running.control.take_back(bureau)
        running.control.forget(bureau)
    return running
