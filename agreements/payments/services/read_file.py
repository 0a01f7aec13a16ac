"""A file of incoming payments: read once, all of it or nothing, each payment found its agreement or kept for a person.

1. The file is parsed whole; one that is malformed or does not add up changes nothing (rule F7). It is known again by
   its bytes, and by what its maker calls it.
2. Its payments become rows, in one transaction. A small file is booked in that same transaction.
   One that a person hands in waits for a worker, if it is big.
3. A big one is divided into chunks of agreements. A worker takes the next chunk that nobody has in hand (`SKIP
   LOCKED`), books its payments and marks it as done in one transaction: who is killed leaves the chunk as it was.
4. When no chunk is left, what takes back earlier payments is booked, and the file is finished.

No krona is lost: a file that is refused is kept where the bank offered it, and a payment that contradicts one that the
bank told of before stops its file.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.payments import formats
from agreements.payments.formats import IncomingFile
from agreements.payments.models import FetchedFile, IncomingPayment, PaymentChunk, PaymentFile
from agreements.payments.services.allocate_payment import SettlementSource
from agreements.payments.services.book_chunks import book_chunks, book_next_chunk, divide
from agreements.payments.services.keep_payments import (
    CONTENT,
    PaymentContradicted,
    keep_payments,
    new_payments,
    subject_of,
)
from agreements.payments.services.take_back import take_back_told
from underwriting.kernel.errors import Conflict, Refusal
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentFileState, PaymentState
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

AT_ONCE = 500
"""So many payments are booked where they are handed in; a file of more is booked by workers."""
_ONE_AT_A_TIME = "payment-files"


class TestFileRefused(Conflict):
    """The bank marked the file as made for a test: outside the sandbox nothing of it is booked. Rule F7."""

    __test__ = False
    slug = "test-file-refused"
    title = Text("Betalningsfilen är en testfil", "The payment file is a test file")
    rule = "F7"


@dataclass(frozen=True, slots=True)
class FileResult:
    """How far a file is: payments booked on an agreement, those that wait for a person, and those still to be booked.

    Payments that an earlier file had brought are in none of them.
    """

    file_id: uuid.UUID
    matched: int
    unmatched: int
    waiting: int = 0
    state: PaymentFileState = PaymentFileState.READ


def take_file(
    session: Session,
    runtime: Runtime,
    sources: Sequence[SettlementSource],
    content: bytes,
    *,
    actor: str,
    at: datetime,
    nobody_waits: bool = False,
) -> FileResult:
    """Take the file *content* and, unless it is big, book what it tells; told again it changes nothing (rule F7).

    Where *nobody_waits* for the answer, the payments of a big one become rows at once: it is read but this once.
    Raises PaymentFileRefused, naming the line; TestFileRefused; PaymentContradicted.
    """
    lock_subject(session, _ONE_AT_A_TIME)
    parsed = formats.parse(content)
    if parsed.is_test and not runtime.settings.sandbox:
        raise TestFileRefused
    known = _find(session, content) or _twin(session, runtime, parsed)
    if known is not None and known.refused is None:
        return result_of(session, known)
    file = _keep(session, runtime, content, at, refused=None, identity=parsed.identity)
    if nobody_waits or parsed.count <= AT_ONCE:
        _import(session, runtime, file, parsed, at=at)
    if parsed.count <= AT_ONCE:
        while book_next_chunk(session, sources, file.id, at=at):
            pass
        _finish(session, file, actor=actor, at=at)
    return result_of(session, file)


def keep_refused(session: Session, runtime: Runtime, content: bytes, *, refused: str, at: datetime) -> uuid.UUID:
    """Keep a file that was refused, by the slug of the refusal; it is read when it comes again and can be read then."""
    lock_subject(session, _ONE_AT_A_TIME)
    file = _find(session, content) or _keep(session, runtime, content, at, refused=refused)
    data = {"reason": refused}
    audit_log.append(session, f"payment-file:{file.id}", "payment_file.refused", actor="bank", at=at, data=data)
    return file.id


def book_begun(runtime: Runtime, sources: Sequence[SettlementSource]) -> int:
    """Book what is left of the files that were taken and not finished; how many files are. Any number may do it."""
    query = sa.select(PaymentFile.id).where(PaymentFile.refused.is_(None), PaymentFile.finished_at.is_(None))
    with runtime.database.transaction() as session:
        file_ids = session.scalars(query.order_by(PaymentFile.id)).all()
    return sum(_book_file(runtime, sources, file_id) for file_id in file_ids)


def note_fetched(session: Session, bank_file_id: str, file_id: uuid.UUID, *, at: datetime) -> None:
    """The bank's file need not be fetched again."""
    values = {"bank_file_id": bank_file_id, "file_id": file_id, "fetched_at": at}
    session.execute(insert(FetchedFile).values(**values).on_conflict_do_nothing())


