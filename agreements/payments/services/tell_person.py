"""What is kept of a person's payments, for the person (GDPR, article 15).

Those that a file says the person paid, with what it says of them; and those in which somebody has typed the person's
number as the reference, without who paid.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import IncomingPayment, PaymentFile, Refund
from agreements.payments.services.open_payers import told_of_payer
from agreements.payments.services.seal_payers import reference_name
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.runtime import Runtime

_OF_INDEXING = "indexed"


def payments_of(session: Session, runtime: Runtime, person: PersonalNumber) -> list[dict[str, Any]]:
    """The payments that name the person, the oldest first; amounts in kronor."""
    by_payer = runtime.cipher.blind_indexes(person.digits)
    query = sa.select(IncomingPayment).where(_names(runtime, person)).order_by(IncomingPayment.id)
    return [_told(session, runtime, row, is_payer=row.payer_index in by_payer) for row in session.scalars(query).all()]


def last_day_of_payments(session: Session, runtime: Runtime, person: PersonalNumber) -> date | None:
    """The day on which a file with one was last received, or money of one paid back; None where there is none."""
    query = (
        sa.select(sa.func.max(PaymentFile.received_at), sa.func.max(Refund.booked_on))
        .select_from(IncomingPayment)
        .join(PaymentFile, PaymentFile.id == IncomingPayment.file_id)
        .outerjoin(Refund, Refund.payment_id == IncomingPayment.id)
        .where(_names(runtime, person))
    )
    received_at, returned_on = session.execute(query).one()
    return None if received_at is None else max(stockholm_date(received_at), returned_on or date.min)


def _names(runtime: Runtime, person: PersonalNumber) -> sa.ColumnElement[bool]:
    names = (reference_name(person.digits), reference_name(person.digits[2:]))
    by_reference = frozenset().union(*map(runtime.cipher.blind_indexes, names))
    return sa.or_(
        IncomingPayment.payer_index.in_(runtime.cipher.blind_indexes(person.digits)),
        IncomingPayment.reference_index.in_(by_reference),
    )


def _told(session: Session, runtime: Runtime, row: IncomingPayment, *, is_payer: bool) -> dict[str, Any]:
    told = told_of_payer(session, runtime, row)
    shown = told if is_payer else {name: told[name] for name in ("reference",) if name in told}
    return {
        "payment_id": str(row.id),
        "booked_on": row.booked_on.isoformat(),
        "amount": str(Money(row.amount_ore)),
        "state": row.state,
        "agreement_id": str(row.agreement_id) if row.agreement_id else None,
        **({"reference": row.reference} if row.reference else {}),
        **{name: value for name, value in shown.items() if name != _OF_INDEXING},
    }
