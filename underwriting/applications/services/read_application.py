"""What is shown of applications, to applicants and to staff."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.values import ApplicationBody, BeneficialOwner, Contact, DueDiligenceAnswers, PayoutAccount, Signatory
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.services.store_application import (
    body_of,
    company_name_of,
    guarantors_of,
    named_guarantor,
)
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    CASE_READERS,
    ApplicationState,
    CompanyForm,
    CreditPurpose,
    GuarantorState,
    InvoiceDelivery,
    RepaymentPlan,
    Scope,
)
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import Cipher
from underwriting.platform.runtime import Runtime

MOST_ON_A_PAGE = 200


class CursorInvalid(InvalidInput):
    """The cursor is not one that a list gave."""

    slug = "cursor-invalid"
    title = Text("Listan har ingen sådan fortsättning", "The list has no such continuation")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuarantorView:
    """A named guarantor and how far the confirmation has come (rule A6)."""

    id: uuid.UUID
    ordinal: int
    state: GuarantorState
    personal_number: PersonalNumber
    name: str = field(repr=False)
    email: str = field(repr=False)
    invited_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSummary:
    """An application in a list. *company_name* is None as long as no register has told it.

    *outcome_unknown*: a question to a bureau waits for a person (rule B4).
    """

    id: uuid.UUID
    reference: str
    state: ApplicationState
    company_form: CompanyForm
    requested_amount: Money
    term_months: int
    created_at: datetime
    submitted_at: datetime | None
    company_name: str | None = field(repr=False)
    outcome_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationView(ApplicationSummary):
    """A whole application, as supplemented."""

    organisation_number: OrganisationNumber | PersonalNumber
    repayment_plan: RepaymentPlan
    purpose: CreditPurpose
    expected_monthly_revenue: Money
    expected_monthly_costs: Money
    monthly_debt_payments: Money
    contact: Contact
    payout_account: PayoutAccount
    invoice_delivery: InvoiceDelivery
    signatory_personal_number: PersonalNumber
    signing_rule: tuple[Signatory, ...]
    guarantors: tuple[GuarantorView, ...]
    beneficial_owners: tuple[BeneficialOwner, ...]
    due_diligence: DueDiligenceAnswers
    confirm_by: datetime | None
    binding_until: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; *next_cursor* is None on the last."""

    items: tuple[ApplicationSummary, ...]
    next_cursor: str | None


def view_of(session: Session, runtime: Runtime, application: Application) -> ApplicationView:
    """The whole of *application*, as it is kept."""
    body = body_of(session, runtime.cipher, application)
    return view_with(runtime, application, body, guarantors_of(session, application))


def view_with(
    runtime: Runtime, application: Application, body: ApplicationBody, guarantors: Iterable[ApplicationGuarantor]
) -> ApplicationView:
    """The whole of *application*, whose *body* and *guarantors* are at hand."""
    return ApplicationView(
        **_summary(runtime.cipher, application),
        organisation_number=body.organisation_number,
        repayment_plan=body.repayment_plan,
        purpose=body.purpose,
        expected_monthly_revenue=body.expected_monthly_revenue,
        expected_monthly_costs=body.expected_monthly_costs,
        monthly_debt_payments=body.monthly_debt_payments,
        contact=body.contact,
        payout_account=body.payout_account,
        invoice_delivery=body.invoice_delivery,
        signatory_personal_number=body.signatory_personal_number,
        signing_rule=body.signing_rule,
        guarantors=tuple(_guarantor(runtime.cipher, row) for row in guarantors),
        beneficial_owners=body.beneficial_owners,
        due_diligence=body.due_diligence,
        confirm_by=application.confirm_by,
        binding_until=application.binding_until,
        decided_at=application.decided_at,
    )


def list_applications(
    session: Session, cipher: Cipher, caller: Caller, *, state: ApplicationState | None, cursor: str | None, limit: int
) -> Page:
    """The caller's applications, or to underwriters all that were submitted, in the order in which they were made.

    Raises LoginRequired, RoleMissing, ScopeMissing, CursorInvalid.
    """
    query = sa.select(Application).where(Application.erased_at.is_(None)).order_by(Application.id)
    if caller.is_staff or caller.client_id is not None:
        caller.require(*CASE_READERS, scope=Scope.APPLICATIONS_READ)
        query = query.where(Application.state != str(ApplicationState.DRAFT))
    else:
        query = query.where(
            Application.signatory_index == caller.require_person(), Application.state != str(ApplicationState.DRAFT)
        )
    if state is not None:
        query = query.where(Application.state == str(state))
    if cursor is not None:
        query = query.where(Application.id > _read_cursor(cursor))
    count = max(1, min(limit, MOST_ON_A_PAGE))
    rows = list(session.scalars(query.limit(count + 1)))
    cipher.prepare(stored for row in rows for stored in (row.company_encrypted, row.details_encrypted))
    items = tuple(ApplicationSummary(**_summary(cipher, row)) for row in rows[:count])
    return Page(items, str(items[-1].id) if len(rows) > count else None)


def summaries_of(
    session: Session, cipher: Cipher, caller: Caller, application_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ApplicationSummary]:
    """Those applications that have not been erased, for underwriters. Raises LoginRequired, RoleMissing."""
    caller.require(*CASE_READERS)
    query = sa.select(Application).where(Application.id.in_(application_ids), Application.erased_at.is_(None))
    rows = list(session.scalars(query))
    cipher.prepare(row.company_encrypted for row in rows)
    return {row.id: ApplicationSummary(**_summary(cipher, row)) for row in rows}


def _summary(cipher: Cipher, application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "reference": application.reference,
        "state": ApplicationState(application.state),
        "company_form": CompanyForm(application.company_form),
        "requested_amount": Money(application.requested_amount_ore),
        "term_months": application.term_months,
        "created_at": application.created_at,
        "submitted_at": application.submitted_at,
        "company_name": company_name_of(cipher, application),
        "outcome_unknown": application.outcome_unknown,
    }


def _guarantor(cipher: Cipher, row: ApplicationGuarantor) -> GuarantorView:
    named = named_guarantor(cipher, row)
    return GuarantorView(
        id=row.id,
        ordinal=row.ordinal,
        state=GuarantorState(row.state),
        personal_number=named.personal_number,
        name=named.name,
        email=named.email,
        invited_at=row.invited_at,
        answered_at=row.answered_at,
    )


def _read_cursor(cursor: str) -> uuid.UUID:
    try:
        return uuid.UUID(cursor)
    except ValueError:
        raise CursorInvalid from None
