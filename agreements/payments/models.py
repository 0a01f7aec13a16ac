"""Rows of incoming payments."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import PaymentState, RefundState
from underwriting.platform.database import Base, Identified, one_of


class PaymentFile(Identified, Base):
    """A file of payments; the same content is read once (rule F7). One that was *refused* waits for a person."""

    __tablename__ = "payment_file"
    __table_args__ = (
        sa.Index("uq_payment_file_identity", "identity", unique=True, postgresql_where=sa.text("refused IS NULL")),
        sa.Index(
            "ix_payment_file_open",
            "id",
            postgresql_where=sa.text("refused IS NULL AND finished_at IS NULL"),
        ),
    )
    sha256: Mapped[bytes] = mapped_column(unique=True)
    content_encrypted: Mapped[bytes]
    received_at: Mapped[datetime]
    refused: Mapped[str | None]  # the slug of the refusal; nothing of the file is booked
    identity: Mapped[str | None]  # what its maker knows it by, unless it is as old as this column
    imported_at: Mapped[datetime | None]  # its payments are rows
    finished_at: Mapped[datetime | None]  # those that found an agreement are booked
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class FetchedFile(Identified, Base):
    """A file under the bank's own id for it; the newest row says from where to go on fetching."""

    __tablename__ = "fetched_file"
    bank_file_id: Mapped[str] = mapped_column(unique=True)
    file_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payment_file.id"), index=True)
    fetched_at: Mapped[datetime]


class PaymentChunk(Base):
    """The agreements above *after_id* and up to *through_id*: their payments are booked in one transaction."""

    __tablename__ = "payment_chunk"
    __table_args__ = (
        sa.Index("ix_payment_chunk_open", "file_id", "through_id", postgresql_where=sa.text("done_at IS NULL")),
    )
    file_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payment_file.id"), primary_key=True)
    through_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    after_id: Mapped[uuid.UUID]
    done_at: Mapped[datetime | None]


class IncomingPayment(Identified, Base):
    """A payment to the lender, or a part of one that is for several agreements; negative for a deduction.

    The sum of the parts is what the bank told of, *told_ore*.
    """

    __tablename__ = "incoming_payment"
    __table_args__ = (
        sa.CheckConstraint("amount_ore <> 0", "amount"),
        sa.CheckConstraint(one_of("state", PaymentState), "state"),
        sa.CheckConstraint("state <> 'booked' OR agreement_id IS NOT NULL", "booked_on_agreement"),
        sa.UniqueConstraint(
            "bankgiro", "booked_on", "deposit_serial", "payment_serial", "part", name="uq_incoming_payment_bank"
        ),
        sa.Index(
            "ix_incoming_payment_waiting", "file_id", "agreement_id", postgresql_where=sa.text("state = 'waiting'")
        ),
        sa.Index("ix_incoming_payment_unmatched", "id", postgresql_where=sa.text("state = 'unmatched'")),
        *(
            sa.Index(
                f"ix_incoming_payment_{name}", f"{name}_index", postgresql_where=sa.text(f"{name}_index IS NOT NULL")
            )
            for name in ("sender", "payer", "reference", "end_to_end")
        ),
    )
    file_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payment_file.id"), index=True)
    bankgiro: Mapped[str]
    booked_on: Mapped[date]
    deposit_serial: Mapped[str]
    payment_serial: Mapped[str]
    reference: Mapped[str]  # one of ours; what a payer has typed otherwise is encrypted
    amount_ore: Mapped[int]
    agreement_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    recorded_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=str(PaymentState.UNMATCHED))
    part: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    told_ore: Mapped[int | None]  # of the whole payment, where this is a part of it
    is_reversal: Mapped[bool] = mapped_column(server_default=sa.false())  # the bank says that it takes something back
    end_to_end_id: Mapped[str | None]  # of a refund that the bank returns; what payers call theirs is encrypted
    named_invoices: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(sa.Uuid))  # F8: in the payer's order
    payer_encrypted: Mapped[bytes | None]  # JSON: who paid, from which account, and what they wrote
    sender_index: Mapped[bytes | None]  # by the account that it came from
    payer_index: Mapped[bytes | None]  # by the payer's organisation or personal number
    reference_index: Mapped[bytes | None]  # by a reference that is not one of ours
    end_to_end_index: Mapped[bytes | None]  # by what the payer calls it
    matched_by: Mapped[str | None]  # the person who said whose it is; nobody where the reference did
    matched_at: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    takes_back_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("incoming_payment.id"), index=True
    )  # of a deduction: the payment whose money it is


class Refund(Identified, Base):
    """Money that is paid back: of an agreement's credit balance, or a payment that was nobody's (rule F8)."""

    __tablename__ = "refund"
    __table_args__ = (
        sa.CheckConstraint("amount_ore > 0", "amount"),
        sa.CheckConstraint(one_of("state", RefundState), "state"),
        sa.CheckConstraint("num_nonnulls(agreement_id, payment_id) = 1", "of_what"),
        sa.CheckConstraint("released_by IS NULL OR released_by <> asked_by", "four_eyes"),
        sa.CheckConstraint("state IN ('asked', 'withdrawn') OR released_by IS NOT NULL", "released"),
        # at most one that is alive or paid
        sa.Index(
            "uq_refund_of_payment",
            "payment_id",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('withdrawn', 'failed', 'returned')"),
        ),
        sa.Index(
            "ix_refund_open",
            "state",
            "id",
            postgresql_where=sa.text("state IN ('asked', 'released', 'sent', 'unknown')"),
        ),
    )
    agreement_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    payment_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("incoming_payment.id"))
    amount_ore: Mapped[int]
    state: Mapped[str]
    end_to_end_id: Mapped[str] = mapped_column(unique=True)  # what the bank knows it by; at most 35 characters
    payee_encrypted: Mapped[bytes]  # JSON: bankgiro and name
    reason_encrypted: Mapped[bytes]  # why, in the words of whoever asked
    asked_by: Mapped[str]
    asker_index: Mapped[bytes | None]  # who that is
    asked_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    content_encrypted: Mapped[bytes | None]  # the pain.001, the same bytes however often it is sent
    ask_after: Mapped[datetime | None]  # when the bank is asked for its answer next
    booked_on: Mapped[date | None]
    failure: Mapped[str | None]  # the bank's reason code
