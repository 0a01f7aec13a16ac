"""Rows of documents: the exact bytes that are signed."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified


class Document(Identified, Base):
    """A rendered document; its bytes never change and hold personal data, hence encrypted."""

    __tablename__ = "document"
    __table_args__ = (sa.UniqueConstraint("subject_id", "kind", "recipient_index", name="uq_document_subject_kind"),)
    subject_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the application, agreement or guarantee
    kind: Mapped[str]
    recipient_index: Mapped[bytes] = mapped_column(index=True)  # whom it is made for
    template_version: Mapped[str]
    content_encrypted: Mapped[bytes]
    reading_aid_encrypted: Mapped[bytes | None]  # the same in English; the Swedish text is the one signed
    sha256: Mapped[bytes]
    created_at: Mapped[datetime]
