"""What a signature proves: the numbered steps by which evidence is verified, when it comes and ten years later (S1).

Pure: what was asked for, what BankID handed over and the roots go in; every step comes out with what was found. The
order of steps and what each compares is that of BankID's interface, version 6: an XML signature over the text shown,
the hash of the document and the signer's certificates, and an OCSP answer whose nonce binds it to that signature.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from lxml import etree
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import OCSPValidationError, PathError, ValidationError
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from agreements.signing.rules import Completion, non_visible_data
from underwriting.kernel.errors import Conflict
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text

TOLERANCE = timedelta(minutes=1)
"""How far the clocks of BankID and of the lender may be apart."""

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_BANKID = "{http://www.bankid.com/signature/v1.0.0/types}"
_BLOCK = f"{_BANKID}bankIdSignedData"
_SIGNATURES = frozenset(
    {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512, SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA512}
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA512})
_UNREADABLE = (
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


class EvidenceFault(StrEnum):
    """What evidence can show that was not asked for."""

    UNREADABLE = "unreadable"
    OTHER_PERSON = "other_person"
    OTHER_TEXT = "other_text"
    OTHER_DOCUMENT = "other_document"
    NOT_A_SIGNATURE = "not_a_signature"
    ALTERED = "altered"
    CERTIFICATE_NOT_TRUSTED = "certificate_not_trusted"
    OTHER_CERTIFICATE = "other_certificate"
    STATUS_NOT_GOOD = "status_not_good"
    OTHER_STATUS = "other_status"
    OUT_OF_TIME = "out_of_time"


class SignatureNotAccepted(Conflict):
    """A completion does not show the signature that was asked for; *faults* says how, for logs and the audit trail."""

    slug = "signature-not-accepted"
    title = Text("Underskriften kunde inte godtas", "The signature could not be accepted")
    rule = "S1"

    def __init__(self, faults: tuple[EvidenceFault, ...]) -> None:
        super().__init__()
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Asked:
    """What a signature was asked for: whose, over which text and which exact bytes, and while which order lived.

    *started_at* and *collected_at* are instants of the clock on the wall, never of test time.
    """

    signatory: PersonalNumber
    visible_text: str = field(repr=False)
    document: bytes = field(repr=False)
    started_at: datetime
    collected_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found; *fault* is None when it holds. *number* counts from 1 and never changes its meaning."""

    number: int
    step: Text
    fault: EvidenceFault | None


@dataclass(frozen=True, slots=True)
class _Vouched:
    """Whether the signer's certificate led to a root at the order's end, and by the OCSP answer was not revoked."""

    leads_to_root: bool = False
    is_good: bool = False


@dataclass(frozen=True, slots=True)
class _Signature:
    """The XML signature, read and not yet believed."""

    xml: bytes = field(repr=False)
    block: etree._Element
    certificates: tuple[x509.Certificate, ...]


Roots = Sequence[x509.Certificate]
"""Who may vouch for those who sign."""
_Check = Callable[[_Signature, Completion, Asked, _Vouched], bool]


def read_roots(pem: Path) -> Roots:
    """The roots that may vouch for signers, from a file of one or more PEM certificates. Raises ValueError, OSError."""
    return tuple(x509.load_pem_x509_certificates(pem.read_bytes()))


def verify(completion: Completion, asked: Asked, *, roots: Roots) -> tuple[Finding, ...]:
    """Every step with what it found. What cannot be read fails each step that would have read it."""
    try:
        signature = _read(completion.signature)
    except _UNREADABLE:
        signature = None
    vouched = _Vouched() if signature is None else _vouched(signature, completion, asked, roots)
    findings = []
    for number, (step, fault, check) in enumerate(_STEPS, start=1):
        holds = _holds(check, signature, completion, asked, vouched)
        findings.append(Finding(number, step, None if holds else fault))
    return tuple(findings)


def check_completion(completion: Completion, asked: Asked, *, roots: Roots) -> None:
    """Refuse (SignatureNotAccepted, rule S1) a completion in which any step finds a fault."""
    faults = [finding.fault for finding in verify(completion, asked, roots=roots) if finding.fault]
    if EvidenceFault.UNREADABLE in faults:
        raise SignatureNotAccepted((EvidenceFault.UNREADABLE,))
    if faults:
        raise SignatureNotAccepted(tuple(faults))


