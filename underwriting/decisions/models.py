"""Rows of decisions: everything that a replay needs (rule D7)."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import DecisionOutcome, RepaymentPlan
from underwriting.platform.database import Base, Identified, one_of


class DecisionRow(Identified, Base):
    """One decision on one application; a later one never replaces an earlier one (rules D7 and D8)."""

    __tablename__ = "decision"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "sequence"),
        sa.CheckConstraint(one_of("outcome", DecisionOutcome), "outcome"),
        sa.CheckConstraint(one_of("repayment_plan", RepaymentPlan), "repayment_plan"),
        sa.CheckConstraint("automatic = (decided_by IS NULL)", "automatic_or_by_whom"),
        sa.CheckConstraint("(limit_ore IS NULL) = (fee_rate IS NULL)", "limit_with_rate"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    sequence: Mapped[int] = mapped_column(sa.Integer)
    outcome: Mapped[str]
    limit_ore: Mapped[int | None]
    fee_rate: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 6))
    term_months: Mapped[int] = mapped_column(sa.Integer)
    repayment_plan: Mapped[str] = mapped_column(server_default=str(RepaymentPlan.STRAIGHT))
    grade: Mapped[str | None]
    policy_version: Mapped[str]
    policy_hash: Mapped[str]
    facts_encrypted: Mapped[bytes]  # canonical JSON; with the policy it gives the decision again
    facts_hash: Mapped[bytes]
    report_hashes: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))  # B6: the answers it rests on
    trace_encrypted: Mapped[bytes]
    automatic: Mapped[bool]
    decided_by: Mapped[str | None]
    approved_by: Mapped[str | None]  # the second person, where one had to (D8)
    reason_code: Mapped[str | None]
    reason_encrypted: Mapped[bytes | None]
    conditions_encrypted: Mapped[bytes | None]  # what the credit is given on, to be accepted (D8)
    decided_at: Mapped[datetime]
    answer_by: Mapped[datetime | None]  # a counter-offer is accepted before then (D1)


class PolicyVersion(Identified, Base):
    """One version of the policy as it was drafted, to the byte (rule D11); the service cannot change or remove it."""

    __tablename__ = "policy_version"
    __table_args__ = (sa.UniqueConstraint("id", "drafted_by", name="uq_policy_version_drafter"),)
    version: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    document: Mapped[str]
    drafted_by: Mapped[str]
    drafted_at: Mapped[datetime]


class PolicyApproval(Base):
    """That a second person has approved a version (rule D11): never whoever drafted it."""

    __tablename__ = "policy_approval"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["policy_id", "drafted_by"],
            ["policy_version.id", "policy_version.drafted_by"],
            name="fk_policy_approval_policy_version",
        ),
        sa.CheckConstraint("approved_by <> drafted_by", "second_person"),
    )
    policy_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    drafted_by: Mapped[str]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]


class PolicyPublication(Identified, Base):
    """From when an approved version is in force: until the next publication, so that two never are at once (D11)."""

    __tablename__ = "policy_publication"
    __table_args__ = (sa.CheckConstraint("in_force_from >= published_at", "not_backwards"),)
    policy_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("policy_approval.policy_id"), index=True)
    in_force_from: Mapped[datetime] = mapped_column(unique=True)
    published_by: Mapped[str]
    published_at: Mapped[datetime]
