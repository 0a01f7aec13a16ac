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

from underwriting.platform.arrays import array_text
from underwriting.platform.audit_chain import GENESIS, around_the_number, link, link_of
from underwriting.platform.database import lock_subjects
from underwriting.platform.encryption import canonical_json
from underwriting.platform.models import AuditEntry

READ = "read"
"""The action of an entry that says who was shown what."""

# The lock is waited for after the server has decided what the statement sees: whoever had to wait sees the chain as it
# was before, adds nothing since the number is taken, and holds the lock when it is sent again.
_APPEND = sa.text("""
    WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))),
    head AS (SELECT sequence, hash FROM audit_entry WHERE subject = :subject ORDER BY sequence DESC LIMIT 1),
    next AS (
        SELECT coalesce(head.sequence, 0) + 1 AS sequence, coalesce(head.hash, :genesis) AS previous
        FROM locked LEFT JOIN head ON true
    )
    INSERT INTO audit_entry (subject, sequence, action, actor, at, data, previous_hash, hash)
    SELECT :subject, sequence, :action, :actor, :at, CAST(:data AS jsonb), previous,
        sha256(previous || CAST(:before AS bytea) || convert_to(sequence::text, 'UTF8') || CAST(:after AS bytea))
    FROM next
    ON CONFLICT DO NOTHING
    RETURNING sequence
""")
_INSERT = sa.text("""
    INSERT INTO audit_entry (subject, sequence, action, actor, at, data, previous_hash, hash)
    SELECT subject, sequence, :action, :actor, :at, data, previous_hash, hash
    FROM ROWS FROM (
        unnest(CAST(:subject AS text[]), CAST(:sequence AS bigint[]), CAST(:previous_hash AS bytea[]),
               CAST(:hash AS bytea[])),
        jsonb_array_elements(CAST(:data AS jsonb))
    ) AS entry (subject, sequence, previous_hash, hash, data)
""")
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
    before, after = around_the_number(subject, action, actor, at, data or {})
    values = {
        "lock": f"audit:{subject}",
        "subject": subject,
        "action": action,
        "actor": actor,
        "at": at,
        "data": canonical_json(dict(data or {})).decode(),
        "genesis": GENESIS,
        "before": before,
        "after": after,
    }
    if session.execute(_APPEND, values).scalar() is None:
        session.execute(_APPEND, values).scalar_one()


def begin(
    session: Session, subject: str, action: str, *, actor: str, at: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """Begin the chain of a *subject* that the caller's transaction has made: nobody else can know of it yet."""
    session.execute(sa.insert(AuditEntry), [_row(subject, 1, GENESIS, action, actor, at, dict(data or {}))])


def append_to_each(
    session: Session, notes: Mapping[str, Mapping[str, Any]], action: str, *, actor: str, at: datetime
) -> None:
    """Add an entry to the chain of every subject of *notes*, each with its data: three statements however many."""
    subjects = sorted(notes)
    lock_subjects(session, [f"audit:{subject}" for subject in subjects])
    heads = {
        row.subject: (row.sequence, row.hash) for row in session.execute(_HEADS, {"subjects": array_text(subjects)})
    }
    rows = []
    for subject in subjects:
        last, previous = heads.get(subject, (0, GENESIS))
        rows.append(_row(subject, last + 1, previous, action, actor, at, dict(notes[subject])))
    values = {
        "subject": array_text(subjects),
        "sequence": array_text(row["sequence"] for row in rows),
        "data": canonical_json([row["data"] for row in rows]).decode(),
        "previous_hash": [row["previous_hash"] for row in rows],
        "hash": [row["hash"] for row in rows],
    }
    session.execute(_INSERT, values | {"action": action, "actor": actor, "at": at})


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
