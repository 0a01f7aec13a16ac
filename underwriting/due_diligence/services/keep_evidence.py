"""Files that show what was found (rule K1), under the application's key, by their SHA-256; added, never changed."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.due_diligence.items import MOST_FILES, EvidenceNotAccepted, ItemSettled, check_evidence
from underwriting.due_diligence.models import DueDiligenceEvidence, DueDiligenceItem
from underwriting.due_diligence.services.assess_relation import note
from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import UNDERWRITERS, DiligenceState
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_NAME = "due_diligence_evidence.name"
_CONTENT = "due_diligence_evidence.content"
_LONGEST_NAME = 200
_TOO_MANY = Text("Högst 20 filer kan läggas till", "At most 20 files can be added")
_NAME_WANTED = Text("Filens namn ska ha 1 till 200 tecken", "The file's name has 1 to 200 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A file as staff see it in a list; *sha256* in hexadecimal."""

    id: uuid.UUID
    name: str = field(repr=False)
    media_type: str
    size_bytes: int
    sha256: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file as it was added."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)
    media_type: str


def add(
    session: Session,
    runtime: Runtime,
    item_id: uuid.UUID,
    name: str,
    content: bytes,
    media_type: str,
    caller: Caller,
    *,
    at: datetime,
) -> EvidenceView:
    """Add a file to an item that is not settled, in its locked application; the same bytes again change nothing.

    Raises EvidenceNotAccepted, ItemSettled, NotFound.
    """
    caller.require(*UNDERWRITERS)
    check_evidence(content, media_type)
    kept_name = name.strip()
    if not 1 <= len(kept_name) <= _LONGEST_NAME:
        raise EvidenceNotAccepted(_NAME_WANTED)
    item = session.get(DueDiligenceItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFound
    sha256 = hashlib.sha256(content).digest()
    known = _find(session, item_id, sha256)
    if known is not None:
        return _view(runtime, known)
    if item.state == DiligenceState.SETTLED:
        raise ItemSettled
    if len(_rows(session, item_id)) >= MOST_FILES:
        raise EvidenceNotAccepted(_TOO_MANY)
    subject = of_application(item.application_id)
    row = insert(DueDiligenceEvidence).values(
        application_id=item.application_id,
        item_id=item_id,
        name_encrypted=runtime.cipher.encrypt(kept_name.encode(), context=_NAME, subject=subject),
        content_encrypted=runtime.cipher.encrypt(content, context=_CONTENT, subject=subject),
        media_type=media_type,
        size_bytes=len(content),
        sha256=sha256,
        added_by=caller.actor,
        added_at=at,
    )
    session.execute(row.on_conflict_do_nothing())
    data = {"item": str(item_id), "sha256": sha256.hex()}
    note(session, item.application_id, "evidence_added", actor=caller.actor, at=at, data=data)
    added = _find(session, item_id, sha256)
    if added is None:
        raise NotFound
    return _view(runtime, added)


def views_of(session: Session, runtime: Runtime, item_id: uuid.UUID) -> tuple[EvidenceView, ...]:
    """The files of an item, the oldest first; their contents stay where they are."""
    return tuple(_view(runtime, row) for row in _rows(session, item_id))


def read(session: Session, runtime: Runtime, item_id: uuid.UUID, evidence_id: uuid.UUID) -> EvidenceFile:
    """A file of an item. Raises NotFound, DataErased."""
    row = session.get(DueDiligenceEvidence, evidence_id)
    if row is None or row.item_id != item_id:
        raise NotFound
    return EvidenceFile(
        name=runtime.cipher.decrypt(row.name_encrypted, context=_NAME).decode(),
        content=runtime.cipher.decrypt(row.content_encrypted, context=_CONTENT),
        media_type=row.media_type,
    )


def _rows(session: Session, item_id: uuid.UUID) -> list[DueDiligenceEvidence]:
    query = sa.select(DueDiligenceEvidence).where(DueDiligenceEvidence.item_id == item_id)
    without = query.options(sa.orm.defer(DueDiligenceEvidence.content_encrypted))
    return list(session.scalars(without.order_by(DueDiligenceEvidence.id)))


def _find(session: Session, item_id: uuid.UUID, sha256: bytes) -> DueDiligenceEvidence | None:
    query = sa.select(DueDiligenceEvidence).where(
        DueDiligenceEvidence.item_id == item_id, DueDiligenceEvidence.sha256 == sha256
    )
    return session.scalar(query.options(sa.orm.defer(DueDiligenceEvidence.content_encrypted)))


def _view(runtime: Runtime, row: DueDiligenceEvidence) -> EvidenceView:
    return EvidenceView(
        id=row.id,
        name=runtime.cipher.decrypt(row.name_encrypted, context=_NAME).decode(),
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256.hex(),
        added_by=row.added_by,
        added_at=row.added_at,
    )
