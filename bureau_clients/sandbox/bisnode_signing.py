"""The right to sign as Bisnode's *Nordic right to sign* has it: rules that name groups, and who belongs to them."""

from collections.abc import Iterator

from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.bisnode_words import FUNCTIONS, Document
from bureau_clients.sandbox.facts import Coverage, Member, Signing

_LEVELS = {Coverage.COMPLETE: "COMPLETE", Coverage.PARTIAL: "PARTIAL", Coverage.NONE: "NONE"}


def signing_document(number: str) -> Document:
    """The right to sign for the company with *number*."""
    facts = numbers.company(number)
    rules = list(_rules(facts.signing))
    members = dict.fromkeys(member for _, group in rules for member in group)
    document: Document = {
        "company": {"registrationNumber": facts.number, "name": facts.name},
        "interpretationLevel": _LEVELS[facts.signing.coverage],
        "signingRules": [_rule(position, code, group) for position, (code, group) in enumerate(rules, start=1)],
        "signatories": [_signatory(member, rules) for member in members],
        "signingIssues": [],
    }
    if facts.signing.text:
        document["signingAuthorityDescription"] = facts.signing.text
    return document


def _rules(signing: Signing) -> Iterator[tuple[str, tuple[Member, ...]]]:
    """Those who sign alone in one rule, each other alternative in one of its own."""
    alone = tuple(each[0] for each in signing.alternatives if len(each) == 1)
    if alone:
        yield "ALONE", alone
    for each in signing.alternatives:
        if len(each) > 1:
            yield "JOINTLY", each


def _rule(position: int, code: str, group: tuple[Member, ...]) -> Document:
    quantity: Document = {"type": "VALUE", "value": 1} if code == "ALONE" else {"type": "ALL", "value": len(group)}
    return {
        "id": str(position),
        "code": code,
        "interpretationLevel": "COMPLETE",
        "signatoryGroups": [{"id": f"{position}-1", "interpretationLevel": "COMPLETE", "quantity": quantity}],
    }


def _signatory(member: Member, rules: list[tuple[str, tuple[Member, ...]]]) -> Document:
    first, _, last = member.name.partition(" ")
    return {
        "name": {"firstName": first, "lastName": last, "fullName": member.name},
        "nationalIdentificationNumber": member.number,
        "roles": [{"code": str(FUNCTIONS[member.role][0]), "description": str(member.role)}],
        "signingRights": [
            {"ruleId": str(position), "signatoryGroupId": f"{position}-1"}
            for position, (_, group) in enumerate(rules, start=1)
            if member in group
        ],
    }
