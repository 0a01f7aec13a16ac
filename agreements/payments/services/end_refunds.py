"""Refunds whose money is the lender's to keep again: the bank refused to pay, or returned what it had paid (rule F8).

The bank may tell of that twice, by a report on the payment and by money that comes in: either counts, and once.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.ledger import service as ledger
from agreements.payments.models import IncomingPayment, Refund
from agreements.payments.services.keep_refunds import give_back, lock_refund, put
from underwriting.kernel.vocabulary import PaymentState, RefundState

_BANK = "bank"
_MAY_FAIL = (RefundState.SENT, RefundState.UNKNOWN, RefundState.PAID)
_FAILED = (RefundState.FAILED, RefundState.RETURNED)


def fail_refund(session: Session, refund: Refund, *, reason_code: str | None, occurred_on: date, at: datetime) -> None:
    """The locked *refund* was not paid, or its money is here again: it is what it was before, and free."""
    was_paid = refund.state == RefundState.PAID
    refund.failure = reason_code
    put(session, refund, RefundState.RETURNED if was_paid else RefundState.FAILED, actor=_BANK, at=at)
    entry = ledger.entry_of(session, f"refund:{refund.id}") if was_paid else None
    if entry is not None:
        ledger.reverse(session, entry, occurred_on=occurred_on, at=at)
    give_back(session, refund)


def take_return(session: Session, payment: IncomingPayment, *, at: datetime) -> bool:
    """Let money that has come in be that of the refund it names; whether it is, to the öre and for the first time."""
    refund_id = session.scalar(sa.select(Refund.id).where(Refund.end_to_end_id == payment.end_to_end_id))
    if refund_id is None:
        return False
    refund = lock_refund(session, refund_id)
    if refund.amount_ore != payment.amount_ore or _has_come_back(session, refund):
        return False
    if refund.state in _MAY_FAIL:
        fail_refund(session, refund, reason_code=None, occurred_on=payment.booked_on, at=at)
    elif refund.state not in _FAILED:
        return False
    payment.state, payment.agreement_id, payment.booked_at = str(PaymentState.CAME_BACK), refund.agreement_id, at
    session.flush()
    return True


def _has_come_back(session: Session, refund: Refund) -> bool:
    one = IncomingPayment
    query = sa.exists().where(one.end_to_end_id == refund.end_to_end_id, one.state == str(PaymentState.CAME_BACK))
    return bool(session.scalar(sa.select(query)))
