"""Whose a payment may be, for the person who says whose it is; nothing follows from a suggestion by itself (rule F7).

Looked at are the payer's own number, the account that it came from, every number in the reference and the free text,
and, among agreements that were asked for exactly this sum, how alike the payer's name and the borrower's are.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import details_of
from agreements.invoices.service import asked_for
from agreements.payments.models import IncomingPayment
from agreements.payments.services.match_payments import number_in, targets_of
from underwriting.due_diligence.likeness import likeness, words_of
from underwriting.kernel.vocabulary import MatchGround, PaymentState
from underwriting.platform.runtime import Runtime

MOST = 5
_MOST_OF_A_SUM = 20
_ALIKE = 80
_NUMBER = re.compile(r"[0-9](?:[0-9 -]{2,38})[0-9]|[0-9]{5,25}")
_WEIGHTS = {
    MatchGround.NUMBER: 50,
    MatchGround.ORGANISATION_NUMBER: 40,
    MatchGround.SENDER: 30,
    MatchGround.NAME: 20,
    MatchGround.SUM: 20,
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An agreement that a payment may be for, the invoice where one is meant, and on what grounds; the likeliest
    first."""

    agreement_id: uuid.UUID
    agreement_number: int
    invoice_id: uuid.UUID | None
    grounds: tuple[MatchGround, ...]

    @property
    def weight(self) -> int:
        """How much the grounds weigh together."""
        return sum(_WEIGHTS[ground] for ground in self.grounds)


def suggest(
    session: Session, runtime: Runtime, payment: IncomingPayment, payer: dict[str, Any]
) -> tuple[Suggestion, ...]:
    """What *payment* may be for, of which the file says *payer*; at most `MOST`, the likeliest first."""
    grounds: dict[uuid.UUID, set[MatchGround]] = {}
    invoices: dict[uuid.UUID, uuid.UUID] = {}
    numbers = _numbers_in([payment.reference, payer.get("reference", ""), *payer.get("texts", [])])
    for target in targets_of(session, numbers).values():
        grounds.setdefault(target.agreement_id, set()).add(MatchGround.NUMBER)
        if target.invoice_id is not None:
            invoices[target.agreement_id] = target.invoice_id
    for ground, agreement_ids in _by_number_of_agreement(session, payment, numbers):
        for one in agreement_ids:
            grounds.setdefault(one, set()).add(ground)
    name = words_of(payer.get("name", ""))
    asked = asked_for(session, payment.amount_ore, limit=_MOST_OF_A_SUM) if payment.amount_ore > 0 else {}
    for agreement in _agreements(session, {*grounds, *asked}):
        is_alike = bool(name) and likeness(name, words_of(details_of(runtime, agreement).name)) >= _ALIKE
        if is_alike:
            grounds.setdefault(agreement.id, set()).add(MatchGround.NAME)
        if agreement.id in asked and agreement.id in grounds:
            grounds[agreement.id].add(MatchGround.SUM)
            invoices.setdefault(agreement.id, asked[agreement.id])
    return _ranked(session, grounds, invoices)


def _numbers_in(texts: Iterable[str]) -> set[str]:
    """Every number in *texts*, also one that was written in groups."""
    found = set()
    for text in texts:
        for match in _NUMBER.findall(text):
            found.add(number_in(match.replace("-", "")))
            found |= {number_in(part) for part in re.findall("[0-9]{5,25}", match)}
    return {one for one in found if 5 <= len(one) <= 25}


def _by_number_of_agreement(
    session: Session, payment: IncomingPayment, numbers: Iterable[str]
) -> Iterable[tuple[MatchGround, Sequence[uuid.UUID]]]:
    by_number = sa.select(Agreement.id).where(Agreement.number.in_([int(one) for one in numbers if len(one) <= 12]))
    yield MatchGround.NUMBER, session.scalars(by_number.limit(MOST)).all()
    if payment.payer_index is not None:
        of_company = sa.select(Agreement.id).where(Agreement.company_index == payment.payer_index)
        newest = of_company.order_by(Agreement.id.desc()).limit(MOST)
        yield MatchGround.ORGANISATION_NUMBER, session.scalars(newest).all()
    if payment.sender_index is not None:
        one = IncomingPayment
        known = sa.select(one.agreement_id).where(
            one.sender_index == payment.sender_index, one.state == str(PaymentState.BOOKED), one.amount_ore > 0
        )
        found = session.scalars(known.distinct().limit(MOST)).all()
        yield MatchGround.SENDER, [agreement_id for agreement_id in found if agreement_id is not None]


def _agreements(session: Session, agreement_ids: Iterable[uuid.UUID]) -> Sequence[Agreement]:
    alive = sa.select(Agreement).where(Agreement.id.in_(list(agreement_ids)), Agreement.erased_at.is_(None))
    return session.scalars(alive).all()


def _ranked(
    session: Session, grounds: dict[uuid.UUID, set[MatchGround]], invoices: dict[uuid.UUID, uuid.UUID]
) -> tuple[Suggestion, ...]:
    numbers = sa.select(Agreement.id, Agreement.number).where(Agreement.id.in_(list(grounds)))
    found = [
        Suggestion(
            row.id, row.number, invoices.get(row.id), tuple(sorted(grounds[row.id], key=list(MatchGround).index))
        )
        for row in session.execute(numbers)
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.agreement_number))[:MOST])
