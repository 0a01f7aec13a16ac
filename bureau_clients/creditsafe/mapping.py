"""From the rows and the code of a Creditsafe answer to the facts of a report.

A column that is missing, unreadable, or on which two rows disagree is *unknown*; what an empty one says is configured.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bureau_clients.creditsafe.codes import CODE_ONLY_FACTS, RegisterCode
from bureau_clients.creditsafe.columns import Column, ColumnMapping, Empty
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import CompanyReport, CompanyStatus, PersonReport, Rating, RatingGrade, fact_types
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

SOURCE = "creditsafe"

# The international bands; Creditsafe publishes none for Sweden alone.
_BANDS = ((71, RatingGrade.A), (51, RatingGrade.B), (30, RatingGrade.C), (21, RatingGrade.D), (0, RatingGrade.E))
_NOT_RATED = frozenset({-28, -95, -96, -97})  # deficient accounts; status, registration date or data missing
_BANKRUPTCY_PETITION = -29
_PETITION_GRADE = RatingGrade.E  # with no grade at all, a petition would weigh less than a bad rating
_MAY_BE_NEGATIVE = frozenset({"income", "annual_turnover"})

Row = Mapping[str, str]


def company_report(
    rows: Sequence[Row],
    *,
    number: str,
    form: CompanyForm,
    code: RegisterCode | None,
    mapping: ColumnMapping,
    at: datetime,
) -> CompanyReport:
    """The company's report from the *rows* and register *code* of one answer; a sole trader's has its owner's facts."""
    facts = _facts(rows, fact_types(CompanyReport), mapping.company, mapping, at)
    facts |= _settled(code.company if code else {}, at)
    owner = person_report(rows, number=number, code=code, mapping=mapping, at=at) if form is CompanyForm.EF else None
    return CompanyReport(number=number, owner=owner, **facts)


def person_report(
    rows: Sequence[Row], *, number: str, code: RegisterCode | None, mapping: ColumnMapping, at: datetime
) -> PersonReport:
    """The person's report from the *rows* and register *code* of one answer."""
    facts = _facts(rows, fact_types(PersonReport), mapping.person, mapping, at)
    if rows and code is None:
        facts |= _settled(dict.fromkeys(CODE_ONLY_FACTS, False), at)
    facts |= _settled(code.person if code else {}, at)
    return PersonReport(number=number, **facts)


def values_of(rows: Sequence[Row], column: str) -> frozenset[str]:
    """The different texts that the rows have in *column*: none when it is missing, one when they agree."""
    return frozenset(row[column] for row in rows if column in row)


def _facts(
    rows: Sequence[Row], types: Mapping[str, type], columns: Mapping[str, Column], mapping: ColumnMapping, at: datetime
) -> dict[str, Fact[Any]]:
    facts: dict[str, Fact[Any]] = dict.fromkeys(types, Unknown(SOURCE, at))
    return facts | {name: _fact(rows, name, types[name], column, mapping, at) for name, column in columns.items()}


def _settled(values: Mapping[str, Any], at: datetime) -> dict[str, Fact[Any]]:
    return {name: Known(value, SOURCE, at) for name, value in values.items()}


def _fact(
    rows: Sequence[Row], name: str, type_: type, column: Column, mapping: ColumnMapping, at: datetime
) -> Fact[Any]:
    text = _text(rows, column.name.split())
    if text is None:
        return Unknown(SOURCE, at)
    if not text:
        return _empty(column.empty, type_, at)
    try:
        value = _read(text, name, type_, column, mapping)
    except (KeyError, ValueError):
        return Unknown(SOURCE, at)
    return Absent(SOURCE, at) if value is None else Known(value, SOURCE, at)


def _text(rows: Sequence[Row], columns: Sequence[str]) -> str | None:
    """What the *columns* say, joined; None when one is missing, or when the rows do not agree on it."""
    said = [values_of(rows, column) for column in columns]
    if any(len(values) != 1 for values in said):
        return None
    return " ".join(text for values in said for text in values if text)


def _empty(empty: Empty, type_: type, at: datetime) -> Fact[Any]:
    match empty:
        case Empty.ABSENT:
            return Absent(SOURCE, at)
        case Empty.NO:
            return Known(False, SOURCE, at)
        case Empty.ZERO:
            return Known(Money.ZERO if type_ is Money else 0, SOURCE, at)
        case Empty.UNKNOWN:
            return Unknown(SOURCE, at)


def _read(text: str, name: str, type_: type, column: Column, mapping: ColumnMapping) -> Any:
    """The value that *text* states, None where it states that there is none. KeyError or ValueError if unreadable."""
    if type_ is Money:
        return _amount(text, column.kronor, may_be_negative=name in _MAY_BE_NEGATIVE)
    if type_ is CompanyForm:
        return mapping.forms[text.casefold()]
    if type_ is CompanyStatus:
        return mapping.statuses[text.casefold()]
    if name == "scoring":
        return _percentile(text)
    return _READERS[type_](text)


def _yes_or_no(text: str) -> bool:
    return {"ja": True, "yes": True, "nej": False, "no": False}[text.casefold()]


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ValueError("not a count")
    return int(text)


def _percentile(text: str) -> int:
    if (score := _count(text)) > 100:
        raise ValueError("not between 0 and 100")
    return score


def _amount(text: str, unit_kronor: int, *, may_be_negative: bool) -> Money:
    plain = re.sub("[ \u00a0\u202f]", "", text).replace(",", ".").replace("\u2212", "-")
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,2})?", plain):
        raise ValueError("not an amount")
    amount = Money.kronor(plain) * unit_kronor
    if amount < Money.ZERO and not may_be_negative:
        raise ValueError("below zero")
    return amount


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])  # a time may follow


def _rating(text: str) -> Rating | None:
    """The rating 0 to 100 with its grade; None for the negative codes that say why none is set."""
    if not re.fullmatch("[+-]?[0-9]{1,3}", text):
        raise ValueError("not a rating")
    score = int(text)
    if score in _NOT_RATED:
        return None
    return Rating(str(score), _PETITION_GRADE if score == _BANKRUPTCY_PETITION else _grade(score))


def _grade(score: int) -> RatingGrade:
    if not 0 <= score <= 100:
        raise ValueError("not between 0 and 100")
    return next(grade for least, grade in _BANDS if score >= least)


_READERS: Mapping[type, Callable[[str], Any]] = {
    str: str,
    bool: _yes_or_no,
    int: _count,
    date: _day,
    Rating: _rating,
}
