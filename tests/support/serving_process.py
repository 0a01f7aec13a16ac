"""The web service under gunicorn as an operator runs it, in processes of its own, for the length of a test."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agreements.signing.sandbox import pki
from tests.support.environment import complete_environment
from tests.support.processes import wait_until


@dataclass(frozen=True)
class Answer:
    """What was answered to one request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Service:
    """The service at *port* of this machine."""

    port: int

    def call(self, method: str, path: str, body: Any = None, *, seconds: float = 60, **headers: str) -> Answer:
        """The answer; *headers* are written with underscores. OSError when there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return self.call("GET", "/readyz", seconds=5).status == 200
        except OSError:
            return False


def servable_environment(folder: Path, *, database_url: str) -> dict[str, str]:
    """Settings that the service starts with: real certificates for BankID, at which nobody answers."""
    certificates = pki.make(folder / "pki")
    return complete_environment(folder, database_url=database_url) | {
        "BANKID_CERTIFICATE": str(certificates.client_certificate),
        "BANKID_KEY": str(certificates.client_key),
        "BANKID_CA": str(certificates.ca),
        "BANKID_ROOTS": str(certificates.root),
    }


@contextmanager
def service(environment: Mapping[str, str], folder: Path, *, workers: int = 2, threads: int = 8) -> Iterator[Service]:
    """`borgen serve` with *environment*; what it prints is kept in *folder*."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--bind=127.0.0.1:{port}", f"--workers={workers}", f"--threads={threads}"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "underwriting.cli", "serve", *options],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        found = Service(port)
        assert wait_until(found.is_ready, within_seconds=60), (folder / "serve.log").read_text()
        yield found
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
