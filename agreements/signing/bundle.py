"""A signed document with all that proves its signatures, in one file that anybody can check (rules S1, S3).

Pure: written from values, read from bytes. The file is a zip without compression that holds, in this order:

| name | what it is |
|---|---|
| `manifest.json` | canonical JSON: what the others are, with the SHA-256 of each |
| `manifest.sig` | the lender's Ed25519 signature over `manifest.json` |
| `README.md` | how to check it, with this product and without |
| `document.txt` or `.pdf` | the exact bytes that were signed |
| `sealed.pdf` | the same with the evidence and the lender's seal added, once it is sealed |
| `seal.pem` | the certificates that lie in the seal, that of the lender first |
| `time-stamps.pem` | who vouches for the time stamp in the seal, where it has one |
| `log.jsonl` | the document's chain of the audit log, up to its seal |
| `signature-N/text.txt` | what the signer was shown |
| `signature-N/signature.b64`, `status.b64` | XML signature and OCSP answer, as received |
| `signature-N/claims.json` | what BankID said of the signer beside them |
| `signature-N/log.jsonl` | the order's chain of the audit log |

The same contents give the same bytes, so that a byte that belongs to no file is found as well.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from agreements.signing.evidence import Asked
from agreements.signing.kept_evidence import LogEntry, claims_of, completion_of, lines_of, log_of
from agreements.signing.rules import Completion
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text
from underwriting.platform.encryption import canonical_json

FORMAT = 1
MANIFEST, MANIFEST_SIGNATURE, README = "manifest.json", "manifest.sig", "README.md"
SEALED, CERTIFICATES, TIME_STAMPS, LOG = "sealed.pdf", "seal.pem", "time-stamps.pem", "log.jsonl"
_MADE = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can name: it says nothing, and is the same for everybody
_READABLE_BY_OWNER = 0o600 << 16
MOST_BYTES = 64 * 1024 * 1024
"""A bundle is smaller than this."""


class BundleUnreadable(InvalidInput):
    """The file is no bundle that this program reads."""

    slug = "bundle-unreadable"
    title = Text("Filen kan inte läsas som ett undertecknat dokument", "The file cannot be read as a signed document")


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature with what was asked for and what came."""

    signing_id: str
    purpose: str
    asked: Asked = field(repr=False)
    completion: Completion = field(repr=False)
    log: Sequence[LogEntry]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the lender sealed and when, the certificates (PEM) that it is checked by, and the document's log."""

    content: bytes = field(repr=False)
    at: datetime
    certificates: bytes = field(repr=False)
    time_stamps: bytes = field(repr=False)
    log: Sequence[LogEntry]


@dataclass(frozen=True, slots=True)
class Signed:
    """A document and its signatures. *about* is what a manifest says of it: id, kind, template, instants."""

    about: Mapping[str, str]
    content: bytes = field(repr=False)
    name: str
    signatures: Sequence[Signature]
    sealed: Sealed | None = None


def write(signed: Signed, *, readme: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The bundle of *signed*; *sign* is the lender's signature over the manifest."""
    files = {README: readme, signed.name: signed.content} | _files_of_seal(signed.sealed)
    described = []
    for number, signature in enumerate(signed.signatures, start=1):
        folder = f"signature-{number}"
        files |= {f"{folder}/{name}": content for name, content in _files_of(signature).items()}
        described.append(_described(signature) | {"folder": folder})
    about: dict[str, Any] = {"document": dict(signed.about) | {"file": signed.name}, "signatures": described}
    if signed.sealed is not None:
        about["sealed"] = {"file": SEALED, "at": signed.sealed.at.isoformat()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = canonical_json({"format": FORMAT, "files": hashes} | about)
    return zipped({MANIFEST: manifest, MANIFEST_SIGNATURE: sign(manifest)} | files)


def read(bundle: bytes) -> Mapping[str, bytes]:
    """The files of a bundle by name. Raises BundleUnreadable."""
    if len(bundle) > MOST_BYTES:
        raise BundleUnreadable
    try:
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise BundleUnreadable
            return {member.filename: _content(archive, member) for member in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise BundleUnreadable from error


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The bundle of these files: the same bytes from the same files in the same order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, _MADE)
            member.create_system, member.external_attr = 3, _READABLE_BY_OWNER
            archive.writestr(member, content)
    return buffer.getvalue()


def signature_of(manifest: Mapping[str, Any], described: Mapping[str, Any], files: Mapping[str, bytes]) -> Signature:
    """One of the signatures of a manifest. Raises one of `kept_evidence.UNREADABLE`."""
    file = partial(_file, files, described["folder"])
    asked = Asked(
        signatory=PersonalNumber(described["signatory"]),
        visible_text=file("text.txt").decode(),
        document=files[manifest["document"]["file"]],
        started_at=datetime.fromisoformat(described["started_at"]),
        collected_at=datetime.fromisoformat(described["collected_at"]),
    )
    received = {"signature": file("signature.b64").decode(), "ocsp_response": file("status.b64").decode()}
    completion = completion_of(json.loads(file("claims.json")) | received)
    return Signature(described["id"], described["purpose"], asked, completion, log_of(file("log.jsonl")))


def sealed_of(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Sealed:
    """What a manifest calls sealed. Raises one of `kept_evidence.UNREADABLE`."""
    return Sealed(
        content=files[manifest["sealed"]["file"]],
        at=datetime.fromisoformat(manifest["sealed"]["at"]),
        certificates=files[CERTIFICATES],
        time_stamps=files.get(TIME_STAMPS, b""),
        log=log_of(files[LOG]),
    )


def _files_of_seal(sealed: Sealed | None) -> dict[str, bytes]:
    if sealed is None:
        return {}
    files = {SEALED: sealed.content, CERTIFICATES: sealed.certificates}
    if sealed.time_stamps:
        files[TIME_STAMPS] = sealed.time_stamps
    return files | {LOG: lines_of(sealed.log)}


def _files_of(signature: Signature) -> dict[str, bytes]:
    completion = signature.completion
    return {
        "text.txt": signature.asked.visible_text.encode(),
        "signature.b64": completion.signature.encode(),
        "status.b64": completion.ocsp_response.encode(),
        "claims.json": canonical_json(claims_of(completion)),
        "log.jsonl": lines_of(signature.log),
    }


def _described(signature: Signature) -> dict[str, str]:
    return {
        "id": signature.signing_id,
        "purpose": signature.purpose,
        "signatory": signature.asked.signatory.digits,
        "started_at": signature.asked.started_at.isoformat(),
        "collected_at": signature.asked.collected_at.isoformat(),
    }


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """What stands in the member, or nothing where it was damaged: the manifest then says that it is another."""
    try:
        return archive.read(member)
    except zipfile.BadZipFile:
        return b""


def _file(files: Mapping[str, bytes], folder: str, name: str) -> bytes:
    return files[f"{folder}/{name}"]
