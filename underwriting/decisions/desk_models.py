"""Rows of the underwriter's desk: proposals for a second person, human reviews, assignments, disputed facts."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import FactTreatment, ProposalState, RequestChannel, ReviewOutcome
from underwriting.platform.database import Base, Identified, one_of

ONE_PENDING = "uq_override_proposal_pending"
ONE_OPEN_REVIEW = "uq_human_review_open"
ONE_PER_TICKET = "uq_case_assignment_ticket"
ONE_DISPUTE = "uq_fact_dispute_decision_id_subject_fact"


class OverrideProposal(Identified, Base):
    """A determination beyond its underwriter's authority, until a second person has settled it (rule D8)."""

    __tablename__ = "override_proposal"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ProposalState), "state"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint("state NOT IN ('approved', 'rejected') OR settled_by <> proposed_by", "four_eyes"),
        sa.CheckConstraint("(limit_ore IS NULL) = (fee_rate IS NULL)", "limit_with_rate"),
        sa.Index(ONE_PENDING, "application_id", unique=True, postgresql_where=sa.text("state = 'pending'")),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"))
    application_version: Mapped[int] = mapped_column(sa.Integer)  # of which it was proposed; it expires with another
    decision_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("decision.id"))  # the one it would follow
    state: Mapped[str]
    outcome: Mapped[str]
    limit_ore: Mapped[int | None]
    fee_rate: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 6))
    conditions_encrypted: Mapped[bytes | None]
    reason_code: Mapped[str]
    reason_encrypted: Mapped[bytes]
    proposed_by: Mapped[str]
    proposer_index: Mapped[bytes | None]  # who that is: nobody approves their own by another account
    proposed_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_reason_encrypted: Mapped[bytes | None]


class HumanReview(Identified, Base):
    """A natural person's request that a person looks at the decision again, and the answer (rule D9)."""

    __tablename__ = "human_review"
    __table_args__ = (
        sa.CheckConstraint(one_of("channel", RequestChannel), "channel"),
        sa.CheckConstraint(one_of("outcome", ReviewOutcome), "outcome"),
        sa.CheckConstraint(
            "num_nulls(answered_at, answered_by, outcome, answer_encrypted, grounds_encrypted) IN (0, 5)", "answered"
        ),
        sa.Index(
            ONE_OPEN_REVIEW,
            "application_id",
            "person_index",
            unique=True,
            postgresql_where=sa.text("answered_at IS NULL"),
        ),
        sa.Index("ix_human_review_answer_by", "answer_by", postgresql_where=sa.text("answered_at IS NULL")),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"))
    decision_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("decision.id"))
    guarantor_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("application_guarantor.id"))  # None: the owner
    person_index: Mapped[bytes]
    channel: Mapped[str]
    recorded_by: Mapped[str]
    view_encrypted: Mapped[bytes]  # what the person says
    requested_at: Mapped[datetime]  # when it reached the lender
    answer_by: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    outcome: Mapped[str | None]
    answer_encrypted: Mapped[bytes | None]  # what the person is told
    answer_english_encrypted: Mapped[bytes | None]  # the same in English, where it was written
    grounds_encrypted: Mapped[bytes | None]  # for staff


class CaseAssignment(Base):
    """Which underwriter has a case; without a row nobody has."""

    __tablename__ = "case_assignment"
    application_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("application.id", ondelete="CASCADE"), primary_key=True
    )
    staff_user_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("staff_user.id"), index=True)
    assigned_by: Mapped[str]
    ticket: Mapped[uuid.UUID | None] = mapped_column(unique=True)  # of the press of a button by which it was taken
    assigned_at: Mapped[datetime]


class FactDispute(Identified, Base):
    """A fact of one decision that its bureau has wrong, with the evidence; what was told stays beside it (rule D13)."""

    __tablename__ = "fact_dispute"
    __table_args__ = (
        sa.CheckConstraint(one_of("treatment", FactTreatment), "treatment"),
        sa.CheckConstraint("(treatment = 'corrected') = (corrected_encrypted IS NOT NULL)", "corrected"),
        sa.CheckConstraint("num_nulls(document_encrypted, document_type, document_sha256) IN (0, 3)", "document"),
        sa.UniqueConstraint("decision_id", "subject", "fact"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("decision.id"))  # the one that rested on it
    subject: Mapped[str]  # as the trace names it
    fact: Mapped[str]
    treatment: Mapped[str]
    told_encrypted: Mapped[bytes]  # the fact as it was told, as canonical JSON
    corrected_encrypted: Mapped[bytes | None]
    note_encrypted: Mapped[bytes]
    document_encrypted: Mapped[bytes | None]
    document_type: Mapped[str | None]
    document_sha256: Mapped[bytes | None]
    disputed_by: Mapped[str]
    disputed_at: Mapped[datetime]
