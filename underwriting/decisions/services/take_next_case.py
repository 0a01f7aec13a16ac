"""The oldest referred case that nobody has, for whoever asks for one; two who ask at once get different cases.

1. A ticket with which the caller has taken a case already gives that case: a button that is pressed twice takes one.
2. Otherwise the oldest case is locked; those that somebody else is just taking are passed over, not waited for.
3. Who has it is looked up again under the lock: it may have been taken, and let go of, since the list was read.
4. A case in which the caller is a party is passed over (rule D8).
"""

import uuid
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.decisions.desk_models import ONE_PER_TICKET, CaseAssignment
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.services.assign_case import assign
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

_MOST_PASSED_OVER = 50


def take_next(
    session: Session, runtime: Runtime, caller: Caller, ticket: uuid.UUID, *, at: datetime
) -> uuid.UUID | None:
    """The id of the case that *caller* now has; None where no case is free."""
    passed_over: set[uuid.UUID] = set()
    while len(passed_over) < _MOST_PASSED_OVER:
        if (earlier := _taken_with(session, ticket, caller)) is not None:
            return earlier
        application = _lock_oldest(session, passed_over)
        if application is None:
            return None
        passed_over.add(application.id)
        if _is_free(session, application.id) and _take(session, runtime, application, caller, ticket, at):
            return application.id
    return None


def _taken_with(session: Session, ticket: uuid.UUID, caller: Caller) -> uuid.UUID | None:
    """Whoever else has the ticket: it is not the caller's to go by."""
    return session.scalar(
        sa.select(CaseAssignment.application_id).where(
            CaseAssignment.ticket == ticket, CaseAssignment.staff_user_id == caller.staff_id
        )
    )


def _lock_oldest(session: Session, passed_over: Collection[uuid.UUID]) -> Application | None:
    assigned = sa.select(CaseAssignment.application_id).where(CaseAssignment.application_id == Application.id)
    return session.scalar(
        sa.select(Application)
        .where(
            Application.state == str(ApplicationState.REFERRED),
            Application.submitted_at.is_not(None),
            Application.erased_at.is_(None),
            Application.id.not_in(passed_over),
            ~assigned.exists(),
        )
        .order_by(Application.submitted_at, Application.id)
        .limit(1)
        .with_for_update(of=Application, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _is_free(session: Session, application_id: uuid.UUID) -> bool:
    return session.scalar(sa.select(CaseAssignment).where(CaseAssignment.application_id == application_id)) is None


def _take(
    session: Session, runtime: Runtime, application: Application, caller: Caller, ticket: uuid.UUID, at: datetime
) -> bool:
    """Whether the caller has it now; not a party's, nor with a ticket that another press of the button has used."""
    try:
        with session.begin_nested():
            assign(session, runtime, application, caller, None, at=at, ticket=ticket)
    except DecidingOnOneself:
        return False
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.constraint_name != ONE_PER_TICKET:
            raise
        return False
    return True
