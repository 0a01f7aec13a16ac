"""A bureau's report as staff read it: every fact with its name, its value in words, and whether it weighs against."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from bureau_clients.evidence import Told
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import SubjectKind
from bureau_clients.reports import CompanyReport, PersonReport, Rating, fact_types
from underwriting.kernel.money import Money
from underwriting.web.texts import translate

_WELCOME = frozenset(("f_tax", "vat", "employer"))
"""The facts of a company of which a yes is good; of all others that are a yes or a no, the yes weighs against."""
_BAD_WHEN_ANY = frozenset(("payment_remark_count", "payment_remark_sum", "kronofogden_debt"))


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: *tone* is `bad` where it weighs against, `faint` where there is no value."""

    label: str
    value: str = field(repr=False)
    tone: str


@dataclass(frozen=True, slots=True)
class Table:
    """One report: about whom, from whom, what became of the question, and its facts."""

    title: str
    told: Told
    rows: tuple[Row, ...]


def tables_of(told: tuple[Told, ...]) -> tuple[Table, ...]:
    """The reports of an application, each with its rows; a sole trader's has those of the owner too."""
    return tuple(Table(_title(one), one, tuple(_rows_of(one.report))) for one in told)


def _title(told: Told) -> str:
    """Whom it is about: as what, and the name that the register gives."""
    role = translate("report.company" if told.kind is SubjectKind.COMPANY else "report.guarantor")
    name = told.report.name if isinstance(told.report, CompanyReport | PersonReport) else None
    return f"{role}: {name.value}" if isinstance(name, Known) else role


def _rows_of(report: Any) -> Iterator[Row]:
    if not isinstance(report, CompanyReport | PersonReport):
        return
    for name in fact_types(type(report)):
        yield _row(name, getattr(report, name))
    if isinstance(report, CompanyReport) and report.owner is not None:
        for name in fact_types(PersonReport):
            row = _row(name, getattr(report.owner, name))
            yield Row(translate("report.owner", fact=row.label), row.value, row.tone)


def _row(name: str, fact: Any) -> Row:
    label = translate(f"fact.{name}")
    match fact:
        case Known(value=value):
            return Row(label, _in_words(name, value), "bad" if _weighs_against(name, value) else "")
        case Absent():
            return Row(label, translate("report.absent"), "faint")
        case Unknown():
            return Row(label, translate("report.unknown"), "faint")
    raise TypeError(type(fact).__name__)


def _in_words(name: str, value: Any) -> str:
    match value:
        case bool():
            return translate("yes" if value else "no")
        case Money():
            return value.formatted()
        case date():
            return value.isoformat()
        case Rating():
            return f"{value.grade} ({value.score})"
        case StrEnum():
            return translate(f"form.{value}" if name == "form" else f"company_status.{value}")
    return str(value)


def _weighs_against(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value is (name not in _WELCOME)
    if name == "status":
        return str(value) != "active"
    return name in _BAD_WHEN_ANY and bool(value)
