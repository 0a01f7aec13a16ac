"""The processes of a loan's road and the test's own view of them: started, killed, and started again."""

import json
import os
import random
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import requests
import sqlalchemy as sa

from agreements.signing.client import BankIdClient
from agreements.signing.sandbox import bankid as bankid_sandbox
from agreements.signing.sandbox import pki
from tests.support import nursery
from tests.support.bank_stand_in import LENDER_BANKGIRO, TOKEN, BankWorld
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.environment import complete_environment
from tests.support.house import Api, HouseWorld
from tests.support.processes import children_of, wait_until
from tests.support.road_processes import DEATH_FILE, NAME_AT_THE_SERVER
from tests.support.shared_clock import SharedClock
from underwriting.app import create_app
from underwriting.house import house_of
from underwriting.kernel.periods import stockholm_instant
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

KINDS = ("bank", "bankid", "web", "worker")
BACKENDS = "backends"
VICTIMS = (*KINDS, BACKENDS)
LEASES_LAST = timedelta(minutes=5, seconds=1)
"""The longest lease that a killed process leaves behind, of a decision, and a second."""
_LOOKS, _BETWEEN_LOOKS, _PAUSE_SECONDS = 10, timedelta(seconds=3), 0.1
_FIRST_DAY, _MORNING = date(2026, 3, 2), time(8)
_THROW_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = %s"

Death = tuple[str, bool]
"""A step at whose commit a process dies, and whether before it."""


class _PatientWorld(HouseWorld):
    """The service beside workers that may be asking BankID about the same order."""

    def sign(self, started: Mapping[str, Any]) -> Api:
        """See `HouseWorld`; looks again where it is not told at once."""
        assert self.bankid.act(f"orders/{started['qr_content']}/sign", {}).ok
        look, secret, answer = f"/v1/signings/{started['signing_id']}", started["secret"], {}
        for _ in range(_LOOKS):
            self.let_pass(_BETWEEN_LOOKS)
            answer = self.anyone().call("GET", look, Signing_Secret=secret).get_json()
            if answer["state"] == "complete":
                return Api(self.app, answer["session_token"])
            sleep(_PAUSE_SECONDS)
        raise AssertionError(answer)


