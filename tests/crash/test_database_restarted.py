"""The database is stopped and started while requests and jobs run: clear refusals, and nothing lost or done twice."""

import http.client
import json
import shutil
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.conftest import LONG
from tests.support import nursery, scheduler_process
from tests.support.lending import application_json
from tests.support.processes import wait_until
from tests.support.scheduler_process import MONTHLY, NAMES, subject
from tests.support.serving_process import Service, servable_environment, service
from underwriting import migrations
from underwriting.applications.models import Application
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.job_models import JobRun
from underwriting.platform.models import AuditEntry
from underwriting.platform.postgres_files import prepare_files

pytestmark = pytest.mark.crash

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ITEMS = 200
SENDERS = 6
FAST, AT_ONCE = signal.SIGINT, signal.SIGKILL  # open transactions are rolled back; or the log is replayed


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    files = prepare_files(folder, durable=True)
    yield folder
    shutil.rmtree(files.data.parent if files.user else files.data)


@dataclass
class Sender:
    """Somebody who sends applications one after the other, each with its key until it is carried out."""

    service: Service
    stopped: threading.Event
    ids: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def send(self) -> None:
        while not self.stopped.is_set():
            key = str(uuid.uuid4())
            while not self._sent(key):
                time.sleep(0.1)

    def _sent(self, key: str) -> bool:
        try:
            answer = self.service.call("POST", "/v1/applications", application_json(), Idempotency_Key=key)
        except (OSError, http.client.HTTPException) as fault:
            self.faults.append(repr(fault))
            return False
        if answer.status == 201:
            self.ids.append(answer.json["id"])
            return True
        self.told[answer.json["type"]] += 1
        if answer.status not in (409, 503) or (answer.status == 503) != ("Retry-After" in answer.headers):
            self.faults.append(f"{answer.status} {answer.body!r}")
        return False


class Restartable(EmbeddedPostgres):
    """A server that is stopped and started while others are connected to it; its address stays."""

    def restart(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(60)
        self.__exit__(None, None, None)
        time.sleep(0.7)  # a moment in which there is none
        self.__enter__()


@pytest.mark.parametrize("number", [FAST, AT_ONCE] if LONG else [AT_ONCE])
def test_requests_are_refused_clearly_and_then_succeed(home: Path, tmp_path: Path, number: signal.Signals) -> None:
    """A7: what is sent again with its key is done once, even where the connection broke as the answer was committed."""
    postgres = Restartable(home)
    with postgres:
        url = _database_on(postgres)
        environment = servable_environment(tmp_path, database_url=url)
        with service(environment, tmp_path) as running:
            stopped = threading.Event()
            senders = [Sender(running, stopped) for _ in range(SENDERS)]
            threads = [threading.Thread(target=sender.send) for sender in senders]
            for thread in threads:
                thread.start()
            scheduler = _scheduler(url, tmp_path)
            assert wait_until(lambda: _items_done(url) > 0, within_seconds=60)
            for _ in range(2):
                sent = [len(sender.ids) for sender in senders]
                assert wait_until(lambda before=sent: _all_sent_more(senders, before))  # type: ignore[misc]
                postgres.restart(number)
            sent = [len(sender.ids) for sender in senders]
            assert wait_until(lambda: _all_sent_more(senders, sent))
            stopped.set()
            for thread in threads:
                thread.join(120)
            with scheduler:
                output, _ = scheduler.communicate(timeout=120)
            assert wait_until(running.is_ready)

        told = sum((sender.told for sender in senders), Counter[str]())
        assert [fault for sender in senders for fault in sender.faults] == []
        assert told["/problems/database-unavailable"] > 0
        assert told.keys() <= {"/problems/database-unavailable", "/problems/request-in-flight"}
        ids = [identifier for sender in senders for identifier in sender.ids]
        assert len(set(ids)) == len(ids)
        database = Database(url)
        with database.transaction() as session:
            assert {str(found) for found in session.scalars(sa.select(Application.id))} == set(ids)
            _check_jobs(session, json.loads(output.splitlines()[-1]))
        database.dispose()


def _all_sent_more(senders: list[Sender], before: list[int]) -> bool:
    return all(len(sender.ids) > count for sender, count in zip(senders, before, strict=True))


def _items_done(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM audit_entry WHERE action = 'job.item'").fetchone()
    return found[0] if found else 0


def _check_jobs(session: Session, ran: list[list[str]]) -> None:
    """Each run went on where it was broken off, and did each of its things once."""
    assert session.scalars(sa.select(sa.func.max(JobRun.attempts))).one() > 1
    runs = [(MONTHLY, "2026-03"), *((name, "2026-03-02") for name in NAMES)]
    assert {(job, period) for job, period in ran} <= set(runs)
    for job, period in runs:
        run = session.get_one(JobRun, (job, period))
        assert run.finished_at is not None
        assert run.outcome == {"count": ITEMS}
        items = sa.select(sa.func.count()).where(AuditEntry.subject == subject(job, period))
        assert session.scalar(items) == ITEMS


def _database_on(postgres: Restartable) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE borgen")
    migrations.upgrade(postgres.url("borgen"))
    return postgres.url("borgen")


def _scheduler(url: str, folder: Path) -> nursery.Process:
    """Ticks until everything is done; its clock for leases and pauses runs on by itself."""
    work = (f"--items={ITEMS}", "--seconds=0.01", "--until-done")
    return nursery.start("-m", scheduler_process.__name__, url, str(folder), NOW.isoformat(), *work)