def _holds(
    check: _Check,
    signature: _Signature | None,
    completion: Completion,
    asked: Asked,
    vouched: _Vouched,
) -> bool:
    try:
        return signature is not None and check(signature, completion, asked, vouched)
    except _UNREADABLE:
        return False


def _read(signature: str) -> _Signature:
    xml = base64.b64decode(signature, validate=True)
    # No entity, no network, no document type: nothing outside these bytes may speak in them.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("not XML") from error
    if root.getroottree().docinfo.internalDTD is not None or root.tag != f"{_DSIG}Signature":
        raise ValueError("not a signature")
    blocks = list(root.iter(_BLOCK))
    # A second block elsewhere could be the one that was really signed.
    if len(blocks) != 1 or root.find(f"{_DSIG}Object/{_BLOCK}") is None:
        raise ValueError("not one block of signed data")
    certificates = [
        x509.load_der_x509_certificate(_base64(element.text))
        for element in root.iterfind(f"{_DSIG}KeyInfo/{_DSIG}X509Data/{_DSIG}X509Certificate")
    ]
    if not certificates:
        raise ValueError("no certificate")
    return _Signature(xml, blocks[0], tuple(certificates))


def _is_read(_signature: _Signature, _completion: Completion, _asked: Asked, _vouched: _Vouched) -> bool:
    return True


def _is_the_person(signature: _Signature, completion: Completion, asked: Asked, _vouched: _Vouched) -> bool:
    numbers = signature.certificates[0].subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return completion.personal_number == asked.signatory and [one.value for one in numbers] == [asked.signatory.digits]


def _is_the_text(signature: _Signature, _completion: Completion, asked: Asked, _vouched: _Vouched) -> bool:
    return _value(signature.block, "usrVisibleData") == asked.visible_text.encode()


def _is_the_document(signature: _Signature, _completion: Completion, asked: Asked, _vouched: _Vouched) -> bool:
    return _value(signature.block, "usrNonVisibleData") == non_visible_data(asked.document)


def _is_for_signing(signature: _Signature, _completion: Completion, _asked: Asked, _vouched: _Vouched) -> bool:
    acts = signature.block.findall(f"{_BANKID}clientInfo/{_BANKID}funcId")
    return [act.text for act in acts] == ["Signing"]


def _is_unaltered(signature: _Signature, _completion: Completion, _asked: Asked, _vouched: _Vouched) -> bool:
    signer = signature.certificates[0]
    verifier = XMLVerifier()
    # The library canonicalises a part of a document with empty default namespaces that are not there.
    verifier.excise_empty_xmlns_declarations = True
    try:
        results = verifier.verify(
            signature.xml,
            x509_cert=signer,
            id_attribute="Id",
            expect_config=SignatureConfiguration(
                location="./",
                expect_references=2,
                signature_methods=_SIGNATURES,
                digest_algorithms=_DIGESTS,
                verification_time=signer.not_valid_before_utc,  # how long it is valid is the next step's question
            ),
        )
    except (SignXMLException, etree.LxmlError) as error:
        raise ValueError("not what was signed") from error
    signed = [one.signed_xml.tag for one in results if one.signed_xml is not None] if isinstance(results, list) else []
    return sorted(signed) == sorted([_BLOCK, f"{_DSIG}KeyInfo"])


def _is_trusted(signature: _Signature, _completion: Completion, _asked: Asked, vouched: _Vouched) -> bool:
    return _may_sign(signature.certificates[0]) and vouched.leads_to_root


def _is_good(_signature: _Signature, _completion: Completion, _asked: Asked, vouched: _Vouched) -> bool:
    return vouched.is_good


def _is_about_this_signature(_signature: _Signature, completion: Completion, _asked: Asked, _vouched: _Vouched) -> bool:
    try:
        nonce = _status(completion).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return False
    return nonce.startswith(hashlib.sha1(completion.signature.encode(), usedforsecurity=False).digest())


def _is_in_time(_signature: _Signature, completion: Completion, asked: Asked, _vouched: _Vouched) -> bool:
    told_at = _status(completion).this_update_utc
    return asked.started_at - TOLERANCE <= told_at <= asked.collected_at + TOLERANCE


