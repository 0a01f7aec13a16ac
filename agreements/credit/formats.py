"""A signing rule as JSON (rule S2). What was kept before rules had alternatives is one: all of those named."""

from collections.abc import Mapping, Sequence
from typing import Any

from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.signing_rule import Alternative, RoleSeats, RuleSource, Signatory, SignatoryRole, SigningRule


def signing_rule_to_json(rule: SigningRule) -> dict[str, Any]:
    """The members that keep *rule*; `signing_rule` names everybody, as it always has."""
    return {
        "signing_rule": [
            {
                "personal_number": one.person.digits,
                "name": one.name,
                "email": one.email,
                "roles": sorted(one.roles),
            }
            for one in rule.signatories
        ],
        "signing_alternatives": [
            {
                "persons": sorted(person.digits for person in one.persons),
                "seats": [{"role": str(seat.role), "count": seat.count} for seat in one.seats],
                "day_to_day": one.day_to_day,
            }
            for one in rule.alternatives
        ],
        "signing_source": str(rule.source),
        "signing_checked": rule.checked,
        "signing_wording": rule.wording,
    }


def signing_rule_from_json(content: Mapping[str, Any]) -> SigningRule:
    """The rule in *content*, of either form."""
    signatories = tuple(_signatory(one) for one in content["signing_rule"])
    if "signing_alternatives" not in content:
        return SigningRule.jointly(signatories)
    return SigningRule(
        signatories,
        tuple(_alternatives(content["signing_alternatives"])),
        RuleSource(content["signing_source"]),
        content["signing_checked"],
        content["signing_wording"],
    )


def _signatory(one: Mapping[str, Any]) -> Signatory:
    roles = frozenset(SignatoryRole(role) for role in one.get("roles", ()))
    return Signatory(PersonalNumber(one["personal_number"]), one["name"], one["email"], roles)


def _alternatives(kept: Sequence[Mapping[str, Any]]) -> list[Alternative]:
    return [
        Alternative(
            frozenset(PersonalNumber(digits) for digits in one["persons"]),
            tuple(RoleSeats(SignatoryRole(seat["role"]), seat["count"]) for seat in one["seats"]),
            one["day_to_day"],
        )
        for one in kept
    ]
