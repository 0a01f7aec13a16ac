"""What is left to pay of each line of an agreement's invoices: the claims that payments meet (rule F8).

An open sum is stored nowhere. It follows from what the ledger says is owed on the line's account, from the lines in the
order of their due days, and from what payers have named (`ClaimPayment`).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.credit.models import PlannedInstalment
from agreements.invoices import rules
from agreements.invoices.models import ClaimPayment, Invoice, InvoiceLine
from agreements.invoices.rules import LineClaim
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import PostingKind
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, InvoiceKind, InvoiceLineKind
from underwriting.platform.arrays import array_text

_CHARGED = {**{kind: account for kind, (_, account) in rules.CHARGES.items()}} | {
    PostingKind.PAPER_FEE: Account.PAPER_FEE_RECEIVABLE
}

_NAMED = sa.text("SELECT ocr, id, agreement_id FROM invoice WHERE ocr = ANY(CAST(:references AS text[]))")
_DUE_DAYS = sa.text("SELECT id, due_on FROM invoice WHERE id = ANY(CAST(:ids AS uuid[]))")
_NOTE_EACH = sa.text("""
    INSERT INTO claim_payment (entry_id, line_id, amount_ore)
    SELECT * FROM unnest(CAST(:entries AS uuid[]), CAST(:lines AS uuid[]), CAST(:amounts AS bigint[]))
""")


@dataclass(frozen=True, slots=True)
class InvoiceClaim:
    """One line that was not credited: what it asked for on which account and by when, and what is left to pay of it."""

    line_id: uuid.UUID
    invoice_id: uuid.UUID
    kind: InvoiceLineKind
    account: Account
    due_on: date
    amount: Money
    open: Money


class NamedInvoice(NamedTuple):
    """The invoice that a payer has named by its reference."""

    invoice_id: uuid.UUID
    agreement_id: uuid.UUID


class _Asked(NamedTuple):
    """A claim among others on its account; without a line it has not been invoiced."""

    due_on: date
    order: str
    line: InvoiceClaim | None
    claim: LineClaim


def claims_of(session: Session, agreement_id: uuid.UUID) -> tuple[InvoiceClaim, ...]:
    """The claims that the agreement's invoices make, those to be paid first standing first."""
    balances = ledger.balances(session, agreement_id)
    by_account: dict[Account, list[_Asked]] = {}
    for account, asked in (*_invoiced(session, agreement_id), *_not_invoiced(session, agreement_id)):
        by_account.setdefault(account, []).append(asked)
    claims = []
    for account, all_asked in by_account.items():
        all_asked.sort(key=lambda one: (one.due_on, one.order))
        sums = rules.open_sums(balances[account], [one.claim for one in all_asked])
        claims += [
            _with_open(one.line, open_sum)
            for one, open_sum in zip(all_asked, sums, strict=True)
            if one.line is not None
        ]
    return tuple(sorted(claims, key=lambda one: (one.due_on, list(InvoiceLineKind).index(one.kind), str(one.line_id))))


def not_invoiced(session: Session, agreement_id: uuid.UUID) -> tuple[tuple[Account, date, Money], ...]:
    """What no invoice asks for: on which account, due when, and how much it was to begin with."""
    found = _not_invoiced(session, agreement_id)
    return tuple((account, asked.due_on, asked.claim.amount) for account, asked in found)


def invoice_named(session: Session, reference: str) -> NamedInvoice | None:
    """The invoice with that OCR reference, or None."""
    row = session.execute(sa.select(Invoice.id, Invoice.agreement_id).where(Invoice.ocr == reference)).one_or_none()
    return NamedInvoice(*row) if row is not None else None


def invoices_named(session: Session, references: Collection[str]) -> dict[str, NamedInvoice]:
    """The invoices that have these OCR references, each by its own; one that nobody has is not there."""
    rows = session.execute(_NAMED, {"references": array_text(references)})
    return {ocr: NamedInvoice(invoice_id, agreement_id) for ocr, invoice_id, agreement_id in rows}


def due_days_of(session: Session, invoice_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, date]:
    """The day by which each of these invoices is to be paid."""
    return {row.id: row.due_on for row in session.execute(_DUE_DAYS, {"ids": array_text(invoice_ids)})}


def asked_for(session: Session, payable_ore: int, *, limit: int) -> dict[uuid.UUID, uuid.UUID]:
    """The newest invoices that ask for exactly so much and were not credited, each by its agreement."""
    credit = aliased(Invoice)
    query = (
        sa.select(Invoice.agreement_id, Invoice.id)
        .where(
            Invoice.payable_ore == payable_ore,
            Invoice.kind == str(InvoiceKind.INVOICE),
            ~sa.exists().where(credit.credits_id == Invoice.id),
        )
        .order_by(Invoice.id.desc())
        .limit(limit)
    )
    found: dict[uuid.UUID, uuid.UUID] = {}
    for agreement_id, invoice_id in session.execute(query):
        found.setdefault(agreement_id, invoice_id)
    return found


