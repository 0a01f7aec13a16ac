"""Single transfers in the ledger, spread and hot, and balances after ten years, each beside the same as bare SQL.

    .venv/bin/python -m tests.benchmarks.bench_ledger [--seconds 0.5] [--rounds 15] [--agreements 1000]

It takes two minutes. Runs an embedded PostgreSQL of its own with the settings of `borgen up`.

* A transfer is a posting of one line in a transaction of its own, by 1, 4 and 16 clients, on 1 000 agreements in turn
  (spread) or on ten (hot). All clients share the accounts. Bare SQL is psycopg with two INSERTs.
* A balance is that of all accounts of an agreement, of another one each time, as of today, as of a day five years ago,
  and as it was known then. Half of the agreements have ten years of fees and payments, half of them one year. Rows lie
  in the order of their days, as they were booked: those of one agreement are on as many pages. Bare SQL is psycopg with
  the statement that a person would write.

Whoever else is on the machine slows down what is measured at the moment. So all ways take turns, many and short: each
round has one run of each, every other round backwards, and hot is held against the spread run right beside it. What is
told is the median of the rounds' ratios, with the middle half of them; a first round, which fills caches, is not
counted. Balances take turns with each single question.

At the end `borgen ledger check` is timed on all of it. Ends with status 1 when transfers are slower where they are hot
than 0.9 of those that are spread, or when ten years take 5 ms, or more than 1 ms longer than one year takes.
"""

import argparse
import itertools
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import psycopg
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.ledger import rules
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerLine
from agreements.reconciliation import service as reconciliation
from tests.support import portfolio
from underwriting import migrations
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform.database import SERVICE_ROLE, Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres

LEAST_OF_SPREAD = 0.9
MOST_MILLISECONDS = 5.0
MOST_MILLISECONDS_LONGER = 1.0
CLIENTS = {1: (1, 1), 4: (4, 1), 16: (4, 4)}  # processes, threads of each
HOT = 10
ASKED_TIMES = 300
THEN = date(2031, 8, 31)
KNOWN_THEN = datetime(2031, 8, 31, 20, tzinfo=UTC)
_DAY, _AT = date(2026, 9, 2), datetime(2026, 9, 2, 9, tzinfo=UTC)
_AMOUNT = Money.kronor(1_000)
WAYS = ("spread", "hot", "bare spread", "bare hot")

BARE_ENTRY = """
INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
VALUES (%s, %s, 'payment', %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""
BARE_LINE = """
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
VALUES (%s, %s, %s, 'bank', 'credit_balance', %s)
"""
BARE_BALANCE = """
SELECT account, sum(ore) FROM (
    SELECT debit_account AS account, amount_ore AS ore FROM ledger_line WHERE agreement_id = %(id)s
    UNION ALL SELECT credit_account, -amount_ore FROM ledger_line WHERE agreement_id = %(id)s
) AS side GROUP BY account
"""
# The portfolio's own entries are of 2026. Years go on with a fee and its payment each month, in the order of months.
YEARS = """
WITH months AS (
    SELECT number, (date '2026-09-01' + make_interval(months => number))::date AS first_day
    FROM generate_series(0, 119) AS number
),
entry AS (
    INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT agreement.id, word || ':' || agreement.id || ':' || first_day, kind, first_day + 27 + day,
           (first_day + 27 + day) + time '18:00'
    FROM months
    JOIN agreement ON months.number < CASE agreement.number % 2 WHEN 0 THEN 120 ELSE 12 END
    CROSS JOIN (VALUES ('fee', 'monthly_fee', 0), ('payment', 'payment', 1)) AS event (word, kind, day)
    ORDER BY first_day, agreement.number, day
    RETURNING id, agreement_id, kind, occurred_on
)
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
SELECT entry.id, agreement_id, occurred_on, debit, credit, ore
FROM entry
JOIN (VALUES ('monthly_fee', 'fee_receivable', 'fee_income', 180000), ('payment', 'bank', 'fee_receivable', 180000),
             ('payment', 'bank', 'credit_balance', 100)) AS line (kind, debit, credit, ore) USING (kind)
