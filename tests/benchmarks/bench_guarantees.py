"""What one person has at risk, with 100 000 guarantees stored: median and slowest, beside the same as bare SQL.

    .venv/bin/python -m tests.benchmarks.bench_guarantees [--guarantees 100000]

Runs an embedded PostgreSQL of its own. Four guarantors stand for each agreement, each of them for twenty; agreements
are half a year into their plans and have their books. Another person is asked for each time. The service's time counts
a transaction of its own. Ends with status 1 when the median is over the limit.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import psycopg

from agreements.guarantees import service as guarantees
from tests.support import portfolio
from underwriting import migrations
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres

MOST_MILLISECONDS = 10.0
EACH_STANDS_FOR = 20
PER_AGREEMENT = 4
TIMES = 200

GUARANTEES = """
INSERT INTO guarantee (agreement_id, state, person_encrypted, person_index, details_encrypted, cap_ore, signed_at)
SELECT id, 'in_force', '\\x00', sha256(((place * 4 + part) % :persons)::text::bytea), '\\x00', 36000000,
    '2026-02-03 09:00Z'
FROM (SELECT id, row_number() OVER (ORDER BY number) - 1 AS place FROM agreement) AS agreement,
    generate_series(0, 3) AS part
"""
BARE = """
SELECT sum(least(cap_ore, owed)) FROM (
    SELECT guarantee.id, cap_ore,
        sum(CASE WHEN debit_account IN ('principal', 'fee_receivable', 'cancellation_fee_receivable')
                 THEN amount_ore ELSE 0 END
          - CASE WHEN credit_account IN ('principal', 'fee_receivable', 'cancellation_fee_receivable')
                 THEN amount_ore ELSE 0 END) AS owed
    FROM guarantee JOIN ledger_line USING (agreement_id)
    WHERE person_index = sha256(%s::text::bytea) AND state = 'in_force'
    GROUP BY guarantee.id, cap_ore
) AS of_person
"""


def main() -> int:
    """Print the figures; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--guarantees", type=int, default=100_000)
    count = parser.parse_args().guarantees
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            missed = measure(postgres.url(), count)
        postgres.destroy()
    finally:
        shutil.rmtree(home)
    return int(missed)


def measure(url: str, count: int) -> bool:
    """Store the guarantees and ask; whether the limit was missed."""
    persons = count // EACH_STANDS_FOR
    migrations.upgrade(url)
    portfolio.make(url, count=count // PER_AGREEMENT)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(GUARANTEES.replace(":persons", str(persons)))
        connection.execute("VACUUM (ANALYZE)")
        stored = connection.execute("SELECT count(*) FROM guarantee").fetchone()
        database = Database(url)
        database.check_server()
        asked = _asked(connection, persons)
        served = _times(lambda index, _: _serve(database, index), asked)
        bare = _times(lambda _, number: connection.execute(BARE, (number,)).fetchone(), asked)
        database.dispose()
    _print(f"guarantees stored       {stored[0] if stored else 0}")
    _print(f"exposure of a person    {statistics.median(served):.2f} ms, slowest {max(served):.2f} ms")
    _print(f"bare SQL                {statistics.median(bare):.2f} ms")
    _print(f"limit                   {MOST_MILLISECONDS} ms")
    return statistics.median(served) > MOST_MILLISECONDS


def _asked(connection: psycopg.Connection, persons: int) -> list[tuple[bytes, int]]:
    numbers = [(place * 7919) % persons for place in range(TIMES)]
    found = [connection.execute("SELECT sha256(%s::text::bytea)", (number,)).fetchone() for number in numbers]
    return [(row[0], number) for row, number in zip(found, numbers, strict=True) if row is not None]


def _serve(database: Database, person_index: bytes) -> None:
    with database.transaction() as session:
        exposure = guarantees.of_person(session, person_index)
    assert len(exposure.guarantees) == EACH_STANDS_FOR, "somebody stands for another number"
    assert exposure.at_risk, "nothing is at risk"


def _times(ask: Callable[[bytes, int], object], asked: list[tuple[bytes, int]]) -> list[float]:
    taken = []
    for index, number in asked:
        start = perf_counter()
        ask(index, number)
        taken.append((perf_counter() - start) * 1000)
    return taken


def _print(text: str) -> None:
    print(text)  # noqa: T201 — a script's answer


if __name__ == "__main__":
    sys.exit(main())
