"""Killed anywhere between decision and payout, the road goes on: paid once, signed before, with all its documents.

The web service, the worker, the bank and BankID are processes, and PostgreSQL throws out whoever is connected. People
try again what was broken off; after each kill the leases of what died run out, by the clock that all processes share.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import LONG
from tests.support.bureau import creditsafe_stand_in
from tests.support.postgres import create_database, drop_database
from tests.support.road import VICTIMS, Death, RoadPlace, road_place
from tests.support.road_proof import prove
from tests.support.road_walk import Walk, begun
from underwriting.kernel.vocabulary import AgreementState
from underwriting.platform.database import Database

pytestmark = pytest.mark.crash

KILLS = 200 if LONG else 8
KILLS_EACH = 4
LONGEST_PAUSE_SECONDS = 0.8
NAMED_SHORT = 2
ENDS = (AgreementState.RUNNING,) * 3 + (AgreementState.CANCELLED, AgreementState.LAPSED)
STEPS = (
    "UPDATE application SET",  # the case is leased
    "INSERT INTO bureau_question",  # a question is leased, and then asked
    "INSERT INTO credit_report",  # its answer is kept
    "agreement.granted",  # decided, with the documents to be signed
    "INSERT INTO signing",  # an order at BankID is kept
    "UPDATE signing SET collect_after",  # the order is leased, and then asked about
    "signing.complete",  # a signature with its evidence
    "agreement.signature_received",  # for the company
    "guarantee.signed",
    "agreement.signed",  # the last one: the payout is ordered
    "document.sealed",
    "payout_file.released",  # the file of the day is made
    "payout.sent",  # marked as sent, and then sent
    "UPDATE payout SET ask_after",  # sent, or the question about it is leased
    "payout.paid",  # the bank's answer is booked
)
"""The commits between decision and payout."""
DEATHS: tuple[Death, ...] = tuple((step, before) for step in STEPS for before in (True, False))


@pytest.fixture(scope="module")
def database(server_url: str) -> Iterator[Database]:
    url = create_database(server_url)
    database = Database(url)
    yield database
    database.dispose()
    drop_database(server_url, url)


@pytest.fixture(scope="module")
def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoadPlace]:
    folder = tmp_path_factory.mktemp("road")
    with creditsafe_stand_in() as bureau, road_place(folder, folder / "pki", database, bureau) as place:
        yield place


@pytest.fixture(scope="module")
def walks() -> list[Walk]:
    """All that were begun in the place."""
    return []


def test_killed_at_random_it_is_paid_once_after_the_last_signature(place: RoadPlace, walks: list[Walk]) -> None:
    """P3, G2, S1: whichever process, whenever; some are cancelled or never signed, and end as they should."""
    for number in range(KILLS // KILLS_EACH):
        walk = begun(place, len(walks), ENDS[number % len(ENDS)])
        walks.append(walk)
        victims = [random.choice(VICTIMS) for _ in range(KILLS_EACH)]
        with killing(place, [(random.uniform(0, LONGEST_PAUSE_SECONDS), victim) for victim in victims]):
            walk.go()
    prove(place, walks)


def test_killed_at_each_step_it_is_paid_once_after_the_last_signature(place: RoadPlace, walks: list[Walk]) -> None:
    """P3, G2, S1: before the commit of the step, or just after it, once on each road."""
    for death in DEATHS if LONG else random.sample(DEATHS, NAMED_SHORT):
        with place.armed(death):
            walk = begun(place, len(walks), AgreementState.RUNNING)
        walks.append(walk)
        walk.go()
        assert place.has_died, f"nothing came to {death}"
    prove(place, walks)


@contextmanager
def killing(place: RoadPlace, plan: list[tuple[float, str]]) -> Iterator[None]:
    """Kills as planned, each so many seconds after the one before; the block ends when all are done."""
    faults: list[BaseException] = []

    def kill() -> None:
        try:
            for pause_seconds, victim in plan:
                time.sleep(pause_seconds)
                place.kill(victim)
        except BaseException as fault:
            faults.append(fault)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()
    assert faults == []
