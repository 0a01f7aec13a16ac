"""From draft to submitted: the text that is signed, and what the signature causes (rules A3, A6, A8)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import rules as document_rules
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.documents.service import InBothLanguages
from agreements.signing.models import Signing
from schemas import checks
from schemas.values import ApplicationBody
from underwriting.applications import messages, rules
from underwriting.applications.models import Application
from underwriting.applications.notices import NOTICE_VERSION
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import (
    ApplicationOpen,
    lock_application,
    move,
    one_undecided,
    undecided_of,
)
from underwriting.applications.services.ground_enquiry import keep_ground
from underwriting.applications.services.invite_guarantor import assess_when_confirmed, invite
from underwriting.applications.services.store_application import body_of, guarantors_of
from underwriting.applications.services.write_texts import application_values
from underwriting.kernel.errors import Conflict, InvalidInput, NotFound
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState, SigningPurpose, SigningState
from underwriting.platform import outbox
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


class DraftChanged(Conflict):
    """The draft was changed after the signature was started: what was signed is not what it says now. Rule A3."""

    slug = "draft-changed"
    title = Text(
        "Utkastet ändrades efter att underskriften började; skriv under igen",
        "The draft was changed after the signature was started; sign again",
    )
    rule = "A3"


def words_of(runtime: Runtime, reference: str, body: ApplicationBody) -> InBothLanguages:
    """What the applicant would sign now, and its English reading aid."""
    return documents.draft_of(DocumentKind.APPLICATION, application_values(runtime, reference, body))


def prepare_submission(
    session: Session, runtime: Runtime, application: Application, caller: Caller, *, at: datetime
) -> tuple[Document, str, ApplicationBody]:
    """The document of the locked draft, what BankID's app shows of it, and the draft itself.

    Raises ApplicationStateRefuses after submission, InvalidInput when the product's terms no longer allow what is asked
    for, and ApplicationOpen.
    """
    rules.advance(ApplicationState(application.state), ApplicationEvent.SIGNED)
    body = body_of(session, runtime.cipher, application)
    _check_terms(runtime, body)
    _check_no_other(session, application, caller.person_index)
    document = _keep_text(session, runtime, application, body, at)
    shown = documents.visible_text(document, application_values(runtime, application.reference, body))
    return document, shown, body


def record_submission(session: Session, runtime: Runtime, signing: Signing, *, at: datetime) -> None:
    """The draft is signed (rule A3): it binds, everyone concerned is told, and the first report can be near.

    Raises ApplicationStateRefuses, DraftChanged and ApplicationOpen, which undo the signature.
    """
    application = lock_application(session, signing.subject_id)
    _check_no_other(session, application, signing.person_index)
    _submit(session, runtime, application, at)
    body = body_of(session, runtime.cipher, application)
    signed = signing.document_id and documents.get(session, signing.document_id)
    if not signed or not documents.says(runtime, signed, application_values(runtime, application.reference, body)):
        raise DraftChanged
    keep_ground(session, application, application.company_index, at=at)
    for guarantor in guarantors_of(session, application):
        keep_ground(session, application, guarantor.person_index, at=at)
        if guarantor.person_index == application.signatory_index:
            guarantor.state = str(GuarantorState.CONFIRMED)
            guarantor.answered_at = at
            guarantor.notice_version = NOTICE_VERSION
        else:
            invite(session, runtime, application, guarantor, at=at)
    session.flush()
    _tell_applicant(session, runtime, application, body, at)
    assess_when_confirmed(session, runtime, application, at=at)


def signed_document(session: Session, application_id: uuid.UUID) -> Document:
    """The document that the signatory has signed; NotFound before that."""
    query = sa.select(Signing.document_id).where(
        Signing.purpose == str(SigningPurpose.APPLICATION),
        Signing.subject_id == application_id,
        Signing.state == str(SigningState.COMPLETE),
    )
    document_id = session.scalar(query)
    if document_id is None:
        raise NotFound
    return documents.get(session, document_id)


def _submit(session: Session, runtime: Runtime, application: Application, at: datetime) -> None:
    with one_undecided(session):
        actor = f"person:{application.signatory_index.hex()[:16]}"
        move(session, application, ApplicationEvent.SIGNED, actor=actor, at=at)
        application.submitted_at = at
        application.binding_until = rules.binding_until(at, terms=runtime.terms)
        application.shown_highest_fee_rate = str(runtime.terms.highest_fee_rate)
        application.access_secret_hash = None


def _check_terms(runtime: Runtime, body: ApplicationBody) -> None:
    """A draft may be older than the terms."""
    found = (
        checks.requested_amount(body.requested_amount, terms=runtime.terms),
        checks.term(body.term_months, terms=runtime.terms),
    )
    errors = tuple(error for error in found if error is not None)
    if errors:
        raise InvalidInput(errors=errors, rule="A11")


def _check_no_other(session: Session, application: Application, person_index: bytes | None) -> None:
    first = undecided_of(session, application.company_index)
    if first is None or first.id == application.id:
        return
    if person_index is None or person_index != first.signatory_index:
        raise ApplicationOpen
    raise ApplicationOpen(
        Text(
            "Företaget har redan ansökan {reference}, som inte är avgjord.",
            "The company already has application {reference}, which is not decided yet.",
        ).filled(reference=first.reference)
    )


def _keep_text(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody, at: datetime
) -> Document:
    """The document of what the draft says now: a changed draft is another text, and the same one is kept once."""
    values = application_values(runtime, application.reference, body)
    words = documents.draft_of(DocumentKind.APPLICATION, values)
    return documents.keep(
        session,
        runtime,
        subject_id=uuid.uuid5(application.id, document_rules.sha256(words.sv.encoded())),
        kind=DocumentKind.APPLICATION,
        recipient_index=application.signatory_index,
        data_subject=of_application(application.id),
        values=values,
        at=at,
    )


def _tell_applicant(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody, at: datetime
) -> None:
    letter = messages.received(
        reference=application.reference,
        link=f"{runtime.settings.base_url}/applications/{application.id}",
        binding_until=rules.binding_until(at, terms=runtime.terms),
    )
    outbox.post(
        session,
        runtime,
        kind="application-received",
        business_key=f"application-received:{application.id}",
        recipient=body.contact.email,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )
