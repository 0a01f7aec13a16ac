"""Looking for what was done to the audit log behind our back: every chain and every seal is computed again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.platform.audit_chain import Damage, Finding, damage_to, holds
from underwriting.platform.audit_seal import file_name, published, root_of, seal_of
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead, AuditVerification
from underwriting.platform.seal_key import is_signed

_CHUNK_ROWS = 2_000
_COLUMNS = sa.inspect(AuditEntry).columns


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
    the database are held. Memory does not grow with the log, but with the number of chains that something was done to.
    """
    for subject in sorted(_not_holding(session) | _not_as_sealed(session)):
        yield from damage_of(session, subject)
    yield from _seals(session, public_key)
    if folder is not None:
        yield from _published(session, folder)


def keep(session: Session, checked: Extent, *, findings: int, public_key: bytes, at: datetime) -> None:
    """Keep that so much was looked through and so many things were found."""
    extents = {"chains": checked.chains, "entries": checked.entries, "seals": checked.seals}
    session.add(AuditVerification(at=at, findings=findings, public_key=public_key, **extents))
    session.flush()


def damage_of(session: Session, subject: str) -> list[Finding]:
    """What was done to one chain."""
    heads = sa.select(AuditSealHead.sequence, AuditSealHead.hash).where(AuditSealHead.subject == subject)
    entries = session.execute(sa.select(*_COLUMNS).where(AuditEntry.subject == subject).order_by(AuditEntry.sequence))
    return damage_to(subject, entries.all(), {head.sequence: head.hash for head in session.execute(heads)})


def _not_holding(session: Session) -> set[str]:
    """The chains that do not hold by themselves."""
    entries = session.execute(
        sa.select(*_COLUMNS).order_by(AuditEntry.subject, AuditEntry.sequence),
        execution_options={"yield_per": _CHUNK_ROWS},
    )
    chains = groupby(entries, key=lambda entry: str(entry.subject))
    return {subject for subject, chain in chains if not holds(chain)}


def _not_as_sealed(session: Session) -> set[str]:
    """The chains in which an entry that a seal names is not there, or with another hash."""
    here = sa.and_(AuditEntry.subject == AuditSealHead.subject, AuditEntry.sequence == AuditSealHead.sequence)
    missing_or_other = (
        sa.select(AuditSealHead.subject)
        .outerjoin(AuditEntry, here)
        .where(AuditEntry.hash.is_distinct_from(AuditSealHead.hash))
    )
    return set(session.scalars(missing_or_other))


def _seals(session: Session, public_key: bytes) -> Iterator[Finding]:
    previous, expected = bytes(32), 1
    for row in session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)).all():
        yield from (Finding("seal", gone, Damage.SEAL_MISSING) for gone in range(expected, row.number))
        seal = seal_of(row)
        whole = (
            (seal.chains, seal.root) == root_of(session, row.number, form=row.form)
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
