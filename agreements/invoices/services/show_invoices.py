"""Invoices and credit notes as they are shown: what was asked for, what is left of it, what was taken back."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.invoices import rules
from agreements.invoices.models import Invoice, InvoiceLine
from agreements.invoices.services.read_claims import claims_of
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import InvoiceDelivery, InvoiceKind, InvoiceLineKind, InvoiceState


@dataclass(frozen=True, slots=True)
class InvoiceLineView:
    """One line; *open* is what is left to pay of it. *arose_on* is the charge's day, or the instalment's due day."""

    number: int
    kind: InvoiceLineKind
    amount: Money
    open: Money
    arose_on: date
    is_credited: bool


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice, or with *credits* the credit note that takes lines of that one back. Sums are positive in both.

    *open* is what is left to pay of *payable*; *state* is None for a credit note.
    """

    id: uuid.UUID
    agreement_id: uuid.UUID
    kind: InvoiceKind
    number: int
    ocr: str | None
    period: Month
    issued_on: date
    due_on: date | None
    delivery: InvoiceDelivery
    lines: tuple[InvoiceLineView, ...]
    rounding: Money
    payable: Money
    open: Money
    state: InvoiceState | None
    credits: uuid.UUID | None
    reason: str | None
    sent_at: datetime | None


def invoices_of(session: Session, agreement_id: uuid.UUID) -> tuple[InvoiceView, ...]:
    """The agreement's invoices and credit notes, newest first."""
    rows = session.scalars(sa.select(Invoice).where(Invoice.agreement_id == agreement_id).order_by(Invoice.id.desc()))
    return _views(session, agreement_id, rows.all())


def get_invoice(session: Session, invoice_id: uuid.UUID) -> Invoice:
    """The invoice or credit note; NotFound when there is none."""
    row = session.get(Invoice, invoice_id)
    if row is None:
        raise NotFound
    return row


def invoice_view(session: Session, invoice: Invoice) -> InvoiceView:
    """One of them."""
    return _views(session, invoice.agreement_id, [invoice])[0]


def lines_of(session: Session, invoice_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, list[InvoiceLine]]:
    """The lines of each invoice, in their order."""
    ids = list(invoice_ids)
    found: dict[uuid.UUID, list[InvoiceLine]] = {one: [] for one in ids}
    query = sa.select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids)).order_by(InvoiceLine.number)
    for line in session.scalars(query):
        found[line.invoice_id].append(line)
    return found


def _views(session: Session, agreement_id: uuid.UUID, rows: Sequence[Invoice]) -> tuple[InvoiceView, ...]:
    lines = lines_of(session, [row.id for row in rows])
    open_of = {claim.line_id: claim.open for claim in claims_of(session, agreement_id)}
    return tuple(_view(row, lines[row.id], open_of) for row in rows)


def _view(row: Invoice, lines: Sequence[InvoiceLine], open_of: Mapping[uuid.UUID, Money]) -> InvoiceView:
    kind = InvoiceKind(row.kind)
    shown = tuple(
        InvoiceLineView(
            line.number,
            InvoiceLineKind(line.kind),
            Money(line.amount_ore),
            open_of.get(line.id, Money.ZERO),
            line.arose_on,
            kind is InvoiceKind.INVOICE and line.id not in open_of,
        )
        for line in lines
    )
    left = Money.sum(line.open for line in shown)
    open_sum = max(left + Money(row.rounding_ore), Money.ZERO) if left else Money.ZERO
    is_credited = all(line.is_credited for line in shown)
    payable = Money(row.payable_ore)
    return InvoiceView(
        id=row.id,
        agreement_id=row.agreement_id,
        kind=kind,
        number=row.number,
        ocr=row.ocr,
        period=Month.of(row.period),
        issued_on=row.issued_on,
        due_on=row.due_on,
        delivery=InvoiceDelivery(row.delivery),
        lines=shown,
        rounding=Money(row.rounding_ore),
        payable=payable,
        open=open_sum,
        state=rules.state_of(payable=payable, open_sum=open_sum, is_credited=is_credited)
        if kind is InvoiceKind.INVOICE
        else None,
        credits=row.credits_id,
        reason=row.reason,
        sent_at=row.sent_at,
    )
