"""The payments of a file as rows: each once, matched by what it names, and who paid under the file's own key (rule F7).

A payment that an earlier file has brought is known by the bank's name for it, and passed by. Rows are copied into the
table as a stream: a file may hold a hundred thousand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.formats import Deposit, IncomingFile, IncomingPayment
from agreements.payments.models import PaymentFile
from agreements.payments.services.match_payments import Target, parts_of, references_of, targets_of
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.encryption import Cipher, DataKey, canonical_json, encrypt_under
from underwriting.platform.runtime import Runtime

PAYER = "incoming_payment.payer"
_COLUMNS = (
    *("file_id", "recorded_at", "bankgiro", "booked_on", "deposit_serial", "payment_serial", "reference"),
    *("amount_ore", "agreement_id", "state", "part", "told_ore", "is_reversal", "end_to_end_id", "named_invoices"),
    *("payer_encrypted", "sender_index", "payer_index"),
)
_TYPES = (
    *("uuid", "timestamptz", "text", "date", "text", "text", "text"),
    *("int8", "uuid", "text", "int4", "int8", "bool", "text", "uuid[]"),
    *("bytea", "bytea", "bytea"),
)
_COPY = f"COPY incoming_payment ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_KNOWN = sa.text("""
    SELECT bankgiro, booked_on, deposit_serial, payment_serial, min(reference) AS reference,
           coalesce(max(told_ore), sum(amount_ore))::bigint AS told_ore
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


def new_payments(session: Session, parsed: IncomingFile) -> list[tuple[Deposit, IncomingPayment]]:
    """What no earlier file has brought. A payment of nothing is none. Raises PaymentContradicted."""
    deposits = parsed.deposits
    told = {
        "receivers": [one.receiver for one in deposits],
        "days": [one.booked_on for one in deposits],
        "serials": [one.serial for one in deposits],
    }
    known: dict[Key, tuple[str, int]] = {
        (row.bankgiro, row.booked_on, row.deposit_serial, row.payment_serial): (row.reference, row.told_ore)
        for row in session.execute(_KNOWN, told)
    }
    found = []
    for deposit in deposits:
        for payment in deposit.payments:
            earlier = known.get((deposit.receiver, deposit.booked_on, deposit.serial, payment.serial))
            if earlier is None and payment.amount:
                found.append((deposit, payment))
            elif earlier is not None and earlier != (payment.reference, payment.signed_amount.ore):
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
    payers = _Payers(runtime.cipher, runtime.cipher.data_keys.current(subject_of(file)))
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for deposit, payment in found:
            for row in _rows(deposit, payment, targets, payers):
                copy.write_row((file.id, at, *row))


@dataclass
class _Payers:
    """Seals what a file says of payers; the index of each account and number is made once."""

    cipher: Cipher
    data_key: DataKey
    indexes: dict[str, bytes] = field(default_factory=dict)

    def sealed(self, payment: IncomingPayment) -> tuple[bytes | None, bytes | None, bytes | None]:
        """What is said of the payer, encrypted; the indexes of the account and of the payer's number."""
        account = account_number(payment.sender)
        number = payment.payer.organisation_number
        content = {
            "name": payment.payer.name,
            "extra_name": payment.payer.extra_name,
            "address": payment.payer.address,
            "postcode": payment.payer.postcode,
            "city": payment.payer.city,
            "country": payment.payer.country or payment.payer.country_code,
            "organisation_number": number,
            "sender": payment.sender,
            "texts": list(payment.texts),
            "references": [
                {"reference": one.reference, "amount": str(one.amount), "is_deduction": one.is_deduction}
                for one in payment.extra_references
            ],
        }
        told = {name: value for name, value in content.items() if value}
        if not told:
            return None, None, None
        told["indexed"] = [one for one in (account, number) if one]
        plain = canonical_json(told)
        return encrypt_under(self.data_key, plain, context=PAYER), self._index(account), self._index(number)

    def _index(self, value: str) -> bytes | None:
        if not value:
            return None
        if value not in self.indexes:
            self.indexes[value] = self.cipher.blind_index(value)
        return self.indexes[value]


def account_number(sender: str) -> str:
    """What the account of a sender is indexed by; it is no one's personal number."""
    return f"account:{sender}" if sender else ""


def _rows(
    deposit: Deposit, payment: IncomingPayment, targets: Mapping[str, Target], payers: _Payers
) -> Iterator[tuple[Any, ...]]:
    parts = parts_of(payment, targets)
    payer = payers.sealed(payment)
    takes_back = payment.deduction is not None or payment.is_reversal
    for number, part in enumerate(parts):
        waits = takes_back or part.agreement_id is not None
        amount = -part.amount if payment.deduction is not None else part.amount
        yield (
            deposit.receiver,
            deposit.booked_on,
            deposit.serial,
            payment.serial,
            payment.reference,
            amount.ore,
            part.agreement_id,
            str(PaymentState.WAITING if waits else PaymentState.UNMATCHED),
            number,
            payment.signed_amount.ore if len(parts) > 1 else None,
            payment.is_reversal,
            payment.end_to_end_id or None,
            list(part.named) or None,
            *payer,
        )
