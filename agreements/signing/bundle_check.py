"""Whether a bundle is what was written, and whether its signatures hold: needs the file, a public key and the roots."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agreements.documents import seal_check
from agreements.documents.seal_check import Trusted
from agreements.signing import evidence
from agreements.signing.bundle import (
    LOG,
    MANIFEST,
    MANIFEST_SIGNATURE,
    SEALED,
    Sealed,
    Signature,
    read,
    sealed_of,
    signature_of,
    zipped,
)
from agreements.signing.certificate_path import Roots
from agreements.signing.kept_evidence import UNREADABLE, LogEntry, evidence_files, fingerprint, fingerprint_of_all
from underwriting.kernel.text import Text
from underwriting.platform.audit_chain import GENESIS, link

COMPLETE = "signing.complete"
"""The action of the entry in an order's chain that names its evidence."""
SEALED_ENTRY = "document.sealed"
"""The action of the entry in a document's chain that names what was signed and what was sealed."""

Check = Callable[[bytes, bytes], bool]
"""Whether the second is the lender's signature over the first."""

_NOTHING = Trusted(b"")
_MANIFEST = Text("Förteckningen är långivarens", "The manifest is the lender's")
_FILE = Text("Filen är den som förteckningen nämner", "The file is the one that the manifest names")
_WHOLE = Text("Inget har lagts till, tagits bort eller flyttats", "Nothing was added, removed or moved")
_READ = Text("Underskriftens filer kan läsas", "The signature's files can be read")
_LOG = Text("Granskningsloggen hänger ihop och nämner beviset", "The audit log holds, and names this evidence")
_SEAL_READ = Text("Förseglingens filer kan läsas", "The seal's files can be read")
_SEAL_LOG = Text(
    "8. Granskningsloggen hänger ihop och nämner den förseglade filen",
    "8. The audit log holds, and names this very sealed file",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: *place* is a file or folder of the bundle, *holds* whether it is as written."""

    place: str
    step: Text
    holds: bool


def verify(bundle: bytes, *, is_signed: Check, roots: Roots, trusted: Trusted = _NOTHING) -> list[Finding]:
    """All that was looked at, in order: manifest, each file, the whole, the seal's and each signature's numbered steps.

    What *trusted* does not name is held against the certificates that the lender's signature over the manifest vouches
    for. Raises BundleUnreadable. A manifest that is not the lender's ends the list: nothing after it could be believed.
    """
    files = read(bundle)
    signed = is_signed(files.get(MANIFEST, b""), files.get(MANIFEST_SIGNATURE, b""))
    found = [Finding(MANIFEST, _MANIFEST, signed)]
    if not signed:
        return found
    manifest = json.loads(files[MANIFEST])
    found += _named_files(manifest["files"], files)
    found.append(Finding("bundle", _WHOLE, zipped(files) == bundle))
    if "sealed" in manifest:
        found += _seal(manifest, files, trusted)
    for described in manifest["signatures"]:
        found += _signature(manifest, described, files, roots)
    return found


def log_holds(signature: Signature) -> bool:
    """Whether the order's chain of the audit log holds, and its completion names this very evidence."""
    completion, collected_at = signature.completion, signature.asked.collected_at
    named = [one.data for one in signature.log if one.action == COMPLETE]
    if not chain_holds(signature.log, f"signing:{signature.signing_id}") or len(named) != 1:
        return False
    noted = (named[0].get("purpose"), named[0].get("evidence"))
    everything = fingerprint_of_all(completion, collected_at=collected_at)
    # A signature of before `kept` was noted is named by the others alone.
    return noted == (signature.purpose, fingerprint(completion)) and named[0].get("kept", everything) == everything


def seal_is_noted(sealed: Sealed, document_id: str, *, signed_sha256: bytes) -> bool:
    """Whether the document's chain holds, and says that these very bytes were sealed, once and then."""
    entries = [one for one in sealed.log if one.action == SEALED_ENTRY]
    named = [(one.data.get("signed"), one.data.get("sealed"), one.at) for one in entries]
    noted = (signed_sha256.hex(), hashlib.sha256(sealed.content).hexdigest(), sealed.at)
    return chain_holds(sealed.log, f"document:{document_id}") and named == [noted]


def chain_holds(log: Sequence[LogEntry], subject: str) -> bool:
    """Whether the entries are the beginning of *subject*'s chain, unchanged and complete."""
    previous = GENESIS
    for number, entry in enumerate(log, start=1):
        follows = link(previous, subject, number, entry.action, entry.actor, entry.at, entry.data)
        if (entry.subject, entry.sequence, entry.previous_hash, entry.hash) != (subject, number, previous, follows):
            return False
        previous = entry.hash
    return True


def _named_files(named: Mapping[str, str], files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name in sorted(named.keys() | files.keys() - {MANIFEST, MANIFEST_SIGNATURE}):
        content = files.get(name)
        yield Finding(name, _FILE, content is not None and hashlib.sha256(content).hexdigest() == named.get(name))


def _seal(manifest: Mapping[str, Any], files: Mapping[str, bytes], trusted: Trusted) -> Iterator[Finding]:
    try:
        sealed = sealed_of(manifest, files)
        signatures = [signature_of(manifest, one, files) for one in manifest["signatures"]]
        inside = _evidence_of(signatures)
        signed = hashlib.sha256(files[manifest["document"]["file"]]).digest()
    except UNREADABLE:
        yield Finding(SEALED, _SEAL_READ, holds=False)
        return
    yield Finding(SEALED, _SEAL_READ, holds=True)
    known = Trusted(trusted.seal or sealed.certificates, trusted.time_stamps or sealed.time_stamps)
    for one in seal_check.verify(sealed.content, signed_sha256=signed, trusted=known, at=sealed.at, evidence=inside):
        yield Finding(SEALED, _numbered(one.number, one.step), one.holds)
    yield Finding(LOG, _SEAL_LOG, seal_is_noted(sealed, manifest["document"]["id"], signed_sha256=signed))


def _evidence_of(signatures: Sequence[Signature]) -> dict[str, bytes]:
    """The files that should be inside what was sealed. Raises ValueError."""
    files: dict[str, bytes] = {}
    for number, signature in enumerate(signatures, start=1):
        files |= evidence_files(number, signature.completion)
    return files


def _signature(
    manifest: Mapping[str, Any], described: Mapping[str, Any], files: Mapping[str, bytes], roots: Roots
) -> Iterator[Finding]:
    folder = described["folder"]
    try:
        signature = signature_of(manifest, described, files)
    except UNREADABLE:
        yield Finding(folder, _READ, holds=False)
        return
    yield Finding(folder, _READ, holds=True)
    for one in evidence.verify(signature.completion, signature.asked, roots=roots):
        yield Finding(folder, _numbered(one.number, one.step), one.fault is None)
    yield Finding(f"{folder}/log.jsonl", _LOG, log_holds(signature))


def _numbered(number: int, step: Text) -> Text:
    return Text(f"{number}. {step.sv}", f"{number}. {step.en}")