ORDER BY occurred_on, entry.id
"""


def main() -> int:
    """Print the figures; 1 when a limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="of each timed run")
    parser.add_argument("--rounds", type=int, default=15, help="runs of each way that count")
    parser.add_argument("--agreements", type=int, default=1_000)
    asked = parser.parse_args()
    with server() as url:
        migrations.upgrade(url)
        _tell("making ten years of books …")
        make(url, asked.agreements)
        missed = balances(url)
        for clients in CLIENTS:
            missed |= transfers(url, clients, asked)
        prove(url)
    return int(missed)


# --- Balances


def balances(url: str) -> bool:
    """Time balances by their age and as of what; whether a limit was missed."""
    database = Database(url)
    one, ten = (_agreements(database, half) for half in (1, 0))

    def ask(agreement_id: uuid.UUID, *, on: date | None = None, known_at: datetime | None = None) -> None:
        with database.transaction() as session:
            ledger.balances(session, agreement_id, on=on, known_at=known_at)

    with psycopg.connect(url) as connection:
        bare = partial(_bare_balance, connection)
        took = _milliseconds(
            {
                "one year": (ask, one),
                "ten years": (ask, ten),
                "ten years, five ago": (partial(ask, on=THEN), ten),
                "ten years, known then": (partial(ask, known_at=KNOWN_THEN), ten),
                "bare SQL, one year": (bare, one),
                "bare SQL, ten years": (bare, ten),
            }
        )
    database.dispose()
    for name, (median, late) in took.items():
        _print(f"balance, {name:<24} {median:5.2f} ms, p95 {late:5.2f}")
    longer = took["ten years"][0] - took["one year"][0]
    slowest = max(median for name, (median, _) in took.items() if not name.startswith("bare"))
    _print(f"ten years take {longer:.2f} ms longer than one (at most {MOST_MILLISECONDS_LONGER})")
    _print(f"the slowest takes {slowest:.2f} ms (less than {MOST_MILLISECONDS})")
    return longer > MOST_MILLISECONDS_LONGER or slowest >= MOST_MILLISECONDS


def _milliseconds(
    questions: Mapping[str, tuple[Callable[[uuid.UUID], object], Sequence[uuid.UUID]]],
) -> Mapping[str, tuple[float, float]]:
    """The median and the 95th percentile of each of *questions*, asked in turns, of another agreement each time."""
    times: dict[str, list[float]] = {name: [] for name in questions}
    for turn in range(ASKED_TIMES):
        for name, (ask, among) in questions.items():
            started = time.perf_counter()
            ask(among[turn % len(among)])
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: (statistics.median(of), statistics.quantiles(of, n=20)[-1]) for name, of in times.items()}


def _bare_balance(connection: psycopg.Connection, agreement_id: uuid.UUID) -> None:
    connection.execute(BARE_BALANCE, {"id": agreement_id}).fetchall()
    connection.commit()


# --- Transfers


def transfers(url: str, clients: int, asked: argparse.Namespace) -> bool:
    """Time single transfers in each of `WAYS`, in turns; whether it falls when hot."""
    processes, threads = CLIENTS[clients]
    context = multiprocessing.get_context("spawn")
    ready, counted = context.Barrier(processes), context.SimpleQueue()
    arguments = (url, threads, asked.rounds + 1, asked.seconds, ready, counted)
    children = [context.Process(target=run_clients, args=(number, *arguments)) for number in range(processes)]
    for child in children:
        child.start()
    rounds = [
        {way: sum(counted.get() for _ in children) / asked.seconds for way in _order(number)}
        for number in range(asked.rounds + 1)
    ][1:]
    for child in children:
        child.join()
    medians = {way: statistics.median(one[way] for one in rounds) for way in WAYS}
    _print(f"{clients:>2} clients: " + ", ".join(f"{way} {rate:.0f}/s" for way, rate in medians.items()))
    of_spread, told = _ratio(rounds, "hot", "spread")
    _, bare_told = _ratio(rounds, "bare hot", "bare spread")
    _, of_bare = _ratio(rounds, "spread", "bare spread")
    _print(f"            hot {told} of spread (at least {LEAST_OF_SPREAD}); by bare SQL {bare_told}")
    _print(f"            spread {of_bare} of bare SQL")
    return of_spread < LEAST_OF_SPREAD


