"""From the rows and the code of a Creditsafe answer to the facts of a report.

A column that is missing, unreadable, or on which two rows disagree is *unknown*; what an empty one says is configured.
A place of a list may be unreadable in part; where its key is, or where places are left out, the list is unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from bureau_clients.creditsafe.codes import CODE_ONLY_FACTS, RegisterCode
from bureau_clients.creditsafe.columns import Column, Empty, Listing
from bureau_clients.creditsafe.configuration import LIST_KEYS, ColumnMapping, Columns, item_of, member_types
from bureau_clients.creditsafe.derived import fill_debt, fill_from_accounts
from bureau_clients.creditsafe.values import value_of
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import AnnualAccounts, CompanyReport, CompanyStatus, PersonReport, fact_types
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

SOURCE = "creditsafe"
MOST_ACCOUNTS = 5

_GOOD_NEWS: Mapping[str, Any] = {
    "status": CompanyStatus.ACTIVE,
    "bankruptcy": False,
    "protected": False,
    "emigrated": False,
    **dict.fromkeys(CODE_ONLY_FACTS, False),
}

Row = Mapping[str, str]
AnyReport = TypeVar("AnyReport", CompanyReport, PersonReport)


def company_report(
    rows: Sequence[Row],
    *,
    number: str,
    form: CompanyForm,
    code: RegisterCode | None,
    mapping: ColumnMapping,
    part: str,
    at: datetime,
) -> CompanyReport:
    """The company's report from the *rows* and register *code* of one answer; a sole trader's has its owner's facts.

    *part* is the block that was asked for.
    """
    facts = _Reading(rows, mapping, part, at).facts(fact_types(CompanyReport), mapping.company)
    fill_from_accounts(facts, rows, mapping.company)
    fill_debt(facts, rows, mapping.company)
    owner = None
    if form is CompanyForm.EF:
        owner = person_report(rows, number=number, code=code, mapping=mapping, part=part, at=at)
    report = CompanyReport(number=number, owner=owner, **facts)
    return report if code is None else with_register_code(report, code, part=part, at=at)


def person_report(
    rows: Sequence[Row],
    *,
    number: str,
    code: RegisterCode | None,
    mapping: ColumnMapping,
    part: str,
    at: datetime,
) -> PersonReport:
    """The person's report from the *rows* and register *code* of one answer. *part* as in `company_report`."""
    facts = _Reading(rows, mapping, part, at).facts(fact_types(PersonReport), mapping.person)
    if rows and code is None:
        facts |= {name: Known(False, SOURCE, at, part) for name in CODE_ONLY_FACTS}
    report = PersonReport(number=number, **facts)
    return report if code is None else with_register_code(report, code, part=part, at=at)


def with_register_code(report: AnyReport, code: RegisterCode, *, part: str, at: datetime) -> AnyReport:
    """*report* with the facts that *code* settles, also its owner's; beside one not listed no good news is believed."""
    settles = code.company if isinstance(report, CompanyReport) else code.person
    changes: dict[str, Any] = {name: Known(value, SOURCE, at, part) for name, value in settles.items()}
    if not code.listed:
        changes = {name: Unknown(SOURCE, at, part) for name in _GOOD_NEWS if _is_good_news(report, name)}
    if isinstance(report, CompanyReport) and report.owner is not None:
        changes["owner"] = with_register_code(report.owner, code, part=part, at=at)
    return replace(report, **changes)


def values_of(rows: Sequence[Row], column: str) -> frozenset[str]:
    """The different texts that the rows have in *column*: none when it is missing, one when they agree."""
    return frozenset(row[column] for row in rows if column in row)


class _Unreadable(ValueError):
    """A list that leaves out what it may not, or says two things."""


