"""What is kept of questions and answers: written and read here, in the caller's transaction (rules B5, B6).

Every answer is kept as it was received: compressed, then encrypted, with the SHA-256 of the bytes that came.
"""

import gzip
import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.formats import report_from_json, report_to_json
from bureau_clients.models import Compression, CreditReport, CreditReportUse, ReceivedAnswer
from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, Subject, SubjectKind, SubjectRole
from bureau_clients.reports import Received, Report
from bureau_clients.retention import DATA_SUBJECT, data_subject_of, retained_until
from bureau_clients.rules import Earlier
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.database import new_id
from underwriting.platform.encryption import Cipher

_PARSED = "credit_report.parsed"
_CONTEXTS: Mapping[str, str] = {Compression.NONE: "credit_report.raw", Compression.GZIP: "received_answer.body"}


class EvidenceDamaged(Exception):
    """What is kept of an answer no longer has the hash of what was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One kept question: who was asked what and when, what came of it, the hashes of what arrived.

    *sha256s* are in hexadecimal, in the order of the answers. *milliseconds* is how long the bureau took; None where it
    was not asked, or whoever asked it died. *is_fallback*: it is not the first bureau of its order. *retained_until* is
    the first day on which what arrived may be erased, *erased_at* when it was. *reference* stands on the bureau's
    invoice.
    """

    report_id: uuid.UUID
    question: QuestionKind
    bureau: str
    outcome: Outcome
    failure_code: str | None
    asked_at: datetime
    answered_at: datetime | None
    sha256s: tuple[str, ...] = ()
    milliseconds: int | None = None
    is_fallback: bool = False
    copy_notice: CopyNotice = CopyNotice.NONE
    cost: Money | None = None
    confirmed_at: datetime | None = None
    retained_until: date | None = None
    erased_at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a bureau was asked and answered for one application, as staff read it; *report* where there is one.

    *subject* is the same for all that was asked about one company or person.
    """

    kind: SubjectKind
    role: SubjectRole
    subject: bytes = field(repr=False)
    evidence: Evidence
    report: Report | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is to be kept of one question to one bureau."""

    application_id: uuid.UUID
    subject: Subject
    question: QuestionKind
    bureau: str
    is_fallback: bool
    reference: str
    asked_at: datetime
    answered_at: datetime | None
    outcome: Outcome
    failure_code: str | None
    copy_notice: CopyNotice
    milliseconds: int | None = None
    report: Report | None = None
    received: tuple[Received, ...] = ()
    cost: Money | None = None


def keep(session: Session, cipher: Cipher, kept: Kept) -> Evidence:
    """Write one question with its answers as they were received and what was read from them."""
    subject = kept.subject
    has_answer = kept.report is not None or kept.received
    report_id = cipher.data_keys.begin(DATA_SUBJECT) if has_answer else new_id(session)
    row = CreditReport(
        id=report_id,
        application_id=kept.application_id,
        subject_kind=subject.kind,
        subject_index=index_of(cipher, subject),
        company_form=subject.form,
        role=subject.role,
        question=kept.question,
        bureau=kept.bureau,
        is_fallback=kept.is_fallback,
        reference=kept.reference,
        outcome=kept.outcome,
        failure_code=kept.failure_code,
        purpose=subject.purpose,
        notice_version=subject.notice_version,
        confirmed_at=subject.confirmed_at,
        asked_at=kept.asked_at,
        answered_at=kept.answered_at,
        milliseconds=kept.milliseconds,
        copy_notice=kept.copy_notice,
        parsed_encrypted=None
        if kept.report is None
        else cipher.encrypt_json(report_to_json(kept.report), context=_PARSED, subject=data_subject_of(report_id)),
        cost_ore=None if kept.cost is None else kept.cost.ore,
        retained_until=retained_until(subject.group, received_on=stockholm_date(kept.answered_at or kept.asked_at)),
    )
    session.add(row)
    session.flush()
    answers = [_answer(cipher, row.id, position, received) for position, received in enumerate(kept.received)]
    session.add_all(answers)
    session.flush()
    return _evidence(row, tuple(answer.sha256.hex() for answer in answers))


def use(
    session: Session, cipher: Cipher, report_id: uuid.UUID, *, application_id: uuid.UUID, subject: Subject, at: datetime
) -> tuple[Evidence, Report]:
    """The kept answer *report_id*, read again; its use for the application is recorded."""
    row = session.get_one(CreditReport, report_id)
    record_use(session, report_id, application_id=application_id, subject=subject, at=at)
    report = report_in(cipher, row)
    if report is None:
        raise ValueError("only a report or a 'no match' is used again")
    return _evidence(row, _hashes(session, [report_id]).get(report_id, ())), report


def record_use(
    session: Session, report_id: uuid.UUID, *, application_id: uuid.UUID, subject: Subject, at: datetime
) -> None:
    """Record that the kept answer is used for the application (B5)."""
    session.add(
        CreditReportUse(credit_report_id=report_id, application_id=application_id, purpose=subject.purpose, used_at=at)
    )


def earlier_of(session: Session, cipher: Cipher, application_id: uuid.UUID, subject: Subject) -> list[Earlier]:
    """What is kept, and not erased, about *subject* in its role, for the application or any other."""
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
            CreditReport.erased_at.is_(None),
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
    return _evidence_of(session, rows)


