"""Upgrading while running: revisions only expand the tables, and whoever writes meanwhile is not turned away."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
import sqlalchemy as sa

from underwriting import migrations
from underwriting.platform.database import SERVICE_ROLE, with_driver

SINCE = "0003"  # the revisions before it came before anybody ran the service
LONGEST_WAIT_SECONDS = 5.0

Column = tuple[str, str]
COLUMNS = sa.text("""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped
""")


@dataclass(frozen=True)
class Kind:
    """What a column takes: values of *of*, and whether something has to be given."""

    of: str
    must_be_given: bool


def columns(url: str) -> dict[Column, Kind]:
    engine = sa.create_engine(with_driver(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(COLUMNS).all()
    return {
        (table, name): Kind(kind, required and not has_default) for table, name, kind, required, has_default in rows
    }


def test_a_revision_takes_nothing_away_from_the_program_before_it(empty_database_url: str) -> None:
    """Every column stays, of its kind; what is new need not be given."""
    migrations.upgrade(empty_database_url, to=SINCE)
    before = columns(empty_database_url)
    for revision in migrations.revisions()[migrations.revisions().index(SINCE) + 1 :]:
        migrations.upgrade(empty_database_url, to=revision)
        after = columns(empty_database_url)
        assert {name for name, kind in before.items() if name not in after or after[name].of != kind.of} == set()
        tables = {table for table, _ in before}
        demanded = {name for name, kind in after.items() if kind.must_be_given and name[0] in tables}
        newly = {name for name in demanded if name not in before or not before[name].must_be_given}
        assert newly == set(), revision
        before = after


@dataclass
class Writer:
    """The program before, as far as the database sees it: one short transaction after another."""

    url: str
    stopping: threading.Event
    waited_seconds: list[float] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def run(self, statements: Callable[[psycopg.Connection], None]) -> None:
        with psycopg.connect(self.url, autocommit=True, options=f"-c role={SERVICE_ROLE}") as connection:
            while not self.stopping.is_set():
                began = time.monotonic()
                try:
                    with connection.transaction():
                        statements(connection)
                except psycopg.Error as fault:
                    self.faults.append(fault)
                    return
                self.waited_seconds.append(time.monotonic() - began)


def audit(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO audit_entry (subject, sequence, action, actor, at, data, previous_hash, hash) "
        "VALUES ('agreement:' || gen_random_uuid(), 1, 'agreement.granted', 'worker', now(), '{}', "
        "sha256('before'), sha256('after'))"
    )


def look_up_staff(connection: psycopg.Connection) -> None:
    connection.execute("SELECT role, password_hash FROM staff_user JOIN login_session ON staff_user_id = staff_user.id")
    connection.execute("UPDATE staff_user SET failed_attempts = failed_attempts + 1 WHERE username = 'anna'")


def run_jobs(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO job_run (job, period, started_at) VALUES ('seal-audit', gen_random_uuid()::text, now())"
    )
    connection.execute("UPDATE job_run SET finished_at = now() WHERE finished_at IS NULL")


def log_in(connection: psycopg.Connection) -> None:
    """As the program of the first of these revisions does: staff by password, and a person."""
    staff = connection.execute("SELECT id FROM staff_user").fetchone()
    connection.execute(
        "INSERT INTO login_session (token_hash, staff_user_id, created_at, expires_at) "
        "VALUES (sha256(uuid_send(gen_random_uuid())), %s, now(), now() + interval '8 hours')",
        staff,
    )
    connection.execute(
        "INSERT INTO login_session (token_hash, person_index, person_encrypted, created_at, expires_at) "
        "VALUES (sha256(uuid_send(gen_random_uuid())), sha256('anna'), 'x', now(), now() + interval '8 hours')"
    )


@contextmanager
def writing(url: str) -> Iterator[list[Writer]]:
    stopping = threading.Event()
    works = (audit, look_up_staff, run_jobs, log_in)
    writers = [Writer(url, stopping) for _ in works]
    threads = [threading.Thread(target=writer.run, args=(work,)) for writer, work in zip(writers, works, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def test_who_writes_while_the_tables_are_brought_up_to_date_is_not_turned_away(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url, to=SINCE)
    with psycopg.connect(empty_database_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO staff_user (username, password_hash, role, created_at) "
            "VALUES ('anna', 'x', 'underwriter', now())"
        )
    with writing(empty_database_url) as writers:
        time.sleep(0.3)
        before = [len(writer.waited_seconds) for writer in writers]
        migrations.upgrade(empty_database_url)
        during = [len(writer.waited_seconds) for writer in writers]
        time.sleep(0.3)
    assert [writer.faults for writer in writers] == [[], [], [], []]
    assert all(count > 0 for count in before)
    assert all(more > less for more, less in zip(during, before, strict=True))
    assert max(max(writer.waited_seconds) for writer in writers) < LONGEST_WAIT_SECONDS


@pytest.mark.parametrize("revision", migrations.revisions()[migrations.revisions().index(SINCE) :])
def test_the_programs_of_one_version_and_the_next_serve_on_the_same_tables(revision: str) -> None:
    """A program serves on tables of its own revision and of later ones, which it does not know."""
    newest = migrations.revisions()[-1]
    assert migrations.serves(revision) is (revision == newest)
    assert migrations.serves(f"{int(newest) + 1:04}")
