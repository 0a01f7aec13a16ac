"""What is kept of questions and answers: written and read here, in the caller's transaction (rules B5, B6)."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.formats import report_from_json, report_to_json
from bureau_clients.models import CreditReport, CreditReportUse
from bureau_clients.questions import Outcome, QuestionKind, Subject, SubjectKind, SubjectRole
from bureau_clients.reports import Report
from bureau_clients.rules import Earlier
from underwriting.kernel.money import Money
from underwriting.platform.encryption import Cipher

_RAW = "credit_report.raw"
_PARSED = "credit_report.parsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One kept answer, or the lack of one: who was asked what and when, what came of it, the hash of what arrived."""

    report_id: uuid.UUID
    question: QuestionKind
    bureau: str
    outcome: Outcome
    failure_code: str | None
    asked_at: datetime
    answered_at: datetime | None
    sha256: str | None  # in hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a bureau was asked and answered for one application, as staff read it; *report* where there is one."""

    kind: SubjectKind
    role: SubjectRole
    evidence: Evidence
    report: Report | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is to be kept of one question to one bureau."""

    application_id: uuid.UUID
    subject: Subject
    question: QuestionKind
    bureau: str
    reference: str
    asked_at: datetime
    answered_at: datetime | None
    outcome: Outcome
    failure_code: str | None
    report: Report | None
    raw: bytes | None
    cost: Money | None


def keep(session: Session, cipher: Cipher, kept: Kept) -> Evidence:
    """Write one answer as it was received, encrypted, with its hash and what was read from it."""
    subject = kept.subject
    row = CreditReport(
        application_id=kept.application_id,
        subject_kind=subject.kind,
        subject_index=index_of(cipher, subject),
        role=subject.role,
        question=kept.question,
        bureau=kept.bureau,
        reference=kept.reference,
        outcome=kept.outcome,
        failure_code=kept.failure_code,
        purpose=subject.purpose,
        notice_version=subject.notice_version,
        asked_at=kept.asked_at,
        answered_at=kept.answered_at,
        raw_encrypted=None if kept.raw is None else cipher.encrypt(kept.raw, context=_RAW),
        sha256=None if kept.raw is None else hashlib.sha256(kept.raw).digest(),
        parsed_encrypted=None
        if kept.report is None
        else cipher.encrypt_json(report_to_json(kept.report), context=_PARSED),
        cost_ore=None if kept.cost is None else kept.cost.ore,
    )
    session.add(row)
    session.flush()
    return _evidence(row)


def use(
    session: Session, cipher: Cipher, report_id: uuid.UUID, *, application_id: uuid.UUID, subject: Subject, at: datetime
) -> tuple[Evidence, Report]:
    """The kept answer *report_id*, read again; its use for the application is recorded."""
    row = session.get_one(CreditReport, report_id)
    record_use(session, report_id, application_id=application_id, subject=subject, at=at)
    report = _parsed(cipher, row)
    if report is None:
        raise ValueError("only a report or a 'no match' is used again")
    return _evidence(row), report


def record_use(
    session: Session, report_id: uuid.UUID, *, application_id: uuid.UUID, subject: Subject, at: datetime
) -> None:
    """Record that the kept answer is used for the application (B5)."""
    session.add(
        CreditReportUse(credit_report_id=report_id, application_id=application_id, purpose=subject.purpose, used_at=at)
    )


def earlier_of(session: Session, cipher: Cipher, application_id: uuid.UUID, subject: Subject) -> list[Earlier]:
    """What is kept about *subject* in its role, for the application or any other."""
    rows = session.execute(
        sa.select(
            CreditReport.id,
            CreditReport.question,
            CreditReport.bureau,
            CreditReport.outcome,
            CreditReport.asked_at,
            CreditReport.application_id,
        ).where(
            CreditReport.subject_index == index_of(cipher, subject),
            CreditReport.subject_kind == subject.kind,
            CreditReport.role == subject.role,
        )
    )
    return [
        Earlier(
            report_id=row.id,
            question=QuestionKind(row.question),
            bureau=row.bureau,
            outcome=Outcome(row.outcome),
            asked_at=row.asked_at,
            same_application=row.application_id == application_id,
        )
        for row in rows
    ]


def latest_failure(
    session: Session, cipher: Cipher, application_id: uuid.UUID, subject: Subject
) -> tuple[Evidence, ...]:
    """The newest question of the application about *subject* that gave no answer; empty when there is none."""
    rows = session.scalars(
        sa.select(CreditReport)
        .where(
            CreditReport.application_id == application_id,
            CreditReport.subject_index == index_of(cipher, subject),
            CreditReport.subject_kind == subject.kind,
            CreditReport.question == QuestionKind.REPORT,
            CreditReport.failure_code.is_not(None),
        )
        .order_by(CreditReport.asked_at.desc(), CreditReport.id.desc())
        .limit(1)
    )
    return tuple(_evidence(row) for row in rows)


def of_application(session: Session, cipher: Cipher, application_id: uuid.UUID) -> tuple[Told, ...]:
    """Every answer that was asked for or used for the application, the company's first, then the newest first."""
    used = sa.select(CreditReportUse.credit_report_id).where(CreditReportUse.application_id == application_id)
    rows = session.scalars(
        sa.select(CreditReport)
        .where(sa.or_(CreditReport.application_id == application_id, CreditReport.id.in_(used)))
        .order_by(CreditReport.subject_kind, CreditReport.subject_index, CreditReport.asked_at.desc())
    )
    return tuple(
        Told(
            kind=SubjectKind(row.subject_kind),
            role=SubjectRole(row.role),
            evidence=_evidence(row),
            report=_parsed(cipher, row),
        )
        for row in rows
    )


def index_of(cipher: Cipher, subject: Subject) -> bytes:
    """The blind index under which *subject* is kept."""
    return cipher.blind_index(subject.number.digits)


def _parsed(cipher: Cipher, row: CreditReport) -> Report | None:
    if row.parsed_encrypted is None:
        return None
    return report_from_json(cipher.decrypt_json(row.parsed_encrypted, context=_PARSED))


def _evidence(row: CreditReport) -> Evidence:
    return Evidence(
        report_id=row.id,
        question=QuestionKind(row.question),
        bureau=row.bureau,
        outcome=Outcome(row.outcome),
        failure_code=row.failure_code,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        sha256=None if row.sha256 is None else row.sha256.hex(),
    )
