"""Credit notes: for what the ledger has taken back, and for a fee of paper that a person takes back (rule F6)."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.credit.models import PlannedInstalment
from agreements.credit.service import lock_agreement
from agreements.invoices.models import Invoice, InvoiceLine
from agreements.invoices.rules import NotCreditable
from agreements.invoices.services.issue_invoices import take_number
from agreements.invoices.services.read_claims import claims_of
from agreements.invoices.services.show_invoices import get_invoice
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import CreditReason, InvoiceKind, InvoiceLineKind
from underwriting.platform import audit_log
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime


def credit_taken_back(runtime: Runtime, *, progress: Progress = unheard) -> int:
    """Write a credit note for each invoice with a line that stands no more: its charge was reversed, or the payout that
    it is an instalment of has come back; how many.
    """
    with runtime.database.transaction() as session:
        waiting = sorted(set(session.scalars(_uncredited(InvoiceLine.agreement_id))))
    count = 0
    for agreement_id in waiting:
        at = runtime.clock.now()
        with runtime.database.transaction() as session:
            lock_agreement(session, agreement_id)
            query = _uncredited(InvoiceLine.id).where(InvoiceLine.agreement_id == agreement_id)
            lines = session.scalars(sa.select(InvoiceLine).where(InvoiceLine.id.in_(query))).all()
            for invoice_id in sorted({line.invoice_id for line in lines}):
                own = [line for line in lines if line.invoice_id == invoice_id]
                is_charge = any(line.kind != InvoiceLineKind.INSTALMENT for line in own)
                reason = CreditReason.REVERSED if is_charge else CreditReason.PAYOUT_RETURNED
                _write(session, get_invoice(session, invoice_id), own, reason, on=stockholm_date(at), at=at)
                count += 1
        progress(count, None)
    return count


def credit_paper_fee(
    session: Session, invoice_id: uuid.UUID, reason: CreditReason, *, actor: str, on: date, at: datetime
) -> Invoice:
    """Take the fee of paper of an invoice back in the ledger and write the credit note; NotFound, NotCreditable.

    What had been paid of it becomes the borrower's credit balance.
    """
    invoice = get_invoice(session, invoice_id)
    lock_agreement(session, invoice.agreement_id)
    is_paper_fee = InvoiceLine.kind == str(InvoiceLineKind.PAPER_FEE)
    line = session.scalar(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id, is_paper_fee))
    claim = next((one for one in claims_of(session, invoice.agreement_id) if line and one.line_id == line.id), None)
    if line is None or claim is None or line.entry_id is None:
        raise NotCreditable
    entry = session.get(LedgerEntry, line.entry_id)
    if entry is None:
        raise NotFound
    if ledger.reverse(session, entry, occurred_on=on, at=at, still_unpaid=claim.open) is None:
        raise NotCreditable
    data = {"invoice": invoice.number, "reason": str(reason)}
    subject = f"agreement:{invoice.agreement_id}"
    audit_log.append(session, subject, "invoice.paper_fee_taken_back", actor=actor, at=at, data=data)
    return _write(session, invoice, [line], reason, on=on, at=at)


def _write(
    session: Session, invoice: Invoice, lines: Sequence[InvoiceLine], reason: CreditReason, *, on: date, at: datetime
) -> Invoice:
    """The credit note over *lines*, which waits to be sent; the caller has locked the agreement."""
    total = sum(line.amount_ore for line in lines)
    note = Invoice(
        agreement_id=invoice.agreement_id,
        kind=str(InvoiceKind.CREDIT_NOTE),
        number=take_number(session, on.year),
        period=Month.of(on).first_day,
        issued_on=on,
        issued_at=at,
        delivery=invoice.delivery,
        total_ore=total,
        rounding_ore=0,
        payable_ore=total,
        balance_ore=0,
        credits_id=invoice.id,
        reason=str(reason),
    )
    session.add(note)
    session.flush()
    session.add_all(_opposites(note.id, lines))
    session.flush()
    return note


def _opposites(note_id: uuid.UUID, lines: Iterable[InvoiceLine]) -> Iterable[InvoiceLine]:
    for number, line in enumerate(sorted(lines, key=lambda one: one.number), start=1):
        yield InvoiceLine(
            invoice_id=note_id,
            agreement_id=line.agreement_id,
            number=number,
            kind=line.kind,
            account=line.account,
            amount_ore=line.amount_ore,
            arose_on=line.arose_on,
            entry_id=line.entry_id,
            drawdown_id=line.drawdown_id,
            instalment_number=line.instalment_number,
            attempt=line.attempt,
            credits_line_id=line.id,
        )


def _uncredited(column: sa.orm.InstrumentedAttribute[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """*column* of the lines that stand no more and are not credited; what was taken back is little, so it leads."""
    opposite, payout, credit = aliased(LedgerEntry), aliased(LedgerEntry), aliased(InvoiceLine)
    reversed_charge = sa.select(opposite.reverses_id).where(opposite.kind == str(PostingKind.REVERSAL))
    payout_came_back = (
        sa.select(opposite.agreement_id)
        .join(payout, payout.id == opposite.reverses_id)
        .where(opposite.kind == str(PostingKind.REVERSAL), payout.kind == str(PostingKind.PAYOUT))
    )
    is_planned = sa.exists().where(
        PlannedInstalment.agreement_id == InvoiceLine.agreement_id,
        PlannedInstalment.drawdown_id == InvoiceLine.drawdown_id,
        PlannedInstalment.number == InvoiceLine.instalment_number,
    )
    return sa.select(column).where(
        InvoiceLine.credits_line_id.is_(None),
        ~sa.exists().where(credit.credits_line_id == InvoiceLine.id),
        sa.or_(
            InvoiceLine.entry_id.in_(reversed_charge),
            sa.and_(
                InvoiceLine.kind == str(InvoiceLineKind.INSTALMENT),
                InvoiceLine.agreement_id.in_(payout_came_back),
                ~is_planned,
            ),
        ),
    )
