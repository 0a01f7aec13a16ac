"""Applications whose time is over: not confirmed in 14 days (A6), not decided in 30 (A3); drafts left lying."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications import messages, rules
from underwriting.applications.messages import Letter
from underwriting.applications.models import UNDECIDED, Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move
from underwriting.applications.services.store_application import body_of, guarantors_of, named_guarantor
from underwriting.applications.services.write_draft import DRAFT
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState
from underwriting.platform import data_keys, outbox
from underwriting.platform.batches import each_alone
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100
_ASKED = (GuarantorState.INVITED, GuarantorState.CONFIRMED)


def lapse_due(session: Session, runtime: Runtime, *, at: datetime) -> int:
    """Let what is due at *at* lapse, and tell the applicants; how many. Whoever holds a row is left to it."""
    unconfirmed = sa.and_(Application.state == str(ApplicationState.SUBMITTED), Application.confirm_by <= at)
    undecided = sa.and_(Application.state.in_(UNDECIDED), Application.binding_until <= at)
    due = sa.select(Application).where(sa.or_(unconfirmed, undecided)).limit(MOST_PER_TICK)
    applications = list(session.scalars(due.with_for_update(skip_locked=True)))

    def undone_if_it_fails(application: Application) -> bool:
        with session.begin_nested():
            lapse(session, runtime, application, at=at)
        return True

    return each_alone(applications, undone_if_it_fails, named=lambda application: application.id)


def lapse(session: Session, runtime: Runtime, application: Application, *, at: datetime) -> None:
    """Let the locked application, whose time is over, lapse."""
    over = application.binding_until is not None and application.binding_until <= at
    event = ApplicationEvent.BINDING_TIME_OVER if over else ApplicationEvent.CONFIRMATION_TIME_OVER
    move(session, application, event, actor="system", at=at)
    letter = messages.lapsed(reference=application.reference, for_want_of_confirmation=not over)
    contact = body_of(session, runtime.cipher, application).contact
    _post(session, runtime, application, "application-lapsed", application.id, contact.email, letter, at)
    to_guarantors = messages.guarantor_not_needed(reference=application.reference, applicant=contact.name)
    for row in guarantors_of(session, application):
        if row.state in _ASKED and row.person_index != application.signatory_index:
            email = named_guarantor(runtime.cipher, row).email
            _post(session, runtime, application, "guarantor-not-needed", row.id, email, to_guarantors, at)


def _post(
    session: Session,
    runtime: Runtime,
    application: Application,
    kind: str,
    occasion: uuid.UUID,
    recipient: str,
    letter: Letter,
    at: datetime,
) -> None:
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{occasion}",
        recipient=recipient,
        content=letter.content,
        at=at,
        subject=f"application:{application.id}",
        data_subject=of_application(application.id),
    )


def delete_old_drafts(session: Session, runtime: Runtime, *, at: datetime) -> int:
    """Delete the drafts that nobody signed in time (rule A3), with the keys of all that was made of them; how many."""
    oldest_kept = rules.drafts_kept_since(at, terms=runtime.terms)
    gone = session.execute(
        sa.delete(Application)
        .where(Application.state == str(ApplicationState.DRAFT), Application.created_at < oldest_kept)
        .returning(Application.id)
    )
    subjects = [of_application(application_id) for application_id in gone.scalars()]
    data_keys.destroy(session, subjects, because=DRAFT, at=at)
    return len(subjects)
