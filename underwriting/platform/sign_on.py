"""Staff who sign on by the lender's identity provider: who they are here, and what they may."""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import LoginMethod, Role
from underwriting.platform import sessions
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import note, note_log_in
from underwriting.platform.staff_settings import SignOnSettings

_LONGEST_USERNAME = 200


class NotOfTheStaff(NotPermitted):
    """The identity provider knows the person; here they have no account, a closed one, or no role."""

    slug = "not-of-the-staff"
    title = Text(
        "Du har inget konto här, eller ingen roll; be administratören om det",
        "You have no account here, or no role; ask the administrator for one",
    )


def log_in_by_sign_on(
    runtime: Runtime, settings: SignOnSettings, claims: Mapping[str, Any], *, instead_of: str = ""
) -> str:
    """A new session's token for whoever the provider's *claims* are about; the session *instead_of* ends.

    An account is found by the provider's own name for the person. The first time it is one of the same username that no
    other person has signed on to, or a new one where the settings allow that. Raises NotOfTheStaff.
    """
    role = _role(settings, claims)
    with runtime.database.transaction() as session:
        user = _find(session, settings, claims) or _provision(session, runtime, settings, claims, role)
        if user is None or user.disabled_at:
            raise NotOfTheStaff
        if role is not None and user.role != role:
            user.role = role
            sessions.end_all_of(session, runtime, user.id)
            note(session, runtime, user, "staff.role_changed", actor="identity-provider", role=str(role))
        sessions.end(runtime, instead_of)
        note_log_in(session, runtime, user)
        return sessions.open_for_staff(session, runtime, user.id, LoginMethod.SIGN_ON)


def _role(settings: SignOnSettings, claims: Mapping[str, Any]) -> Role | None:
    """The role that the claims give, None where the settings leave it to the account. Raises NotOfTheStaff."""
    if not settings.roles:
        return None
    told = claims.get(settings.role_claim)
    values = told if isinstance(told, list) else [told]
    found = next((role for value, role in settings.roles.items() if value in values), None)
    if found is None:
        raise NotOfTheStaff
    return found


def _find(session: Session, settings: SignOnSettings, claims: Mapping[str, Any]) -> StaffUser | None:
    signed_on = sa.and_(StaffUser.sign_on_issuer == settings.issuer, StaffUser.sign_on_subject == claims["sub"])
    user = session.scalar(sa.select(StaffUser).where(signed_on).with_for_update())
    if user is not None:
        return user
    unclaimed = sa.and_(StaffUser.username == _username(settings, claims), StaffUser.sign_on_subject.is_(None))
    user = session.scalar(sa.select(StaffUser).where(unclaimed).with_for_update())
    if user is not None:
        user.sign_on_issuer, user.sign_on_subject = settings.issuer, claims["sub"]
    return user


def _provision(
    session: Session, runtime: Runtime, settings: SignOnSettings, claims: Mapping[str, Any], role: Role | None
) -> StaffUser | None:
    username = _username(settings, claims)
    taken = session.scalar(sa.select(StaffUser.id).where(StaffUser.username == username)) is not None
    if not settings.provision or role is None or taken:
        return None
    user = StaffUser(
        id=uuid.uuid4(),
        username=username,
        role=role,
        created_at=runtime.clock.now(),
        sign_on_issuer=settings.issuer,
        sign_on_subject=claims["sub"],
    )
    session.add(user)
    session.flush()
    note(session, runtime, user, "staff.added", actor="identity-provider", role=str(role))
    return user


def _username(settings: SignOnSettings, claims: Mapping[str, Any]) -> str:
    username = claims.get(settings.username_claim)
    if not isinstance(username, str) or not 1 <= len(username) <= _LONGEST_USERNAME or not username.isprintable():
        raise NotOfTheStaff
    return username
