"""Workers that book a file of payments and are killed at any moment leave what one that nobody disturbs leaves (F7)."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from agreements.billing.service import charge_month
from agreements.invoices.services.issue_invoices import issue_period
from agreements.ledger.services.check_books import check
from agreements.payments.services.read_file import book_begun, take_file
from tests.benchmarks.bench_payments import PAID_AT, file_of
from tests.conftest import LONG
from tests.crash.test_fee_run_killed import copy_of, runtime_of
from tests.support import nursery, portfolio
from tests.support.postgres import create_database, drop_database

pytestmark = pytest.mark.crash

AGREEMENTS, AT_ONCE = 200, 2
TURNS = 300 if LONG else 10
BOOKER = """
import sys
from pathlib import Path
from agreements.payments.services import book_chunks, read_file
from tests.benchmarks.bench_payments import PAID_AT
from tests.crash.test_fee_run_killed import runtime_on
from tests.crash.test_payment_file_killed import AT_ONCE
book_chunks.AGREEMENTS_AT_ONCE = AT_ONCE
runtime = runtime_on(sys.argv[1], Path(sys.argv[2]))
runtime.clock.move_to(PAID_AT)
runtime.database.check_server()
print("begins", flush=True)
read_file.book_begun(runtime, ())
"""
# What booking leaves behind, without the ids that the server makes, and the order of chunks.
TRACES = (
    """SELECT payment_serial, reference, amount_ore, agreement_id, state, part, told_ore, named_invoices, booked_at
    FROM incoming_payment ORDER BY payment_serial""",
    """SELECT payment_serial, entry.occurred_on, debit_account, credit_account, line.amount_ore
    FROM ledger_entry AS entry JOIN ledger_line AS line ON line.entry_id = entry.id
    JOIN incoming_payment AS payment ON business_key = 'payment:' || payment.id
    ORDER BY payment_serial, credit_account""",
    """SELECT line_id, amount_ore FROM claim_payment ORDER BY line_id""",
    "SELECT through_id, done_at FROM payment_chunk ORDER BY through_id",
    "SELECT state, count(*) FROM incoming_payment GROUP BY state",
    "SELECT imported_at, finished_at FROM payment_file",
    "SELECT subject, action, data - 'payment' FROM audit_entry WHERE action LIKE 'payment%' ORDER BY subject, sequence",
    "SELECT subject, kind, data - 'payment_id' FROM event WHERE kind LIKE 'payment%' ORDER BY subject",
)


@pytest.fixture(scope="module")
def template(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database whose invoices of a month are issued; a file that pays all of them has been taken and not booked."""
    url = create_database(server_url)
    portfolio.make(url, count=AGREEMENTS)
    with runtime_of(url, tmp_path_factory.mktemp("template")) as runtime, pytest.MonkeyPatch.context() as patch:
        charge_month(runtime, portfolio.MONTH)
        issue_period(runtime, portfolio.MONTH.next())
        patch.setattr("agreements.payments.services.read_file.AT_ONCE", 0)
        with runtime.database.transaction() as session:
            take_file(session, runtime, (), file_of(url), actor="test", at=PAID_AT)
    yield url
    drop_database(server_url, url)


def traces(url: str) -> list[list[tuple[object, ...]]]:
    """All that booking has written."""
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in TRACES]


def booked_in(url: str) -> int:
    """How many payments are booked."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM incoming_payment WHERE state = 'booked'"
        (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)


@contextmanager
def booking(url: str, folder: Path) -> Iterator[nursery.Process]:
    """A process that has begun to book the file."""
    with nursery.start("-c", BOOKER, url, str(folder)) as process:
        while (line := process.stdout.readline()) and "begins" not in line:
            pass
        assert line, "the process ended before it began"
        yield process
        process.kill()


def test_workers_that_are_killed_at_any_moment_account_for_every_krona(
    template: str, server_url: str, tmp_path: Path
) -> None:
    """F7: two at a time, each killed when chance wills; each payment is booked once, and the books add up (F6)."""
    with copy_of(template, server_url) as url:
        with booking(url, tmp_path) as process:
            start = time.monotonic()
            assert process.wait() == 0
        lasts_seconds = time.monotonic() - start
        undisturbed = traces(url)
    assert len(undisturbed[0]) == AGREEMENTS
    assert undisturbed[4] == [("booked", AGREEMENTS)]
    half_done = 0
    for _ in range(TURNS):
        with copy_of(template, server_url) as url, runtime_of(url, tmp_path) as runtime:
            with ExitStack() as stack:
                workers = [stack.enter_context(booking(url, tmp_path)) for _ in range(2)]
                for worker in workers:
                    time.sleep(random.uniform(0, lasts_seconds / 2))
                    worker.kill()
                    worker.wait()
            half_done += 0 < booked_in(url) < AGREEMENTS
            with booking(url, tmp_path) as process:
                assert process.wait() == 0
            assert traces(url) == undisturbed
            assert book_begun(runtime, ()) == 0
            with runtime.database.transaction() as session:
                assert check(session) == ()
    assert half_done, "no kill came in the middle of a file"
