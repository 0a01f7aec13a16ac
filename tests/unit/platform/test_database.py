"""Transactions: the outermost commits or undoes it all, threads have their own, and the server is new enough."""

import contextlib
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from psycopg.errors import AdminShutdown, DeadlockDetected, SerializationFailure, UniqueViolation
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from underwriting.platform import database as module
from underwriting.platform.database import Database, ServerTooOld, lock_subject, with_driver
from underwriting.platform.job_models import JobRun
from underwriting.platform.models import TestClockRow

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def put_row(database: Database) -> None:
    with database.transaction() as session:
        session.add(TestClockRow(id=1, at=NOON))


def rows(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(TestClockRow)) or 0


def test_what_a_transaction_did_is_there_afterwards(committed_database: Database) -> None:
    put_row(committed_database)
    assert rows(committed_database) == 1


def test_an_inner_transaction_is_the_outer_one(database: Database) -> None:
    with database.transaction() as outer, database.transaction() as inner:
        assert inner is outer


def test_what_the_inner_one_did_is_undone_with_the_outer_one(committed_database: Database) -> None:
    with contextlib.suppress(RuntimeError), committed_database.transaction():
        put_row(committed_database)
        raise RuntimeError
    assert rows(committed_database) == 0


def test_an_inner_fault_undoes_the_outer_work_too(committed_database: Database) -> None:
    def fail() -> None:
        with committed_database.transaction():
            raise RuntimeError

    with contextlib.suppress(RuntimeError), committed_database.transaction() as session:
        session.add(TestClockRow(id=1, at=NOON))
        fail()
    assert rows(committed_database) == 0


def test_one_can_ask_whether_a_transaction_is_open(database: Database) -> None:
    assert not database.in_transaction
    with database.transaction():
        assert database.in_transaction
    assert not database.in_transaction
    with contextlib.suppress(RuntimeError), database.transaction():
        raise RuntimeError
    assert not database.in_transaction


def test_a_thread_joins_no_other_threads_transaction(committed_database: Database) -> None:
    def look() -> None:
        seen.append((committed_database.in_transaction, rows(committed_database)))

    seen: list[tuple[bool, int]] = []
    with committed_database.transaction() as session:
        session.add(TestClockRow(id=1, at=NOON))
        session.flush()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [(False, 0)]


def test_two_databases_have_transactions_of_their_own(committed_database: Database, database: Database) -> None:
    with committed_database.transaction(), database.transaction() as session:
        session.add(TestClockRow(id=1, at=NOON))
    assert (rows(committed_database), rows(database)) == (0, 1)


def test_a_subject_is_held_to_the_end_of_the_transaction(committed_database: Database) -> None:
    order: list[str] = []
    held = threading.Event()

    def wait_for_it() -> None:
        held.wait()
        with committed_database.transaction() as session:
            lock_subject(session, "agreement:1")
            order.append("second")

    thread = threading.Thread(target=wait_for_it)
    thread.start()
    with committed_database.transaction() as session:
        lock_subject(session, "agreement:1")
        held.set()
        while not session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")):
            pass
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_service_owns_nothing(committed_database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), committed_database.transaction() as session:
        session.execute(sa.text("CREATE TABLE mine (id int)"))
    with committed_database.transaction() as session:
        assert session.scalar(sa.text("SELECT current_user")) == "borgen_service"


def test_instants_come_back_in_utc(database: Database) -> None:
    put_row(database)
    with database.transaction() as session:
        at = session.scalars(sa.select(TestClockRow.at)).one()
    assert (at, at.utcoffset()) == (NOON, NOON.utcoffset())


def test_this_server_is_new_enough(database: Database) -> None:
    database.check_server()


def test_an_older_server_is_refused_with_both_versions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.engine.connect() as connection:
        running = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
    monkeypatch.setattr(module, "OLDEST_SERVER", running + 1)
    with pytest.raises(ServerTooOld, match=f"PostgreSQL 18 or later .* version {running // 10000}$"):
        database.check_server()


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg://u:p@h:5432/d"),
        ("postgres://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
    ],
)
def test_any_way_of_writing_the_address_gets_our_driver(written: str, used: str) -> None:
    assert with_driver(written) == used


def test_a_log_in_that_is_a_member_only_gets_no_owners_rights_back(committed_database: Database) -> None:
    """The roles of `docs/operating.md`: who logs in as the owner can leave the service's role, a mere member cannot."""
    owner = Database(committed_database.url, as_service=False)
    name = f"login_{uuid.uuid4().hex}"
    with owner.transaction() as session:
        session.execute(sa.text(f"CREATE ROLE {name} LOGIN IN ROLE borgen_service"))
    member = Database(sa.make_url(committed_database.url).set(username=name).render_as_string())
    try:
        with member.transaction() as session:
            assert session.scalar(sa.text("SELECT current_user")) == "borgen_service"
        for statement in ("SET ROLE NONE", "RESET ROLE"):
            delete_after = sa.text(f"{statement}; DELETE FROM audit_entry")
            with pytest.raises(ProgrammingError, match="permission denied"), member.transaction() as session:
                session.execute(delete_after)
    finally:
        member.dispose()
        with owner.transaction() as session:
            session.execute(sa.text(f"DROP ROLE {name}"))
        owner.dispose()


