"""The underwriter's queue over many stored applications: how long the server takes for a page, wherever it lies.

    .venv/bin/python -m tests.benchmarks.bench_queue [--count 1000000] [--samples 20]

Runs an embedded PostgreSQL of its own with the settings of `borgen up`. The applications are copied set by set from
2 000 that the shipped policy has decided, each with its encrypted name and trace; a tenth are referred, of which a
third are assigned, as are many of the approved, to 25 underwriters; the rest stand in the other states as they would
after years. Asked is the whole application by WSGI, as staff with a log-in: a page's time holds permissions,
decryption, rendering and the notes of the audit log. The models' data keys stay at hand, as those of cases looked at
lately do.

Each filter and order is asked on its first page and then at places drawn over the whole of the state; each page three
times, of which the fastest counts: whatever else runs on the machine only adds. Every time all that is shown is noted
anew. Told are the clock on the wall and the processor time of the application and the database together, which on a
free machine with everything in memory are about the same; ends with status 1 when the 95th percentile of processor time
of any way is 100 ms or more. Beside it stands bare SQL that reads as many rows behind the same places, without the
filters. Under `./dev test --long` there are 1 000 000 applications, else 50 000.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.benchmarks.bench_requests import caller
from tests.support import stored_decisions
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.app import create_app
from underwriting.applications.models import Application
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.queue import Place, referral_kind
from underwriting.decisions.services.replay_decision import kept_decision
from underwriting.house import bureaus_of, compose, runtime_of
from underwriting.kernel.vocabulary import Role
from underwriting.platform import read_log
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.encryption import of_application
from underwriting.platform.environment import Secret
from underwriting.platform.key_store import key_store_of
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.platform.staff_accounts import add_staff, log_in_staff

MOST_MILLISECONDS = 100.0
COUNT = 1_000_000 if os.environ.get("BORGEN_LONG") == "1" else 50_000
MODELS = 2_000
DATABASE = "queue"
PASSWORD = "a long password"

WAYS = (
    "state=referred",
    "state=referred&order=newest",
    "state=referred&order=largest",
    "state=referred&order=smallest",
    "state=referred&kind=company",
    "state=referred&kind=person",
    "state=referred&kind=exposure",
    "state=referred&form=EF",
    "state=referred&least=400000&most=420000",
    "state=referred&least=590000&order=largest&form=KB",
    "state=referred&assigned=nobody",
    "state=referred&assigned=mine",
    "state=referred&older=30",
    "state=referred&older=30&kind=unknown&form=AB&least=100000&most=300000&assigned=nobody&order=largest",
    "state=referred&form=HB&kind=grade&assigned=mine&order=smallest",
    "state=declined",
    "state=declined&kind=unknown&order=largest",
    "state=declined&least=100000&most=100001",
    "state=approved&form=EF&least=580000&older=300",
    "state=approved&kind=exposure&assigned=mine",
    "state=all",
    "state=all&order=largest",
    "state=all&kind=company&form=KB&least=500000",
    "state=all&assigned=mine",
)
"""What is asked for: each filter alone, several together, some of which nothing or little is left."""

# The models stand first; the others are copies of them, who remember theirs.
_MODELS = """
CREATE TEMPORARY TABLE model AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM application
"""
_TAKEN = {
    "id": "uuidv7()",
    "reference": "translate(upper(substr(md5(n::text), 1, 4) || '-' || substr(md5(n::text), 5, 12)), '018E', 'GHJK')",
    "state": """CASE WHEN n % 10 = 0 THEN 'referred' WHEN n % 100 = 1 THEN 'information_requested'
        WHEN n % 100 = 2 THEN 'assessing' WHEN n % 100 = 3 THEN 'submitted' WHEN n % 100 = 4 THEN 'counter_offer'
        WHEN n % 10 IN (5, 6, 7) THEN 'declined' WHEN n % 10 = 8 THEN 'lapsed' ELSE 'approved' END""",
    "company_index": "sha256(n::text::bytea)",
    "requested_amount_ore": "(3 + (hashint4(n) & 63)) * 1000000::bigint",
    "created_by": "model.id::text",
    "submitted_at": "'2025-03-02 09:00Z'::timestamptz + n * (interval '365 days' / :count)",
}
_DECISIONS = """
INSERT INTO decision (application_id, sequence, outcome, limit_ore, fee_rate, term_months, grade, policy_version,
    policy_hash, facts_encrypted, facts_hash, report_hashes, trace_encrypted, automatic, decided_at)
SELECT a.id, 1, d.outcome, d.limit_ore, d.fee_rate, d.term_months, d.grade, d.policy_version, d.policy_hash,
    d.facts_hash, d.facts_hash, d.report_hashes,
    CASE WHEN a.referral_kind IS NULL AND a.state NOT IN ('referred', 'information_requested') THEN d.facts_hash
        ELSE d.trace_encrypted END, true, d.decided_at
