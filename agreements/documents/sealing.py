"""The lender's seal on a signed document: PAdES, with the evidence of every signature inside, and how it is verified.

What is sealed is the file that was signed, untouched, with an update after it that attaches the evidence and signs the
whole. Hence the first bytes of a sealed file are exactly those whose SHA-256 each signer signed, and the seal names
their number and hash. With a time-stamp authority the seal is PAdES B-T, without one B-B (EN 319 142-1).
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from asn1crypto import keys, pem, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import CertificateRegistry

from underwriting.kernel.text import Text

FIELD = "Seal"
"""The name of the field that holds the seal."""
_END_OF_REVISION = b"%%EOF"
_REASON = "Förseglat av kreditgivaren. De första {count} byten är det som undertecknades, SHA-256 {sha256}."
_TIMEOUT_SECONDS = 10
_Result = TypeVar("_Result")
_USE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)


class SealKeyUnusable(ValueError):
    """Key or certificate of the seal cannot be read, or are not of one pair."""


class SealNotMade(Exception):
    """The time-stamp authority did not answer as it should; sealing is tried again."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the sealed one, made at the instant *made_at*."""

    name: str
    media_type: str
    description: str
    made_at: datetime
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealFinding:
    """What one step of the verification found; *number* counts from 1 and never changes its meaning."""

    number: int
    step: Text
    holds: bool


@cache
def load_key(key: Path, certificate: Path) -> signers.SimpleSigner:
    """The lender's key and certificate, followed by those of its issuers, from PEM files. Raises SealKeyUnusable."""
    try:
        secret = load_pem_private_key(key.read_bytes(), password=None)
        chain = _certificates(certificate.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SealKeyUnusable("key or certificate cannot be read") from error
    public = secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if not chain or chain[0].public_key.dump() != public:
        raise SealKeyUnusable("the certificate is not of this key")
    return signers.SimpleSigner(
        signing_cert=chain[0],
        signing_key=keys.PrivateKeyInfo.load(secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        cert_registry=CertificateRegistry.build(certs=chain[1:]),
    )


def seal(
    content: bytes, attachments: Sequence[Attachment], *, key: signers.SimpleSigner, timestamps_url: str | None = None
) -> bytes:
    """*content*, a PDF, with *attachments* and the lender's seal after it. Raises SealNotMade."""
    writer = _Writer(io.BytesIO(content))
    for attachment in sorted(attachments, key=lambda one: one.name):  # as names in a PDF have to stand
        _attach(writer, attachment)
    described = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason=_REASON.format(count=len(content), sha256=hashlib.sha256(content).hexdigest()),
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    stamper = timestamps.HTTPTimeStamper(timestamps_url, timeout=_TIMEOUT_SECONDS) if timestamps_url else None
    sealed = io.BytesIO()
    try:
        _apart(lambda: _Signer(described, signer=key, timestamper=stamper).sign_pdf(writer, output=sealed))
    except (TimestampRequestError, SigningError, OSError) as error:
        raise SealNotMade("the seal was not made") from error
    return sealed.getvalue()


def verify(sealed: bytes, *, signed_sha256: bytes, trusted: bytes, at: datetime) -> tuple[SealFinding, ...]:
    """Every step with what it found, for the file *sealed* and the hash that was signed.

    *trusted* are certificates in PEM: the lender's own of that time, or of those that may vouch for it; it had to be
    valid at *at*, when the file was sealed. Nothing outside these values is asked.
    """
    status = _status(sealed, trusted, at)
    whole = status is not None and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    found = (
        status is not None,
        status is not None and status.intact and status.valid,
        whole,
        status is not None and status.trusted and _was_valid(status.signing_cert, at),
        any(hashlib.sha256(sealed[:end]).digest() == signed_sha256 for end in _ends_of_revisions(sealed)),
    )
    return tuple(
        SealFinding(number, step, holds) for number, (step, holds) in enumerate(zip(_STEPS, found, strict=True), 1)
    )


_STEPS = (
    Text("Filen är en PDF med en försegling", "The file is a PDF with one seal"),
    Text("Inget har ändrats sedan den förseglades", "Nothing has changed since it was sealed"),
    Text("Förseglingen täcker hela filen", "The seal covers the whole file"),
    Text("Förseglingens certifikat är betrott och gällde då", "The seal's certificate is trusted and was valid then"),
    Text("Filen börjar med exakt det som undertecknades", "The file begins with exactly what was signed"),
)


class _Writer(IncrementalPdfFileWriter):
    """An update that leaves title, dates and PDF/A marks as they are: they tell of the document, not of its seal."""

    def _update_meta(self) -> None:
        return


class _Signer(signers.PdfSigner):
    """A signer that announces no extension of a later PDF: the file keeps the version that PDF/A-3 builds on."""

    def register_extensions(self, pdf_out: Any, *, md_algorithm: str) -> None:  # noqa: ARG002 - the library's own form
        return


def _apart(work: Callable[[], _Result]) -> _Result:
    """What *work* gives, in a thread of its own: the library runs an event loop, and the caller may be inside one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def _attach(writer: Any, attachment: Attachment) -> None:
    """Embed the file, and associate it with the document as PDF/A-3 demands (ISO 19005-3, 6.8)."""
    embedded = embed.EmbeddedFileObject.from_file_data(
        writer,
        attachment.content,
        mime_type=attachment.media_type,
        params=embed.EmbeddedFileParams(embed_checksum=False, modification_date=attachment.made_at),
    )
    specification = embed.FileSpec(
        file_spec_string=attachment.name,
        file_name=attachment.name,
        embedded_data=embedded,
        description=attachment.description,
    )
    embed.embed_file(writer, specification)
    reference = writer.root["/Names"]["/EmbeddedFiles"]["/Names"].raw_get(-1)
    reference.get_object()["/AFRelationship"] = generic.pdf_name("/Supplement")
    if "/AF" not in writer.root:
        writer.root["/AF"] = generic.ArrayObject()
        writer.update_root()
    writer.root["/AF"].append(reference)


def _status(sealed: bytes, trusted: bytes, at: datetime) -> Any:
    """The library's own account of the only seal, or None where there is no such thing to judge."""
    try:
        signatures = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
        if [one.field_name for one in signatures] != [FIELD]:
            return None
        roots = _certificates(trusted)
        context = ValidationContext(trust_roots=roots, moment=at, allow_fetching=False, best_signature_time=at)
        return _apart(lambda: validate_pdf_signature(signatures[0], context, key_usage_settings=_USE))
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None  # bytes of any kind may be asked about


def _was_valid(certificate: x509.Certificate, at: datetime) -> bool:
    """The library asks no dates of a certificate that is trusted itself."""
    return bool(certificate.not_valid_before <= at <= certificate.not_valid_after)


def _ends_of_revisions(sealed: bytes) -> Iterator[int]:
    """Where a file that was updated by appending may have ended before."""
    position = sealed.find(_END_OF_REVISION)
    while position >= 0:
        end = position + len(_END_OF_REVISION)
        yield end
        for line_end in (b"\r\n", b"\n"):
            if sealed[end : end + len(line_end)] == line_end:
                yield end + len(line_end)
        position = sealed.find(_END_OF_REVISION, end)


def _certificates(content: bytes) -> list[x509.Certificate]:
    return [x509.Certificate.load(der) for name, _, der in pem.unarmor(content, multiple=True) if name == "CERTIFICATE"]
