"""Audit entries written by 16 clients at once, in chains per subject, against one chain for everything.

    .venv/bin/python -m tests.benchmarks.bench_audit [--seconds 2] [--rounds 7] [--processes 8] [--threads 2]

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. Both ways write by `audit_log.append` into the
same table of the same database, in turns: each entry is a transaction of its own, on the chain of one of the client's
own hundred subjects, or on the one chain that all clients share. A client is a thread with a connection of its own.

Prints entries per second, pair by pair; ends with status 1 where chains per subject are not 5 times as fast as one
chain in the median pair. Clients need processor time, and one chain mostly waits for commits: on a machine that is busy
with other work the figure is too low.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from underwriting import migrations
from underwriting.platform import audit_check, audit_log
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres

LEAST_TIMES = 5.0
SUBJECTS_OF_A_CLIENT = 100
DATA = {"call": "console.cases.case", "kinds": ["application", "contact"], "request_id": "0" * 32}
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_GLOBAL = "everything"


def main() -> int:
    """Print the rates and their ratio; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each timed run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of either way")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2, help="clients of each process")
    asked = parser.parse_args()
    pairs = []
    with server() as url:
        migrations.upgrade(url)
        for one, many in rates(url, asked):
            pairs.append(many / one)
            _print(f"one chain {one:.0f}/s, chains per subject {many:.0f}/s, {pairs[-1]:.1f} times")
        check(url)
    times = statistics.median(pairs)
    _print(f"at {asked.processes * asked.threads} clients: {times:.1f} times one chain (at least {LEAST_TIMES})")
    return int(times < LEAST_TIMES)


def rates(url: str, asked: argparse.Namespace) -> Iterator[tuple[float, float]]:
    """Entries per second of all clients together: to one chain and to chains of their own, round by round."""
    context = multiprocessing.get_context("spawn")
    ready, counted = context.Barrier(asked.processes), context.SimpleQueue()
    arguments = (url, asked.rounds, asked.threads, asked.seconds, ready, counted)
    clients = [context.Process(target=run_clients, args=(number, *arguments)) for number in range(asked.processes)]
    for client in clients:
        client.start()
    for _ in range(asked.rounds):
        one, many = (sum(counted.get() for _ in clients) / asked.seconds for _ in (_GLOBAL, "own"))
        yield one, many
    for client in clients:
        client.join()


def run_clients(
    number: int,
    url: str,
    rounds: int,
    threads: int,
    seconds: float,
    ready: threading.Barrier,
    counted: SimpleQueue[int],
) -> None:
    """What one process does: its threads write to the one chain and to their own in turns, for so many seconds each."""
    database = Database(url, pool_size=threads)
    for _ in range(rounds):
        for shared in (True, False):
            ready.wait()
            counted.put(written(database, number, threads, seconds, shared=shared))
    database.dispose()


def written(database: Database, number: int, threads: int, seconds: float, *, shared: bool) -> int:
    """How many entries the threads of one process have written."""
    counts, until = [0] * threads, time.monotonic() + seconds

    def write(client: int) -> None:
        for entry in itertools.count():
            if time.monotonic() >= until:
                return
            own = f"matter:{number}-{client}-{entry % SUBJECTS_OF_A_CLIENT}"
            with database.transaction() as session:
                audit_log.append(session, _GLOBAL if shared else own, "read", actor="staff:1", at=_AT, data=DATA)
            counts[client] += 1

    _together(write, threads)
    return sum(counts)


def check(url: str) -> None:
    """What was written is whole: every chain holds."""
    database = Database(url)
    with database.transaction() as session:
        assert list(audit_check.check(session, public_key=bytes(32))) == [], "a chain does not hold"
    database.dispose()


@contextmanager
def server() -> Iterator[str]:
    """An empty PostgreSQL that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            yield postgres.url()
        postgres.destroy()
    finally:
        shutil.rmtree(home)


def _together(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script's answer


if __name__ == "__main__":
    sys.exit(main())
