"""Reads a policy document: JSON in which amounts and rates are decimal strings, points and counts whole numbers.

The first member that is missing, unknown or malformed is refused by name. What the policy means is for `proof`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from underwriting.decisions.policy import (
    AccountsTerms,
    Bin,
    CapacityTerms,
    Characteristic,
    Condition,
    Grade,
    Policy,
    PolicyInvalid,
)
from underwriting.decisions.rules import KINDS, RATINGS, Bound, Card, HardStop, Looks, Measure, Quotient, Referral, Unit
from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

DECLINE_CONDITION = "capacity_below_smallest_amount"
"""The only condition under which a policy may decline, hard stops apart: it reads the capacity alone (rules D2, D3)."""

_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_ORE = 100  # öre in a krona

Word = TypeVar("Word", bound=StrEnum)


def read_policy(document: str | bytes) -> Policy:
    """The policy of a JSON document, not yet proved; raises PolicyInvalid naming the member that cannot be read."""
    try:
        content = json.loads(
            document, parse_float=_refuse_fraction, parse_constant=_refuse_fraction, object_pairs_hook=_without_repeats
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid("", "Dokumentet är inte giltig JSON", "The document is not valid JSON") from error
    return _policy(_Node(content, ""))


class _Node:
    """A value of the document and the JSON pointer at which it stands."""

    def __init__(self, value: object, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def members(
        self, required: Iterable[str], optional: Iterable[str] = (), *, rule: str | None = None
    ) -> dict[str, "_Node"]:
        """The members of an object that has each of *required* and no others than these and *optional*."""
        if not isinstance(self.value, dict):
            self.refuse("Här ska stå ett objekt", "An object is needed here")
        wanted = tuple(required)
        for name in wanted:
            if name not in self.value:
                self.refuse(f"Medlemmen {name} saknas", f"The member {name} is missing", rule=rule)
        for name in self.value:
            if name not in wanted and name not in tuple(optional):
                self.refuse(f"Medlemmen {name} är okänd", f"The member {name} is unknown", rule=rule)
        return {name: _Node(value, f"{self.pointer}/{name}") for name, value in self.value.items()}

    def elements(self) -> list["_Node"]:
        """The elements of a list that has some."""
        if not isinstance(self.value, list) or not self.value:
            self.refuse("Här ska stå en lista som inte är tom", "A list that is not empty is needed here")
        return [_Node(value, f"{self.pointer}/{position}") for position, value in enumerate(self.value)]

    def whole(self) -> int:
        """A whole number, 0 or more."""
        if type(self.value) is not int or self.value < 0:
            self.refuse("Här ska stå ett heltal, minst 0", "A whole number, 0 or more, is needed here")
        return self.value

    def truth(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.refuse("Här ska stå true eller false", "True or false is needed here")
        return self.value

    def decimal(self) -> Decimal:
        """A decimal string, such as "0.0150"."""
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            self.refuse('Här ska stå ett decimaltal som text, som "0.0150"', 'A decimal string is needed, as "0.0150"')
        return Decimal(self.value)

    def money(self) -> Money:
        """An amount in kronor as a decimal string."""
        try:
            return Money.kronor(self.decimal())
        except ValueError:
            self.refuse("Ett belopp har högst två decimaler", "An amount has at most two decimals")

    def string(self) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("Här ska stå en text", "A text is needed here")
        return self.value

    def text(self) -> Text:
        """A sentence in both languages."""
        members = self.members(("sv", "en"), rule="D7")
        return Text(members["sv"].string(), members["en"].string())

    def word(self, words: type[Word], *, rule: str | None = None) -> Word:
        """One of the values of *words*."""
        try:
            return words(self.string())
        except ValueError:
            allowed = ", ".join(words)
            self.refuse(f"Tillåtna värden är {allowed}", f"The values allowed are {allowed}", rule=rule)

    def refuse(self, sv: str, en: str, *, rule: str | None = None) -> NoReturn:
        """Raise PolicyInvalid for this place."""
        raise _invalid(self.pointer, sv, en, rule=rule)


def _policy(root: _Node) -> Policy:
    names = (
        "version smallest_amount capacity without_accounts company_remarks_referred_from scorecards grades declines "
        "hard_stops referrals bounds"
    )
    at = root.members(names.split())
    return Policy(
        version=at["version"].string(),
        sha256=hashlib.sha256(_canonical(root.value)).hexdigest(),
        smallest_amount=at["smallest_amount"].money(),
        capacity=_capacity(at["capacity"]),
        without_accounts=_accounts(at["without_accounts"]),
        company_remarks_referred_from=at["company_remarks_referred_from"].whole(),
        scorecards=_scorecards(at["scorecards"]),
        grades=tuple(_grade(each) for each in at["grades"].elements()),
        decline_reason=_decline(at["declines"]),
        hard_stops=_reasons(at["hard_stops"], HardStop, rule="D10"),
        referrals=_reasons(at["referrals"], Referral, rule="D11"),
        bounds=_reasons(at["bounds"], Bound, rule="D11"),
    )


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _capacity(node: _Node) -> CapacityTerms:
    at = node.members(("revenue_share", "debt_months", "margin", "rounded_down_to"))
    return CapacityTerms(
        at["revenue_share"].decimal(), at["debt_months"].whole(), at["margin"].decimal(), at["rounded_down_to"].money()
    )


def _accounts(node: _Node) -> AccountsTerms:
    at = node.members(("cap", "referred_when_asked_above"))
    return AccountsTerms(at["cap"].money(), at["referred_when_asked_above"].money())


def _grade(node: _Node) -> Grade:
    at = node.members(("name", "from_points", "fee_rate", "cap", "referred"))
    return Grade(
        at["name"].string(),
        at["from_points"].whole(),
        at["fee_rate"].decimal(),
        at["cap"].money(),
        at["referred"].truth(),
    )


def _decline(node: _Node) -> Text:
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


def _reasons(node: _Node, words: type[Word], *, rule: str) -> Mapping[Word, Text]:
    return {words(name): each.text() for name, each in node.members(words, rule=rule).items()}


def _scorecards(node: _Node) -> Mapping[Card, tuple[Characteristic, ...]]:
    at = node.members(Card)
    return {card: tuple(_characteristic(each, card) for each in at[card].elements()) for card in Card}


def _characteristic(node: _Node, card: Card) -> Characteristic:
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


def _bin(node: _Node, unit: Unit) -> Bin:
    at = node.members(("points", "reason"), Condition, rule="D11")
    named = [condition for condition in Condition if condition in at]
    if len(named) != 1:
        node.refuse("Ett fack har exakt ett villkor", "A bin has exactly one condition", rule="D11")
    limit = _limit(at[named[0]], named[0], unit)
    return Bin(named[0], limit, at["points"].whole(), at["reason"].text())


def _plain_bin(node: _Node) -> Bin:
    at = node.members(("points", "reason"), rule="D11")
    return Bin(Condition.OTHERWISE, None, at["points"].whole(), at["reason"].text())


def _limit(node: _Node, condition: Condition, unit: Unit) -> Quotient | str | None:
    if condition is Condition.OTHERWISE:
        return None if node.truth() else node.refuse("Här ska stå true", "True is needed here")
    if unit is Unit.LETTER:
        return node.string() if node.value in RATINGS else node.refuse("Betyget finns inte", "There is no such rating")
    if unit is Unit.KRONOR:
        return node.money().ore, 1
    return (node.whole(), 1) if unit is Unit.COUNT else node.decimal().as_integer_ratio()


def _refuse_fraction(_: str) -> NoReturn:
    raise _invalid("", "Tal med decimaler skrivs som text", "Numbers with decimals are written as strings")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        name = next(name for name, _ in pairs if [each for each, _ in pairs].count(name) > 1)
        raise _invalid("", f"Medlemmen {name} står två gånger", f"The member {name} stands twice")
    return members


def _invalid(pointer: str, sv: str, en: str, *, rule: str | None = None) -> PolicyInvalid:
    detail = Text(sv, en)
    return PolicyInvalid(detail, rule=rule, errors=(FieldError(pointer, detail, rule),))
