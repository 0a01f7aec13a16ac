"""What the auditor's page shows: entries by what they concern, by whom and on which day, a page at a time; the seals.

A page is found by key, the newest entry first: by the index of days, of who, or of a few chains.
"""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import end_of_day, stockholm_instant
from underwriting.kernel.text import Text
from underwriting.platform.audit_chain import GENESIS, link_of
from underwriting.platform.client_models import MachineClient
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead, AuditVerification, StaffUser

_CURSOR = re.compile(r"(?P<microseconds>\d{1,17})\.(?P<sequence>\d{1,18})\.(?P<subject>[\x21-\x7e]{1,120})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


_NAMED = {
    "staff": (StaffUser.id, StaffUser.username),
    "client": (MachineClient.id, MachineClient.name),
}


class ActorUnknown(NotFound):
    """Nobody of staff and no machine client has that name."""

    slug = "actor-unknown"
    title = Text("Ingen medarbetare och ingen klient heter så", "No member of staff and no client has that name")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; what is None is not asked for."""

    chains: Collection[str] | None = None
    actors: Collection[str] | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry; *holds* says whether its content gives its hash and it follows the one before it."""

    subject: str
    sequence: int
    action: str
    actor: str
    at: datetime
    data: Mapping[str, Any]
    previous_hash: bytes
    hash: bytes
    holds: bool | None = None
    sealed_by: int | None = None


@dataclass(frozen=True, slots=True)
class SealView:
    """A seal as the page names it."""

    number: int
    sealed_on: date
    at: datetime
    chains: int
    public_key: str


@dataclass(frozen=True, slots=True)
class VerificationView:
    """One time that everything was computed again."""

    at: datetime
    chains: int
    entries: int
    seals: int
    findings: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands: the newest seal, how much came after it, and the last verification."""

    seal: SealView | None
    unsealed: int
    verification: VerificationView | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, and where the next page begins."""

    rows: Sequence[EntryView]
    next_cursor: str | None


def search(session: Session, asked: Asked, *, cursor: str = "", count: int) -> EntryPage:
    """The entries that are *asked* for, the newest first; a *cursor* of another form is none."""
    keys = (AuditEntry.at, AuditEntry.subject, AuditEntry.sequence)
    query = sa.select(AuditEntry).order_by(*(key.desc() for key in keys)).limit(count + 1)
    if asked.chains is not None:
        query = query.where(AuditEntry.subject.in_(asked.chains))
    if asked.actors is not None:
        query = query.where(AuditEntry.actor.in_(asked.actors))
    if asked.on is not None:
        query = query.where(AuditEntry.at >= stockholm_instant(asked.on), AuditEntry.at < end_of_day(asked.on))
    if before := _place(cursor):
        query = query.where(sa.tuple_(*keys) < sa.tuple_(*before))
    rows = session.scalars(query).all()
    more = _cursor(rows[count - 1]) if len(rows) > count else None
    return EntryPage([_view(row) for row in rows[:count]], more)


def chain(session: Session, subject: str, *, after: int, count: int) -> tuple[list[EntryView], bool]:
    """*subject*'s entries that follow number *after*, each held against the one before it; and whether more follow."""
    query = sa.select(AuditEntry).where(AuditEntry.subject == subject, AuditEntry.sequence >= after)
    rows = session.scalars(query.order_by(AuditEntry.sequence).limit(count + 2)).all()
    before = {row.sequence + 1: row.hash for row in rows} | {1: GENESIS}
    heads = _heads(session, subject)
    shown = [row for row in rows if row.sequence > after][:count]
    views = [
        _view(
            row,
            holds=link_of(row) == row.hash and before.get(row.sequence) == row.previous_hash,
            sealed_by=next((number for sequence, number in heads if sequence >= row.sequence), None),
        )
        for row in shown
    ]
    return views, bool(rows) and bool(shown) and rows[-1].sequence > shown[-1].sequence


def standing(session: Session) -> Standing:
    """How the log stands now."""
    newest = session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    last = session.scalars(sa.select(AuditVerification).order_by(AuditVerification.id.desc()).limit(1)).one_or_none()
    counted = sa.select(sa.func.count()).select_from(AuditEntry)
    if newest is not None:
        counted = counted.where(AuditEntry.at > newest.at)
    return Standing(
        seal=None if newest is None else _seal(newest),
        unsealed=session.scalars(counted).one(),
        verification=None if last is None else _verification(last),
    )


def actors_named(session: Session, name: str) -> list[str]:
    """Whom entries call so: a member of staff by username, a client by name, or what stands in entries itself.

    Raises ActorUnknown.
    """
    if re.fullmatch(r"[a-z]+:[0-9a-f-]{16,36}", name):
        return [name]
    if "\x00" in name:
        raise ActorUnknown
    staff = session.scalars(sa.select(StaffUser.id).where(StaffUser.username == name))
    clients = session.scalars(sa.select(MachineClient.id).where(MachineClient.name == name))
    found = [f"staff:{one}" for one in staff] + [f"client:{one}" for one in clients]
    if not found and session.scalar(sa.select(sa.exists().where(AuditEntry.actor == name))):
        return [name]
    if not found:
        raise ActorUnknown
    return found


def names_of(session: Session, actors: Collection[str]) -> dict[str, str]:
    """What staff and clients among *actors* are called."""
    ids = {kind: [own for one in actors if (own := _id_in(one, kind)) is not None] for kind in _NAMED}
    return {
        f"{kind}:{own_id}": name
        for kind, (own, named) in _NAMED.items()
        if ids[kind]
        for own_id, name in session.execute(sa.select(own, named).where(own.in_(ids[kind])))
    }


def _id_in(actor: str, kind: str) -> uuid.UUID | None:
    found = re.fullmatch(rf"{kind}:([0-9a-f]{{8}}-[0-9a-f-]{{27}})", actor)
    return None if found is None else uuid.UUID(found[1])


def _heads(session: Session, subject: str) -> list[tuple[int, int]]:
    """Up to which entry each seal goes that names the chain."""
    query = sa.select(AuditSealHead.sequence, AuditSealHead.number).where(AuditSealHead.subject == subject)
    return [(sequence, number) for sequence, number in session.execute(query.order_by(AuditSealHead.sequence))]


def _view(row: AuditEntry, *, holds: bool | None = None, sealed_by: int | None = None) -> EntryView:
    told = (row.subject, row.sequence, row.action, row.actor, row.at, row.data, row.previous_hash, row.hash)
    return EntryView(*told, holds=holds, sealed_by=sealed_by)


def _seal(row: AuditSeal) -> SealView:
    return SealView(row.number, row.sealed_on, row.at, row.chains, row.public_key.hex())


def _verification(row: AuditVerification) -> VerificationView:
    return VerificationView(row.at, row.chains, row.entries, row.seals, row.findings)


def _cursor(row: AuditEntry) -> str:
    return f"{(row.at - _EPOCH) // _MICROSECOND}.{row.sequence}.{row.subject}"


def _place(cursor: str) -> tuple[datetime, str, int] | None:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    return _EPOCH + int(found["microseconds"]) * _MICROSECOND, found["subject"], int(found["sequence"])
