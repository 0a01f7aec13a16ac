"""The list of invoices and credit notes: by number, OCR or agreement, and by how far they are paid; newest first.

How far an invoice is paid stands nowhere: it is worked out for a batch of them at a time (rule F8). Where a state is
asked for, batches are looked through until a page is full, and a limited number of them: a page may be short, or
empty, and yet have a next one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.credit.models import Agreement
from agreements.invoices import rules
from agreements.invoices.models import Invoice, InvoiceLine
from agreements.payments.services.open_claims import standing_of
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import InvoiceDelivery, InvoiceKind, InvoiceState

_AT_ONCE = 200
_MOST_BATCHES = 10
_MOST_DIGITS_OF_A_NUMBER = 18
_LEFT_TO_PAY = (InvoiceState.OPEN, InvoiceState.PART_PAID)


class InvoiceFilter(StrEnum):
    """Which invoices are asked for."""

    UNPAID = "unpaid"  # wholly or in part, due or not
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class FoundInvoice:
    """An invoice in the list, or a credit note, of which *state* is None; *open* is what is left of *payable*."""

    id: uuid.UUID
    number: int
    agreement_id: uuid.UUID
    agreement_number: int
    issued_on: date
    due_on: date | None
    delivery: InvoiceDelivery
    payable: Money
    open: Money
    state: InvoiceState | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of them; with *before* there may be more, below that number."""

    invoices: tuple[FoundInvoice, ...]
    before: int | None


def find_invoices(
    session: Session,
    *,
    on: date,
    reference: str | None = None,
    only: InvoiceFilter | None = None,
    before: int | None = None,
    count: int = 50,
) -> FoundPage:
    """At most *count* of those whose number, OCR or agreement's number or OCR is *reference*, below *before*."""
    found: list[FoundInvoice] = []
    for _ in range(_MOST_BATCHES):
        rows = _rows(session, reference, only, before)
        for one in _seen(session, rows, on):
            before = one.number
            if _is_asked_for(one, only):
                found.append(one)
                if len(found) == count:
                    return FoundPage(tuple(found), before)
        if len(rows) < _AT_ONCE:
            return FoundPage(tuple(found), None)
    return FoundPage(tuple(found), before)


def _rows(
    session: Session, reference: str | None, only: InvoiceFilter | None, before: int | None
) -> Sequence[tuple[Invoice, int]]:
    query = sa.select(Invoice, Agreement.number).join(Agreement, Agreement.id == Invoice.agreement_id)
    if reference is not None:
        query = query.where(_referred_to(reference))
    if only is not None:
        kind = InvoiceKind.CREDIT_NOTE if only is InvoiceFilter.CREDIT_NOTE else InvoiceKind.INVOICE
        query = query.where(Invoice.kind == str(kind))
    if before is not None:
        query = query.where(Invoice.number < before)
    rows = session.execute(query.order_by(Invoice.number.desc()).limit(_AT_ONCE))
    return [(row[0], row[1]) for row in rows]


def _referred_to(reference: str) -> sa.ColumnElement[bool]:
    by_ocr = sa.or_(Invoice.ocr == reference, Agreement.ocr == reference)
    if len(reference) > _MOST_DIGITS_OF_A_NUMBER:
        return by_ocr
    return sa.or_(by_ocr, Invoice.number == int(reference), Agreement.number == int(reference))


def _seen(session: Session, rows: Sequence[tuple[Invoice, int]], on: date) -> list[FoundInvoice]:
    left = _left_to_pay(session, sorted({row.agreement_id for row, _ in rows}))
    uncredited = _uncredited(session, [row.id for row, _ in rows])
    return [_found(row, number, left.get(row.id, Money.ZERO), row.id in uncredited, on) for row, number in rows]


def _left_to_pay(session: Session, agreement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Money]:
    left: dict[uuid.UUID, Money] = {}
    for standing in standing_of(session, agreement_ids).values():
        for claim in standing.claims:
            if claim.invoice_id is not None:
                left[claim.invoice_id] = left.get(claim.invoice_id, Money.ZERO) + claim.amount
    return left


def _uncredited(session: Session, invoice_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of which a line is left that no credit note has taken back."""
    credit = aliased(InvoiceLine)
    query = sa.select(InvoiceLine.invoice_id).where(
        InvoiceLine.invoice_id.in_(invoice_ids), ~sa.exists().where(credit.credits_line_id == InvoiceLine.id)
    )
    return set(session.scalars(query))


def _found(row: Invoice, agreement_number: int, left: Money, is_uncredited: bool, on: date) -> FoundInvoice:
    payable = Money(row.payable_ore)
    open_sum = max(left + Money(row.rounding_ore), Money.ZERO) if left else Money.ZERO
    state = rules.state_of(payable=payable, open_sum=open_sum, is_credited=not is_uncredited)
    return FoundInvoice(
        id=row.id,
        number=row.number,
        agreement_id=row.agreement_id,
        agreement_number=agreement_number,
        issued_on=row.issued_on,
        due_on=row.due_on,
        delivery=InvoiceDelivery(row.delivery),
        payable=payable,
        open=open_sum,
        state=state if row.kind == InvoiceKind.INVOICE else None,
        is_overdue=row.due_on is not None and row.due_on < on and state in _LEFT_TO_PAY,
    )


def _is_asked_for(one: FoundInvoice, only: InvoiceFilter | None) -> bool:
    match only:
        case InvoiceFilter.UNPAID:
            return one.state in _LEFT_TO_PAY
        case InvoiceFilter.OVERDUE:
            return one.is_overdue
        case InvoiceFilter.PAID:
            return one.state is InvoiceState.PAID
        case InvoiceFilter.CREDITED:
            return one.state is InvoiceState.CREDITED
        case _:
            return True
