"""The agreement's life in the database: granted, signed, moved from state to state (rules G1, G2, S2).

Every function here takes part in its caller's transaction. Whoever changes an agreement locks its row first.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.credit import messages, rules
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.guarantees import service as guarantees
from agreements.guarantees.rules import guarantee_cap
from agreements.guarantees.service import GuarantorDetails
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber, ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import AgreementState, CompanyForm
from underwriting.platform import audit_log, outbox
from underwriting.platform.runtime import Runtime

TERMS_VERSION = "v1"
_COMPANY = "agreement.company"
_DETAILS = "agreement.details"
_OVER = frozenset(
    {
        AgreementState.CANCELLED,
        AgreementState.REDEEMED,
        AgreementState.SETTLED,
        AgreementState.LAPSED,
        AgreementState.ANNULLED,
    }
)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the lender writes to and calls in a matter of the agreement."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signatory:
    """One who signs for the company (*firmatecknare*); without an own address the contact's is used."""

    person: PersonalNumber
    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantedTerms:
    """What has been granted to whom.

    *signing_rule* is the one alternative of the company's signing rule that was entered (rule S2): all of them sign.
    *signatory* is the one who applied and is one of them. *asked* is less than the limit when less is to be paid out
    first (rule P1). *status_checked_at* is when the company's status was seen to be in order (rule P4).
    """

    application_id: uuid.UUID
    company_form: CompanyForm
    company: OrganisationNumber | PersonalNumber
    borrower_name: str = field(repr=False)
    contact: Contact
    payout_account: Bankgiro
    signing_rule: tuple[Signatory, ...]
    signatory: PersonalNumber
    limit: Money
    fee_rate: Decimal
    term_months: int
    guarantors: tuple[tuple[PersonalNumber, GuarantorDetails], ...]
    status_checked_at: datetime
    asked: Money | None = None


@dataclass(frozen=True, slots=True)
class AgreementDetails:
    """What an agreement knows of its borrower; personal data."""

    name: str = field(repr=False)
    contact: Contact
    signing_rule: tuple[Signatory, ...]
    payout_account: Bankgiro = field(repr=False)


def lock_agreement(session: Session, agreement_id: uuid.UUID) -> Agreement:
    """The agreement as it stands now, held to the end of the transaction; NotFound when there is none."""
    return _found(session.get(Agreement, agreement_id, with_for_update=True, populate_existing=True))


def get_agreement(session: Session, agreement_id: uuid.UUID) -> Agreement:
    """The agreement, for reading; NotFound when there is none."""
    return _found(session.get(Agreement, agreement_id))


def move(
    session: Session,
    agreement: Agreement,
    event: AgreementEvent,
    *,
    at: datetime,
    actor: str,
    facts: AgreementFacts | None = None,
) -> AgreementState:
    """Put the locked *agreement* where *event* leads; AgreementStateRefuses when that does not exist (`rules`)."""
    before = AgreementState(agreement.state)
    after = rules.advance(before, event, facts or AgreementFacts())
    if after is before:
        return after
    agreement.state = str(after)
    agreement.version += 1
    if after in _OVER:
        agreement.ended_at = at
    data = {"event": str(event), "from": str(before)}
    audit_log.append(session, f"agreement:{agreement.id}", f"agreement.{after}", actor=actor, at=at, data=data)
    return after


def grant(session: Session, runtime: Runtime, granted: GrantedTerms, *, at: datetime) -> Agreement:
    """The agreement that an approved application becomes (rule G1), with its guarantees, texts and messages.

    *at* is the granted-at. An application that has an agreement already gets no second one: that one is returned.
    """
    agreement = _insert(session, runtime, granted, at)
    if agreement is None:
        query = sa.select(Agreement).where(Agreement.application_id == granted.application_id)
        return session.scalars(query).one()
    agreement.ocr = ocr_number(agreement.number)
    session.flush()
    data = {"application": str(granted.application_id), "limit": str(granted.limit), "fee_rate": str(granted.fee_rate)}
    audit_log.append(session, f"agreement:{agreement.id}", "agreement.granted", actor="system", at=at, data=data)
    _call_to_sign(session, runtime, agreement, granted, at)
    return agreement


def details_of(runtime: Runtime, agreement: Agreement) -> AgreementDetails:
    """The borrower's name, contact, signatories and account."""
    content: Mapping[str, Any] = runtime.cipher.decrypt_json(agreement.details_encrypted, context=_DETAILS)
    return AgreementDetails(
        name=content["name"],
        contact=Contact(**content["contact"]),
        signing_rule=tuple(
            Signatory(PersonalNumber(one["personal_number"]), one["name"], one["email"])
            for one in content["signing_rule"]
        ),
        payout_account=Bankgiro(content["payout_account"]),
    )


