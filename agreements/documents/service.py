"""Documents: rendered once, kept as the exact bytes that are signed, read again."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.documents import rules
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from underwriting.kernel.errors import NotFound
from underwriting.platform.runtime import Runtime

_CONTENT = "document.content"
_READING_AID = "document.reading_aid"


def keep(
    session: Session,
    runtime: Runtime,
    *,
    subject_id: uuid.UUID,
    kind: DocumentKind,
    recipient_index: bytes,
    data_subject: str,
    values: Mapping[str, object],
    at: datetime,
) -> Document:
    """The document of *kind* about *subject_id* for one recipient, rendered from *values* unless it is there already.

    *recipient_index* is the blind index of the person's number, *data_subject* whose data it tells: it is erased with
    them. A document that is there is never rendered anew.
    """
    content = rules.render(kind, "sv", rules.VERSION, **values)
    document: Document | None = session.scalar(
        insert(Document)
        .values(
            subject_id=subject_id,
            kind=str(kind),
            recipient_index=recipient_index,
            template_version=rules.VERSION,
            content_encrypted=runtime.cipher.encrypt(content, context=_CONTENT, subject=data_subject),
            reading_aid_encrypted=runtime.cipher.encrypt(
                rules.render(kind, "en", rules.VERSION, **values), context=_READING_AID, subject=data_subject
            ),
            sha256=bytes.fromhex(rules.sha256(content)),
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(Document)
    )
    if document is not None:
        return document
    kept = find(session, subject_id=subject_id, kind=kind, recipient_index=recipient_index)
    if kept is None:  # it was there a moment ago and documents are never removed
        raise NotFound
    return kept


def find(session: Session, *, subject_id: uuid.UUID, kind: DocumentKind, recipient_index: bytes) -> Document | None:
    """The document that was made for the recipient, or None."""
    return session.scalar(
        sa.select(Document).where(
            Document.subject_id == subject_id,
            Document.kind == str(kind),
            Document.recipient_index == recipient_index,
        )
    )


def get(session: Session, document_id: uuid.UUID) -> Document:
    """The document; NotFound when there is none."""
    found = session.get(Document, document_id)
    if found is None:
        raise NotFound
    return found


def of_subjects(
    session: Session, subject_ids: Iterable[uuid.UUID], *, recipient_index: bytes | None = None
) -> Sequence[Document]:
    """The documents about any of the subjects, oldest first; with *recipient_index* those made for that person."""
    query = sa.select(Document).where(Document.subject_id.in_(list(subject_ids))).order_by(Document.id)
    if recipient_index is not None:
        query = query.where(Document.recipient_index == recipient_index)
    return session.scalars(query).all()


def data_subject_of(runtime: Runtime, document: Document) -> str:
    """Whose data the document tells."""
    return runtime.cipher.subject_of(document.content_encrypted)


def read(runtime: Runtime, document: Document) -> bytes:
    """The exact bytes that are signed: the Swedish text in UTF-8."""
    return runtime.cipher.decrypt(document.content_encrypted, context=_CONTENT)


def reading_aid(runtime: Runtime, document: Document) -> bytes | None:
    """The same in English, which nobody signs."""
    sealed = document.reading_aid_encrypted
    return None if sealed is None else runtime.cipher.decrypt(sealed, context=_READING_AID)


def visible_text(document: Document, values: Mapping[str, object]) -> str:
    """What BankID's app shows the one who signs *document*, from the values that it was rendered from."""
    return rules.visible_text(
        DocumentKind(document.kind), "sv", document.template_version, sha256=document.sha256.hex(), **values
    )
