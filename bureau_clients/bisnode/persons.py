"""From Bisnode's answer to the facts of a person: one asked about, by configured paths, or the owner of a sole trader.

A sole trader and its owner are one and the same person, so that what is owed and remarked on the firm is the owner's;
the description has remarks of their own only for partners. What a company's report does not tell stays unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bureau_clients.bisnode.codes import DECEASED_CIVIL_STATUS, Sign
from bureau_clients.bisnode.formats import (
    Unreadable,
    amount,
    count,
    day,
    digits,
    flag,
    has,
    items,
    kronor,
    member,
    text,
    whole_kronor,
)
from bureau_clients.bisnode.paths import NUMBER, FactPath, Missing, PersonMapping
from bureau_clients.bisnode.readings import OWNERSHIP, SOURCE, assignments, fact
from bureau_clients.bisnode.standing import Event, newest
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import Assignment, PersonReport, fact_types
from underwriting.kernel.money import Money

PERSON = "person"
"""The part that the facts of a person's own answer name."""

_HIGHEST_SCORE = 100
_NOTHING: Mapping[Missing, Mapping[type, Any]] = {
    Missing.ABSENT: {},
    Missing.ZERO: {int: 0, Money: Money.ZERO},
    Missing.NO: {bool: False},
}


def person_report(document: Mapping[str, Any], *, number: str, mapping: PersonMapping, at: datetime) -> PersonReport:
    """The report on the person with *number* that *document* gives by the paths of *mapping*."""
    facts: dict[str, Fact[Any]] = dict.fromkeys(fact_types(PersonReport), Unknown(SOURCE, at, PERSON))
    for name, path in mapping.paths.items():
        if name != NUMBER:
            facts[name] = fact(_reader(document, name, path), part=PERSON, at=at)
    if facts["payment_remark_count"] == Known(0, SOURCE, at, PERSON):
        facts |= _without_remarks(document, facts, mapping, at)
    return PersonReport(number=number, **facts)


def person_number(document: Mapping[str, Any], *, mapping: PersonMapping) -> str | None:
    """The digits of the number that *document* is about, None where it does not tell. Raises Unreadable."""
    found = _found(document, mapping.paths[NUMBER]) if NUMBER in mapping.paths else []
    return digits(found[0]) if found else None


def owner_number(document: Mapping[str, Any]) -> str | None:
    """The digits of a sole trader's owner, None where they are not told. Raises Unreadable."""
    try:
        told = member(document, "ownership", "proprietorInformation", "proprietorDetails", "identificationNumber")
    except Unreadable:
        return None
    return digits(told)


def owner_report(
    document: Mapping[str, Any],
    *,
    number: str,
    shared: Mapping[str, Fact[Any]],
    events: Sequence[Event],
    income_unit: int,
    at: datetime,
) -> PersonReport:
    """The facts of a sole trader's owner; *shared* are those of the firm that are the owner's too.

    One unit of the income is *income_unit* kronor: the description gives it none.
    """

    def told(*names: str) -> Any:
        return member(document, "ownership", "proprietorInformation", *names)

    def owned(read: Callable[[], Any]) -> Fact[Any]:
        return fact(read, part=OWNERSHIP, at=at)

    facts: dict[str, Fact[Any]] = dict.fromkeys(fact_types(PersonReport), Unknown(SOURCE, at, OWNERSHIP))
    facts |= shared
    facts |= {
        "name": owned(lambda: text(told("proprietorDetails", "name"))),
        "deceased": owned(lambda: _deceased(told, events)),
        "emigrated": owned(lambda: _newest(events, Sign.EMIGRATED, Sign.IMMIGRATED)),
        "blocked": owned(lambda: _happened(events, Sign.PERSON_BLOCKED, Sign.BLOCKED)),
        "trustee": owned(lambda: _happened(events, Sign.TRUSTEE)),
        "trading_prohibition": owned(lambda: _happened(events, Sign.TRADING_PROHIBITION)),
        "debt_restructuring": owned(lambda: _newest(events, Sign.DEBT_RESTRUCTURING, Sign.DEBT_RESTRUCTURING_OVER)),
        "income": owned(
            lambda: whole_kronor(told("incomeInformation", "currentYear", "totalIncome"), unit=income_unit)
        ),
        "assignments": owned(lambda: assignments(told("businessAssignments", "currentAssignments"))),
    }
    return PersonReport(number=number, **facts)


