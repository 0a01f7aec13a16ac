"""Weighing what is known of a customer: its risk class, and what a person still has to look into (rules K1, D16).

1. What the customer told and staff have found is put together; the class follows.
2. What a person has to look into and has not settled on the same basis are the gaps that refer the case.
3. Where that is kept the class is written when it is another, an item is opened, once, for each need, and what is no
   longer called for lapses.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence import relation
from underwriting.due_diligence.finding_formats import assessment_to_json, finding_from_json
from underwriting.due_diligence.items import FoundOwner, StaffFinding
from underwriting.due_diligence.models import DueDiligenceItem, RiskAssessment
from underwriting.due_diligence.relation import Declared, Known
from underwriting.due_diligence.risk import Assessment
from underwriting.due_diligence.rules import Finding
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import DiligenceKind, DiligenceResult, DiligenceState
from underwriting.platform import audit_log
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

ASSESSMENT = "risk_assessment.content"
BASIS = "due_diligence_item.basis"
FINDING = "due_diligence_item.finding"
SYSTEM = "system"
_ANSWERS = (str(DiligenceResult.SATISFIED), str(DiligenceResult.CORRECTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a customer stands: what is known, the class, and the kinds that a person has not settled."""

    known: Known
    assessment: Assessment
    gaps: tuple[DiligenceKind, ...]


def assess(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    declared: Declared,
    sanctions: Finding,
    *,
    at: datetime,
) -> Standing:
    """How the customer stands as it is known at an instant; writes nothing."""
    rows = items_of(session, application_id)
    on = stockholm_date(at)
    known = relation.known_of(declared, findings_in(runtime, rows), on=on)
    assessment = relation.assess(known, sanctions, on=on)
    needs = relation.needs_of(known, assessment)
    missing = {kind for kind, basis in needs.items() if not _is_settled(runtime, _newest(rows, kind), basis)}
    missing |= {DiligenceKind(row.kind) for row in rows if _stays_open(row)}
    return Standing(known=known, assessment=assessment, gaps=tuple(sorted(missing)))


def keep(session: Session, runtime: Runtime, application_id: uuid.UUID, standing: Standing, *, at: datetime) -> None:
    """Write what *standing* has changed in the locked application: the class, items opened anew, items that lapse."""
    _keep_class(session, runtime, application_id, standing.assessment, at)
    rows = items_of(session, application_id)
    needs = relation.needs_of(standing.known, standing.assessment)
    for kind, basis in needs.items():
        _keep_need(session, runtime, application_id, _newest(rows, kind), kind, basis, at)
    for row in rows:
        if row.state == DiligenceState.OPEN and row.opened_by == SYSTEM and DiligenceKind(row.kind) not in needs:
            _lapse(session, row, at)
    session.flush()


def gaps_of(session: Session, application_id: uuid.UUID) -> frozenset[DiligenceKind] | None:
    """The kinds that a person has not settled, or has refused; None where the customer was never weighed."""
    weighed = sa.select(RiskAssessment.id).where(RiskAssessment.application_id == application_id).limit(1)
    if session.scalar(weighed) is None:
        return None
    newest = {row.kind: row for row in items_of(session, application_id)}
    refused = str(DiligenceResult.REFUSED)
    return frozenset(
        DiligenceKind(kind)
        for kind, row in newest.items()
        if row.state != DiligenceState.SETTLED or row.result == refused
    )


def items_of(session: Session, application_id: uuid.UUID) -> list[DueDiligenceItem]:
    """The rows of all that is or was looked into, the oldest first."""
    query = sa.select(DueDiligenceItem).where(DueDiligenceItem.application_id == application_id)
    return list(session.scalars(query.order_by(DueDiligenceItem.id)))


def findings_in(runtime: Runtime, rows: Sequence[DueDiligenceItem]) -> tuple[StaffFinding, ...]:
    """What was found and stands, the oldest first."""
    settled = [row for row in rows if row.state == DiligenceState.SETTLED and row.finding_encrypted is not None]
    settled.sort(key=lambda row: (row.approved_at or row.settled_at or row.opened_at, row.id))
    return tuple(finding for row in settled if (finding := finding_of(runtime, row)) is not None)


def finding_of(runtime: Runtime, row: DueDiligenceItem) -> StaffFinding | None:
    """What was found in this item."""
    if row.finding_encrypted is None:
        return None
    content: dict[str, Any] = runtime.cipher.decrypt_json(row.finding_encrypted, context=FINDING)
    return finding_from_json(content)


