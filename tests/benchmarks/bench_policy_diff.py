"""Two policies compared over stored applications: how long it takes, and in how much memory.

    .venv/bin/python -m tests.benchmarks.bench_policy_diff [--count 100000] [--processes 2]

Runs an embedded PostgreSQL of its own with the settings of `borgen up`, and stores applications whose inputs are
encrypted as the service encrypts them, each under a data key of its own. The limit is 40 s for 100 000 of them on two
cores. What is judged is the processor time, the database's included, which other work on the machine hardly touches:
60 s of it leave a fourth of two cores to spare. Ends with status 1 when it is that or more, or when the memory of all
processes together grows by more than a fifth after the first tenth. Progress is told on stderr.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from time import perf_counter

from tests.support import stored_decisions
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from tests.support.processes import children_of
from underwriting import migrations
from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import Policy
from underwriting.decisions.services.compare_policies import compare
from underwriting.kernel.clock import SystemClock
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.environment import Secret
from underwriting.platform.key_store import key_store_of
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

MOST_SECONDS = 40.0
MOST_WORKED_SECONDS = 60.0
FOR_APPLICATIONS = 100_000
MOST_GROWTH = 1.2
DATABASE = "policies"


def main(count: int, processes: int) -> int:
    """Measure; the exit code."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        runtime = _runtime(server.url(), Path(folder))
        keys = key_store_of(runtime.settings.encryption)
        stored_decisions.store(runtime.database.url, keys, count, say=_every_20_000("stored"))
        memory: list[int] = []
        tell = _every_20_000("compared")

        def follow(done: int, _total: int | None) -> None:
            tell(done)
            if done >= count / 10:
                memory.append(_resident())

        changes = 0

        def changed(_change: object) -> None:
            nonlocal changes
            changes += 1

        begun, before = perf_counter(), _worked() + _worked_by(server.process.pid)
        tally = compare(runtime, shipped_policy(), _dearer(), processes=processes, tell=changed, progress=follow)
        seconds, worked = perf_counter() - begun, _worked() + _worked_by(server.process.pid) - before
        runtime.database.dispose()
    assert tally.whole.applications == count, "not every application was compared"
    growth, share = max(memory) / memory[0], count / FOR_APPLICATIONS
    most, most_worked = MOST_SECONDS * share, MOST_WORKED_SECONDS * share
    _print(f"{count} applications in {seconds:.1f} s with {processes} processes ({most:.0f} s), {changes} change")
    _print(
        f"processor time {worked:.1f} s (limit {most_worked:.0f} s), {1e6 * worked / count:.0f} µs an application, "
        "the database's included"
    )
    _print(f"memory {memory[0] >> 20} MiB after a tenth, at most {max(memory) >> 20} MiB: {growth:.2f} (limit 1.2)")
    return int(worked >= most_worked or growth > MOST_GROWTH)


def _dearer() -> Policy:
    """The shipped policy with dearer credit for the weaker grades."""
    content = json.loads(files("underwriting.decisions.policies").joinpath("policy-2.json").read_text())
    content["version"] = "dearer"
    for grade in content["grades"][1:]:
        grade["margin"] = str(Decimal(grade["margin"]) + Decimal("0.0025"))
    return load_policy(json.dumps(content))


def _runtime(server_url: str, folder: Path) -> Runtime:
    with Database(server_url, as_service=False).engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"CREATE DATABASE {DATABASE}")
    url = url_of(server_url, DATABASE)
    migrations.upgrade(url)
    settings = replace(Settings.from_environment(complete_environment(folder)), database_url=Secret(url))
    database = Database(url)
    return Runtime(settings, database, SystemClock(), cipher_of(settings, database))


def _resident() -> int:
    """What this process and those that it has forked hold in memory, in bytes."""
    page = os.sysconf("SC_PAGE_SIZE")
    pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in pids)


def _worked() -> float:
    """The processor time of this process and of those it has forked that have ended, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _worked_by(server: int) -> float:
    """The processor time of the database *server*, of its processes and of those that have ended, in seconds."""
    ticks = 0
    for pid in (server, *children_of(server)):
        with contextlib.suppress(FileNotFoundError):  # a connection was closed in the meantime
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(each) for each in fields[11:15])  # user, system, and those of ended children
    return ticks / os.sysconf("SC_CLK_TCK")


def _every_20_000(what: str) -> Callable[[int], None]:
    def say(done: int) -> None:
        if done % 20_000 == 0:
            print(f"{what} {done}", file=sys.stderr)  # noqa: T201 - a script's progress

    return say


def _print(text: str) -> None:
    print(text)  # noqa: T201 - a script's answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=FOR_APPLICATIONS)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    sys.exit(main(given.count, given.processes))
