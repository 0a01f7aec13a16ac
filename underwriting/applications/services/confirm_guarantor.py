"""The answer of those who were invited as guarantors: confirmed with BankID, or refused (rule A6)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.signing.models import Signing
from underwriting.applications import messages, rules
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.notices import NOTICE_VERSION, notice
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import lock_application, subject_of
from underwriting.applications.services.invite_guarantor import assess_when_confirmed
from underwriting.applications.services.store_application import body_of, named_guarantor
from underwriting.applications.services.write_texts import confirmation_values
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, GuarantorState, RepaymentPlan
from underwriting.platform import audit_log, outbox
from underwriting.platform.authentication import token_hash
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_CLOSED = "closed"


class InvitationClosed(Conflict):
    """The invitation was answered, its time is over, or the application no longer waits for it. Rule A6."""

    slug = "invitation-closed"
    title = Text("Inbjudan gäller inte längre", "The invitation is no longer open")
    rule = "A6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an invited guarantor sees before answering. *state* is invited, confirmed, refused or closed."""

    guarantor_id: uuid.UUID
    application_id: uuid.UUID
    reference: str
    state: str
    name: str = field(repr=False)
    applicant: str = field(repr=False)
    company_form: CompanyForm
    requested_amount: Money
    term_months: int
    repayment_plan: RepaymentPlan
    notice: Text
    confirm_by: datetime


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an invited guarantor is to sign, and who that is."""

    guarantor_id: uuid.UUID
    person: PersonalNumber
    document: Document
    visible_text: str = field(repr=False)


def find_invitation(session: Session, runtime: Runtime, token: str, *, at: datetime) -> Invitation:
    """What the holder of *token* is asked; NotFound for a token that nobody was sent, or of a replaced guarantor."""
    guarantor = _by_token(session, token)
    application = session.get_one(Application, guarantor.application_id, populate_existing=True)
    open_now = _is_open(application, guarantor, at)
    answered = guarantor.state in (GuarantorState.CONFIRMED, GuarantorState.REFUSED)
    return Invitation(
        guarantor_id=guarantor.id,
        application_id=application.id,
        reference=application.reference,
        state=guarantor.state if answered or open_now else _CLOSED,
        name=named_guarantor(runtime.cipher, guarantor).name,
        applicant=body_of(session, runtime.cipher, application).contact.name,
        company_form=CompanyForm(application.company_form),
        requested_amount=Money(application.requested_amount_ore),
        term_months=application.term_months,
        repayment_plan=RepaymentPlan(application.repayment_plan),
        notice=notice(),
        confirm_by=_deadline(application),
    )


def prepare_confirmation(session: Session, runtime: Runtime, token: str, *, at: datetime) -> Confirmation:
    """What the holder of *token* signs to confirm; InvitationClosed when there is nothing to confirm."""
    guarantor = _by_token(session, token)
    application = session.get_one(Application, guarantor.application_id, populate_existing=True)
    _require_open(application, guarantor, at)
    named = named_guarantor(runtime.cipher, guarantor)
    body = body_of(session, runtime.cipher, application)
    values = confirmation_values(runtime, application.reference, body, named)
    document = documents.keep(
        session,
        runtime,
        subject_id=guarantor.id,
        kind=DocumentKind.CONFIRMATION,
        recipient_index=guarantor.person_index,
        data_subject=of_application(application.id),
        values=values,
        at=at,
    )
    return Confirmation(guarantor.id, named.personal_number, document, documents.visible_text(document, values))


def record_confirmation(session: Session, runtime: Runtime, signing: Signing, *, at: datetime) -> None:
    """The person has confirmed with BankID (rule A6): a report on them may be asked for."""
    guarantor = session.get(ApplicationGuarantor, signing.subject_id)
    if guarantor is None:
        raise NotFound
    application, guarantor = _lock_both(session, guarantor)
    _require_open(application, guarantor, at)
    _answer(session, application, guarantor, GuarantorState.CONFIRMED, at)
    guarantor.notice_version = NOTICE_VERSION
    session.flush()
    assess_when_confirmed(session, runtime, application, at=at)


def record_refusal(session: Session, runtime: Runtime, token: str, *, at: datetime) -> None:
    """The holder of *token* does not want to be guarantor; the applicant is told and can name another (rule A6)."""
    application, guarantor = _lock_both(session, _by_token(session, token))
    _require_open(application, guarantor, at)
    _answer(session, application, guarantor, GuarantorState.REFUSED, at)
    letter = messages.guarantor_refused(
        reference=application.reference,
        name=named_guarantor(runtime.cipher, guarantor).name,
        link=f"{runtime.settings.base_url}/applications/{application.id}",
        confirm_by=_deadline(application),
    )
    outbox.post(
        session,
        runtime,
        kind="guarantor-refused",
        business_key=f"guarantor-refused:{guarantor.id}",
        recipient=body_of(session, runtime.cipher, application).contact.email,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )


def _answer(
    session: Session, application: Application, guarantor: ApplicationGuarantor, state: GuarantorState, at: datetime
) -> None:
    rules.advance(ApplicationState(application.state), ApplicationEvent.GUARANTOR_ANSWERED)
    guarantor.state = str(state)
    guarantor.answered_at = at
    actor = f"person:{guarantor.person_index.hex()[:16]}" if state is GuarantorState.CONFIRMED else "invitation"
    audit_log.append(
        session,
        subject_of(application.id),
        f"application.guarantor_{state}",
        actor=actor,
        at=at,
        data={"guarantor": str(guarantor.id)},
    )


def _lock_both(session: Session, guarantor: ApplicationGuarantor) -> tuple[Application, ApplicationGuarantor]:
    """The application, held, and then the guarantor as it stands now."""
    application = lock_application(session, guarantor.application_id)
    session.refresh(guarantor, with_for_update=True)
    return application, guarantor


def _by_token(session: Session, token: str) -> ApplicationGuarantor:
    query = sa.select(ApplicationGuarantor).where(ApplicationGuarantor.invitation_hash == token_hash(token))
    guarantor = session.scalar(query.execution_options(populate_existing=True))
    if guarantor is None:
        raise NotFound
    return guarantor


def _require_open(application: Application, guarantor: ApplicationGuarantor, at: datetime) -> None:
    if not _is_open(application, guarantor, at):
        raise InvitationClosed


def _is_open(application: Application, guarantor: ApplicationGuarantor, at: datetime) -> bool:
    waiting = application.state == ApplicationState.SUBMITTED and guarantor.state == GuarantorState.INVITED
    return waiting and at < _deadline(application)


def _deadline(application: Application) -> datetime:
    if application.confirm_by is None:
        raise ValueError("nobody was invited")
    return application.confirm_by
