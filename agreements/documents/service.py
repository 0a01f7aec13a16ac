"""Documents: made once, kept as the exact bytes that are signed, read again as bytes and as words, sealed once."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.documents import plain_text, rules, typesetting
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind, Words
from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Language
from underwriting.platform.runtime import Runtime

_CONTENT = "document.content"
_READING_AID = "document.reading_aid"
_WORDS = "document.words"
_SEALED = "document.sealed"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document as a file: its bytes, what they are, and how such a file's name ends."""

    content: bytes = field(repr=False)
    media_type: str
    suffix: str


class InBothLanguages(NamedTuple):
    """The words of a document: the Swedish ones, which count, and the English reading aid."""

    sv: Words
    en: Words


def copy_for(session: Session, document: Document, recipient_index: bytes, *, at: datetime) -> None:
    """The same bytes and words, unsealed, for one more recipient; nothing where that one has a copy."""
    same = ("subject_id", "agreement_id", "kind", "template_version", "media_type", "sha256")
    sealed_alike = ("content_encrypted", "reading_aid_encrypted", "words_encrypted")
    values = {name: getattr(document, name) for name in (*same, *sealed_alike)}
    copy = insert(Document).values(**values, recipient_index=recipient_index, created_at=at)
    session.execute(copy.on_conflict_do_nothing())


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
    agreement_id: uuid.UUID | None = None,
) -> Document:
    """The document of *kind* about *subject_id* for one recipient, made from *values* unless it is there already.

    *recipient_index* is the blind index of the person's number, *data_subject* whose data it tells: it is erased with
    them. A document that is there is never made anew. *agreement_id* is that of the agreement which it came with.
    """
    kept = find(session, subject_id=subject_id, kind=kind, recipient_index=recipient_index)
    if kept is not None:
        return kept
    words = draft_of(kind, values)
    content = typesetting.typeset(words.sv, at=at)
    both = b"\n".join((words.sv.encoded(), words.en.encoded()))
    document: Document | None = session.scalar(
        insert(Document)
        .values(
            subject_id=subject_id,
            agreement_id=agreement_id,
            kind=str(kind),
            recipient_index=recipient_index,
            template_version=rules.VERSION,
            media_type=typesetting.MEDIA_TYPE,
            content_encrypted=runtime.cipher.encrypt(content, context=_CONTENT, subject=data_subject),
            words_encrypted=runtime.cipher.encrypt(both, context=_WORDS, subject=data_subject),
            sha256=bytes.fromhex(rules.sha256(content)),
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(Document)
    )
    if document is not None:
        return document
    kept = find(session, subject_id=subject_id, kind=kind, recipient_index=recipient_index)
    if kept is None:  # somebody else made it a moment ago, and documents are never removed
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
    session: Session,
    subject_ids: Iterable[uuid.UUID],
    *,
    agreement_id: uuid.UUID | None = None,
    recipient_index: bytes | None = None,
) -> Sequence[Document]:
    """The documents about any of the subjects, and what came with the agreement, oldest first.

    With *recipient_index* those made for that person.
    """
    about: sa.ColumnElement[bool] = Document.subject_id.in_(list(subject_ids))
    if agreement_id is not None:
        about = sa.or_(about, Document.agreement_id == agreement_id)
    query = sa.select(Document).where(about).order_by(Document.id)
    if recipient_index is not None:
        query = query.where(Document.recipient_index == recipient_index)
    return session.scalars(query).all()


def data_subject_of(runtime: Runtime, document: Document) -> str:
    """Whose data the document tells."""
    return runtime.cipher.subject_of(document.content_encrypted)


def read(runtime: Runtime, document: Document) -> bytes:
    """The exact bytes that are signed: an unsealed PDF, of the first version's documents a text in UTF-8."""
    return runtime.cipher.decrypt(document.content_encrypted, context=_CONTENT)


def sealed(runtime: Runtime, document: Document) -> bytes | None:
    """The document with its signatures as the lender has sealed it, or None before that."""
    kept = document.sealed_encrypted
    return None if kept is None else runtime.cipher.decrypt(kept, context=_SEALED)


def keep_sealed(runtime: Runtime, document: Document, content: bytes, *, at: datetime) -> None:
    """Keep what was sealed of the locked *document*."""
    subject = data_subject_of(runtime, document)
    kept = runtime.cipher.encrypt(content, context=_SEALED, subject=subject)
    document.sealed_encrypted, document.sealed_at = kept, at


def words_sha256(runtime: Runtime, document: Document) -> str | None:
    """The SHA-256 of the words in both languages as they are kept; None for a document that is nothing but a text."""
    kept = document.words_encrypted
    return None if kept is None else rules.sha256(runtime.cipher.decrypt(kept, context=_WORDS))


def words_of(runtime: Runtime, document: Document, language: Language) -> Words | None:
    """The words of the document, None for one of the first version, which is nothing but a text."""
    if document.words_encrypted is None:
        return None
    both = runtime.cipher.decrypt(document.words_encrypted, context=_WORDS).split(b"\n")
    return Words.decoded(both[0 if language == "sv" else 1])


def shown(runtime: Runtime, document: Document, language: Language = "sv") -> Words | str:
    """What a page shows of the document: its words, or the text that it is."""
    return words_of(runtime, document, language) or text_of(runtime, document, language)


def text_of(runtime: Runtime, document: Document, language: Language = "sv") -> str:
    """The document as text; of the first version exactly the text that is signed, and its reading aid."""
    found = words_of(runtime, document, language)
    if found is not None:
        return plain_text.text_of(found)
    aid = document.reading_aid_encrypted
    if language == "sv" or aid is None:
        return read(runtime, document).decode()
    return runtime.cipher.decrypt(aid, context=_READING_AID).decode()


def file_of(
    runtime: Runtime, document: Document, language: Language = "sv", *, with_evidence: bool = True
) -> DocumentFile:
    """The document as its readers keep it: sealed once it is, in English the reading aid, which nobody signs.

    Without evidence, which tells who somebody is by number, it is what was signed.
    """
    if document.media_type != typesetting.MEDIA_TYPE:
        return DocumentFile(text_of(runtime, document, language).encode(), _TEXT, "txt")
    if language == "sv":
        kept = sealed(runtime, document) if with_evidence else None
        return DocumentFile(kept or read(runtime, document), typesetting.MEDIA_TYPE, "pdf")
    aid = words_of(runtime, document, language)
    if aid is None:
        raise NotFound
    return DocumentFile(typesetting.typeset(aid, at=document.created_at), typesetting.MEDIA_TYPE, "pdf")


def draft_of(kind: DocumentKind, values: Mapping[str, object]) -> InBothLanguages:
    """The words that a document made from *values* now would have."""
    return InBothLanguages(rules.words(kind, "sv", **values), rules.words(kind, "en", **values))


def says(runtime: Runtime, document: Document, values: Mapping[str, object]) -> bool:
    """Whether the document's words are those of *values*, in the version that it was made in."""
    kind = DocumentKind(document.kind)
    kept = words_of(runtime, document, "sv")
    if kept is not None:
        return kept == rules.words(kind, "sv", document.template_version, **values)
    return read(runtime, document) == plain_text.render(kind, "sv", **values)


def visible_text(document: Document, values: Mapping[str, object]) -> str:
    """What BankID's app shows the one who signs *document*, from the values that it was made from."""
    return plain_text.visible_text(
        DocumentKind(document.kind), "sv", document.template_version, sha256=document.sha256.hex(), **values
    )
