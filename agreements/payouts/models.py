"""Rows of drawdowns and of the payment orders that carry them out."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import PayoutState
from underwriting.platform.database import Base, Identified, one_of


class Drawdown(Identified, Base):
    """A part of the limit that the borrower has asked to have paid out (rule P1)."""

    __tablename__ = "drawdown"
    __table_args__ = (sa.UniqueConstraint("agreement_id", "sequence"), sa.CheckConstraint("amount_ore > 0", "amount"))
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"))
    sequence: Mapped[int] = mapped_column(sa.Integer)
    amount_ore: Mapped[int]
    requested_at: Mapped[datetime]


class Payout(Identified, Base):
    """One payment order for one drawdown; at most one that is alive or paid (rule P3)."""

    __tablename__ = "payout"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", PayoutState), "state"),
        sa.Index(
            "uq_payout_one_alive",
            "drawdown_id",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('failed', 'returned', 'withdrawn')"),
        ),
        sa.Index("ix_payout_open", "state", postgresql_where=sa.text("state IN ('ordered', 'sent', 'unknown')")),
    )
    drawdown_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("drawdown.id"), index=True)
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    amount_ore: Mapped[int]
    account_encrypted: Mapped[bytes]  # bankgiro of the company; a sole trader's is personal data
    end_to_end_id: Mapped[str] = mapped_column(unique=True)  # what the bank knows it by; at most 35 characters
    ordered_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ask_after: Mapped[datetime | None]  # when the bank is asked for its answer next
    booked_at: Mapped[datetime | None]
    booked_on: Mapped[date | None]
    failure: Mapped[str | None]  # the bank's reason code
