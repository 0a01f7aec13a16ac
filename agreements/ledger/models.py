"""Rows of the double-entry ledger (rule F6): append-only, balanced by construction."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import Account
from underwriting.platform.database import Base, Identified, one_of


class LedgerEntry(Identified, Base):
    """One business event in the books; *occurred_on* is its legal day, *booked_at* the instant we wrote it."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.Index("ix_ledger_entry_agreement_occurred", "agreement_id", "occurred_on"),
        # what can change a fee and was booked since a fee run
        sa.Index(
            "ix_ledger_entry_fact",
            "booked_at",
            postgresql_where=sa.text("kind IN ('payout', 'payment', 'allocation', 'reversal')"),
        ),
        # what does not count in a fee, by agreement
        sa.Index(
            "ix_ledger_entry_taken_back",
            "agreement_id",
            postgresql_include=["id", "reverses_id"],
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        ),
        # what no closed month can have yet; rows lie as they were booked, so that a few pages tell where
        sa.Index("ix_ledger_entry_booked", "occurred_on", "booked_at", postgresql_using="brin"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"))
    business_key: Mapped[str] = mapped_column(unique=True)  # "payout:<id>", "fee:<agreement>:2026-11": never twice
    kind: Mapped[str]
    occurred_on: Mapped[date]
    booked_at: Mapped[datetime]
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_entry.id"), unique=True)


class LedgerLine(Identified, Base):
    """A positive amount that moves from the credited account to the debited one."""

    __tablename__ = "ledger_line"
    __table_args__ = (
        sa.CheckConstraint("amount_ore > 0", "amount"),
        sa.CheckConstraint("debit_account <> credit_account", "two_accounts"),
        sa.CheckConstraint(one_of("debit_account", Account), "debit_account"),
        sa.CheckConstraint(one_of("credit_account", Account), "credit_account"),
        sa.Index("ix_ledger_line_agreement", "agreement_id", "occurred_on"),
        # the history of each agreement's principal, whole in the index: what a fee run reads of all agreements
        sa.Index(
            "ix_ledger_line_principal",
            "agreement_id",
            "occurred_on",
            "id",
            postgresql_include=["debit_account", "amount_ore", "entry_id"],
            postgresql_where=sa.text("debit_account = 'principal' OR credit_account = 'principal'"),
        ),
        # whose money is kept: few lines, so that the daily look for it reads only them
        sa.Index(
            "ix_ledger_line_credit_balance",
            "agreement_id",
            postgresql_where=sa.text("debit_account = 'credit_balance' OR credit_account = 'credit_balance'"),
        ),
    )
    entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("ledger_entry.id"), index=True)
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"))
    occurred_on: Mapped[date]
    debit_account: Mapped[str]
    credit_account: Mapped[str]
    amount_ore: Mapped[int]
