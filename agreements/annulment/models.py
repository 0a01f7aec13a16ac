"""Rows of annulments."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import AnnulmentGround, ProposalState
from underwriting.platform.database import Base, Identified, one_of


class Annulment(Identified, Base):
    """An agreement to be annulled before payout: asked for by one of staff, settled by another (`docs/states.md`)."""

    __tablename__ = "annulment"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ProposalState), "state"),
        sa.CheckConstraint(one_of("ground", AnnulmentGround), "ground"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint("state <> 'approved' OR settled_by <> asked_by", "four_eyes"),
        sa.Index("uq_annulment_pending", "agreement_id", unique=True, postgresql_where=sa.text("state = 'pending'")),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    ground: Mapped[str]
    reason_encrypted: Mapped[bytes]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