def _without_remarks(
    document: Mapping[str, Any], facts: Mapping[str, Fact[Any]], mapping: PersonMapping, at: datetime
) -> dict[str, Fact[Any]]:
    """The remarks of somebody who has none: no sum and no day; nothing is known of them where one of these is told."""
    none: dict[str, Fact[Any]] = {
        "payment_remark_sum": Known(Money.ZERO, SOURCE, at, PERSON),
        "latest_payment_remark_on": Absent(SOURCE, at, PERSON),
    }
    told = [facts[name] for name in none if isinstance(facts[name], Known)]
    if any(fact != none["payment_remark_sum"] for fact in told):
        return dict.fromkeys(("payment_remark_count", *none), Unknown(SOURCE, at, PERSON))
    return {name: said for name, said in none.items() if not _is_told(document, mapping.paths.get(name))}


def _is_told(document: Mapping[str, Any], path: FactPath | None) -> bool:
    try:
        return path is not None and bool(_found(document, path))
    except Unreadable:
        return True


def _deceased(told: Callable[..., Any], events: Sequence[Event]) -> bool:
    if any(event.sign is Sign.DECEASED for event in events):
        return True
    return text(told("proprietorDetails", "civilStatusCode")) == DECEASED_CIVIL_STATUS


def _happened(events: Sequence[Event], *signs: Sign) -> bool:
    """Yes where one of *signs* is among the *events*; that none is says nothing."""
    if any(event.sign in signs for event in events):
        return True
    raise Unreadable("not told")


def _newest(events: Sequence[Event], yes: Sign, no: Sign) -> bool:
    sign = newest(events, (yes, no))
    if sign is None:
        raise Unreadable("not told")
    return sign is yes


def _reader(document: Mapping[str, Any], name: str, path: FactPath) -> Callable[[], Any]:
    type_ = fact_types(PersonReport)[name]

    def read() -> Any:
        found = _found(document, path)
        return _read(found, name, type_, path) if found else _missing(document, type_, path)

    return read


def _found(document: Mapping[str, Any], path: FactPath) -> list[Any]:
    """What stands at each of the paths; nothing where it is missing at one of them."""
    found = [list(_followed(document, steps)) for steps in path.paths]
    return [value for values in found for value in values] if all(found) else []


def _followed(value: Any, steps: Sequence[str]) -> list[Any]:
    if not steps:
        return [value]
    name, is_list = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    if not has(value, name):
        return []
    inner = member(value, name)
    if not is_list:
        return _followed(inner, steps[1:])
    # a member of the list without the rest of the path is not nothing: it cannot be read
    return [found for each in items(inner) for found in _followed(each, steps[1:]) or [None]]


def _missing(document: Any, type_: type, path: FactPath) -> Any:
    if path.missing is Missing.UNKNOWN or not all(_has_room(document, steps) for steps in path.paths):
        raise Unreadable("missing")
    return _NOTHING[path.missing].get(type_)


def _has_room(value: Any, steps: Sequence[str]) -> bool:
    """Whether all of a path is there but its end: a wrong path says nothing, a right one that ends early does."""
    for step in steps[:-1]:
        name = step.removesuffix("[]")
        if not has(value, name):
            return False
        value = member(value, name)
        if step.endswith("[]"):
            return isinstance(value, list)
    return isinstance(value, dict)


def _read(found: Sequence[Any], name: str, type_: type, path: FactPath) -> Any:
    if type_ is bool:
        flags = {text(each) in path.yes if path.yes else flag(each) for each in found}
        return True in flags
    if type_ is Money:
        return Money.sum(_amount(each, name, path) for each in found)
    if type_ is date:
        return max(day(each) for each in found)
    if type_ is str:
        return " ".join(text(each) for each in found)
    if type_ == tuple[Assignment, ...]:
        return assignments(found[0])
    number = count(found[0])
    if len(found) > 1 or (name == "scoring" and number > _HIGHEST_SCORE):
        raise Unreadable("not one number, or not between 0 and 100")
    return number


def _amount(value: Any, name: str, path: FactPath) -> Money:
    if has(value, "amount"):
        return amount(value)
    if name == "income":
        return whole_kronor(value, unit=path.kronor)
    return kronor(value, unit=path.kronor)
