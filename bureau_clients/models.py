"""Rows of questions to bureaus, of their answers and uses, and of what holds questions back (rules A6, B1, B5, B6)."""

import uuid
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from bureau_clients.limits import AlarmKind, BreakerState
from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, QuestionState, SubjectKind, SubjectRole
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.database import Base, Identified, one_of

_PERSON_HAS_NO_FORM = "(company_form IS NULL) = (subject_kind = 'person')"


class Compression(StrEnum):
    """How the bytes of an answer are kept under their encryption."""

    NONE = "none"  # as the first version kept them
    GZIP = "gzip"


class BureauQuestion(Identified, Base):
    """The one question per application and subject: a lease while somebody asks, then what became of it (B4, B5)."""

    __tablename__ = "bureau_question"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "subject_kind", "subject_index"),
        sa.CheckConstraint(one_of("subject_kind", SubjectKind), "subject_kind"),
        sa.CheckConstraint(one_of("company_form", CompanyForm), "company_form"),
        sa.CheckConstraint(_PERSON_HAS_NO_FORM, "person_has_no_form"),
        sa.CheckConstraint(one_of("state", QuestionState), "state"),
        sa.CheckConstraint("(state = 'leased') = (leased_until IS NOT NULL)", "lease_ends"),
        sa.CheckConstraint("state <> 'leased' OR (lease_token IS NOT NULL AND asked_at IS NOT NULL)", "lease_is_held"),
        sa.CheckConstraint("purpose <> '' AND notice_version <> ''", "grounds"),  # A6: on record before the call
        # A6: nobody asks about a person, or a sole trader, who has not confirmed before
        sa.CheckConstraint(
            "state <> 'leased' OR (company_form IS NOT NULL AND company_form <> 'EF')"
            " OR (confirmed_at IS NOT NULL AND confirmed_at <= asked_at)",
            "confirmed",
        ),
        sa.Index("ix_bureau_question_blocked", "state", postgresql_where=sa.text("state IN ('refused', 'unknown')")),
    )
    application_id: Mapped[uuid.UUID]  # of the application; a feature above this one
    subject_kind: Mapped[str]
    subject_index: Mapped[bytes] = mapped_column(index=True)
    company_form: Mapped[str | None]  # none for a person
    state: Mapped[str]
    purpose: Mapped[str]
    notice_version: Mapped[str]
    confirmed_at: Mapped[datetime | None]  # when the natural person concerned did, with BankID
    bureau: Mapped[str | None]  # the one that is or was asked last
    asked_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]  # by the machine's clock: test time may stand still
    lease_token: Mapped[uuid.UUID | None]
    budget_lifted: Mapped[bool] = mapped_column(server_default=sa.text("false"))  # a person has allowed the question


