"""Sessions: of persons whom BankID has identified and of staff; the token is kept as its hash alone.

A session of staff ends after eight hours, and after a rest as long as the settings say. With a right password and no
second factor yet it opens nothing but the page that asks for that; showing it makes a new session of another token.
All of it goes by the machine's clock: test time may stand still, or be moved by a month.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import Awaited, LoginMethod, Role
from underwriting.platform import audit_log
from underwriting.platform.callers import Caller
from underwriting.platform.models import LoginSession, StaffUser
from underwriting.platform.runtime import Runtime

PREFIX = "bs_"
LASTS = timedelta(hours=8)
AWAITING_LASTS = timedelta(minutes=10)
_SEEN_EVERY = timedelta(minutes=1)
_PERSON_CONTEXT = "login_session.person"

_FIND = (
    sa.select(
        LoginSession.id,
        LoginSession.staff_user_id,
        LoginSession.person_index,
        LoginSession.awaits,
        LoginSession.last_seen_at,
        StaffUser.role,
        StaffUser.username,
        StaffUser.personal_index,
    )
    .select_from(sa.outerjoin(LoginSession, StaffUser, StaffUser.id == LoginSession.staff_user_id))
    .where(
        LoginSession.token_hash == sa.bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > sa.bindparam("now"),
        sa.or_(LoginSession.staff_user_id.is_(None), LoginSession.last_seen_at > sa.bindparam("seen_after")),
        StaffUser.disabled_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class SessionView:
    """One open session of a member of staff; *current* is the one that asks."""

    id: uuid.UUID
    method: LoginMethod
    created_at: datetime
    last_seen_at: datetime
    current: bool


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def open_for_person(session: Session, runtime: Runtime, person: PersonalNumber) -> str:
    """A new session's token for *person*, whom BankID has just identified."""
    own = f"login_session:{uuid.uuid4()}"  # the key of this session alone, which the value names
    row = LoginSession(
        method=LoginMethod.BANKID,
        person_index=runtime.cipher.blind_index(person.digits),
        person_encrypted=runtime.cipher.encrypt(person.digits.encode(), context=_PERSON_CONTEXT, subject=own),
    )
    return _opened(session, runtime, row)


def open_for_staff(
    session: Session, runtime: Runtime, user_id: uuid.UUID, method: LoginMethod, *, awaits: Awaited | None = None
) -> str:
    """A new session's token for a member of staff, who has still to show what it *awaits*."""
    return _opened(session, runtime, LoginSession(method=method, staff_user_id=user_id, awaits=awaits))


def caller_of(runtime: Runtime, token: str) -> Caller | None:
    """Whose session *token* is; None when it has ended or run out, or the account is closed."""
    now = runtime.wall.now()
    with runtime.database.transaction() as session:
        row = session.execute(
            _FIND,
            {"token_hash": token_hash(token), "now": now, "seen_after": now - runtime.settings.staff.idle},
        ).one_or_none()
        if row is not None and row.last_seen_at + _SEEN_EVERY <= now:
            session.execute(sa.update(LoginSession).where(LoginSession.id == row.id).values(last_seen_at=now))
    if row is None:
        return None
    if row.staff_user_id is None:
        return Caller(f"person:{row.person_index.hex()[:16]}", person_index=row.person_index, session_id=row.id)
    return Caller(
        f"staff:{row.staff_user_id}",
        None if row.awaits else Role(row.role),
        username=row.username,
        own_index=row.personal_index,
        staff_id=row.staff_user_id,
        session_id=row.id,
        awaits=Awaited(row.awaits) if row.awaits else None,
    )


def end(runtime: Runtime, token: str) -> None:
    """End the session of *token*; nothing happens when there is none."""
    with runtime.database.transaction() as session:
        _end(session, runtime, LoginSession.token_hash == token_hash(token))


def open_of_staff(runtime: Runtime, caller: Caller) -> tuple[SessionView, ...]:
    """The caller's own open sessions, the newest first."""
    now = runtime.wall.now()
    query = (
        sa.select(LoginSession)
        .where(
            LoginSession.staff_user_id == caller.staff_id,
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - runtime.settings.staff.idle,
            LoginSession.awaits.is_(None),
        )
        .order_by(LoginSession.id.desc())
    )
    with runtime.database.transaction() as session:
        return tuple(
            SessionView(
                row.id, LoginMethod(row.method), row.created_at, row.last_seen_at, current=row.id == caller.session_id
            )
            for row in session.scalars(query)
        )


def end_own(runtime: Runtime, caller: Caller, session_id: uuid.UUID) -> None:
    """End one of the caller's own sessions; NotFound when it is not theirs, or over."""
    with runtime.database.transaction() as session:
        own = sa.and_(LoginSession.id == session_id, LoginSession.staff_user_id == caller.staff_id)
        if not _end(session, runtime, own):
            raise NotFound
        _note(session, runtime, caller, 1)


def end_others(runtime: Runtime, caller: Caller) -> None:
    """End every session of the caller's but the one that asks."""
    with runtime.database.transaction() as session:
        others = sa.and_(LoginSession.staff_user_id == caller.staff_id, LoginSession.id != caller.session_id)
        _note(session, runtime, caller, _end(session, runtime, others))


def end_all_of(session: Session, runtime: Runtime, user_id: uuid.UUID) -> int:
    """End every session of a member of staff; how many."""
    return _end(session, runtime, LoginSession.staff_user_id == user_id)


def end_one(session: Session, runtime: Runtime, session_id: uuid.UUID) -> None:
    """End a session that another takes the place of."""
    _end(session, runtime, LoginSession.id == session_id)


def _opened(session: Session, runtime: Runtime, row: LoginSession) -> str:
    token, now = PREFIX + secrets.token_urlsafe(32), runtime.wall.now()
    row.token_hash = token_hash(token)
    row.created_at = row.last_seen_at = now
    row.expires_at = now + (AWAITING_LASTS if row.awaits else LASTS)
    session.add(row)
    session.flush()
    return token


def _end(session: Session, runtime: Runtime, which: sa.ColumnElement[bool]) -> int:
    ended = sa.update(LoginSession).where(which, LoginSession.ended_at.is_(None)).values(ended_at=runtime.wall.now())
    return len(session.execute(ended.returning(LoginSession.id)).all())


def _note(session: Session, runtime: Runtime, caller: Caller, count: int) -> None:
    subject, at = f"staff:{caller.staff_id}", runtime.clock.now()
    audit_log.append(session, subject, "staff.sessions_ended", actor=caller.actor, at=at, data={"count": count})
