"""A draft: made, changed, dropped (rule A3). It is its holder's alone until it is signed."""

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.values import ApplicationBody
from underwriting.applications import rules
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move, subject_of
from underwriting.applications.services.store_application import columns_of, new_guarantor
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform import audit_log, data_keys
from underwriting.platform.authentication import Caller, new_draft_secret
from underwriting.platform.encryption import APPLICATION, of_application
from underwriting.platform.runtime import Runtime

DRAFT = "draft"
"""Why its key is destroyed when a draft is deleted."""


def create_draft(
    session: Session, runtime: Runtime, body: ApplicationBody, caller: Caller, *, at: datetime
) -> tuple[Application, list[ApplicationGuarantor], str]:
    """A new draft with its guarantors, and the secret that alone opens it until the person has signed."""
    secret, secret_hash = new_draft_secret()
    application_id = runtime.cipher.data_keys.begin(APPLICATION)
    application = Application(
        id=application_id,
        reference=rules.reference(secrets.randbelow(rules.REFERENCE_COUNT)),
        state=str(ApplicationState.DRAFT),
        access_secret_hash=secret_hash,
        created_by=caller.actor,
        created_at=at,
        **columns_of(runtime.cipher, application_id, body),
    )
    session.add(application)
    session.flush()
    guarantors = _name_guarantors(session, runtime, application, body)
    audit_log.begin(session, subject_of(application.id), "application.created", actor=caller.actor, at=at)
    return application, guarantors, secret


def require_draft(application: Application) -> None:
    """Raise ApplicationStateRefuses unless the application can still be changed (rule A3)."""
    rules.advance(ApplicationState(application.state), ApplicationEvent.CHANGED)


def change_draft(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody, *, actor: str, at: datetime
) -> None:
    """Put *body* in the place of what the locked draft holds; ApplicationStateRefuses once it is submitted."""
    move(session, application, ApplicationEvent.CHANGED, actor=actor, at=at)
    for column, value in columns_of(runtime.cipher, application.id, body).items():
        setattr(application, column, value)
    session.execute(sa.delete(ApplicationGuarantor).where(ApplicationGuarantor.application_id == application.id))
    _name_guarantors(session, runtime, application, body)


def drop_draft(session: Session, application: Application, *, actor: str, at: datetime) -> None:
    """Remove the locked draft, and with its key the documents that were made of it (rule K2).

    ApplicationStateRefuses once it is submitted.
    """
    move(session, application, ApplicationEvent.DROPPED, actor=actor, at=at)
    session.flush()
    session.execute(sa.delete(Application).where(Application.id == application.id))
    data_keys.destroy(session, [of_application(application.id)], because=DRAFT, at=at)


def _name_guarantors(
    session: Session, runtime: Runtime, application: Application, body: ApplicationBody
) -> list[ApplicationGuarantor]:
    rows = [
        new_guarantor(runtime.cipher, application, ordinal, named)
        for ordinal, named in enumerate(body.guarantors, start=1)
    ]
    session.add_all(rows)
    return rows
