"""A stand-in for BankID on loopback with a clock of its own, and what a person does in its app."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import make_server

from agreements.signing.certificate_path import Roots, read_roots
from agreements.signing.client import BankIdClient
from agreements.signing.sandbox.bankid import PATH
from agreements.signing.sandbox.pki import Pki
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from tests.support.serving import serving
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import PersonalNumber

ANNA = PersonalNumber("197902092381")  # Skatteverket's test numbers, never issued to anyone
ERIK = PersonalNumber("198106032397")


@dataclass(frozen=True)
class BankIdWorld:
    """The stand-in, its clock, and what a person does in the app."""

    base_url: str
    app_url: str
    certificates: Pki
    clock: FixedClock

    @property
    def roots(self) -> Roots:
        """Who may vouch for those who sign at the stand-in."""
        return read_roots(self.certificates.root)

    def client(self, *, timeout_seconds: float = 5) -> BankIdClient:
        """A relying party; to be closed."""
        return BankIdClient(
            self.base_url,
            certificate=self.certificates.client_certificate,
            key=self.certificates.client_key,
            ca=self.certificates.ca,
            timeout_seconds=timeout_seconds,
        )

    def act(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Post *body* as JSON to the app."""
        return requests.post(self.app_url + path, json=body, timeout=5)

    def open(self, code: str) -> requests.Response:
        """The page of one order, by its token or by what its QR code says, as a browser gets it."""
        return requests.get(f"{self.app_url}orders/{code}", timeout=5)

    def pass_time(self, seconds: int) -> None:
        """Move the stand-in's clock."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))


@contextmanager
def bankid_world(certificates: Path) -> Iterator[BankIdWorld]:
    """A running stand-in at 2026-03-02 10:00 in Stockholm; it gives 30 seconds to open the app, as BankID does."""
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    stand_in = make_bankid(certificates, now=clock.now, start_within=timedelta(seconds=30), slow_seconds=0.8)
    pages = Flask("pages")
    pages.register_blueprint(stand_in.app)
    relying_party_server = make_relying_party_server(stand_in)
    app_server = make_server("127.0.0.1", 0, pages, threaded=True)
    with serving(relying_party_server), serving(app_server):
        yield BankIdWorld(
            base_url=f"https://127.0.0.1:{relying_party_server.port}{PATH}",
            app_url=f"http://127.0.0.1:{app_server.port}/bankid-app/",
            certificates=stand_in.certificates,
            clock=clock,
        )
