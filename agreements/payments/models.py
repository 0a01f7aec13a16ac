"""Rows of incoming payments."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class PaymentFile(Identified, Base):
    """A file of payments; the same content is read once (rule F7). One that was *refused* waits for a person."""

    __tablename__ = "payment_file"
    sha256: Mapped[bytes] = mapped_column(unique=True)
    content_encrypted: Mapped[bytes]
    received_at: Mapped[datetime]
    refused: Mapped[str | None]  # the slug of the refusal; nothing of the file is booked
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed


class FetchedFile(Identified, Base):
    """A file under the bank's own id for it; the newest row says from where to go on fetching."""

    __tablename__ = "fetched_file"
    bank_file_id: Mapped[str] = mapped_column(unique=True)
    file_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payment_file.id"), index=True)
    fetched_at: Mapped[datetime]


class IncomingPayment(Identified, Base):
    """One payment to the lender's bankgiro, negative for a deduction; without an agreement it waits for a person."""

    __tablename__ = "incoming_payment"
    __table_args__ = (
        sa.CheckConstraint("amount_ore <> 0", "amount"),
        sa.CheckConstraint("agreement_id IS NULL OR amount_ore > 0", "deduction_is_for_a_person"),
        sa.UniqueConstraint(
            "bankgiro", "booked_on", "deposit_serial", "payment_serial", name="uq_incoming_payment_bank"
        ),
    )
    file_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("payment_file.id"), index=True)
    bankgiro: Mapped[str]
    booked_on: Mapped[date]
    deposit_serial: Mapped[str]
    payment_serial: Mapped[str]
    reference: Mapped[str]
    amount_ore: Mapped[int]
    agreement_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    recorded_at: Mapped[datetime]
