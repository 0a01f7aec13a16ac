"""Documents sealed by the lender once everybody has signed them, with the evidence inside (rules S1, S3).

The road in steps, none of them under a lock while another party is asked:
1. A document is due when the last signature on it is there; one that nobody signs is due at once.
2. Its bytes and the evidence of its signatures are read.
3. The file is sealed, and stamped where there is a time-stamp authority.
4. Under the document's lock, and only if nobody was faster, the sealed file is kept and its hash noted in the log.
A process that dies in between leaves a document that is due, which the next tick takes.
"""

import base64
import hashlib
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.documents import sealing, typesetting
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import SIGNED, DocumentKind
from agreements.documents.sealing import Attachment
from agreements.signing.models import Signing
from agreements.signing.services.take_completion import EVIDENCE
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform import audit_log
from underwriting.platform.batches import each_alone
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 50
_OLDEST = timedelta(days=100)
"""What nobody has signed for so long is never signed: every order, offer and agreement has lapsed before."""


def seal_due(runtime: Runtime) -> int:
    """Seal the documents that wait for it; how many. For the scheduler."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        document_ids = session.scalars(_due(at)).all()
    return each_alone(document_ids, lambda document_id: _seal(runtime, document_id, at), named=str)


def _due(at: datetime) -> sa.Select[uuid.UUID]:
    signed = sa.exists().where(Signing.document_id == Document.id, Signing.state == str(SigningState.COMPLETE))
    all_signed = sa.exists().where(Agreement.id == Document.subject_id, Agreement.signed_at.is_not(None))
    return (
        sa.select(Document.id)
        .where(
            Document.sealed_at.is_(None),
            Document.media_type == typesetting.MEDIA_TYPE,
            Document.created_at > at - _OLDEST,
            sa.or_(
                Document.kind.not_in([str(kind) for kind in SIGNED]),
                sa.and_(Document.kind == str(DocumentKind.AGREEMENT), all_signed),
                sa.and_(Document.kind != str(DocumentKind.AGREEMENT), signed),
            ),
        )
        .order_by(Document.created_at)
        .limit(MOST_PER_TICK)
    )


def _seal(runtime: Runtime, document_id: uuid.UUID, at: datetime) -> bool:
    with runtime.database.transaction() as session:
        document = documents.get(session, document_id)
        content, evidence = documents.read(runtime, document), _evidence(session, runtime, document)
    settings = runtime.settings.document_seal
    key = sealing.load_key(settings.key, settings.certificate)
    sealed = sealing.seal(content, evidence, key=key, timestamps_url=settings.timestamps_url)
    with runtime.database.transaction() as session:
        document = session.get_one(Document, document_id, with_for_update=True, populate_existing=True)
        if document.sealed_at is not None:
            return False
        documents.keep_sealed(runtime, document, sealed, at=at)
        data = {"signed": document.sha256.hex(), "sealed": hashlib.sha256(sealed).hexdigest()}
        audit_log.append(session, f"document:{document_id}", "document.sealed", actor="system", at=at, data=data)
    return True


def _evidence(session: Session, runtime: Runtime, document: Document) -> tuple[Attachment, ...]:
    """What BankID handed over of each signature; copies of an agreement all hold those of everybody who signed it."""
    which = Signing.document_id == document.id
    if document.kind == DocumentKind.AGREEMENT:
        which = sa.and_(Signing.purpose == str(SigningPurpose.AGREEMENT), Signing.subject_id == document.subject_id)
    query = sa.select(Signing).where(which, Signing.state == str(SigningState.COMPLETE))
    attached: list[Attachment] = []
    for number, signing in enumerate(session.scalars(query.order_by(Signing.completed_at, Signing.id)), start=1):
        attached += _files_of(runtime, signing, number)
    return tuple(attached)


def _files_of(runtime: Runtime, signing: Signing, number: int) -> tuple[Attachment, Attachment]:
    if signing.evidence_encrypted is None or signing.completed_at is None:
        raise ValueError("a complete signature has its evidence and its instant")
    kept = runtime.cipher.decrypt_json(signing.evidence_encrypted, context=EVIDENCE)
    return (
        Attachment(
            f"underskrift-{number}.xml",
            "application/xml",
            f"Underskrift {number}: BankID:s signatur (XML)",
            signing.completed_at,
            base64.b64decode(kept["signature"]),
        ),
        Attachment(
            f"underskrift-{number}.ocsp",
            "application/ocsp-response",
            f"Underskrift {number}: certifikatets status (OCSP)",
            signing.completed_at,
            base64.b64decode(kept["ocsp_response"]),
        ),
    )
