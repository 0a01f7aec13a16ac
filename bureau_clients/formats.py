"""Reports as JSON values and back: what is kept, encrypted, beside the answer as received, and replayed from."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import (
    CompanyReport,
    CompanyStatus,
    NoMatch,
    PersonReport,
    Rating,
    RatingGrade,
    Report,
    fact_types,
)
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

_KINDS: Mapping[str, type[Any]] = {"company": CompanyReport, "person": PersonReport}
_NO_MATCH = "no_match"

_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    str: str,
    bool: bool,
    int: int,
    date: date.isoformat,
    Money: str,
    CompanyForm: str,
    CompanyStatus: str,
    Rating: lambda rating: {"score": rating.score, "grade": str(rating.grade)},
}
_READERS: Mapping[type, Callable[[Any], Any]] = {
    str: str,
    bool: bool,
    int: int,
    date: date.fromisoformat,
    Money: Money.kronor,
    CompanyForm: CompanyForm,
    CompanyStatus: CompanyStatus,
    Rating: lambda value: Rating(value["score"], RatingGrade(value["grade"])),
}


def report_to_json(report: Report) -> dict[str, Any]:
    """*report* as a JSON value; `report_from_json` gives an equal report back."""
    if isinstance(report, NoMatch):
        return {"kind": _NO_MATCH, "number": report.number, "source": report.source, "at": report.at.isoformat()}
    kind = "company" if isinstance(report, CompanyReport) else "person"
    value: dict[str, Any] = {"kind": kind, "number": report.number}
    value |= {name: _fact_to_json(getattr(report, name), type_) for name, type_ in fact_types(_KINDS[kind]).items()}
    if isinstance(report, CompanyReport):
        value["owner"] = None if report.owner is None else report_to_json(report.owner)
    return value


def report_from_json(value: Mapping[str, Any]) -> Report:
    """The report that `report_to_json` wrote. KeyError or ValueError for anything else."""
    if value["kind"] == _NO_MATCH:
        return NoMatch(value["number"], value["source"], datetime.fromisoformat(value["at"]))
    owner = value.get("owner")
    facts = _read_facts(value)
    if value["kind"] == "person":
        return PersonReport(number=value["number"], **facts)
    return CompanyReport(number=value["number"], owner=owner and _read_owner(owner), **facts)


def _read_owner(value: Mapping[str, Any]) -> PersonReport:
    return PersonReport(number=value["number"], **_read_facts(value))


def _read_facts(value: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    return {name: _fact_from_json(value[name], type_) for name, type_ in fact_types(_KINDS[value["kind"]]).items()}


def _fact_to_json(fact: Fact[Any], type_: type) -> dict[str, Any]:
    origin = {"source": fact.source, "at": fact.at.isoformat()}
    match fact:
        case Known(value):
            return {"known": _WRITERS[type_](value), **origin}
        case Absent():
            return {"absent": True, **origin}
        case Unknown():
            return {"unknown": True, **origin}


def _fact_from_json(value: Mapping[str, Any], type_: type) -> Fact[Any]:
    source, at = value["source"], datetime.fromisoformat(value["at"])
    if "known" in value:
        return Known(_READERS[type_](value["known"]), source, at)
    return Absent(source, at) if "absent" in value else Unknown(source, at)
