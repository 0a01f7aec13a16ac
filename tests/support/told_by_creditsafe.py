"""What an answer of GetData says, read a second time: slowly, by another parser, and only to find our reader wrong.

It knows the columns that are configured and nothing else of the client. Asked about one fact that our reader holds for
known, it tells why the answer does not say so, if it does not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from lxml import etree

from bureau_clients.creditsafe.columns import Column, Empty, Listing
from bureau_clients.facts import Known
from bureau_clients.reports import CompanyStatus, Opinion, Rating, SigningRight
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

NAMESPACE = "{https://webservice.creditsafe.se/getdata/}"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
DIFFGRAM = "{urn:schemas-microsoft-com:xml-diffgram-v1}"

STATUSES = {
    "aktiv": CompanyStatus.ACTIVE,
    "inaktiv": CompanyStatus.INACTIVE,
    "konkurs inledd": CompanyStatus.BANKRUPT,
    "likvidation beslutad": CompanyStatus.LIQUIDATION,
    "företagsrekonstruktion inledd": CompanyStatus.RECONSTRUCTION,
    "avregistrerad": CompanyStatus.DEREGISTERED,
}
FORMS = {
    "aktiebolag": CompanyForm.AB,
    "handelsbolag": CompanyForm.HB,
    "kommanditbolag": CompanyForm.KB,
    "enskild firma": CompanyForm.EF,
    "enskild näringsverksamhet": CompanyForm.EF,
}
CODES: Mapping[str, Mapping[str, Any]] = {
    "S2": {"protected": True},
    "S3": {"blocked": True},
    "S4": {"deceased": True},
    "S5": {"number_retired": True},
    "S6": {"emigrated": True},
    "S7": {"number_retired": True},
    "S200": {"status": CompanyStatus.INACTIVE},
    "S231": {"status": CompanyStatus.DEREGISTERED},
    "S241": {"status": CompanyStatus.DEREGISTERED},
    "S291": {"status": CompanyStatus.DEREGISTERED, "bankruptcy": True},
}
TOLD_BY_CODE_ALONE = ("deceased", "blocked", "number_retired")
DERIVED = {
    "annual_turnover": "turnover",
    "accounts_closed_on": "closed_on",
    "employees": "employees",
    "kronofogden_debt": "",
}
"""What the newest accounts tell where it has no column of its own; and the sum of both debts, likewise."""
KEYS = {"accounts": "closed_on", "board": "name", "assignments": "company_number"}


class Unclear(Exception):
    """The answer says nothing, or two things, where a fact stands."""


@dataclass(frozen=True)
class Told:
    """One answer: its rows, each the texts of every column (None for one that is no plain text), code and number.

    *declared* are the columns that its schema has; one that no row has is empty, as .NET leaves out what is null.
    """

    rows: Sequence[Mapping[str, Sequence[str | None]]]
    code: str | None
    search_number: str
    declared: frozenset[str]

    def text(self, column: str) -> str:
        """The one thing that is said in *column*, maybe nothing. Raises Unclear."""
        said = {text for row in self.rows for text in row.get(column, ())}
        if not said and self.rows and column in self.declared:
            return ""
        if len(said) != 1 or None in said:
            raise Unclear(f"{column} says {len(said)} things")
        return str(said.pop())

    def says(self, column: Column | Listing) -> bool:
        """Whether any column of *column* has a text in any row."""
        assert isinstance(column, Column)
        names = column.name.split()
        return any(text != "" for row in self.rows for name in names for text in row.get(name, ()))

    def joined(self, column: Column) -> str:
        """What is said in the columns that *column* names. Raises Unclear."""
        return " ".join(text for text in map(self.text, column.name.split()) if text)


def told(body: bytes) -> Told:
    """What *body* says. Raises Unclear for what is no answer."""
    if b"<!DOCTYPE" in body:
        raise Unclear("a document type")
    root = _parsed(body)
    results = list(root.iter(f"{NAMESPACE}GetDataBySecureResult"))
    if len(results) != 1:
        raise Unclear("not one result")
    errors = [text for text in _texts(results[0], "Error/Cause_of_Reject") if text]
    numbers = [text for text in _texts(results[0], "SearchNumber") if text]
    if len(set(errors)) > 1 or len(set(numbers)) > 1:
        raise Unclear("two errors or two subjects")
    found = results[0].iterfind(f"{NAMESPACE}Parameters/{DIFFGRAM}diffgram/NewDataSet/GETDATA_RESPONSE")
    declared = frozenset(str(element.get("name")) for element in results[0].iter(f"{SCHEMA}element"))
    return Told([_row(row) for row in found], next(iter(errors), None), next(iter(numbers), ""), declared)


def objections(
    answer: Told, facts: Mapping[str, Any], columns: Mapping[str, Column | Listing], *, codes: bool = True
) -> Iterator[str]:
    """Why *answer* does not say each of the *facts* that is known, by the configured *columns*."""
    for name, fact in facts.items():
        if not isinstance(fact, Known) or (codes and CODES.get(answer.code or "", {}).get(name) == fact.value):
            continue
        if name in TOLD_BY_CODE_ALONE:
            if fact.value is not False or answer.code is not None or not answer.rows:
                yield f"{name} is {fact.value!r} by code {answer.code}"
            continue
        if name not in columns:
            yield f"{name} has no column"
            continue
        if name in DERIVED and not answer.says(columns[name]):
            objection = _objection_to_derived(name, fact.value, facts)
            if objection:
                yield f"{name} is {fact.value!r}: {objection}"
            continue
        try:
            column = columns[name]
            objection = (
                _objection_to_list(answer, fact.value, column, KEYS[name])
                if isinstance(column, Listing)
                else _objection(answer.joined(column), fact.value, column)
            )
        except Unclear as unclear:
            objection = str(unclear)
        if objection:
            yield f"{name} is {fact.value!r}: {objection}"


def agrees(text: str, value: Any, unit: int = 1) -> bool:
    """Whether *text* states *value*, an amount in so many kronor."""
    match value:
        case bool():
            return text.casefold() in (("ja", "yes", "true") if value else ("nej", "no", "false"))
        case int():
            return re.fullmatch("[0-9]+", text) is not None and int(text) == value
        case Money():
            return _ore(text, unit) == value.ore
        case date():
            return re.sub("[^0-9]", "", text)[:8] == value.strftime("%Y%m%d") and re.match("[0-9]{4}", text) is not None
        case CompanyStatus():
            return STATUSES.get(text.casefold()) is value
        case CompanyForm():
            return FORMS.get(text.casefold()) is value
        case Rating():
            return re.fullmatch("[+-]?[0-9]{1,3}", text) is not None and _grade(int(text)) == value.grade.value
        case SigningRight():
            return _plain(value.text) == _plain(text) and not value.alternatives
        case Opinion():
            return False
        case str():
            return _plain(value) == _plain(text)
    raise TypeError(f"no fact has a value of {type(value)}")


def _objection(text: str, value: Any, column: Column) -> str | None:
    if not text:
        empty = {Empty.ZERO: (0, Money.ZERO), Empty.NO: (False,)}.get(column.empty, ())
        return None if value in empty else "its column is empty"
    return None if agrees(text, value, column.kronor) else f"its column says {text!r}"


def _objection_to_derived(name: str, value: Any, facts: Mapping[str, Any]) -> str | None:
    if name == "kronofogden_debt":
        parts = [facts.get("kronofogden_public_debt"), facts.get("kronofogden_private_debt")]
        if all(isinstance(part, Known) for part in parts):
            return None if sum(part.value.ore for part in parts if part) == value.ore else "it is not the sum"
        return None if value == Money.ZERO else "a part is not known"
    accounts = facts["accounts"]
    if not isinstance(accounts, Known):
        return "there are no accounts"
    newest = max(accounts.value, key=lambda each: each.closed_on)
    if name == "annual_turnover" and newest.months not in (None, 12):
        return "the accounts are not of a year"
    return None if getattr(newest, DERIVED[name]) == value else "the newest accounts say something else"


def _objection_to_list(answer: Told, items: Sequence[Any], listing: Listing, key: str) -> str | None:
    """Whether there is one item for each place that is taken, with nothing in it that is not said there."""
    places = range(listing.first, listing.first + listing.most)
    taken = [place for place in places if _said(answer, listing.members[key], place)]
    left = list(items)
    for place in taken:
        matching = [item for item in left if all(_member_agrees(answer, listing, place, item))]
        if not matching:
            return f"place {place} is not among them"
        left.remove(matching[0])
    return "there are more than places" if left else None


def _member_agrees(answer: Told, listing: Listing, place: int, item: Any) -> Iterator[bool]:
    for member in fields(item):
        value, column = getattr(item, member.name), listing.members.get(member.name)
        if value is None or value == "":
            continue
        text = "" if column is None else _said(answer, column, place)
        digits = member.name in ("number", "company_number")
        yield re.sub("[^0-9]", "", text) == value if digits else agrees(text, value, column.kronor if column else 1)


def _said(answer: Told, column: Column, place: int) -> str:
    try:
        return " ".join(text for name in column.name.split() if (text := answer.text(name.replace("{n}", str(place)))))
    except Unclear:
        return ""


def _parsed(body: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError):
        # Of two parsers one takes a name, or an encoding, that the other does not.
        try:
            plain = etree.fromstring(body, etree.XMLParser(remove_pis=True, no_network=True, resolve_entities=False))
        except (etree.XMLSyntaxError, ValueError) as error:
            raise Unclear("no XML") from error
        return ElementTree.fromstring(etree.tostring(plain, encoding="utf-8"))  # noqa: S314 - as above


def _row(row: ElementTree.Element) -> Mapping[str, Sequence[str | None]]:
    columns: dict[str, list[str | None]] = {}
    for column in row:
        name = column.tag.rpartition("}")[2]
        columns.setdefault(name, []).append(None if len(column) else (column.text or "").strip())
    return columns


def _texts(element: ElementTree.Element, path: str) -> Sequence[str]:
    qualified = "/".join(f"{NAMESPACE}{name}" for name in path.split("/"))
    return ["".join(found.itertext()).strip() for found in element.iterfind(qualified)]


def _ore(text: str, unit: int) -> Fraction | None:
    plain = re.sub("[ \u00a0\u202f]", "", text).replace(",", ".").replace("\u2212", "-")
    if not re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", plain):
        return None
    return Fraction(plain) * unit * 100


def _grade(score: int) -> str | None:
    if score == -29:  # a bankruptcy petition
        return "E"
    bands = ((71, 100, "A"), (51, 70, "B"), (30, 50, "C"), (21, 29, "D"), (0, 20, "E"))
    return next((grade for least, most, grade in bands if least <= score <= most), None)


def _plain(text: str) -> str:
    return " ".join(text.split())
