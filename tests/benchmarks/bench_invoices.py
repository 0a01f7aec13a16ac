"""Invoices made PDF, a hundred a second on one core; and the statement that issues them.

    python -m tests.benchmarks.bench_invoices [--pdfs 1500] [--count 20000]

A PDF is made from values by templates and a compiler that is kept, as the service makes them; every run is another
invoice. They are made in fifteen rounds, and what is told is the median round, with the middle half of them: whoever
else is on the machine empties its caches now and then, and that is no matter of this code. Issuing is for *count*
agreements half a year into their plans, on an embedded PostgreSQL. Processor time is that of every thread. Ends with
status 1 when fewer than 100 PDFs are made for each second of processor in the median round. It takes half a minute.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from agreements.billing.service import charge_month
from agreements.documents.rules import DocumentKind, words
from agreements.documents.typesetting import typeset
from agreements.invoices.services.issue_invoices import issue_period
from tests.support import portfolio
from tests.support.documents import GRANTED_AT, VALUES
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

LEAST_A_SECOND = 100
WARM_UP, ROUNDS = 20, 15


def main() -> int:
    """Print the figures; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pdfs", type=int, default=1_500)
    parser.add_argument("--count", type=int, default=20_000, help="agreements to issue for; none with 0")
    arguments = parser.parse_args()
    low, a_second, high = statistics.quantiles(pdfs_a_second(arguments.pdfs), n=4)
    say(f"PDFs for a second of processor    {a_second:.0f}, {low:.0f} to {high:.0f}  (at least {LEAST_A_SECOND})")
    if arguments.count:
        issue_for(arguments.count)
    return int(a_second < LEAST_A_SECOND)


def pdfs_a_second(count: int) -> list[float]:
    """How many invoices become PDFs in a second of processor time, in each round; *count* of them in all."""
    for number in range(WARM_UP):
        made(number)
    part, rates = max(1, count // ROUNDS), []
    for first in range(WARM_UP, WARM_UP + part * ROUNDS, part):
        started = process_time()
        for number in range(first, first + part):
            made(number)
        rates.append(part / (process_time() - started))
    return rates


def made(number: int) -> bytes:
    """The PDF of one of many."""
    changes = {
        "company": f"Bolaget {number} AB",
        "number": 100_001 + number,
        "invoice_number": 202600000001 + number,
        "payable": Money.kronor(21_000 + number),
    }
    return typeset(words(DocumentKind.INVOICE, "sv", **(VALUES[DocumentKind.INVOICE] | changes)), at=GRANTED_AT)


def issue_for(count: int) -> None:
    """Issue a month's invoices on a database of its own, twice."""
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            timed_issuing(postgres.url(), home, count)
        postgres.destroy()
    finally:
        shutil.rmtree(home)


def timed_issuing(server_url: str, home: Path, count: int) -> None:
    """The first run, and a second one that finds nothing."""
    url = url_of(server_url, "postgres")
    migrations.upgrade(url)
    portfolio.make(url, count=count)
    settings = Settings.from_environment(complete_environment(home))
    database = Database(url)
    runtime = Runtime(settings, database, FixedClock(portfolio.CHARGED_AT), cipher_of(settings, database))
    charge_month(runtime, portfolio.MONTH)
    for name in ("issued", "second run"):
        started = perf_counter()
        issued = issue_period(runtime, portfolio.MONTH.next())
        taken = perf_counter() - started
        say(f"{name:<12} {issued.count} invoices    {taken:.2f} s, {count / taken:.0f} agreements a second")
    database.dispose()


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
