"""Rows of monthly fees."""

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base


class MonthlyFee(Base):
    """The fee of one agreement for one calendar month (rule F1): the key makes a second one impossible."""

    __tablename__ = "monthly_fee"
    __table_args__ = (
        sa.CheckConstraint("basis_ore > 0 AND fee_ore >= 0", "amounts"),
        sa.CheckConstraint("extract(day FROM month) = 1", "first_day"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    basis_ore: Mapped[int]
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 6))
    fee_ore: Mapped[int]
    charged_at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]  # C6: the agreement was cancelled in time


class FeeRun(Base):
    """A month whose fees are charged, and what all its runs charged; without *finished_at* one is under way, or died.

    What is booked after *started_at* is looked at again by the next run.
    """

    __tablename__ = "fee_run"
    month: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    charged_count: Mapped[int]
    charged_ore: Mapped[int]
