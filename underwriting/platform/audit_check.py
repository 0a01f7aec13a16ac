"""Looking for what was done to the audit log behind our back: every chain and every seal is computed again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.platform import audit_log
from underwriting.platform.audit_seal import file_name, published, root_of, seal_of
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead
from underwriting.platform.seal_key import is_signed

_CHUNK_ROWS = 2_000


class Damage(StrEnum):
    """What was done."""

    CHANGED = "changed"  # the entry's content does not give its hash
    REMOVED = "removed"  # the entry is not there
    INSERTED = "inserted"  # the entry does not follow from the one before it
    SEAL_BROKEN = "seal_broken"  # the seal does not agree with its chains, its signature or the one before it
    SEAL_MISSING = "seal_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """*damage* to the entry *sequence* of *subject*'s chain, or to the seal of that number (*subject* `seal`)."""

    subject: str
    sequence: int
    damage: Damage


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to look through."""

    chains: int
    entries: int
    seals: int


def extent(session: Session) -> Extent:
    """How many chains, entries and seals there are."""
    chains, entries = session.execute(
        sa.select(sa.func.count(sa.distinct(AuditEntry.subject)), sa.func.count()).select_from(AuditEntry)
    ).one()
    return Extent(chains, entries, session.scalars(sa.select(sa.func.count()).select_from(AuditSeal)).one())


def check(session: Session, *, public_key: bytes, folder: Path | None = None) -> Iterator[Finding]:
    """Everything that is wrong with the audit log; nothing where it is whole.

    *public_key* is what the seals were signed with; *folder* holds seals as they were published, against which those of
    the database are held. Memory does not grow with the log.
    """
    yield from _chains(session)
    yield from _sealed_heads(session)
    yield from _seals(session, public_key)
    if folder is not None:
        yield from _published(session, folder)


def _chains(session: Session) -> Iterator[Finding]:
    entries = session.scalars(
        sa.select(AuditEntry).order_by(AuditEntry.subject, AuditEntry.sequence),
        execution_options={"yield_per": _CHUNK_ROWS},
    )
    for subject, chain in groupby(entries, key=lambda entry: entry.subject):
        previous, expected = audit_log.GENESIS, 1
        for entry in chain:
            yield from (Finding(subject, gone, Damage.REMOVED) for gone in range(expected, entry.sequence))
            if audit_log.link_of(entry) != entry.hash:
                yield Finding(subject, entry.sequence, Damage.CHANGED)
            elif entry.sequence == expected and entry.previous_hash != previous:
                yield Finding(subject, entry.sequence, Damage.INSERTED)
            previous, expected = entry.hash, entry.sequence + 1


def _sealed_heads(session: Session) -> Iterator[Finding]:
    """Every entry that a seal names must be there, with that hash."""
    here = sa.and_(AuditEntry.subject == AuditSealHead.subject, AuditEntry.sequence == AuditSealHead.sequence)
    missing_or_other = (
        sa.select(AuditSealHead.subject, AuditSealHead.sequence, AuditEntry.hash)
        .outerjoin(AuditEntry, here)
        .where(AuditEntry.hash.is_distinct_from(AuditSealHead.hash))
        .order_by(AuditSealHead.subject, AuditSealHead.sequence)
    )
    for subject, sequence, found in session.execute(missing_or_other, execution_options={"yield_per": _CHUNK_ROWS}):
        yield Finding(subject, sequence, Damage.REMOVED if found is None else Damage.CHANGED)


def _seals(session: Session, public_key: bytes) -> Iterator[Finding]:
    previous, expected = bytes(32), 1
    for row in session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).all():
        yield from (Finding("seal", gone, Damage.SEAL_MISSING) for gone in range(expected, row.number))
        seal = seal_of(row)
        whole = (
            (seal.chains, seal.root) == root_of(session, row.number)
            and (row.number != expected or seal.previous == previous)
            and is_signed(seal.document(), row.signature, public=public_key)
        )
        if not whole:
            yield Finding("seal", row.number, Damage.SEAL_BROKEN)
        previous, expected = seal.digest, row.number + 1


def _published(session: Session, folder: Path) -> Iterator[Finding]:
    kept = {row.number: row for row in session.scalars(sa.select(AuditSeal))}
    for file in sorted(folder.glob("seal-*.json")):
        number = int(json.loads(json.loads(file.read_bytes())["document"])["number"])
        if number not in kept:
            yield Finding("seal", number, Damage.SEAL_MISSING)
        elif file.name != file_name(number) or file.read_bytes() != published(kept[number]):
            yield Finding("seal", number, Damage.SEAL_BROKEN)
