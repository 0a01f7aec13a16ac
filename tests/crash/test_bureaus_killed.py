"""Processes that are killed while they ask bureaus: nothing asked twice, nothing lost, nothing wedged (rules B1-B6)."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import psycopg
import pytest

from bureau_clients.questions import Outcome
from bureau_clients.sandbox.creditsafe import StandIn, create_app
from tests.support import bureau_asker, nursery
from tests.support.bureau_asker import APPLICATIONS, PRICE, application_of, gateway_on, subjects_of
from tests.wire.creditsafe.conftest import PASSWORD, served
from tests.wire.gateway.subjects import AB_THAT_TIMES_OUT
from underwriting.platform.database import Database

pytestmark = pytest.mark.crash

MINUTES_BETWEEN_KILLS = 20  # longer than any lease and any pause
ANSWER_SECONDS = 0.15
QUESTIONS_OF_A_RUN = 12
REFERENCE = re.compile(rb"TransactionId>(\w+)<")
RESERVED = "SELECT right(replace(question::text, '-', ''), 14), bureau, amount_ore, settled FROM bureau_reservation"
ASKED = """
    SELECT reference, bureau, application_id::text, encode(subject_index, 'hex'), outcome, failure_code, cost_ore,
        company_form IS DISTINCT FROM 'AB'
    FROM credit_report WHERE failure_code IS DISTINCT FROM 'breaker-open'
"""


@dataclass
class Listening:
    """A stand-in that remembers our references of all questions that reached it."""

    heard: list[str] = field(default_factory=list)

    @contextmanager
    def served(self) -> Iterator[str]:
        app = create_app(
            StandIn(username="borgen", password=PASSWORD, latency_seconds=ANSWER_SECONDS, silent_seconds=0.8)
        )

        def listening(environ: dict[str, Any], start_response: Any) -> Any:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.heard += [found.decode() for found in REFERENCE.findall(body)]
            return app({**environ, "wsgi.input": BytesIO(body)}, start_response)

        with served(listening) as address:
            yield address


@contextmanager
def asking(url: str, addresses: list[str], run: int) -> Iterator[nursery.Process]:
    """A process that has begun to ask."""
    arguments = [url, *addresses, str(run * APPLICATIONS), str(run * MINUTES_BETWEEN_KILLS)]
    with nursery.start("-m", bureau_asker.__name__, *arguments) as process:
        assert "begins" in process.stdout.readline()
        yield process
        process.kill()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_whoever_is_killed_while_asking_leaves_nothing_to_be_asked_twice_and_nothing_wedged(
    committed_database: Database, kill_count: int
) -> None:
    """B1, B4, B5, B6: at random moments, with leases, reservations and a half-open breaker in their hands."""
    url = committed_database.url
    first, second = Listening(), Listening()
    with first.served() as one, second.served() as other:
        for run in range(kill_count):
            with asking(url, [one, other], run) as process:
                kill_among_questions(process, first, second)
        died = rows(url, "SELECT count(*) FROM bureau_question WHERE state = 'leased'")[0][0]
        settle(committed_database, one, other, kill_count)
    assert died or rows(url, "SELECT FROM credit_report WHERE failure_code = 'asker-died'"), "no kill hit a question"
    check_questions(url, first.heard, second.heard)
    check_reservations(url)


def kill_among_questions(process: nursery.Process, first: Listening, second: Listening) -> None:
    """Kill the process while some question of its is on its way, or just after."""
    before, wanted = len(first.heard) + len(second.heard), random.randint(1, QUESTIONS_OF_A_RUN)
    while len(first.heard) + len(second.heard) < before + wanted and process.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0, 1.5 * ANSWER_SECONDS))
    process.kill()


def settle(database: Database, one: str, other: str, runs: int) -> None:
    """What processes after the last kill do, each later than any pause: until nobody waits for a bureau any more.

    The AB that hangs is asked about once more; it would make every bureau be left alone again.
    """
    numbers = range(runs * APPLICATIONS)
    for attempt in range(5):
        gateway = gateway_on(database, one, other, minutes=(runs + attempt) * MINUTES_BETWEEN_KILLS)
        leave_out = AB_THAT_TIMES_OUT if attempt else None
        outcomes: Counter[Outcome] = Counter()
        for number in numbers:
            subjects = [subject for subject in subjects_of(number) if subject != leave_out]
            outcomes.update(answer.outcome for answer in gateway.retrieve(application_of(number), subjects).answers)
        if not outcomes[Outcome.UNAVAILABLE]:
            return
    raise AssertionError(f"a bureau is left alone for ever: {outcomes}")


def check_questions(url: str, *heard: list[str]) -> None:
    """B4, B5, B6: each question reached a bureau once at most, and whatever reached one is on record."""
    for references in heard:
        assert max(Counter(references).values(), default=0) <= 1
    asked = rows(url, ASKED)
    for bureau, references in zip(("first", "second"), heard, strict=True):
        kept = [reference for reference, at, *_ in asked if at == bureau]
        assert max(Counter(kept).values(), default=0) <= 1
        assert set(references) <= set(kept)
    with_copy = Counter(
        (bureau, application, subject)
        for reference, bureau, application, subject, *_, gets_copy in asked
        if gets_copy and reference in heard[0] + heard[1]
    )
    assert max(with_copy.values()) == 1
    assert rows(url, "SELECT FROM bureau_question WHERE state = 'leased'") == []


def check_reservations(url: str) -> None:
    """B8: what was answered costs what it cost; what is in doubt, and nothing else, is still reserved in full."""
    costs = {(reference, bureau): (outcome, cost) for reference, bureau, _, _, outcome, _, cost, _ in rows(url, ASKED)}
    reserved = {(reference, bureau): (amount, settled) for reference, bureau, amount, settled in rows(url, RESERVED)}
    assert reserved.keys() == costs.keys()
    for key, (outcome, cost) in costs.items():
        in_doubt = outcome == Outcome.UNKNOWN
        assert reserved[key] == (PRICE.ore if in_doubt else cost or 0, not in_doubt)