class CreditReport(Identified, Base):
    """One answer of one bureau, or the lack of one (*kreditupplysning*, B6). The bytes are in `ReceivedAnswer`."""

    __tablename__ = "credit_report"
    __table_args__ = (
        sa.CheckConstraint(one_of("subject_kind", SubjectKind), "subject_kind"),
        sa.CheckConstraint(one_of("company_form", CompanyForm), "company_form"),
        sa.CheckConstraint(_PERSON_HAS_NO_FORM, "person_has_no_form"),
        sa.CheckConstraint(one_of("role", SubjectRole), "role"),
        sa.CheckConstraint(one_of("question", QuestionKind), "question"),
        sa.CheckConstraint(one_of("outcome", Outcome), "outcome"),
        sa.CheckConstraint(one_of("copy_notice", CopyNotice), "copy_notice"),
        sa.CheckConstraint(
            "(parsed_encrypted IS NOT NULL) = (outcome IN ('report', 'no_match') AND erased_at IS NULL)", "parsed"
        ),
        sa.CheckConstraint("(failure_code IS NULL) = (outcome IN ('report', 'no_match'))", "failure_code"),
        sa.CheckConstraint("answered_at >= asked_at", "order"),
        sa.CheckConstraint("milliseconds >= 0", "milliseconds"),
        sa.CheckConstraint("cost_ore >= 0", "cost"),
        sa.Index("ix_credit_report_subject", "subject_index", "application_id"),
        sa.Index("ix_credit_report_bureau", "bureau", "asked_at"),
        sa.Index("ix_credit_report_retained", "retained_until", postgresql_where=sa.text("erased_at IS NULL")),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the application that it was asked for
    subject_kind: Mapped[str]
    subject_index: Mapped[bytes]
    company_form: Mapped[str | None]  # none for a person
    role: Mapped[str]
    question: Mapped[str]
    bureau: Mapped[str]
    is_fallback: Mapped[bool]  # the bureau is not the first of its order
    reference: Mapped[str]  # ours, as the bureau's invoice names it
    outcome: Mapped[str]
    failure_code: Mapped[str | None]
    purpose: Mapped[str]
    notice_version: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # none when the process that asked died
    milliseconds: Mapped[int | None]  # that the call took; none when there was no call, or its process died
    copy_notice: Mapped[str]
    parsed_encrypted: Mapped[bytes | None]
    cost_ore: Mapped[int | None]  # by the price list; none where it is not known
    retained_until: Mapped[date]  # the first day on which what was received may be erased
    erased_at: Mapped[datetime | None]


class ReceivedAnswer(Identified, Base):
    """The bytes of one answer as they were received (B6): added to, and at last erased, but never changed."""

    __tablename__ = "received_answer"
    __table_args__ = (
        sa.UniqueConstraint("credit_report_id", "position"),
        sa.CheckConstraint(one_of("compression", Compression), "compression"),
        sa.CheckConstraint("octet_length(sha256) = 32", "sha256"),
        sa.CheckConstraint("position >= 0", "position"),
    )
    credit_report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("credit_report.id"))
    part: Mapped[str]  # which of the answers to the question; empty where it had but one
    position: Mapped[int] = mapped_column(sa.Integer)
    compression: Mapped[str]
    body_encrypted: Mapped[bytes | None]  # none once it is erased
    sha256: Mapped[bytes]  # of the bytes as received


class CreditReportUse(Identified, Base):
    """One use of a kept answer for one application (B5)."""

    __tablename__ = "credit_report_use"
    credit_report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("credit_report.id"), index=True)
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)
    purpose: Mapped[str]
    used_at: Mapped[datetime]


class BureauBreaker(Base):
    """Whether a bureau is asked at all (B1); instants are the machine's."""

    __tablename__ = "bureau_breaker"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", BreakerState), "state"),
        sa.CheckConstraint("failures >= 0", "failures"),
        sa.CheckConstraint("(state = 'open') = (open_until IS NOT NULL)", "open"),
        sa.CheckConstraint(
            "(state = 'half_open') = (probe IS NOT NULL) AND (probe IS NULL) = (probe_until IS NULL)", "probe"
        ),
        sa.CheckConstraint("(state = 'closed') = (pause_milliseconds IS NULL)", "pause"),
    )
    bureau: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    failures: Mapped[int] = mapped_column(sa.Integer)
    generation: Mapped[int]
    pause_milliseconds: Mapped[int | None]
    open_until: Mapped[datetime | None]
    probe: Mapped[uuid.UUID | None]
    probe_until: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class BureauReservation(Base):
    """What one question may cost at one bureau, written before it is asked; then what it did cost.

    Of a question whose outcome is unknown, or whose asker died, the whole price stays reserved.
    """

    __tablename__ = "bureau_reservation"
    __table_args__ = (
        sa.CheckConstraint("amount_ore >= 0", "amount"),
        sa.Index("ix_bureau_reservation_day", "bureau", "day", postgresql_include=["amount_ore"]),
    )
    question: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # the token of its lease
    bureau: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)
    day: Mapped[date]  # in Stockholm
    amount_ore: Mapped[int]
    settled: Mapped[bool]


class BureauPurchase(Identified, Base):
    """Reports bought of a bureau in advance."""

    __tablename__ = "bureau_purchase"
    __table_args__ = (sa.CheckConstraint("reports > 0", "reports"),)
    bureau: Mapped[str] = mapped_column(index=True)
    reports: Mapped[int] = mapped_column(sa.Integer)
    bought_at: Mapped[datetime]
    bought_by: Mapped[str]


class BureauAlarm(Base):
    """The lender was told of something once on a day."""

    __tablename__ = "bureau_alarm"
    __table_args__ = (sa.CheckConstraint(one_of("kind", AlarmKind), "kind"),)
    bureau: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    raised_at: Mapped[datetime]
