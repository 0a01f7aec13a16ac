"""The list of agreements: by number or payment reference, by the company's number, by state; newest first.

A page is read from the index that its filter has in the list's order, however many agreements there are. The company's
number is looked for as a blind index.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from underwriting.kernel.vocabulary import AgreementState
from underwriting.platform.runtime import Runtime

_MOST_DIGITS_OF_A_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked for: an agreement's *reference* (its number or OCR) or a company's number, and a *state*.

    *company* holds the digits in each way in which the number may be kept.
    """

    reference: str | None = None
    company: tuple[str, ...] = field(default=(), repr=False)
    state: AgreementState | None = None


EVERYTHING = Sought()


def find_agreements(
    session: Session, runtime: Runtime, sought: Sought, *, before: uuid.UUID | None, count: int
) -> Sequence[Agreement]:
    """The first *count* agreements behind the one *before*."""
    query = sa.select(Agreement).where(Agreement.erased_at.is_(None)).order_by(Agreement.id.desc()).limit(count)
    if sought.reference is not None:
        query = query.where(_referred_to(sought.reference))
    if sought.company:
        indexes = [runtime.cipher.blind_index(digits) for digits in sought.company]
        query = query.where(Agreement.company_index.in_(indexes))
    if sought.state is not None:
        query = query.where(Agreement.state == str(sought.state))
    if before is not None:
        query = query.where(Agreement.id < before)
    return session.scalars(query).all()


def _referred_to(reference: str) -> sa.ColumnElement[bool]:
    by_ocr = Agreement.ocr == reference
    if len(reference) > _MOST_DIGITS_OF_A_NUMBER:
        return by_ocr
    return sa.or_(Agreement.number == int(reference), by_ocr)
