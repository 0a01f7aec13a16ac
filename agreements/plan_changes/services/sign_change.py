"""A change signed by the company and by each guarantor, and put into effect by the last signature (rules G7, S1, S2).

1. The agreement is locked; the change is read as it stands under that lock. It has to wait for signatures still, and
   the agreement has to run without a redemption or a cancellation that waits.
2. The signature is noted. While one is missing nothing else happens.
3. With the last one, in the same transaction: the plan as it stands then is read again, what the change moves is
   replaced, term and plan of the agreement are those that were signed, and the plans before and after are kept.
Nothing is booked, and no cap changes: who owes, and for how much the guarantors answer, stays as it is.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.service import details_of, get_agreement
from agreements.invoices.models import InvoiceLine
from agreements.plan_changes import rules
from agreements.plan_changes.formats import plan_to_json
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import ChangeFacts, PlanChangeEvent, PlanChangeNotPending, PlannedPart
from agreements.plan_changes.services.keep_change import (
    LockedChange,
    asked_in,
    check_changeable,
    get_change,
    lock_change,
    plan_of,
    settle,
)
from agreements.plan_changes.services.tell_parties import tell_everybody
from agreements.plan_changes.services.write_documents import (
    binding_guarantees,
    to_sign_as_guarantor,
    to_sign_for_company,
)
from agreements.signing.models import Signing
from agreements.signing.service import ToSign, signers_of
from underwriting.kernel.vocabulary import PlanChangeState, SigningPurpose
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime


def prepare_for_company(session: Session, runtime: Runtime, change_id: uuid.UUID, person_index: bytes) -> ToSign:
    """What the person signs for the company now. NotFound, PlanChangeNotPending, PlanChangeRefused."""
    change = get_change(session, change_id)
    agreement = get_agreement(session, change.agreement_id)
    to_sign = to_sign_for_company(session, runtime, agreement, change, person_index)
    _require_signable(session, agreement, change, at=runtime.clock.now())
    return to_sign


def prepare_as_guarantor(session: Session, runtime: Runtime, change_id: uuid.UUID, person_index: bytes) -> ToSign:
    """What the guarantor signs now. NotFound, PlanChangeNotPending, PlanChangeRefused."""
    change = get_change(session, change_id)
    agreement = get_agreement(session, change.agreement_id)
    to_sign = to_sign_as_guarantor(session, runtime, agreement, change, person_index)
    _require_signable(session, agreement, change, at=runtime.clock.now())
    return to_sign


def record_signature(session: Session, runtime: Runtime, signing: Signing, at: datetime) -> None:
    """Take note of a complete *signing*; the last one puts the change into effect.

    Raises PlanChangeNotPending, PlanChangeRefused: the signature is not kept then.
    """
    locked = lock_change(session, signing.subject_id)
    agreement, change = locked.agreement, locked.change
    _require_signable(session, agreement, change, at=at)
    actor = f"signing:{signing.id}"
    data = {"change": str(change.id), "signing": str(signing.id), "purpose": signing.purpose}
    subject = f"agreement:{agreement.id}"
    audit_log.append(session, subject, "plan_change.signature_received", actor=actor, at=at, data=data)
    facts = ChangeFacts(
        company_signed=company_has_signed(session, runtime, agreement, change),
        guarantors_signed=not unsigned_guarantees(session, agreement, change),
        past_sign_by=at >= change.sign_by,
    )
    if facts.company_signed and facts.guarantors_signed:
        _put_into_effect(session, runtime, locked, facts, actor=actor, at=at)


def company_has_signed(session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange) -> bool:
    """Whether one alternative of the company's signing rule is complete (rule S2)."""
    signed = signers_of(session, SigningPurpose.PLAN_CHANGE, change.id)
    rule = details_of(runtime, agreement).signing_rule
    persons = {one.person for one in rule.signatories if runtime.cipher.blind_index(one.person.digits) in signed}
    return rule.checked and rule.is_complete(persons)


def unsigned_guarantees(session: Session, agreement: Agreement, change: PlanChange) -> set[uuid.UUID]:
    """The guarantees that bind and whose guarantors have not signed the change."""
    signed = signers_of(session, SigningPurpose.PLAN_CHANGE_CONSENT, change.id)
    return {one.id for one in binding_guarantees(session, agreement) if one.person_index not in signed}


def _require_signable(session: Session, agreement: Agreement, change: PlanChange, *, at: datetime) -> None:
    if change.state != PlanChangeState.PENDING or at >= change.sign_by:
        raise PlanChangeNotPending
    check_changeable(session, agreement)


def _put_into_effect(
    session: Session, runtime: Runtime, locked: LockedChange, facts: ChangeFacts, *, actor: str, at: datetime
) -> None:
    agreement, change = locked.agreement, locked.change
    if agreement.first_paid_out_on is None:
        raise PlanChangeNotPending
    before = plan_of(session, agreement.id)
    after = rules.changed(before, asked_in(change), paid_out_on=agreement.first_paid_out_on)
    gone = [part for part in before if part.due_on >= change.first_month]
    if _is_any_invoiced(session, agreement, gone):
        raise PlanChangeNotPending
    _replace(session, agreement, change, [part for part in after if part.due_on >= change.first_month])
    agreement.repayment_plan, agreement.term_months = change.repayment_plan, change.term_months
    change.plan_before, change.plan_after = plan_to_json(before), plan_to_json(after)
    settle(session, locked, PlanChangeEvent.SIGNATURES_COMPLETE, facts, actor=actor, at=at)
    tell_everybody(session, runtime, agreement, change, at=at)


def _is_any_invoiced(session: Session, agreement: Agreement, parts: list[PlannedPart]) -> bool:
    """Whether an invoice asks for one of *parts*: its run had a clock that was ahead of this one."""
    credit = aliased(InvoiceLine)
    lines = session.execute(
        sa.select(InvoiceLine.drawdown_id, InvoiceLine.instalment_number).where(
            InvoiceLine.agreement_id == agreement.id,
            InvoiceLine.drawdown_id.is_not(None),
            InvoiceLine.credits_line_id.is_(None),
            ~sa.exists().where(credit.credits_line_id == InvoiceLine.id),
        )
    )
    return not {(part.drawdown_id, part.number) for part in parts}.isdisjoint({(row[0], row[1]) for row in lines})


def _replace(session: Session, agreement: Agreement, change: PlanChange, parts: list[PlannedPart]) -> None:
    row = PlannedInstalment
    session.execute(sa.delete(row).where(row.agreement_id == agreement.id, row.due_on >= change.first_month))
    session.add_all(
        row(
            agreement_id=agreement.id,
            drawdown_id=part.drawdown_id,
            number=part.number,
            due_on=part.due_on,
            amount_ore=part.amount.ore,
        )
        for part in parts
    )
    session.flush()
