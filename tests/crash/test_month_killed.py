"""A month's fees, invoices and file of payments, while workers and the database itself are killed at any moment.

Each worker does again and again what its scheduler has it do, and tries again when something breaks, as jobs are.
"""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from agreements.billing.service import charge_month
from agreements.invoices.services.issue_invoices import issue_period
from agreements.ledger.services.check_books import check
from agreements.payments.services.read_file import book_begun
from tests.benchmarks.bench_payments import PAID_AT
from tests.conftest import LONG
from tests.crash.test_database_restarted import Restartable, _database_on
from tests.crash.test_fee_run_killed import runtime_of
from tests.support import nursery, portfolio
from underwriting.platform.postgres_files import prepare_files

pytestmark = pytest.mark.crash

AGREEMENTS, AT_ONCE = 200, 2
ROUNDS = 30 if LONG else 1
KILLS = 10  # in each round
WORKER = """
import sys, time
from pathlib import Path
from agreements.billing.services import charge_month
from agreements.invoices.services import issue_invoices
from agreements.payments.services import book_chunks, read_file
from tests.benchmarks.bench_payments import PAID_AT, file_of
from tests.crash.test_fee_run_killed import runtime_on
from tests.crash.test_month_killed import AGREEMENTS, AT_ONCE, ISSUED, rows_of
from tests.support import portfolio
for module in (charge_month, issue_invoices, book_chunks):
    module.AGREEMENTS_AT_ONCE = AT_ONCE
read_file.AT_ONCE = 0
while True:
    try:
        runtime = runtime_on(sys.argv[1], Path(sys.argv[2]))
        charge_month.charge_month(runtime, portfolio.MONTH)
        issue_invoices.issue_period(runtime, portfolio.MONTH.next())
        if rows_of(sys.argv[1], ISSUED) != (AGREEMENTS,):
            raise LookupError("the other worker has invoices in hand, which the file has to pay")
        with runtime.database.transaction() as session:
            read_file.take_file(session, runtime, (), file_of(sys.argv[1]), actor="test", at=PAID_AT)
        runtime.clock.move_to(PAID_AT)
        read_file.book_begun(runtime, ())
        break
    except Exception:
        time.sleep(0.05)
"""
ISSUED = "SELECT count(*) FROM invoice WHERE period > %s"
PROGRESS = """
SELECT (SELECT count(*) FROM monthly_fee WHERE month = %s) + (SELECT count(*) FROM invoice)
    + (SELECT count(*) FROM incoming_payment WHERE state = 'booked')
"""
WHAT_IS_ASKED_AND_PAID = """
SELECT (SELECT count(*) FROM monthly_fee WHERE month = %s), (SELECT count(DISTINCT agreement_id) FROM invoice),
    (SELECT count(*) FROM invoice), (SELECT max(number) - min(number) + 1 FROM invoice),
    (SELECT count(*) FROM incoming_payment WHERE state = 'booked'), (SELECT count(*) FROM payment_file),
    (SELECT count(*) FROM incoming_payment)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home with an empty cluster whose commits last; removed afterwards."""
    folder = tmp_path / "home"
    files = prepare_files(folder, durable=True)
    yield folder
    shutil.rmtree(files.data.parent if files.user else files.data)


def test_a_month_is_charged_invoiced_and_paid_once_whatever_is_killed(home: Path, tmp_path: Path) -> None:
    """F1, F5, F7: one fee and one invoice each, every payment booked once, and the books add up (F6)."""
    with (postgres := Restartable(home)):
        portfolio.make(_database_on(postgres), count=AGREEMENTS)
        half_done = 0
        for number in range(ROUNDS):
            with psycopg.connect(postgres.url(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE round_{number} TEMPLATE borgen")
            half_done += kill_through_a_month(postgres, postgres.url(f"round_{number}"), tmp_path)
        assert half_done > ROUNDS, "hardly a kill came in the middle of anything"


def kill_through_a_month(postgres: Restartable, url: str, folder: Path) -> int:
    """Have two workers live through the month and kill one of them, or the database; how many kills came in between."""
    in_between = 0
    with ExitStack() as stack:
        workers = [stack.enter_context(worker_on(url, folder / name)) for name in ("one", "other")]
        for _ in range(KILLS):
            time.sleep(random.uniform(0, 0.3))
            if random.random() < 0.5:
                postgres.restart(signal.SIGKILL)
            else:
                place = random.randrange(2)
                workers[place].kill()
                workers[place] = stack.enter_context(worker_on(url, folder / ("one", "other")[place]))
            in_between += 0 < rows_of(url, PROGRESS)[0] < 3 * AGREEMENTS
        assert [worker.wait(120) for worker in workers] == [0, 0]
    with runtime_of(url, folder) as runtime:
        assert rows_of(url, WHAT_IS_ASKED_AND_PAID) == (*[AGREEMENTS] * 5, 1, AGREEMENTS)
        assert charge_month(runtime, portfolio.MONTH).count == 0
        assert issue_period(runtime, portfolio.MONTH.next()).count == 0
        runtime.clock.move_to(PAID_AT)  # type: ignore[attr-defined]
        assert book_begun(runtime, ()) == 0
        with runtime.database.transaction() as session:
            assert check(session) == ()
    return in_between


def worker_on(url: str, own: Path) -> nursery.Process:
    """A worker with a folder of its own for its settings."""
    own.mkdir(exist_ok=True)
    return nursery.start("-c", WORKER, url, str(own))


def rows_of(url: str, query: str) -> tuple[int, ...]:
    """The one row of a query about the month."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query, [portfolio.MONTH.first_day]).fetchone()
    return tuple(row or ())
