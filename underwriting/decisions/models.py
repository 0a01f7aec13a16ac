"""Rows of decisions: everything that a replay needs (rule D7)."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import DecisionOutcome
from underwriting.platform.database import Base, Identified, one_of


class DecisionRow(Identified, Base):
    """One decision on one application; a later one never replaces an earlier one (rules D7 and D8)."""

    __tablename__ = "decision"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "sequence"),
        sa.CheckConstraint(one_of("outcome", DecisionOutcome), "outcome"),
        sa.CheckConstraint("automatic = (decided_by IS NULL)", "automatic_or_by_whom"),
        sa.CheckConstraint("(limit_ore IS NULL) = (fee_rate IS NULL)", "limit_with_rate"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    sequence: Mapped[int] = mapped_column(sa.Integer)
    outcome: Mapped[str]
    limit_ore: Mapped[int | None]
    fee_rate: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 6))
    term_months: Mapped[int] = mapped_column(sa.Integer)
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
