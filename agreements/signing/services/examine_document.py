"""One document verified now, for staff to read: what is kept, and every numbered step of each signature (S1, S3)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.signing import evidence
from agreements.signing.bundle_check import log_holds
from agreements.signing.certificate_path import Roots
from agreements.signing.evidence import Finding
from agreements.signing.models import Signing
from agreements.signing.services.check_documents import Fault, faults_where_kept
from agreements.signing.services.export_bundle import signature_of, signings_of
from underwriting.platform.encryption import CiphertextInvalid
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ExaminedSignature:
    """Who signed when, and what each step found; without *steps* the evidence was changed where it is kept."""

    signing_id: uuid.UUID
    name: str = field(repr=False)
    purpose: str
    signed_at: datetime | None
    steps: tuple[Finding, ...]
    log_holds: bool

    @property
    def holds(self) -> bool:
        """Whether every step does, and the audit log names this very evidence."""
        return bool(self.steps) and self.log_holds and all(step.fault is None for step in self.steps)


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found: *faults* of what is kept, and the signatures in the order in which they were given."""

    document_id: uuid.UUID
    faults: tuple[Fault, ...]
    signatures: tuple[ExaminedSignature, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was changed and every signature is what it says."""
        return not self.faults and all(signature.holds for signature in self.signatures)


def examine(session: Session, runtime: Runtime, document_id: uuid.UUID, *, roots: Roots) -> Examination:
    """Look at the document where it is kept and repeat the steps of every signature over it. NotFound."""
    document = documents.get(session, document_id)
    faults = tuple(faults_where_kept(runtime, document))
    if faults:
        return Examination(document_id, faults, ())
    content = documents.read(runtime, document)
    signed = signings_of(session, document)
    return Examination(document_id, (), tuple(_signature(session, runtime, one, content, roots) for one in signed))


def _signature(session: Session, runtime: Runtime, signing: Signing, content: bytes, roots: Roots) -> ExaminedSignature:
    try:
        kept = signature_of(session, runtime, signing, content)
    except CiphertextInvalid:
        return ExaminedSignature(signing.id, "", signing.purpose, signing.completed_at, (), log_holds=False)
    steps = tuple(evidence.verify(kept.completion, kept.asked, roots=roots))
    name = kept.completion.name
    return ExaminedSignature(signing.id, name, signing.purpose, signing.completed_at, steps, log_holds(kept))
