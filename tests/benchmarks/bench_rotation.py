"""Personal numbers re-encrypted while the service answers: how many a second, in how much memory, and at what price.

    .venv/bin/python -m tests.benchmarks.bench_rotation [--count 1000000]

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. The numbers are stored in the first form, two
for each application; a process of its own brings them under data keys that a new version wraps. Beside it drafts are
made and read, one request after the other, as they were before it began. Ends with status 1 when a number reads
otherwise than before, a request fails, or the process's memory grows by more than a fifth after the first tenth.
Progress is told on stderr.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.support import many_numbers
from tests.support.environment import complete_environment
from tests.support.lending import application_json
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.app import create_app
from underwriting.house import bureaus_of, compose
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data.rotation import Rotation
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.encryption import Cipher
from underwriting.platform.key_store import GivenKeys
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

MOST_GROWTH = 1.2
ALONE_SECONDS = 5.0
PAUSE_SECONDS = 0.02
DATABASE = "rotation"
FIRST, SECOND, INDEX = b"e" * 32, b"2" * 32, b"i" * 32
READ_AT_ONCE = 10_000


@dataclass
class Felt:
    """How long requests took, in seconds, and how many failed."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    def told(self) -> str:
        if len(self.seconds) < 2:
            return "no requests"
        parts = statistics.quantiles(self.seconds, n=100)
        return f"median {1000 * parts[49]:.1f} ms, p99 {1000 * parts[98]:.1f} ms ({len(self.seconds)} requests)"


def main(count: int) -> int:
    """Measure; the exit code."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        database_url = _made(server.url(), count)
        client = _service(database_url, Path(folder))
        alone, beside = Felt(), Felt()
        until = time.monotonic() + ALONE_SECONDS
        _ask(client, alone, while_=lambda: time.monotonic() < until)
        _say("rotating")
        command = [sys.executable, "-m", "tests.benchmarks.bench_rotation", "--rotate", database_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
            _ask(client, beside, while_=lambda: process.poll() is None)
            assert process.stdout is not None
            told = process.stdout.read()
        if process.returncode:
            _say(f"the rotation ended with status {process.returncode}")
            return 1
        found = json.loads(told)
        wrong = _wrong(database_url, count)
        return _report(count, found, alone, beside, wrong)


def rotate(database_url: str) -> None:
    """What the process of its own does."""
    database = Database(database_url, as_service=False)
    keys = StoredDataKeys(database, GivenKeys({2: SECOND, 1: FIRST}))
    rotation = Rotation(database, Cipher(keys, index_key=INDEX, first_key=FIRST), keys)
    begun, done, next_told = time.monotonic(), 0, 50_000
    total, memory = rotation.work_left(), [0, 0]  # at the first tenth, and the most after it

    def tell(more: int) -> None:
        nonlocal done, next_told
        done += more
        if done >= total / 10:
            memory[0] = memory[0] or _resident()
            memory[1] = max(memory[1], _resident())
        if done >= next_told:
            _say(f"{done} after {time.monotonic() - begun:.0f} s")
            next_told += 50_000

    found = rotation.run(at=SystemClock().now(), tell=tell)
    seconds = time.monotonic() - begun
    sys.stdout.write(json.dumps({"encrypted": found.encrypted, "seconds": seconds, "memory": memory}))


def _made(server_url: str, count: int) -> str:
    _say(f"storing {count} numbers")
    database = Database(url_of(server_url, "postgres"), as_service=False)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {DATABASE}"))
    database.dispose()
    url = url_of(server_url, DATABASE)
    migrations.upgrade(url)
    many_numbers.make(url, count=count)
    return url


def _service(database_url: str, folder: Path) -> FlaskClient:
    """The web application of a process that was given both versions."""
    settings = Settings.from_environment(complete_environment(folder, database_url=database_url))
    database = Database(database_url)
    cipher = Cipher(StoredDataKeys(database, GivenKeys({2: SECOND, 1: FIRST})), index_key=INDEX, first_key=FIRST)
    runtime = Runtime(settings, database, SystemClock(), cipher)
    nobody = cast(Any, None)  # no outside party is asked about a draft
    return create_app(compose(runtime, bankid=nobody, bank=nobody, bureaus=bureaus_of(settings))).test_client(
        use_cookies=False
    )


def _ask(client: FlaskClient, felt: Felt, *, while_: Callable[[], bool]) -> None:
    """Make a draft and read it, again and again."""
    while while_():
        begun = time.perf_counter()
        made = client.post("/v1/applications", json=application_json())
        draft = made.get_json()
        read = client.get(
            f"/v1/applications/{draft.get('id')}", headers={"Authorization": f"Bearer {draft.get('access_secret')}"}
        )
        felt.seconds.append((time.perf_counter() - begun) / 2)
        felt.failed += (made.status_code, read.status_code) != (201, 200)
        time.sleep(PAUSE_SECONDS)


def _wrong(database_url: str, count: int) -> int:
    """How many numbers do not read as they were stored, by who has the new version alone."""
    database = Database(database_url)
    cipher = Cipher(StoredDataKeys(database, GivenKeys({2: SECOND})), index_key=INDEX)
    right, last = 0, b""
    query = sa.text("""
        SELECT person_index, person_encrypted FROM application_guarantor
        WHERE person_index > :last AND octet_length(details_encrypted) = 0 ORDER BY person_index LIMIT :limit
    """)
    while True:
        with database.transaction() as session:
            rows = session.execute(query, {"last": last, "limit": READ_AT_ONCE}).all()
            cipher.prepare(row.person_encrypted for row in rows)
            for row in rows:
                plain = cipher.decrypt(row.person_encrypted, context=many_numbers.CONTEXT).decode()
                right += plain == many_numbers.number(int.from_bytes(row.person_index, "big"))
        if not rows:
            database.dispose()
            return count - right
        last = rows[-1].person_index


def _report(count: int, found: dict[str, Any], alone: Felt, beside: Felt, wrong: int) -> int:
    at_first, most = found["memory"]
    growth = most / at_first
    lines = (
        f"{count} personal numbers re-encrypted in {found['seconds']:.1f} s: {count / found['seconds']:.0f} a second",
        f"memory {most / 1024:.0f} MiB at most, {growth:.2f} times that of the first tenth",
        f"requests alone:  {alone.told()}",
        f"requests beside: {beside.told()}",
        f"failed requests: {alone.failed + beside.failed}; numbers that read otherwise: {wrong}",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong or alone.failed or beside.failed or growth > MOST_GROWTH else 0


def _resident() -> int:
    """The memory of this process in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a script that tells its progress


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rotate", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rotate:
        rotate(arguments.rotate)
    else:
        sys.exit(main(arguments.count))