def of_application(session: Session, cipher: Cipher, application_id: uuid.UUID) -> tuple[Told, ...]:
    """Every answer that was asked for or used for the application, the company's first, then the newest first."""
    used = sa.select(CreditReportUse.credit_report_id).where(CreditReportUse.application_id == application_id)
    rows = session.scalars(
        sa.select(CreditReport)
        .where(sa.or_(CreditReport.application_id == application_id, CreditReport.id.in_(used)))
        .order_by(CreditReport.subject_kind, CreditReport.subject_index, CreditReport.asked_at.desc())
    ).all()
    return _told(session, cipher, rows)


def about(
    session: Session, cipher: Cipher, digits: str, *, application_id: uuid.UUID | None = None
) -> tuple[Told, ...]:
    """Every report asked for about the number *digits*, the newest first; of one application, or of all."""
    query = sa.select(CreditReport).where(
        CreditReport.subject_index == cipher.blind_index(digits), CreditReport.question == QuestionKind.REPORT
    )
    if application_id is not None:
        used = sa.select(CreditReportUse.credit_report_id).where(CreditReportUse.application_id == application_id)
        query = query.where(sa.or_(CreditReport.application_id == application_id, CreditReport.id.in_(used)))
    rows = session.scalars(query.order_by(CreditReport.asked_at.desc(), CreditReport.id.desc()))
    return _told(session, cipher, rows.all())


def answers_of(session: Session, cipher: Cipher, report_id: uuid.UUID) -> tuple[Received, ...]:
    """The answers to one question as they were received, in order; none once they are erased.

    Raises EvidenceDamaged where the bytes do not have their hash, CiphertextInvalid where they cannot be decrypted.
    """
    rows = session.scalars(
        sa.select(ReceivedAnswer)
        .where(ReceivedAnswer.credit_report_id == report_id, ReceivedAnswer.body_encrypted.is_not(None))
        .order_by(ReceivedAnswer.position)
    )
    return tuple(Received(row.part, _body(cipher, row)) for row in rows)


def report_in(cipher: Cipher, row: CreditReport) -> Report | None:
    """The report that was read from the answers; None where there was none, or it is erased."""
    if row.parsed_encrypted is None:
        return None
    return report_from_json(cipher.decrypt_json(row.parsed_encrypted, context=_PARSED))


def index_of(cipher: Cipher, subject: Subject) -> bytes:
    """The blind index under which *subject* is kept."""
    return cipher.blind_index(subject.number.digits)


def _told(session: Session, cipher: Cipher, rows: Sequence[CreditReport]) -> tuple[Told, ...]:
    return tuple(
        Told(
            subject=row.subject_index,
            kind=SubjectKind(row.subject_kind),
            role=SubjectRole(row.role),
            evidence=found,
            report=report_in(cipher, row),
        )
        for row, found in zip(rows, _evidence_of(session, rows), strict=True)
    )


def _answer(cipher: Cipher, report_id: uuid.UUID, position: int, received: Received) -> ReceivedAnswer:
    return ReceivedAnswer(
        credit_report_id=report_id,
        part=received.part,
        position=position,
        compression=Compression.GZIP,
        body_encrypted=cipher.encrypt(
            gzip.compress(received.body, mtime=0),
            context=_CONTEXTS[Compression.GZIP],
            subject=data_subject_of(report_id),
        ),
        sha256=hashlib.sha256(received.body).digest(),
    )


def _body(cipher: Cipher, row: ReceivedAnswer) -> bytes:
    stored = cipher.decrypt(row.body_encrypted or b"", context=_CONTEXTS[row.compression])
    body = gzip.decompress(stored) if row.compression == Compression.GZIP else stored
    if hashlib.sha256(body).digest() != row.sha256:
        raise EvidenceDamaged(f"answer {row.id} is not what was received")
    return body


def _hashes(session: Session, report_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """The hashes of all answers to each question, in order."""
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    rows = session.execute(
        sa.select(ReceivedAnswer.credit_report_id, ReceivedAnswer.sha256)
        .where(ReceivedAnswer.credit_report_id.in_(report_ids))
        .order_by(ReceivedAnswer.credit_report_id, ReceivedAnswer.position)
    )
    for report_id, sha256 in rows:
        found[report_id] = (*found.get(report_id, ()), sha256.hex())
    return found


def _evidence_of(session: Session, rows: Iterable[CreditReport]) -> tuple[Evidence, ...]:
    rows = tuple(rows)
    hashes = _hashes(session, [row.id for row in rows])
    return tuple(_evidence(row, hashes.get(row.id, ())) for row in rows)


def _evidence(row: CreditReport, sha256s: tuple[str, ...]) -> Evidence:
    return Evidence(
        report_id=row.id,
        question=QuestionKind(row.question),
        bureau=row.bureau,
        outcome=Outcome(row.outcome),
        failure_code=row.failure_code,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        sha256s=sha256s,
        milliseconds=row.milliseconds,
        is_fallback=row.is_fallback,
        copy_notice=CopyNotice(row.copy_notice),
        cost=None if row.cost_ore is None else Money(row.cost_ore),
        confirmed_at=row.confirmed_at,
        retained_until=row.retained_until,
        erased_at=row.erased_at,
        reference=row.reference,
    )
