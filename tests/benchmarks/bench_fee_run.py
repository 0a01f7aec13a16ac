"""The fee run with its ledger, against bare SQL that writes the same rows, and a second run against the first.

    .venv/bin/python tests/benchmarks/bench_fee_run.py [--count 100000] [--pairs 3]

Two workers are two threads with a connection each that take chunks of the same run: the work is the server's.

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. Every timed run begins with the same database,
copied from one template; medians of alternating pairs. Ends with status 1 when the run is slower than bare SQL divided
by 0.9, the second run longer than a twentieth of the first, two workers less than 1.3 times as fast as one, or this
process takes more than 200 MB. Progress is told on stderr.
"""

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import psycopg

from agreements.billing.service import charge_month, runs
from agreements.ledger.service import check
from tests.support import portfolio
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.kernel.clock import FixedClock
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import SERVICE_ROLE, Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

LEAST_OF_BARE_SQL = 0.9
MOST_OF_FIRST_RUN = 1 / 20
LEAST_OF_ONE_WORKER = 1.3
MOST_MEGABYTES = 200
TEMPLATE, COPY = "fees_template", "fees"

# What a run wrote becomes the constants of the bare statements. Ids are made by the tables' defaults, as in the run.
CONSTANT = """
CREATE TABLE constant (agreement_id uuid, basis_ore bigint, rate numeric(7, 6), fee_ore bigint, business_key text)
"""
CONSTANTS = """
COPY (
    SELECT fee.agreement_id, fee.basis_ore, fee.rate, fee.fee_ore, entry.business_key
    FROM monthly_fee AS fee JOIN ledger_entry AS entry
        ON entry.agreement_id = fee.agreement_id AND entry.kind = 'monthly_fee' AND entry.occurred_on = '2026-08-31'
    WHERE fee.month = '2026-08-01' ORDER BY fee.agreement_id
) TO STDOUT
"""
BARE = (
    """
INSERT INTO monthly_fee (agreement_id, month, basis_ore, rate, fee_ore, charged_at)
SELECT agreement_id, '2026-08-01', basis_ore, rate, fee_ore, '2026-09-01 18:00Z' FROM constant
""",
    """
WITH entry AS (
    INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT agreement_id, business_key, 'monthly_fee', '2026-08-31', '2026-09-01 18:00Z' FROM constant
    RETURNING id, agreement_id
)
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
SELECT entry.id, agreement_id, '2026-08-31', 'fee_receivable', 'fee_income', fee_ore
FROM entry JOIN constant USING (agreement_id)
""",
)
WRITTEN = """
SELECT count(*) = (SELECT count(*) FROM constant) FROM ledger_line
WHERE debit_account = 'fee_receivable' AND occurred_on = '2026-08-31'
"""


