"""Refunds as whoever releases them reads them: to whom, where to and why (rule F8)."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.payments.models import Refund
from agreements.payments.services.keep_refunds import PAYEE, REASON, RefundView, refund_view, refunds_open
from underwriting.kernel.identifiers import Bankgiro
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class RefundCase:
    """A refund that is not over; of a balance the number of its agreement. *reason* is in the asker's words."""

    refund: RefundView
    agreement_number: int | None
    payee: str
    account: Bankgiro
    reason: str


def refund_cases(session: Session, runtime: Runtime, *, after: uuid.UUID | None, limit: int) -> tuple[RefundCase, ...]:
    """Those that are not over, in the order in which they were asked for."""
    rows = session.scalars(refunds_open(after=after).limit(limit)).all()
    query = sa.select(Agreement.id, Agreement.number).where(Agreement.id.in_({row.agreement_id for row in rows}))
    numbers = {row.id: row.number for row in session.execute(query)}
    return tuple(_case(runtime, row, numbers.get(row.agreement_id) if row.agreement_id else None) for row in rows)


def _case(runtime: Runtime, row: Refund, number: int | None) -> RefundCase:
    payee = runtime.cipher.decrypt_json(row.payee_encrypted, context=PAYEE)
    reason = runtime.cipher.decrypt(row.reason_encrypted, context=REASON).decode()
    return RefundCase(refund_view(row), number, payee["name"], Bankgiro(payee["bankgiro"]), reason)
