"""Rows of credit applications. What identifies a person is encrypted; the figures that decide are plain."""

import uuid
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import (
    ApplicationState,
    CompanyForm,
    GuarantorState,
    InvoiceDelivery,
    ReferralKind,
    RepaymentPlan,
)
from underwriting.platform.database import Base, Identified, one_of

UNDECIDED = tuple(
    str(state)
    for state in (
        ApplicationState.SUBMITTED,
        ApplicationState.ASSESSING,
        ApplicationState.REFERRED,
        ApplicationState.INFORMATION_REQUESTED,
    )
)


ONE_UNDECIDED = "uq_application_undecided_company"


def _queue_indexes() -> Iterator[sa.Index]:
    """By which underwriters page through a state, by age or amount; filters are read from the index alone."""
    listed = sa.text("submitted_at IS NOT NULL AND erased_at IS NULL")
    filtered_by = ["referral_kind", "company_form"]
    for name, key, other in (
        ("age", "submitted_at", "requested_amount_ore"),
        ("amount", "requested_amount_ore", "submitted_at"),
    ):
        yield sa.Index(
            f"ix_application_queue_{name}",
            *("state", key, "id"),
            postgresql_where=listed,
            postgresql_include=[other, *filtered_by],
        )
    yield sa.Index(
        "ix_application_queue_kind",
        *("state", "referral_kind", "submitted_at", "id"),
        postgresql_where=sa.text("submitted_at IS NOT NULL AND erased_at IS NULL AND referral_kind IS NOT NULL"),
        postgresql_include=["requested_amount_ore", "company_form"],
    )


class Application(Identified, Base):
    """A credit application (*kreditansökan*)."""

    __tablename__ = "application"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ApplicationState), "state"),
        sa.CheckConstraint(one_of("company_form", CompanyForm), "company_form"),
        sa.CheckConstraint(one_of("repayment_plan", RepaymentPlan), "repayment_plan"),
        sa.CheckConstraint(one_of("invoice_delivery", InvoiceDelivery), "invoice_delivery"),
        sa.CheckConstraint("requested_amount_ore > 0", "requested_amount"),
        sa.CheckConstraint("term_months > 0", "term"),
        # A8: one submitted, undecided application per company
        sa.Index(
            ONE_UNDECIDED,
            "company_index",
            unique=True,
            postgresql_where=sa.text(f"state IN {UNDECIDED}"),
        ),
        sa.CheckConstraint(one_of("referral_kind", ReferralKind), "referral_kind"),
        *_queue_indexes(),
        sa.Index("ix_application_due", "next_attempt_at", postgresql_where=sa.text("state = 'assessing'")),
    )
    reference: Mapped[str] = mapped_column(unique=True)  # what people quote, for example "B7K2-9QXM"
    state: Mapped[str] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    company_form: Mapped[str]
    company_encrypted: Mapped[bytes]  # the organisation or personal number
    company_index: Mapped[bytes] = mapped_column(index=True)
    requested_amount_ore: Mapped[int]
    term_months: Mapped[int] = mapped_column(sa.Integer)
    repayment_plan: Mapped[str] = mapped_column(server_default=str(RepaymentPlan.STRAIGHT))
    purpose: Mapped[str]
    monthly_revenue_ore: Mapped[int]
    monthly_costs_ore: Mapped[int]
    monthly_debt_payments_ore: Mapped[int]
    invoice_delivery: Mapped[str]
    signatory_index: Mapped[bytes] = mapped_column(index=True)
    details_encrypted: Mapped[
        bytes
    ]  # JSON: name, contact, payout account, signatory, signing rule, owners, due diligence
    access_secret_hash: Mapped[bytes | None]  # opens the draft; cleared when the person has signed (A3)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    binding_until: Mapped[datetime | None]  # A3: the application lapses then
    confirm_by: Mapped[datetime | None]  # A6: invited persons have until then
    shown_highest_fee_rate: Mapped[str | None]  # decimal fraction, as in the signed text
    next_attempt_at: Mapped[datetime | None]  # when the worker takes it
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    outcome_unknown: Mapped[bool] = mapped_column(server_default=sa.text("false"))  # B4: waits for a person
    decided_at: Mapped[datetime | None]
    referral_kind: Mapped[str | None]  # of the strongest ground that the newest decision has for an underwriter
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class ApplicationGuarantor(Identified, Base):
    """A person named as guarantor (*borgensman*) in an application."""

    __tablename__ = "application_guarantor"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", GuarantorState), "state"),
        sa.Index(
            "uq_application_guarantor_ordinal",
            "application_id",
            "ordinal",
            unique=True,
            postgresql_where=sa.text("state <> 'replaced'"),
        ),
        # A4: the same person cannot be named twice
        sa.Index(
            "uq_application_guarantor_person",
            "application_id",
            "person_index",
            unique=True,
            postgresql_where=sa.text("state <> 'replaced'"),
        ),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    ordinal: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str]
    person_encrypted: Mapped[bytes]
    person_index: Mapped[bytes] = mapped_column(index=True)
    details_encrypted: Mapped[bytes]  # JSON: name, email, phone
    invitation_hash: Mapped[bytes | None] = mapped_column(unique=True)
    invited_at: Mapped[datetime | None]  # last
    invitations: Mapped[int] = mapped_column(sa.Integer, server_default="1")  # so many letters, of one who was invited
    answered_at: Mapped[datetime | None]
    notice_version: Mapped[str | None]  # A6: which notice this person confirmed


class ApplicationSupplement(Identified, Base):
    """Something added after submission (rule A3): contact, payout account, replaced guarantor, information."""

    __tablename__ = "application_supplement"
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    content_encrypted: Mapped[bytes]
    added_by: Mapped[str]
    added_at: Mapped[datetime]


class EnquiryGround(Identified, Base):
    """Why a report on one subject is asked for and what that subject was told (rule A6, law 1973:1173 9 §)."""

    __tablename__ = "enquiry_ground"
    __table_args__ = (sa.UniqueConstraint("application_id", "subject_index"),)
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    subject_index: Mapped[bytes] = mapped_column(index=True)
    reason: Mapped[str]
    notice_text: Mapped[str]
    notice_version: Mapped[str]
    recorded_at: Mapped[datetime]