_STEPS: tuple[tuple[Text, EvidenceFault, _Check], ...] = (
    (
        Text(
            "Beviset är en XML-signatur med ett block undertecknade data",
            "The evidence is an XML signature of one block",
        ),
        EvidenceFault.UNREADABLE,
        _is_read,
    ),
    (
        Text(
            "Den som skrev under är den som skulle, enligt svaret och enligt certifikatet",
            "Who signed is who was to, by the answer and by the certificate",
        ),
        EvidenceFault.OTHER_PERSON,
        _is_the_person,
    ),
    (
        Text("Texten som visades är den som skickades", "The text shown is the one that was sent"),
        EvidenceFault.OTHER_TEXT,
        _is_the_text,
    ),
    (
        Text("Den dolda datan är dokumentets SHA-256", "The hidden data is the SHA-256 of the document"),
        EvidenceFault.OTHER_DOCUMENT,
        _is_the_document,
    ),
    (
        Text("Handlingen var en underskrift, inte en legitimering", "The act was a signature, not an identification"),
        EvidenceFault.NOT_A_SIGNATURE,
        _is_for_signing,
    ),
    (
        Text("Inget har ändrats sedan det skrevs under", "Nothing has changed since it was signed"),
        EvidenceFault.ALTERED,
        _is_unaltered,
    ),
    (
        Text(
            "Certifikatet gällde och leder till en betrodd rot", "The certificate was valid and leads to a trusted root"
        ),
        EvidenceFault.CERTIFICATE_NOT_TRUSTED,
        _is_trusted,
    ),
    (
        Text(
            "Utfärdaren intygade att certifikatet inte var spärrat",
            "The issuer vouched that the certificate was not revoked",
        ),
        EvidenceFault.STATUS_NOT_GOOD,
        _is_good,
    ),
    (
        Text("Intyget gäller just den här underskriften", "That answer is about this very signature"),
        EvidenceFault.OTHER_STATUS,
        _is_about_this_signature,
    ),
    (
        Text("Underskriften gjordes medan beställningen levde", "The signature was made while the order lived"),
        EvidenceFault.OUT_OF_TIME,
        _is_in_time,
    ),
)


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True  # without the extension a key is for every use (RFC 5280, 4.2.1.3)
    return usage.digital_signature or usage.content_commitment


def _vouched(signature: _Signature, completion: Completion, asked: Asked, roots: Roots) -> _Vouched:
    try:
        try:
            context = _context(
                signature, asked, roots, (asn1_ocsp.OCSPResponse.load(_base64(completion.ocsp_response)),)
            )
        except _UNREADABLE:
            context = _context(signature, asked, roots, ())  # what cannot be read is no status, and no more than that
        # In a thread of its own: the library runs an event loop, and the caller may be inside one.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(lambda: asyncio.run(_look(_asn1(signature.certificates[0]), context))).result()
    except (PathError, ValidationError, *_UNREADABLE):
        return _Vouched()


def _context(
    signature: _Signature, asked: Asked, roots: Roots, statuses: Sequence[asn1_ocsp.OCSPResponse]
) -> ValidationContext:
    return ValidationContext(
        trust_roots=[_asn1(root) for root in roots],
        other_certs=[_asn1(one) for one in signature.certificates[1:]],
        moment=asked.collected_at,
        ocsps=statuses,
        revinfo_policy=_STATUS_APART,
        time_tolerance=TOLERANCE,
    )


async def _look(signer: asn1_x509.Certificate, context: ValidationContext) -> _Vouched:
    path = await CertificateValidator(signer, validation_context=context).async_validate_path()
    try:
        await verify_ocsp_response(signer, path, context)
    except (OCSPValidationError, PathError, ValidationError, *_UNREADABLE):
        return _Vouched(leads_to_root=True)
    return _Vouched(leads_to_root=True, is_good=True)


def _status(completion: Completion) -> ocsp.OCSPResponse:
    response = ocsp.load_der_ocsp_response(_base64(completion.ocsp_response))
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError("no answer on the certificate")
    return response


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _value(block: etree._Element, name: str) -> bytes:
    found = block.findall(f"{_BANKID}{name}")
    if len(found) > 1 or any(len(element) for element in found):
        raise ValueError("not one value")
    return _base64(found[0].text) if found else b""


def _base64(text: str | None) -> bytes:
    return base64.b64decode("".join((text or "").split()), validate=True)