def _ratio(rounds: Sequence[Mapping[str, float]], one: str, other: str) -> tuple[float, str]:
    """The median of *one* against *other* in the same round; in words, with the middle half of the rounds."""
    ratios = [each[one] / each[other] for each in rounds]
    if len(ratios) == 1:
        return ratios[0], f"{ratios[0]:.2f}"
    low, median, high = statistics.quantiles(ratios, n=4)
    return median, f"{median:.2f} ({low:.2f} to {high:.2f})"


def run_clients(
    number: int,
    url: str,
    threads: int,
    rounds: int,
    seconds: float,
    ready: threading.Barrier,
    counted: SimpleQueue[int],
) -> None:
    """What one process does: its threads transfer in each of `WAYS` in turns, for so many seconds each."""
    database = Database(url, pool_size=threads)
    agreements = _agreements(database, 0) + _agreements(database, 1)
    bare = [psycopg.connect(url, options=f"-c role={SERVICE_ROLE}") for _ in range(threads)]
    for way in itertools.chain.from_iterable(map(_order, range(rounds))):
        among = agreements[:HOT] if way.endswith("hot") else agreements
        ready.wait()
        counted.put(_transferred(database, bare if way.startswith("bare") else None, among, number, threads, seconds))
    for connection in bare:
        connection.close()
    database.dispose()


def _order(number: int) -> Sequence[str]:
    """The ways in the order of one round."""
    return WAYS[::-1] if number % 2 else WAYS


def _transferred(
    database: Database,
    bare: Sequence[psycopg.Connection] | None,
    among: Sequence[uuid.UUID],
    number: int,
    threads: int,
    seconds: float,
) -> int:
    """How many transfers the threads of one process have made."""
    counts, until = [0] * threads, time.monotonic() + seconds

    def transfer(client: int) -> None:
        for place in itertools.count((number * threads + client) * 7):
            if time.monotonic() >= until:
                return
            agreement_id = among[place % len(among)]
            if bare is None:
                _transfer(database, agreement_id)
            else:
                _bare_transfer(bare[client], agreement_id)
            counts[client] += 1

    workers = [threading.Thread(target=transfer, args=(client,)) for client in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts)


def _transfer(database: Database, agreement_id: uuid.UUID) -> None:
    line = rules.Line(Account.BANK, Account.CREDIT_BALANCE, _AMOUNT)
    posting = rules.incoming_payment((line,), payment_id=uuid.uuid4(), booked_on=_DAY)
    with database.transaction() as session:
        ledger.post(session, agreement_id, posting, at=_AT)


def _bare_transfer(connection: psycopg.Connection, agreement_id: uuid.UUID) -> None:
    (entry_id,) = connection.execute(BARE_ENTRY, [agreement_id, f"payment:{uuid.uuid4()}", _DAY, _AT]).fetchone() or ()
    connection.execute(BARE_LINE, [entry_id, agreement_id, _DAY, _AMOUNT.ore])
    connection.commit()


# --- The books


def make(url: str, count: int) -> None:
    """A portfolio of *count* agreements, half of them with ten more years of entries, half with one."""
    portfolio.make(url, count=count)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(YEARS)
        connection.execute("VACUUM (ANALYZE)")


def prove(url: str) -> None:
    """Whatever was written, the books hold; payouts, fees and payments have no rows beside them here."""
    database = Database(url)
    started = time.perf_counter()
    findings = reconciliation.prove(database)
    taken = time.perf_counter() - started
    with database.transaction() as session:
        assert ledger.check(session) == (), "the books of the benchmark do not hold"
        lines = session.scalars(sa.select(sa.func.count()).select_from(LedgerLine)).one()
    database.dispose()
    _print(f"{len(findings)} invariants over {lines} lines: {taken:.1f} s")


def _agreements(database: Database, half: int) -> list[uuid.UUID]:
    """Those with ten years (0) or with one (1)."""
    with database.transaction() as session:
        query = sa.select(Agreement.id).where(Agreement.number % 2 == half).order_by(Agreement.number)
        return list(session.scalars(query))


@contextmanager
def server() -> Iterator[str]:
    """The address of a server of our own; its data are removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            yield postgres.url()
        postgres.destroy()
    finally:
        shutil.rmtree(home)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 — progress of a script


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a script's answer


if __name__ == "__main__":
    sys.exit(main())
