"""Changes of an agreement's plan, as staff, company and guarantors see them (rule G7)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.rules import Instalment
from agreements.credit.service import details_of
from agreements.documents import service as documents
from agreements.guarantees import service as guarantees
from agreements.plan_changes import rules
from agreements.plan_changes.formats import plan_from_json
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import PlanChangeRefused, PlannedPart
from agreements.plan_changes.services.keep_change import asked_in, plan_of
from agreements.plan_changes.services.write_documents import binding_guarantees
from agreements.signing.services.take_completion import signed_when
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import PlanChangeState, RepaymentPlan, SigningPurpose
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSignature:
    """One whose signature counts: *for_company*, or as guarantor."""

    name: str = field(repr=False)
    for_company: bool
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPaper:
    """A document of the change that one person signs, *for_company* or as guarantor, and when that was done."""

    document_id: uuid.UUID
    for_company: bool
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeView:
    """A change; *plan_before* and *plan* are whole plans, empty of one that came to nothing."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    state: PlanChangeState
    repayment_plan: RepaymentPlan
    term_months: int
    repayment_plan_before: RepaymentPlan
    term_months_before: int
    first_month: Month
    sign_by: datetime
    plan_before: tuple[Instalment, ...]
    plan: tuple[Instalment, ...]
    fees_before: Money
    fees: Money
    proposed_at: datetime
    settled_at: datetime | None
    signatures: tuple[ChangeSignature, ...]


def change_view(session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange) -> PlanChangeView:
    """The change; one that waits with the plans as they stand now, one in effect as it was kept."""
    before, after = _plans(session, agreement, change)
    return PlanChangeView(
        id=change.id,
        agreement_id=change.agreement_id,
        state=PlanChangeState(change.state),
        repayment_plan=RepaymentPlan(change.repayment_plan),
        term_months=change.term_months,
        repayment_plan_before=RepaymentPlan(change.repayment_plan_before),
        term_months_before=change.term_months_before,
        first_month=Month.of(change.first_month),
        sign_by=change.sign_by,
        plan_before=rules.together(before),
        plan=rules.together(after),
        fees_before=Money(change.fees_before_ore),
        fees=Money(change.fees_after_ore),
        proposed_at=change.proposed_at,
        settled_at=change.settled_at,
        signatures=_signatures(session, runtime, agreement, change),
    )


def own_papers(session: Session, change: PlanChange, person_index: bytes) -> tuple[OwnPaper, ...]:
    """What the change has for the person to sign, the company's document first."""
    found = documents.of_subjects(session, [change.id], recipient_index=person_index)
    papers = (
        OwnPaper(
            document_id=one.id,
            for_company=purpose is SigningPurpose.PLAN_CHANGE,
            signed_at=signed_when(session, purpose, change.id).get(person_index),
        )
        for one in found
        for purpose in (SigningPurpose(one.kind),)
    )
    return tuple(sorted(papers, key=lambda paper: not paper.for_company))


def _plans(
    session: Session, agreement: Agreement, change: PlanChange
) -> tuple[tuple[PlannedPart, ...], tuple[PlannedPart, ...]]:
    if change.plan_before is not None and change.plan_after is not None:
        return plan_from_json(change.plan_before), plan_from_json(change.plan_after)
    if change.state != PlanChangeState.PENDING or agreement.first_paid_out_on is None:
        return (), ()
    before = plan_of(session, agreement.id)
    try:
        return before, rules.changed(before, asked_in(change), paid_out_on=agreement.first_paid_out_on)
    except PlanChangeRefused:  # what it was to move is gone
        return before, ()


def _signatures(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange
) -> tuple[ChangeSignature, ...]:
    company = signed_when(session, SigningPurpose.PLAN_CHANGE, change.id)
    consents = signed_when(session, SigningPurpose.PLAN_CHANGE_CONSENT, change.id)
    found = [
        ChangeSignature(
            name=one.name, for_company=True, signed_at=company.get(runtime.cipher.blind_index(one.person.digits))
        )
        for one in details_of(runtime, agreement).signing_rule.callable_signatories
    ]
    found += [
        ChangeSignature(
            name=guarantees.details_of(runtime, one).name,
            for_company=False,
            signed_at=consents.get(one.person_index),
        )
        for one in binding_guarantees(session, agreement)
        if change.state == PlanChangeState.PENDING or one.person_index in consents
    ]
    return tuple(found)
