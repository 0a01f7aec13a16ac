"""A signed document handed out with all that proves its signatures (rules S1, S3)."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents import typesetting
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.documents.seal_check import certificates_of, time_stamped_at
from agreements.signing import bundle
from agreements.signing.bundle import Sealed, Signature, Signed
from agreements.signing.bundle_check import SEALED_ENTRY
from agreements.signing.evidence import Asked
from agreements.signing.kept_evidence import UNREADABLE, LogEntry, completion_of
from agreements.signing.models import Signing
from agreements.signing.services.keep_order import PERSON, VISIBLE_TEXT, opened
from agreements.signing.services.take_completion import EVIDENCE
from agreements.signing.services.write_readme import write_readme
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import CASE_READERS, SigningPurpose, SigningState
from underwriting.platform import audit_log
from underwriting.platform.audit_chain import Entry
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import CiphertextInvalid
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey


def export(session: Session, runtime: Runtime, document_id: uuid.UUID, *, at: datetime) -> bytes:
    """The bundle of a document, signed with the seal key. NotFound; DataErased where its key is destroyed."""
    document = documents.get(session, document_id)
    content = documents.read(runtime, document)
    signatures = [signature_of(session, runtime, one, content) for one in signings_inside(session, document)]
    name = f"document.{'pdf' if document.media_type == typesetting.MEDIA_TYPE else 'txt'}"
    signed = Signed(_about(document), content, name, signatures, sealed_of(session, runtime, document))
    readme = write_readme(runtime, signed, at=at)
    return bundle.write(signed, readme=readme, sign=SealKey(runtime.settings.seal_key.reveal()).sign)


def hand_out(session: Session, runtime: Runtime, document_id: uuid.UUID, caller: Caller, *, at: datetime) -> bytes:
    """`export` for a member of staff, noted on the document's chain. RoleMissing, NotFound, DataErased."""
    caller.require(*CASE_READERS)
    content = export(session, runtime, document_id, at=at)
    data = {"sha256": hashlib.sha256(content).hexdigest()}
    audit_log.append(session, f"document:{document_id}", "document.exported", actor=caller.actor, at=at, data=data)
    return content


def signings_of(session: Session, document: Document) -> Sequence[Signing]:
    """The orders that were signed over a document, oldest first."""
    query = sa.select(Signing).where(Signing.document_id == document.id, Signing.state == str(SigningState.COMPLETE))
    return session.scalars(query.order_by(Signing.id)).all()


def signings_inside(session: Session, document: Document) -> Sequence[Signing]:
    """The orders whose evidence is sealed with the document, oldest first: copies of an agreement hold everybody's."""
    which: sa.ColumnElement[bool] = Signing.document_id == document.id
    if document.kind == DocumentKind.AGREEMENT:
        which = sa.and_(Signing.purpose == str(SigningPurpose.AGREEMENT), Signing.subject_id == document.subject_id)
    query = sa.select(Signing).where(which, Signing.state == str(SigningState.COMPLETE))
    return session.scalars(query.order_by(Signing.completed_at, Signing.id)).all()


def document_log_of(session: Session, document: Document) -> list[LogEntry]:
    """The document's chain of the audit log up to its seal: what came later says nothing of what was sealed."""
    log = [_log_entry(entry) for entry in audit_log.entries_of(session, f"document:{document.id}")]
    ends = [number for number, entry in enumerate(log, start=1) if entry.action == SEALED_ENTRY]
    return log[: ends[-1]] if ends else log


def signature_of(session: Session, runtime: Runtime, signing: Signing, document: bytes) -> Signature:
    """A complete order over *document*, as it is kept. CiphertextInvalid where it was changed; DataErased."""
    try:
        return _kept(session, runtime, signing, document)
    except UNREADABLE as error:
        raise CiphertextInvalid("what was kept is not what a signature is kept as") from error


def _kept(session: Session, runtime: Runtime, signing: Signing, document: bytes) -> Signature:
    if signing.person_encrypted is None or signing.evidence_encrypted is None:  # a complete one has both
        raise NotFound
    kept = runtime.cipher.decrypt_json(signing.evidence_encrypted, context=EVIDENCE)
    asked = Asked(
        signatory=PersonalNumber(opened(runtime, signing.person_encrypted, PERSON)),
        visible_text=opened(runtime, signing.visible_text_encrypted, VISIBLE_TEXT),
        document=document,
        started_at=signing.started_at,
        collected_at=datetime.fromisoformat(kept["collected_at"]),
    )
    log = [_log_entry(entry) for entry in audit_log.entries_of(session, f"signing:{signing.id}")]
    return Signature(str(signing.id), signing.purpose, asked, completion_of(kept), log)


def sealed_of(session: Session, runtime: Runtime, document: Document) -> Sealed | None:
    """What is kept as sealed, with what it is checked by; None before that. CiphertextInvalid; DataErased."""
    content = documents.sealed(runtime, document)
    if content is None or document.sealed_at is None:
        return None
    roots = runtime.settings.document_seal.timestamps_roots
    return Sealed(
        content=content,
        at=document.sealed_at,
        certificates=certificates_of(content),
        time_stamps=roots.read_bytes() if roots and time_stamped_at(content) else b"",
        log=document_log_of(session, document),
    )


def _about(document: Document) -> dict[str, str]:
    return {
        "id": str(document.id),
        "kind": document.kind,
        "subject_id": str(document.subject_id),
        "template_version": document.template_version,
        "created_at": document.created_at.isoformat(),
        "sha256": document.sha256.hex(),
    }


def _log_entry(entry: Entry) -> LogEntry:
    return LogEntry(
        subject=entry.subject,
        sequence=entry.sequence,
        action=entry.action,
        actor=entry.actor,
        at=entry.at,
        data=entry.data,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )
