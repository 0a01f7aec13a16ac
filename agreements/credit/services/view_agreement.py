"""What is told of agreements, guarantees, those liable and documents: frozen values made from rows."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import Instalment
from agreements.credit.services.keep_agreement import company_of, details_of
from agreements.credit.services.keep_partners import name_of, partner_in, rows_of
from agreements.documents.models import Document
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.guarantees.rules import Liability, LiableParty, Partner
from agreements.guarantees.services.weigh_debt import debt_of
from agreements.ledger import service as ledger
from agreements.ledger.rules import FEES_OWED
from agreements.signing.services.take_completion import signed_when
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    CompanyForm,
    GuaranteeState,
    RepaymentPlan,
    SigningPurpose,
    WindowPolicy,
)
from underwriting.platform.runtime import Runtime


class Part(StrEnum):
    """What somebody is to an agreement; of several the first."""

    STAFF = "staff"
    BORROWER = "borrower"  # one of those who sign for it
    GUARANTOR = "guarantor"


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One who signs for the company, and when that was done."""

    name: str = field(repr=False)
    has_signed: bool
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """An agreement with its balance and its plan; *credit_balance* is the borrower's own money."""

    id: uuid.UUID
    application_id: uuid.UUID
    number: int
    ocr: str | None
    state: AgreementState
    company_form: CompanyForm
    organisation_number: OrganisationNumber | PersonalNumber
    borrower_name: str = field(repr=False)
    limit: Money
    first_drawdown: Money
    utilised: Money
    fees_owed: Money
    credit_balance: Money
    fee_rate: Decimal
    term_months: int
    repayment_plan: RepaymentPlan
    terms_version: str
    window_policy: WindowPolicy
    cancellation_days: int
    cancellation_fee: Money
    same_day_cancellation_fee: Money
    granted_at: datetime
    sign_by: datetime
    signed_at: datetime | None
    first_paid_out_at: datetime | None
    first_paid_out_on: date | None
    drawdowns_stopped_at: datetime | None
    ended_at: datetime | None
    plan: tuple[Instalment, ...]
    version: int
    signatures: tuple[SignatureView, ...]


@dataclass(frozen=True, slots=True)
class AgreementSummary:
    """An agreement in a list, and what whoever reads it is to it."""

    id: uuid.UUID
    number: int
    state: AgreementState
    borrower_name: str = field(repr=False)
    company_form: CompanyForm
    limit: Money
    fee_rate: Decimal
    granted_at: datetime
    part: Part


@dataclass(frozen=True, slots=True)
class GuaranteeView:
    """A guarantee; *to_be_signed_by* is when it lapses without a signature."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    agreement_number: int
    state: GuaranteeState
    borrower_name: str = field(repr=False)
    name: str = field(repr=False)
    personal_number: PersonalNumber
    cap: Money
    to_be_signed_by: datetime
    signed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LiableView:
    """Somebody who answers for the debt; *name* is None where the register holds the names.

    A former partner answers for *debts_before* a day, and to the end of *until*. *owed* is what the party answers for
    of the debt as it stands.
    """

    liability: Liability
    reference: uuid.UUID | None
    name: str | None = field(repr=False)
    cap: Money | None
    statute: str | None
    debts_before: date | None
    until: date | None
    owed: Money


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document, by the hash in hexadecimal of the exact bytes that are signed, which no seal changes.

    From *replaced_at* on it is history: its agreement was given up for a new decision, and it binds nobody (rule G7).
    """

    id: uuid.UUID
    kind: str
    sha256: str
    media_type: str
    created_at: datetime
    sealed_at: datetime | None
    replaced_at: datetime | None


def agreement_view(session: Session, runtime: Runtime, agreement: Agreement) -> AgreementView:
    """The whole of *agreement*."""
    standing = ledger.balances(session, agreement.id)
    return AgreementView(
        id=agreement.id,
        application_id=agreement.application_id,
        number=agreement.number,
        ocr=agreement.ocr,
        state=AgreementState(agreement.state),
        company_form=CompanyForm(agreement.company_form),
        organisation_number=company_of(runtime, agreement),
        borrower_name=details_of(runtime, agreement).name,
        limit=Money(agreement.limit_ore),
        first_drawdown=Money(agreement.first_drawdown_ore),
        utilised=standing[Account.PRINCIPAL],
        fees_owed=Money.sum(standing[account] for account in FEES_OWED),
        credit_balance=-standing[Account.CREDIT_BALANCE],
        fee_rate=agreement.fee_rate,
        term_months=agreement.term_months,
        repayment_plan=RepaymentPlan(agreement.repayment_plan),
        terms_version=agreement.terms_version,
        window_policy=WindowPolicy(agreement.window_policy),
        cancellation_days=agreement.cancellation_days,
        cancellation_fee=Money(agreement.cancellation_fee_ore),
        same_day_cancellation_fee=Money(agreement.same_day_cancellation_fee_ore),
        granted_at=agreement.granted_at,
        sign_by=agreement.sign_by,
        signed_at=agreement.signed_at,
        first_paid_out_at=agreement.first_paid_out_at,
        first_paid_out_on=agreement.first_paid_out_on,
        drawdowns_stopped_at=agreement.drawdowns_stopped_at,
        ended_at=agreement.ended_at,
        plan=_plan(session, agreement),
        version=agreement.version,
        signatures=_signatures(session, runtime, agreement),
    )


