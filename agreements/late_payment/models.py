"""Rows of reference rates, of what late claims cost, and of the late interest that is in the books."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import LateCharge, ProposalState
from underwriting.platform.database import Base, Identified, one_of


class ReferenceRate(Identified, Base):
    """A reference rate (*referensränta*) that one person has read and another confirms (rule R5).

    Of several approved ones for a half-year the newest holds; what it takes the place of stays, and *reason* says why.
    """

    __tablename__ = "reference_rate"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ProposalState), "state"),
        sa.CheckConstraint("extract(day FROM since) = 1 AND extract(month FROM since) IN (1, 7)", "half_year"),
        sa.CheckConstraint("mod(rate, 0.005) = 0", "half_points"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint("state <> 'approved' OR settled_by <> proposed_by", "four_eyes"),
        sa.Index("uq_reference_rate_pending", "since", unique=True, postgresql_where=sa.text("state = 'pending'")),
    )
    since: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(6, 4))  # a yearly fraction
    source: Mapped[str]
    reason: Mapped[str | None]
    state: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]


class LateChargeRow(Identified, Base):
    """A step that was charged for a late invoice, once (rule R4); without *entry_id* it added nothing to the debt."""

    __tablename__ = "late_charge"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", LateCharge), "kind"),
        sa.CheckConstraint("amount_ore >= 0 AND (amount_ore > 0) = (entry_id IS NOT NULL)", "amount"),
        sa.UniqueConstraint("invoice_id", "kind", name="uq_late_charge_once"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    invoice_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invoice.id"))
    kind: Mapped[str]
    amount_ore: Mapped[int]
    charged_on: Mapped[date]
    charged_by: Mapped[str]
    charged_at: Mapped[datetime]
    entry_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_entry.id"), unique=True)


class LateInterestRow(Base):
    """Late interest that was booked on a line of an invoice through a day (rule R5), with what it was made of."""

    __tablename__ = "late_interest"
    __table_args__ = (sa.CheckConstraint("amount_ore > 0", "amount"),)
    entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("ledger_entry.id"), primary_key=True)
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    line_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("invoice_line.id"), index=True)
    through_on: Mapped[date]
    amount_ore: Mapped[int]
    stretches: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)  # all of the line's through the day
