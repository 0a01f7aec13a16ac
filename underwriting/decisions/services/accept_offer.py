"""A counter-offer: accepted by a signatory with BankID by the end of the seventh day, or lapsed (rule D1)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.guarantees.rules import guarantee_cap
from agreements.signing.models import Signing
from bureau_clients import evidence
from bureau_clients.reports import Report
from underwriting.applications import rules as application_rules
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import lock_application, move
from underwriting.applications.services.write_texts import guarantors_in_words
from underwriting.decisions.grounds import hard_stops
from underwriting.decisions.limits import left_by_exposure
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import HardStopStands
from underwriting.decisions.pricing import offer
from underwriting.decisions.services import find_policy
from underwriting.decisions.services.gather_case import Case, gather
from underwriting.decisions.services.hold_exposure import hold_exposure
from underwriting.decisions.services.record_decision import (
    basis_of,
    borrower_name,
    conditions_of,
    grant_credit,
    latest_row,
)
from underwriting.decisions.services.tell_applicant import tell_offer_lapsed
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, RepaymentPlan
from underwriting.platform.batches import each_alone
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100


class OfferExpired(Conflict):
    """The counter-offer was open to the end of its last day and no longer. Rule D1."""

    slug = "offer-expired"
    title = Text("Erbjudandet har gått ut", "The offer has expired")
    rule = "D1"


class ExposureExceeded(Conflict):
    """So much has been granted since the offer was made that it does not fit within a limit on exposure. Rule G6."""

    slug = "exposure-exceeded"
    title = Text(
        "Erbjudandet ryms inte längre inom våra kreditgränser", "The offer no longer fits within our credit limits"
    )
    rule = "G6"


def open_offer(session: Session, application: Application, *, at: datetime) -> DecisionRow:
    """The counter-offer that the locked application is answered with; ApplicationStateRefuses, OfferExpired."""
    application_rules.advance(ApplicationState(application.state), ApplicationEvent.OFFER_ACCEPTED)
    row = latest_row(session, application)
    if row is None or row.answer_by is None:
        raise NotFound
    if at >= row.answer_by:
        raise OfferExpired
    return row


def require_still_given(session: Session, runtime: Runtime, row: DecisionRow, case: Case, *, at: datetime) -> None:
    """Raise HardStopStands or ExposureExceeded where what is known at *at* forbids to give what *row* offers (D10, G6).

    A hard stop is one by every policy. The limits are those of the policy by which the offer was made.
    """
    facts = case.facts(_newest_reports(session, runtime, case), at=at)
    if any(hard_stops(facts)):
        raise HardStopStands
    left = left_by_exposure(facts, find_policy.by_hash(session, row.policy_hash))
    if left is not None and left.ore < (row.limit_ore or 0):
        raise ExposureExceeded


def prepare_acceptance(
    session: Session, runtime: Runtime, application: Application, row: DecisionRow, *, at: datetime
) -> tuple[Document, str, Case]:
    """What the signatory signs to accept the offer in *row*, what BankID's app shows of it, and the case.

    Raises what `require_still_given` raises.
    """
    case = gather(session, runtime, application, at=at)
    require_still_given(session, runtime, row, case, at=at)
    values = _values(runtime, application, case, row)
    document = documents.keep(
        session,
        runtime,
        subject_id=row.id,
        kind=DocumentKind.COUNTER_OFFER,
        recipient_index=application.signatory_index,
        data_subject=of_application(application.id),
        values=values,
        at=at,
    )
    return document, documents.visible_text(document, values), case


def record_acceptance(session: Session, runtime: Runtime, signing: Signing, *, at: datetime) -> None:
    """The offer is accepted (rule D1): the acceptance is the granted-at (rule G1). Raises what undoes the signature.

    What forbids the offer is looked for once more, in the books as they are when nobody else can grant to its parties.
    """
    accepted = session.get(DecisionRow, signing.subject_id)
    if accepted is None:
        raise NotFound
    application = lock_application(session, accepted.application_id)
    row = open_offer(session, application, at=at)
    if row.id != accepted.id:
        raise OfferExpired
    books_at = hold_exposure(session, runtime, application)
    case = gather(session, runtime, application, at=books_at)
    require_still_given(session, runtime, row, case, at=books_at)
    actor = f"person:{application.signatory_index.hex()[:16]}"
    move(session, application, ApplicationEvent.OFFER_ACCEPTED, actor=actor, at=at, data={"decision": str(row.id)})
    application.decided_at = at
    grant_credit(session, runtime, application, case, row, basis_of(runtime, row).facts, at=at)


def decline_offer(session: Session, application: Application, *, actor: str, at: datetime) -> None:
    """The applicant does not want the locked application's offer: it is over at once (rule D1); like `open_offer`."""
    row = open_offer(session, application, at=at)
    move(session, application, ApplicationEvent.OFFER_DECLINED, actor=actor, at=at, data={"decision": str(row.id)})


