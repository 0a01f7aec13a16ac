"""Rows of BankID orders and what they proved."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform.database import Base, Identified, one_of


class Signing(Identified, Base):
    """One BankID order for one person; complete ones are the evidence of a signature (rule S1)."""

    __tablename__ = "signing"
    __table_args__ = (
        sa.CheckConstraint(one_of("purpose", SigningPurpose), "purpose"),
        sa.CheckConstraint(one_of("state", SigningState), "state"),
        sa.CheckConstraint("(state = 'complete') = (evidence_encrypted IS NOT NULL)", "evidence"),
        # the same person signs the same thing at most once, and has at most one order open for it
        sa.Index(
            "uq_signing_once",
            "purpose",
            "subject_id",
            "person_index",
            unique=True,
            postgresql_where=sa.text("state <> 'failed' AND purpose <> 'identify'"),
        ),
        sa.Index("ix_signing_pending", "collect_after", postgresql_where=sa.text("state = 'pending'")),
    )
    purpose: Mapped[str]
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)  # application, guarantor, agreement or guarantee
    document_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("document.id"))
    person_index: Mapped[bytes | None] = mapped_column(index=True)  # who must sign; of an identification: who did
    person_encrypted: Mapped[bytes | None]
    state: Mapped[str]
    secret_hash: Mapped[bytes]  # the starter's secret: who may watch the order and receive its session
    order_ref_encrypted: Mapped[bytes]
    auto_start_token_encrypted: Mapped[bytes]
    qr_start_token: Mapped[str]
    qr_start_secret_encrypted: Mapped[bytes]
    visible_text_encrypted: Mapped[bytes]
    started_at: Mapped[datetime]
    collect_after: Mapped[datetime]  # BankID is asked once per order and two seconds, whoever watches
    renew_until: Mapped[datetime | None]  # until then an order that nobody has begun is replaced by a new one
    hint_code: Mapped[str | None]
    completed_at: Mapped[datetime | None]
    evidence_encrypted: Mapped[bytes | None]
    session_given_at: Mapped[datetime | None]  # the watcher was logged in once
    return_nonce_hash: Mapped[bytes | None]  # of an order for one device: what BankID's app brings back to the browser
    returned_at: Mapped[datetime | None]  # the starter's own browser brought it
    erased_at: Mapped[datetime | None]  # K2: the key of what is encrypted was destroyed
