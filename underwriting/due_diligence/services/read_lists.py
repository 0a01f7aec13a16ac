"""The sanctions lists that have been loaded (rule K1), for those who read cases."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.models import SanctionsList

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A list and what it changed. *in_force*: it is the one loaded last; *sha256* of the file, in hexadecimal."""

    id: uuid.UUID
    sha256: str
    version: str
    generated_at: datetime
    loaded_at: datetime
    loaded_by: str
    entries: int
    added: int
    changed: int
    removed: int
    in_force: bool


def newest_lists(session: Session) -> tuple[ListView, ...]:
    """The lists, the newest first: the first one is in force."""
    rows = session.scalars(sa.select(SanctionsList).order_by(SanctionsList.id.desc()).limit(MOST_SHOWN)).all()
    return tuple(_view(row, in_force=row is rows[0]) for row in rows)


def _view(row: SanctionsList, *, in_force: bool) -> ListView:
    return ListView(
        id=row.id,
        sha256=row.sha256.hex(),
        version=row.version,
        generated_at=row.generated_at,
        loaded_at=row.loaded_at,
        loaded_by=row.loaded_by,
        entries=row.entries,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        in_force=in_force,
    )