FROM model JOIN application a ON a.created_by = model.id::text JOIN decision d ON d.application_id = model.id
"""
_DESK = (
    """INSERT INTO case_assignment (application_id, staff_user_id, assigned_by, assigned_at)
    SELECT id, (ARRAY(SELECT id FROM staff_user ORDER BY id))[1 + (hashtext(reference) & 1023) % 25], 'system',
        submitted_at
    FROM application WHERE state IN ('referred', 'approved') AND hashtext(reference) % 3 = 0""",
    """INSERT INTO human_review (application_id, decision_id, person_index, channel, recorded_by, view_encrypted,
        requested_at, answer_by)
    SELECT a.id, d.id, a.company_index, 'phone', 'system', a.company_index, a.submitted_at,
        a.submitted_at + interval '1 month'
    FROM application a JOIN decision d ON d.application_id = a.id
    WHERE a.state = 'declined' AND hashtext(reference) % 500 = 0""",
    """INSERT INTO override_proposal (application_id, application_version, decision_id, state, outcome, reason_code,
        reason_encrypted, proposed_by, proposed_at)
    SELECT a.id, a.version, d.id, 'pending', 'declined', 'figures_doubtful', :reason, 'staff:1', a.submitted_at
    FROM application a JOIN decision d ON d.application_id = a.id
    WHERE a.state = 'referred' AND hashtext(reference) % 300 = 0""",
)
_KEY = "requested_amount_ore"
_MICROSECONDS = "(extract(epoch FROM submitted_at) * 1000000)::bigint"
_INSTANT = "to_timestamp(CAST(:number AS numeric) / 1000000)"
_STAFF = tuple(f"underwriter-{number}" for number in range(25))


@dataclass(frozen=True)
class Taken:
    """What a request took, in milliseconds: by the clock on the wall, and of processors."""

    wall: float
    processor: float


def main(count: int, samples: int) -> int:
    """Print a line for each way; 1 where one of them is too slow, else 0."""
    slow = 0
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        runtime = _runtime(server.url(), Path(folder))
        begun = time.monotonic()
        token = _store(runtime, count)
        _print(f"{count} applications stored in {time.monotonic() - begun:.0f} s")
        nobody: Any = object()
        read_log.AGAIN_AFTER_SECONDS = 0
        app = create_app(compose(runtime, bankid=nobody, bank=nobody, bureaus=bureaus_of(runtime.settings)))
        with runtime.database.engine.connect() as bare:
            _time(app, token, "/console/applications")
            for way in WAYS:
                paths = _paths(bare, way, samples)
                taken = [_time(app, token, path) for path in paths]
                plain = statistics.median(_bare(bare, path) for path in paths)
                slow += _told(taken, f"bare SQL {plain:5.1f} ms  {way}")
            for what, path in _others(bare).items():
                slow += _told([_time(app, token, path) for _ in range(samples)], what)
        runtime.database.dispose()
    _print(f"{slow} at {MOST_MILLISECONDS:.0f} ms or more")
    return int(slow > 0)


def _told(taken: Sequence[Taken], what: str) -> bool:
    """Whether it is too slow."""
    wall, processor = [one.wall for one in taken], [one.processor for one in taken]
    p95 = _p95(processor)
    _print(
        f"processor {statistics.median(processor):5.1f} ms, p95 {p95:5.1f} ms; "
        f"wall {statistics.median(wall):6.1f} ms, p95 {_p95(wall):6.1f} ms; {what}"
    )
    return p95 >= MOST_MILLISECONDS


def _p95(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


def _time(app: Flask, token: str, path: str) -> Taken:
    """What one request takes, the fastest of three."""
    call, taken = caller(app, path, b"", ""), []
    for _ in range(3):
        begun, worked = time.perf_counter(), _worked()
        status, body = call({"HTTP_COOKIE": f"{SESSION_COOKIE}={token}", "HTTP_ACCEPT": "text/html"})
        taken.append(Taken((time.perf_counter() - begun) * 1000, (_worked() - worked) / 1e6))
        assert status == "200 OK", body[:2000]
    return min(taken, key=lambda one: one.processor)


def _worked() -> int:
    """The processor time of this process and of the database's that this one has started, in nanoseconds."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    servers = [child for pid in pids for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return time.process_time_ns() + sum(map(_of_process, servers))


