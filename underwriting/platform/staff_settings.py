"""The settings of how staff log in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from underwriting.kernel.vocabulary import Role
from underwriting.platform.environment import EnvironmentReader, Secret, fault_of_address

_LONGEST_IDLE_MINUTES = 480


@dataclass(frozen=True, slots=True)
class SignOnSettings:
    """The lender's identity provider, by OpenID Connect.

    *roles* says which value of the claim *role_claim* gives which role, the first that fits; without any the role is
    what it is here. *provision* lets in whoever has such a value and is not there yet. Users go by *username_claim*.
    *acr* is how the provider names the way of logging in that it has to have used; None leaves that to it.
    """

    issuer: str
    client_id: str
    client_secret: Secret[str]
    ca: Path | None
    username_claim: str
    role_claim: str
    roles: Mapping[str, Role]
    provision: bool
    acr: str | None = None


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """Whether everyone who logs in by password needs a second factor, and after how long a rest a session ends."""

    second_factor_required: bool
    idle: timedelta
    sign_on: SignOnSettings | None


def read_staff(reader: EnvironmentReader) -> StaffSettings:
    """STAFF_SECOND_FACTOR (required unless it says optional), STAFF_IDLE_MINUTES (30), and OIDC_* where there are."""
    second_factor = reader.word("STAFF_SECOND_FACTOR", among=("required", "optional"), default="required")
    minutes = reader.whole("STAFF_IDLE_MINUTES", least=1, most=_LONGEST_IDLE_MINUTES, default=30)
    issuer = reader.optional_text("OIDC_ISSUER")  # as it calls itself, with a slash at its end or without
    if issuer and (fault := fault_of_address(issuer)):
        reader.refuse("OIDC_ISSUER", fault)
    return StaffSettings(
        second_factor_required=second_factor == "required",
        idle=timedelta(minutes=minutes),
        sign_on=_sign_on(reader, issuer) if issuer else None,
    )


def _sign_on(reader: EnvironmentReader, issuer: str) -> SignOnSettings:
    roles = _roles(reader)
    provision = reader.flag("OIDC_PROVISION")
    if provision and not roles:
        reader.refuse("OIDC_PROVISION", "needs OIDC_ROLES, which says who gets which role")
    return SignOnSettings(
        issuer=issuer,
        client_id=reader.text("OIDC_CLIENT_ID"),
        client_secret=reader.secret("OIDC_CLIENT_SECRET"),
        ca=reader.optional_file("OIDC_CA"),
        username_claim=reader.text("OIDC_USERNAME_CLAIM", "preferred_username"),
        role_claim=reader.text("OIDC_ROLE_CLAIM", "roles"),
        roles=roles,
        provision=provision,
        acr=reader.optional_text("OIDC_ACR") or None,
    )


def _roles(reader: EnvironmentReader) -> Mapping[str, Role]:
    given = reader.json_object("OIDC_ROLES")
    if not all(role in list(Role) for role in given.values()):
        reader.refuse("OIDC_ROLES", f"does not give each value one of {', '.join(Role)}")
        return {}
    return {value: Role(role) for value, role in given.items()}
