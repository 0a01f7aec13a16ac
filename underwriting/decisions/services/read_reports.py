"""The reports that were asked for on an application, fact by fact, as staff read them (rules B6, B7, D13)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from bureau_clients import evidence
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import Outcome, QuestionKind, SubjectKind
from bureau_clients.reports import CompanyReport, PersonReport, Rating, Report
from underwriting.kernel.money import Money
from underwriting.platform.encryption import Cipher


class Knowledge(StrEnum):
    """What a report says of one property (rule D13)."""

    KNOWN = "known"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FactView:
    """One property of a report; *value* is written out where it is known."""

    name: str
    knowledge: Knowledge
    value: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One question to a bureau, and what came of it; *facts* are empty without a report."""

    id: uuid.UUID
    kind: SubjectKind
    question: QuestionKind
    bureau: str
    outcome: Outcome
    failure_code: str | None
    asked_at: datetime
    answered_at: datetime | None
    sha256: str | None
    facts: tuple[FactView, ...]


def reports_of(session: Session, cipher: Cipher, application_id: uuid.UUID) -> tuple[ReportView, ...]:
    """Every answer asked for or used for the application: the company's first, the newest of a subject first."""
    return tuple(
        ReportView(
            id=told.evidence.report_id,
            kind=told.kind,
            question=told.evidence.question,
            bureau=told.evidence.bureau,
            outcome=told.evidence.outcome,
            failure_code=told.evidence.failure_code,
            asked_at=told.evidence.asked_at,
            answered_at=told.evidence.answered_at,
            sha256=told.evidence.sha256,
            facts=tuple(_facts(told.report)),
        )
        for told in evidence.of_application(session, cipher, application_id)
    )


def _facts(report: Report | None) -> Iterator[FactView]:
    if not isinstance(report, CompanyReport | PersonReport):
        return
    for each in fields(report):
        fact = getattr(report, each.name)
        match fact:
            case Known(value):
                yield FactView(each.name, Knowledge.KNOWN, _written(value))
            case Absent():
                yield FactView(each.name, Knowledge.ABSENT, None)
            case Unknown():
                yield FactView(each.name, Knowledge.UNKNOWN, None)
    if isinstance(report, CompanyReport):
        yield from (FactView(f"owner.{fact.name}", fact.knowledge, fact.value) for fact in _facts(report.owner))


def _written(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Money():
            return value.formatted()
        case Rating():
            return f"{value.grade} ({value.score})"
        case _:
            return str(value)