def owners_found(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[FoundOwner, ...]:
    """The owners that staff have found last, and those that they have read in the register."""
    findings = findings_in(runtime, items_of(session, application_id))
    latest = next((one.owners for one in reversed(findings) if one.owners is not None), ())
    registered = next((one.registered for one in reversed(findings) if one.registered is not None), ())
    return (*latest, *registered)


def open_item(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    kind: DiligenceKind,
    basis: Any,
    *,
    actor: str,
    at: datetime,
) -> DueDiligenceItem:
    """A new item; a second open one of the kind violates ONE_OPEN."""
    row = DueDiligenceItem(
        application_id=application_id,
        kind=str(kind),
        state=str(DiligenceState.OPEN),
        basis_encrypted=_sealed(runtime, application_id, basis),
        opened_by=actor,
        opened_at=at,
    )
    session.add(row)
    session.flush()
    note(session, application_id, "opened", actor=actor, at=at, data={"item": str(row.id), "kind": str(kind)})
    return row


def note(
    session: Session, application_id: uuid.UUID, what: str, *, actor: str, at: datetime, data: Mapping[str, Any]
) -> None:
    """Write on the chain of the customer's due diligence; *data* names nobody."""
    audit_log.append(
        session, f"due_diligence:{application_id}", f"due_diligence.{what}", actor=actor, at=at, data=dict(data)
    )


def _newest(rows: Sequence[DueDiligenceItem], kind: DiligenceKind) -> DueDiligenceItem | None:
    """What was opened last of a kind and has not lapsed."""
    return next((row for row in reversed(rows) if row.kind == kind and row.result != DiligenceResult.LAPSED), None)


def _is_settled(runtime: Runtime, newest: DueDiligenceItem | None, basis: Any) -> bool:
    """Whether the need was settled on this basis, so that credit can be given."""
    if newest is None or newest.state != DiligenceState.SETTLED or newest.result not in _ANSWERS:
        return False
    return _has_basis(runtime, newest, basis)


def _has_basis(runtime: Runtime, row: DueDiligenceItem, basis: Any) -> bool:
    kept: Any = runtime.cipher.decrypt_json(row.basis_encrypted, context=BASIS)
    return bool(kept == basis)


def _stays_open(row: DueDiligenceItem) -> bool:
    """Whether staff look into it, called for or not; what nothing calls for any more lapses otherwise."""
    return row.state == DiligenceState.PROPOSED or (row.state == DiligenceState.OPEN and row.opened_by != SYSTEM)


def _keep_need(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    newest: DueDiligenceItem | None,
    kind: DiligenceKind,
    basis: Any,
    at: datetime,
) -> None:
    if newest is None or (newest.state == DiligenceState.SETTLED and not _has_basis(runtime, newest, basis)):
        open_item(session, runtime, application_id, kind, basis, actor=SYSTEM, at=at)
    elif not _has_basis(runtime, newest, basis):
        newest.basis_encrypted = _sealed(runtime, application_id, basis)
        newest.state = str(DiligenceState.OPEN)
        newest.result = newest.settled_by = newest.settled_at = None


def _lapse(session: Session, row: DueDiligenceItem, at: datetime) -> None:
    row.state, row.result = str(DiligenceState.SETTLED), str(DiligenceResult.LAPSED)
    row.settled_by, row.settled_at = SYSTEM, at
    data = {"item": str(row.id), "kind": row.kind, "result": row.result}
    note(session, row.application_id, "settled", actor=SYSTEM, at=at, data=data)


def _keep_class(
    session: Session, runtime: Runtime, application_id: uuid.UUID, assessment: Assessment, at: datetime
) -> None:
    newest = session.scalar(
        sa.select(RiskAssessment)
        .where(RiskAssessment.application_id == application_id)
        .order_by(RiskAssessment.ordinal.desc())
        .limit(1)
    )
    content = assessment_to_json(assessment)
    if newest is not None and runtime.cipher.decrypt_json(newest.content_encrypted, context=ASSESSMENT) == content:
        return
    session.add(
        RiskAssessment(
            application_id=application_id,
            ordinal=1 if newest is None else newest.ordinal + 1,
            risk_class=str(assessment.risk_class),
            table_on=assessment.table_on,
            content_encrypted=runtime.cipher.encrypt_json(
                content, context=ASSESSMENT, subject=of_application(application_id)
            ),
            assessed_at=at,
        )
    )
    data = {"risk_class": str(assessment.risk_class), "table_on": assessment.table_on.isoformat()}
    note(session, application_id, "assessed", actor=SYSTEM, at=at, data=data)


def _sealed(runtime: Runtime, application_id: uuid.UUID, basis: Any) -> bytes:
    return runtime.cipher.encrypt_json(basis, context=BASIS, subject=of_application(application_id))
