"""A kept answer of a bureau as text for a terminal: every fact, what is known of it, and who told it when."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bureau_clients.evidence import Told
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.questions import SubjectKind
from bureau_clients.reports import (
    AnnualAccounts,
    Assignment,
    BoardMember,
    CompanyReport,
    Opinion,
    PersonReport,
    Rating,
    Signatory,
    SigningRight,
    fact_types,
)
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Language, Text
from underwriting.web.texts import catalogue

_GAP = "  "
NO_VALUE = "–"
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ORGANISATION_DIGITS = 10  # a longer number is a person's
_YEARS = (
    *("months", "turnover", "operating_result", "net_result", "total_assets", "equity"),
    *("current_assets", "current_liabilities", "employees"),
)

_ABOUT = {SubjectKind.COMPANY: Text("företag", "company"), SubjectKind.PERSON: Text("person", "person")}
_KNOWN, _ABSENT, _UNKNOWN = Text("känt", "known"), Text("finns inte", "absent"), Text("okänt", "unknown")
_OWNER = Text("Innehavaren", "The owner")
_NO_REPORT = Text("Svaret innehåller ingen rapport.", "The answer holds no report.")
_COLUMNS = (
    Text("Uppgift", "Fact"),
    Text("Värde", "Value"),
    Text("Kunskap", "Knowledge"),
    Text("Källa", "Source"),
    Text("Frågat", "Asked"),
)

Words = Mapping[str, str]


def report_text(told: Told, *, language: Language) -> str:
    """*told* in lines: the question, every fact in a table, then accounts, board, signatories and assignments.

    Numbers of persons are left out; characters that would steer the terminal are replaced.
    """
    return "\n".join(harmless(line) for line in _lines(told, language))


def question_value(told: Told) -> dict[str, Any]:
    """The question behind *told* as a JSON value, without its report."""
    evidence = told.evidence
    return {
        "id": str(evidence.report_id),
        "kind": told.kind,
        "role": told.role,
        "question": evidence.question,
        "bureau": evidence.bureau,
        "outcome": evidence.outcome,
        "failure_code": evidence.failure_code,
        "asked_at": evidence.asked_at.isoformat(),
        "answered_at": None if evidence.answered_at is None else evidence.answered_at.isoformat(),
        "copy_notice": evidence.copy_notice,
        "cost": None if evidence.cost is None else str(evidence.cost),
        "sha256s": list(evidence.sha256s),
    }


def table(rows: Sequence[Sequence[str]], *, numbers: bool = False) -> Iterator[str]:
    """*rows* with their cells below each other; with *numbers* all but the first column end below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if numbers and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield _GAP.join(cells).rstrip()


def moment(at: datetime) -> str:
    """An instant by Stockholm's clocks, to the second."""
    return at.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def harmless(line: str) -> str:
    """*line* without the characters that would steer the terminal: what a bureau writes is shown, never carried out."""
    return _STEERING.sub("?", line)


def knowledge_of(fact: Fact[Any]) -> Text:
    """Whether there is a value (rule D13)."""
    match fact:
        case Known():
            return _KNOWN
        case Absent():
            return _ABSENT
        case Unknown():
            return _UNKNOWN


def in_words(value: Any, words: Words) -> str:
    """A known value by the catalogue *words*; of a list how long it is."""
    match value:
        case bool():
            return words["yes" if value else "no"]
        case Money():
            return value.formatted()
        case date():
            return value.isoformat()
        case Rating():
            return f"{value.grade} ({value.score})"
        case Opinion():
            verdict = words[f"verdict.{value.verdict}"]
            return f"{verdict} ({', '.join(value.reasons)})" if value.reasons else verdict
        case SigningRight():
            return words[f"coverage.{value.coverage}"]
        case tuple():
            return str(len(value))
        case StrEnum():
            return words.get(f"company_status.{value}", str(value))
    return str(value)


