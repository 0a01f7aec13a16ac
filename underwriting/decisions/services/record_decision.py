"""A decision, written once with all that a replay needs, and what it causes in the same transaction (rules D7, G1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.service import Contact, GrantedTerms, grant
from agreements.credit.services.write_documents import PriceFigures
from agreements.guarantees.service import GuarantorDetails
from bureau_clients.facts import Known
from bureau_clients.reports import CompanyReport, Report
from underwriting.applications import rules as application_rules
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move
from underwriting.applications.services.store_application import company_name_of, keep_company_name
from underwriting.applications.services.write_texts import COMPANY_FORMS, has_role, masked
from underwriting.decisions import formats
from underwriting.decisions.facts import Facts
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.pricing import offer
from underwriting.decisions.queue import referral_kind
from underwriting.decisions.scoring import Decision
from underwriting.decisions.services.gather_case import Case
from underwriting.decisions.services.read_signing_rule import signing_rule_of
from underwriting.decisions.services.tell_applicant import tell
from underwriting.kernel.event_catalogue import APPLICATION_DECIDED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, RepaymentPlan
from underwriting.platform import events
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

FACTS_CONTEXT = "decision.facts"
"""What the facts of a decision are encrypted under: their table and column."""
TRACE_CONTEXT = "decision.trace"
"""The same of its trace."""
_REASON = "decision.reason"
_CONDITIONS = "decision.conditions"

EVENTS: Mapping[DecisionOutcome, ApplicationEvent] = {
    DecisionOutcome.APPROVED: ApplicationEvent.APPROVED,
    DecisionOutcome.COUNTER_OFFER: ApplicationEvent.COUNTER_OFFERED,
    DecisionOutcome.REFERRED: ApplicationEvent.REFERRED,
    DecisionOutcome.DECLINED: ApplicationEvent.DECLINED,
}
"""What each outcome does to the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided: by the policy, or by an underwriter (*decided_by*, with code and text) on the same facts.

    *approved_by* is the second person, where one had to be.
    """

    outcome: DecisionOutcome
    limit: Money | None
    fee_rate: Decimal | None
    decided_by: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    conditions: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a ruling rests on: the facts, what the policy said of them, and the hashes of the reports (rule B6)."""

    facts: Facts
    decision: Decision
    report_hashes: tuple[str, ...]


def record(
    session: Session,
    runtime: Runtime,
    application: Application,
    case: Case,
    basis: Basis,
    ruling: Ruling,
    *,
    at: datetime,
) -> DecisionRow:
    """Write *ruling* on the locked application, move it, tell the applicant and, when it approves, grant the credit."""
    row = write(session, runtime, application, basis, ruling, EVENTS[ruling.outcome], at=at)
    application.next_attempt_at = application.leased_until = None
    if ruling.outcome is not DecisionOutcome.REFERRED:
        application.decided_at = at
        _tell_integrators(session, application, row, at)
    tell(session, runtime, application, case, row, at=at)
    if ruling.outcome is DecisionOutcome.APPROVED:
        grant_credit(session, runtime, application, case, row, basis.facts, at=at)
    return row


def write(
    session: Session,
    runtime: Runtime,
    application: Application,
    basis: Basis,
    ruling: Ruling,
    event: ApplicationEvent,
    *,
    at: datetime,
) -> DecisionRow:
    """Write *ruling* on the locked application and move it as *event* does; nobody is told."""
    row = _row(session, runtime, application, basis, ruling, at)
    session.add(row)
    application.referral_kind = referral_kind(basis.decision)
    session.flush()
    data = {
        "decision": str(row.id),
        "sequence": row.sequence,
        "policy": row.policy_version,
        "facts": row.facts_hash.hex(),
        "reports": list(row.report_hashes),
    }
    move(session, application, event, actor=ruling.decided_by or "system", at=at, data=data)
    return row


def grant_credit(
    session: Session,
    runtime: Runtime,
    application: Application,
    case: Case,
    row: DecisionRow,
    facts: Facts,
    *,
    at: datetime,
) -> None:
    """Make the agreement of an approved application (rule G1); *at* is the granted-at."""
    if row.limit_ore is None or row.fee_rate is None:
        raise ValueError("what is granted has a limit and a fee rate")
    body = case.body
    contact = Contact(body.contact.name, body.contact.email, body.contact.phone)
    grant(
        session,
        runtime,
        GrantedTerms(
            application_id=application.id,
            company_form=body.company_form,
            company=body.organisation_number,
            borrower_name=borrower_name(runtime, application, case).sv,
            contact=contact,
            payout_account=body.payout_account.bankgiro,
            signing_rule=signing_rule_of(session, runtime, application.id, body, on=stockholm_date(at)),
            signatory=body.signatory_personal_number,
            limit=Money(row.limit_ore),
            fee_rate=row.fee_rate,
            term_months=row.term_months,
            repayment_plan=RepaymentPlan(row.repayment_plan),
            figures=_figures(Money(row.limit_ore), row.fee_rate, row),
            guarantors=tuple(
                (
                    one.personal_number,
                    GuarantorDetails(one.name, one.email, one.phone, has_role(body, one.personal_number)),
                )
                for one in body.guarantors
            ),
            status_checked_at=_status_checked_at(runtime, facts, at),
            invoice_delivery=body.invoice_delivery,
            invoice_address=body.invoice_address,
        ),
        at=at,
    )


