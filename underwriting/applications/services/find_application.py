"""An application, for whoever may see it, and its way from state to state (rules A3, A8)."""

import hmac
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from underwriting.applications import rules
from underwriting.applications.models import ONE_UNDECIDED, UNDECIDED, Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.event_catalogue import (
    APPLICATION_ASSESSING,
    APPLICATION_INFORMATION_REQUESTED,
    APPLICATION_LAPSED,
    APPLICATION_OFFER_ACCEPTED,
    APPLICATION_REFERRED,
    APPLICATION_SUBMITTED,
)
from underwriting.kernel.event_forms import EventKind
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CASE_READERS, ApplicationState, Scope
from underwriting.platform import audit_log, events, preconditions
from underwriting.platform.authentication import Caller


class ApplicationOpen(Conflict):
    """The company has a submitted, undecided application; its owner is told which. Rule A8."""

    slug = "application-open"
    title = Text(
        "Företaget har redan en ansökan som inte är avgjord", "The company has an application that is not decided yet"
    )
    rule = "A8"


_TOLD: Mapping[ApplicationState, EventKind] = {
    ApplicationState.SUBMITTED: APPLICATION_SUBMITTED,
    ApplicationState.ASSESSING: APPLICATION_ASSESSING,
    ApplicationState.REFERRED: APPLICATION_REFERRED,
    ApplicationState.INFORMATION_REQUESTED: APPLICATION_INFORMATION_REQUESTED,
    ApplicationState.LAPSED: APPLICATION_LAPSED,
}
"""What integrators are told when an application comes into a state; a decision is told with its terms (D7)."""


def lock_application(session: Session, application_id: uuid.UUID) -> Application:
    """The application as it stands now, held to the end of the transaction; NotFound when there is none."""
    application = _found(session.get(Application, application_id, with_for_update=True, populate_existing=True))
    preconditions.check(application_id, version=application.version)
    return application


def lock_for(session: Session, application_id: uuid.UUID, caller: Caller) -> Application:
    """The application, held, where *caller* may see it; else NotFound."""
    return _visible(lock_application(session, application_id), caller)


def find_for(session: Session, application_id: uuid.UUID, caller: Caller) -> Application:
    """The application, for reading, where *caller* may see it; else NotFound."""
    return _visible(_found(session.get(Application, application_id, populate_existing=True)), caller)


def lock_own(session: Session, application_id: uuid.UUID, caller: Caller) -> Application:
    """The application, held, where *caller* is the applicant: the draft's holder or its signatory; else NotFound."""
    application = lock_application(session, application_id)
    if not is_applicant(application, caller):
        raise NotFound
    return application


def is_applicant(application: Application, caller: Caller) -> bool:
    """Whether *caller* holds the draft's secret or, once it is signed, is the person who signed it (rule A3)."""
    if application.state == ApplicationState.DRAFT:
        held, kept = caller.draft_secret_hash, application.access_secret_hash
        return held is not None and kept is not None and hmac.compare_digest(held, kept)
    return caller.person_index == application.signatory_index


def undecided_of(session: Session, company_index: bytes) -> Application | None:
    """The company's submitted, undecided application (rule A8), or None."""
    query = sa.select(Application).where(Application.company_index == company_index, Application.state.in_(UNDECIDED))
    return session.scalar(query)


@contextmanager
def one_undecided(session: Session) -> Iterator[None]:
    """Raise ApplicationOpen where what is done inside would make a second undecided application of a company (A8)."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.constraint_name != ONE_UNDECIDED:
            raise
        raise ApplicationOpen from error


def move(
    session: Session,
    application: Application,
    event: ApplicationEvent,
    *,
    at: datetime,
    actor: str,
    data: Mapping[str, Any] | None = None,
) -> ApplicationState:
    """Put the locked *application* where *event* leads and note it; ApplicationStateRefuses when there is no way."""
    before = ApplicationState(application.state)
    after = rules.advance(before, event)
    application.state = str(after)
    application.version += 1
    noted = {"from": str(before), "to": str(after), **(data or {})}
    audit_log.append(session, subject_of(application.id), f"application.{event}", actor=actor, at=at, data=noted)
    kind = APPLICATION_OFFER_ACCEPTED if event is ApplicationEvent.OFFER_ACCEPTED else _TOLD.get(after)
    if kind is not None and after is not before:
        events.record(session, kind, at=at, application_id=application.id, state=after)
    return after


def subject_of(application_id: uuid.UUID) -> str:
    """What the application is called in the audit log."""
    return f"application:{application_id}"


def _found(application: Application | None) -> Application:
    if application is None:
        raise NotFound
    return application


def _visible(application: Application, caller: Caller) -> Application:
    reads_all = caller.has(*CASE_READERS, scope=Scope.APPLICATIONS_READ)
    for_readers = reads_all and application.state != ApplicationState.DRAFT
    if not for_readers and not is_applicant(application, caller):
        raise NotFound
    return application
