"""`/readyz`: what is missing, in time, and not a word of how we are built."""

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.kernel.clock import Clock, FixedClock, SystemClock
from underwriting.platform import health
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

ALL_THERE = {"status": "ok", "database": "ok", "tables": "ok", "clock": "ok"}


def client_over(runtime: Runtime, database: Database, *, clock: Clock | None = None) -> FlaskClient:
    app = Flask(__name__)
    health.register(app, replace(runtime, database=database), serves=migrations.serves, clock=clock)
    return app.test_client()


@pytest.fixture
def owner(committed_database: Database) -> Database:
    """The same database with its owner's rights."""
    return Database(committed_database.url, as_service=False)


def put_revision(owner: Database, statement: str) -> None:
    with owner.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    owner.dispose()


def test_everything_is_there(runtime: Runtime, committed_database: Database) -> None:
    answer = client_over(runtime, committed_database).get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, ALL_THERE)


def test_the_process_answers_whatever_is_missing(runtime: Runtime) -> None:
    nowhere = Database("postgresql://postgres@127.0.0.1:9/nowhere")
    client = client_over(runtime, nowhere)
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)


def test_without_a_database_nothing_is_there_and_nothing_is_told_of_it(runtime: Runtime) -> None:
    answer = client_over(runtime, Database("postgresql://postgres:secret@127.0.0.1:9/nowhere")).get("/readyz")
    assert answer.get_json() == dict.fromkeys(ALL_THERE, "unavailable")


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "unavailable"),  # an earlier one that we know
        ("UPDATE alembic_version SET version_num = '9999'", "ok"),  # a later program has been here
        ("DELETE FROM alembic_version", "unavailable"),  # taken back to nothing
        ("DROP TABLE alembic_version", "unavailable"),
    ],
)
def test_tables_are_at_the_revision_of_the_program_or_a_later_one(
    runtime: Runtime, committed_database: Database, owner: Database, statement: str, tables: str
) -> None:
    put_revision(owner, statement)
    answer = client_over(runtime, committed_database).get("/readyz").get_json()
    assert answer == {**ALL_THERE, "tables": tables, "status": tables}


@pytest.mark.parametrize(
    ("skew", "clock"),
    [(-11, "unavailable"), (-8, "ok"), (0, "ok"), (8, "ok"), (12, "unavailable")],
)
def test_the_clock_agrees_with_the_databases_within_ten_seconds(
    runtime: Runtime, committed_database: Database, skew: int, clock: str
) -> None:
    machine = FixedClock(SystemClock().now() + timedelta(seconds=skew))
    answer = client_over(runtime, committed_database, clock=machine).get("/readyz")
    assert answer.get_json() == {**ALL_THERE, "clock": clock, "status": clock}
    assert answer.status_code == (200 if clock == "ok" else 503)


def test_a_database_that_hangs_is_told_in_time_and_holds_one_thread(
    runtime: Runtime, server_url: str, committed_database: Database
) -> None:
    """The server's process for our connection is stopped, as by a disk that does not answer."""
    database = Database(committed_database.url, pool_size=1)
    client = client_over(runtime, database)
    assert client.get("/readyz").status_code == 200
    with psycopg.connect(url_of(server_url, "postgres"), autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        (pid,) = connection.execute(query, [Path(committed_database.url.partition("?")[0]).name]).fetchone() or (0,)
    before = threading.active_count()
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answers = [client.get("/readyz") for _ in range(2)]
        took = time.monotonic() - began
    finally:
        os.kill(pid, signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert took < 2 * health.ANSWERS_WITHIN_SECONDS + 1
    assert threading.active_count() <= before + 1
    assert client.get("/readyz").status_code == 200
    database.dispose()


def test_the_revisions_are_those_of_the_files_in_order() -> None:
    """Alembic, which reads the files themselves, has the last word."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    newest_first = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert migrations.revisions() == tuple(reversed(newest_first))
    assert migrations.serves(newest_first[0])
    assert not any(migrations.serves(each) for each in newest_first[1:])