def _of_process(pid: str) -> int:
    """Nanoseconds on a processor; none of one that has just ended."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return 0


def _bare(bare: sa.Connection, path: str) -> float:
    """Milliseconds of the same rows without conditions but the state and the place, as one would write it by hand."""
    asked = dict(urllib.parse.parse_qsl(path.partition("?")[2]))
    number, _, own_id = asked.get("after", "").partition(".")
    by_amount = asked.get("order") in ("largest", "smallest")
    values = {"state": asked["state"], "number": number or None, "id": own_id or None}
    key, place = ("requested_amount_ore", ":number") if by_amount else ("submitted_at", _INSTANT)
    below = asked.get("order") in ("newest", "largest")
    way, side = (" DESC", "<") if below else ("", ">")
    behind = f"AND ({key}, id) {side} ({place}, :id)" if number else ""
    where = f"submitted_at IS NOT NULL AND erased_at IS NULL {behind}"
    where += "" if asked["state"] == "all" else " AND state = :state"
    query = f"SELECT * FROM application WHERE {where} ORDER BY {key}{way}, id{way} LIMIT 51"
    begun = time.perf_counter()
    bare.execute(sa.text(query), values).all()
    return (time.perf_counter() - begun) * 1000


def _paths(bare: sa.Connection, way: str, samples: int) -> list[str]:
    """The first page, and pages behind places anywhere in the state."""
    asked = dict(urllib.parse.parse_qsl(way))
    key = _KEY if asked.get("order") in ("largest", "smallest") else _MICROSECONDS
    places = bare.execute(
        sa.text(
            f"SELECT {key}, id FROM application WHERE (:state = 'all' OR state = :state) AND submitted_at IS NOT NULL "
            "ORDER BY hashtext(reference) LIMIT :count"
        ),
        {"state": asked["state"], "count": samples - 1},
    )
    first = f"/console/applications?{way}"
    return [first, *(f"{first}&after={Place(number, own_id)}" for number, own_id in places)]


def _others(bare: sa.Connection) -> dict[str, str]:
    """The searches, and the second person's inbox."""
    reference = bare.execute(sa.text("SELECT reference FROM application ORDER BY hashtext(reference) LIMIT 1")).scalar()
    return {
        "a search by number": "/console/applications?q=559999-0008",
        "a search by the beginning of a reference": f"/console/applications?q={str(reference)[:4]}",
        "the second person's inbox": "/console/approvals",
    }


def _store(runtime: Runtime, count: int) -> str:
    """The applications and what the desk has of them; the token of a log-in."""
    at = runtime.clock.now()
    stored_decisions.store(runtime.database.url, key_store_of(runtime.settings.encryption), MODELS)
    with runtime.database.transaction() as session:
        for username in _STAFF:
            add_staff(session, runtime, username, PASSWORD, Role.SENIOR_UNDERWRITER, person=None, at=at)
        reason = _complete(session, runtime)
    columns = [column.name for column in Application.__table__.columns]
    taken = ", ".join(_TAKEN.get(name, f"a.{name}") for name in columns)
    copied = (
        f"INSERT INTO application ({', '.join(columns)}) SELECT {taken} FROM generate_series(1, :count) n "
        f"JOIN model ON model.place = n % {MODELS} JOIN application a ON a.id = model.id"
    )
    owner = Database(runtime.database.url, as_service=False)
    with owner.engine.begin() as connection:
        for statement in (_MODELS, copied, _DECISIONS, *_DESK):
            connection.execute(sa.text(statement), {"count": count, "reason": reason})
    with owner.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    owner.dispose()
    return log_in_staff(runtime, _STAFF[0], PASSWORD)


def _complete(session: Session, runtime: Runtime) -> bytes:
    """Give the models what the queue reads beside: names, kinds of ground. An underwriter's reason as it is kept."""
    decided = session.scalars(sa.select(DecisionRow))
    kinds = {row.application_id: referral_kind(kept_decision(runtime, row)) for row in decided}
    for number, row in enumerate(session.scalars(sa.select(Application))):
        name, subject = {"company_name": f"Företaget {number} AB"}, of_application(row.id)
        row.details_encrypted = runtime.cipher.encrypt_json(name, context="application.details", subject=subject)
        row.referral_kind, row.submitted_at = kinds[row.id], row.created_at
    return runtime.cipher.encrypt(b"Figures do not add up.", context="override_proposal.reason")


def _runtime(server_url: str, folder: Path) -> Runtime:
    with Database(server_url, as_service=False).engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"CREATE DATABASE {DATABASE}")
    url = url_of(server_url, DATABASE)
    migrations.upgrade(url)
    return runtime_of(replace(Settings.from_environment(complete_environment(folder)), database_url=Secret(url)))


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script's answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--samples", type=int, default=20, help="requests of each way")
    asked_for = parser.parse_args()
    sys.exit(main(asked_for.count, asked_for.samples))
