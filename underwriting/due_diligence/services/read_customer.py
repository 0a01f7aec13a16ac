"""What staff read of a customer: the class with its reasons, what was looked into, with which evidence (rule K1)."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.finding_formats import RiskReason, reasons_from_json
from underwriting.due_diligence.items import NEEDS_AUTHORITY, NOTHING, StaffFinding
from underwriting.due_diligence.models import DueDiligenceItem, RiskAssessment
from underwriting.due_diligence.risk import Measure
from underwriting.due_diligence.services.assess_relation import ASSESSMENT, finding_of, items_of
from underwriting.due_diligence.services.keep_evidence import EvidenceView, views_of
from underwriting.due_diligence.services.settle_item import note_of
from underwriting.kernel.vocabulary import DiligenceKind, DiligenceResult, DiligenceState, RiskClass
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSummary:
    """Something that waits for a person."""

    id: uuid.UUID
    application_id: uuid.UUID
    kind: DiligenceKind
    state: DiligenceState
    opened_at: datetime
    taken_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView(ItemSummary):
    """Something that was or is looked into; *needs_authority*: a senior underwriter approves it."""

    opened_by: str
    taken_at: datetime | None
    needs_authority: bool
    result: DiligenceResult | None
    note: str | None = field(repr=False)
    finding: StaffFinding = field(repr=False)
    settled_by: str | None
    settled_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentView:
    """A risk class as it was given: *table_on* is the day since which its table holds."""

    risk_class: RiskClass
    table_on: date
    reasons: tuple[RiskReason, ...]
    measures: tuple[Measure, ...]
    assessed_at: datetime


def waiting(session: Session, among: sa.Select[uuid.UUID], *, limit: int) -> tuple[ItemSummary, ...]:
    """What waits for a person in one of the applications *among* which it counts, the oldest first."""
    query = sa.select(DueDiligenceItem).where(
        DueDiligenceItem.state != str(DiligenceState.SETTLED), DueDiligenceItem.application_id.in_(among)
    )
    rows = session.scalars(query.order_by(DueDiligenceItem.id).limit(limit))
    return tuple(ItemSummary(**_summary(row)) for row in rows)


def item_views(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[ItemView, ...]:
    """All that is or was looked into for an application, the newest first."""
    return tuple(view_of(session, runtime, row) for row in reversed(items_of(session, application_id)))


def view_of(session: Session, runtime: Runtime, row: DueDiligenceItem) -> ItemView:
    """One item, as staff read it."""
    return ItemView(
        **_summary(row),
        opened_by=row.opened_by,
        taken_at=row.taken_at,
        needs_authority=DiligenceKind(row.kind) in NEEDS_AUTHORITY,
        result=None if row.result is None else DiligenceResult(row.result),
        note=note_of(runtime, row),
        finding=finding_of(runtime, row) or NOTHING,
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        evidence=views_of(session, runtime, row.id),
    )


def assessment_views(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[AssessmentView, ...]:
    """Every class that the customer was given for an application, the newest first."""
    query = sa.select(RiskAssessment).where(RiskAssessment.application_id == application_id)
    rows = session.scalars(query.order_by(RiskAssessment.ordinal.desc()))
    return tuple(_assessment(runtime, row) for row in rows)


def _summary(row: DueDiligenceItem) -> dict[str, Any]:
    return {
        "id": row.id,
        "application_id": row.application_id,
        "kind": DiligenceKind(row.kind),
        "state": DiligenceState(row.state),
        "opened_at": row.opened_at,
        "taken_by": row.taken_by,
    }


def _assessment(runtime: Runtime, row: RiskAssessment) -> AssessmentView:
    content: dict[str, Any] = runtime.cipher.decrypt_json(row.content_encrypted, context=ASSESSMENT)
    return AssessmentView(
        risk_class=RiskClass(row.risk_class),
        table_on=row.table_on,
        reasons=reasons_from_json(content),
        measures=tuple(Measure(one) for one in content["measures"]),
        assessed_at=row.assessed_at,
    )