def lapse_offers(session: Session, runtime: Runtime, *, at: datetime) -> int:
    """Let the counter-offers lapse that nobody accepted in time (rule D1), and tell the applicants; how many."""
    expired = (
        sa.select(DecisionRow.id)
        .where(DecisionRow.application_id == Application.id, DecisionRow.answer_by <= at)
        .correlate(Application)
    )
    due = sa.select(Application).where(Application.state == str(ApplicationState.COUNTER_OFFER), expired.exists())
    applications = list(session.scalars(due.limit(MOST_PER_TICK).with_for_update(skip_locked=True)))

    def undone_if_it_fails(application: Application) -> bool:
        with session.begin_nested():
            move(session, application, ApplicationEvent.OFFER_EXPIRED, actor="system", at=at)
            tell_offer_lapsed(session, runtime, application, gather(session, runtime, application, at=at), at=at)
        return True

    return each_alone(applications, undone_if_it_fails, named=lambda application: application.id)


def _newest_reports(session: Session, runtime: Runtime, case: Case) -> Mapping[str, Report]:
    """What bureaus have last told of each subject of the case, by the digits of its number."""
    newest: dict[bytes, Report] = {}
    for told in evidence.of_application(session, runtime.cipher, case.application_id):
        if told.report is not None:
            newest.setdefault(told.subject, told.report)  # the newest of each comes first
    digits = {subject.number.digits for subject in case.subjects}
    indexes = {index: each for each in digits for index in runtime.cipher.blind_indexes(each)}
    return {indexes[index]: report for index, report in newest.items() if index in indexes}


def _values(runtime: Runtime, application: Application, case: Case, row: DecisionRow) -> dict[str, object]:
    if row.limit_ore is None or row.fee_rate is None or row.answer_by is None:
        raise ValueError("a counter-offer has terms and a last day")
    lender, body, limit = runtime.settings.lender, case.body, Money(row.limit_ore)
    plan = RepaymentPlan(row.repayment_plan)
    figures = offer(limit, fee_rate=row.fee_rate, term_months=row.term_months, plan=plan)
    return {
        "reference": application.reference,
        "lender": lender.name,
        "lender_number": lender.organisation_number.formatted,
        "lender_phone": lender.phone,
        "lender_email": lender.email,
        "company": borrower_name(runtime, application, case),
        "company_number": body.organisation_number.formatted,
        "limit": limit,
        "asked_amount": body.requested_amount,
        "term_months": row.term_months,
        "asked_term_months": body.term_months,
        "repayment_plan": str(plan),
        "fee_rate": row.fee_rate,
        "monthly_fee": figures.monthly_fee,
        "total_fees": figures.total_fees,
        "effective_rate": figures.effective_yearly_rate,
        "guarantors": guarantors_in_words(body),
        "conditions": conditions_of(runtime, row),
        "cap": guarantee_cap(limit, terms=runtime.terms),
        "last_day": stockholm_date(row.answer_by - timedelta(microseconds=1)),
        "terms": runtime.terms,
    }
