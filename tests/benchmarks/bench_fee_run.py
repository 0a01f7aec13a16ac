"""The fee run with its ledger: against bare SQL that writes the same rows, over sizes, and by two workers.

    .venv/bin/python -m tests.benchmarks.bench_fee_run [--count 100000] [--pairs 3]

Measures a hundredth and a tenth of the agreements, and then all of them. Each worker is a process of its own with its
own connections, as on a host of its own; what it takes of memory is what its process took at the most.

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. Every timed run begins with the same database,
copied from one template; medians of alternating pairs. Ends with status 1 when a limit is missed, each of which it
prints. Progress is told on stderr. A million agreements take 12 GB of disk.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psycopg

from agreements.billing import invariants as billing
from agreements.billing.service import charge_month
from agreements.ledger import invariants as ledger
from agreements.ledger.service import check
from tests.support import portfolio
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.periods import Month
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import SERVICE_ROLE, Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

LEAST_OF_BARE_SQL = 0.9
MOST_OF_FIRST_RUN = 1 / 20
LEAST_OF_ONE_WORKER = 1.3
MOST_GROWTH = 1.3
MOST_MEGABYTES = 200
MOST_GROWTH_OF_MEMORY = 1.1
TEMPLATE, COPY = "fees_template", "fees"
FIRST_CHARGED = Month(2026, 7)

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
class Run:
    """What one worker told: seconds of a first run and of a second one, and the most memory its process took."""

    first: float
    second: float
    megabytes: int


@dataclass(frozen=True)
class Bench:
    """A server with a portfolio in its template database, and beside it a file of what a run of it writes."""

    server_url: str
    home: Path
    count: int

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Make the template, and drop it at the end."""
        url = url_of(self.server_url, TEMPLATE)
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        migrations.upgrade(url)
        portfolio.make(url, count=self.count, first_charged=FIRST_CHARGED)
        yield
        self._execute(f"DROP DATABASE {TEMPLATE} WITH (FORCE)")

    def timed_run(self, *, is_checked: bool = False) -> Run:
        """A run by one worker on a fresh copy; its rows become the constants of the bare statements."""
        with self._copy() as url:
            with _worker(url, self.home) as process:
                run = _told_by(process)
            self._require_once(url)
            if is_checked:
                _check(url, self.home)
            if not self._constants.exists():
                _copy_constants(url, self._constants)
            return run

    def timed_two(self) -> float:
        """Seconds of two workers at once on a fresh copy, until both have ended their first run."""
        with self._copy() as url:
            with ExitStack() as stack:
                workers = [stack.enter_context(_worker(url, self.home)) for _ in range(2)]
                seconds = max(run.first for run in _told_together(*workers))
            self._require_once(url)
            return seconds

    def timed_bare(self) -> float:
        """Seconds of the bare statements on a fresh copy, in one transaction and as the service's role."""
        with self._copy() as url, psycopg.connect(url, autocommit=True) as connection:
            _load_constants(connection, self._constants)
            connection.execute(f"SET ROLE {SERVICE_ROLE}")
            start = perf_counter()
            with connection.transaction():
                _write_bare(connection)
            taken = perf_counter() - start
            assert connection.execute(WRITTEN).fetchone() == (True,), "the bare statements wrote something else"
            return taken

    @property
    def _constants(self) -> Path:
        return self.home / f"constants-{self.count}"

    def _require_once(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            charged = connection.execute("SELECT charged_count FROM fee_run").fetchone()
        assert charged == (self.count,), "not every agreement was charged once"

    @contextmanager
    def _copy(self) -> Iterator[str]:
        self._execute(f"CREATE DATABASE {COPY} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        self._execute("CHECKPOINT")
        yield url_of(self.server_url, COPY)
        self._execute(f"DROP DATABASE {COPY} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(statement)


@dataclass(frozen=True)
class Measured:
    """The figures of one size."""

    count: int
    runs: tuple[Run, ...]
    bare: tuple[float, ...] = ()
    two: tuple[float, ...] = ()

    @property
    def first(self) -> float:
        """Seconds."""
        return statistics.median(run.first for run in self.runs)

    @property
    def second(self) -> float:
        """Seconds."""
        return statistics.median(run.second for run in self.runs)

    @property
    def megabytes(self) -> int:
        """The most that a worker took."""
        return max(run.megabytes for run in self.runs)


def main() -> int:
    """Print medians and ratios; 1 when a limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="agreements, at the most")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of a run and the bare statements")
    parser.add_argument("--worker", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work(arguments.worker[0], Path(arguments.worker[1]))
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    try:
        with (postgres := EmbeddedPostgres(home)):
            sizes = [
                measure(Bench(postgres.url(), home, count), pairs=arguments.pairs, is_largest=count == arguments.count)
                for count in (arguments.count // 100, arguments.count // 10, arguments.count)
            ]
        postgres.destroy()
    finally:
        shutil.rmtree(home)
    return int(not report(sizes))


def work(url: str, home: Path) -> int:
    """As a worker: charge the month when told to, and once more; print what it took."""
    with redirect_stdout(sys.stderr):
        runtime = _runtime(url, home)
        runtime.database.check_server()  # connected before the time runs
    _print("ready")
    sys.stdin.readline()
    with redirect_stdout(sys.stderr):
        first, second = (_timed(lambda: charge_month(runtime, portfolio.MONTH)) for _ in range(2))
        runtime.database.dispose()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _print(json.dumps({"first": first, "second": second, "megabytes": most}))
    return 0


def measure(bench: Bench, *, pairs: int, is_largest: bool) -> Measured:
    """Time the runs of one size; of the largest, beside each the bare statements and two workers."""
    _say(f"making {bench.count} agreements …")
    runs, bare, two = [], [], []
    with bench.prepared():
        for number in range(1, pairs + 1):
            runs.append(bench.timed_run(is_checked=not is_largest and number == 1))
            if is_largest:
                bare.append(bench.timed_bare())
                two.append(bench.timed_two())
            _say(f"pair {number}: {runs[-1]}, bare SQL {bare[-1:]}, two workers {two[-1:]}")
    return Measured(bench.count, tuple(runs), tuple(bare), tuple(two))


def report(sizes: list[Measured]) -> bool:
    """Print what was measured, each limit beside it; whether all are kept."""
    for size in sizes:
        each = size.first / size.count * 1e6
        _print(f"{size.count:>9} agreements: {size.first:.2f} s, {each:.1f} µs each, {size.megabytes} MB")
    smallest, largest = sizes[0], sizes[-1]
    growth = largest.first / largest.count / (smallest.first / smallest.count)
    memory = largest.megabytes / smallest.megabytes
    bare, two = statistics.median(largest.bare), statistics.median(largest.two)
    _print(f"bare SQL {bare:.2f} s, two workers {two:.2f} s, second run {largest.second:.3f} s")
    kept = [
        _at_least("speed of bare SQL", bare / largest.first, LEAST_OF_BARE_SQL),
        _at_least("two workers against one", largest.first / two, LEAST_OF_ONE_WORKER),
        _at_most("second run against first", largest.second / largest.first, MOST_OF_FIRST_RUN),
        _at_most("seconds each, largest against smallest", growth, MOST_GROWTH),
        _at_most("memory of a worker in MB", largest.megabytes, MOST_MEGABYTES),
        _at_most("memory, largest against smallest", memory, MOST_GROWTH_OF_MEMORY),
    ]
    return all(kept)


def _at_least(name: str, figure: float, limit: float) -> bool:
    _print(f"{name:<40} {figure:.3f}  (limit: at least {limit})")
    return figure >= limit


def _at_most(name: str, figure: float, limit: float) -> bool:
    _print(f"{name:<40} {figure:.3f}  (limit: at most {limit})")
    return figure <= limit


@contextmanager
def _worker(url: str, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker's process that is connected and waits for a word."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_fee_run", "--worker", url, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the worker did not start"
        yield process


def _told_by(process: subprocess.Popen[str]) -> Run:
    """What the worker has told at its end, once it is told to begin."""
    (run,) = _told_together(process)
    return run


def _told_together(*processes: subprocess.Popen[str]) -> list[Run]:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [Run(**json.loads(process.communicate()[0])) for process in processes]


def _check(url: str, home: Path) -> None:
    """The books add up."""
    runtime = _runtime(url, home)
    with runtime.database.transaction() as session:
        found = check(session, (*ledger.INVARIANTS, *billing.INVARIANTS))
    runtime.database.dispose()
    assert found == (), "the books of the benchmark do not add up"


def _write_bare(connection: psycopg.Connection) -> None:
    for statement in BARE:
        connection.execute(statement)


def _copy_constants(url: str, path: Path) -> None:
    with psycopg.connect(url) as source, path.open("wb") as file, source.cursor().copy(CONSTANTS) as rows:
        for block in rows:
            file.write(block)


def _load_constants(connection: psycopg.Connection, path: Path) -> None:
    connection.execute(CONSTANT)
    connection.execute(f"GRANT SELECT ON constant TO {SERVICE_ROLE}")
    with path.open("rb") as file, connection.cursor().copy("COPY constant FROM STDIN") as into:
        while block := file.read(1 << 20):
            into.write(block)
    connection.execute("VACUUM (ANALYZE) constant")
    connection.execute("CHECKPOINT")


def _runtime(url: str, home: Path) -> Runtime:
    settings = Settings.from_environment(complete_environment(home))
    database = Database(url)
    return Runtime(settings, database, FixedClock(portfolio.CHARGED_AT), cipher_of(settings, database))


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 — progress of a script


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a script's answer


if __name__ == "__main__":
    sys.exit(main())
