"""Rows of drawdowns and of the payment orders that carry them out."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import AccountSource, PayoutFileState, PayoutState
from underwriting.platform.database import Base, Identified, one_of


class Drawdown(Identified, Base):
    """A part of the limit that the borrower has asked to have paid out (rule P1)."""

    __tablename__ = "drawdown"
    __table_args__ = (sa.UniqueConstraint("agreement_id", "sequence"), sa.CheckConstraint("amount_ore > 0", "amount"))
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"))
    sequence: Mapped[int] = mapped_column(sa.Integer)
    amount_ore: Mapped[int]
    requested_at: Mapped[datetime]


class Payout(Identified, Base):
    """One payment order for one drawdown; at most one that is alive or paid (rule P3)."""

    __tablename__ = "payout"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", PayoutState), "state"),
        sa.Index(
            "uq_payout_one_alive",
            "drawdown_id",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('failed', 'returned', 'withdrawn')"),
        ),
        sa.Index(
            "ix_payout_attention", "state", "id", postgresql_where=sa.text("state IN ('held', 'failed', 'returned')")
        ),
        sa.Index("ix_payout_open", "state", postgresql_where=sa.text("state IN ('ordered', 'sent', 'unknown')")),
    )
    drawdown_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("drawdown.id"), index=True)
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    amount_ore: Mapped[int]
    account_encrypted: Mapped[bytes]  # bankgiro of the company; a sole trader's is personal data
    end_to_end_id: Mapped[str] = mapped_column(unique=True)  # what the bank knows it by; at most 35 characters
    ordered_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ask_after: Mapped[datetime | None]  # when the bank is asked for its answer next
    booked_at: Mapped[datetime | None]
    booked_on: Mapped[date | None]
    failure: Mapped[str | None]  # the bank's reason code
    file_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("payout_file.id"), index=True)
    held_for: Mapped[str | None]  # why, while it is held
    second_person: Mapped[bool] = mapped_column(server_default=sa.false())  # P1: the account was changed
    prepared_by: Mapped[str | None]  # the one of staff who ordered it or changed its account, and who that is
    prepared_index: Mapped[bytes | None]
    evidence_encrypted: Mapped[bytes | None]  # what a person released it on where no bureau knew the company


class PayoutFile(Identified, Base):
    """One pain.001 of one day (rule P2). What was released is sent byte by byte, or dissolved and never sent."""

    __tablename__ = "payout_file"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", PayoutFileState), "state"),
        sa.CheckConstraint("total_ore > 0", "total"),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", "by_whom_when"),
        sa.CheckConstraint(
            "state NOT IN ('released', 'sent') OR NOT second_person OR released_by IS NOT NULL", "second_person"
        ),
        sa.Index("ix_payout_file_open", "state", postgresql_where=sa.text("state IN ('prepared', 'released')")),
    )
    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)  # what the bank knows the file by; at most 35 characters
    execute_on: Mapped[date]
    state: Mapped[str]
    content_encrypted: Mapped[bytes]
    sha256: Mapped[bytes]
    payments: Mapped[int] = mapped_column(sa.Integer)
    total_ore: Mapped[int]
    second_person: Mapped[bool]  # a person releases it, who has not prepared any of it
    made_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
    refused_by: Mapped[str | None]
    refusal_encrypted: Mapped[bytes | None]  # why, in the words of whoever refused it
    sent_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class BankReport(Identified, Base):
    """A pain.002 that was handed over; the same content is read once. One that was *refused* waits for a person."""

    __tablename__ = "bank_report"
    __table_args__ = (sa.Index("ix_bank_report_refused", "id", postgresql_where=sa.text("refused IS NOT NULL")),)
    sha256: Mapped[bytes] = mapped_column(unique=True)
    content_encrypted: Mapped[bytes]
    received_at: Mapped[datetime]
    received_by: Mapped[str]
    refused: Mapped[str | None]  # the slug of the refusal; nothing follows from the report
    moved: Mapped[int] = mapped_column(sa.Integer)  # how many payouts
    unknown: Mapped[int] = mapped_column(sa.Integer)  # ids that are not ours
    contradicted: Mapped[int] = mapped_column(sa.Integer)  # what cannot be after what was said before
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class AccountCheck(Identified, Base):
    """That an account is the company's own, and how that is known (rule P1)."""

    __tablename__ = "account_check"
    __table_args__ = (
        sa.CheckConstraint(one_of("told_by", AccountSource), "told_by"),
        sa.CheckConstraint("told_by = 'bank' OR evidence_encrypted IS NOT NULL", "evidence"),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    account_encrypted: Mapped[bytes]
    holder_encrypted: Mapped[bytes]  # the name on the account
    evidence_encrypted: Mapped[bytes | None]
    told_by: Mapped[str]
    checked_by: Mapped[str]
    checked_at: Mapped[datetime]
