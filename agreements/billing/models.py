"""Rows of monthly fees."""

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import FeeCorrectionReason
from underwriting.platform.chunks import Chunk
from underwriting.platform.database import Base, Identified, one_of


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
    """A month whose fees are charged; without *finished_at* one is under way, or died.

    The sums are those of its chunks once it is finished, and of what was charged late since. Facts booked until
    *looked_at* were seen, or are among its `FeeLook`; without it any may be missing, since a clock was ahead.
    """

    __tablename__ = "fee_run"
    month: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    charged_count: Mapped[int]
    charged_ore: Mapped[int]


class FeeChunk(Chunk, Base):
    """Agreements whose fees of *month* are charged in one transaction, and what they were charged."""

    __tablename__ = "fee_chunk"
    __table_args__ = (
        sa.Index("ix_fee_chunk_open", "month", "through_id", postgresql_where=sa.text("done_at IS NULL")),
    )
    month: Mapped[date] = mapped_column(sa.ForeignKey("fee_run.month"), primary_key=True)
    charged_count: Mapped[int] = mapped_column(sa.Integer)
    charged_ore: Mapped[int]


class FeeLook(Base):
    """An agreement for which something was told of that can change its fee of *month*: to be looked at again.

    It goes with the transaction that does so. No foreign key leads to the agreement, whose row whoever notes what was
    told of would then have to lock.
    """

    __tablename__ = "fee_look"
    month: Mapped[date] = mapped_column(sa.ForeignKey("fee_run.month"), primary_key=True)
    agreement_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class FeeCorrection(Identified, Base):
    """A fee that facts told of later have changed: what it was, what it is, and why (rule F10); never changed."""

    __tablename__ = "fee_correction"
    __table_args__ = (
        sa.ForeignKeyConstraint(["agreement_id", "month"], ["monthly_fee.agreement_id", "monthly_fee.month"]),
        sa.Index("ix_fee_correction_agreement_id", "agreement_id", "month"),
        sa.CheckConstraint(one_of("reason", FeeCorrectionReason), "reason"),
        sa.CheckConstraint("basis_ore >= 0 AND fee_ore >= 0", "amounts"),
    )
    agreement_id: Mapped[uuid.UUID]
    month: Mapped[date]
    corrected_at: Mapped[datetime]
    reason: Mapped[str]
    basis_before_ore: Mapped[int]
    fee_before_ore: Mapped[int]
    basis_ore: Mapped[int]
    fee_ore: Mapped[int]
    taken_back_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_entry.id"), unique=True)
