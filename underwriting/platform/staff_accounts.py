"""Members of staff: added, logged in by password, changed and closed.

Five failures, of password or second factor, lock an account for a quarter of an hour. While it is locked nothing is
counted: it opens when the while is over, whoever has tried.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, LoginRequired, NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Awaited, LoginMethod, Role
from underwriting.platform import audit_log, passwords, sessions
from underwriting.platform.callers import Caller
from underwriting.platform.models import RecoveryCode, StaffUser
from underwriting.platform.runtime import Runtime

ATTEMPTS_BEFORE_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)
OPERATOR = "operator"
_STAFF = "staff:"
_PERSONAL_CONTEXT = "staff_user.personal"
"""Who changes accounts at the command line, in the audit log."""
_WRONG = Text("Det nuvarande lösenordet stämmer inte", "The current password is not right")


class LoginRefused(LoginRequired):
    """The username and password do not belong together, or the account is locked or closed."""

    slug = "login-refused"
    title = Text(
        "Fel användarnamn eller lösenord, eller så är kontot tillfälligt låst",
        "Wrong username or password, or the account is locked for a while",
    )


class UsernameTaken(Conflict):
    """There is such a member of staff already."""

    slug = "username-taken"
    title = Text("Användarnamnet är upptaget", "The username is taken")


@dataclass(frozen=True, slots=True)
class StaffView:
    """A member of staff as an operator sees them."""

    username: str
    role: Role
    has_password: bool
    has_second_factor: bool
    disabled_at: datetime | None


def add_staff(
    session: Session,
    runtime: Runtime,
    username: str,
    password: str,
    role: Role,
    *,
    person: PersonalNumber | None,
    at: datetime,
) -> uuid.UUID:
    """Add a member of staff; *person* is who the user is, so that nobody decides on themselves.

    Raises PasswordRefused, UsernameTaken.
    """
    password_hash = passwords.hashed(password, username=username)
    if session.scalar(sa.select(StaffUser.id).where(StaffUser.username == username)) is not None:
        raise UsernameTaken
    row = StaffUser(
        username=username,
        password_hash=password_hash,
        role=role,
        personal_index=runtime.cipher.blind_index(person.digits) if person else None,
        created_at=at,
    )
    session.add(row)
    session.flush()
    if person is not None:
        row.personal_encrypted = runtime.cipher.encrypt(
            person.digits.encode(), context=_PERSONAL_CONTEXT, subject=f"staff:{row.id}"
        )
        session.flush()
    audit_log.append(session, f"staff:{row.id}", "staff.added", actor=OPERATOR, at=at, data={"role": str(role)})
    return row.id


def log_in_staff(runtime: Runtime, username: str, password: str, *, instead_of: str = "") -> str:
    """A new session's token; LoginRefused when the two do not belong together. The session *instead_of* ends.

    The session may still await a second factor, and opens nothing until that is shown.
    """
    with runtime.database.transaction() as session:
        by_name = sa.select(StaffUser).where(StaffUser.username == username).with_for_update()
        user = session.scalar(by_name) if username.isprintable() else None  # the database takes no NUL
        matches = passwords.matches(user.password_hash if user else None, password)
        if user is not None and may_try(user, runtime):
            if matches and user.password_hash is not None:
                user.password_hash = passwords.renewed(user.password_hash, password)
                sessions.end(runtime, instead_of)
                awaits = _awaited(user, runtime)
                if awaits is None:
                    note_log_in(session, runtime, user)
                return sessions.open_for_staff(session, runtime, user.id, LoginMethod.PASSWORD, awaits=awaits)
            count_failure(session, runtime, user)
    raise LoginRefused


def change_password(runtime: Runtime, caller: Caller, current: str, new: str) -> str:
    """Give the caller a new password and a new session, whose token is returned; every other one ends.

    Raises PasswordRefused, InvalidInput when *current* is not the password.
    """
    with runtime.database.transaction() as session:
        user = lock_user(session, caller)
        right = may_try(user, runtime) and passwords.matches(user.password_hash, current)
        if right:
            user.password_hash = passwords.hashed(new, username=user.username)
            sessions.end_all_of(session, runtime, user.id)
            note(session, runtime, user, "staff.password_changed", actor=caller.actor)
            return sessions.open_for_staff(session, runtime, user.id, LoginMethod.PASSWORD)
        if may_try(user, runtime):
            count_failure(session, runtime, user)
    raise InvalidInput(errors=(FieldError("/current", _WRONG),))


def has_password(runtime: Runtime, caller: Caller) -> bool:
    """Whether the caller can log in by password."""
    with runtime.database.transaction() as session:
        return lock_user(session, caller).password_hash is not None


def list_staff(runtime: Runtime) -> tuple[StaffView, ...]:
    """Every member of staff, by name."""
    with runtime.database.transaction() as session:
        return tuple(map(_view, session.scalars(sa.select(StaffUser).order_by(StaffUser.username))))


def set_role(runtime: Runtime, username: str, role: Role) -> None:
    """Give a member of staff another role; open sessions end. NotFound when there is none."""
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.role = role
        sessions.end_all_of(session, runtime, user.id)
        note(session, runtime, user, "staff.role_changed", actor=OPERATOR, role=str(role))


def set_authority(runtime: Runtime, username: str, limit: Money | None) -> None:
    """Set the highest limit that a member of staff gives alone (rule D8) within the role's level; None: that level's.

    NotFound when there is none.
    """
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.authority_ore = None if limit is None else limit.ore
        noted = "level" if limit is None else str(limit)
        note(session, runtime, user, "staff.authority_changed", actor=OPERATOR, limit=noted)


def set_password(runtime: Runtime, username: str, password: str) -> None:
    """Give a member of staff a new password; open sessions end. Raises NotFound, PasswordRefused."""
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.password_hash = passwords.hashed(password, username=username)
        user.failed_attempts, user.locked_until = 0, None
        sessions.end_all_of(session, runtime, user.id)
        note(session, runtime, user, "staff.password_reset", actor=OPERATOR)


def disable(runtime: Runtime, username: str) -> None:
    """Close an account and end its sessions. NotFound when there is none."""
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.disabled_at = user.disabled_at or runtime.wall.now()
        sessions.end_all_of(session, runtime, user.id)
        note(session, runtime, user, "staff.disabled", actor=OPERATOR)


def enable(runtime: Runtime, username: str) -> None:
    """Open a closed or locked account. NotFound when there is none."""
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.disabled_at = user.locked_until = None
        user.failed_attempts = 0
        note(session, runtime, user, "staff.enabled", actor=OPERATOR)


def reset_second_factor(runtime: Runtime, username: str) -> None:
    """Forget a member of staff's second factor and recovery codes; open sessions end. NotFound when there is none."""
    with runtime.database.transaction() as session:
        user = _by_name(session, username)
        user.second_factor_encrypted = user.enrolment_encrypted = user.second_factor_step = None
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.staff_user_id == user.id))
        sessions.end_all_of(session, runtime, user.id)
        note(session, runtime, user, "staff.second_factor_reset", actor=OPERATOR)


