"""Whose a payment is by what its payer has named (rule F7): an invoice's OCR reference, or an agreement's.

A payment with several references is that of one agreement where all of them name it; where each has a sum of its own
and the sums make up the payment, it is divided. Anything that is left in doubt waits for a person.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.invoices.service import invoices_named
from agreements.payments.formats import IncomingPayment
from underwriting.kernel.money import Money
from underwriting.platform.arrays import array_text

_AT_ONCE = 20_000
_OF_AGREEMENTS = sa.text("SELECT ocr, id FROM agreement WHERE ocr = ANY(CAST(:numbers AS text[]))")


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference names: an agreement, and the invoice where it is that invoice's own."""

    agreement_id: uuid.UUID
    invoice_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a payment, for an agreement and in the order of the invoices that were named; without one, for nobody
    yet."""

    amount: Money
    agreement_id: uuid.UUID | None = None
    named: tuple[uuid.UUID, ...] = ()


def number_in(reference: str) -> str:
    """The digits of a reference as they are looked for; empty where it is not digits alone."""
    digits = reference.replace(" ", "").lstrip("0")
    return digits if digits.isascii() and digits.isdigit() else ""


def references_of(payments: Iterable[IncomingPayment]) -> set[str]:
    """The numbers that the payers have named."""
    found = set()
    for payment in payments:
        found.add(number_in(payment.reference))
        for extra in payment.extra_references:
            found.add(number_in(extra.reference))
    return found - {""}


def targets_of(session: Session, numbers: Collection[str]) -> dict[str, Target]:
    """What each of *numbers* names; one that names nothing is not there."""
    found: dict[str, Target] = {}
    every = sorted(numbers)
    for start in range(0, len(every), _AT_ONCE):
        part = every[start : start + _AT_ONCE]
        named = invoices_named(session, part)
        found |= {ocr: Target(one.agreement_id, one.invoice_id) for ocr, one in named.items()}
        rest = array_text(number for number in part if number not in named)
        found |= {ocr: Target(agreement_id) for ocr, agreement_id in session.execute(_OF_AGREEMENTS, {"numbers": rest})}
    return found


def parts_of(payment: IncomingPayment, targets: Mapping[str, Target]) -> tuple[Part, ...]:
    """The parts of *payment*, which make it up; one part for nobody where a person is needed."""
    nobody = (Part(payment.amount),)
    if payment.deduction is not None or payment.is_reversal:
        return nobody
    if not payment.extra_references:
        target = targets.get(number_in(payment.reference))
        return (_part(payment.amount, [target]),) if target else nobody
    named = [extra for extra in payment.extra_references if not extra.is_deduction]
    shares = [(extra.reference, extra.amount) for extra in named]
    if payment.reference:
        rest = payment.amount - Money.sum(amount for _, amount in shares)
        shares.insert(0, (payment.reference, rest))
    found = [targets.get(number_in(reference)) for reference, _ in shares]
    known = [target for target in found if target is not None]
    if not known or len(known) < len(found):
        return nobody
    if len({target.agreement_id for target in known}) == 1:
        return (_part(payment.amount, known),)
    amounts = [amount for _, amount in shares]
    is_divided = all(amount > Money.ZERO for amount in amounts) and Money.sum(amounts) == payment.amount
    if not is_divided or len(named) < len(payment.extra_references):
        return nobody
    return tuple(
        _part(
            Money.sum(amount for amount, other in zip(amounts, known, strict=True) if other.agreement_id == one),
            [other for other in known if other.agreement_id == one],
        )
        for one in dict.fromkeys(target.agreement_id for target in known)
    )


def _part(amount: Money, targets: Iterable[Target]) -> Part:
    listed = list(targets)
    named = dict.fromkeys(target.invoice_id for target in listed if target.invoice_id is not None)
    return Part(amount, listed[0].agreement_id, tuple(named))
