"""A decision's passport, put together from what is kept of it (rule D15); whoever exports it is noted."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.guarantees.models import Guarantee
from agreements.signing.models import Signing
from agreements.signing.services.take_completion import EVIDENCE
from underwriting.applications.models import ApplicationGuarantor
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.passport import bundle
from underwriting.decisions.pricing import offer
from underwriting.decisions.services import find_policy
from underwriting.decisions.services.record_decision import conditions_of, facts_text, reason_of, trace_text
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_forms import instant_written
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CASE_READERS, RepaymentPlan, SigningState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey


def export(session: Session, runtime: Runtime, decision_id: uuid.UUID, caller: Caller, *, at: datetime) -> bytes:
    """The passport of one decision, signed with the seal key; NotFound, RoleMissing, DataErased."""
    caller.require(*CASE_READERS)
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise NotFound
    concerned = _concerned(session, row)
    contents = {
        "decision": _decision(row),
        "inputs": facts_text(runtime, row).decode(),
        "reports": list(row.report_hashes),
        "policy": {"version": row.policy_version, "document": find_policy.document_of(session, row.policy_hash)},
        "trace": trace_text(runtime, row).decode(),
        "price": _price(row),
        "offer": [_text(runtime, one) for one in documents.of_subjects(session, concerned)],
        "overrides": [_override(runtime, one) for one in _rulings(session, row)],
        "signatures": [_signature(session, runtime, one) for one in _signings(session, concerned)],
    }
    passport = bundle(contents, sign=SealKey(runtime.settings.seal_key.reveal()).sign)
    data = {"decision": str(row.id), "sha256": hashlib.sha256(passport).hexdigest()}
    subject = f"application:{row.application_id}"
    audit_log.append(session, subject, "decision.passport_exported", actor=caller.actor, at=at, data=data)
    return passport


def _concerned(session: Session, row: DecisionRow) -> list[uuid.UUID]:
    """What the documents and signatures of a case are about: decisions, application, guarantors, agreement."""
    case = row.application_id
    agreement = sa.select(Agreement.id).where(Agreement.application_id == case)
    found = session.scalars(
        sa.union_all(
            sa.select(DecisionRow.id).where(DecisionRow.application_id == case),
            sa.select(ApplicationGuarantor.id).where(ApplicationGuarantor.application_id == case),
            agreement,
            sa.select(Guarantee.id).where(Guarantee.agreement_id.in_(agreement)),
        )
    )
    return [case, *found]


def _decision(row: DecisionRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "application_id": str(row.application_id),
        "sequence": row.sequence,
        "outcome": row.outcome,
        "limit": None if row.limit_ore is None else str(Money(row.limit_ore)),
        "fee_rate": None if row.fee_rate is None else f"{row.fee_rate.normalize():f}",
        "term_months": row.term_months,
        "repayment_plan": row.repayment_plan,
        "grade": row.grade,
        "automatic": row.automatic,
        "decided_at": instant_written(row.decided_at),
        "answer_by": None if row.answer_by is None else instant_written(row.answer_by),
        "policy_version": row.policy_version,
        "policy_sha256": row.policy_hash,
        "facts_sha256": row.facts_hash.hex(),
    }


def _price(row: DecisionRow) -> dict[str, str] | None:
    if row.limit_ore is None or row.fee_rate is None:
        return None
    priced = offer(
        Money(row.limit_ore),
        fee_rate=row.fee_rate,
        term_months=row.term_months,
        plan=RepaymentPlan(row.repayment_plan),
    )
    return {
        "monthly_fee": str(priced.monthly_fee),
        "total_fees": str(priced.total_fees),
        "effective_yearly_rate": str(priced.effective_yearly_rate),
    }


def _text(runtime: Runtime, document: Document) -> dict[str, str]:
    return {
        "id": str(document.id),
        "kind": document.kind,
        "template_version": document.template_version,
        "created_at": instant_written(document.created_at),
        "sha256": document.sha256.hex(),
        "media_type": document.media_type,
        "text": documents.text_of(runtime, document),
    }


def _rulings(session: Session, row: DecisionRow) -> Sequence[DecisionRow]:
    """What underwriters have determined of the application; the policy's decisions stand beside them (rule D8)."""
    query = sa.select(DecisionRow).where(
        DecisionRow.application_id == row.application_id, DecisionRow.automatic.is_(False)
    )
    return session.scalars(query.order_by(DecisionRow.sequence)).all()


def _override(runtime: Runtime, row: DecisionRow) -> dict[str, Any]:
    people = {"decided_by": row.decided_by, "approved_by": row.approved_by}
    words = {
        "reason_code": row.reason_code,
        "reason": reason_of(runtime, row),
        "conditions": conditions_of(runtime, row),
    }
    return _decision(row) | people | words


def _signings(session: Session, concerned: Sequence[uuid.UUID]) -> Sequence[Signing]:
    query = sa.select(Signing).where(Signing.subject_id.in_(concerned), Signing.state == str(SigningState.COMPLETE))
    return session.scalars(query.order_by(Signing.id)).all()


def _signature(session: Session, runtime: Runtime, signing: Signing) -> dict[str, Any]:
    """Who signed stands in the evidence, whose hash is told: the passport shows no personal number of its own."""
    evidence = runtime.cipher.decrypt(signing.evidence_encrypted or b"", context=EVIDENCE)
    signed = None if signing.document_id is None else documents.get(session, signing.document_id).sha256.hex()
    return {
        "id": str(signing.id),
        "purpose": signing.purpose,
        "subject_id": str(signing.subject_id),
        "document_sha256": signed,
        "evidence_sha256": hashlib.sha256(evidence).hexdigest(),
        "completed_at": None if signing.completed_at is None else instant_written(signing.completed_at),
    }