class RoadPlace:
    """The processes, their database and their clock; *world* is the service as the test's own process uses it."""

    def __init__(self, folder: Path, certificates: Path, database: Database, creditsafe_url: str) -> None:
        self.folder = folder
        self.clock = SharedClock(folder / "clock")
        self.clock.move_to(stockholm_instant(_FIRST_DAY, _MORNING))
        self._ports = _free_ports(*KINDS, "app")
        self.database = database
        self._pki = pki.make(certificates)
        self._environment = complete_environment(folder, database_url=database.url) | {
            "CREDITSAFE_URL": creditsafe_url,
            "CREDITSAFE_COMPANY_BLOCK": "BORGEN_C_CREDIT",
            "CREDITSAFE_PERSON_BLOCK": "BORGEN_P_CREDIT",
            "CREDITSAFE_STATUS_BLOCK": "BORGEN_C_BASIC",
            "BANKID_URL": f"https://127.0.0.1:{self._ports['bankid']}{bankid_sandbox.PATH}",
            "BANKID_APP_URL": self.app_url.rstrip("/"),
            "BANKID_CERTIFICATE": str(self._pki.client_certificate),
            "BANKID_KEY": str(self._pki.client_key),
            "BANKID_CA": str(self._pki.ca),
            "BANKID_ROOTS": str(self._pki.root),
            "BANK_URL": self.bank_url.rstrip("/"),
            "BANK_TOKEN": TOKEN,
        }
        self._running: dict[str, nursery.Process] = {}
        self._death: Death | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['app']}/bankid-app/"

    @property
    def bank_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['bank']}/bank/"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self._ports['web']}"

    @cached_property
    def world(self) -> HouseWorld:
        settings = Settings.from_environment(self._environment)
        cipher = cipher_of(settings, self.database)
        house = house_of(Runtime(settings, self.database, self.clock, cipher, wall=self.clock))
        relying_party = f"https://127.0.0.1:{self._ports['bankid']}{bankid_sandbox.PATH}"
        bankid = BankIdWorld(relying_party, self.app_url, self._pki, self.clock)
        bank = BankWorld(settings.bank.url, self.clock)
        return _PatientWorld(house, create_app(house), self.clock, self.clock, bankid, bank)

    def start(self, *kinds: str) -> None:
        """Start processes, and wait until those that listen do."""
        place = {
            "folder": str(self.folder),
            "pki": str(self._pki.ca.parent),
            "environment": self._environment,
            "bankgiro": LENDER_BANKGIRO.digits,
            "token": TOKEN,
            "death": self._death,
            **self._ports,
        }
        for kind in kinds:
            arguments = ("-m", "tests.support.road_processes", kind, json.dumps(place))
            self._running[kind] = nursery.start(*arguments)
        for kind in kinds:
            if kind != "worker":
                assert wait_until(partial(self._answers, kind), within_seconds=30), self.said(kind)

    def stop(self, *kinds: str) -> None:
        """Kill processes, with what they have started."""
        for kind in kinds:
            process = self._running.pop(kind)
            with process:
                for child in children_of(process.pid):
                    _kill(child)
                process.kill()

    def end(self) -> None:
        """Kill all that runs."""
        self.stop(*self._running)
        bankid = self.world.house.signings.bankid
        assert isinstance(bankid, BankIdClient)
        bankid.close()

    def kill(self, victim: str) -> None:
        """As SIGKILL does, without a word, or the server throws everybody out; then all leases run out, and on it goes.

        Of the web service the process that answers is killed: its parent starts the next one by itself.
        """
        with self._one_at_a_time:
            if victim == BACKENDS:
                self._throw_out()
            elif victim == "web":
                assert wait_until(lambda: bool(children_of(self._running["web"].pid)))
                for child in children_of(self._running["web"].pid):
                    _kill(child)
            else:
                self.stop(victim)
                self.start(victim)
            self.clock.put_forward(seconds=LEASES_LAST.total_seconds())

    @contextmanager
    def armed(self, death: Death | None) -> Iterator[None]:
        """Start the two that work on the database anew after the block, with a planned death or without one."""
        self.stop("web", "worker")
        yield
        (self.folder / DEATH_FILE).unlink(missing_ok=True)
        self._death = death
        self.start("web", "worker")

    @property
    def has_died(self) -> bool:
        """Whether a process has died its planned death."""
        return (self.folder / DEATH_FILE).exists()

    def revive(self) -> None:
        """Start the worker again where it has died by itself; the web service's parent sees to its own."""
        with self._one_at_a_time:
            if self._running["worker"].poll() is not None:
                self.stop("worker")
                self.start("worker")
                self.clock.put_forward(seconds=LEASES_LAST.total_seconds())

    def said(self, kind: str) -> str:
        """What a process has printed at last."""
        log = self.folder / f"{kind}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def one(self, query: str, **values: Any) -> Any:
        """The one value that *query* gives."""
        with self.database.transaction() as session:
            return session.execute(sa.text(query), values).scalar_one_or_none()

    def _throw_out(self) -> None:
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute(_THROW_OUT, [connection.info.dbname, NAME_AT_THE_SERVER])

    def _answers(self, kind: str) -> bool:
        pages = {"web": f"{self.web_url}/healthz", "bankid": f"{self.app_url}orders", "bank": self.bank_url}
        with suppress(requests.RequestException):
            return requests.get(pages[kind], timeout=2).ok
        return False


@contextmanager
def road_place(folder: Path, certificates: Path, database: Database, creditsafe_url: str) -> Iterator[RoadPlace]:
    """All processes running, until the block ends."""
    place = RoadPlace(folder, certificates, database, creditsafe_url)
    try:
        place.start(*KINDS)
        yield place
    finally:
        place.end()


def _free_ports(*names: str) -> Mapping[str, int]:
    """A free port for each, below those that the system gives to others, so that it is free again after a kill."""
    found: dict[str, int] = {}
    while len(found) < len(names):
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            found[names[len(found)]] = port
    return found


def _kill(number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)
