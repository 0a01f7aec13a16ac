"""Reads a policy document: JSON in which amounts and rates are decimal strings, points and counts whole numbers.

The first member that is missing, unknown or malformed is refused by name. What the policy means is for `proof`.
"""

import hashlib
import json
from collections.abc import Container, Mapping
from typing import Any, NoReturn

from underwriting.decisions.policies.document import Node, Word, invalid
from underwriting.decisions.policy import (
    AccountsTerms,
    AuthorityLevel,
    Bin,
    CapacityTerms,
    Characteristic,
    Condition,
    Grade,
    Limits,
    Policy,
    PriceTerms,
)
from underwriting.decisions.pricing import fee_rate_of
from underwriting.decisions.rules import (
    KINDS,
    LIMIT_BOUNDS,
    LIMIT_REFERRALS,
    RATINGS,
    Bound,
    Card,
    HardStop,
    Looks,
    Measure,
    Quotient,
    Referral,
    Unit,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import UNDERWRITERS, CompanyForm, Role

DECLINE_CONDITION = "capacity_below_smallest_amount"
"""The only condition under which a policy may decline, hard stops apart: it reads the capacity alone (rules D2, D3)."""

_MEMBERS = (
    "version",
    "smallest_amount",
    "capacity",
    "without_accounts",
    "company_remarks_referred_from",
    "scorecards",
    "grades",
    "declines",
    "hard_stops",
    "referrals",
    "bounds",
)
_SECOND_FORMAT = 2
_SECOND_MEMBERS = ("format", "prices", "limits", "authority")

_DROP = "{revenue_drop}"
_ORE = 100  # öre in a krona


def read_policy(document: str | bytes) -> Policy:
    """The policy of a JSON document, not yet proved; raises PolicyInvalid naming the member that cannot be read."""
    try:
        content = json.loads(
            document, parse_float=_refuse_fraction, parse_constant=_refuse_fraction, object_pairs_hook=_without_repeats
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("", "Dokumentet är inte giltig JSON", "The document is not valid JSON") from error
    try:
        return _policy(Node(content, ""))
    except RecursionError as error:
        raise invalid("", "Dokumentet är för djupt nästlat", "The document is nested too deeply") from error


def _policy(document: Node) -> Policy:
    second = _is_of_second_format(document)
    root = _with_figures(document) if second else document
    at = root.members([*_MEMBERS, *(_SECOND_MEMBERS if second else ())])
    prices = _prices(at["prices"]) if second else None
    return Policy(
        version=at["version"].string(),
        sha256=hashlib.sha256(_canonical(document.value)).hexdigest(),
        smallest_amount=at["smallest_amount"].money(),
        capacity=_capacity(at["capacity"]),
        without_accounts=_accounts(at["without_accounts"]),
        company_remarks_referred_from=at["company_remarks_referred_from"].whole(),
        scorecards=_scorecards(at["scorecards"]),
        grades=tuple(_grade(each, prices) for each in at["grades"].elements()),
        decline_reason=_decline(at["declines"]),
        hard_stops=_reasons(at["hard_stops"], HardStop, rule="D10"),
        referrals=_reasons(at["referrals"], Referral, rule="D11", but=() if second else LIMIT_REFERRALS),
        bounds=_reasons(at["bounds"], Bound, rule="D11", but=() if second else LIMIT_BOUNDS),
        prices=prices,
        limits=_limits(at["limits"]) if second else None,
        authority=tuple(_authority(each) for each in at["authority"].elements()) if second else (),
    )


def _is_of_second_format(root: Node) -> bool:
    """Format 1, which says no format, has no price table, limits or authority; what decided by one is replayed so."""
    if not isinstance(root.value, dict) or "format" not in root.value:
        return False
    if root.value["format"] != _SECOND_FORMAT:
        raise invalid("/format", "Formatet är 2, eller utelämnat", "The format is 2, or left out", rule="D11")
    return True


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _with_figures(document: Node) -> Node:
    """The document with {revenue_drop} in its sentences filled in, so that they cannot disagree with the capacity."""
    capacity = document.members([*_MEMBERS, *_SECOND_MEMBERS])["capacity"].members(CapacityTerms._fields)
    drop = 1 - capacity["revenue_share"].decimal()
    digits = f"{(drop * 100).normalize():f}"
    told = {"sv": f"{digits.replace('.', ',')}\N{NO-BREAK SPACE}%", "en": f"{digits}%"}

    def filled(value: object, language: str) -> object:
        if isinstance(value, dict):
            return {name: filled(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each, "") for each in value]
        return value.replace(_DROP, told[language]) if isinstance(value, str) and language in told else value

    return Node(filled(document.value, ""), "")


def _capacity(node: Node) -> CapacityTerms:
    at = node.members(("revenue_share", "debt_months", "margin", "rounded_down_to"))
    return CapacityTerms(
        at["revenue_share"].decimal(), at["debt_months"].whole(), at["margin"].decimal(), at["rounded_down_to"].money()
    )


def _accounts(node: Node) -> AccountsTerms:
    at = node.members(("cap", "referred_when_asked_above"))
    return AccountsTerms(at["cap"].money(), at["referred_when_asked_above"].money())


def _grade(node: Node, prices: PriceTerms | None) -> Grade:
    common = ("name", "from_points", "cap", "referred")
    at = node.members((*common, "fee_rate") if prices is None else (*common, "to_points", "default_rate", "margin"))
    name, from_points, cap, referred = (
        at["name"].string(),
        at["from_points"].whole(),
        at["cap"].money(),
        at["referred"].truth(),
    )
    if prices is None:
        return Grade(name, from_points, at["fee_rate"].decimal(), cap, referred)
    default_rate, margin = at["default_rate"].decimal(), at["margin"].decimal()
    fee_rate = fee_rate_of(default_rate, prices, margin=margin)
    return Grade(name, from_points, fee_rate, cap, referred, at["to_points"].whole(), default_rate, margin)


def _prices(node: Node) -> PriceTerms:
    at = node.members(PriceTerms._fields)
    terms = PriceTerms(*(at[name].decimal() for name in PriceTerms._fields))
    if not terms.rounded_up_to:
        at["rounded_up_to"].refuse("Avrundningen är mer än 0", "The rounding is more than 0", rule="D6")
    return terms


def _limits(node: Node) -> Limits:
    at = node.members(("by_form", "exposure", "guarantor"))
    forms = at["by_form"].members(CompanyForm, rule="A1")
    exposure = at["exposure"].members(("company", "group"))
    guarantor = at["guarantor"].members(("at_risk", "promised"), rule="G6")
    return Limits(
        {form: forms[form].money() for form in CompanyForm},
        exposure["company"].money(),
        exposure["group"].money(),
        guarantor["at_risk"].money(),
        guarantor["promised"].money(),
    )


def _authority(node: Node) -> AuthorityLevel:
    at = node.members(AuthorityLevel._fields, rule="D8")
    role = at["role"].word(Role, rule="D8")
    if role not in UNDERWRITERS:
        at["role"].refuse("Rollen avgör inga ärenden", "The role determines no cases", rule="D8")
    return AuthorityLevel(role, at["largest_limit"].money(), at["fee_deviation"].decimal())


def _decline(node: Node) -> Text:
    """The reason of the one permitted decline; another condition, such as one that reads remarks, is refused."""
    first, *more = node.elements()
    at = first.members(("when", "reason"))
    conditions = [at["when"], *(each.members(("when", "reason"))["when"] for each in more)]
    for place, condition in enumerate(conditions):
        if place or condition.value != DECLINE_CONDITION:
            condition.refuse(
                f"Avslag får bara ges när {DECLINE_CONDITION}, en gång: betalförmågan avgör, aldrig anmärkningar,"
                " betyg, ålder, anställda eller tidigare omsättning",
                f"A decline may only be given when {DECLINE_CONDITION}, once: the capacity decides, never remarks,"
                " rating, age, employees or past turnover",
                rule="D2",
            )
    return at["reason"].text()


def _reasons(node: Node, words: type[Word], *, rule: str, but: Container[Word] = ()) -> Mapping[Word, Text]:
    wanted = [word for word in words if word not in but]
    return {words(name): each.text() for name, each in node.members(wanted, rule=rule).items()}


def _scorecards(node: Node) -> Mapping[Card, tuple[Characteristic, ...]]:
    at = node.members(Card)
    return {card: tuple(_characteristic(each, card) for each in at[card].elements()) for card in Card}


def _characteristic(node: Node, card: Card) -> Characteristic:
    at = node.members(("measure", "looks", "title", "bins"), ("absent", "unknown"))
    measure = at["measure"].word(Measure, rule="D17")
    if KINDS[measure].card is not card:
        at["measure"].refuse(f"Hör till {KINDS[measure].card}", f"Belongs to {KINDS[measure].card}")
    return Characteristic(
        measure,
        at["looks"].word(Looks, rule="D4"),
        at["title"].text(),
        tuple(_bin(each, KINDS[measure].unit) for each in at["bins"].elements()),
        _plain_bin(at["absent"]) if "absent" in at else None,
        _plain_bin(at["unknown"]) if "unknown" in at else None,
    )


def _bin(node: Node, unit: Unit) -> Bin:
    at = node.members(("points", "reason"), Condition, rule="D11")
    named = [condition for condition in Condition if condition in at]
    if len(named) != 1:
        node.refuse("Ett fack har exakt ett villkor", "A bin has exactly one condition", rule="D11")
    limit = _limit(at[named[0]], named[0], unit)
    return Bin(named[0], limit, at["points"].whole(), at["reason"].text())


def _plain_bin(node: Node) -> Bin:
    at = node.members(("points", "reason"), rule="D11")
    return Bin(Condition.OTHERWISE, None, at["points"].whole(), at["reason"].text())


def _limit(node: Node, condition: Condition, unit: Unit) -> Quotient | str | None:
    if condition is Condition.OTHERWISE:
        return None if node.truth() else node.refuse("Här ska stå true", "True is needed here")
    if unit is Unit.LETTER:
        return node.string() if node.value in RATINGS else node.refuse("Betyget finns inte", "There is no such rating")
    if unit is Unit.KRONOR:
        return node.money().ore, 1
    return (node.whole(), 1) if unit is Unit.COUNT else node.decimal().as_integer_ratio()


def _refuse_fraction(_: str) -> NoReturn:
    raise invalid("", "Tal med decimaler skrivs som text", "Numbers with decimals are written as strings")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        name = next(name for name, _ in pairs if [each for each, _ in pairs].count(name) > 1)
        raise invalid("", f"Medlemmen {name} står två gånger", f"The member {name} stands twice")
    return members