def borrower_name(runtime: Runtime, application: Application, case: Case) -> Text:
    """The applicant's name by the register; until one is known its form and number."""
    name = company_name_of(runtime.cipher, application)
    if name is not None:
        return Text(name, name)
    form, number = COMPANY_FORMS[case.body.company_form], masked(case.body.organisation_number)
    return Text(f"{form.sv} {number}", f"{form.en} {number}")


def keep_name(runtime: Runtime, application: Application, company: Report | None) -> None:
    """Keep the name that the register has told of the applicant, if it has."""
    if isinstance(company, CompanyReport) and isinstance(company.name, Known):
        keep_company_name(runtime.cipher, application, company.name.value)


def latest_row(session: Session, application: Application) -> DecisionRow | None:
    """The newest decision on the application, or None."""
    return session.scalar(
        sa.select(DecisionRow)
        .where(DecisionRow.application_id == application.id)
        .order_by(DecisionRow.sequence.desc())
        .limit(1)
    )


def basis_of(runtime: Runtime, row: DecisionRow) -> Basis:
    """What the decision in *row* rests on, read again."""
    return Basis(
        facts=formats.facts_from_json(runtime.cipher.decrypt(row.facts_encrypted, context=FACTS_CONTEXT)),
        decision=formats.decision_from_json(runtime.cipher.decrypt(row.trace_encrypted, context=TRACE_CONTEXT)),
        report_hashes=tuple(row.report_hashes),
    )


def facts_text(runtime: Runtime, row: DecisionRow) -> bytes:
    """The canonical JSON of the facts, to the byte."""
    return runtime.cipher.decrypt(row.facts_encrypted, context=FACTS_CONTEXT)


def trace_text(runtime: Runtime, row: DecisionRow) -> bytes:
    """What the policy said, as canonical JSON, to the byte."""
    return runtime.cipher.decrypt(row.trace_encrypted, context=TRACE_CONTEXT)


def reason_of(runtime: Runtime, row: DecisionRow) -> str | None:
    """The underwriter's text, or None where the policy decided."""
    return (
        None if row.reason_encrypted is None else runtime.cipher.decrypt(row.reason_encrypted, context=_REASON).decode()
    )


def conditions_of(runtime: Runtime, row: DecisionRow) -> str | None:
    """What the credit is given on beside its terms, or None."""
    sealed = row.conditions_encrypted
    return None if sealed is None else runtime.cipher.decrypt(sealed, context=_CONDITIONS).decode()


def _tell_integrators(session: Session, application: Application, row: DecisionRow, at: datetime) -> None:
    events.record(
        session,
        APPLICATION_DECIDED,
        at=at,
        application_id=application.id,
        state=ApplicationState(application.state),
        decision_id=row.id,
        outcome=DecisionOutcome(row.outcome),
        limit=None if row.limit_ore is None else Money(row.limit_ore),
        fee_rate=row.fee_rate,
        term_months=row.term_months,
        repayment_plan=RepaymentPlan(row.repayment_plan),
    )


def _row(
    session: Session, runtime: Runtime, application: Application, basis: Basis, ruling: Ruling, at: datetime
) -> DecisionRow:
    cipher, decision, subject = runtime.cipher, basis.decision, of_application(application.id)
    facts = formats.canonical_json(basis.facts)
    last = latest_row(session, application)
    offered = ruling.outcome is DecisionOutcome.COUNTER_OFFER
    return DecisionRow(
        application_id=application.id,
        sequence=last.sequence + 1 if last else 1,
        outcome=str(ruling.outcome),
        limit_ore=None if ruling.limit is None else ruling.limit.ore,
        fee_rate=ruling.fee_rate,
        term_months=application.term_months,
        repayment_plan=application.repayment_plan,
        grade=decision.grade,
        policy_version=decision.policy_version,
        policy_hash=decision.policy_sha256,
        facts_encrypted=cipher.encrypt(facts.encode(), context=FACTS_CONTEXT, subject=subject),
        facts_hash=bytes.fromhex(formats.sha256_of(facts)),
        report_hashes=list(basis.report_hashes),
        trace_encrypted=cipher.encrypt(
            formats.decision_to_json(decision).encode(), context=TRACE_CONTEXT, subject=subject
        ),
        automatic=ruling.decided_by is None,
        decided_by=ruling.decided_by,
        approved_by=ruling.approved_by,
        reason_code=ruling.reason_code,
        reason_encrypted=None
        if ruling.reason is None
        else cipher.encrypt(ruling.reason.encode(), context=_REASON, subject=subject),
        conditions_encrypted=None
        if ruling.conditions is None
        else cipher.encrypt(ruling.conditions.encode(), context=_CONDITIONS, subject=subject),
        decided_at=at,
        answer_by=application_rules.answer_by(at, terms=runtime.terms) if offered else None,
    )


def _figures(limit: Money, fee_rate: Decimal, row: DecisionRow) -> PriceFigures:
    plan = RepaymentPlan(row.repayment_plan)
    priced = offer(limit, fee_rate=fee_rate, term_months=row.term_months, plan=plan)
    return PriceFigures(priced.total_fees, priced.effective_yearly_rate)


def _status_checked_at(runtime: Runtime, facts: Facts, at: datetime) -> datetime:
    """When the company's status was seen; never seen is too long ago for a payout (rule P4)."""
    status = facts.company.status
    return status.at if isinstance(status, Known) else at - timedelta(days=runtime.terms.company_status_valid_days + 1)
