"""A signed document handed out with all that proves its signatures (rules S1, S3)."""

import hashlib
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents import typesetting
from agreements.documents.models import Document
from agreements.signing import bundle
from agreements.signing.bundle import LogEntry, Signature, Signed
from agreements.signing.evidence import Asked
from agreements.signing.models import Signing
from agreements.signing.rules import Completion
from agreements.signing.services.keep_order import PERSON, VISIBLE_TEXT, opened
from agreements.signing.services.take_completion import EVIDENCE
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import CASE_READERS, SigningState
from underwriting.platform import audit_log
from underwriting.platform.audit_chain import Entry
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

_README = Path(__file__).parent.parent / "templates" / "bundle.md"


def export(session: Session, runtime: Runtime, document_id: uuid.UUID, *, at: datetime) -> bytes:
    """The bundle of a document, signed with the seal key. NotFound; DataErased where its key is destroyed."""
    document = documents.get(session, document_id)
    content = documents.read(runtime, document)
    signatures = [signature_of(session, runtime, one, content) for one in signings_of(session, document)]
    name = f"document.{'pdf' if document.media_type == typesetting.MEDIA_TYPE else 'txt'}"
    seal_key, lender = SealKey(runtime.settings.seal_key.reveal()), runtime.settings.lender
    readme = _README.read_text(encoding="utf-8").format(
        kind=document.kind,
        document_id=document.id,
        document=name,
        count=len(signatures),
        lender=lender.name,
        lender_number=lender.organisation_number.formatted,
        exported_at=at.isoformat(timespec="seconds"),
        public_key=seal_key.public.hex(),
    )
    signed = Signed(_about(document), content, name, signatures)
    return bundle.write(signed, readme=readme.encode(), sign=seal_key.sign)


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


def signature_of(session: Session, runtime: Runtime, signing: Signing, document: bytes) -> Signature:
    """A complete order over *document*, as it is kept. CiphertextInvalid where it was changed; DataErased."""
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
    return Signature(str(signing.id), signing.purpose, asked, _completion(kept), log)


def _about(document: Document) -> dict[str, str]:
    return {
        "id": str(document.id),
        "kind": document.kind,
        "subject_id": str(document.subject_id),
        "template_version": document.template_version,
        "created_at": document.created_at.isoformat(),
        "sha256": document.sha256.hex(),
    }


def _completion(kept: dict[str, Any]) -> Completion:
    issued_on = kept["bank_id_issued_on"]
    return Completion(
        personal_number=PersonalNumber(kept["personal_number"]),
        name=kept["name"],
        given_name=kept["given_name"],
        surname=kept["surname"],
        device_ip=kept["device_ip"],
        device_uhi=kept["device_uhi"],
        bank_id_issued_on=date.fromisoformat(issued_on) if issued_on else None,
        risk=kept["risk"],
        signature=kept["signature"],
        ocsp_response=kept["ocsp_response"],
    )


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
