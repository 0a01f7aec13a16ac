"""A fee run that is killed at any moment, and begun again, ends as one that nobody disturbed (rule F1)."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from agreements.billing import invariants as billing
from agreements.billing.service import charge_month, runs
from agreements.ledger import invariants as ledger
from agreements.ledger.service import check
from tests.conftest import LONG
from tests.support import nursery, portfolio
from tests.support.environment import complete_environment
from tests.support.postgres import create_database, drop_database
from underwriting.kernel.clock import FixedClock
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

pytestmark = pytest.mark.crash

AGREEMENTS = 200
TURNS = 300 if LONG else 10
CHARGER = """
import sys
from pathlib import Path
from agreements.billing.services import charge_month
from tests.crash.test_fee_run_killed import runtime_on
from tests.support import portfolio
charge_month.AGREEMENTS_AT_ONCE = 10
runtime = runtime_on(sys.argv[1], Path(sys.argv[2]))
runtime.database.check_server()
print("begins", flush=True)
charge_month.charge_month(runtime, portfolio.MONTH)
print("ends", flush=True)
"""
# What a run leaves behind, without the ids that the server makes.
TRACES = (
    "SELECT agreement_id, month, basis_ore, rate, fee_ore, charged_at, reversed_at FROM monthly_fee ORDER BY 1, 2",
    """SELECT entry.agreement_id, business_key, kind, entry.occurred_on, booked_at, line.agreement_id, line.occurred_on,
        debit_account, credit_account, amount_ore
    FROM ledger_entry AS entry JOIN ledger_line AS line ON line.entry_id = entry.id
    ORDER BY business_key, debit_account, credit_account""",
    "SELECT month, started_at, finished_at, charged_count, charged_ore FROM fee_run",
    "SELECT subject, sequence, action, actor, at, data FROM audit_entry ORDER BY subject, sequence",
)


@pytest.fixture(scope="module")
def template(server_url: str) -> Iterator[str]:
    """The name of a database with a portfolio whose last month is not charged."""
    url = create_database(server_url)
    portfolio.make(url, count=AGREEMENTS)
    yield url
    drop_database(server_url, url)


@contextmanager
def copy_of(template: str, server_url: str) -> Iterator[str]:
    """The address of a copy of its own."""
    url = create_database(server_url, template=str(sa.make_url(template).database))
    yield url
    drop_database(server_url, url)


@contextmanager
def runtime_of(url: str, folder: Path) -> Iterator[Runtime]:
    """What the service needs, on the database at *url*."""
    runtime = runtime_on(url, folder)
    yield runtime
    runtime.database.dispose()


def runtime_on(url: str, folder: Path) -> Runtime:
    """The same for a process that ends soon."""
    settings = Settings.from_environment(complete_environment(folder))
    database = Database(url)
    return Runtime(settings, database, FixedClock(portfolio.CHARGED_AT), cipher_of(settings, database))


def traces(url: str) -> list[list[tuple[object, ...]]]:
    """All that the run has written."""
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in TRACES]


@contextmanager
def charging(url: str, folder: Path) -> Iterator[nursery.Process]:
    """A process that has begun to charge the month."""
    with nursery.start("-c", CHARGER, url, str(folder)) as process:
        while (line := process.stdout.readline()) and "begins" not in line:
            pass
        assert line, "the process ended before it began"
        yield process
        process.kill()


def charged_in(url: str) -> int:
    """How many agreements have been charged for the month."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM monthly_fee WHERE month = %s"
        (charged,) = connection.execute(query, [portfolio.MONTH.first_day]).fetchone() or (0,)
    return int(charged)


def await_charged(url: str, least: int) -> None:
    """Return once at least so many agreements have been charged."""
    while charged_in(url) < least:
        time.sleep(0.001)


def test_a_run_that_is_killed_and_begun_again_ends_as_one_that_was_not(
    template: str, server_url: str, tmp_path: Path
) -> None:
    """F1: every agreement once, and the books add up (F6)."""
    with copy_of(template, server_url) as url:
        with charging(url, tmp_path) as process:
            start = time.monotonic()
            assert process.wait() == 0
        lasts_seconds = time.monotonic() - start
        undisturbed = traces(url)
    assert len(undisturbed[0]) == AGREEMENTS * 7  # six months before, and this one
    half_done = 0
    for turn in range(TURNS):
        with copy_of(template, server_url) as url, runtime_of(url, tmp_path) as runtime:
            with charging(url, tmp_path) as process:
                if turn % 2:
                    time.sleep(random.uniform(0, lasts_seconds))
                else:
                    await_charged(url, random.randrange(1, AGREEMENTS // 2))
                process.kill()
                process.wait()
            half_done += 0 < charged_in(url) < AGREEMENTS
            charge_month(runtime, portfolio.MONTH)
            assert traces(url) == undisturbed
            assert charge_month(runtime, portfolio.MONTH).count == 0
            with runtime.database.transaction() as session:
                assert check(session, (*ledger.INVARIANTS, *billing.INVARIANTS)) == ()
    assert half_done, "no kill came in the middle of a run"


def test_a_run_begun_on_two_hosts_at_the_same_moment_charges_everybody_once(
    template: str, server_url: str, tmp_path: Path
) -> None:
    """F1: two processes with connections of their own; one is killed in half of the turns, and the other goes on."""
    for turn in range(4):
        with copy_of(template, server_url) as url, runtime_of(url, tmp_path) as runtime:
            with charging(url, tmp_path) as one, charging(url, tmp_path) as other:
                if turn % 2:
                    await_charged(url, AGREEMENTS // 4)
                    one.kill()
                statuses = [one.wait(), other.wait()]
            assert statuses[1] == 0
            assert turn % 2 or statuses[0] == 0
            charge_month(runtime, portfolio.MONTH)
            assert charged_in(url) == AGREEMENTS
            with runtime.database.transaction() as session:
                assert check(session, (*ledger.INVARIANTS, *billing.INVARIANTS)) == ()
                (run,) = runs(session)
            assert (run.charged_count, run.chunks_done) == (AGREEMENTS, AGREEMENTS // 10)
