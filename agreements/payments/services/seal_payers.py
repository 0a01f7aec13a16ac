"""What a file says of payers, encrypted under the key of the file and found again by blind index (rules F7, K2).

Whatever a payer types may be somebody's personal number. Only a reference that is one of ours, and the name of a refund
of ours, is kept to be read.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from agreements.payments.formats import IncomingPayment
from agreements.payments.services.match_payments import number_in
from underwriting.kernel.identifiers import IdentifierInvalid, parse_organisation_number, parse_personal_number
from underwriting.platform.encryption import Cipher, DataKey, canonical_json, encrypt_under

PAYER = "incoming_payment.payer"
_REFUND = re.compile(r"(?<![0-9A-Za-z])R-[0-9a-f]{30}(?![0-9A-Za-z])")
_ORGANISATION_MONTH = "2"  # the third of an organisation number's ten digits is at least this


class Sealed(NamedTuple):
    """What a payment's rows keep of what its payer said, in the order of their columns."""

    reference: str
    reference_index: bytes | None
    end_to_end_id: str | None
    end_to_end_index: bytes | None
    payer_encrypted: bytes | None
    sender_index: bytes | None
    payer_index: bytes | None


class Names(NamedTuple):
    """By what a payment is found again; empty where its payer said nothing, or where the reference *is_ours*."""

    reference: str
    end_to_end: str
    sender: str
    payer: str
    is_ours: bool


@dataclass(frozen=True)
class Payers:
    """Seals what a file says of payers; *indexes* are those of all their names."""

    data_key: DataKey
    indexes: Mapping[str, bytes]

    def sealed(self, payment: IncomingPayment, names: Names) -> Sealed:
        """What is kept of a payment that has these *names*."""
        told = told_of(payment)
        if names.is_ours:
            told.pop("reference", None)
        plain = canonical_json(told | {"indexed": [one for one in names[:-1] if one]}) if told else None
        index = self.indexes.get
        return Sealed(
            payment.reference if names.is_ours else "",
            index(names.reference),
            refund_named(payment),
            index(names.end_to_end),
            None if plain is None else encrypt_under(self.data_key, plain, context=PAYER),
            index(names.sender),
            index(names.payer),
        )


def payers_of(cipher: Cipher, data_key: DataKey, every: Iterable[Names]) -> Payers:
    """What seals payments of these names. Asks the database: not while it takes a stream of rows."""
    return Payers(data_key, cipher.blind_index_of_each({one for names in every for one in names[:-1] if one}))


def names_of(payment: IncomingPayment, ours: Collection[str], *, on: date) -> Names:
    """By what a payment that was booked *on* is found again; *ours* are the numbers that name something."""
    is_ours = number_in(payment.reference) in ours
    return Names(
        reference="" if is_ours else reference_name(payment.reference),
        end_to_end=_name("end-to-end", payment.end_to_end_id),
        sender=_name("account", payment.sender),
        payer=payer_number(payment.payer.organisation_number, on=on),
        is_ours=is_ours,
    )


def told_of(payment: IncomingPayment) -> dict[str, Any]:
    """What a file says of a payment beside its sum: by whom, from where and what for; what it says nothing of is not
    there."""
    payer = payment.payer
    content = {
        "reference": payment.reference,
        "end_to_end_id": payment.end_to_end_id,
        "name": payer.name,
        "extra_name": payer.extra_name,
        "address": payer.address,
        "postcode": payer.postcode,
        "city": payer.city,
        "country": payer.country or payer.country_code,
        "organisation_number": payer.organisation_number,
        "sender": payment.sender,
        "texts": list(payment.texts),
        "references": [
            {"reference": one.reference, "amount": str(one.amount), "is_deduction": one.is_deduction}
            for one in payment.extra_references
        ],
    }
    return {name: value for name, value in content.items() if value}


def reference_name(reference: str) -> str:
    """What a reference that is not one of ours is indexed by; the same however its digits are grouped."""
    compact = "".join(reference.split()).replace("-", "").casefold()
    return _name("reference", compact.lstrip("0") or compact)


def payer_number(told: str, *, on: date) -> str:
    """What a payer's number is indexed by: a person's twelve digits, though the file gives ten; else as it is told."""
    digits = told.replace("-", "")
    if not digits or (len(digits) == len("NNNNNNNNNN") and digits[2] >= _ORGANISATION_MONTH):
        return digits
    try:
        return parse_personal_number(told, on=on).digits
    except IdentifierInvalid:
        pass
    try:
        return parse_organisation_number(told).digits
    except IdentifierInvalid:
        return digits


def refund_named(payment: IncomingPayment) -> str | None:
    """The name of a refund of ours that the payment gives: the bank returns it."""
    return next((found[0] for text in _texts(payment) if (found := _REFUND.search(text))), None)


def _texts(payment: IncomingPayment) -> Iterable[str]:
    return (payment.end_to_end_id, payment.reference, *payment.texts)


def _name(kind: str, value: str) -> str:
    """What *value* is indexed by; it is no one's personal number."""
    return f"{kind}:{value}" if value else ""