def latest_fetched(session: Session) -> str | None:
    """The bank's id of the file that was fetched last."""
    return session.scalar(sa.select(FetchedFile.bank_file_id).order_by(FetchedFile.id.desc()).limit(1))


def result_of(session: Session, file: PaymentFile) -> FileResult:
    """How far the file is."""
    query = sa.select(IncomingPayment.state, sa.func.count()).where(IncomingPayment.file_id == file.id)
    counts = {state: int(count) for state, count in session.execute(query.group_by(IncomingPayment.state))}
    unmatched = counts.pop(PaymentState.UNMATCHED, 0) + counts.pop(PaymentState.RETURNED, 0)
    waiting = counts.pop(PaymentState.WAITING, 0)
    return FileResult(file.id, sum(counts.values()), unmatched, waiting, state_of(file))


def state_of(file: PaymentFile) -> PaymentFileState:
    """How far the file is, in a word."""
    if file.refused is not None:
        return PaymentFileState.REFUSED
    if file.imported_at is None:
        return PaymentFileState.WAITING
    return PaymentFileState.BOOKING if file.finished_at is None else PaymentFileState.READ


def _book_file(runtime: Runtime, sources: Sequence[SettlementSource], file_id: uuid.UUID) -> bool:
    """Go on with one file; whether it is finished by this."""
    at, database = runtime.clock.now(), runtime.database
    try:
        with database.transaction() as session:
            lock_subject(session, _ONE_AT_A_TIME)
            file = _locked(session, file_id)
            if file.imported_at is None and file.refused is None:
                content = runtime.cipher.decrypt(file.content_encrypted, context=CONTENT)
                _import(session, runtime, file, formats.parse(content), at=at)
    except Refusal as refusal:
        with database.transaction() as session:
            _locked(session, file_id).refused = refusal.slug
            data = {"reason": refusal.slug}
            audit_log.append(session, f"payment-file:{file_id}", "payment_file.refused", actor="bank", at=at, data=data)
        return False
    book_chunks(runtime, sources, file_id)
    with database.transaction() as session:
        return _finish(session, _locked(session, file_id), actor="bank", at=runtime.clock.now())


def _find(session: Session, content: bytes) -> PaymentFile | None:
    return session.scalar(sa.select(PaymentFile).where(PaymentFile.sha256 == hashlib.sha256(content).digest()))


def _twin(session: Session, runtime: Runtime, parsed: IncomingFile) -> PaymentFile | None:
    """The file that its maker calls the same. PaymentContradicted where it did not tell the same."""
    query = sa.select(PaymentFile).where(PaymentFile.identity == parsed.identity, PaymentFile.refused.is_(None))
    twin = session.scalar(query)
    if twin is not None and twin.imported_at is not None and new_payments(session, runtime.cipher, parsed):
        raise PaymentContradicted
    return twin


def _keep(
    session: Session,
    runtime: Runtime,
    content: bytes,
    at: datetime,
    *,
    refused: str | None,
    identity: str | None = None,
) -> PaymentFile:
    file = _find(session, content)
    if file is None:
        file = PaymentFile(sha256=hashlib.sha256(content).digest(), received_at=at)
        file.content_encrypted = runtime.cipher.encrypt(content, context=CONTENT, subject=subject_of(file))
        session.add(file)
    file.refused, file.identity = refused, identity
    session.flush()
    return file


def _import(session: Session, runtime: Runtime, file: PaymentFile, parsed: IncomingFile, *, at: datetime) -> None:
    """Make rows of the file's payments, and chunks of those that are to be booked."""
    keep_payments(session, runtime, file, new_payments(session, runtime.cipher, parsed), at=at)
    divide(session, file.id)
    file.imported_at = at
    session.flush()


def _finish(session: Session, file: PaymentFile, *, actor: str, at: datetime) -> bool:
    """When no chunk is left, book what takes something back, and note that the file is read; whether this did it."""
    is_left = sa.exists().where(PaymentChunk.file_id == file.id, PaymentChunk.done_at.is_(None))
    if file.refused is not None or file.finished_at is not None or session.scalar(sa.select(is_left)):
        return False
    take_back_told(session, file.id, at=at)
    file.finished_at = at
    session.flush()
    result = result_of(session, file)
    data = {"matched": result.matched, "unmatched": result.unmatched}
    audit_log.append(session, f"payment-file:{file.id}", "payment_file.read", actor=actor, at=at, data=data)
    return True


def _locked(session: Session, file_id: uuid.UUID) -> PaymentFile:
    return session.get_one(PaymentFile, file_id, with_for_update=True, populate_existing=True)
