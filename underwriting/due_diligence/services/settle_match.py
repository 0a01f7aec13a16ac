"""What staff make of a match (rules D10, D16): confirmed, or cleared; a strong one is cleared by two persons."""

import contextlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.formats import entry_from_json, parties_from_json
from underwriting.due_diligence.models import SanctionsList, SanctionsMatch
from underwriting.due_diligence.rules import Entry, EntryKind, MatchState, Party
from underwriting.due_diligence.services.screen_case import FOUND
from underwriting.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS
from underwriting.platform import audit_log, preconditions
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import DataErased, of_application
from underwriting.platform.runtime import Runtime

SHORTEST_NOTE = 10
LONGEST_NOTE = 4000
MOST_SHOWN = 200
_NOTE = "sanctions_match.note"
_DIGITS_OF_PERSON = 12
_WAITING = (str(MatchState.OPEN), str(MatchState.CLEARING))
_VERSIONS = {state: number for number, state in enumerate(MatchState, start=1)}


class MatchSettled(Conflict):
    """Somebody has settled the match already. Rule D16."""

    slug = "match-settled"
    title = Text("Träffen är redan avgjord", "The match has been settled already")
    rule = "D16"


class ClearingOnesOwn(NotPermitted):
    """A strong match is cleared by another person than the one who proposed it, and none by whom it names. Rule D16."""

    slug = "clearing-ones-own"
    title = Text("Någon annan måste avfärda träffen", "Somebody else has to clear the match")
    rule = "D16"


class NoteMissing(InvalidInput):
    """A match is settled with a note of what was looked at. Rule D16."""

    slug = "match-note-missing"
    title = Text(
        "Skriv vad bedömningen vilar på, 10 till 4000 tecken", "Say what it rests on, in 10 to 4000 characters"
    )
    rule = "D16"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """A match as staff read it: the customer's data beside the entry's. *list_sha256* in hexadecimal.

    Of a person's number only the masked form is told; *version* is another one whenever the match has changed.
    """

    id: uuid.UUID
    application_id: uuid.UUID
    role: str
    party_kind: EntryKind
    party_number: str = field(repr=False)
    party_name: str | None = field(repr=False)
    party_born: str | None = field(repr=False)
    entry: Entry
    listed_name: str
    score: int
    strong: bool
    state: MatchState
    list_version: str
    list_sha256: str
    found_at: datetime
    note: str | None = field(repr=False)
    settled_by: str | None
    settled_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None

    @property
    def version(self) -> int:
        """For whoever acts on what they have seen: a match never goes back."""
        return _VERSIONS[self.state]


def find(session: Session, runtime: Runtime, match_id: uuid.UUID, caller: Caller) -> MatchView:
    """One match, settled or not. Raises NotFound."""
    caller.require(*CASE_READERS)
    row = session.get(SanctionsMatch, match_id, populate_existing=True)
    if row is None:
        raise NotFound
    return _view(session, runtime, row)


def settled(session: Session, runtime: Runtime, caller: Caller) -> tuple[MatchView, ...]:
    """The matches that were settled last, the newest first."""
    caller.require(*CASE_READERS)
    query = sa.select(SanctionsMatch).where(SanctionsMatch.state.not_in(_WAITING))
    rows = session.scalars(query.order_by(SanctionsMatch.settled_at.desc(), SanctionsMatch.id.desc()).limit(MOST_SHOWN))
    return _views(session, runtime, rows)


def unsettled(session: Session, runtime: Runtime, caller: Caller) -> tuple[MatchView, ...]:
    """The matches that wait for a person, the oldest first; at most `MOST_SHOWN`."""
    caller.require(*CASE_READERS)
    query = sa.select(SanctionsMatch).where(SanctionsMatch.state.in_(_WAITING))
    rows = session.scalars(query.order_by(SanctionsMatch.id).limit(MOST_SHOWN))
    return _views(session, runtime, rows)


def matches_of(session: Session, runtime: Runtime, application_id: uuid.UUID, caller: Caller) -> tuple[MatchView, ...]:
    """Every match of an application, the newest first."""
    caller.require(*CASE_READERS)
    query = sa.select(SanctionsMatch).where(SanctionsMatch.application_id == application_id)
    return _views(session, runtime, session.scalars(query.order_by(SanctionsMatch.id.desc()).limit(MOST_SHOWN)))