class _Reading:
    """One answer's rows, read fact by fact."""

    def __init__(self, rows: Sequence[Row], mapping: ColumnMapping, part: str, at: datetime) -> None:
        self._said = _said(rows)
        self._mapping = mapping
        self._origin = SOURCE, at, part

    def facts(self, types: Mapping[str, type], columns: Columns) -> dict[str, Fact[Any]]:
        facts: dict[str, Fact[Any]] = dict.fromkeys(types, Unknown(*self._origin))
        for name, column in columns.items():
            if isinstance(column, Listing):
                facts[name] = self._list(column, item_of(types[name]) or types[name])
            else:
                facts[name] = self._fact(name, types[name], column)
        return facts

    def _fact(self, name: str, type_: type, column: Column) -> Fact[Any]:
        text = self._text(_columns_at(column.name))
        if text is None:
            return Unknown(*self._origin)
        if not text:
            return self._empty(column.empty, type_)
        try:
            value = value_of(text, name=name, type_=type_, kronor=column.kronor, mapping=self._mapping)
        except (KeyError, ValueError):
            return Unknown(*self._origin)
        return Absent(*self._origin) if value is None else Known(value, *self._origin)

    def _empty(self, empty: Empty, type_: type) -> Fact[Any]:
        match empty:
            case Empty.ABSENT:
                return Absent(*self._origin)
            case Empty.NO:
                return Known(False, *self._origin)
            case Empty.ZERO:
                return Known(Money.ZERO if type_ is Money else 0, *self._origin)
            case Empty.UNKNOWN:
                return Unknown(*self._origin)

    def _text(self, columns: Sequence[str]) -> str | None:
        """What the *columns* say, joined; None when one is missing, or when the rows do not agree on it."""
        if len(columns) == 1:
            return self._said.get(columns[0])
        texts = [self._said.get(column) for column in columns]
        return None if None in texts else " ".join(text for text in texts if text)

    def _list(self, listing: Listing, item: type) -> Fact[Any]:
        try:
            places = self._places(listing, item)
            if not places:
                return Unknown(*self._origin) if places is None else self._empty(listing.empty, item)
            return Known(_newest(places) if item is AnnualAccounts else tuple(places), *self._origin)
        except (KeyError, ValueError):
            return Unknown(*self._origin)

    def _places(self, listing: Listing, item: type) -> list[Any] | None:
        """The places that are taken; None where the answer has no such list."""
        taken: list[Any] = []
        key = listing.members[LIST_KEYS[item]].name
        is_there, has_gap = self._is_empty_list(key), False
        for number in range(listing.first, listing.first + listing.most + 1):
            texts = self._texts(listing, number)
            if not any(texts.values()):
                is_there = is_there or LIST_KEYS[item] in texts
                has_gap = has_gap or not texts
            elif not texts.get(LIST_KEYS[item]) or has_gap or number == listing.first + listing.most:
                raise _Unreadable("a place without its key, after one that is missing, or beyond the last")
            else:
                taken.append(self._place(texts, listing, item))
        return taken if taken or is_there else None

    def _texts(self, listing: Listing, number: int) -> Mapping[str, str]:
        """What the members of one place say, those that are missing left out."""
        texts: dict[str, str] = {}
        for member, column in listing.members.items():
            columns = _columns_at(column.name, number)
            text = self._text(columns)
            if text is not None:
                texts[member] = text
            elif any(self._said.get(name, "") is None for name in columns):
                raise _Unreadable("rows that disagree")
        return texts

    def _place(self, texts: Mapping[str, str], listing: Listing, item: type) -> Any:
        values: dict[str, Any] = {}
        for member, type_ in member_types(item).items():
            text = texts.get(member, "")
            values[member] = "" if type_ is str and member != "number" else None
            try:
                if text:
                    kronor = listing.members[member].kronor
                    values[member] = value_of(text, name=member, type_=type_, kronor=kronor, mapping=self._mapping)
            except (KeyError, ValueError):
                if member == LIST_KEYS[item]:
                    raise
        return item(**values)

    def _is_empty_list(self, key: str) -> bool:
        """Whether the list of REST whose places have *key* is there and has none."""
        name, found, _ = key.split()[0].partition(".{n}")
        return bool(found) and self._said.get(name) == ""


def _said(rows: Sequence[Row]) -> Mapping[str, str | None]:
    """What the rows say in each column that any of them has; None where they do not agree."""
    said: dict[str, str | None] = {}
    for row in rows:
        for column, text in row.items():
            if said.setdefault(column, text) != text:
                said[column] = None
    return said


@cache
def _columns_at(name: str, number: int | None = None) -> tuple[str, ...]:
    return tuple(column.replace("{n}", str(number)) for column in name.split())


def _newest(accounts: Sequence[AnnualAccounts]) -> tuple[AnnualAccounts, ...]:
    """The newest five, the newest first. Two of the same day that differ leave open which is right."""
    different = list(dict.fromkeys(accounts))
    if len({each.closed_on for each in different}) < len(different):
        raise _Unreadable("two accounts of one day")
    return tuple(sorted(different, key=attrgetter("closed_on"), reverse=True)[:MOST_ACCOUNTS])


def _is_good_news(report: CompanyReport | PersonReport, name: str) -> bool:
    fact = getattr(report, name, None)
    return isinstance(fact, Known) and fact.value == _GOOD_NEWS[name]
