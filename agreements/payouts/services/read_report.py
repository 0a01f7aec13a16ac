"""The bank's reports on payment files, whenever and however often they come (rules P2, P3).

A report is read once by its content; each payment that it names moves in a transaction of its own, so that a report
that is broken off half-way is simply read again. One that cannot be read is kept for a person and changes nothing.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.payouts.answers import BankAnswerUnreadable, BankReport, PayoutAnswer, PayoutStatus, read_report
from agreements.payouts.models import BankReport as ReportRow
from agreements.payouts.models import Payout, PayoutFile
from agreements.payouts.services.order_payout import ON_ITS_WAY, lock_payout
from agreements.payouts.services.record_answer import Answers, Taken
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

_CONTENT = "bank_report.content"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What a report has led to: payouts that moved, ids that are not ours, and what contradicts what was said before.

    All are zero for one that has been read already.
    """

    moved: int = 0
    not_ours: int = 0
    contradicted: int = 0


def take_report(runtime: Runtime, answers: Answers, content: bytes, *, actor: str) -> ReportResult:
    """Let a report move what it names. Raises BankAnswerUnreadable for one that cannot be read, and keeps it."""
    if _is_read(runtime, content):
        return ReportResult()
    try:
        report = read_report(content)
    except BankAnswerUnreadable as error:
        _log.error("bank_report_quarantined", sha256=hashlib.sha256(content).hexdigest())
        _keep(runtime, content, ReportResult(), actor=actor, refused=error.slug)
        raise
    taken = [_take(runtime, answers, *one) for one in _named(runtime, report)]
    result = ReportResult(
        moved=taken.count(Taken.MOVED), not_ours=taken.count(None), contradicted=taken.count(Taken.CONTRADICTED)
    )
    if result.not_ours or result.contradicted:
        _log.error("bank_report_contradicts", not_ours=result.not_ours, contradicted=result.contradicted)
    _keep(runtime, content, result, actor=actor, refused=None)
    return result


def _named(runtime: Runtime, report: BankReport) -> list[tuple[uuid.UUID | None, PayoutAnswer, bool]]:
    """Each payment, with what is said of it and whether it is said of the whole file alone; None is not ours."""
    of_file = sa.select(Payout.id, Payout.end_to_end_id).join(PayoutFile, PayoutFile.id == Payout.file_id)
    with runtime.database.transaction() as session:
        named = sa.select(Payout.end_to_end_id, Payout.id).where(Payout.end_to_end_id.in_(list(report.answers)))
        ids = {row.end_to_end_id: row.id for row in session.execute(named)}
        in_file = session.execute(of_file.where(PayoutFile.message_id == report.about_message_id)).all()
    found: list[tuple[uuid.UUID | None, PayoutAnswer, bool]] = [
        (ids.get(one), answer, False) for one, answer in report.answers.items()
    ]
    if report.file_status is not None and not report.answers and not in_file:
        about, reason = report.about_message_id, report.file_reason_code
        found.append((None, PayoutAnswer(about, report.file_status, reason_code=reason), True))
    if report.file_status in (PayoutStatus.REJECTED, PayoutStatus.ACCEPTED):
        found += [
            (payout_id, PayoutAnswer(one, report.file_status, reason_code=report.file_reason_code), True)
            for payout_id, one in in_file
            if one not in report.answers
        ]
    return found


def _take(
    runtime: Runtime, answers: Answers, payout_id: uuid.UUID | None, answer: PayoutAnswer, of_file_alone: bool
) -> Taken | None:
    if payout_id is None:
        return Taken.MOVED if answers.others(answer, of_file=of_file_alone) else None
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        agreement, payout = lock_payout(session, payout_id)
        if of_file_alone and payout.state not in ON_ITS_WAY:
            # A word about the file takes back nothing that was said of the payment itself.
            rejected = answer.status is PayoutStatus.REJECTED
            return Taken.CONTRADICTED if rejected and payout.booked_on is not None else Taken.KNOWN
        return answers.take(session, agreement, payout, answer, at=at)


def _is_read(runtime: Runtime, content: bytes) -> bool:
    query = sa.select(ReportRow.id).where(ReportRow.sha256 == hashlib.sha256(content).digest())
    with runtime.database.transaction() as session:
        return session.scalar(query.where(ReportRow.refused.is_(None))) is not None


def _keep(runtime: Runtime, content: bytes, result: ReportResult, *, actor: str, refused: str | None) -> None:
    at, sha256 = runtime.clock.now(), hashlib.sha256(content).digest()
    with runtime.database.transaction() as session:
        sealed = runtime.cipher.encrypt(content, context=_CONTENT, subject=f"bank_report:{sha256.hex()}")
        row = insert(ReportRow).values(
            sha256=sha256,
            content_encrypted=sealed,
            received_at=at,
            received_by=actor,
            refused=refused,
            moved=result.moved,
            unknown=result.not_ours,
            contradicted=result.contradicted,
        )
        kept = session.scalar(row.on_conflict_do_nothing().returning(ReportRow.id))
        if kept is not None:
            _note(session, kept, result, actor=actor, at=at, refused=refused)


def _note(
    session: Session, report_id: uuid.UUID, result: ReportResult, *, actor: str, at: datetime, refused: str | None
) -> None:
    data: dict[str, str | int] = (
        {"refused": refused}
        if refused
        else {
            "moved": result.moved,
            "not_ours": result.not_ours,
            "contradicted": result.contradicted,
        }
    )
    action = "bank_report.quarantined" if refused else "bank_report.read"
    audit_log.append(session, f"bank-report:{report_id}", action, actor=actor, at=at, data=data)
