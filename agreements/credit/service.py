"""Granting an agreement (rule G1); and the names under which other features find an agreement's functions.

Every function here takes part in its caller's transaction. Whoever changes an agreement locks its row first.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.credit import rules
from agreements.credit.formats import signing_rule_to_json
from agreements.credit.models import Agreement
from agreements.credit.services.call_guarantor import call_guarantor
from agreements.credit.services.call_signatories import call_signatories
from agreements.credit.services.complete_signatures import NothingToSign, lapse_unsigned, record_signature
from agreements.credit.services.keep_agreement import (
    COMPANY,
    DETAILS,
    AgreementDetails,
    Contact,
    company_of,
    details_of,
    get_agreement,
    link_to,
    link_to_guarantee,
    lock_agreement,
    move,
    replace_account,
    tell_borrower,
)
from agreements.credit.services.write_documents import (
    PriceFigures,
    terms_of,
    write_agreement,
    write_guarantee,
    write_guarantee_information,
    write_offer,
)
from agreements.documents.rules import VERSION
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.guarantees.rules import guarantee_cap
from agreements.guarantees.service import GuarantorDetails
from underwriting.kernel.event_catalogue import AGREEMENT_GRANTED
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber, ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.signing_rule import Signatory, SigningRule
from underwriting.kernel.vocabulary import AgreementState, CompanyForm, InvoiceDelivery, RepaymentPlan
from underwriting.platform import audit_log, events
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

__all__ = [
    "AgreementDetails",
    "Contact",
    "GrantedTerms",
    "GuarantorDetails",
    "NothingToSign",
    "PriceFigures",
    "Signatory",
    "SigningRule",
    "company_of",
    "details_of",
    "enter",
    "get_agreement",
    "grant",
    "lapse_unsigned",
    "link_to",
    "link_to_guarantee",
    "lock_agreement",
    "move",
    "record_signature",
    "replace_account",
    "tell_borrower",
    "terms_of",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantedTerms:
    """What has been granted to whom.

    *signing_rule* says who signs for the company (rule S2); *signatory* is the one who applied, one of them. *asked* is
    less than the limit when less is to be paid out first (rule P1). *status_checked_at* is when the company's status
    was last seen to be in order (rule P4). Invoices come on paper as *invoice_delivery* says where there is an address
    for them (rule F4), else by e-mail.
    """

    application_id: uuid.UUID
    company_form: CompanyForm
    company: OrganisationNumber | PersonalNumber
    borrower_name: str = field(repr=False)
    contact: Contact
    payout_account: Bankgiro = field(repr=False)
    signing_rule: SigningRule = field(repr=False)
    signatory: PersonalNumber
    limit: Money
    fee_rate: Decimal
    term_months: int
    figures: PriceFigures
    guarantors: tuple[tuple[PersonalNumber, GuarantorDetails], ...]
    status_checked_at: datetime
    asked: Money | None = None
    repayment_plan: RepaymentPlan = RepaymentPlan.STRAIGHT
    invoice_delivery: InvoiceDelivery = InvoiceDelivery.EMAIL
    invoice_address: str | None = field(default=None, repr=False)


def grant(session: Session, runtime: Runtime, granted: GrantedTerms, *, at: datetime) -> Agreement:
    """The agreement that an approved application becomes (rule G1), with its guarantees, texts and messages.

    *at* is the granted-at. An application that has an agreement already gets no second one: that one is returned.
    """
    entered = enter(session, runtime, granted, at=at)
    if entered is None:
        query = sa.select(Agreement).where(
            Agreement.application_id == granted.application_id, Agreement.superseded_at.is_(None)
        )
        return session.scalars(query).one()
    agreement, invited = entered
    given = [guarantee for guarantee, _ in invited]
    write_offer(session, runtime, agreement, granted.figures, at=at)
    write_agreement(session, runtime, agreement, granted.figures, at=at)
    for guarantee in given:
        write_guarantee_information(session, runtime, agreement, guarantee, others=len(given) - 1, at=at)
        write_guarantee(session, runtime, agreement, guarantee, at=at)
    call_signatories(session, runtime, agreement, granted.signing_rule.callable_signatories, at=at)
    for guarantee, token in invited:
        call_guarantor(session, runtime, agreement, guarantee, token, at=at)
    return agreement


def enter(
    session: Session, runtime: Runtime, granted: GrantedTerms, *, at: datetime
) -> tuple[Agreement, Sequence[tuple[Guarantee, str]]] | None:
    """The agreement and its guarantees, each with the token of its link, without texts and messages.

    None where the application has an agreement already.
    """
    agreement = _insert(session, runtime, granted, at)
    if agreement is None:
        return None
    agreement.ocr = ocr_number(agreement.number)
    session.flush()
    data = {"application": str(granted.application_id), "limit": str(granted.limit), "fee_rate": str(granted.fee_rate)}
    audit_log.append(session, f"agreement:{agreement.id}", "agreement.granted", actor="system", at=at, data=data)
    _tell_integrators(session, agreement, at)
    return agreement, _create_guarantees(session, runtime, agreement, granted, at)


def _tell_integrators(session: Session, agreement: Agreement, at: datetime) -> None:
    events.record(
        session,
        AGREEMENT_GRANTED,
        at=at,
        agreement_id=agreement.id,
        application_id=agreement.application_id,
        state=AgreementState(agreement.state),
        limit=Money(agreement.limit_ore),
        fee_rate=agreement.fee_rate,
        term_months=agreement.term_months,
        repayment_plan=RepaymentPlan(agreement.repayment_plan),
        sign_by=agreement.sign_by,
    )


def _insert(session: Session, runtime: Runtime, granted: GrantedTerms, at: datetime) -> Agreement | None:
    terms, cipher, subject = runtime.terms, runtime.cipher, of_application(granted.application_id)
    agreement: Agreement | None = session.scalar(
        insert(Agreement)
        .values(
            application_id=granted.application_id,
            state=str(AgreementState.SIGNING),
            company_form=str(granted.company_form),
            company_encrypted=cipher.encrypt(granted.company.digits.encode(), context=COMPANY, subject=subject),
            company_index=cipher.blind_index(granted.company.digits),
            signatory_index=cipher.blind_index(granted.signatory.digits),
            details_encrypted=cipher.encrypt_json(_details(granted), context=DETAILS, subject=subject),
            limit_ore=granted.limit.ore,
            first_drawdown_ore=rules.first_drawdown(granted.limit, asked=granted.asked).ore,
            fee_rate=granted.fee_rate,
            term_months=granted.term_months,
            repayment_plan=str(granted.repayment_plan),
            invoice_delivery=str(granted.invoice_delivery if granted.invoice_address else InvoiceDelivery.EMAIL),
            terms_version=VERSION,
            cancellation_fee_ore=terms.cancellation_fee.ore,
            same_day_cancellation_fee_ore=terms.same_day_cancellation_fee.ore,
            cancellation_days=terms.cancellation_days,
            window_policy=str(terms.window_policy),
            granted_at=at,
            sign_by=rules.signing_deadline(at, terms=terms),
            status_checked_at=granted.status_checked_at,
        )
        .on_conflict_do_nothing(index_elements=[Agreement.application_id], index_where=sa.text("superseded_at IS NULL"))
        .returning(Agreement)
    )
    return agreement


def _details(granted: GrantedTerms) -> dict[str, Any]:
    contact = granted.contact
    return {
        "name": granted.borrower_name,
        "contact": {"name": contact.name, "email": contact.email, "phone": contact.phone},
        "payout_account": granted.payout_account.digits,
        "invoice_address": granted.invoice_address if granted.invoice_delivery is InvoiceDelivery.PAPER else None,
        **signing_rule_to_json(granted.signing_rule),
    }


def _create_guarantees(
    session: Session, runtime: Runtime, agreement: Agreement, granted: GrantedTerms, at: datetime
) -> Sequence[tuple[Guarantee, str]]:
    """One for each guarantor, with the token of their link.

    Who signs for the company has a role in it, and guarantees in that capacity.
    """
    cap = guarantee_cap(granted.limit, terms=runtime.terms)
    signing = {signatory.person for signatory in granted.signing_rule.signatories}
    return [
        guarantees.create(
            session,
            runtime,
            agreement.id,
            of_application(agreement.application_id),
            person,
            replace(details, has_role=details.has_role or person in signing),
            cap,
            until=agreement.sign_by,
            at=at,
        )
        for person, details in granted.guarantors
    ]
