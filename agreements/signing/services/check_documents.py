"""Every signed document looked at where it is kept: a byte that was changed is found, and where (rules S1, S3)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents import rules as document_rules
from agreements.documents import seal_check
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.seal_check import Trusted, certificates_of
from agreements.signing import evidence
from agreements.signing.bundle_check import SEALED_ENTRY, chain_holds, log_holds, seal_is_noted
from agreements.signing.certificate_path import Roots
from agreements.signing.kept_evidence import UNREADABLE
from agreements.signing.models import Signing
from agreements.signing.services.export_bundle import document_log_of, sealed_of, signature_of, signings_of
from underwriting.kernel.text import Text
from underwriting.platform.encryption import CiphertextInvalid, DataErased
from underwriting.platform.runtime import Runtime

_CHANGED = Text("Har ändrats där det förvaras", "Was changed where it is kept")
_OTHER_HASH = Text("Har inte den kontrollsumma som noterades", "Does not have the hash that was noted")
_SEALED_CHANGED = Text(
    "Den förseglade filen har ändrats där den förvaras", "The sealed file was changed where it is kept"
)
_SEAL_LOG = Text(
    "Granskningsloggen hänger inte ihop eller nämner en annan förseglad fil",
    "The audit log is broken or names another sealed file",
)
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
    kept = list(faults_where_kept(runtime, document))
    yield from kept
    if any(fault.what in (_ERASED, _CHANGED) for fault in kept):
        return
    yield from _faults_of_seal_log(session, runtime, document)
    content = documents.read(runtime, document)
    for signing in signings_of(session, document):
        yield from _faults_of_signature(session, runtime, signing, content, roots)


def faults_where_kept(runtime: Runtime, document: Document) -> Iterator[Fault]:
    """What is wrong with the document's bytes, its reading aid and its sealed copy, signatures aside."""
    place = f"document:{document.id}"
    try:
        content = documents.read(runtime, document)
        documents.shown(runtime, document, "en")
    except DataErased:
        yield Fault(place, _ERASED, erased=True)
        return
    except (CiphertextInvalid, *UNREADABLE):  # the others where it was encrypted anew
        yield Fault(place, _CHANGED)
        return
    if document_rules.sha256(content) != document.sha256.hex():
        yield Fault(place, _OTHER_HASH)
    yield from _faults_of_seal(runtime, document)


def _faults_of_seal(runtime: Runtime, document: Document) -> Iterator[Fault]:
    """The steps of the seal that do not hold; that the certificate in it is the lender's is said by the log."""
    place = f"document:{document.id}"
    try:
        sealed = documents.sealed(runtime, document)
    except CiphertextInvalid:
        yield Fault(place, _SEALED_CHANGED)
        return
    if sealed is None or document.sealed_at is None:
        return
    roots = runtime.settings.document_seal.timestamps_roots
    trusted = Trusted(certificates_of(sealed), roots.read_bytes() if roots else b"")
    for one in seal_check.verify(sealed, signed_sha256=document.sha256, trusted=trusted, at=document.sealed_at):
        if not one.holds:
            step = one.step
            yield Fault(
                place, Text(f"Sigill {one.number}. Inte så: {step.sv}", f"Seal {one.number}. Not so: {step.en}")
            )


def _faults_of_seal_log(session: Session, runtime: Runtime, document: Document) -> Iterator[Fault]:
    """Whether the audit log names the very bytes that are kept as sealed, and nothing where nothing is sealed."""
    try:
        sealed = sealed_of(session, runtime, document)
    except CiphertextInvalid:
        return  # told already
    if sealed is None:
        log = document_log_of(session, document)
        holds = all(entry.action != SEALED_ENTRY for entry in log) and chain_holds(log, f"document:{document.id}")
    else:
        words = documents.words_sha256(runtime, document)
        holds = seal_is_noted(sealed, str(document.id), signed_sha256=document.sha256)
        holds = holds and sealed.log[-1].data.get("words", words) == words
    if not holds:
        yield Fault(f"document:{document.id}", _SEAL_LOG)


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
