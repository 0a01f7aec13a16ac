"""Rows of early redemptions."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class Redemption(Identified, Base):
    """A borrower's request to redeem on a day; it changes nothing until the sum is received (rule F3)."""

    __tablename__ = "redemption"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'completed', 'replaced')", "state"),
        sa.Index("uq_redemption_open", "agreement_id", unique=True, postgresql_where=sa.text("state = 'open'")),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    on_date: Mapped[date]
    total_ore: Mapped[int]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
