"""Rows of credit agreements and their repayment plans."""

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import (
    AgreementState,
    CompanyForm,
    InvoiceDelivery,
    ProposalState,
    RepaymentPlan,
    WindowPolicy,
)
from underwriting.platform.database import Base, Identified, one_of


class Agreement(Identified, Base):
    """A credit agreement (rule G1). The terms that applied at granting are kept in the row."""

    __tablename__ = "agreement"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", AgreementState), "state"),
        sa.CheckConstraint(one_of("company_form", CompanyForm), "company_form"),
        sa.CheckConstraint(one_of("window_policy", WindowPolicy), "window_policy"),
        sa.CheckConstraint(one_of("repayment_plan", RepaymentPlan), "repayment_plan"),
        sa.CheckConstraint(one_of("invoice_delivery", InvoiceDelivery), "invoice_delivery"),
        sa.CheckConstraint("limit_ore > 0", "limit"),
        sa.CheckConstraint("fee_rate > 0 AND fee_rate < 1", "fee_rate"),
        sa.Index("ix_agreement_listed", "state", "id"),  # a page of the list, of one state
        # G1: one agreement of an application; another only after it was given up for a new decision
        sa.Index(
            "uq_agreement_of_application",
            "application_id",
            unique=True,
            postgresql_where=sa.text("superseded_at IS NULL"),
        ),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the application; a feature above this one
    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(start=100001), unique=True)
    ocr: Mapped[str | None] = mapped_column(unique=True)  # the payment reference, made from the number
    state: Mapped[str]
    version: Mapped[int] = mapped_column(sa.Integer, server_default="1")
    company_form: Mapped[str]
    company_encrypted: Mapped[bytes]
    company_index: Mapped[bytes] = mapped_column(index=True)
    signatory_index: Mapped[bytes] = mapped_column(index=True)
    details_encrypted: Mapped[bytes]  # JSON: name, contact, payout_account; who signs, by which alternatives, source
    limit_ore: Mapped[int]
    first_drawdown_ore: Mapped[int]  # P1: the whole limit unless less was asked for
    fee_rate: Mapped[Decimal] = mapped_column(sa.Numeric(7, 6))
    term_months: Mapped[int] = mapped_column(sa.Integer)
    repayment_plan: Mapped[str] = mapped_column(server_default=str(RepaymentPlan.STRAIGHT))  # G1
    invoice_delivery: Mapped[str] = mapped_column(server_default=str(InvoiceDelivery.EMAIL))  # F4
    terms_version: Mapped[str]
    cancellation_fee_ore: Mapped[int]
    same_day_cancellation_fee_ore: Mapped[int]
    cancellation_days: Mapped[int] = mapped_column(sa.Integer)
    window_policy: Mapped[str]
    granted_at: Mapped[datetime]
    sign_by: Mapped[datetime]  # G2: every signature before then
    status_checked_at: Mapped[datetime]  # P4: when the company's status was last seen to be in order
    signed_at: Mapped[datetime | None]
    first_paid_out_at: Mapped[datetime | None]  # the bank's booking
    first_paid_out_on: Mapped[date | None]
    payouts_stopped_at: Mapped[datetime | None]  # C1: a cancellation has been received
    annulment_asked_at: Mapped[datetime | None]  # nothing is paid while it waits for its second person
    drawdowns_stopped_at: Mapped[datetime | None]  # G5: a partner's exit was registered
    superseded_at: Mapped[datetime | None]  # a guarantor was replaced: the application is decided anew
    ended_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class PlannedInstalment(Base):
    """One instalment of principal in the repayment plan."""

    __tablename__ = "planned_instalment"
    __table_args__ = (
        sa.CheckConstraint("amount_ore > 0", "amount"),
        # what had fallen due by a day, whole in the index: a fee run reads it of all agreements
        sa.Index("ix_planned_instalment_due", "agreement_id", "due_on", postgresql_include=["amount_ore"]),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), primary_key=True)
    drawdown_id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    due_on: Mapped[date]
    amount_ore: Mapped[int]


class SigningRuleChange(Identified, Base):
    """A signing rule that one of staff has read and another looks at (rule S2)."""

    __tablename__ = "signing_rule_change"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", ProposalState), "state"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint("state <> 'approved' OR settled_by <> proposed_by", "four_eyes"),
        sa.Index(
            "uq_signing_rule_change_pending",
            "agreement_id",
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    content_encrypted: Mapped[bytes]  # JSON: the rule, and where it was read
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]


class LiablePartner(Identified, Base):
    """A partner of an HB, or a general partner of a KB, as registered: liable by law (rule G5)."""

    __tablename__ = "liable_partner"
    __table_args__ = (
        sa.CheckConstraint("exited_on >= entered_on", "dates"),
        sa.CheckConstraint("num_nulls(exited_on, exit_recorded_by, exit_recorded_at) IN (0, 3)", "exit"),
        sa.CheckConstraint("limitation_broken_on IS NULL OR limitation_broken_on >= exited_on", "limitation"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    details_encrypted: Mapped[bytes]  # JSON: number, name, and where entry, exit and broken limitation were read
    entered_on: Mapped[date]  # the days of registration
    exited_on: Mapped[date | None]
    limitation_broken_on: Mapped[date | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    exit_recorded_by: Mapped[str | None]
    exit_recorded_at: Mapped[datetime | None]
