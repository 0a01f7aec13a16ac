"""Whether a sealed document is what was signed and sealed: numbered steps, from the file and certificates alone (S3).

Pure: nothing outside the given values is asked, so that a stranger's machine finds what the lender's does.
"""

import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from underwriting.kernel.text import Text
from underwriting.platform.threads import apart

FIELD = "Seal"
"""The name of the field that holds the seal."""
_END_OF_REVISION = b"%%EOF"
_UNREADABLE = (
    PdfError,
    SignatureValidationError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What the library raises over bytes of any kind."""
_USE = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)


@dataclass(frozen=True, slots=True)
class SealFinding:
    """What one step of the verification found; *number* counts from 1 and never changes its meaning."""

    number: int
    step: Text
    holds: bool


@dataclass(frozen=True, slots=True)
class Trusted:
    """Certificates in PEM: the lender's own of that time, or of those that may vouch for it; the same for time stamps.

    Without *time_stamps* no time stamp is trusted.
    """

    seal: bytes
    time_stamps: bytes = b""


def verify(
    sealed: bytes, *, signed_sha256: bytes, trusted: Trusted, at: datetime, evidence: Mapping[str, bytes] | None = None
) -> tuple[SealFinding, ...]:
    """Every step with what it found, for the file *sealed* and the hash that was signed.

    The certificates had to be valid at *at*, when the file was sealed. The last step is there when the *evidence* that
    should be inside is known, by the names of its files.
    """
    reader = _reader(sealed)
    status = _status(reader, trusted, at)
    whole = status is not None and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    stamp, stamped = _time_stamp(status)
    found = (
        (_IS_SEALED, status is not None),
        (_IS_UNCHANGED, status is not None and status.intact and status.valid),
        (_IS_WHOLE, whole),
        (_IS_TRUSTED, status is not None and status.trusted and _was_valid(status.signing_cert, at)),
        (_IS_WHAT_WAS_SIGNED, begins_with_signed(sealed, signed_sha256)),
        (stamp, stamped),
        *([] if evidence is None else [(_HOLDS_EVIDENCE, _attachments(reader) == evidence)]),
    )
    return tuple(SealFinding(number, step, holds) for number, (step, holds) in enumerate(found, 1))


def begins_with_signed(sealed: bytes, signed_sha256: bytes) -> bool:
    """Whether the file, before what was added to it, is what has that hash."""
    return any(hashlib.sha256(sealed[:end]).digest() == signed_sha256 for end in _ends_of_revisions(sealed))


def certificates_of(sealed: bytes) -> bytes:
    """The certificate that sealed the file, then those of its issuers that lie with it, in PEM; empty if unreadable.

    That it is the lender's has to be known from elsewhere: anybody can make a seal.
    """
    try:
        seal = _seal(_reader(sealed))
        found = () if seal is None else (seal.signer_cert, *seal.other_embedded_certs)
    except _UNREADABLE:
        return b""
    return b"".join(pem.armor("CERTIFICATE", one.dump()) for one in found)


def time_stamped_at(sealed: bytes) -> datetime | None:
    """What the seal's time stamp says, whoever made it; None where there is none."""
    try:
        seal = _seal(_reader(sealed))
        return None if seal is None else _stamped_at(seal)
    except _UNREADABLE:
        return None


def certificates_in(content: bytes) -> list[x509.Certificate]:
    """The certificates of a file in PEM, if any. Raises ValueError for what is called one and is not."""
    if b"-----BEGIN" not in content:
        return []
    return [x509.Certificate.load(der) for name, _, der in pem.unarmor(content, multiple=True) if name == "CERTIFICATE"]


_IS_SEALED = Text("Filen är en PDF med en försegling", "The file is a PDF with one seal")
_IS_UNCHANGED = Text("Inget har ändrats sedan den förseglades", "Nothing has changed since it was sealed")
_IS_WHOLE = Text("Förseglingen täcker hela filen", "The seal covers the whole file")
_IS_TRUSTED = Text(
    "Förseglingens certifikat är betrott och gällde då", "The seal's certificate is trusted and was valid then"
)
_IS_WHAT_WAS_SIGNED = Text(
    "Filen börjar med exakt det som undertecknades", "The file begins with exactly what was signed"
)
_IS_STAMPED = Text(
    "Tidsstämpeln gäller förseglingen, och dess utfärdare är betrodd",
    "The time stamp is about this seal, and its authority is trusted",
)
_HOLDS_EVIDENCE = Text(
    "Bevisen inuti är underskrifternas, och inget annat", "The evidence inside is that of the signatures alone"
)
_IS_NOT_STAMPED = Text(
    "Ingen tidsstämpel: tiden är kreditgivarens uppgift", "No time stamp: the time is the lender's word"
)


def _status(reader: PdfFileReader | None, trusted: Trusted, at: datetime) -> Any:
    """The library's own account of the only seal, or None where there is no such thing to judge."""
    try:
        seal = _seal(reader)
        if seal is None:
            return None
        contexts = _context(trusted.seal, at), _context(trusted.time_stamps, _stamped_at(seal) or at)
        return apart(lambda: validate_pdf_signature(seal, *contexts, key_usage_settings=_USE))
    except _UNREADABLE:
        return None


def _reader(sealed: bytes) -> PdfFileReader | None:
    try:
        return PdfFileReader(io.BytesIO(sealed))
    except _UNREADABLE:
        return None


def _attachments(reader: PdfFileReader | None) -> Mapping[str, bytes] | None:
    """The files inside, by name; None where they cannot be read."""
    if reader is None:
        return None
    try:
        if "/Names" not in reader.root:
            return {}
        named = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
        return {str(named[at]): named[at + 1]["/EF"]["/F"].data for at in range(0, len(named), 2)}
    except _UNREADABLE:
        return None


def _seal(reader: PdfFileReader | None) -> Any:
    signatures = [] if reader is None else reader.embedded_signatures
    return signatures[0] if [one.field_name for one in signatures] == [FIELD] else None


def _stamped_at(seal: Any) -> datetime | None:
    tokens = extract_tst_data_iter(seal.signer_info, signed=False)
    return next((one["encap_content_info"]["content"].parsed["gen_time"].native for one in tokens), None)


def _context(trusted: bytes, at: datetime) -> ValidationContext:
    return ValidationContext(
        trust_roots=certificates_in(trusted) if trusted else [],
        moment=at,
        allow_fetching=False,
        best_signature_time=at,
    )


def _time_stamp(status: Any) -> tuple[Text, bool]:
    found = None if status is None else status.timestamp_validity
    if found is None:
        return _IS_NOT_STAMPED, status is not None
    at = found.timestamp
    step = Text(f"{_IS_STAMPED.sv}: {at.isoformat()}", f"{_IS_STAMPED.en}: {at.isoformat()}")
    return step, found.intact and found.valid and found.trusted and _was_valid(status.signing_cert, at)


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
