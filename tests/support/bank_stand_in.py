"""A stand-in for the lender's bank on loopback, with a clock of its own, and what payers do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import make_server

from agreements.payouts.client import BankClient
from agreements.payouts.sandbox.bank import bank
from tests.support.serving import serving
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import Bankgiro

LENDER_BANKGIRO = Bankgiro("59990093")
TOKEN = "a token of the stand-in"


@dataclass(frozen=True)
class BankWorld:
    """The stand-in, its clock, the file with its *book* where it runs here, and what a payer does."""

    address: str
    clock: FixedClock
    book: Path | None = None

    def client(self, *, token: str = TOKEN, read_timeout_seconds: float = 5) -> BankClient:
        """The customer."""
        return BankClient(self.address, token=token, read_timeout_seconds=read_timeout_seconds)

    def pay(self, **body: Any) -> requests.Response:
        """Pay to the lender, as JSON."""
        return requests.post(f"{self.address}/payments", json=body, timeout=5)

    def page(self) -> str:
        """What people see."""
        return requests.get(f"{self.address}/", timeout=5).text

    def balance(self) -> str:
        """What the lender has, in kronor."""
        (account,) = requests.get(f"{self.address}/accounts", timeout=5).json()["accounts"]
        return str(account["balance"])


@contextmanager
def bank_world(state: Path, *, slow_seconds: float = 0.8) -> Iterator[BankWorld]:
    """A running stand-in with its book in *state*, at Monday 2026-03-02 10:00 in Stockholm."""
    clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    app = Flask("bank")
    app.register_blueprint(bank(state, now=clock.now, token=TOKEN, bankgiro=LENDER_BANKGIRO, slow_seconds=slow_seconds))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with serving(server):
        yield BankWorld(f"http://127.0.0.1:{server.port}/bank", clock, state)