@pytest.fixture
def two_rows(committed_database: Database) -> Database:
    """Two rows that two transactions can take in opposite order."""
    with committed_database.transaction() as session:
        for name in ("a", "b"):
            session.add(JobRun(job=name, period="2026-03-02", started_at=NOON))
    return committed_database


def lock(session: Session, name: str) -> JobRun:
    return session.get_one(JobRun, (name, "2026-03-02"), with_for_update=True, populate_existing=True)


class Meeting:
    """Two threads that take the two rows in opposite order, so that the server breaks one of them off."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.attempts: list[str] = []
        self._both_hold_one = threading.Barrier(2)

    def cross(self, first: str, second: str) -> None:
        self.attempts.append(first)
        with self.database.transaction() as session:
            lock(session, first).attempts += 1
            session.flush()
            if self.attempts.count(first) == 1:
                self._both_hold_one.wait(20)
            lock(session, second).attempts += 1

    def both(self, *, work: Callable[[str, str], None]) -> list[Exception]:
        faults: list[Exception] = []

        def guarded(first: str, second: str) -> None:
            try:
                work(first, second)
            except Exception as fault:
                faults.append(fault)

        threads = [threading.Thread(target=guarded, args=names) for names in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return faults

    def counted(self) -> list[int]:
        with self.database.transaction() as session:
            return list(session.scalars(sa.select(JobRun.attempts).order_by(JobRun.job)))


def test_of_two_in_a_deadlock_one_is_tried_again_and_both_are_done_once(two_rows: Database) -> None:
    meeting = Meeting(two_rows)
    faults = meeting.both(work=lambda *names: two_rows.retrying(lambda: meeting.cross(*names)))
    assert faults == []
    assert meeting.counted() == [2, 2]
    assert len(meeting.attempts) == 3


def test_without_that_one_of_them_fails(two_rows: Database) -> None:
    meeting = Meeting(two_rows)
    (fault,) = meeting.both(work=meeting.cross)
    assert isinstance(fault, DBAPIError)
    assert module.was_broken_off(fault)
    assert meeting.counted() == [1, 1]


@pytest.mark.parametrize(("repeatable", "counted"), [(False, 2), (True, 3)])
def test_what_is_committed_in_part_is_tried_again_only_where_it_may_be_repeated(
    two_rows: Database, repeatable: bool, counted: int
) -> None:
    """The part before the deadlock would be done a second time."""
    meeting = Meeting(two_rows)

    def in_two_parts(first: str, second: str) -> None:
        with two_rows.transaction() as session:
            session.add(JobRun(job=f"part-{first}-{len(meeting.attempts)}", period="x", started_at=NOON))
        meeting.cross(first, second)

    faults = meeting.both(work=lambda *names: two_rows.retrying(lambda: in_two_parts(*names), repeatable=repeatable))
    with two_rows.transaction() as session:
        parts = session.scalar(sa.select(sa.func.count()).where(JobRun.job.startswith("part-")))
    assert (parts, len(faults)) == (counted, 0 if repeatable else 1)


def test_what_only_read_before_is_tried_again(two_rows: Database) -> None:
    """Whether the caller may is often looked up in a transaction of its own."""
    meeting = Meeting(two_rows)

    def read_first(first: str, second: str) -> None:
        with two_rows.transaction() as session:
            lock(session, first)  # taken and let go: nothing is changed
        meeting.cross(first, second)

    assert meeting.both(work=lambda *names: two_rows.retrying(lambda: read_first(*names))) == []
    assert meeting.counted() == [2, 2]


def test_inside_a_transaction_nothing_is_tried_again(database: Database) -> None:
    """The outermost caller does: the server has undone all of it."""
    tries = []

    def fail() -> None:
        tries.append(1)
        raise OperationalError("", {}, DeadlockDetected())

    with pytest.raises(OperationalError), database.transaction():
        database.retrying(fail)
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("orig", "tries"),
    [(DeadlockDetected(), 4), (SerializationFailure(), 4), (AdminShutdown(), 1), (UniqueViolation(), 1)],
)
def test_only_what_was_broken_off_is_tried_again_and_not_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch, orig: Exception, tries: int
) -> None:
    monkeypatch.setattr(module, "PAUSES_SECONDS", (0.0, 0.0, 0.0))
    tried = []

    def fail() -> None:
        tried.append(1)
        raise DBAPIError("", {}, orig)

    with pytest.raises(DBAPIError):
        database.retrying(fail)
    assert len(tried) == tries