def note_paid_each(session: Session, amounts: Sequence[tuple[uuid.UUID, uuid.UUID, Money]]) -> None:
    """`note_paid` for many payments at once: the entry, the line, and what of the one was for the other."""
    values = {
        "entries": array_text(entry_id for entry_id, _, _ in amounts),
        "lines": array_text(line_id for _, line_id, _ in amounts),
        "amounts": array_text(part.ore for _, _, part in amounts),
    }
    session.execute(_NOTE_EACH, values)


def note_paid(session: Session, entry_id: uuid.UUID, amounts: Mapping[uuid.UUID, Money]) -> None:
    """Keep that the payment booked by *entry_id* paid so much of each of these lines, which its payer has named (F8).

    What is not noted pays the oldest. A payment that is reversed pays nothing.
    """
    session.add_all(
        ClaimPayment(entry_id=entry_id, line_id=line_id, amount_ore=amount.ore) for line_id, amount in amounts.items()
    )
    session.flush()


def _with_open(line: InvoiceClaim, open_sum: Money) -> InvoiceClaim:
    return InvoiceClaim(line.line_id, line.invoice_id, line.kind, line.account, line.due_on, line.amount, open_sum)


def _invoiced(session: Session, agreement_id: uuid.UUID) -> Sequence[tuple[Account, _Asked]]:
    credit, entry, opposite = aliased(InvoiceLine), aliased(LedgerEntry), aliased(LedgerEntry)
    named = (
        sa.select(sa.func.coalesce(sa.func.sum(ClaimPayment.amount_ore), 0))
        .join(entry, entry.id == ClaimPayment.entry_id)
        .where(ClaimPayment.line_id == InvoiceLine.id, ~sa.exists().where(opposite.reverses_id == entry.id))
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(InvoiceLine, Invoice.due_on, named)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            InvoiceLine.agreement_id == agreement_id,
            Invoice.kind == str(InvoiceKind.INVOICE),
            ~sa.exists().where(credit.credits_line_id == InvoiceLine.id),
        )
    )
    found = []
    for line, due_on, named_ore in rows:
        account, amount = Account(line.account), Money(line.amount_ore)
        claim = InvoiceClaim(line.id, line.invoice_id, InvoiceLineKind(line.kind), account, due_on, amount, Money.ZERO)
        order = f"{line.arose_on} {line.id}"
        found.append((account, _Asked(due_on, order, claim, LineClaim(amount, Money(int(named_ore))))))
    return found


def _not_invoiced(session: Session, agreement_id: uuid.UUID) -> Sequence[tuple[Account, _Asked]]:
    """Charges and instalments that no invoice has asked for, or asks for no more."""
    opposite = aliased(LedgerEntry)
    charges = session.execute(
        sa.select(LedgerEntry.id, LedgerEntry.occurred_on, LedgerEntry.kind, sa.func.sum(LedgerLine.amount_ore))
        .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
        .where(
            LedgerEntry.agreement_id == agreement_id,
            LedgerEntry.kind.in_([str(kind) for kind in _CHARGED]),
            ~sa.exists().where(opposite.reverses_id == LedgerEntry.id),
            ~sa.exists().where(InvoiceLine.entry_id == LedgerEntry.id, InvoiceLine.credits_line_id.is_(None)),
        )
        .group_by(LedgerEntry.id)
    )
    found = [
        (_CHARGED[PostingKind(kind)], _Asked(on, f"{on} {entry_id}", None, LineClaim(Money(int(ore)))))
        for entry_id, on, kind, ore in charges
    ]
    part, credit = PlannedInstalment, aliased(InvoiceLine)
    is_invoiced = sa.exists().where(
        InvoiceLine.agreement_id == part.agreement_id,
        InvoiceLine.drawdown_id == part.drawdown_id,
        InvoiceLine.instalment_number == part.number,
        InvoiceLine.credits_line_id.is_(None),
        ~sa.exists().where(credit.credits_line_id == InvoiceLine.id),
    )
    instalments = session.execute(
        sa.select(part.due_on, part.number, part.amount_ore).where(part.agreement_id == agreement_id, ~is_invoiced)
    )
    return [
        *found,
        *(
            (Account.PRINCIPAL, _Asked(on, f"{on} {number:06d}", None, LineClaim(Money(ore))))
            for on, number, ore in instalments
        ),
    ]
