"""The second factor of staff: a code of an authenticator app, or once each a recovery code (RFC 6238).

1. Enrolling makes a secret of 160 bits, which is kept encrypted and counts for nothing until a code confirms it.
2. Confirming gives ten recovery codes, shown once and kept as hashes; those of an earlier factor are forgotten.
3. A code counts for its own half minute and the one before and after it, and never again once it was used.
4. Whoever has a factor sets up another one only when all the way in, and by the password once more: neither a stolen
   password nor a browser that was left open is enough.
5. A wrong code counts as a wrong password does; a right one makes a new session in place of the one that awaited it.
"""

import hmac
import secrets
from dataclasses import dataclass

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import LoginRequired, NotFound
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import LoginMethod
from underwriting.platform import passwords, sessions
from underwriting.platform.callers import Caller
from underwriting.platform.models import RecoveryCode, StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.sessions import token_hash
from underwriting.platform.staff_accounts import count_failure, lock_user, may_try, note, note_log_in

RECOVERY_CODES = 10
ISSUER = "Borgen"
_STEP_SECONDS = 30
_CONTEXT = "staff_user.second_factor"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else


class CodeRefused(LoginRequired):
    """The code is not the second factor's now, was used, or the account is locked for a while."""

    slug = "code-refused"
    title = Text(
        "Koden eller lösenordet stämmer inte, koden har redan använts, eller så är kontot tillfälligt låst",
        "The code or the password is wrong, the code has been used, or the account is locked for a while",
    )


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is given: *uri* as a QR code, or *secret* typed in, in base 32."""

    uri: str
    secret: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A factor that counts from now on; *token* is the new session's where one awaited it."""

    recovery_codes: tuple[str, ...]
    token: str


def begin(runtime: Runtime, caller: Caller) -> Enrolment:
    """What the caller enrols with: the same until it is confirmed. LoginRequired for who has still to show a factor."""
    with runtime.database.transaction() as session:
        user = lock_user(session, caller)
        _require_no_other(user, caller)
        if user.enrolment_encrypted is None:
            user.enrolment_encrypted = runtime.cipher.encrypt(
                pyotp.random_base32().encode(), context=_CONTEXT, subject=f"staff:{user.id}"
            )
        secret = _opened(runtime, user.enrolment_encrypted)
        return Enrolment(pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER), secret)


def confirm(runtime: Runtime, caller: Caller, code: str, *, password: str = "") -> Confirmed:
    """Let the enrolled factor count, and the caller in by a new session. Raises CodeRefused, LoginRequired, NotFound.

    Whoever is all the way in gives the *password* again, where there is one.
    """
    with runtime.database.transaction() as session:
        user = lock_user(session, caller)
        _require_no_other(user, caller)
        if user.enrolment_encrypted is None:
            raise NotFound
        step = _step_of(runtime, user.enrolment_encrypted, code, after=None) if may_try(user, runtime) else None
        if step is not None and _is_known_again(user, caller, password):
            user.second_factor_encrypted, user.enrolment_encrypted = user.enrolment_encrypted, None
            user.second_factor_step = step
            note(session, runtime, user, "staff.second_factor_enrolled", actor=caller.actor)
            return Confirmed(_new_codes(session, user), _let_in(session, runtime, user, caller))
        _count(session, runtime, user)
    raise CodeRefused


def pass_code(runtime: Runtime, caller: Caller, code: str) -> str:
    """The token of the session that takes the place of the caller's, which awaited the *code*.

    Raises CodeRefused, and LoginRequired for a session that awaits none.
    """
    if caller.awaits is None:
        raise LoginRequired
    with runtime.database.transaction() as session:
        user = lock_user(session, caller)
        if may_try(user, runtime) and (_pass_app(runtime, user, code) or _pass_recovery(session, runtime, user, code)):
            return _let_in(session, runtime, user, caller)
        _count(session, runtime, user)
    raise CodeRefused


def recovery_codes_left(runtime: Runtime, caller: Caller) -> int:
    """How many recovery codes the caller has not used."""
    unused = sa.select(sa.func.count()).where(
        RecoveryCode.staff_user_id == caller.staff_id, RecoveryCode.used_at.is_(None)
    )
    with runtime.database.transaction() as session:
        return session.execute(unused).scalar_one()


def is_enrolled(runtime: Runtime, caller: Caller) -> bool:
    """Whether the caller has a second factor."""
    with runtime.database.transaction() as session:
        return lock_user(session, caller).second_factor_encrypted is not None


def _require_no_other(user: StaffUser, caller: Caller) -> None:
    if caller.awaits is not None and user.second_factor_encrypted is not None:
        raise LoginRequired


def _is_known_again(user: StaffUser, caller: Caller, password: str) -> bool:
    if caller.awaits is not None or user.password_hash is None:
        return True
    return passwords.matches(user.password_hash, password)


def _pass_app(runtime: Runtime, user: StaffUser, code: str) -> bool:
    if user.second_factor_encrypted is None:
        return False
    step = _step_of(runtime, user.second_factor_encrypted, code, after=user.second_factor_step)
    user.second_factor_step = step or user.second_factor_step
    return step is not None


def _pass_recovery(session: Session, runtime: Runtime, user: StaffUser, code: str) -> bool:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    used = (
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.staff_user_id == user.id,
            RecoveryCode.code_hash == token_hash(plain),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=runtime.wall.now())
        .returning(RecoveryCode.id)
    )
    if session.execute(used).first() is None:
        return False
    note(session, runtime, user, "staff.recovery_code_used", actor=f"staff:{user.id}")
    return True


def _step_of(runtime: Runtime, encrypted: bytes, code: str, *, after: int | None) -> int | None:
    """The half minute, of this one and its neighbours and later than *after*, whose code *code* is."""
    typed = "".join(code.split())
    totp, now = pyotp.TOTP(_opened(runtime, encrypted)), int(runtime.wall.now().timestamp()) // _STEP_SECONDS
    fitting = [
        step
        for step in (now - 1, now, now + 1)
        if hmac.compare_digest(totp.at(step * _STEP_SECONDS).encode(), typed.encode())
    ]
    return next((step for step in fitting if after is None or step > after), None)


def _opened(runtime: Runtime, encrypted: bytes) -> str:
    return runtime.cipher.decrypt(encrypted, context=_CONTEXT).decode()


def _new_codes(session: Session, user: StaffUser) -> tuple[str, ...]:
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.staff_user_id == user.id))
    plain = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(staff_user_id=user.id, code_hash=token_hash(code)) for code in plain)
    return tuple("-".join(code[place : place + 4] for place in range(0, 16, 4)) for code in plain)


def _let_in(session: Session, runtime: Runtime, user: StaffUser, caller: Caller) -> str:
    if caller.session_id is not None:
        sessions.end_one(session, runtime, caller.session_id)
    note_log_in(session, runtime, user)
    return sessions.open_for_staff(session, runtime, user.id, LoginMethod.PASSWORD)


def _count(session: Session, runtime: Runtime, user: StaffUser) -> None:
    if may_try(user, runtime):
        count_failure(session, runtime, user)
