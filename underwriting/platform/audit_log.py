"""The append-only log of who did what to which subject, one hash chain per subject.

Entries name things by id and never hold personal data. The chain makes a changed or removed row visible; the database
role of the service can neither change nor delete one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.platform.database import lock_subject
from underwriting.platform.encryption import canonical_json
from underwriting.platform.models import AuditEntry

GENESIS = bytes(32)
"""What the first entry of a chain follows."""


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


def first_broken_link(session: Session, subject: str) -> BrokenLink | None:
    """Recompute *subject*'s chain; the first entry that does not follow from the one before it, or None."""
    previous, expected = GENESIS, 1
    entries = sa.select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.sequence)
    for entry in session.scalars(entries):
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, previous, link_of(entry)):
            return BrokenLink(subject, expected)
        previous, expected = entry.hash, expected + 1
    return None


def entries_of(session: Session, subject: str) -> list[AuditEntry]:
    """*subject*'s entries in order."""
    return list(
        session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.sequence))
    )


def link_of(entry: AuditEntry) -> bytes:
    """The hash that *entry* should have, after what it says stood before it."""
    return _link(entry.previous_hash, entry.subject, entry.sequence, entry.action, entry.actor, entry.at, entry.data)


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
    session.add(
        AuditEntry(
            subject=subject,
            sequence=sequence,
            action=action,
            actor=actor,
            at=at,
            data=content,
            previous_hash=previous,
            hash=_link(previous, subject, sequence, action, actor, at, content),
        )
    )
    session.flush()


def _link(
    previous: bytes, subject: str, sequence: int, action: str, actor: str, at: datetime, data: Mapping[str, Any]
) -> bytes:
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(previous + canonical_json([subject, sequence, action, actor, instant, dict(data)])).digest()
