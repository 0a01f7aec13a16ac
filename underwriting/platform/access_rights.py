"""What a call asks of whoever makes it."""

from dataclasses import dataclass

from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform.authentication import Caller


@dataclass(frozen=True, slots=True)
class Access:
    """Who may make one call: *anyone*, or whoever is one of the others.

    *persons* are identified by BankID, *drafts* are whoever shows a draft's secret; what is theirs the service says.
    *clients* are machine clients of whatever scopes; *halfway* are staff who have a right password and have still to
    show a second factor.
    """

    anyone: bool = False
    persons: bool = False
    drafts: bool = False
    halfway: bool = False
    clients: bool = False
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None

    def admits(self, caller: Caller) -> bool:
        """Whether *caller* may make the call. A machine client may make those of its scopes, and those without any."""
        if caller.client_id is not None and self.scope is not None:
            return self.scope in caller.scopes
        return (
            self.anyone
            or (self.clients and caller.client_id is not None)
            or (self.persons and caller.person_index is not None)
            or (self.drafts and caller.draft_secret_hash is not None)
            or (self.halfway and caller.awaits is not None)
            or caller.role in self.roles
        )


def staff(
    *roles: Role, persons: bool = False, drafts: bool = False, halfway: bool = False, scope: Scope | None = None
) -> Access:
    """Access for staff in *roles*; an administrator may whatever any of staff may."""
    with_administrator = frozenset((*roles, Role.ADMINISTRATOR))
    return Access(persons=persons, drafts=drafts, halfway=halfway, roles=with_administrator, scope=scope)
