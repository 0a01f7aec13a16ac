"""Whether the books are as they always are: each invariant by one statement over all rows, which changes nothing."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.ledger.invariants import INVARIANTS, Invariant
from underwriting.platform.database import SERVICE_ROLE

MOST_SHOWN = 20
"""Of one invariant's offences so many are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Offence:
    """Where an invariant does not hold; *what* is said in words of ours, never in a person's."""

    agreement_id: uuid.UUID | None
    entry_id: uuid.UUID | None
    what: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """How often an invariant does not hold, and the first places."""

    invariant: Invariant
    count: int
    first: tuple[Offence, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.count


def check(session: Session, invariants: Sequence[Invariant] = INVARIANTS) -> tuple[Finding, ...]:
    """Those of *invariants* that do not hold; nothing, when all is well. Reads every line."""
    return tuple(finding for finding in check_each(session, invariants) if not finding.holds)


def check_each(session: Session, invariants: Sequence[Invariant]) -> Iterator[Finding]:
    """Each of *invariants* in turn, with what breaks it."""
    for invariant in invariants:
        yield _check(session, invariant)


def _check(session: Session, invariant: Invariant) -> Finding:
    query = sa.text(f"""
        SELECT agreement_id, entry_id, what, count(*) OVER () AS total FROM ({invariant.sql}) AS offence
        ORDER BY agreement_id NULLS FIRST, entry_id NULLS FIRST, what LIMIT {MOST_SHOWN}
    """)
    values = {"service_role": SERVICE_ROLE} if ":service_role" in invariant.sql else {}
    rows = session.execute(query, values).all()
    first = tuple(Offence(row.agreement_id, row.entry_id, row.what) for row in rows)
    return Finding(invariant, rows[0].total if rows else 0, first)
