"""The nightly seal over the audit log, and what `borgen verify audit` finds behind our back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from underwriting.platform import audit_check, audit_log, audit_seal
from underwriting.platform.audit_chain import Damage, Finding, link_of
from underwriting.platform.database import Database
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "seals"


@pytest.fixture
def sealing(committed_runtime: Runtime, folder: Path) -> Runtime:
    """A house whose seals are published in *folder*."""
    return replace(committed_runtime, settings=replace(committed_runtime.settings, seal_folder=folder))


@pytest.fixture
def owner(sealing: Runtime) -> Iterator[Database]:
    """The database as its owner, who may do anything: an intruder with the operator's rights."""
    database = Database(sealing.database.url, as_service=False)
    yield database
    database.dispose()


def add(runtime: Runtime, subject: str, *actions: str) -> None:
    with runtime.database.transaction() as session:
        for action in actions:
            audit_log.append(session, subject, action, actor="worker", at=AT, data={"limit": "200000.00"})


def found(runtime: Runtime, folder: Path | None = None) -> list[Finding]:
    public = SealKey(runtime.settings.seal_key.reveal()).public
    with runtime.database.transaction() as session:
        return list(audit_check.check(session, public_key=public, folder=folder))


def test_a_seal_names_the_chains_that_have_grown_and_the_seal_before(sealing: Runtime) -> None:
    """S3: the seal covers every chain's head; a chain that has not grown since is named by the seal before."""
    add(sealing, "agreement:1", "agreement.granted", "agreement.signed")
    add(sealing, "agreement:2", "agreement.granted")
    assert audit_seal.seal(sealing, FIRST) == {"seal": 1, "chains": 2, "published": 1}
    add(sealing, "agreement:2", "agreement.signed")
    assert audit_seal.seal(sealing, SECOND) == {"seal": 2, "chains": 1, "published": 1}
    with sealing.database.transaction() as session:
        heads = session.execute(
            sa.select(AuditSealHead.number, AuditSealHead.subject, AuditSealHead.sequence).order_by(
                AuditSealHead.number, AuditSealHead.subject
            )
        ).all()
        first, second = (audit_seal.seal_of(row) for row in session.scalars(sa.select(AuditSeal)).all())
    assert [tuple(head) for head in heads] == [(1, "agreement:1", 2), (1, "agreement:2", 1), (2, "agreement:2", 2)]
    assert (first.previous, second.previous) == (bytes(32), first.digest)
    assert found(sealing) == []


def test_a_day_is_sealed_once_however_often_it_is_asked_for(sealing: Runtime) -> None:
    add(sealing, "agreement:1", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    add(sealing, "agreement:1", "agreement.signed")
    assert audit_seal.seal(sealing, FIRST) == {"seal": 1, "chains": 1, "published": 0}


def test_whoever_has_the_published_file_and_the_public_key_needs_nothing_else(sealing: Runtime, folder: Path) -> None:
    """S3: the file holds the signed text and its signature."""
    add(sealing, "agreement:1", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    content = json.loads((folder / "seal-000001.json").read_bytes())
    said = json.loads(content["document"])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["public_key"]))
    key.verify(bytes.fromhex(content["signature"]), content["document"].encode())
    assert (said["number"], said["sealed_on"], said["chains"]) == (1, "2026-03-02", 1)


def test_a_seal_whose_file_was_not_written_is_published_by_the_next_run(sealing: Runtime, folder: Path) -> None:
    audit_seal.seal(sealing, FIRST)
    (folder / "seal-000001.json").unlink()
    assert audit_seal.seal(sealing, SECOND)["published"] == 2


def test_the_service_can_neither_change_nor_remove_a_seal(sealing: Runtime) -> None:
    """S3: not even a process of ours."""
    audit_seal.seal(sealing, FIRST)
    for statement in ("UPDATE audit_seal SET chains = 7", "DELETE FROM audit_seal", "DELETE FROM audit_seal_head"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), sealing.database.transaction() as open_:
            open_.execute(sa.text(statement))


def change(session: Session) -> None:
    session.execute(sa.update(AuditEntry).where(at(2)).values(action="agreement.cancelled"))


def remove_middle(session: Session) -> None:
    session.execute(sa.delete(AuditEntry).where(at(2)))


def remove_end(session: Session) -> None:
    session.execute(sa.delete(AuditEntry).where(at(3)))


def remove_chain(session: Session) -> None:
    session.execute(sa.delete(AuditEntry).where(AuditEntry.subject == "agreement:1"))


def remove_middle_and_renumber(session: Session) -> None:
    """So that no number is missing."""
    remove_middle(session)
    session.execute(sa.update(AuditEntry).where(at(3)).values(sequence=2))


def bring_from_another(session: Session) -> None:
    """An entry of another chain, put after the last one."""
    session.execute(
        sa.text(
            "INSERT INTO audit_entry SELECT 'agreement:1', 4, action, actor, at, data, previous_hash, hash"
            " FROM audit_entry WHERE subject = 'agreement:2'"
        )
    )


