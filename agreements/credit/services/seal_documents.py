"""Documents sealed by the lender once everybody has signed them, with the evidence inside (rules S1, S3).

The road in steps, none of them under a lock while another party is asked:
1. A document is due when the last signature on it is there; one that nobody signs is due at once.
2. Its bytes and the evidence of its signatures are read.
3. The file is sealed, and stamped where there is a time-stamp authority.
4. The seal is verified as a stranger would: what would not hold is not kept.
5. Under the document's lock, and only if nobody was faster, the sealed file is kept and its hash noted in the log.
A process that dies in between leaves a document that is due, which the next tick takes. While the time-stamp authority
is out, or the certificate is not valid, a round ends with the first document, and all of them wait.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.documents import sealing, typesetting
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import SIGNED, DocumentKind
from agreements.documents.seal_check import Trusted
from agreements.documents.sealing import Attachment, NothingCanBeSealed
from agreements.signing.bundle_check import SEALED_ENTRY
from agreements.signing.kept_evidence import completion_of, evidence_files
from agreements.signing.models import Signing
from agreements.signing.services.export_bundle import signings_inside
from agreements.signing.services.take_completion import EVIDENCE
from underwriting.kernel.vocabulary import SigningState
from underwriting.platform import audit_log
from underwriting.platform.batches import each_alone
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import DocumentSealSettings

MOST_PER_TICK = 50
_OLDEST = timedelta(days=100)
"""What nobody has signed for so long is never signed: every order, offer and agreement has lapsed before."""
_log = structlog.get_logger(__name__)


def seal_due(runtime: Runtime) -> int:
    """Seal the documents that wait for it; how many. For the scheduler."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        document_ids = session.scalars(_due(at)).all()
    return each_alone(document_ids, _Round(runtime, at).seal, named=str)


@dataclass
class _Round:
    """The documents that are sealed at one tick; after *is_over* the rest waits for the next."""

    runtime: Runtime
    at: datetime
    is_over: bool = False

    def seal(self, document_id: uuid.UUID) -> bool:
        """Seal the document; whether it was."""
        if self.is_over:
            return False
        try:
            return _seal(self.runtime, document_id, self.at)
        except NothingCanBeSealed as error:
            self.is_over = True
            _log.error("documents_wait_for_their_seal", reason=str(error))
            return False


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
    sealing.check(sealed, signed_sha256=document.sha256, trusted=_trusted(settings), at=at)
    with runtime.database.transaction() as session:
        document = session.get_one(Document, document_id, with_for_update=True, populate_existing=True)
        if document.sealed_at is not None:
            return False
        documents.keep_sealed(runtime, document, sealed, at=at)
        hashes = {"signed": document.sha256.hex(), "sealed": hashlib.sha256(sealed).hexdigest()}
        data = hashes | {"words": documents.words_sha256(runtime, document)}
        audit_log.append(session, f"document:{document_id}", SEALED_ENTRY, actor="system", at=at, data=data)
    return True


def _trusted(settings: DocumentSealSettings) -> Trusted:
    roots = settings.timestamps_roots
    return Trusted(settings.certificate.read_bytes(), roots.read_bytes() if roots else b"")


def _evidence(session: Session, runtime: Runtime, document: Document) -> tuple[Attachment, ...]:
    """What BankID handed over of each signature; copies of an agreement all hold those of everybody who signed it."""
    attached: list[Attachment] = []
    for number, signing in enumerate(signings_inside(session, document), start=1):
        attached += _files_of(runtime, signing, number)
    return tuple(attached)


def _files_of(runtime: Runtime, signing: Signing, number: int) -> tuple[Attachment, Attachment]:
    if signing.evidence_encrypted is None or signing.completed_at is None:
        raise ValueError("a complete signature has its evidence and its instant")
    kept = runtime.cipher.decrypt_json(signing.evidence_encrypted, context=EVIDENCE)
    (xml, signature), (ocsp, status) = evidence_files(number, completion_of(kept)).items()
    of_signature, of_status = "BankID:s signatur (XML)", "certifikatets status (OCSP)"
    at = signing.completed_at
    return (
        Attachment(xml, "application/xml", f"Underskrift {number}: {of_signature}", at, signature),
        Attachment(ocsp, "application/ocsp-response", f"Underskrift {number}: {of_status}", at, status),
    )
