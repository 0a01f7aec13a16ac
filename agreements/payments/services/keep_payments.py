"""The payments of a file as rows: each once, matched by what it names, and who paid under the file's own key (rule F7).

A payment that an earlier file has brought is known by the bank's name for it, and passed by. Rows are copied into the
table as a stream: a file may hold a hundred thousand.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.formats import Deposit, IncomingFile, IncomingPayment
from agreements.payments.models import PaymentFile
from agreements.payments.services.match_payments import Target, parts_of, references_of, targets_of
from agreements.payments.services.seal_payers import Sealed, names_of, payers_of, reference_name
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.encryption import Cipher
from underwriting.platform.runtime import Runtime

CONTENT = "payment_file.content"
_COLUMNS = (
    *("file_id", "recorded_at", "bankgiro", "booked_on", "deposit_serial", "payment_serial"),
    *("amount_ore", "agreement_id", "state", "part", "told_ore", "is_reversal", "named_invoices"),
    *Sealed._fields,
)
_TYPES = (
    *("uuid", "timestamptz", "text", "date", "text", "text"),
    *("int8", "uuid", "text", "int4", "int8", "bool", "uuid[]"),
    *("text", "bytea", "text", "bytea", "bytea", "bytea", "bytea"),
)
_COPY = f"COPY incoming_payment ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_KNOWN = sa.text("""
    SELECT bankgiro, booked_on, deposit_serial, payment_serial, min(reference) AS reference,
           any_value(reference_index) AS reference_index, coalesce(max(told_ore), sum(amount_ore))::bigint AS told_ore
    FROM incoming_payment
    JOIN unnest(CAST(:receivers AS text[]), CAST(:days AS date[]), CAST(:serials AS text[])) AS told (bg, day, serial)
        ON bankgiro = bg AND booked_on = day AND deposit_serial = serial
    GROUP BY bankgiro, booked_on, deposit_serial, payment_serial
""")
Key = tuple[str, date, str, str]


class PaymentContradicted(Conflict):
    """A payment in the file has the bank's number of another one, with another sum or reference. Rule F7."""

    slug = "payment-contradicted"
    title = Text(
        "En betalning i filen motsäger en som redan är mottagen", "A payment in the file contradicts an earlier one"
    )
    rule = "F7"


def subject_of(file: PaymentFile) -> str:
    """Whose key the file, and what it says of payers, is under."""
    return f"payment_file:{file.sha256.hex()}"


def new_payments(session: Session, cipher: Cipher, parsed: IncomingFile) -> list[tuple[Deposit, IncomingPayment]]:
    """What no earlier file has brought. A payment of nothing is none. Raises PaymentContradicted."""
    deposits = parsed.deposits
    told = {
        "receivers": [one.receiver for one in deposits],
        "days": [one.booked_on for one in deposits],
        "serials": [one.serial for one in deposits],
    }
    known: dict[Key, Any] = {
        (row.bankgiro, row.booked_on, row.deposit_serial, row.payment_serial): row
        for row in session.execute(_KNOWN, told)
    }
    found = []
    for deposit in deposits:
        for payment in deposit.payments:
            earlier = known.get((deposit.receiver, deposit.booked_on, deposit.serial, payment.serial))
            if earlier is None and payment.amount:
                found.append((deposit, payment))
            elif earlier is not None and not _is_same(earlier, payment, cipher):
                raise PaymentContradicted
    return found


def keep_payments(
    session: Session,
    runtime: Runtime,
    file: PaymentFile,
    found: Sequence[tuple[Deposit, IncomingPayment]],
    *,
    at: datetime,
) -> None:
    """Make rows of *found*: what names an agreement, and what takes something back, waits to be booked."""
    if not found:
        return
    targets = targets_of(session, references_of(payment for _, payment in found))
    names = [names_of(payment, targets, on=deposit.booked_on) for deposit, payment in found]
    payers = payers_of(runtime.cipher, runtime.cipher.data_keys.current(subject_of(file)), names)
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for (deposit, payment), its_names in zip(found, names, strict=True):
            for row in _rows(deposit, payment, targets, payers.sealed(payment, its_names)):
                copy.write_row((file.id, at, *row))


def _rows(
    deposit: Deposit, payment: IncomingPayment, targets: Mapping[str, Target], sealed: Sealed
) -> Iterator[tuple[Any, ...]]:
    parts = parts_of(payment, targets)
    comes_back = payment.deduction is not None or payment.is_reversal or sealed.end_to_end_id is not None
    for number, part in enumerate(parts):
        waits = comes_back or part.agreement_id is not None
        amount = -part.amount if payment.deduction is not None else part.amount
        yield (
            deposit.receiver,
            deposit.booked_on,
            deposit.serial,
            payment.serial,
            amount.ore,
            part.agreement_id,
            str(PaymentState.WAITING if waits else PaymentState.UNMATCHED),
            number,
            payment.signed_amount.ore if len(parts) > 1 else None,
            payment.is_reversal,
            list(part.named) or None,
            *sealed,
        )


def _is_same(earlier: Any, payment: IncomingPayment, cipher: Cipher) -> bool:
    """Whether the row tells of this sum and reference; of what was erased nobody knows the reference any more."""
    if earlier.told_ore != payment.signed_amount.ore:
        return False
    if earlier.reference or earlier.reference_index is None:
        return earlier.reference in ("", payment.reference)
    return earlier.reference_index in cipher.blind_indexes(reference_name(payment.reference))