def replace_entry(session: Session) -> None:
    """An entry with a hash that fits its content, in the place of another."""
    session.execute(sa.delete(AuditEntry).where(at(2)))
    forge(session, 2, previous=hash_of(session, 1))


def insert_entry(session: Session) -> None:
    """An entry between the first and the second, those after it moved up."""
    for sequence in (3, 2):
        session.execute(sa.update(AuditEntry).where(at(sequence)).values(sequence=sequence + 1))
    forge(session, 2, previous=hash_of(session, 1))


def write_anew(session: Session) -> None:
    """The end of the chain anew, every hash right: only the seal tells."""
    for sequence in (2, 3):
        session.execute(sa.delete(AuditEntry).where(at(sequence)))
    for sequence in (2, 3):
        forge(session, sequence, previous=hash_of(session, sequence - 1))


def at(sequence: int) -> sa.ColumnElement[bool]:
    return sa.and_(AuditEntry.subject == "agreement:1", AuditEntry.sequence == sequence)


def hash_of(session: Session, sequence: int) -> bytes:
    return session.scalars(sa.select(AuditEntry.hash).where(at(sequence))).one()


def forge(session: Session, sequence: int, *, previous: bytes) -> None:
    entry = AuditEntry(
        subject="agreement:1",
        sequence=sequence,
        action="agreement.forged",
        actor="worker",
        at=AT + timedelta(minutes=1),
        data={},
        previous_hash=previous,
        hash=b"",
    )
    entry.hash = link_of(entry)
    session.add(entry)
    session.flush()


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (change, {(2, Damage.CHANGED)}),
        (remove_middle, {(2, Damage.REMOVED)}),
        (remove_end, {(3, Damage.REMOVED)}),
        (remove_chain, {(3, Damage.CHAIN_REMOVED)}),
        (remove_middle_and_renumber, {(2, Damage.REMOVED)}),
        (replace_entry, {(2, Damage.CHANGED)}),
        (insert_entry, {(2, Damage.INSERTED)}),
        (bring_from_another, {(4, Damage.INSERTED)}),
        (write_anew, {(3, Damage.CHANGED)}),
    ],
)
def test_whatever_is_done_to_a_sealed_chain_is_found_and_located(
    sealing: Runtime, owner: Database, tamper: Callable[[Session], None], expected: set[tuple[int, Damage]]
) -> None:
    """S3: a changed, removed or inserted entry is named by its subject and sequence."""
    add(sealing, "agreement:1", "agreement.granted", "agreement.signed", "agreement.paid_out")
    add(sealing, "agreement:2", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    with owner.transaction() as session:
        tamper(session)
    findings = found(sealing)
    assert {(finding.sequence, finding.damage) for finding in findings} == expected
    assert {finding.subject for finding in findings} == {"agreement:1"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_seal SET chains = 2 WHERE number = 1",
        "UPDATE audit_seal SET signature = decode(repeat('00', 64), 'hex') WHERE number = 1",
        "UPDATE audit_seal SET sealed_on = '2026-02-28' WHERE number = 1",
        "DELETE FROM audit_seal_head WHERE number = 1",
    ],
)
def test_a_seal_that_was_touched_is_found(sealing: Runtime, owner: Database, statement: str) -> None:
    """S3: so is what was done to hide it."""
    add(sealing, "agreement:1", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    with owner.transaction() as session:
        session.execute(sa.text(statement))
    assert Finding("seal", 1, Damage.SEAL_BROKEN) in found(sealing)


def test_two_seals_that_changed_places_are_both_found(sealing: Runtime, owner: Database) -> None:
    """S3: a seal's number is signed too."""
    add(sealing, "agreement:1", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    add(sealing, "agreement:1", "agreement.signed")
    audit_seal.seal(sealing, SECOND)
    with owner.transaction() as session:
        for table in ("audit_seal", "audit_seal_head"):
            for before, after in ((1, 9), (2, 1), (9, 2)):
                session.execute(sa.text(f"UPDATE {table} SET number = {after} WHERE number = {before}"))
    assert found(sealing) == [Finding("seal", 1, Damage.SEAL_BROKEN), Finding("seal", 2, Damage.SEAL_BROKEN)]


def test_a_log_and_its_seals_made_anew_do_not_agree_with_what_was_published(
    sealing: Runtime, owner: Database, folder: Path
) -> None:
    """S3: even whoever holds the key cannot unsay a published seal."""
    add(sealing, "agreement:1", "agreement.granted")
    audit_seal.seal(sealing, FIRST)
    with owner.transaction() as session:
        for table in ("audit_seal_head", "audit_seal", "audit_entry"):
            session.execute(sa.text(f"TRUNCATE {table}"))
    assert found(sealing, folder) == [Finding("seal", 1, Damage.SEAL_MISSING)]
    add(sealing, "agreement:1", "agreement.declined")
    with owner.transaction():
        audit_seal.seal(replace(sealing, settings=replace(sealing.settings, seal_folder=None)), FIRST)
    assert found(sealing, folder) == [Finding("seal", 1, Damage.SEAL_BROKEN)]
