"""Who is asking: staff by password, persons by BankID, and the holder of a draft by its secret.

A token is 256 random bits and is kept as its SHA-256. It arrives in the `Authorization: Bearer` header (integrators) or
in a cookie (browsers); only the cookie needs a CSRF token on writes. Sessions and locks end by the machine's clock:
test time may stand still, or be moved by a month.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import LoginRequired, NotPermitted
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import audit_log
from underwriting.platform.models import LoginSession, StaffUser
from underwriting.platform.runtime import Runtime

SESSION_COOKIE = "borgen_session"
DRAFT_COOKIE = "borgen_draft"
SESSION_LASTS = timedelta(hours=8)
ATTEMPTS_BEFORE_LOCK = 5
LOCKED_FOR = timedelta(minutes=15)
_PERSON_CONTEXT = "login_session.person"
_SESSION_PREFIX = "bs_"
_DRAFT_PREFIX = "bd_"

_hasher = PasswordHasher()
_NO_SUCH_USER_HASH = _hasher.hash("the time it takes must not tell whether the user exists")
csrf = CSRFProtect()


class LoginRefused(LoginRequired):
    """The username and password do not belong together, or the account is locked or closed."""

    slug = "login-refused"
    title = Text(
        "Fel användarnamn eller lösenord, eller så är kontot tillfälligt låst",
        "Wrong username or password, or the account is locked for a while",
    )


class RoleMissing(NotPermitted):
    """The member of staff has another role than this call needs."""

    slug = "role-missing"
    title = Text("Din roll har inte behörighet till detta", "Your role does not permit this")


class ScopeMissing(NotPermitted):
    """The machine client has not been allowed this call."""

    slug = "scope-missing"
    title = Text("Klienten har inte behörighet till detta", "The client has no scope for this")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends the request. *actor* names the caller in audit log and idempotency keys, without personal data.

    *own_index* is who a member of staff is, so that nobody decides on themselves (rule D8): it opens nothing.
    """

    actor: str
    role: Role | None = None
    person_index: bytes | None = None
    draft_secret_hash: bytes | None = None
    username: str | None = None
    own_index: bytes | None = None
    client_id: uuid.UUID | None = None
    scopes: frozenset[Scope] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Whether the caller is logged in as staff."""
        return self.role is not None

    def has(self, *roles: Role, scope: Scope | None = None) -> bool:
        """Whether the caller has one of *roles*, of which an administrator has all, or the *scope*."""
        return self.role in (*roles, Role.ADMINISTRATOR) or (scope is not None and scope in self.scopes)

    def require(self, *roles: Role, scope: Scope | None = None) -> None:
        """Raise LoginRequired, RoleMissing or ScopeMissing unless the caller `has` one of *roles* or the *scope*."""
        if self.has(*roles, scope=scope):
            return
        if self.client_id is not None:
            raise ScopeMissing
        raise RoleMissing if self.is_staff else LoginRequired

    def require_person(self) -> bytes:
        """The blind index of the person, who must be identified by BankID."""
        if self.person_index is None:
            raise LoginRequired
        return self.person_index


ANONYMOUS = Caller(actor="anonymous")


def current_caller() -> Caller:
    """The caller of the request under way."""
    caller: Caller = g.caller
    return caller


def new_draft_secret() -> tuple[str, bytes]:
    """A secret that opens one draft, and the hash that is kept of it."""
    token = _DRAFT_PREFIX + secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


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
    """Add a member of staff; *person* is who the user is, so that nobody decides on themselves."""
    row = StaffUser(
        username=username,
        password_hash=_hasher.hash(password),
        role=role,
        personal_index=runtime.cipher.blind_index(person.digits) if person else None,
        created_at=at,
    )
    session.add(row)
    session.flush()
    audit_log.append(session, f"staff:{row.id}", "staff.added", actor="operator", at=at, data={"role": str(role)})
    return row.id


def log_in_staff(runtime: Runtime, username: str, password: str) -> str:
    """A new session's token; LoginRefused when the two do not belong together. Five failures lock it a while.

    While it is locked nothing is counted: the account opens when the while is over, whoever has tried.
    """
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        by_name = sa.select(StaffUser).where(StaffUser.username == username).with_for_update()
        user = session.scalar(by_name) if username.isprintable() else None  # the database takes no NUL
        matches = _matches(user.password_hash if user else _NO_SUCH_USER_HASH, password)
        if user is not None and not user.disabled_at and not _is_locked(user, runtime):
            if matches:
                user.failed_attempts, user.locked_until = 0, None
                audit_log.append(session, f"staff:{user.id}", "staff.logged_in", actor=f"staff:{user.id}", at=at)
                return _new_session(session, runtime, staff_user_id=user.id)
            _count_failure(session, runtime, user, at)
    raise LoginRefused


def log_in_person(session: Session, runtime: Runtime, person: PersonalNumber) -> str:
    """A new session's token for *person*, whom BankID has just identified."""
    own = f"login_session:{uuid.uuid4()}"  # names the key of this session alone; the value names it in its turn
    sealed = runtime.cipher.encrypt(person.digits.encode(), context=_PERSON_CONTEXT, subject=own)
    index = runtime.cipher.blind_index(person.digits)
    return _new_session(session, runtime, person_index=index, person_encrypted=sealed)


