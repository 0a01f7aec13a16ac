"""Who vouches for a signer: the path from the certificate to a root, and whether it had been revoked (rule S1)."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import OCSPValidationError, PathError, ValidationError
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from underwriting.platform.threads import apart

TOLERANCE = timedelta(minutes=1)
"""How far the clocks of BankID and of the lender may be apart."""
Roots = Sequence[x509.Certificate]
"""Who may vouch for those who sign."""
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the libraries raise over bytes of any kind."""
_STATUS_APART = CertRevTrustPolicy(
    # The library would ask for a status only where a certificate says where to get one; here it always has to be there.
    RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whether the signer's certificate led to a root at the order's end, and by the OCSP answer was not revoked."""

    leads_to_root: bool = False
    is_good: bool = False


def read_roots(pem: Path) -> Roots:
    """The roots that may vouch for signers, from a file of one or more PEM certificates. Raises ValueError, OSError."""
    return tuple(x509.load_pem_x509_certificates(pem.read_bytes()))


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether the certificate's key is one to sign with."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True  # without the extension a key is for every use (RFC 5280, 4.2.1.3)
    return usage.digital_signature or usage.content_commitment


def vouched(certificates: Sequence[x509.Certificate], status: str, roots: Roots, *, at: datetime) -> Vouched:
    """What *roots* and the OCSP answer *status*, in base64, say of the first of *certificates*, the signer's, at *at*.

    The others may lie on the path. What cannot be read vouches for nobody.
    """
    try:
        try:
            context = _context(certificates, roots, at, (asn1_ocsp.OCSPResponse.load(decoded(status)),))
        except UNREADABLE:
            context = _context(certificates, roots, at, ())  # what cannot be read is no status, and no more than that
        return apart(lambda: asyncio.run(_look(_asn1(certificates[0]), context)))
    except (PathError, ValidationError, *UNREADABLE):
        return Vouched()


def decoded(text: str | None) -> bytes:
    """The bytes of base64 that may be broken into lines; ValueError for anything else."""
    return base64.b64decode("".join((text or "").split()), validate=True)


def _context(
    certificates: Sequence[x509.Certificate], roots: Roots, at: datetime, statuses: Sequence[asn1_ocsp.OCSPResponse]
) -> ValidationContext:
    return ValidationContext(
        trust_roots=[_asn1(root) for root in roots],
        other_certs=[_asn1(one) for one in certificates[1:]],
        moment=at,
        ocsps=statuses,
        revinfo_policy=_STATUS_APART,
        time_tolerance=TOLERANCE,
    )


async def _look(signer: asn1_x509.Certificate, context: ValidationContext) -> Vouched:
    path = await CertificateValidator(signer, validation_context=context).async_validate_path()
    try:
        await verify_ocsp_response(signer, path, context)
    except (OCSPValidationError, PathError, ValidationError, *UNREADABLE):
        return Vouched(leads_to_root=True)
    return Vouched(leads_to_root=True, is_good=True)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
