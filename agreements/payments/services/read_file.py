"""A file of incoming payments: read once, all of it or nothing, each payment found its agreement or kept for a person.

No krona is lost (rule F7): a file that is refused is kept where the bank offered it, and a payment that contradicts one
that the bank told of before stops its file.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.invoices.service import invoice_named
from agreements.payments import formats
from agreements.payments.models import FetchedFile, IncomingPayment, PaymentFile
from agreements.payments.services.allocate_payment import SettlementSource, book_payment
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

_CONTENT = "payment_file.content"
_ONE_AT_A_TIME = "payment-files"


class TestFileRefused(Conflict):
    """The bank marked the file as made for a test: outside the sandbox nothing of it is booked. Rule F7."""

    __test__ = False
    slug = "test-file-refused"
    title = Text("Betalningsfilen är en testfil", "The payment file is a test file")
    rule = "F7"


class PaymentContradicted(Conflict):
    """A payment in the file has the bank's number of another one, with another sum or reference. Rule F7."""

    slug = "payment-contradicted"
    title = Text(
        "En betalning i filen motsäger en som redan är mottagen", "A payment in the file contradicts an earlier one"
    )
    rule = "F7"


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file: payments booked on an agreement, and payments that wait for a person.

    Payments that an earlier file had brought are in neither.
    """

    file_id: uuid.UUID
    matched: int
    unmatched: int


@dataclass(frozen=True, slots=True)
class _ToBook:
    agreement_id: uuid.UUID
    payment_id: uuid.UUID
    booked_on: date
    amount: Money


def take_file(
    session: Session,
    runtime: Runtime,
    sources: Sequence[SettlementSource],
    content: bytes,
    *,
    actor: str,
    at: datetime,
) -> FileResult:
    """Book what the BgMax file *content* tells; the same content again changes nothing (rule F7).

    Raises PaymentFileRefused, naming the line; TestFileRefused; PaymentContradicted.
    """
    lock_subject(session, _ONE_AT_A_TIME)
    parsed = formats.parse(content)
    if parsed.is_test and not runtime.settings.sandbox:
        raise TestFileRefused
    file = _find(session, content)
    if file is not None and file.refused is None:
        return _result(session, file.id)
    file = _keep(session, runtime, content, at, refused=None)
    to_book = [
        booked
        for deposit in parsed.deposits
        for payment in deposit.payments
        if (booked := _take(session, file.id, deposit, payment, at)) is not None
    ]
    # Locks are taken in one order everywhere, by the agreement's id; within it by the day of booking.
    for one in sorted(to_book, key=lambda one: (one.agreement_id, one.booked_on)):
        book_payment(
            session,
            lock_agreement(session, one.agreement_id),
            sources,
            payment_id=one.payment_id,
            amount=one.amount,
            booked_on=one.booked_on,
            at=at,
        )
    result = _result(session, file.id)
    data = {"matched": result.matched, "unmatched": result.unmatched}
    audit_log.append(session, f"payment-file:{file.id}", "payment_file.read", actor=actor, at=at, data=data)
    return result


def keep_refused(session: Session, runtime: Runtime, content: bytes, *, refused: str, at: datetime) -> uuid.UUID:
    """Keep a file that was refused, by the slug of the refusal; it is read when it comes again and can be read then."""
    lock_subject(session, _ONE_AT_A_TIME)
    file = _find(session, content) or _keep(session, runtime, content, at, refused=refused)
    data = {"reason": refused}
    audit_log.append(session, f"payment-file:{file.id}", "payment_file.refused", actor="bank", at=at, data=data)
    return file.id


def note_fetched(session: Session, bank_file_id: str, file_id: uuid.UUID, *, at: datetime) -> None:
    """The bank's file need not be fetched again."""
    values = {"bank_file_id": bank_file_id, "file_id": file_id, "fetched_at": at}
    session.execute(insert(FetchedFile).values(**values).on_conflict_do_nothing())


def latest_fetched(session: Session) -> str | None:
    """The bank's id of the file that was fetched last."""
    return session.scalar(sa.select(FetchedFile.bank_file_id).order_by(FetchedFile.id.desc()).limit(1))


def _find(session: Session, content: bytes) -> PaymentFile | None:
    return session.scalar(sa.select(PaymentFile).where(PaymentFile.sha256 == hashlib.sha256(content).digest()))


def _keep(session: Session, runtime: Runtime, content: bytes, at: datetime, *, refused: str | None) -> PaymentFile:
    file = _find(session, content)
    if file is None:
        sha256 = hashlib.sha256(content)
        file = PaymentFile(
            sha256=sha256.digest(),
            content_encrypted=runtime.cipher.encrypt(
                content, context=_CONTENT, subject=f"payment_file:{sha256.hexdigest()}"
            ),
            received_at=at,
        )
        session.add(file)
    file.refused = refused
    session.flush()
    return file


def _take(
    session: Session, file_id: uuid.UUID, deposit: formats.Deposit, payment: formats.IncomingPayment, at: datetime
) -> _ToBook | None:
    """Keep the payment; what is to be booked of it, if it is new and names an agreement."""
    if not payment.amount:
        return None
    agreement_id = _agreement_of(session, payment)
    row = IncomingPayment(
        file_id=file_id,
        bankgiro=deposit.receiver,
        booked_on=deposit.booked_on,
        deposit_serial=deposit.serial,
        payment_serial=payment.serial,
        reference=payment.reference,
        amount_ore=payment.signed_amount.ore,
        agreement_id=agreement_id,
        recorded_at=at,
    )
    if _is_known(session, row):
        return None
    session.add(row)
    session.flush()
    return _ToBook(agreement_id, row.id, deposit.booked_on, payment.amount) if agreement_id else None


def _is_known(session: Session, row: IncomingPayment) -> bool:
    """Whether an earlier file has brought the payment; PaymentContradicted when that one differs."""
    known = session.scalar(
        sa.select(IncomingPayment).where(
            IncomingPayment.bankgiro == row.bankgiro,
            IncomingPayment.booked_on == row.booked_on,
            IncomingPayment.deposit_serial == row.deposit_serial,
            IncomingPayment.payment_serial == row.payment_serial,
        )
    )
    if known is not None and (known.amount_ore, known.reference) != (row.amount_ore, row.reference):
        raise PaymentContradicted
    return known is not None


def _agreement_of(session: Session, payment: formats.IncomingPayment) -> uuid.UUID | None:
    """Whose payment it is by its OCR number (rule F7); a deduction, or one with several references, is for a person."""
    if payment.deduction is not None or payment.extra_references:
        return None
    reference = payment.reference.lstrip("0")
    if not reference:
        return None
    invoice = invoice_named(session, reference)
    if invoice is not None:
        return invoice.agreement_id
    return session.scalar(sa.select(Agreement.id).where(Agreement.ocr == reference))


def _result(session: Session, file_id: uuid.UUID) -> FileResult:
    matched, total = session.execute(
        sa.select(sa.func.count(IncomingPayment.agreement_id), sa.func.count()).where(
            IncomingPayment.file_id == file_id
        )
    ).one()
    return FileResult(file_id, matched, total - matched)
