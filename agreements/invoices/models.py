"""Rows of invoices and credit notes: what was asked for is fixed; that it was sent is noted once."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import Account, CreditReason, InvoiceDelivery, InvoiceKind, InvoiceLineKind
from underwriting.platform.chunks import Chunk
from underwriting.platform.database import Base, Identified, one_of

_IS_INVOICE = sa.text("kind = 'invoice'")


class Price(Base):
    """What one thing costs from a day on, where that is the lender's to say."""

    __tablename__ = "price"
    __table_args__ = (sa.CheckConstraint("amount_ore >= 0", "amount"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    amount_ore: Mapped[int]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]


class InvoiceSeries(Base):
    """A series of numbers without gaps: whoever takes some holds the row until what bears them is committed."""

    __tablename__ = "invoice_series"
    year: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]


class PrintBatch(Identified, Base):
    """Invoices that were given to the printer together (rule F4)."""

    __tablename__ = "print_batch"
    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    count: Mapped[int] = mapped_column(sa.Integer)


class Invoice(Identified, Base):
    """An invoice (*faktura*, rule F5), or the credit note (*kreditfaktura*) that takes lines of one back.

    Sums are positive in both. *rounding_ore* leads from the total, and what earlier invoices left out, to whole kronor.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", InvoiceKind), "kind"),
        sa.CheckConstraint(one_of("delivery", InvoiceDelivery), "delivery"),
        sa.CheckConstraint("extract(day FROM period) = 1", "period"),
        sa.CheckConstraint("total_ore > 0 AND payable_ore = total_ore + rounding_ore AND payable_ore >= 0", "sums"),
        sa.CheckConstraint("balance_ore >= 0", "balance"),
        sa.CheckConstraint("(kind = 'invoice') = (due_on IS NOT NULL AND ocr IS NOT NULL)", "to_pay"),
        sa.CheckConstraint("kind <> 'invoice' OR payable_ore % 100 = 0", "whole_kronor"),
        sa.CheckConstraint(one_of("reason", CreditReason), "reason"),
        sa.CheckConstraint("(kind = 'credit_note') = (reason IS NOT NULL AND credits_id IS NOT NULL)", "credit"),
        # never twice for one agreement and period
        sa.Index("uq_invoice_period", "agreement_id", "period", unique=True, postgresql_where=_IS_INVOICE),
        # F7: what a payment of a sum may be for
        sa.Index("ix_invoice_payable", "payable_ore", "id", postgresql_where=_IS_INVOICE),
        sa.Index("ix_invoice_unsent", "id", postgresql_where=sa.text("sent_at IS NULL")),
        sa.Index(
            "ix_invoice_unprinted",
            "id",
            postgresql_where=sa.text("delivery = 'paper' AND batch_id IS NULL AND sent_at IS NOT NULL"),
        ),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(unique=True)
    ocr: Mapped[str | None] = mapped_column(unique=True)
    period: Mapped[date]  # the first day of the month in which it is to be paid
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    due_on: Mapped[date | None]
    delivery: Mapped[str]
    total_ore: Mapped[int]
    rounding_ore: Mapped[int]
    payable_ore: Mapped[int]
    balance_ore: Mapped[int]  # the borrower's own money when it was issued
    credits_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("invoice.id"), index=True)
    reason: Mapped[str | None]
    sent_at: Mapped[datetime | None]  # its PDF is made and the letter posted, or it waits for the printer
    batch_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("print_batch.id"), index=True)


class InvoiceLine(Identified, Base):
    """One line, which is a claim on one account: the charge *entry_id* of the ledger, or an instalment of principal.

    Of a credit note it takes back the line *credits_line_id*, whole.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", InvoiceLineKind), "kind"),
        sa.CheckConstraint(one_of("account", Account), "account"),
        sa.CheckConstraint("amount_ore > 0", "amount"),
        sa.CheckConstraint("(kind = 'instalment') = (entry_id IS NULL)", "charge"),
        sa.CheckConstraint(
            "(kind = 'instalment') = (drawdown_id IS NOT NULL AND instalment_number IS NOT NULL)", "instalment"
        ),
        sa.UniqueConstraint("invoice_id", "number", name="uq_invoice_line_number"),
        sa.UniqueConstraint("credits_line_id", name="uq_invoice_line_credits"),
        # a charge, and an instalment, is asked for once
        sa.Index("uq_invoice_line_entry", "entry_id", unique=True, postgresql_where=sa.text("credits_line_id IS NULL")),
        sa.Index(
            "uq_invoice_line_instalment",
            "agreement_id",
            "drawdown_id",
            "instalment_number",
            "attempt",
            unique=True,
            postgresql_where=sa.text("credits_line_id IS NULL AND drawdown_id IS NOT NULL"),
        ),
    )
    invoice_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invoice.id"))
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    number: Mapped[int] = mapped_column(sa.Integer)
    kind: Mapped[str]
    account: Mapped[str]
    amount_ore: Mapped[int]
    arose_on: Mapped[date]  # the charge's legal day, the instalment's due day by the plan
    entry_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    drawdown_id: Mapped[uuid.UUID | None]
    instalment_number: Mapped[int | None] = mapped_column(sa.Integer)
    attempt: Mapped[int] = mapped_column(sa.Integer, server_default="1")  # after one was credited, the next
    credits_line_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("invoice_line.id"))


class ClaimPayment(Base):
    """So much of the payment that *entry_id* booked was for this line, since the payer named its invoice (rule F8)."""

    __tablename__ = "claim_payment"
    __table_args__ = (sa.CheckConstraint("amount_ore > 0", "amount"),)
    entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("ledger_entry.id"), primary_key=True)
    line_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invoice_line.id"), primary_key=True, index=True)
    amount_ore: Mapped[int]


class InvoiceRun(Base):
    """A month for which invoices are issued; without *finished_at* one is under way, or died."""

    __tablename__ = "invoice_run"
    __table_args__ = (sa.CheckConstraint("extract(day FROM period) = 1", "period"),)
    period: Mapped[date] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class InvoiceChunk(Chunk, Base):
    """Agreements whose invoices are issued in one transaction, and what they are asked for."""

    __tablename__ = "invoice_chunk"
    __table_args__ = (
        sa.Index("ix_invoice_chunk_open", "period", "through_id", postgresql_where=sa.text("done_at IS NULL")),
    )
    period: Mapped[date] = mapped_column(sa.ForeignKey("invoice_run.period"), primary_key=True)
    issued_count: Mapped[int] = mapped_column(sa.Integer)
    issued_ore: Mapped[int]
