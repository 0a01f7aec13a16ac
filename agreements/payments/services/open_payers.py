"""What is kept of who paid and what they wrote, opened for who has to know (rule F7)."""

from typing import Any

from sqlalchemy.orm import Session

from agreements.payments import formats
from agreements.payments.models import IncomingPayment, PaymentFile
from agreements.payments.services.keep_payments import CONTENT
from agreements.payments.services.seal_payers import PAYER, told_of
from underwriting.platform.encryption import DataErased
from underwriting.platform.runtime import Runtime


def told_of_payer(session: Session, runtime: Runtime, row: IncomingPayment) -> dict[str, Any]:
    """What the file says of who paid and what for; nothing where it has been erased."""
    try:
        if row.payer_encrypted is None:
            return {} if row.reference else _told_in_file(session, runtime, row)
        told: dict[str, Any] = runtime.cipher.decrypt_json(row.payer_encrypted, context=PAYER)
    except DataErased:
        return {}
    return told


def _told_in_file(session: Session, runtime: Runtime, row: IncomingPayment) -> dict[str, Any]:
    """What the file itself says: a row from before migration 0036 does not."""
    file = session.get_one(PaymentFile, row.file_id)
    parsed = formats.parse(runtime.cipher.decrypt(file.content_encrypted, context=CONTENT))
    key = (row.bankgiro, row.booked_on, row.deposit_serial, row.payment_serial)
    for deposit in parsed.deposits:
        for payment in deposit.payments:
            if (deposit.receiver, deposit.booked_on, deposit.serial, payment.serial) == key:
                return told_of(payment)
    return {}