def company_of(runtime: Runtime, agreement: Agreement) -> OrganisationNumber | PersonalNumber:
    """The borrower's number; a sole trader's is the owner's."""
    digits = runtime.cipher.decrypt(agreement.company_encrypted, context=_COMPANY).decode()
    return PersonalNumber(digits) if agreement.company_form == CompanyForm.EF else OrganisationNumber(digits)


def tell_borrower(
    session: Session, runtime: Runtime, agreement: Agreement, letter: Letter, *, kind: str, occasion: str, at: datetime
) -> None:
    """Write to the borrower's contact; *occasion* tells the occasions of one *kind* apart, each is written once."""
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{agreement.id}:{occasion}",
        recipient=details_of(runtime, agreement).contact.email,
        content=letter.content,
        at=at,
    )


def link_to(runtime: Runtime, agreement: Agreement) -> str:
    """The address of the agreement's page."""
    return f"{runtime.settings.base_url}/agreements/{agreement.id}"


def _found(agreement: Agreement | None) -> Agreement:
    if agreement is None:
        raise NotFound
    return agreement


def _insert(session: Session, runtime: Runtime, granted: GrantedTerms, at: datetime) -> Agreement | None:
    terms, cipher = runtime.terms, runtime.cipher
    agreement: Agreement | None = session.scalar(
        insert(Agreement)
        .values(
            application_id=granted.application_id,
            state=str(AgreementState.SIGNING),
            company_form=str(granted.company_form),
            company_encrypted=cipher.encrypt(granted.company.digits.encode(), context=_COMPANY),
            company_index=cipher.blind_index(granted.company.digits),
            signatory_index=cipher.blind_index(granted.signatory.digits),
            details_encrypted=cipher.encrypt_json(_details(granted), context=_DETAILS),
            limit_ore=granted.limit.ore,
            first_drawdown_ore=rules.first_drawdown(granted.limit, asked=granted.asked).ore,
            fee_rate=granted.fee_rate,
            term_months=granted.term_months,
            terms_version=TERMS_VERSION,
            cancellation_fee_ore=terms.cancellation_fee.ore,
            same_day_cancellation_fee_ore=terms.same_day_cancellation_fee.ore,
            cancellation_days=terms.cancellation_days,
            window_policy=str(terms.window_policy),
            granted_at=at,
            sign_by=rules.signing_deadline(at, terms=terms),
            status_checked_at=granted.status_checked_at,
        )
        .on_conflict_do_nothing(index_elements=[Agreement.application_id])
        .returning(Agreement)
    )
    return agreement


def _details(granted: GrantedTerms) -> dict[str, Any]:
    contact = granted.contact
    return {
        "name": granted.borrower_name,
        "contact": {"name": contact.name, "email": contact.email, "phone": contact.phone},
        "signing_rule": [
            {"personal_number": one.person.digits, "name": one.name, "email": one.email} for one in granted.signing_rule
        ],
        "payout_account": granted.payout_account.digits,
    }


def _call_to_sign(
    session: Session, runtime: Runtime, agreement: Agreement, granted: GrantedTerms, at: datetime
) -> None:
    """Every text that is signed, and a message to everyone who signs."""
    cap = guarantee_cap(granted.limit, terms=runtime.terms)
    for ordinal, signatory in enumerate(granted.signing_rule, start=1):
        _invite(
            session,
            runtime,
            f"agreement-to-sign:{agreement.id}:{ordinal}",
            signatory.email or granted.contact.email,
            messages.to_be_signed(
                lender=runtime.settings.lender.name,
                number=agreement.number,
                link=link_to(runtime, agreement),
                sign_by=agreement.sign_by,
            ),
            at,
        )
    for person, details in granted.guarantors:
        guarantee = guarantees.create(session, runtime, agreement.id, person, details, cap, at=at)
        _invite(
            session,
            runtime,
            f"guarantee-to-sign:{guarantee.id}",
            details.email,
            messages.guarantee_to_be_signed(
                lender=runtime.settings.lender.name,
                borrower=granted.borrower_name,
                cap=cap,
                link=f"{runtime.settings.base_url}/guarantees/{guarantee.id}",
                sign_by=agreement.sign_by,
            ),
            at,
        )


def _invite(
    session: Session, runtime: Runtime, business_key: str, recipient: str, letter: Letter, at: datetime
) -> None:
    kind = business_key.partition(":")[0]
    outbox.post(
        session, runtime, kind=kind, business_key=business_key, recipient=recipient, content=letter.content, at=at
    )