def caller_of_session(runtime: Runtime, token: str) -> Caller | None:
    """Whose session *token* is; None when it has ended or run out, or the account is closed."""
    with runtime.database.transaction() as session:
        row = session.execute(
            sa.select(LoginSession, StaffUser)
            .outerjoin(StaffUser, StaffUser.id == LoginSession.staff_user_id)
            .where(
                LoginSession.token_hash == token_hash(token),
                LoginSession.ended_at.is_(None),
                LoginSession.expires_at > runtime.wall.now(),
                StaffUser.disabled_at.is_(None),
            )
        ).one_or_none()
    if row is None:
        return None
    login, user = row
    if user is not None:
        return Caller(f"staff:{user.id}", Role(user.role), username=user.username, own_index=user.personal_index)
    return Caller(f"person:{login.person_index.hex()[:16]}", person_index=login.person_index)


def log_out(runtime: Runtime, token: str) -> None:
    """End the session of *token*; nothing happens when there is none."""
    with runtime.database.transaction() as session:
        session.execute(
            sa.update(LoginSession)
            .where(LoginSession.token_hash == token_hash(token), LoginSession.ended_at.is_(None))
            .values(ended_at=runtime.wall.now())
        )


def set_cookie(response: BaseResponse, name: str, token: str) -> None:
    """Give *token* to the browser: not readable by scripts, not sent from other sites."""
    response.set_cookie(
        name, token, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"], path="/"
    )


def register(app: Flask, runtime: Runtime) -> None:
    """Find out who asks before every request, and require a CSRF token where a cookie says who it is."""
    csrf.init_app(app)

    @app.before_request
    def identify() -> None:
        g.caller = ANONYMOUS  # for the page that tells the problem, should the database not answer
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        token = credentials.strip() if scheme.lower() == "bearer" else None
        g.caller = _caller_of(runtime, token, request.cookies.get(SESSION_COOKIE), request.cookies.get(DRAFT_COOKIE))
        from_a_page = not request.path.startswith("/v1/")
        by_cookie = token is None and (SESSION_COOKIE in request.cookies or DRAFT_COOKIE in request.cookies)
        if request.method not in ("GET", "HEAD", "OPTIONS") and (from_a_page or by_cookie):
            csrf.protect()


def _caller_of(runtime: Runtime, bearer: str | None, session_cookie: str | None, draft_cookie: str | None) -> Caller:
    tokens = [bearer] if bearer is not None else [session_cookie, draft_cookie]
    secret = next((token_hash(token) for token in tokens if token and token.startswith(_DRAFT_PREFIX)), None)
    session_token = next((token for token in tokens if token and token.startswith(_SESSION_PREFIX)), None)
    caller = caller_of_session(runtime, session_token) if session_token else None
    if caller is None:
        return Caller(actor=f"draft:{secret.hex()[:16]}", draft_secret_hash=secret) if secret else ANONYMOUS
    return replace(caller, draft_secret_hash=secret)


def _new_session(
    session: Session,
    runtime: Runtime,
    *,
    staff_user_id: uuid.UUID | None = None,
    person_index: bytes | None = None,
    person_encrypted: bytes | None = None,
) -> str:
    token, now = _SESSION_PREFIX + secrets.token_urlsafe(32), runtime.wall.now()
    session.add(
        LoginSession(
            token_hash=token_hash(token),
            staff_user_id=staff_user_id,
            person_index=person_index,
            person_encrypted=person_encrypted,
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    session.flush()
    return token


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _is_locked(user: StaffUser, runtime: Runtime) -> bool:
    return user.locked_until is not None and user.locked_until > runtime.wall.now()


def _count_failure(session: Session, runtime: Runtime, user: StaffUser, at: datetime) -> None:
    user.failed_attempts += 1
    if user.failed_attempts >= ATTEMPTS_BEFORE_LOCK:
        user.failed_attempts, user.locked_until = 0, runtime.wall.now() + LOCKED_FOR
    audit_log.append(session, f"staff:{user.id}", "staff.login_failed", actor="anonymous", at=at)
