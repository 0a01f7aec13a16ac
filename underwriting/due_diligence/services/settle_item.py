"""What staff do with what has to be looked into (rules K1, D16): it is taken, settled with a note, approved by another.

What needs authority is proposed by one underwriter and approved by a senior one who is somebody else.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.finding_formats import finding_to_json
from underwriting.due_diligence.items import (
    NEEDS_AUTHORITY,
    NOTHING,
    ApprovingOwnFinding,
    ItemOpen,
    ItemSettled,
    ItemTaken,
    StaffFinding,
    check_finding,
    check_note,
)
from underwriting.due_diligence.models import DueDiligenceItem
from underwriting.due_diligence.services.assess_relation import FINDING, note, open_item
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import UNDERWRITERS, DiligenceKind, DiligenceResult, DiligenceState, Role
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime

NOTE = "due_diligence_item.note"
APPROVERS = (Role.SENIOR_UNDERWRITER,)
"""Who approves what needs authority."""


def application_of(session: Session, item_id: uuid.UUID) -> uuid.UUID:
    """The application of an item: to be locked first. Raises NotFound."""
    found = session.scalar(sa.select(DueDiligenceItem.application_id).where(DueDiligenceItem.id == item_id))
    if found is None:
        raise NotFound
    return found


def begin(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    kind: DiligenceKind,
    why: str,
    caller: Caller,
    *,
    at: datetime,
) -> DueDiligenceItem:
    """Staff look into something by themselves, in the locked application. Raises ItemOpen, FindingInvalid."""
    caller.require(*UNDERWRITERS)
    kept = check_note(why)
    query = sa.select(DueDiligenceItem.id).where(
        DueDiligenceItem.application_id == application_id,
        DueDiligenceItem.kind == str(kind),
        DueDiligenceItem.state != str(DiligenceState.SETTLED),
    )
    if session.scalar(query) is not None:
        raise ItemOpen
    row = open_item(session, runtime, application_id, kind, None, actor=caller.actor, at=at)
    row.taken_by, row.taken_at = caller.actor, at
    _write_note(runtime, row, kept)
    session.flush()
    return row


def take(session: Session, item_id: uuid.UUID, caller: Caller, *, at: datetime) -> DueDiligenceItem:
    """The caller works on it. Raises ItemTaken, ItemSettled, NotFound."""
    row = _unsettled(session, item_id, caller)
    if row.taken_by != caller.actor:
        row.taken_by, row.taken_at = caller.actor, at
        _tell(session, row, "taken", caller, at)
    return row


def give_back(session: Session, item_id: uuid.UUID, caller: Caller, *, at: datetime) -> DueDiligenceItem:
    """Nobody works on it. Raises ItemTaken, ItemSettled, NotFound."""
    row = _unsettled(session, item_id, caller)
    if row.taken_by is not None:
        row.taken_by = row.taken_at = None
        _tell(session, row, "given_back", caller, at)
    return row


def settle(
    session: Session,
    runtime: Runtime,
    item_id: uuid.UUID,
    result: DiligenceResult,
    why: str,
    finding: StaffFinding,
    caller: Caller,
    *,
    at: datetime,
) -> DueDiligenceItem:
    """Say what looking into it came to, or propose it where it needs authority.

    Raises FindingInvalid, ItemTaken, ItemSettled, NotFound.
    """
    row = _unsettled(session, item_id, caller)
    kept = check_note(why)
    check_finding(DiligenceKind(row.kind), result, finding)
    _write_note(runtime, row, kept)
    sealed = runtime.cipher.encrypt_json(
        finding_to_json(finding), context=FINDING, subject=of_application(row.application_id)
    )
    row.finding_encrypted = None if finding == NOTHING else sealed
    row.result, row.settled_by, row.settled_at = str(result), caller.actor, at
    row.taken_by, row.taken_at = row.taken_by or caller.actor, row.taken_at or at
    proposes = DiligenceKind(row.kind) in NEEDS_AUTHORITY
    row.state = str(DiligenceState.PROPOSED if proposes else DiligenceState.SETTLED)
    _tell(session, row, row.state, caller, at)
    return row


def approve(
    session: Session, runtime: Runtime, item_id: uuid.UUID, why: str, caller: Caller, *, at: datetime
) -> DueDiligenceItem:
    """Somebody with authority approves what was proposed. Raises ApprovingOwnFinding, ItemSettled, NotFound."""
    row = _proposed(session, item_id, caller)
    _add_note(runtime, row, check_note(why))
    row.state, row.approved_by, row.approved_at = str(DiligenceState.SETTLED), caller.actor, at
    _tell(session, row, "settled", caller, at)
    return row


def send_back(
    session: Session, runtime: Runtime, item_id: uuid.UUID, why: str, caller: Caller, *, at: datetime
) -> DueDiligenceItem:
    """Somebody with authority does not approve it: it is open again. Raises as `approve`."""
    row = _proposed(session, item_id, caller)
    _add_note(runtime, row, check_note(why))
    row.state = str(DiligenceState.OPEN)
    row.result = row.settled_by = row.settled_at = None
    _tell(session, row, "sent_back", caller, at)
    return row


def _unsettled(session: Session, item_id: uuid.UUID, caller: Caller) -> DueDiligenceItem:
    caller.require(*UNDERWRITERS)
    row = _locked(session, item_id)
    if row.state != DiligenceState.OPEN:
        raise ItemSettled
    if row.taken_by not in (None, caller.actor):
        raise ItemTaken
    return row


def _proposed(session: Session, item_id: uuid.UUID, caller: Caller) -> DueDiligenceItem:
    caller.require(*APPROVERS)
    row = _locked(session, item_id)
    if row.state != DiligenceState.PROPOSED:
        raise ItemSettled
    if row.settled_by in _accounts_of(session, caller):
        raise ApprovingOwnFinding
    return row


def _accounts_of(session: Session, caller: Caller) -> frozenset[str]:
    """The caller, and every other account of the same person."""
    if caller.own_index is None:
        return frozenset({caller.actor})
    accounts = session.scalars(sa.select(StaffUser.id).where(StaffUser.personal_index == caller.own_index))
    return frozenset({caller.actor, *(f"staff:{account}" for account in accounts)})


def _locked(session: Session, item_id: uuid.UUID) -> DueDiligenceItem:
    row = session.get(DueDiligenceItem, item_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _write_note(runtime: Runtime, row: DueDiligenceItem, kept: str) -> None:
    subject = of_application(row.application_id)
    row.note_encrypted = runtime.cipher.encrypt(kept.encode(), context=NOTE, subject=subject)


def _add_note(runtime: Runtime, row: DueDiligenceItem, added: str) -> None:
    earlier = note_of(runtime, row)
    _write_note(runtime, row, added if earlier is None else f"{earlier}\n\n{added}")


def note_of(runtime: Runtime, row: DueDiligenceItem) -> str | None:
    """What was written about it."""
    return None if row.note_encrypted is None else runtime.cipher.decrypt(row.note_encrypted, context=NOTE).decode()


def _tell(session: Session, row: DueDiligenceItem, what: str, caller: Caller, at: datetime) -> None:
    session.flush()
    data = {"item": str(row.id), "kind": row.kind, "result": row.result}
    told = {name: value for name, value in data.items() if value is not None}
    note(session, row.application_id, what, actor=caller.actor, at=at, data=told)