def confirm(
    session: Session, runtime: Runtime, match_id: uuid.UUID, note: str, caller: Caller, *, at: datetime
) -> MatchView:
    """The party is the one on the list: a hard stop (rule D10). MatchSettled, NoteMissing, NotFound."""
    row = _open(session, match_id, note, caller)
    _settle(session, runtime, row, MatchState.CONFIRMED, note, caller, at)
    return _view(session, runtime, row)


def clear(
    session: Session, runtime: Runtime, match_id: uuid.UUID, note: str, caller: Caller, *, at: datetime
) -> MatchView:
    """The party is somebody else; of a strong match two persons say so. Raises as `confirm`, ClearingOnesOwn."""
    row = _open(session, match_id, note, caller)
    if row.state == MatchState.CLEARING:
        if row.settled_by == caller.actor:
            raise ClearingOnesOwn
        _note(runtime, row, f"{_read_note(runtime, row)}\n\n{note.strip()}")
        row.state, row.approved_by, row.approved_at = str(MatchState.CLEARED), caller.actor, at
        _tell(session, row, caller, at)
    else:
        _settle(session, runtime, row, MatchState.CLEARING if row.strong else MatchState.CLEARED, note, caller, at)
    return _view(session, runtime, row)


def _open(session: Session, match_id: uuid.UUID, note: str, caller: Caller) -> SanctionsMatch:
    caller.require(*UNDERWRITERS)
    if not SHORTEST_NOTE <= len(note.strip()) <= LONGEST_NOTE:
        raise NoteMissing
    row = session.get(SanctionsMatch, match_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    preconditions.check(match_id, version=_VERSIONS[MatchState(row.state)])
    if row.state not in _WAITING:
        raise MatchSettled
    if row.party_index == caller.own_index:
        raise ClearingOnesOwn
    return row


def _settle(
    session: Session,
    runtime: Runtime,
    row: SanctionsMatch,
    state: MatchState,
    note: str,
    caller: Caller,
    at: datetime,
) -> None:
    _note(runtime, row, note.strip())
    row.state, row.settled_by, row.settled_at = str(state), caller.actor, at
    _tell(session, row, caller, at)


def _tell(session: Session, row: SanctionsMatch, caller: Caller, at: datetime) -> None:
    session.flush()
    audit_log.append(session, f"sanctions_match:{row.id}", f"sanctions_match.{row.state}", actor=caller.actor, at=at)


def _note(runtime: Runtime, row: SanctionsMatch, note: str) -> None:
    subject = of_application(row.application_id)
    row.note_encrypted = runtime.cipher.encrypt(note.encode(), context=_NOTE, subject=subject)


def _read_note(runtime: Runtime, row: SanctionsMatch) -> str | None:
    return None if row.note_encrypted is None else runtime.cipher.decrypt(row.note_encrypted, context=_NOTE).decode()


def _views(session: Session, runtime: Runtime, rows: Iterable[SanctionsMatch]) -> tuple[MatchView, ...]:
    """Those of *rows* whose case has not been erased since."""
    found = []
    for row in rows:
        with contextlib.suppress(DataErased):
            found.append(_view(session, runtime, row))
    return tuple(found)


def _view(session: Session, runtime: Runtime, row: SanctionsMatch) -> MatchView:
    found: dict[str, Any] = runtime.cipher.decrypt_json(row.found_encrypted, context=FOUND)
    against = session.get_one(SanctionsList, row.list_id)
    (party,) = parties_from_json([found["party"]])
    return MatchView(
        id=row.id,
        application_id=row.application_id,
        role=party.role,
        party_kind=party.kind,
        party_number=_told_number(party),
        party_name=party.name,
        party_born=found["party"]["born"],
        entry=entry_from_json(found["entry"]),
        listed_name=found["name"],
        score=row.score,
        strong=row.strong,
        state=MatchState(row.state),
        list_version=against.version,
        list_sha256=against.sha256.hex(),
        found_at=row.found_at,
        note=_read_note(runtime, row),
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )


def _told_number(party: Party) -> str:
    """A company's number, or a person's without its last digits: a sole trader's company has the person's."""
    is_person = len(party.number) == _DIGITS_OF_PERSON
    return PersonalNumber(party.number).masked if is_person else OrganisationNumber(party.number).formatted
