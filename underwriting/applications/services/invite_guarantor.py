"""Those who are to stand as guarantors: told and invited, and replaced by others (rules A3, A4, A6)."""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.services.decline_guarantee import give_up_for_another_guarantor
from schemas import checks
from schemas.values import NamedGuarantor, SupplementBody
from underwriting.applications import messages, rules
from underwriting.applications.models import Application, ApplicationGuarantor, ApplicationSupplement
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move, one_undecided
from underwriting.applications.services.ground_enquiry import keep_ground
from underwriting.applications.services.store_application import (
    body_of,
    company_of,
    guarantors_of,
    named_guarantor,
    new_guarantor,
    supplement_to_bytes,
)
from underwriting.kernel.errors import FieldError, InvalidInput, NotFound
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, GuarantorState
from underwriting.platform import outbox
from underwriting.platform.authentication import token_hash
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

GUARANTOR_SUPPLEMENT = "guarantor"


def invite(
    session: Session, runtime: Runtime, application: Application, guarantor: ApplicationGuarantor, *, at: datetime
) -> None:
    """Send the person a link that only they can answer by; their time runs from *at*."""
    guarantor.state = str(GuarantorState.INVITED)
    guarantor.invitations = 1
    guarantor.invited_at = at
    deadline = rules.confirm_by(at, terms=runtime.terms)
    application.confirm_by = max(deadline, application.confirm_by or deadline)
    send_invitation(session, runtime, application, guarantor, confirm_by=application.confirm_by, at=at)


def send_invitation(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor,
    *,
    confirm_by: datetime,
    at: datetime,
) -> None:
    """Write to the person with a new link, each invitation once. Only a hash of it is kept: older links are over."""
    token = secrets.token_urlsafe(32)
    guarantor.invitation_hash = token_hash(token)
    again = "" if guarantor.invitations == 1 else f":{guarantor.invitations}"
    named = named_guarantor(runtime.cipher, guarantor)
    letter = messages.invitation(
        reference=application.reference,
        applicant=body_of(session, runtime.cipher, application).contact.name,
        link=f"{runtime.settings.base_url}/invitations/{token}",
        confirm_by=confirm_by,
    )
    outbox.post(
        session,
        runtime,
        kind="guarantor-invitation",
        business_key=f"guarantor-invitation:{guarantor.id}{again}",
        recipient=named.email,
        content=letter.content,
        at=at,
        subject=f"invitation:{guarantor.id}",
        data_subject=of_application(application.id),
    )


def assess_when_confirmed(session: Session, runtime: Runtime, application: Application, *, at: datetime) -> None:
    """Put the locked, submitted application under assessment when nobody is left to confirm (rule A6)."""
    if all(row.state == GuarantorState.CONFIRMED for row in guarantors_of(session, application)):
        move(session, application, ApplicationEvent.ALL_CONFIRMED, actor="system", at=at)
        application.next_attempt_at = runtime.wall.now()


def replace_guarantor(
    session: Session,
    runtime: Runtime,
    application: Application,
    ordinal: int,
    named: NamedGuarantor,
    *,
    actor: str,
    at: datetime,
) -> ApplicationGuarantor:
    """Put *named* in the place of guarantor *ordinal* of the locked application, and invite that person (rule A3).

    Of an approved one, a guarantor who declined to sign is replaced: the agreement is given up and the application goes
    the same road again (rule G2). Raises ApplicationStateRefuses unless the application waits for confirmations or
    signatures, GuarantorNotReplaceable, ApplicationOpen, NotFound without such a guarantor, InvalidInput for a person
    who cannot be guarantor here (rule A4).
    """
    asked = _asked_already(session, runtime, application, ordinal, named)
    if asked is not None:
        return asked
    was_granted = application.state == ApplicationState.APPROVED
    with one_undecided(session):
        move(session, application, ApplicationEvent.GUARANTOR_REPLACED, actor=actor, at=at, data={"guarantor": ordinal})
        session.flush()
    rows = guarantors_of(session, application)
    old = next((row for row in rows if row.ordinal == ordinal), None)
    if old is None:
        raise NotFound
    left = [row for row in rows if row is not old or row.state != GuarantorState.INVITED]
    _check_named(runtime, application, left, named)
    old.state = str(GuarantorState.REPLACED)
    old.invitation_hash = None
    session.flush()
    if was_granted:
        _give_up_agreement(session, runtime, application, old, actor=actor, at=at)
    new = new_guarantor(runtime.cipher, application, ordinal, named)
    session.add(new)
    session.flush()
    session.add(
        ApplicationSupplement(
            application_id=application.id,
            kind=GUARANTOR_SUPPLEMENT,
            content_encrypted=supplement_to_bytes(runtime.cipher, application, SupplementBody()),
            added_by=actor,
            added_at=at,
        )
    )
    keep_ground(session, application, new.person_index, at=at)
    invite(session, runtime, application, new, at=at)
    return new


def _asked_already(
    session: Session, runtime: Runtime, application: Application, ordinal: int, named: NamedGuarantor
) -> ApplicationGuarantor | None:
    """The guarantor in that place, where exactly this person has just been asked there: a form that was sent twice."""
    waits = application.state == ApplicationState.SUBMITTED
    for row in guarantors_of(session, application) if waits else ():
        if row.ordinal == ordinal and row.state == GuarantorState.INVITED:
            return row if named_guarantor(runtime.cipher, row) == named else None
    return None


def _give_up_agreement(
    session: Session,
    runtime: Runtime,
    application: Application,
    old: ApplicationGuarantor,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Naming another keeps the applicant bound for as long as the new person has to confirm."""
    give_up_for_another_guarantor(session, runtime, application.id, declined_index=old.person_index, actor=actor, at=at)
    application.decided_at = None
    until = rules.confirm_by(at, terms=runtime.terms)
    application.binding_until = max(until, application.binding_until or until)


def _check_named(
    runtime: Runtime, application: Application, others: list[ApplicationGuarantor], named: NamedGuarantor
) -> None:
    persons = [named_guarantor(runtime.cipher, row).personal_number for row in others] + [named.personal_number]
    found = checks.guarantors(
        dict(enumerate(persons)),
        count=len(persons),
        form=CompanyForm(application.company_form),
        company=company_of(runtime.cipher, application),
    )
    errors = tuple(FieldError("/personal_number", error.detail, error.rule) for error in found)
    if errors:
        raise InvalidInput(errors=errors, rule="A4")
