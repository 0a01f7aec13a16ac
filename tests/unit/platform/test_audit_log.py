"""The audit log: append-only, one chain per subject, and whatever was done to it afterwards is found."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from underwriting.platform import audit_log
from underwriting.platform.audit_log import BrokenLink
from underwriting.platform.database import Database
from underwriting.platform.models import AuditEntry

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECT = "agreement:0199"


def three_entries(session: Session) -> None:
    """What happened to one agreement, and something about another one in between."""
    audit_log.append(session, SUBJECT, "agreement.granted", actor="worker", at=AT, data={"limit": "200000.00"})
    audit_log.append(session, "agreement:0200", "agreement.granted", actor="worker", at=AT)
    audit_log.append(session, SUBJECT, "agreement.signed", actor="person:ab12", at=AT + timedelta(minutes=1))
    audit_log.append(session, SUBJECT, "agreement.paid_out", actor="worker", at=AT + timedelta(hours=1))


@pytest.fixture
def owner(committed_database: Database) -> Iterator[Database]:
    """The database as its owner, who may do anything: an intruder with the operator's rights."""
    database = Database(committed_database.url, as_service=False)
    yield database
    database.dispose()


def test_each_subject_has_a_chain_of_its_own(database: Database) -> None:
    with database.transaction() as session:
        three_entries(session)
        entries = audit_log.entries_of(session, SUBJECT)
        assert [(entry.sequence, entry.action) for entry in entries] == [
            (1, "agreement.granted"),
            (2, "agreement.signed"),
            (3, "agreement.paid_out"),
        ]
        assert entries[0].previous_hash == bytes(32)
        assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:2]]
        assert [entry.sequence for entry in audit_log.entries_of(session, "agreement:0200")] == [1]


def test_the_hash_covers_the_one_before_and_everything_of_the_entry(database: Database) -> None:
    first = '["agreement:0199",1,"agreement.granted","worker","2026-03-02T09:00:00.000000+00:00",{"limit":"200000.00"}]'
    second = '["agreement:0199",2,"agreement.signed","person:ab12","2026-03-02T09:01:00.000000+00:00",{}]'
    head = hashlib.sha256(bytes(32) + first.encode()).digest()
    with database.transaction() as session:
        three_entries(session)
        entries = audit_log.entries_of(session, SUBJECT)
    assert entries[0].hash == head
    assert entries[1].hash == hashlib.sha256(head + second.encode()).digest()


def test_an_untouched_chain_is_whole_and_so_is_one_without_entries(database: Database) -> None:
    with database.transaction() as session:
        three_entries(session)
        assert audit_log.first_broken_link(session, SUBJECT) is None
        assert audit_log.first_broken_link(session, "agreement:nobody") is None


@pytest.mark.parametrize(
    ("tampering", "found_at"),
    [
        ("UPDATE audit_entry SET action = 'agreement.lapsed' WHERE subject = :subject AND sequence = 2", 2),
        ("UPDATE audit_entry SET actor = 'worker' WHERE subject = :subject AND sequence = 2", 2),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE subject = :subject AND sequence = 3", 3),
        ("""UPDATE audit_entry SET data = '{"limit": "200000.01"}' WHERE subject = :subject AND sequence = 1""", 1),
        ("UPDATE audit_entry SET hash = sha256('x') WHERE subject = :subject AND sequence = 3", 3),
        ("UPDATE audit_entry SET previous_hash = sha256('x') WHERE subject = :subject AND sequence = 1", 1),
        ("DELETE FROM audit_entry WHERE subject = :subject AND sequence = 1", 1),
        ("DELETE FROM audit_entry WHERE subject = :subject AND sequence = 2", 2),
        # inserted after the last one, copied from it
        (
            (
                "INSERT INTO audit_entry SELECT subject, 4, action, actor, at, data, previous_hash, hash"
                " FROM audit_entry WHERE subject = :subject AND sequence = 3"
            ),
            4,
        ),
        # inserted in the middle, the later one renumbered
        (
            (
                "WITH later AS"
                " (UPDATE audit_entry SET sequence = 4 WHERE subject = :subject AND sequence = 3 RETURNING 1)"
                " INSERT INTO audit_entry SELECT subject, 2 + 1, 'agreement.held', actor, at, data, hash, sha256('x')"
                " FROM audit_entry, later WHERE subject = :subject AND sequence = 2"
            ),
            3,
        ),
        # brought over from another subject
        (
            (
                "INSERT INTO audit_entry SELECT :subject, 4, action, actor, at, data, previous_hash, hash"
                " FROM audit_entry WHERE subject = 'agreement:0200'"
            ),
            4,
        ),
    ],
)
def test_a_changed_removed_or_inserted_row_is_found(owner: Database, tampering: str, found_at: int) -> None:
    """S3: the first entry that does not follow from the one before it."""
    with owner.transaction() as session:
        three_entries(session)
    with owner.transaction() as session:
        session.execute(sa.text(tampering), {"subject": SUBJECT})
    with owner.transaction() as session:
        assert audit_log.first_broken_link(session, SUBJECT) == BrokenLink(SUBJECT, found_at)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry ADD COLUMN note text",
    ],
)
def test_the_service_can_add_and_nothing_else(committed_database: Database, statement: str) -> None:
    """S3: the role that the service works as owns nothing."""
    with committed_database.transaction() as session:
        three_entries(session)
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        committed_database.transaction() as session,
    ):
        session.execute(sa.text(statement))
    with committed_database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 4


def test_what_is_rolled_back_leaves_no_entry(database: Database) -> None:
    with contextlib.suppress(RuntimeError), database.transaction() as session:
        three_entries(session)
        raise RuntimeError
    with database.transaction() as session:
        assert audit_log.entries_of(session, SUBJECT) == []


def test_entries_written_at_the_same_time_stand_in_one_row(committed_database: Database) -> None:
    together = threading.Barrier(4)

    def write(writer: int) -> None:
        together.wait()
        for _ in range(5):
            with committed_database.transaction() as session:
                audit_log.append(session, SUBJECT, "agreement.seen", actor=f"staff:{writer}", at=AT)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with committed_database.transaction() as session:
        assert [entry.sequence for entry in audit_log.entries_of(session, SUBJECT)] == list(range(1, 21))
        assert audit_log.first_broken_link(session, SUBJECT) is None
