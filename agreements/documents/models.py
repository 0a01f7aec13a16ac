"""Rows of documents: the exact bytes that are signed, the words they were made from, and what the lender sealed."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class Document(Identified, Base):
    """A document; its bytes and words never change and hold personal data, hence encrypted. Sealed bytes come once."""

    __tablename__ = "document"
    __table_args__ = (
        sa.UniqueConstraint("subject_id", "kind", "recipient_index", name="uq_document_subject_kind"),
        sa.CheckConstraint("(sealed_at IS NULL) = (sealed_encrypted IS NULL)", "sealed"),
        sa.Index(
            "ix_document_unsealed",
            "created_at",
            postgresql_where=sa.text("sealed_at IS NULL AND media_type <> 'text/plain'"),
        ),
    )
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the application, agreement or guarantee
    agreement_id: Mapped[uuid.UUID | None] = mapped_column(index=True)  # whose page shows what came with it later
    kind: Mapped[str]
    recipient_index: Mapped[bytes] = mapped_column(index=True)  # whom it is made for
    template_version: Mapped[str]
    media_type: Mapped[str] = mapped_column(server_default="text/plain")
    content_encrypted: Mapped[bytes]
    reading_aid_encrypted: Mapped[bytes | None]  # of text documents, in English; the Swedish text is the one signed
    words_encrypted: Mapped[bytes | None]  # of others, in both languages: what a page shows, and the English PDF
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    sealed_encrypted: Mapped[bytes | None]
    sealed_at: Mapped[datetime | None]
