"""Rows of questions to bureaus, of their answers, and of each use of an answer (rules A6, B5, B6)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from bureau_clients.questions import Outcome, QuestionKind, QuestionState, SubjectKind, SubjectRole
from underwriting.platform.database import Base, Identified, one_of


class BureauQuestion(Identified, Base):
    """The one question per application and subject: a lease while somebody asks, then what became of it (B4, B5)."""

    __tablename__ = "bureau_question"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "subject_kind", "subject_index"),
        sa.CheckConstraint(one_of("subject_kind", SubjectKind), "subject_kind"),
        sa.CheckConstraint(one_of("state", QuestionState), "state"),
        sa.CheckConstraint("(state = 'leased') = (leased_until IS NOT NULL)", "lease_ends"),
        sa.CheckConstraint("state <> 'leased' OR (lease_token IS NOT NULL AND asked_at IS NOT NULL)", "lease_is_held"),
        sa.CheckConstraint("purpose <> '' AND notice_version <> ''", "grounds"),  # A6: on record before the call
    )
    application_id: Mapped[uuid.UUID]  # of the application; a feature above this one
    subject_kind: Mapped[str]
    subject_index: Mapped[bytes]
    state: Mapped[str]
    purpose: Mapped[str]
    notice_version: Mapped[str]
    bureau: Mapped[str | None]  # the one that is or was asked last
    asked_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]  # by the machine's clock: test time may stand still
    lease_token: Mapped[uuid.UUID | None]


class CreditReport(Identified, Base):
    """One answer of one bureau, or the lack of one, as it was received (*kreditupplysning*, B6)."""

    __tablename__ = "credit_report"
    __table_args__ = (
        sa.CheckConstraint(one_of("subject_kind", SubjectKind), "subject_kind"),
        sa.CheckConstraint(one_of("role", SubjectRole), "role"),
        sa.CheckConstraint(one_of("question", QuestionKind), "question"),
        sa.CheckConstraint(one_of("outcome", Outcome), "outcome"),
        sa.CheckConstraint("(raw_encrypted IS NULL) = (sha256 IS NULL)", "raw_and_hash"),
        sa.CheckConstraint(
            "(parsed_encrypted IS NOT NULL) = (outcome IN ('report', 'no_match'))"
            " AND (parsed_encrypted IS NULL OR raw_encrypted IS NOT NULL)",
            "parsed",
        ),
        sa.CheckConstraint("(failure_code IS NULL) = (outcome IN ('report', 'no_match'))", "failure_code"),
        sa.CheckConstraint("octet_length(sha256) = 32", "sha256"),
        sa.CheckConstraint("answered_at >= asked_at", "order"),
        sa.CheckConstraint("cost_ore >= 0", "cost"),
        sa.Index("ix_credit_report_subject", "subject_index", "application_id"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the application that it was asked for
    subject_kind: Mapped[str]
    subject_index: Mapped[bytes]
    role: Mapped[str]
    question: Mapped[str]
    bureau: Mapped[str]
    reference: Mapped[str]  # ours, as the bureau's invoice names it
    outcome: Mapped[str]
    failure_code: Mapped[str | None]
    purpose: Mapped[str]
    notice_version: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # none when the process that asked died
    raw_encrypted: Mapped[bytes | None]
    sha256: Mapped[bytes | None]  # of the raw answer
    parsed_encrypted: Mapped[bytes | None]
    cost_ore: Mapped[int | None]  # by the price list; none where it is not known


class CreditReportUse(Identified, Base):
    """One use of a kept answer for one application (B5)."""

    __tablename__ = "credit_report_use"
    credit_report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("credit_report.id"), index=True)
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)
    purpose: Mapped[str]
    used_at: Mapped[datetime]