def _lines(told: Told, language: Language) -> Iterator[str]:
    yield from table([(title.in_language(language), value) for title, value in _head(told, language) if value])
    yield ""
    report = told.report
    if not isinstance(report, CompanyReport | PersonReport):
        yield _NO_REPORT.in_language(language)
        return
    yield from _report(report, language)
    if isinstance(report, CompanyReport) and report.owner is not None:
        yield from ("", _heading(_OWNER.in_language(language)), "")
        yield from _report(report.owner, language)


def _head(told: Told, language: Language) -> Iterator[tuple[Text, str]]:
    evidence = told.evidence
    yield Text("Gäller", "About"), _ABOUT[told.kind].in_language(language)
    yield Text("Byrå", "Bureau"), evidence.bureau
    yield Text("Fråga", "Question"), str(evidence.report_id)
    yield Text("Utfall", "Outcome"), str(evidence.outcome)
    yield Text("Frågat", "Asked"), moment(evidence.asked_at)
    yield Text("Besvarat", "Answered"), "" if evidence.answered_at is None else moment(evidence.answered_at)
    yield Text("Kopia", "Copy"), catalogue(language)[f"copy.{evidence.copy_notice}"]
    yield Text("Kostnad", "Cost"), "" if evidence.cost is None else evidence.cost.formatted()
    for sha256 in evidence.sha256s:
        yield Text("SHA-256", "SHA-256"), sha256


def _report(report: CompanyReport | PersonReport, language: Language) -> Iterator[str]:
    words = catalogue(language)
    facts = [(name, getattr(report, name)) for name in fact_types(type(report))]
    head = [column.in_language(language) for column in _COLUMNS]
    yield from table([head, *(_row(name, fact, language) for name, fact in facts)])
    for name, fact in facts:
        if isinstance(fact, Known):
            for lines in _below(fact.value, words):
                yield from ("", _heading(words[f"fact.{name}"]), "", *lines)


def _row(name: str, fact: Fact[Any], language: Language) -> tuple[str, ...]:
    words = catalogue(language)
    written = in_words(fact.value, words) if isinstance(fact, Known) else NO_VALUE
    source = "/".join(filter(None, (fact.source, fact.part)))
    return words[f"fact.{name}"], written, knowledge_of(fact).in_language(language), source, moment(fact.at)


def _below(value: Any, words: Words) -> Iterator[Iterator[str]]:
    """The lines about a value that has more to it than fits in a row."""
    match value:
        case (AnnualAccounts(), *_):
            yield _accounts(value, words)
        case (BoardMember(), *_):
            yield table([(each.name, each.function, _day(each.since)) for each in value])
        case (Assignment(), *_):
            yield table([(_company(each), each.company_name, each.function, _day(each.since)) for each in value])
        case SigningRight() if value.text or value.alternatives:
            yield _signing_right(value, words)


def _accounts(years: Sequence[AnnualAccounts], words: Words) -> Iterator[str]:
    rows = [("", *(each.closed_on.isoformat() for each in years))]
    for name in _YEARS:
        cells = [getattr(each, name) for each in years]
        rows.append(
            (words[f"accounts.{name}"], *(NO_VALUE if cell is None else in_words(cell, words) for cell in cells))
        )
    return table(rows, numbers=True)


def _signing_right(right: SigningRight, words: Words) -> Iterator[str]:
    if right.text:
        yield right.text
    for alternative in right.alternatives:
        yield "- " + f" {words['report.together']} ".join(_signatory(member) for member in alternative)


def _signatory(member: Signatory) -> str:
    return f"{member.name} ({', '.join(member.roles)})" if member.roles else member.name


def _company(assignment: Assignment) -> str:
    number = assignment.company_number
    return f"{number[:6]}-{number[6:]}" if len(number) == _ORGANISATION_DIGITS else NO_VALUE


def _day(on: date | None) -> str:
    return NO_VALUE if on is None else on.isoformat()


def _heading(title: str) -> str:
    return title.upper()
