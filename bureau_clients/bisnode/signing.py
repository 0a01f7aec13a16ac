"""The right to sign for a company, by the answer of Bisnode's *Nordic right to sign*.

Its rules name groups, its signatories name the groups they belong to: alone, one of the group signs; jointly, as many
of each group as it says, all different. Any other rule is left to a person: one with groups within groups, one that
the service has not interpreted whole, one with more ways to sign than anybody reads. The answer is described publicly
only by the service's pseudo-code for such rules and by others' clients.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import comb, prod
from typing import Any

from bureau_clients.bisnode.formats import Unreadable, count, digits, has, items, member, text
from bureau_clients.reports import Coverage, Signatory, SigningRight

_COMPLETE = "COMPLETE"
_MOST_WAYS = 200
_MOST_RULES = 50
_MOST_SIGNATORIES = 500
_Way = tuple[Signatory, ...]


def signing_right(document: Mapping[str, Any]) -> SigningRight:
    """What *document* says. Raises Unreadable where it tells neither the registered text nor a rule."""
    wording = _wording(document)
    rules = items(member(document, "signingRules")) if has(document, "signingRules") else ()
    if not wording and not rules:
        raise Unreadable("tells nothing")
    ways: list[_Way] = []
    is_complete = _is_complete(document) and not _issues(document) and len(rules) <= _MOST_RULES
    for rule in rules[:_MOST_RULES]:
        try:
            ways += _ways(rule, document)
        except Unreadable:
            is_complete = False
    ways = list(dict.fromkeys(ways))
    if len(ways) > _MOST_WAYS:
        ways, is_complete = ways[:_MOST_WAYS], False
    coverage = Coverage.NONE if not ways else Coverage.COMPLETE if is_complete else Coverage.PARTIAL
    return SigningRight(text=wording, alternatives=tuple(ways), coverage=coverage)


def registered_text(document: Mapping[str, Any]) -> SigningRight:
    """What the company's own report says of it: the registered text, which a person reads. Raises Unreadable."""
    wording = text(member(document, "management", "boardMembers", "authorizedSignatory"))
    return SigningRight(text=wording, alternatives=(), coverage=Coverage.NONE)


def company_number(document: Mapping[str, Any]) -> str | None:
    """The number of the company that *document* is about, None where it does not tell. Raises Unreadable."""
    if not has(document, "company") or not has(document["company"], "registrationNumber"):
        return None
    return digits(document["company"]["registrationNumber"])


def _wording(document: Mapping[str, Any]) -> str:
    return text(document["signingAuthorityDescription"]) if document.get("signingAuthorityDescription") else ""


def _issues(document: Mapping[str, Any]) -> bool:
    return has(document, "signingIssues") and bool(items(document["signingIssues"]))


def _is_complete(interpreted: Any) -> bool:
    """Whether the service says that it has interpreted this whole."""
    return has(interpreted, "interpretationLevel") and interpreted["interpretationLevel"] == _COMPLETE


def _ways(rule: Any, document: Mapping[str, Any]) -> list[_Way]:
    if has(rule, "interpretationLevel") and not _is_complete(rule):
        raise Unreadable("not interpreted")
    name = member(rule, "id")
    groups = [
        _Group.read(group, _members(document, name, member(group, "id")))
        for group in items(member(rule, "signatoryGroups"))
    ]
    match member(rule, "code"):
        case "ALONE" if groups and all(group.quantity == 1 for group in groups):
            return [(signatory,) for group in groups for signatory in group.members]
        case "JOINTLY" if groups:
            return list(_together(groups))
    raise Unreadable("another rule")


class _Group:
    """Those of whom *quantity* sign."""

    def __init__(self, members: Sequence[Signatory], quantity: int) -> None:
        self.members = members
        self.quantity = quantity

    @classmethod
    def read(cls, group: Any, members: Sequence[Signatory]) -> "_Group":
        """The group of *members*, told in *group*. Raises Unreadable."""
        if (has(group, "interpretationLevel") and not _is_complete(group)) or (
            has(group, "subGroups") and items(member(group, "subGroups"))
        ):
            raise Unreadable("groups within groups")
        quantity = member(group, "quantity", "type")
        number = len(members) if quantity == "ALL" else count(member(group, "quantity", "value"))
        if quantity not in ("ALL", "VALUE") or not 1 <= number <= len(members):
            raise Unreadable("not so many")
        return cls(members, number)


def _together(groups: Sequence[_Group]) -> Iterator[_Way]:
    if prod(comb(len(group.members), group.quantity) for group in groups) > _MOST_WAYS:
        raise Unreadable("too many ways")
    for choice in product(*(combinations(group.members, group.quantity) for group in groups)):
        way = tuple(signatory for chosen in choice for signatory in chosen)
        if len(set(way)) == len(way):
            yield way


def _members(document: Mapping[str, Any], rule: Any, group: Any) -> list[Signatory]:
    listed = [who for name in ("signatories", "coSignatories") if has(document, name) for who in items(document[name])]
    if len(listed) > _MOST_SIGNATORIES:
        raise Unreadable("too many signatories")
    return list(dict.fromkeys(_signatory(who) for who in listed if _belongs(who, rule, group)))


def _belongs(who: Any, rule: Any, group: Any) -> bool:
    for right in items(member(who, "signingRights")) if has(who, "signingRights") else ():
        named = next((right[name] for name in ("signatoryGroupId", "groupId") if has(right, name)), None)
        if has(right, "ruleId") and right["ruleId"] == rule and named == group:
            return True
    return False


def _signatory(who: Any) -> Signatory:
    name = member(who, "name")
    if isinstance(name, dict):
        parts = ("fullName",) if has(name, "fullName") else ("firstName", "lastName")
        name = " ".join(text(member(name, part)) for part in parts)
    number = digits(who["nationalIdentificationNumber"]) if has(who, "nationalIdentificationNumber") else None
    roles = tuple(text(member(role, "description")) for role in items(who["roles"])) if has(who, "roles") else ()
    return Signatory(name=text(name), number=number, roles=roles)
