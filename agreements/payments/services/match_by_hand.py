"""A person says whose a payment is, or which payment a deduction takes back (rule F7); kept with who and when."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.service import lock_agreement
from agreements.invoices.models import Invoice
from agreements.payments.models import IncomingPayment
from agreements.payments.services.allocate_payment import Arrived, SettlementSource, book_payment
from agreements.payments.services.take_back import take_back
from underwriting.kernel.errors import Conflict, InvalidInput, NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import InvoiceKind, PaymentState

_COPIED = (
    *("file_id", "bankgiro", "booked_on", "deposit_serial", "payment_serial", "reference", "recorded_at"),
    *("is_reversal", "end_to_end_id", "payer_encrypted"),
    *("sender_index", "payer_index", "reference_index", "end_to_end_index"),
)


class PaymentNotUnmatched(Conflict):
    """The payment is not, or no longer, waiting for a person. Rule F7."""

    slug = "payment-not-unmatched"
    title = Text("Betalningen väntar inte på en person", "The payment is not waiting for a person")
    rule = "F7"


class PartsRefused(InvalidInput):
    """The parts are not a division of the payment: positive, together at most its sum, each agreement once. Rule F7."""

    slug = "payment-parts-refused"
    title = Text("Fördelningen går inte ihop med betalningen", "The parts do not make up the payment")
    rule = "F7"


@dataclass(frozen=True, slots=True)
class ChosenPart:
    """So much of a payment, for an agreement and, where one is meant, its invoice; without *amount* all of it."""

    agreement_id: uuid.UUID
    amount: Money | None = None
    invoice_id: uuid.UUID | None = None


def match_by_hand(
    session: Session,
    sources: Sequence[SettlementSource],
    payment_id: uuid.UUID,
    parts: Sequence[ChosenPart],
    *,
    actor: str,
    at: datetime,
) -> list[IncomingPayment]:
    """Book a payment as a person divides it; what is left over waits as a part of its own. The rows of its parts.

    Raises NotFound, PaymentNotUnmatched, PartsRefused.
    """
    agreements = {one: lock_agreement(session, one) for one in sorted({part.agreement_id for part in parts})}
    payment = _unmatched(session, payment_id)
    amounts = _amounts(Money(payment.amount_ore), parts)
    left = Money(payment.amount_ore) - Money.sum(amounts)
    rows = [payment, *(_next_part(session, payment, number) for number in range(1, len(parts) + bool(left)))]
    if len(rows) > 1:
        told = payment.told_ore or payment.amount_ore
        for row, amount in zip(rows, (*amounts, left), strict=False):
            row.told_ore, row.amount_ore = told, amount.ore
    for row, part in zip(rows, parts, strict=False):
        row.agreement_id, row.state = part.agreement_id, str(PaymentState.BOOKED)
        row.named_invoices = [_invoice_of(session, part)] if part.invoice_id else None
        row.matched_by, row.matched_at, row.booked_at = actor, at, at
    session.add_all(rows)
    session.flush()
    for row in rows[: len(parts)]:
        agreement = agreements[row.agreement_id] if row.agreement_id else None
        if agreement is not None:
            named = tuple(row.named_invoices or ())
            arrived = Arrived(row.id, agreement.id, Money(row.amount_ore), row.booked_on, named)
            book_payment(session, agreement, sources, arrived, at=at, actor=actor)
    return rows


def take_back_by_hand(
    session: Session, deduction_id: uuid.UUID, payment_id: uuid.UUID, *, actor: str, at: datetime
) -> IncomingPayment:
    """Let a deduction take back the payment that a person names, or a part of it; the deduction.

    Raises NotFound, PaymentNotUnmatched, PaymentNotReversible.
    """
    original = session.get(IncomingPayment, payment_id)
    if original is None or original.agreement_id is None:
        raise NotFound
    agreement = lock_agreement(session, original.agreement_id)
    deduction = _unmatched(session, deduction_id, is_deduction=True)
    deduction.matched_by, deduction.matched_at = actor, at
    take_back(session, agreement, deduction, original, at=at, actor=actor)
    return deduction


def _unmatched(session: Session, payment_id: uuid.UUID, *, is_deduction: bool = False) -> IncomingPayment:
    row = session.get(IncomingPayment, payment_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.state != PaymentState.UNMATCHED or (row.amount_ore < 0) is not is_deduction:
        raise PaymentNotUnmatched
    return row


def _amounts(whole: Money, parts: Sequence[ChosenPart]) -> list[Money]:
    amounts = [part.amount if part.amount is not None else whole for part in parts]
    each_once = len({part.agreement_id for part in parts}) == len(parts)
    if not parts or not each_once or any(amount <= Money.ZERO for amount in amounts) or Money.sum(amounts) > whole:
        raise PartsRefused
    return amounts


def _next_part(session: Session, payment: IncomingPayment, number: int) -> IncomingPayment:
    one = IncomingPayment
    last = session.scalar(
        sa.select(sa.func.max(one.part)).where(
            one.bankgiro == payment.bankgiro,
            one.booked_on == payment.booked_on,
            one.deposit_serial == payment.deposit_serial,
            one.payment_serial == payment.payment_serial,
        )
    )
    row = IncomingPayment(**{name: getattr(payment, name) for name in _COPIED})
    row.part, row.state = (last or 0) + number, str(PaymentState.UNMATCHED)
    return row


def _invoice_of(session: Session, part: ChosenPart) -> uuid.UUID:
    query = sa.select(Invoice.id).where(
        Invoice.id == part.invoice_id,
        Invoice.agreement_id == part.agreement_id,
        Invoice.kind == str(InvoiceKind.INVOICE),
    )
    invoice_id = session.scalar(query)
    if invoice_id is None:
        raise PartsRefused
    return invoice_id