def lock_user(session: Session, caller: Caller) -> StaffUser:
    """The caller's own account, held to the end of the transaction; LoginRequired when it has been closed."""
    user = session.get(StaffUser, caller.staff_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at:
        raise LoginRequired
    return user


def is_same_person(session: Session, caller: Caller, *actors: str) -> bool:
    """Whether *caller* is one of *actors*, as the audit log names them, by this account or another of the same person.

    Four eyes are those of two persons, however many accounts there are.
    """
    if caller.actor in actors:
        return True
    ids = [actor.removeprefix(_STAFF) for actor in actors if actor.startswith(_STAFF)]
    if caller.own_index is None or not ids:
        return False
    same = sa.select(StaffUser.id).where(
        sa.cast(StaffUser.id, sa.Text).in_(ids), StaffUser.personal_index == caller.own_index
    )
    return session.scalar(same.limit(1)) is not None


def may_try(user: StaffUser, runtime: Runtime) -> bool:
    """Whether the account is neither closed nor locked for a while."""
    locked = user.locked_until is not None and user.locked_until > runtime.wall.now()
    return not user.disabled_at and not locked


def count_failure(session: Session, runtime: Runtime, user: StaffUser) -> None:
    """Count a wrong password or code; the last of five in a row locks the account for a while."""
    user.failed_attempts += 1
    if user.failed_attempts >= ATTEMPTS_BEFORE_LOCK:
        user.failed_attempts, user.locked_until = 0, runtime.wall.now() + LOCKED_FOR
    note(session, runtime, user, "staff.login_failed", actor="anonymous")


def note_log_in(session: Session, runtime: Runtime, user: StaffUser) -> None:
    """Note that the user is in, and begin a new count of failures."""
    user.failed_attempts, user.locked_until = 0, None
    note(session, runtime, user, "staff.logged_in", actor=f"staff:{user.id}")


def note(session: Session, runtime: Runtime, user: StaffUser, action: str, *, actor: str, **data: str) -> None:
    """Note *action* in the account's chain of the audit log."""
    audit_log.append(session, f"staff:{user.id}", action, actor=actor, at=runtime.clock.now(), data=data)


def _awaited(user: StaffUser, runtime: Runtime) -> Awaited | None:
    if user.second_factor_encrypted is not None:
        return Awaited.SECOND_FACTOR
    return Awaited.ENROLMENT if runtime.settings.staff.second_factor_required else None


def _by_name(session: Session, username: str) -> StaffUser:
    user = session.scalar(sa.select(StaffUser).where(StaffUser.username == username).with_for_update())
    if user is None:
        raise NotFound
    return user


def _view(user: StaffUser) -> StaffView:
    return StaffView(
        user.username,
        Role(user.role),
        has_password=user.password_hash is not None,
        has_second_factor=user.second_factor_encrypted is not None,
        disabled_at=user.disabled_at,
    )
