"""A BgMax file of a hundred thousand payments: parsed, matched, allocated and booked at 3 000 a second (rules F7, F8).

    python -m tests.benchmarks.bench_payments [--count 100000] [--workers 1]

Agreements half a year into their plans have their invoices of a month; each is paid by its OCR reference, on an
embedded PostgreSQL as `./dev up` starts one. Beside it, in the same run and on a copy of the same database, one bare
statement for each table writes the same rows with the same keys and indexes, without parsing, matching or allocating
anything. Ends with status 1 when fewer than 3 000 payments a second are booked.
"""

import argparse
import os
import shutil
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter

import psycopg

from agreements.billing.service import charge_month
from agreements.invoices.services.issue_invoices import issue_period
from agreements.ledger.services.check_books import check
from agreements.payments.services.read_file import book_begun, take_file
from tests.support import nursery, portfolio
from tests.support.bgmax_files import BgMax, paid
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

LEAST_A_SECOND = 3_000
PAID_ON = date(2026, 9, 30)
PAID_AT = datetime(2026, 9, 30, 17, 30, tzinfo=UTC)
OF_ENTRY = "entry_id IN (SELECT id FROM ledger_entry WHERE booked_at = %s)"
WRITTEN = {
    "incoming_payment": "recorded_at = %s",
    "ledger_entry": "booked_at = %s",
    "ledger_line": OF_ENTRY,
    "claim_payment": OF_ENTRY,
    "audit_entry": "at = %s AND action = 'payment.booked'",
    "event": "occurred_at = %s",
}
"""What booking writes of each table."""


def main() -> int:
    """Print the figures; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="payments, each of an agreement of its own")
    parser.add_argument("--workers", type=int, default=1, help="processes that book, beside each other")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            a_second = timed(postgres.url(), home, arguments.count, arguments.workers)
        postgres.destroy()
    finally:
        shutil.rmtree(home)
    say(f"limit: at least {LEAST_A_SECOND} a second")
    return int(a_second < LEAST_A_SECOND)


def timed(server_url: str, home: Path, count: int, workers: int) -> float:
    """Book one file and write the same rows bare; payments a second of the former."""
    url = url_of(server_url, "postgres")
    runtime = prepared(url, home, count)
    content = file_of(url)
    say(f"{count} payments, a file of {len(content) / 1e6:.1f} MB, {os.cpu_count()} processors, {workers} worker(s)")
    started = perf_counter()
    with runtime.database.transaction() as session:
        take_file(session, runtime, (), content, actor="bench", at=PAID_AT, nobody_waits=True)
    say(f"parsed and kept   {perf_counter() - started:6.2f} s")
    if workers == 1:
        book_begun(runtime, ())
    else:
        in_processes(url, home, workers)
    taken = perf_counter() - started
    say(f"booked            {taken:6.2f} s   {count / taken:.0f} payments a second")
    with runtime.database.transaction() as session:
        sound = check(session) == ()
    bare = bare_seconds(url)
    say(f"the same rows bare{bare:6.2f} s   {count / bare:.0f} payments a second; {bare / taken:.2f} of it")
    say(f"books in order    {sound}")
    started = perf_counter()
    with runtime.database.transaction() as session:
        take_file(session, runtime, (), content, actor="bench", at=PAID_AT)
    say(f"the file again    {perf_counter() - started:6.2f} s, and nothing changed")
    runtime.database.dispose()
    return count / taken if sound else 0.0


def prepared(url: str, home: Path, count: int) -> Runtime:
    """A database whose invoices of September are issued."""
    migrations.upgrade(url)
    portfolio.make(url, count=count)
    runtime = runtime_on(url, home)
    charge_month(runtime, portfolio.MONTH)
    issue_period(runtime, portfolio.MONTH.next())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return Runtime(runtime.settings, runtime.database, FixedClock(PAID_AT), runtime.cipher)


def runtime_on(url: str, home: Path) -> Runtime:
    """The service's own, on that database."""
    settings = Settings.from_environment(complete_environment(home))
    database = Database(url)
    return Runtime(settings, database, FixedClock(portfolio.CHARGED_AT), cipher_of(settings, database))


def file_of(url: str) -> bytes:
    """Every invoice paid to the öre, from an account of its own, by somebody with a name."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT ocr, payable_ore FROM invoice ORDER BY number").fetchall()
    payments = (
        paid(number, ocr, Money(ore), sender=str(10_000_000 + number), name=f"Bolaget {number} AB")
        for number, (ocr, ore) in enumerate(rows, start=1)
    )
    return BgMax(PAID_ON).of(*payments)


def in_processes(url: str, home: Path, workers: int) -> None:
    """Book by several processes at once."""
    code = (
        "import sys; from pathlib import Path; from tests.benchmarks.bench_payments import booked_on;"
        " booked_on(sys.argv[1], Path(sys.argv[2]))"
    )
    with nursery.start("-c", code, url, str(home)) as process:
        booked_on(url, home)
        process.wait()


def booked_on(url: str, home: Path) -> None:
    """Book what is begun."""
    runtime = runtime_on(url, home)
    book_begun(Runtime(runtime.settings, runtime.database, FixedClock(PAID_AT), runtime.cipher), ())
    runtime.database.dispose()


def bare_seconds(url: str) -> float:
    """How long one statement for each table takes to write again the rows that booking left.

    They are taken away first, and written back as they were.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for table, where in WRITTEN.items():
            connection.execute(f"CREATE TABLE kept_{table} (LIKE {table})")
            connection.execute(f"INSERT INTO kept_{table} SELECT * FROM {table} WHERE {where}", (PAID_AT,))
        connection.execute("SET session_replication_role = 'replica'")  # rows that else are only added to
        for table, where in reversed(WRITTEN.items()):
            connection.execute(f"DELETE FROM {table} WHERE {where}", (PAID_AT,))
        connection.execute("SET session_replication_role = 'origin'")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
        started = perf_counter()
        for table in WRITTEN:
            connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}")
        return perf_counter() - started


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
