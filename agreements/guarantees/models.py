"""Rows of personal guarantees (*borgen*)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import GuaranteeState
from underwriting.platform.database import Base, Identified, one_of


class Guarantee(Identified, Base):
    """One person's guarantee "såsom för egen skuld" for one agreement (rules G2 and G3)."""

    __tablename__ = "guarantee"
    __table_args__ = (
        sa.UniqueConstraint("agreement_id", "person_index"),
        sa.CheckConstraint(one_of("state", GuaranteeState), "state"),
        sa.CheckConstraint("cap_ore > 0", "cap"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the agreement; a feature above this one
    state: Mapped[str]
    person_encrypted: Mapped[bytes]
    person_index: Mapped[bytes] = mapped_column(index=True)
    details_encrypted: Mapped[bytes]  # JSON: name, email, phone
    cap_ore: Mapped[int]
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
