"""Facts that were marked as wrong, with their evidence: written and read (rule D13)."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.facts import Fact, Known, Unknown
from underwriting.decisions.corrections import DISPUTED, Correction, type_of
from underwriting.decisions.desk_models import FactDispute
from underwriting.decisions.formats import fact_from_json, fact_to_json
from underwriting.decisions.models import DecisionRow
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import FactTreatment
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_TOLD = "fact_dispute.told"
_CORRECTED = "fact_dispute.corrected"
_NOTE = "fact_dispute.note"
_DOCUMENT = "fact_dispute.document"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDocument:
    """What shows that a bureau is wrong: its bytes, and their media type."""

    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeView:
    """A fact that was marked as wrong, as staff read it: what was *told* and what is *read* instead, both as written
    in the facts of a decision. *document_sha256* is in hexadecimal, None without a document.
    """

    id: uuid.UUID
    application_id: uuid.UUID
    decision_id: uuid.UUID
    subject: str
    fact: str
    treatment: FactTreatment
    told: str | None = field(repr=False)
    read: str | None = field(repr=False)
    note: str = field(repr=False)
    document_type: str | None
    document_sha256: str | None
    disputed_by: str
    disputed_at: datetime


def keep(
    session: Session,
    runtime: Runtime,
    decision: DecisionRow,
    correction: Correction,
    treatment: FactTreatment,
    note: str,
    document: EvidenceDocument | None,
    caller: Caller,
    *,
    at: datetime,
) -> FactDispute:
    """Write that a fact on which *decision* rests is wrong. A second of the same fact violates ONE_DISPUTE."""
    cipher, subject = runtime.cipher, of_application(decision.application_id)

    def sealed(content: bytes, context: str) -> bytes:
        return cipher.encrypt(content, context=context, subject=subject)

    corrected = None
    if treatment is FactTreatment.CORRECTED:
        corrected = sealed(fact_to_json(correction.read).encode(), _CORRECTED)
    row = FactDispute(
        application_id=decision.application_id,
        decision_id=decision.id,
        subject=correction.subject,
        fact=correction.fact,
        treatment=str(treatment),
        told_encrypted=sealed(fact_to_json(correction.told).encode(), _TOLD),
        corrected_encrypted=corrected,
        note_encrypted=sealed(note.encode(), _NOTE),
        document_encrypted=None if document is None else sealed(document.content, _DOCUMENT),
        document_type=None if document is None else document.media_type,
        document_sha256=None if document is None else hashlib.sha256(document.content).digest(),
        disputed_by=caller.actor,
        disputed_at=at,
    )
    session.add(row)
    session.flush()
    return row


def corrections_of(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[Correction, ...]:
    """Every correction of the application, in the order in which they were made."""
    return tuple(_correction(runtime, row) for row in _rows(session, application_id))


def views_of(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[DisputeView, ...]:
    """Every fact of the application that was marked as wrong, the newest first."""
    return tuple(_view(runtime, row) for row in reversed(_rows(session, application_id)))


def document_of(
    session: Session, runtime: Runtime, application_id: uuid.UUID, dispute_id: uuid.UUID
) -> EvidenceDocument:
    """The document of a dispute of the application; NotFound where there is none."""
    row = session.get(FactDispute, dispute_id)
    if row is None or row.application_id != application_id:
        raise NotFound
    if row.document_encrypted is None or row.document_type is None:
        raise NotFound
    content = runtime.cipher.decrypt(row.document_encrypted, context=_DOCUMENT)
    return EvidenceDocument(content=content, media_type=row.document_type)


def _rows(session: Session, application_id: uuid.UUID) -> list[FactDispute]:
    query = sa.select(FactDispute).where(FactDispute.application_id == application_id).order_by(FactDispute.id)
    return list(session.scalars(query))


def _correction(runtime: Runtime, row: FactDispute) -> Correction:
    told = _fact(runtime, row, row.told_encrypted, _TOLD)
    read: Fact[Any] = Unknown(DISPUTED, row.disputed_at)
    if row.corrected_encrypted is not None:
        read = _fact(runtime, row, row.corrected_encrypted, _CORRECTED)
    return Correction(subject=row.subject, fact=row.fact, told=told, read=read)


def _fact(runtime: Runtime, row: FactDispute, sealed: bytes, context: str) -> Fact[Any]:
    type_ = type_of(row.subject, row.fact)
    if type_ is None:
        raise ValueError("a dispute is of a fact that there is")
    return fact_from_json(runtime.cipher.decrypt(sealed, context=context), type_)


def _view(runtime: Runtime, row: FactDispute) -> DisputeView:
    correction = _correction(runtime, row)
    return DisputeView(
        id=row.id,
        application_id=row.application_id,
        decision_id=row.decision_id,
        subject=row.subject,
        fact=row.fact,
        treatment=FactTreatment(row.treatment),
        told=_written(correction.told),
        read=_written(correction.read),
        note=runtime.cipher.decrypt(row.note_encrypted, context=_NOTE).decode(),
        document_type=row.document_type,
        document_sha256=None if row.document_sha256 is None else row.document_sha256.hex(),
        disputed_by=row.disputed_by,
        disputed_at=row.disputed_at,
    )


def _written(fact: Fact[Any]) -> str:
    """The value as text; `absent` or `unknown` where there is none."""
    if isinstance(fact, Known):
        return str(fact.value).lower() if isinstance(fact.value, bool) else str(fact.value)
    return type(fact).__name__.lower()
