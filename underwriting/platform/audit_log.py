"""The append-only log of who did what to which subject, one hash chain per subject.

Entries name things by id and never hold personal data. The chain makes a changed or removed row visible; the database
role of the service can neither change nor delete one. Who was shown personal data stands in the same chains, under the
action `READ`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.platform.audit_chain import GENESIS, link, link_of
from underwriting.platform.database import lock_subject, lock_subjects
from underwriting.platform.models import AuditEntry

READ = "read"
"""The action of an entry that says who was shown what."""

_HEADS = sa.text("""
    SELECT head.subject, head.sequence, head.hash
    FROM unnest(CAST(:subjects AS text[])) AS name
    CROSS JOIN LATERAL (
        SELECT subject, sequence, hash FROM audit_entry WHERE subject = name ORDER BY sequence DESC LIMIT 1
    ) AS head
""")


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first entry of a subject's chain that is not what was written."""

    subject: str
    sequence: int


def append(
    session: Session, subject: str, action: str, *, actor: str, at: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """Add an entry to *subject*'s chain (for example `application:0199…`) in the caller's transaction."""
    lock_subject(session, f"audit:{subject}")
    head = session.execute(
        sa.select(AuditEntry.sequence, AuditEntry.hash)
        .where(AuditEntry.subject == subject)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).one_or_none()
    sequence, previous = (head.sequence + 1, head.hash) if head else (1, GENESIS)
    _add(session, subject, sequence, previous, action, actor, at, dict(data or {}))


def begin(
    session: Session, subject: str, action: str, *, actor: str, at: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """Begin the chain of a *subject* that the caller's transaction has made: nobody else can know of it yet."""
    _add(session, subject, 1, GENESIS, action, actor, at, dict(data or {}))


def append_to_each(
    session: Session, notes: Mapping[str, Mapping[str, Any]], action: str, *, actor: str, at: datetime
) -> None:
    """Add an entry to the chain of every subject of *notes*, each with its data: three statements however many."""
    subjects = sorted(notes)
    lock_subjects(session, [f"audit:{subject}" for subject in subjects])
    heads = {row.subject: (row.sequence, row.hash) for row in session.execute(_HEADS, {"subjects": subjects})}
    rows = []
    for subject in subjects:
        last, previous = heads.get(subject, (0, GENESIS))
        rows.append(_row(subject, last + 1, previous, action, actor, at, dict(notes[subject])))
    session.execute(sa.insert(AuditEntry), rows)


def first_broken_link(session: Session, subject: str) -> BrokenLink | None:
    """Recompute *subject*'s chain; the first entry that does not follow from the one before it, or None."""
    previous, expected = GENESIS, 1
    entries = sa.select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.sequence)
    for entry in session.scalars(entries):
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, previous, link_of(entry)):
            return BrokenLink(subject, expected)
        previous, expected = entry.hash, expected + 1
    return None


def entries_of(session: Session, subject: str, *, with_reads: bool = True) -> list[AuditEntry]:
    """*subject*'s entries in order; without those that say who was shown it, unless *with_reads*."""
    query = sa.select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.sequence)
    return list(session.scalars(query if with_reads else query.where(AuditEntry.action != READ)))


def _add(
    session: Session,
    subject: str,
    sequence: int,
    previous: bytes,
    action: str,
    actor: str,
    at: datetime,
    content: dict[str, Any],
) -> None:
    session.add(AuditEntry(**_row(subject, sequence, previous, action, actor, at, content)))
    session.flush()


def _row(
    subject: str,
    sequence: int,
    previous: bytes,
    action: str,
    actor: str,
    at: datetime,
    content: dict[str, Any],
) -> dict[str, Any]:
    return {
        "subject": subject,
        "sequence": sequence,
        "action": action,
        "actor": actor,
        "at": at,
        "data": content,
        "previous_hash": previous,
        "hash": link(previous, subject, sequence, action, actor, at, content),
    }
