"""The lender's seal on a signed document: PAdES, with the evidence of every signature inside.

What is sealed is the file that was signed, untouched, with an update after it that attaches the evidence and signs the
whole. Hence the first bytes of a sealed file are exactly those whose SHA-256 each signer signed, and the seal names
their number and hash. With a time-stamp authority the seal is PAdES B-T, without one B-B (EN 319 142-1).
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import keys
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
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko_certvalidator.registry import CertificateRegistry

from agreements.documents import seal_check
from agreements.documents.seal_check import FIELD, Trusted, certificates_in
from agreements.documents.time_stamps import authority
from underwriting.platform.threads import apart

_REASON = "Förseglat av kreditgivaren. De första {count} byten är det som undertecknades, SHA-256 {sha256}."
_ROOM: dict[tuple[signers.SimpleSigner, str | None], int] = {}
"""How long a seal by this key and this authority is: for the first one the library finds out by making it twice."""
_TO_SPARE = 256
_OF_EVERY_DOCUMENT = {4, 6}
"""The steps of the verification that say something about certificate and authority, not about one document."""


class SealKeyUnusable(ValueError):
    """Key or certificate of the seal cannot be read, or are not of one pair."""


class SealNotMade(Exception):
    """The document could not be sealed, or not so that its seal holds; nothing is kept, and it is tried again."""


class NothingCanBeSealed(SealNotMade):
    """The time-stamp authority does not answer as it should, or the certificate is not valid: no document can be."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the sealed one, made at the instant *made_at*."""

    name: str
    media_type: str
    description: str
    made_at: datetime
    content: bytes = field(repr=False)


@cache
def load_key(key: Path, certificate: Path) -> signers.SimpleSigner:
    """The lender's key and certificate, followed by those of its issuers, from PEM files. Raises SealKeyUnusable."""
    try:
        secret = load_pem_private_key(key.read_bytes(), password=None)
        chain = certificates_in(certificate.read_bytes())
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
    """*content*, a PDF, with *attachments* and the lender's seal after it. Raises NothingCanBeSealed, SealNotMade."""
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
    stamper = authority(timestamps_url) if timestamps_url else None
    room = _ROOM.get((key, timestamps_url))
    sealed = io.BytesIO()

    def sign() -> None:
        _Signer(described, signer=key, timestamper=stamper).sign_pdf(writer, output=sealed, bytes_reserved=room)

    try:
        apart(sign)
    except TimestampRequestError as error:
        raise NothingCanBeSealed("the time-stamp authority does not answer as it should") from error
    except (SigningError, OSError) as error:
        raise SealNotMade("the seal was not made") from error
    if room is None:
        _ROOM[key, timestamps_url] = _room_in(sealed.getvalue()) + _TO_SPARE
    return sealed.getvalue()


def check(sealed: bytes, *, signed_sha256: bytes, trusted: Trusted, at: datetime) -> None:
    """Refuse a seal that would not be taken for one later. Raises NothingCanBeSealed, SealNotMade, naming the steps."""
    found = seal_check.verify(sealed, signed_sha256=signed_sha256, trusted=trusted, at=at)
    broken = {one.number for one in found if not one.holds}
    if broken and broken <= _OF_EVERY_DOCUMENT:
        raise NothingCanBeSealed(f"certificate or time stamp would not be trusted: steps {sorted(broken)}")
    if broken:
        raise SealNotMade(f"the seal does not hold: steps {sorted(broken)}")


def _room_in(sealed: bytes) -> int:
    """How many digits the file keeps for its last seal, between the two parts that the seal covers."""
    seal = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[-1]
    _, before, after, _ = seal.byte_range
    return int(after - before) - len("<>")


class _Writer(IncrementalPdfFileWriter):
    """An update that leaves title, dates and PDF/A marks as they are: they tell of the document, not of its seal."""

    def _update_meta(self) -> None:
        return


class _Signer(signers.PdfSigner):
    """A signer that announces no extension of a later PDF: the file keeps the version that PDF/A-3 builds on."""

    def register_extensions(self, pdf_out: Any, *, md_algorithm: str) -> None:  # noqa: ARG002 - the library's own form
        return


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
