"""Rows of personal guarantees (*borgen*)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import GuaranteeState, ReleaseState
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
    details_encrypted: Mapped[bytes]  # JSON: name, email, phone, has_role
    cap_ore: Mapped[int]
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    invitation_hash: Mapped[bytes | None] = mapped_column(unique=True)  # of the token in the guarantor's own link
    invitation_until: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]  # last
    invitations: Mapped[int] = mapped_column(sa.Integer, server_default="1")  # so many letters were sent
    refusal_encrypted: Mapped[bytes | None]  # JSON: the reason, and whether the applicant may read it


class GuaranteeRelease(Identified, Base):
    """A guarantor's release: asked for by one of staff, approved by another, allowed by all co-guarantors (rule G4)."""

    __tablename__ = "guarantee_release"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ReleaseState), "state"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint("approved_by <> asked_by", "four_eyes"),
        sa.CheckConstraint("state <> 'released' OR approved_at IS NOT NULL", "approved"),
        sa.Index(
            "uq_guarantee_release_pending", "guarantee_id", unique=True, postgresql_where=sa.text("state = 'pending'")
        ),
    )
    guarantee_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("guarantee.id"))
    agreement_id: Mapped[uuid.UUID] = mapped_column(index=True)
    state: Mapped[str]
    reason_encrypted: Mapped[bytes]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class ReleaseConsent(Base):
    """A co-guarantor, identified by BankID, has allowed the release (rule G4)."""

    __tablename__ = "release_consent"
    release_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("guarantee_release.id"), primary_key=True)
    guarantee_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("guarantee.id"), primary_key=True)  # the giver's
    given_at: Mapped[datetime]
