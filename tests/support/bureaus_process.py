"""Both bureaus' stand-ins in a process of their own, so that they take no time from whoever asks them.

    python -m tests.support.bureaus_process LATENCY_SECONDS SILENT_SECONDS

Prints its port and answers until its standard input ends.
"""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from flask import Flask

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.sandbox import bisnode, creditsafe
from bureau_clients.sandbox.control import Control, control_panel
from bureau_clients.sandbox.server import make_server
from bureau_clients.sandbox.stand_in import StandIn
from underwriting.platform.bureau_settings import BisnodeSettings, CreditsafeSettings
from underwriting.platform.environment import Secret

_USERNAME, _PASSWORD = "borgen", "hemligt"


@dataclass(frozen=True)
class Bureaus:
    """Where the process answers."""

    address: str

    def creditsafe(self, *, read_timeout_seconds: float) -> Creditsafe:
        """The real client, over SOAP."""
        return Creditsafe(
            CreditsafeSettings(
                url=f"{self.address}{creditsafe.PATH}",
                username=_USERNAME,
                password=Secret(_PASSWORD),
                company_block="BORGEN_C_CREDIT",
                person_block="BORGEN_P_CREDIT",
                connect_timeout_seconds=5.0,
                read_timeout_seconds=read_timeout_seconds,
            )
        )

    def bisnode(self, *, read_timeout_seconds: float) -> Bisnode:
        """The real client."""
        return Bisnode(
            BisnodeSettings(
                url=self.address,
                token_url=f"{self.address}{bisnode.TOKEN_PATH}",
                client_id=_USERNAME,
                client_secret=Secret(_PASSWORD),
                connect_timeout_seconds=5.0,
                read_timeout_seconds=read_timeout_seconds,
            )
        )

    def asked(self, bureau: str) -> Counter[str]:
        """How often *bureau* was asked about each number."""
        answer = requests.get(f"{self.address}/control/{bureau}/questions", timeout=60).json()
        return Counter(question["number"] for question in answer["questions"] if question["number"])

    def inject(self, bureau: str, fault: str, kind: str) -> None:
        """Let all questions of a *kind* go wrong at *bureau*."""
        body = {"fault": fault, "kind": kind}
        requests.post(f"{self.address}/control/{bureau}/faults", json=body, timeout=60).raise_for_status()


@contextmanager
def bureaus(*, latency_seconds: float, silent_seconds: float = 60.0) -> Iterator[Bureaus]:
    """The process while the block runs."""
    command = [sys.executable, "-m", __name__, str(latency_seconds), str(silent_seconds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Bureaus(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _serve(latency_seconds: float, silent_seconds: float) -> None:
    control = Control()
    stand_in = StandIn(
        username=_USERNAME,
        password=_PASSWORD,
        latency_seconds=latency_seconds,
        silent_seconds=silent_seconds,
        control=control,
    )
    app = Flask(__name__)
    app.register_blueprint(creditsafe.creditsafe(stand_in))
    app.register_blueprint(bisnode.bisnode(stand_in))
    app.register_blueprint(control_panel(control))
    server = make_server(app)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    _serve(float(sys.argv[1]), float(sys.argv[2]))
