"""Batches for the printer: what waits on paper is put together once, and can be fetched as often as it takes (F4)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.service import details_of, get_agreement
from agreements.invoices import formats
from agreements.invoices.models import Invoice, PrintBatch
from agreements.invoices.services.send_invoices import file_name, pdf_of
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import InvoiceDelivery
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

MOST_IN_A_BATCH = 500
"""One archive holds so many papers at most, some ten megabytes."""


@dataclass(frozen=True, slots=True)
class PrintBatchView:
    """A batch in a list."""

    id: uuid.UUID
    number: int
    made_at: datetime
    count: int


def make_batch(runtime: Runtime, *, actor: str) -> PrintBatchView | None:
    """Put what waits for the printer into a new batch, the oldest first; None where nothing waits."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        rows = session.scalars(
            sa.select(Invoice)
            .where(
                Invoice.delivery == str(InvoiceDelivery.PAPER),
                Invoice.batch_id.is_(None),
                Invoice.sent_at.is_not(None),
            )
            .order_by(Invoice.id)
            .limit(MOST_IN_A_BATCH)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        if not rows:
            return None
        batch = PrintBatch(made_at=at, made_by=actor, count=len(rows))
        session.add(batch)
        session.flush()
        for row in rows:
            row.batch_id = batch.id
        data = {"count": batch.count}
        audit_log.append(session, f"print-batch:{batch.id}", "print_batch.made", actor=actor, at=at, data=data)
        return _view(batch)


def make_batches(runtime: Runtime, *, actor: str) -> int:
    """Put all that waits into batches; how many papers."""
    count = 0
    while (batch := make_batch(runtime, actor=actor)) is not None:
        count += batch.count
    return count


def batches(session: Session, *, before: int | None = None, limit: int = 50) -> tuple[PrintBatchView, ...]:
    """The batches, newest first; at most *limit*, those before the number *before*."""
    query = sa.select(PrintBatch).order_by(PrintBatch.number.desc()).limit(limit)
    if before is not None:
        query = query.where(PrintBatch.number < before)
    return tuple(_view(row) for row in session.scalars(query))


def batch_file(session: Session, runtime: Runtime, batch_id: uuid.UUID) -> bytes:
    """The archive for the printer; NotFound when there is no such batch."""
    if session.get(PrintBatch, batch_id) is None:
        raise NotFound
    rows = session.scalars(sa.select(Invoice).where(Invoice.batch_id == batch_id).order_by(Invoice.number)).all()
    return formats.archive(_printed(session, runtime, row) for row in rows)


def _printed(session: Session, runtime: Runtime, invoice: Invoice) -> formats.Printed:
    details = details_of(runtime, get_agreement(session, invoice.agreement_id))
    return formats.Printed(
        file_name(invoice),
        invoice.number,
        details.name,
        details.invoice_address or "",
        pdf_of(session, runtime, invoice),
    )


def _view(row: PrintBatch) -> PrintBatchView:
    return PrintBatchView(row.id, row.number, row.made_at, row.count)
