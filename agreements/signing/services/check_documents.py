"""Every signed document looked at where it is kept: a byte that was changed is found, and where (rules S1, S3)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import rules as document_rules
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.signing import evidence
from agreements.signing.bundle_check import log_holds
from agreements.signing.evidence import Roots
from agreements.signing.models import Signing
from agreements.signing.services.export_bundle import signature_of, signings_of
from underwriting.kernel.text import Text
from underwriting.platform.encryption import CiphertextInvalid, DataErased
from underwriting.platform.runtime import Runtime

_CHANGED = Text("Har ändrats där det förvaras", "Was changed where it is kept")
_OTHER_HASH = Text("Har inte den kontrollsumma som noterades", "Does not have the hash that was noted")
_OTHER_SEALED = Text("Det förseglade är inte det undertecknade", "What was sealed is not what was signed")
_LOG = Text(
    "Granskningsloggen hänger inte ihop eller nämner annat bevis", "The audit log is broken or names other evidence"
)
_ERASED = Text("Är raderat", "Has been erased")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as it was written: *place* is `document:ID` or `signing:ID`. *erased* is no damage, only told."""

    place: str
    what: Text
    erased: bool = False


def ids_of_all(session: Session) -> Iterator[uuid.UUID]:
    """Every document, oldest first, with flat memory."""
    yield from session.scalars(sa.select(Document.id).order_by(Document.id).execution_options(yield_per=1000))


def faults_of(session: Session, runtime: Runtime, document_id: uuid.UUID, *, roots: Roots) -> Iterator[Fault]:
    """What is wrong with one document, its reading aid and the signatures over it; nothing when all holds. NotFound."""
    document = documents.get(session, document_id)
    place = f"document:{document.id}"
    try:
        content = documents.read(runtime, document)
        documents.shown(runtime, document, "en")
        sealed = documents.sealed(runtime, document)
    except DataErased:
        yield Fault(place, _ERASED, erased=True)
        return
    except CiphertextInvalid:
        yield Fault(place, _CHANGED)
        return
    if document_rules.sha256(content) != document.sha256.hex():
        yield Fault(place, _OTHER_HASH)
    if sealed is not None and not sealed.startswith(content):
        yield Fault(place, _OTHER_SEALED)
    for signing in signings_of(session, document):
        yield from _faults_of_signature(session, runtime, signing, content, roots)


def _faults_of_signature(
    session: Session, runtime: Runtime, signing: Signing, content: bytes, roots: Roots
) -> Iterator[Fault]:
    place = f"signing:{signing.id}"
    try:
        signature = signature_of(session, runtime, signing, content)
    except CiphertextInvalid:
        yield Fault(place, _CHANGED)
        return
    for finding in evidence.verify(signature.completion, signature.asked, roots=roots):
        if finding.fault:
            step = finding.step
            yield Fault(place, Text(f"{finding.number}. Inte så: {step.sv}", f"{finding.number}. Not so: {step.en}"))
    if not log_holds(signature):
        yield Fault(place, _LOG)