def agreement_summary(runtime: Runtime, agreement: Agreement, part: Part) -> AgreementSummary:
    """*agreement* in the list of somebody who is *part* of it."""
    return AgreementSummary(
        agreement.id,
        agreement.number,
        AgreementState(agreement.state),
        details_of(runtime, agreement).name,
        CompanyForm(agreement.company_form),
        Money(agreement.limit_ore),
        agreement.fee_rate,
        agreement.granted_at,
        part,
    )


def guarantee_view(runtime: Runtime, agreement: Agreement, guarantee: Guarantee) -> GuaranteeView:
    """*guarantee*, which is one of *agreement*'s."""
    return GuaranteeView(
        guarantee.id,
        agreement.id,
        agreement.number,
        GuaranteeState(guarantee.state),
        details_of(runtime, agreement).name,
        guarantees.details_of(runtime, guarantee).name,
        guarantees.person_of(runtime, guarantee),
        Money(guarantee.cap_ore),
        agreement.sign_by,
        guarantee.signed_at,
        guarantee.ended_at,
    )


def liable_views(session: Session, runtime: Runtime, agreement: Agreement) -> tuple[LiableView, ...]:
    """Who answers for the debt of *agreement* (rule G5)."""
    names: dict[object, str] = {
        guarantee.id: guarantees.details_of(runtime, guarantee).name
        for guarantee in guarantees.of_agreement(session, agreement.id)
    }
    partners = rows_of(session, agreement.id)
    names |= {partner.id: name_of(runtime, partner) for partner in partners}
    borrower, debt = details_of(runtime, agreement).name, debt_of(session, agreement.id)
    recorded: dict[object, Partner] = {partner.id: partner_in(partner) for partner in partners}
    on = stockholm_date(runtime.clock.now())

    def owed_by(party: LiableParty) -> Money:
        if party.reference in recorded:
            return debt.owed_by(recorded[party.reference], on=on)
        return debt.owed if party.cap is None else min(party.cap, debt.owed)

    return tuple(
        LiableView(
            party.liability,
            party.reference if isinstance(party.reference, uuid.UUID) else None,
            borrower if party.liability is Liability.BORROWER else names.get(party.reference),
            party.cap,
            str(party.statute) if party.statute else None,
            party.debts_before,
            party.until,
            owed_by(party),
        )
        for party in guarantees.liable_parties(
            session,
            agreement.id,
            CompanyForm(agreement.company_form),
            partners=recorded.values(),
            on=on,
        )
    )


def document_view(agreement: Agreement, document: Document) -> DocumentView:
    """*document*, which is one of *agreement*'s, without its bytes."""
    return DocumentView(
        document.id,
        document.kind,
        document.sha256.hex(),
        document.media_type,
        document.created_at,
        document.sealed_at,
        agreement.superseded_at,
    )


def _plan(session: Session, agreement: Agreement) -> tuple[Instalment, ...]:
    """The instalments of all drawdowns; those with the same due day are one."""
    part = PlannedInstalment
    rows = session.execute(
        sa.select(part.number, part.due_on, sa.func.sum(part.amount_ore))
        .where(part.agreement_id == agreement.id)
        .group_by(part.number, part.due_on)
        .order_by(part.due_on, part.number)
    )
    return tuple(Instalment(number, due_on, Money(int(ore))) for number, due_on, ore in rows)


def _signatures(session: Session, runtime: Runtime, agreement: Agreement) -> tuple[SignatureView, ...]:
    signed = signed_when(session, SigningPurpose.AGREEMENT, agreement.id)
    return tuple(
        SignatureView(one.name, index in signed, signed.get(index))
        for one in details_of(runtime, agreement).signing_rule.callable_signatories
        for index in (runtime.cipher.blind_index(one.person.digits),)
    )
