"""What it costs that an invoice is late (rule R4): each step charged once, on the invoice that it is for."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.invoices.models import Invoice
from agreements.invoices.service import InvoiceClaim, claims_of
from agreements.late_payment import rules
from agreements.late_payment.models import LateChargeRow
from agreements.late_payment.rules import ChargedStep, NotAgreed, NotLate
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.rules import PostingKind
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompensationPolicy, InvoiceKind, LateCharge
from underwriting.platform import audit_log

TERMS_WITH_REMINDER_FEE = frozenset({"v1", "v2", "v3"})
"""The versions of the agreement's terms that say what a reminder costs (6.1 of each): it is owed only if agreed."""

_POSTINGS = {
    LateCharge.REMINDER: PostingKind.REMINDER_FEE,
    LateCharge.DEMAND: PostingKind.DEMAND_FEE,
    LateCharge.INSTALMENT_PLAN: PostingKind.PLAN_FEE,
    LateCharge.COMPENSATION: PostingKind.LATE_COMPENSATION,
}


@dataclass(frozen=True, slots=True)
class LateChargeView:
    """A step that was charged for an invoice; *amount* is what it added to the debt, which may be nothing."""

    invoice_id: uuid.UUID
    kind: LateCharge
    amount: Money
    charged_on: date
    charged_by: str


def charges_of(session: Session, invoice_id: uuid.UUID) -> tuple[LateChargeView, ...]:
    """What was charged since the invoice is late, the oldest first."""
    return tuple(_view(row) for row in _rows(session, invoice_id))


def charge(
    session: Session,
    invoice_id: uuid.UUID,
    kind: LateCharge,
    *,
    policy: CompensationPolicy,
    actor: str,
    on: date,
    at: datetime,
) -> LateChargeView:
    """Charge *kind* for an invoice that is late on the day *on* (rule R4); done again it changes nothing.

    By the *policy* late-payment compensation is owed since the day after the due day and is charged with the first
    step; the steps are then owed only above it. A compensation that the policy does not give is NotAgreed. Raises
    NotFound, NotLate, NotAgreed.
    """
    found = session.get(Invoice, invoice_id)
    if found is None or found.kind != InvoiceKind.INVOICE or found.due_on is None:
        raise NotFound
    agreement = lock_agreement(session, found.agreement_id)
    earlier = _rows(session, invoice_id)
    same = next((row for row in earlier if row.kind == kind), None)
    if same is not None:
        return _view(same)
    late = [one for one in claims_of(session, agreement.id) if one.invoice_id == invoice_id and one.open]
    if not late or found.due_on >= on:
        raise NotLate
    compensated_on = _compensated_on(earlier, late, policy, found.due_on)
    _require_agreed(agreement, kind, compensated_on)
    if compensated_on is not None and all(row.kind != LateCharge.COMPENSATION for row in earlier):
        added = rules.added_cost(LateCharge.COMPENSATION, on=compensated_on, earlier=_steps(earlier))
        row = _write(session, found, LateCharge.COMPENSATION, added, actor=actor, on=on, at=at)
        if kind is LateCharge.COMPENSATION:
            return _view(row)
    added = rules.added_cost(kind, on=on, earlier=_steps(earlier), compensated_on=compensated_on)
    return _view(_write(session, found, kind, added, actor=actor, on=on, at=at))


def _require_agreed(agreement: Agreement, kind: LateCharge, compensated_on: date | None) -> None:
    is_reminder_agreed = agreement.terms_version in TERMS_WITH_REMINDER_FEE
    if kind is LateCharge.REMINDER and not is_reminder_agreed:
        raise NotAgreed
    if kind is LateCharge.COMPENSATION and compensated_on is None:
        raise NotAgreed


def _compensated_on(
    earlier: Sequence[LateChargeRow], late: Sequence[InvoiceClaim], policy: CompensationPolicy, due_on: date
) -> date | None:
    """Since when the compensation is owed: what was charged once stays, whatever the policy is now."""
    was_charged = any(row.kind == LateCharge.COMPENSATION for row in earlier)
    if was_charged or rules.is_compensated(policy, [one.kind for one in late]):
        return due_on + timedelta(days=1)
    return None


def _steps(rows: Sequence[LateChargeRow]) -> tuple[ChargedStep, ...]:
    return tuple(
        ChargedStep(LateCharge(row.kind), row.charged_on) for row in rows if row.kind != LateCharge.COMPENSATION
    )


def _write(
    session: Session, invoice: Invoice, kind: LateCharge, amount: Money, *, actor: str, on: date, at: datetime
) -> LateChargeRow:
    entry = None
    if amount:
        posting = postings.collection_cost(_POSTINGS[kind], amount, charge_id=f"{invoice.id}:{kind}", occurred_on=on)
        entry = ledger.post(session, invoice.agreement_id, posting, at=at)
    row = LateChargeRow(
        agreement_id=invoice.agreement_id,
        invoice_id=invoice.id,
        kind=str(kind),
        amount_ore=amount.ore,
        charged_on=on,
        charged_by=actor,
        charged_at=at,
        entry_id=entry.id if entry is not None else None,
    )
    session.add(row)
    session.flush()
    data = {"invoice": invoice.number, "kind": str(kind), "amount": str(amount)}
    subject = f"agreement:{invoice.agreement_id}"
    audit_log.append(session, subject, "late_charge.charged", actor=actor, at=at, data=data)
    return row


def _rows(session: Session, invoice_id: uuid.UUID) -> Sequence[LateChargeRow]:
    query = sa.select(LateChargeRow).where(LateChargeRow.invoice_id == invoice_id)
    return session.scalars(query.order_by(LateChargeRow.charged_at, LateChargeRow.id)).all()


def _view(row: LateChargeRow) -> LateChargeView:
    return LateChargeView(row.invoice_id, LateCharge(row.kind), Money(row.amount_ore), row.charged_on, row.charged_by)
