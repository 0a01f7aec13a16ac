"""The service as people meet it: the real application and every stand-in, each answering on loopback in a thread.

Business time is test time, moved by `Live.move_to`; the machine's clock can be hurried, so that nobody waits for the
seconds between two questions to BankID. What the worker does is done by `Live.work`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from agreements.payouts.sandbox.bank import bank
from agreements.signing.sandbox import bankid, pki
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from bureau_clients.sandbox.bisnode import bisnode
from bureau_clients.sandbox.control import Control, control_panel
from bureau_clients.sandbox.creditsafe import creditsafe
from bureau_clients.sandbox.stand_in import StandIn
from tests.support.environment import complete_environment
from tests.support.serving import serving
from underwriting.app import create_app
from underwriting.house import House, house_of
from underwriting.jobs import jobs_of, move_test_time
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_instant
from underwriting.kernel.vocabulary import Role
from underwriting.platform import outbox, staff_accounts, test_time
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.sandbox_environment import settings_of_bureaus

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Monday 2 March 2026, 10:00 in Stockholm."""
PASSWORD = "Sommar-i-Visby-1999"

Wsgi = Callable[[WSGIEnvironment, StartResponse], Any]


@dataclass
class HurriedClock:
    """The machine's clock, moved on by what a test does not want to wait for."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The machine's time and what was skipped."""
        return SystemClock().now() + self.ahead

    def skip(self, **length: float) -> None:
        """Let *length* pass at once."""
        self.ahead += timedelta(**length)


@dataclass(frozen=True)
class Live:
    """The running service at *url*, and the hands of everybody who is not in front of the browser."""

    url: str
    house: House
    wall: HurriedClock
    bank_url: str

    @property
    def runtime(self) -> Runtime:
        """What the services stand on."""
        return self.house.runtime

    def work(self) -> None:
        """What the worker does until nothing is left to do."""
        jobs_of(self.house).run_continuous()

    def begin(self, on: date, at: time) -> None:
        """Let the service have been started at a later moment than `MORNING`; nothing was due before it."""
        test_time.put(self.runtime.settings, self.runtime.database, stockholm_instant(on, at))

    def move_to(self, on: date, at: time) -> None:
        """Put test time to a moment by Stockholm's clocks; what is due on the way is run."""
        move_test_time(self.house, stockholm_instant(on, at))

    def staff(self, username: str, role: Role, person: PersonalNumber | None = None) -> None:
        """A member of staff who logs in with `PASSWORD`."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            staff_accounts.add_staff(session, self.runtime, username, PASSWORD, role, person=person, at=at)

    def letters(self) -> list[outbox.Message]:
        """What has been written to people, the newest first."""
        with self.runtime.database.transaction() as session:
            return outbox.latest(session, self.runtime, count=50)

    def link_in_letter_to(self, recipient: str, path: str) -> str:
        """The newest link under *path* that was sent to *recipient*."""
        for letter in self.letters():
            start = letter.body.find(f"{self.url}{path}")
            if letter.recipient == recipient and start >= 0:
                return letter.body[start:].split()[0]
        raise AssertionError(f"no link under {path} was sent")

    def pay(self, reference: str, amount: str) -> None:
        """Money comes in at the bank, and the worker reads of it."""
        lender = self.runtime.settings.lender.bankgiro.formatted
        body = {"bankgiro": lender, "reference": reference, "amount": amount}
        requests.post(f"{self.bank_url}/payments", json=body, timeout=5).raise_for_status()
        self.work()


@contextmanager
def live(database: Database, folder: Path, certificates: Path) -> Iterator[Live]:
    """The service on *database* at `MORNING`; the bank's book is kept in *folder*, BankID's keys in *certificates*."""
    wall = HurriedClock()
    bankid_stand_in = make_bankid(certificates, now=wall.now)
    relying_party = make_relying_party_server(bankid_stand_in)
    later: dict[str, Wsgi] = {}
    service, parties = _server(later, "service"), _server(later, "parties")
    environment = _environment(folder, database.url, service=service, parties=parties, relying_party=relying_party)
    environment |= _files(pki.make(certificates))
    runtime = _runtime(Settings.from_environment(environment), database, wall)
    later["parties"] = _parties(runtime, folder / "bank.sqlite3", bankid_stand_in.app)
    house = house_of(runtime)
    later["service"] = create_app(house)
    test_time.put(runtime.settings, database, MORNING)
    with ExitStack() as stack:
        for server in (relying_party, service, parties):
            stack.enter_context(serving(server))
        yield Live(runtime.settings.base_url, house, wall, runtime.settings.bank.url)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


def _server(later: dict[str, Wsgi], name: str) -> BaseWSGIServer:
    """A bound server whose application is made when its address is known."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return later[name](environ, start_response)

    return make_server("127.0.0.1", 0, answer, threaded=True, request_handler=_Quiet)


def _environment(
    folder: Path,
    database_url: str,
    *,
    service: BaseWSGIServer,
    parties: BaseWSGIServer,
    relying_party: BaseWSGIServer,
) -> dict[str, str]:
    stand_ins = f"http://127.0.0.1:{parties.port}"
    own = complete_environment(folder, database_url=database_url) | settings_of_bureaus(stand_ins)
    return own | {
        "BORGEN_BASE_URL": f"http://127.0.0.1:{service.port}",
        "CREDITSAFE_READ_TIMEOUT_SECONDS": "1",
        "BISNODE_READ_TIMEOUT_SECONDS": "1",
        "BISNODE_CLIENT_SECRET": "bisnode-secret",
        "BUREAUS_BREAKER_PAUSE_SECONDS": "120",
        "BANKID_URL": f"https://127.0.0.1:{relying_party.port}{bankid.PATH}",
        "BANKID_APP_URL": f"{stand_ins}/bankid-app",
        "BANK_URL": f"{stand_ins}/bank",
    }


def _files(certificates: pki.Pki) -> dict[str, str]:
    return {
        "BANKID_CERTIFICATE": str(certificates.client_certificate),
        "BANKID_KEY": str(certificates.client_key),
        "BANKID_CA": str(certificates.ca),
        "BANKID_ROOTS": str(certificates.root),
    }


def _runtime(settings: Settings, database: Database, wall: HurriedClock) -> Runtime:
    runtime = Runtime(settings, database, test_time.clock_of(settings, database), cipher_of(settings, database))
    return replace(runtime, wall=wall)


def _parties(runtime: Runtime, book: Path, bankid_app: Any) -> Flask:
    settings = runtime.settings
    if settings.creditsafe is None or settings.bisnode is None:
        raise ValueError("both bureaus are played")
    control = Control()
    parties = Flask("parties")
    parties.register_blueprint(bankid_app)
    for play, account, password in (
        (creditsafe, settings.creditsafe.username, settings.creditsafe.password),
        (bisnode, settings.bisnode.client_id, settings.bisnode.client_secret),
    ):
        stand_in = StandIn(username=account, password=password.reveal(), silent_seconds=2, control=control)
        parties.register_blueprint(play(stand_in))
    parties.register_blueprint(control_panel(control))
    parties.register_blueprint(
        bank(book, now=runtime.clock.now, token=settings.bank.token.reveal(), bankgiro=settings.lender.bankgiro)
    )
    return parties
