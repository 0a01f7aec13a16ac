"""The texts of a change: one for each who signs for the company, one for each guarantor, and what each signs (G7)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.rules import Instalment
from agreements.credit.service import details_of
from agreements.credit.services.write_documents import common_values
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.services.keep_change import asked_in
from agreements.signing.service import ToSign
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import GuaranteeState, RepaymentPlan
from underwriting.kernel.wording import month_in_words
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_BINDING = (GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)


def binding_guarantees(session: Session, agreement: Agreement) -> list[Guarantee]:
    """The guarantees that the change makes heavier: each of their guarantors signs it."""
    return [one for one in guarantees.of_agreement(session, agreement.id) if one.state in _BINDING]


def write_documents(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    change: PlanChange,
    before: Sequence[Instalment],
    after: Sequence[Instalment],
    *,
    at: datetime,
) -> None:
    """All of them, with what changes of the plans *before* and *after*; a signatory who guarantees too gets two."""
    values = _values(runtime, agreement, change)
    values |= {
        "plan_before": [(part.due_on, part.amount) for part in before if part.due_on >= change.first_month],
        "plan_after": [(part.due_on, part.amount) for part in after if part.due_on >= change.first_month],
    }
    for signatory in details_of(runtime, agreement).signing_rule.callable_signatories:
        index = runtime.cipher.blind_index(signatory.person.digits)
        _keep(session, runtime, agreement, change, DocumentKind.PLAN_CHANGE, index, values, at)
    for guarantee in binding_guarantees(session, agreement):
        own = values | _of_guarantor(runtime, guarantee)
        _keep(session, runtime, agreement, change, DocumentKind.PLAN_CHANGE_CONSENT, guarantee.person_index, own, at)


def to_sign_for_company(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, person_index: bytes
) -> ToSign:
    """What the person signs for the company; NotFound when it was not made for them, or the rule names them no more."""
    rule = details_of(runtime, agreement).signing_rule
    named = (one.person for one in rule.callable_signatories)
    person = next((one for one in named if runtime.cipher.blind_index(one.digits) == person_index), None)
    values = _values(runtime, agreement, change)
    return _to_sign(session, change, DocumentKind.PLAN_CHANGE, person, person_index, values)


def to_sign_as_guarantor(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, person_index: bytes
) -> ToSign:
    """What the guarantor signs; NotFound for anybody else."""
    own = next((one for one in binding_guarantees(session, agreement) if one.person_index == person_index), None)
    if own is None:
        raise NotFound
    values = _values(runtime, agreement, change) | _of_guarantor(runtime, own)
    person = guarantees.person_of(runtime, own)
    return _to_sign(session, change, DocumentKind.PLAN_CHANGE_CONSENT, person, person_index, values)


def _keep(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    change: PlanChange,
    kind: DocumentKind,
    recipient_index: bytes,
    values: dict[str, object],
    at: datetime,
) -> None:
    documents.keep(
        session,
        runtime,
        subject_id=change.id,
        kind=kind,
        recipient_index=recipient_index,
        data_subject=of_application(agreement.application_id),
        values=values,
        at=at,
        agreement_id=agreement.id,
    )


def _to_sign(
    session: Session,
    change: PlanChange,
    kind: DocumentKind,
    person: PersonalNumber | None,
    person_index: bytes,
    values: dict[str, object],
) -> ToSign:
    document: Document | None = documents.find(session, subject_id=change.id, kind=kind, recipient_index=person_index)
    if person is None or document is None:
        raise NotFound
    return ToSign(person, documents.visible_text(document, values), document)


def _values(runtime: Runtime, agreement: Agreement, change: PlanChange) -> dict[str, object]:
    """What is told besides the instalments; while a change waits none of it changes."""
    asked = asked_in(change)
    return common_values(runtime, agreement) | {
        "proposed_at": change.proposed_at,
        "last_signing_day": _last_day(change.sign_by),
        "first_month": month_in_words(asked.first_month),
        "new_repayment_plan": asked.plan,
        "repayment_plan_before": RepaymentPlan(change.repayment_plan_before),
        "new_term_months": change.term_months,
        "term_months_before": change.term_months_before,
        "fees_before": Money(change.fees_before_ore),
        "fees_after": Money(change.fees_after_ore),
    }


def _of_guarantor(runtime: Runtime, guarantee: Guarantee) -> dict[str, object]:
    return {
        "person": guarantees.details_of(runtime, guarantee).name,
        "personal_number": guarantees.person_of(runtime, guarantee).formatted,
        "cap": Money(guarantee.cap_ore),
    }


def _last_day(sign_by: datetime) -> date:
    return stockholm_date(sign_by - timedelta(microseconds=1))
