"""What bureaus said of a company or a person, as staff read it: facts in groups, one column per bureau."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from bureau_clients.evidence import Evidence, Told
from bureau_clients.facts import Known
from bureau_clients.questions import QuestionKind, SubjectKind
from bureau_clients.reports import AnnualAccounts, CompanyReport, PersonReport
from underwriting.web.accounts import figures_of
from underwriting.web.fact_words import Words, origin_of, words_of
from underwriting.web.texts import translate

_Report: TypeAlias = CompanyReport | PersonReport

COMPANY_GROUPS = {
    "register": ("name", "form", "status", "registered_on", "f_tax", "vat", "employer"),
    "rating": ("rating", "credit_limit", "opinion"),
    "remarks": (
        *("payment_remark_count", "payment_remark_sum", "latest_payment_remark_on", "petition_count", "petition_sum"),
        *("kronofogden_debt", "kronofogden_public_debt", "kronofogden_private_debt", "bankruptcy", "distraint"),
    ),
    "people": ("board", "signing_right"),
    "accounts": ("accounts_closed_on", "annual_turnover", "employees", "accounts"),
}
"""The facts of a company's report that are read together, by the heading above them."""
PERSON_GROUPS = {
    "person": (
        *("name", "protected", "emigrated", "deceased", "blocked", "number_retired"),
        "dormant_coordination_number",
    ),
    "economy": (
        *("income", "payment_remark_count", "payment_remark_sum", "latest_payment_remark_on", "kronofogden_debt"),
        *("trustee", "debt_restructuring", "trading_prohibition"),
    ),
    "judgement": ("scoring", "opinion"),
    "companies": ("assignments",),
}
"""The same of a person's report."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one bureau says of a fact. *origin* is who told it, where and when; *elsewhere* is that where it is not the
    same as for the most of the report.
    """

    words: Words
    origin: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class Line:
    """One fact, as each bureau tells it."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A fact that has more to it than a word: *kind* is its name, *parts* what was told, and by which bureaus."""

    kind: str
    label: str
    parts: tuple[tuple[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that are read together; *kind* is the key of the heading."""

    kind: str
    heading: str
    lines: tuple[Line, ...]
    blocks: tuple[Block, ...]

    @property
    def is_broad(self) -> bool:
        """Whether something in it takes the whole width of a page."""
        return any(block.kind == "accounts" for block in self.blocks)

    @property
    def has_rating(self) -> bool:
        """Whether the common scale has to be told."""
        return self.kind == "rating"


@dataclass(frozen=True, slots=True)
class Column:
    """A bureau's newest report; most of its facts have the *origin*."""

    bureau: str
    origin: str
    report: _Report = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it; *status* is the register's word where nothing but that was asked for."""

    evidence: Evidence
    status: str


@dataclass(frozen=True, slots=True)
class About:
    """All that was asked about one subject, the newest first, and what the bureaus told."""

    kind: SubjectKind
    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    asked: tuple[Asked, ...]


def subjects_of(told: Sequence[Told], *, named: Mapping[bytes, str]) -> tuple[About, ...]:
    """Everybody whom the *told* answers of an application are about; those about one subject stand together in it.

    *named* are the guarantors as the application names them, for those of whom no bureau has told anything.
    """
    by_subject = groupby(told, key=lambda one: (one.kind, one.subject))
    return tuple(_about(tuple(same), named.get(subject)) for (_, subject), same in by_subject)


def _about(told: tuple[Told, ...], named: str | None) -> About:
    columns, kind = tuple(_columns(told)), told[0].kind
    asked = tuple(Asked(one.evidence, _status_alone(one)) for one in told)
    return About(kind, _title(kind, columns, named), columns, tuple(_groups(columns)), asked)


def _status_alone(told: Told) -> str:
    if told.evidence.question is QuestionKind.STATUS and isinstance(told.report, CompanyReport):
        return words_of("status", told.report.status).value
    return ""


def _title(kind: SubjectKind, columns: Sequence[Column], named: str | None) -> str:
    """Whom it is about: as what, and the name that a register gives, or else the application."""
    role = translate("report.company" if kind is SubjectKind.COMPANY else "report.guarantor")
    told = (column.report.name for column in columns)
    name = next((fact.value for fact in told if isinstance(fact, Known)), named)
    return f"{role}: {name}" if name else role


def _columns(told: Sequence[Told]) -> Iterator[Column]:
    shown: set[str] = set()
    for one in told:
        bureau, report = one.evidence.bureau, one.report
        if one.evidence.question is QuestionKind.STATUS or bureau in shown:
            continue
        if isinstance(report, CompanyReport | PersonReport):
            shown.add(bureau)
            yield Column(bureau.capitalize(), _most_common_origin(report), report)


def _most_common_origin(report: _Report) -> str:
    groups = COMPANY_GROUPS if isinstance(report, CompanyReport) else PERSON_GROUPS
    origins = Counter(origin_of(getattr(report, name)) for names in groups.values() for name in names)
    return origins.most_common(1)[0][0]


def _groups(columns: Sequence[Column]) -> Iterator[Group]:
    if not columns:
        return
    groups = COMPANY_GROUPS if isinstance(columns[0].report, CompanyReport) else PERSON_GROUPS
    for heading, names in groups.items():
        yield _group(heading, translate(f"report.group.{heading}"), names, columns)
    owners = [
        Column(column.bureau, column.origin, column.report.owner)
        for column in columns
        if isinstance(column.report, CompanyReport) and column.report.owner is not None
    ]
    for heading, names in PERSON_GROUPS.items() if len(owners) == len(columns) else ():
        yield _group(heading, translate("report.owner", group=translate(f"report.group.{heading}")), names, owners)


def _group(kind: str, heading: str, names: Sequence[str], columns: Sequence[Column]) -> Group:
    lines = tuple(
        Line(translate(f"fact.{name}"), tuple(_cell(name, getattr(column.report, name), column) for column in columns))
        for name in names
    )
    return Group(kind, heading, lines, tuple(block for name in names if (block := _block(name, columns)).parts))


def _cell(name: str, fact: Any, column: Column) -> Cell:
    origin = origin_of(fact)
    return Cell(words_of(name, fact), origin, "" if origin == column.origin else origin)


def _block(name: str, columns: Sequence[Column]) -> Block:
    """What is alike at several bureaus stands once, with the names of all of them."""
    told: list[tuple[str, Any]] = []
    for column in columns:
        fact = getattr(column.report, name)
        if not isinstance(fact, Known) or not _is_long(fact.value):
            continue
        same = next((place for place, (_, value) in enumerate(told) if value == fact.value), None)
        if same is None:
            told.append((column.bureau, fact.value))
        else:
            told[same] = (f"{told[same][0]}, {column.bureau}", fact.value)
    return Block(name, translate(f"fact.{name}"), tuple((bureaus, _part(value)) for bureaus, value in told))


def _is_long(value: Any) -> bool:
    """Whether there is more to it than a word."""
    return bool(value) if isinstance(value, tuple) else hasattr(value, "alternatives")


def _part(value: Any) -> Any:
    return figures_of(value) if isinstance(value, tuple) and isinstance(value[0], AnnualAccounts) else value
