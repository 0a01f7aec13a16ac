"""Audit entries written by 16 clients at once, in chains per subject, against one chain for everything.

    .venv/bin/python -m tests.benchmarks.bench_audit [--seconds 2] [--rounds 7] [--processes 8] [--threads 2]

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. All write into the same table of the same
database, in turns, each entry in a transaction of its own; a client is a thread with a connection of its own:

* one chain: what a global chain is when written plainly: three statements that lock it, read its last entry, add one;
* chains per subject: `audit_log.append` to one of the client's own hundred subjects;
* besides, without a limit: `audit_log.append` by all to one subject, which shows what of it is the chains' doing.

Prints entries per second, round by round; ends with status 1 where chains per subject are not 5 times as fast as one
chain in the median round. Clients need processor time, and one chain mostly waits for commits: on a machine that is
busy with other work, or whose disk commits at once, the figure is lower. With `--commit MS` each transaction waits so
many milliseconds more before it commits, as it does for a standby that confirms.
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

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting import migrations
from underwriting.platform import audit_check, audit_log
from underwriting.platform.audit_chain import GENESIS, link
from underwriting.platform.database import Database, lock_subject
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.models import AuditEntry

LEAST_TIMES = 5.0
SUBJECTS_OF_A_CLIENT = 100
DATA: dict[str, object] = {"call": "console.cases.case", "kinds": ["application", "contact"], "request_id": "0" * 32}
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_GLOBAL = "everything"
_LAST = sa.text("SELECT sequence, hash FROM audit_entry WHERE subject = :subject ORDER BY sequence DESC LIMIT 1")
ONE, SAME = "one chain", "one subject"
WAYS = (ONE, "chains per subject", SAME)


def main() -> int:
    """Print the rates and their ratio; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each timed run")
    parser.add_argument("--rounds", type=int, default=7, help="runs of either way")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2, help="clients of each process")
    parser.add_argument("--commit", type=float, default=0.0, metavar="MS", help="milliseconds that a commit takes more")
    asked = parser.parse_args()
    rounds = []
    with server() as url:
        migrations.upgrade(url)
        for found in rates(url, asked):
            rounds.append(found)
            _print(", ".join(f"{way} {found[way]:.0f}/s" for way in WAYS))
        check(url)
    times, own = (statistics.median(one["chains per subject"] / one[way] for one in rounds) for way in (ONE, SAME))
    _print(f"at {asked.processes * asked.threads} clients: {times:.1f} times one chain (at least {LEAST_TIMES})")
    _print(f"{own:.1f} times the same statement on one subject")
    return int(times < LEAST_TIMES)


def rates(url: str, asked: argparse.Namespace) -> Iterator[dict[str, float]]:
    """Entries per second of all clients together, for each of `WAYS`, round by round."""
    context = multiprocessing.get_context("spawn")
    ready, counted = context.Barrier(asked.processes), context.SimpleQueue()
    arguments = (url, asked.rounds, asked.threads, asked.seconds, asked.commit / 1000, ready, counted)
    clients = [context.Process(target=run_clients, args=(number, *arguments)) for number in range(asked.processes)]
    for client in clients:
        client.start()
    for _ in range(asked.rounds):
        yield {way: sum(counted.get() for _ in clients) / asked.seconds for way in WAYS}
    for client in clients:
        client.join()


def run_clients(
    number: int,
    url: str,
    rounds: int,
    threads: int,
    seconds: float,
    commit_seconds: float,
    ready: threading.Barrier,
    counted: SimpleQueue[int],
) -> None:
    """What one process does: its threads write in each of `WAYS` in turns, for so many seconds each."""
    database = Database(url, pool_size=threads)
    for way in WAYS * rounds:
        ready.wait()
        counted.put(written(database, number, threads, seconds, way, commit_seconds=commit_seconds))
    database.dispose()


def written(database: Database, number: int, threads: int, seconds: float, way: str, *, commit_seconds: float) -> int:
    """How many entries the threads of one process have written."""
    counts, until = [0] * threads, time.monotonic() + seconds

    def write(client: int) -> None:
        for entry in itertools.count():
            if time.monotonic() >= until:
                return
            own = f"matter:{number}-{client}-{entry % SUBJECTS_OF_A_CLIENT}"
            with database.transaction() as session:
                if way == ONE:
                    append_plainly(session)
                else:
                    subject = "shared" if way == SAME else own
                    audit_log.append(session, subject, "read", actor="staff:1", at=_AT, data=DATA)
                if commit_seconds:
                    session.execute(sa.text("SELECT pg_sleep(:seconds)"), {"seconds": commit_seconds})
            counts[client] += 1

    _together(write, threads)
    return sum(counts)


def append_plainly(session: Session) -> None:
    """The baseline: one chain for everything, in the same table."""
    lock_subject(session, _GLOBAL)
    last = session.execute(_LAST, {"subject": _GLOBAL}).one_or_none()
    sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS)
    content = {"subject": _GLOBAL, "sequence": sequence, "action": "read", "actor": "staff:1", "at": _AT, "data": DATA}
    own = link(previous, _GLOBAL, sequence, "read", "staff:1", _AT, DATA)
    session.execute(sa.insert(AuditEntry), [{**content, "previous_hash": previous, "hash": own}])


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
