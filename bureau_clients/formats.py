"""Reports as JSON values and back: what is kept, encrypted, beside the answer as received, and replayed from."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import CompanyReport, NoMatch, PersonReport, Report, fact_types
from underwriting.kernel.money import Money

_KINDS: Mapping[str, type[Any]] = {"company": CompanyReport, "person": PersonReport}
_NO_MATCH = "no_match"
_LATER = frozenset(
    (
        *("payment_remark_sum", "latest_payment_remark_on", "petition_count", "petition_sum", "distraint"),
        *("kronofogden_public_debt", "kronofogden_private_debt", "accounts", "board", "signing_right"),
        *("assignments", "opinion"),
    )
)
"""The facts that the first kept reports did not have."""


def report_to_json(report: Report) -> dict[str, Any]:
    """*report* as a JSON value; `report_from_json` gives an equal report back."""
    if isinstance(report, NoMatch):
        return {"kind": _NO_MATCH, "number": report.number, "source": report.source, "at": report.at.isoformat()}
    kind = "company" if isinstance(report, CompanyReport) else "person"
    value: dict[str, Any] = {"kind": kind, "number": report.number}
    value |= {name: _fact_to_json(getattr(report, name)) for name in fact_types(_KINDS[kind])}
    if isinstance(report, CompanyReport):
        value["owner"] = None if report.owner is None else report_to_json(report.owner)
    return value


def report_from_json(value: Mapping[str, Any]) -> Report:
    """The report that `report_to_json` wrote; one that reports did not have then is unknown.

    KeyError, TypeError or ValueError for anything else.
    """
    if value["kind"] == _NO_MATCH:
        return NoMatch(value["number"], value["source"], datetime.fromisoformat(value["at"]))
    facts = _read_facts(value)
    if value["kind"] == "person":
        return PersonReport(number=value["number"], **facts)
    owner = value.get("owner")
    return CompanyReport(number=value["number"], owner=owner and _read_owner(owner), **facts)


def _read_owner(value: Mapping[str, Any]) -> PersonReport:
    return PersonReport(number=value["number"], **_read_facts(value))


def _read_facts(value: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    source, at = value["name"]["source"], datetime.fromisoformat(value["name"]["at"])
    return {
        name: Unknown(source, at) if name in _LATER and name not in value else _fact_from_json(value[name], type_)
        for name, type_ in fact_types(_KINDS[value["kind"]]).items()
    }


def _fact_to_json(fact: Fact[Any]) -> dict[str, Any]:
    origin = {"source": fact.source, "at": fact.at.isoformat()} | ({"part": fact.part} if fact.part else {})
    match fact:
        case Known(value):
            return {"known": _written(value), **origin}
        case Absent():
            return {"absent": True, **origin}
        case Unknown():
            return {"unknown": True, **origin}


def _fact_from_json(value: Mapping[str, Any], type_: type) -> Fact[Any]:
    origin = value["source"], datetime.fromisoformat(value["at"]), value.get("part", "")
    if "known" in value:
        return Known(_reader(type_)(value["known"]), *origin)
    return Absent(*origin) if "absent" in value else Unknown(*origin)


def _written(value: Any) -> Any:
    match value:
        case bool() | None:
            return value
        case int():
            return value
        case date():
            return value.isoformat()
        case tuple():
            return [_written(member) for member in value]
        case Money() | str():
            return str(value)
    return {field.name: _written(getattr(value, field.name)) for field in fields(value)}


@cache
def _reader(type_: Any) -> Callable[[Any], Any]:
    """What makes a value of *type_* of what `_written` wrote."""
    if type_ is date:
        return date.fromisoformat
    if type_ is Money:
        return Money.kronor
    if get_origin(type_) is tuple:
        member = _reader(get_args(type_)[0])
        return lambda written: tuple(member(each) for each in written)
    if get_origin(type_) is UnionType:
        (wanted,) = (each for each in get_args(type_) if each is not NoneType)
        some = _reader(wanted)
        return lambda written: None if written is None else some(written)
    if is_dataclass(type_):
        make = cast(Callable[..., Any], type_)
        members = {name: _reader(each) for name, each in get_type_hints(type_).items()}
        return lambda written: make(**{name: read(written[name]) for name, read in members.items() if name in written})
    return cast(type[bool] | type[int] | type[str] | type[StrEnum], type_)
