"""What is kept of a person's payments, for the person (GDPR, article 15).

Those that a file says the person paid, with what it says of them; and those in which somebody has typed the person's
number as the reference, without who paid.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import IncomingPayment
from agreements.payments.services.open_payers import told_of_payer
from agreements.payments.services.seal_payers import reference_name
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.platform.runtime import Runtime

_OF_INDEXING = "indexed"


def payments_of(session: Session, runtime: Runtime, person: PersonalNumber) -> list[dict[str, Any]]:
    """The payments that name the person, the oldest first; amounts in kronor."""
    by_payer = runtime.cipher.blind_indexes(person.digits)
    names = (reference_name(person.digits), reference_name(person.digits[2:]))
    by_reference = frozenset().union(*map(runtime.cipher.blind_indexes, names))
    one = IncomingPayment
    named = sa.or_(one.payer_index.in_(by_payer), one.reference_index.in_(by_reference))
    rows = session.scalars(sa.select(one).where(named).order_by(one.id)).all()
    return [_told(session, runtime, row, is_payer=row.payer_index in by_payer) for row in rows]


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
