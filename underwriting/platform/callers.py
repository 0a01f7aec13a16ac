"""Who is asking, as the rest of the service is told."""

import uuid
from dataclasses import dataclass

from flask import g

from underwriting.kernel.errors import LoginRequired, NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Awaited, Role, Scope


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
    Whoever has a right password and not shown yet what the session *awaits* has no role.
    """

    actor: str
    role: Role | None = None
    person_index: bytes | None = None
    draft_secret_hash: bytes | None = None
    username: str | None = None
    own_index: bytes | None = None
    staff_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    awaits: Awaited | None = None
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
