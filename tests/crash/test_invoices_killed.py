"""Workers that issue invoices and are killed at any moment leave what workers that nobody disturbs leave (rule F5)."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from agreements.billing import invariants as billing
from agreements.billing.service import charge_month
from agreements.invoices import invariants as invoices
from agreements.invoices.services.issue_invoices import issue_period
from agreements.ledger import invariants as ledger
from agreements.ledger.service import check
from tests.conftest import LONG
from tests.crash.test_fee_run_killed import copy_of, runtime_of
from tests.support import nursery, portfolio
from tests.support.postgres import create_database, drop_database

pytestmark = pytest.mark.crash

AGREEMENTS, AT_ONCE = 200, 10
TURNS = 300 if LONG else 10
PERIOD = portfolio.MONTH.next()
ISSUER = """
import sys
from pathlib import Path
from agreements.invoices.services import issue_invoices
from tests.crash.test_fee_run_killed import runtime_on
from tests.crash.test_invoices_killed import AT_ONCE, PERIOD
issue_invoices.AGREEMENTS_AT_ONCE = AT_ONCE
runtime = runtime_on(sys.argv[1], Path(sys.argv[2]))
runtime.database.check_server()
print("begins", flush=True)
issue_invoices.issue_period(runtime, PERIOD)
"""
# What a run leaves behind, without the ids that the server makes, and the numbers, which follow the order of chunks.
TRACES = (
    """SELECT agreement_id, period, issued_on, due_on, delivery, total_ore, rounding_ore, payable_ore, balance_ore
    FROM invoice ORDER BY agreement_id, period""",
    """SELECT agreement_id, number, kind, account, amount_ore, arose_on, instalment_number, attempt
    FROM invoice_line ORDER BY agreement_id, number""",
    """SELECT business_key, occurred_on, amount_ore FROM ledger_entry JOIN ledger_line AS line
    ON line.entry_id = ledger_entry.id AND kind = 'paper_fee' ORDER BY business_key""".replace(
        "occurred_on,", "line.occurred_on,"
    ),
    "SELECT through_id, issued_count, issued_ore FROM invoice_chunk ORDER BY through_id",
    "SELECT number FROM invoice ORDER BY number",
    "SELECT year, last FROM invoice_series",
    "SELECT period, finished_at FROM invoice_run",
    "SELECT subject, sequence, action, data FROM audit_entry WHERE subject LIKE 'invoice-run:%' ORDER BY sequence",
)


@pytest.fixture(scope="module")
def template(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database whose fees are charged and whose invoices are not issued; one agreement in five has them on paper."""
    url = create_database(server_url)
    portfolio.make(url, count=AGREEMENTS)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE agreement SET invoice_delivery = 'paper' WHERE number % 5 = 0")
    with runtime_of(url, tmp_path_factory.mktemp("template")) as runtime:
        charge_month(runtime, portfolio.MONTH)
    yield url
    drop_database(server_url, url)


def traces(url: str) -> list[list[tuple[object, ...]]]:
    """All that the run has written."""
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in TRACES]


def issued_in(url: str) -> int:
    """How many invoices there are."""
    with psycopg.connect(url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM invoice").fetchone() or (0,)
    return int(count)


@contextmanager
def issuing(url: str, folder: Path) -> Iterator[nursery.Process]:
    """A process that has begun to issue the month's invoices."""
    with nursery.start("-c", ISSUER, url, str(folder)) as process:
        while (line := process.stdout.readline()) and "begins" not in line:
            pass
        assert line, "the process ended before it began"
        yield process
        process.kill()


def test_workers_that_are_killed_at_any_moment_leave_one_invoice_each_and_no_gap(
    template: str, server_url: str, tmp_path: Path
) -> None:
    """F5: two at a time, each killed when chance wills; exactly one invoice per period, and the books add up (F6)."""
    with copy_of(template, server_url) as url:
        with issuing(url, tmp_path) as process:
            start = time.monotonic()
            assert process.wait() == 0
        lasts_seconds = time.monotonic() - start
        undisturbed = traces(url)
    assert len(undisturbed[0]) == AGREEMENTS
    assert [number for (number,) in undisturbed[4]] == list(range(202600000001, 202600000001 + AGREEMENTS))
    half_done = 0
    for _ in range(TURNS):
        with copy_of(template, server_url) as url, runtime_of(url, tmp_path) as runtime:
            with ExitStack() as stack:
                workers = [stack.enter_context(issuing(url, tmp_path)) for _ in range(2)]
                for worker in workers:
                    time.sleep(random.uniform(0, lasts_seconds / 2))
                    worker.kill()
                    worker.wait()
            half_done += 0 < issued_in(url) < AGREEMENTS
            with issuing(url, tmp_path) as process:
                assert process.wait() == 0
            assert traces(url) == undisturbed
            assert issue_period(runtime, PERIOD).count == 0
            assert issued_in(url) == AGREEMENTS
            with runtime.database.transaction() as session:
                assert check(session, (*ledger.INVARIANTS, *billing.INVARIANTS, *invoices.INVARIANTS)) == ()
    assert half_done, "no kill came in the middle of a run"
