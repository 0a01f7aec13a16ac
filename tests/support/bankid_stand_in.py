"""A stand-in for BankID on loopback with a clock of its own, and what a person does in its app."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from agreements.signing.client import BankIdClient
from agreements.signing.sandbox.servers import BankIdStandIn, make_stand_in
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import PersonalNumber

ANNA = PersonalNumber("197902092381")  # Skatteverket's test numbers, never issued to anyone
ERIK = PersonalNumber("198106032397")


@dataclass
class BankIdWorld:
    """The stand-in, its clock, and what a person does in the app."""

    stand_in: BankIdStandIn
    clock: FixedClock

    def client(self, *, timeout_seconds: float = 5) -> BankIdClient:
        """A relying party; to be closed."""
        certificates = self.stand_in.certificates
        return BankIdClient(
            self.stand_in.base_url,
            certificate=certificates.client_certificate,
            key=certificates.client_key,
            ca=certificates.ca,
            timeout_seconds=timeout_seconds,
        )

    def act(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Post *body* as JSON to the app."""
        return requests.post(self.stand_in.app_url + path, json=body, timeout=5)

    def open(self, auto_start_token: str) -> requests.Response:
        """The page of one order, as a browser gets it."""
        return requests.get(f"{self.stand_in.app_url}orders/{auto_start_token}", timeout=5)

    def pass_time(self, seconds: int) -> None:
        """Move the stand-in's clock."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))


@contextmanager
def bankid_world(certificates: Path) -> Iterator[BankIdWorld]:
    """A running stand-in at 2026-03-02 10:00 in Stockholm; it gives 30 seconds to open the app, as BankID does."""
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    stand_in = make_stand_in(certificates, now=clock.now, start_within=timedelta(seconds=30), slow_seconds=0.8)
    thread = threading.Thread(target=stand_in.serve_forever)
    thread.start()
    try:
        yield BankIdWorld(stand_in, clock)
    finally:
        stand_in.close()
        thread.join()
