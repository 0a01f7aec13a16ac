"""Which underwriter has a case: taken, given back, given to another. One has it at a time."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.find_application import subject_of
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.desk_models import CaseAssignment
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.gather_case import parties_of
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import UNDERWRITERS, ApplicationState, Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime

MOST_RECEIVERS = 200
_NO_UNDERWRITER = Text("Ingen handläggare heter så", "No underwriter has that name")


class CaseTaken(Conflict):
    """Another underwriter has the case, and gives it back or on; a senior underwriter may, too. Rule D8."""

    slug = "case-taken"
    title = Text("En annan handläggare har ärendet", "Another underwriter has the case")
    rule = "D8"


class NoCase(Conflict):
    """A draft is nobody's case. Rule D8."""

    slug = "no-case"
    title = Text("Ett utkast är inget ärende", "A draft is no case")
    rule = "D8"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentView:
    """Who has a case since when; *by* is who gave it."""

    application_id: uuid.UUID
    staff_id: uuid.UUID
    username: str
    by: str
    assigned_at: datetime


def assign(
    session: Session,
    runtime: Runtime,
    application: Application,
    caller: Caller,
    username: str | None,
    *,
    at: datetime,
    ticket: uuid.UUID | None = None,
) -> AssignmentView:
    """Give the locked application to the underwriter *username*, to the caller where it is None.

    *ticket* is what it is taken with, once.

    Whoever has the case, or a senior underwriter, gives it on; else CaseTaken. A party to it does not get it. Giving it
    to the one who has it changes nothing.
    """
    if application.state == ApplicationState.DRAFT:
        raise NoCase
    forbid_oneself(session, runtime, application, caller)
    receiver = _receiver(session, caller, username)
    if receiver.personal_index in parties_of(runtime, body_of(session, runtime.cipher, application)):
        raise DecidingOnOneself
    row = session.get(CaseAssignment, application.id, populate_existing=True)
    if row is not None and row.staff_user_id == receiver.id:
        return _view(row, receiver.username)
    if row is not None:
        _require_holder(row, caller)
        row.staff_user_id, row.assigned_by, row.assigned_at = receiver.id, caller.actor, at
    else:
        row = CaseAssignment(application_id=application.id, staff_user_id=receiver.id)
        row.assigned_by, row.assigned_at = caller.actor, at
        session.add(row)
    row.ticket = ticket
    session.flush()
    _note(session, application, "case.assigned", caller, at, {"to": f"staff:{receiver.id}"})
    return _view(row, receiver.username)


def give_back(session: Session, application: Application, caller: Caller, *, at: datetime) -> None:
    """Take the locked application from whoever has it; nothing happens where nobody has. Raises CaseTaken."""
    row = session.get(CaseAssignment, application.id, populate_existing=True)
    if row is None:
        return
    _require_holder(row, caller)
    session.delete(row)
    session.flush()
    _note(session, application, "case.given_back", caller, at, {})


def assignments_of(session: Session, application_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, AssignmentView]:
    """Who has each of the cases that somebody has."""
    found = session.execute(_ALL.where(CaseAssignment.application_id.in_(application_ids)))
    return {row.application_id: _view(row, username) for row, username in found}


def receivers_of(session: Session) -> tuple[str, ...]:
    """The usernames of those who may be given a case, in alphabetical order."""
    roles = [str(role) for role in (*UNDERWRITERS, Role.ADMINISTRATOR)]
    query = sa.select(StaffUser.username).where(StaffUser.role.in_(roles), StaffUser.disabled_at.is_(None))
    return tuple(session.scalars(query.order_by(StaffUser.username).limit(MOST_RECEIVERS)))


def cases_of(session: Session, staff_id: uuid.UUID | None) -> tuple[AssignmentView, ...]:
    """The cases that a member of staff has, the oldest assignment first."""
    found = session.execute(
        _ALL.where(CaseAssignment.staff_user_id == staff_id).order_by(
            CaseAssignment.assigned_at, CaseAssignment.application_id
        )
    )
    return tuple(_view(row, username) for row, username in found)


_ALL = sa.select(CaseAssignment, StaffUser.username).join(StaffUser, StaffUser.id == CaseAssignment.staff_user_id)


def _receiver(session: Session, caller: Caller, username: str | None) -> StaffUser:
    wanted = StaffUser.id == caller.staff_id if username is None else StaffUser.username == username
    found = session.scalar(sa.select(StaffUser).where(wanted, StaffUser.disabled_at.is_(None)))
    if found is None or Role(found.role) not in (*UNDERWRITERS, Role.ADMINISTRATOR):
        raise InvalidInput(errors=(FieldError("/username", _NO_UNDERWRITER, "D8"),), rule="D8")
    return found


def _require_holder(row: CaseAssignment, caller: Caller) -> None:
    if row.staff_user_id != caller.staff_id and not caller.has(Role.SENIOR_UNDERWRITER):
        raise CaseTaken


def _note(
    session: Session, application: Application, action: str, caller: Caller, at: datetime, data: Mapping[str, str]
) -> None:
    audit_log.append(session, subject_of(application.id), action, actor=caller.actor, at=at, data=data)


def _view(row: CaseAssignment, username: str) -> AssignmentView:
    return AssignmentView(
        application_id=row.application_id,
        staff_id=row.staff_user_id,
        username=username,
        by=row.assigned_by,
        assigned_at=row.assigned_at,
    )