@dataclass(frozen=True)
class Bench:
    """A server with a portfolio in its template database."""

    server_url: str
    runtime: Runtime
    count: int

    def timed_run(self) -> tuple[float, float]:
        """Seconds of a first run on a fresh copy, and of a second one."""
        with self._copy() as url, self._service_on(url) as runtime:
            first, second = (_timed(lambda: charge_month(runtime, portfolio.MONTH)) for _ in range(2))
            with runtime.database.transaction() as session:
                assert runs(session)[0].charged_count == self.count, "not every agreement was charged once"
            return first, second

    def timed_two(self) -> float:
        """Seconds of two workers at once on a fresh copy."""
        with self._copy() as url, self._service_on(url) as one, self._service_on(url) as other:
            taken = _timed(lambda: _charge_together(one, other))
            with one.database.transaction() as session:
                assert runs(session)[0].charged_count == self.count, "not every agreement was charged once"
            return taken

    def timed_bare(self) -> float:
        """Seconds of the bare statements on a fresh copy, in one transaction and as the service's role."""
        with self._copy() as url, psycopg.connect(url) as connection:
            connection.execute(f"SET ROLE {SERVICE_ROLE}")
            connection.commit()
            taken = _timed(lambda: _write_bare(connection))
            assert connection.execute(WRITTEN).fetchone() == (True,), "the bare statements wrote something else"
            return taken

    def prepare(self) -> None:
        """Make the template: the portfolio, and the constants that a run of its own has computed."""
        url = url_of(self.server_url, TEMPLATE)
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        migrations.upgrade(url)
        portfolio.make(url, count=self.count)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(CONSTANT)
            connection.execute(f"GRANT SELECT ON constant TO {SERVICE_ROLE}")
            connection.execute("VACUUM (ANALYZE)")
        with self._copy() as copied, self._service_on(copied) as runtime:
            charge_month(runtime, portfolio.MONTH)
            with runtime.database.transaction() as session:
                assert check(session) == (), "the books of the benchmark do not add up"
            _copy_constants(copied, url)

    @contextmanager
    def _copy(self) -> Iterator[str]:
        self._execute(f"CREATE DATABASE {COPY} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        self._execute("CHECKPOINT")
        yield url_of(self.server_url, COPY)
        self._execute(f"DROP DATABASE {COPY} WITH (FORCE)")

    @contextmanager
    def _service_on(self, url: str) -> Iterator[Runtime]:
        database = Database(url)
        database.check_server()  # connected before the time runs
        yield replace(self.runtime, database=database)
        database.dispose()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(statement)


def main() -> int:
    """Print the medians and both ratios; 1 when a limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="agreements")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of a run and the bare statements")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            missed = measure(Bench(postgres.url(), _runtime(home), arguments.count), pairs=arguments.pairs)
        postgres.destroy()
    finally:
        shutil.rmtree(home)
    return int(missed)


def measure(bench: Bench, *, pairs: int) -> bool:
    """Time the pairs and print what came of it; whether a limit was missed."""
    _say(f"making {bench.count} agreements …")
    bench.prepare()
    first, second, bare, two = [], [], [], []
    before = _megabytes()
    for number in range(1, pairs + 1):
        run, again = bench.timed_run()
        first.append(run)
        second.append(again)
        bare.append(bench.timed_bare())
        two.append(bench.timed_two())
        _say(f"pair {number}: run {run:.2f} s, again {again:.3f} s, bare SQL {bare[-1]:.2f} s, two {two[-1]:.2f} s")
    of_bare = statistics.median(bare) / statistics.median(first)
    of_first = statistics.median(second) / statistics.median(first)
    of_one, megabytes = statistics.median(first) / statistics.median(two), _megabytes()
    _print(f"agreements              {bench.count}")
    _print(f"fee run with ledger     {statistics.median(first):.2f} s")
    _print(f"bare SQL                {statistics.median(bare):.2f} s")
    _print(f"speed of bare SQL       {of_bare:.2f}  (limit: at least {LEAST_OF_BARE_SQL})")
    _print(f"second run              {statistics.median(second):.3f} s")
    _print(f"second against first    {of_first:.3f}  (limit: at most {MOST_OF_FIRST_RUN})")
    _print(f"two workers             {statistics.median(two):.2f} s")
    _print(f"two workers against one {of_one:.2f}  (limit: at least {LEAST_OF_ONE_WORKER})")
    _print(f"memory of the worker    {megabytes} MB, {before} before the runs  (limit: at most {MOST_MEGABYTES})")
    is_slow = of_bare < LEAST_OF_BARE_SQL or of_first > MOST_OF_FIRST_RUN or of_one < LEAST_OF_ONE_WORKER
    return is_slow or megabytes > MOST_MEGABYTES


def _charge_together(*runtimes: Runtime) -> None:
    with ThreadPoolExecutor(len(runtimes)) as workers:
        list(workers.map(lambda runtime: charge_month(runtime, portfolio.MONTH), runtimes))


def _megabytes() -> int:
    """The most that this process has taken until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _write_bare(connection: psycopg.Connection) -> None:
    for statement in BARE:
        connection.execute(statement)
    connection.commit()


def _copy_constants(source_url: str, target_url: str) -> None:
    with (
        psycopg.connect(source_url) as source,
        psycopg.connect(target_url) as target,
        source.cursor().copy(CONSTANTS) as rows,
        target.cursor().copy("COPY constant FROM STDIN") as into,
    ):
        for block in rows:
            into.write(block)
    with psycopg.connect(target_url, autocommit=True) as target:
        target.execute("VACUUM (ANALYZE) constant")


def _runtime(home: Path) -> Runtime:
    settings = Settings.from_environment(complete_environment(home))
    database = Database(settings.database_url.reveal())
    return Runtime(settings, database, FixedClock(portfolio.CHARGED_AT), cipher_of(settings, database))


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 — progress of a script


def _print(text: str) -> None:
    print(text)  # noqa: T201 — a script's answer


if __name__ == "__main__":
    sys.exit(main())
