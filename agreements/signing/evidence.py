"""What a signature proves: the numbered steps by which evidence is verified, when it comes and ten years later (S1).

Pure: what was asked for, what BankID handed over and the roots go in; every step comes out with what was found. The
order of steps and what each compares is that of BankID's interface, version 6: an XML signature over the text shown,
the hash of the document and the signer's certificates, and an OCSP answer whose nonce binds it to that signature.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from agreements.signing.certificate_path import TOLERANCE, UNREADABLE, Roots, Vouched, decoded, may_sign, vouched
from agreements.signing.rules import Completion, non_visible_data
from underwriting.kernel.errors import Conflict
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_BANKID = "{http://www.bankid.com/signature/v1.0.0/types}"
_BLOCK = f"{_BANKID}bankIdSignedData"
_SIGNATURES = frozenset(
    {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512, SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA512}
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA512})


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
class _Signature:
    """The XML signature, read and not yet believed."""

    xml: bytes = field(repr=False)
    block: etree._Element
    certificates: tuple[x509.Certificate, ...]


_Check = Callable[[_Signature, Completion, Asked, Vouched], bool]


def verify(completion: Completion, asked: Asked, *, roots: Roots) -> tuple[Finding, ...]:
    """Every step with what it found. What cannot be read fails each step that would have read it."""
    try:
        signature = _read(completion.signature)
    except UNREADABLE:
        signature = None
    found = Vouched()
    if signature is not None:
        found = vouched(signature.certificates, completion.ocsp_response, roots, at=asked.collected_at)
    findings = []
    for number, (step, fault, check) in enumerate(_STEPS, start=1):
        holds = _holds(check, signature, completion, asked, found)
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
    vouched: Vouched,
) -> bool:
    try:
        return signature is not None and check(signature, completion, asked, vouched)
    except UNREADABLE:
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
        x509.load_der_x509_certificate(decoded(element.text))
        for element in root.iterfind(f"{_DSIG}KeyInfo/{_DSIG}X509Data/{_DSIG}X509Certificate")
    ]
    if not certificates:
        raise ValueError("no certificate")
    return _Signature(xml, blocks[0], tuple(certificates))


def _is_read(_signature: _Signature, _completion: Completion, _asked: Asked, _vouched: Vouched) -> bool:
    return True


def _is_the_person(signature: _Signature, completion: Completion, asked: Asked, _vouched: Vouched) -> bool:
    numbers = signature.certificates[0].subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return completion.personal_number == asked.signatory and [one.value for one in numbers] == [asked.signatory.digits]


def _is_the_text(signature: _Signature, _completion: Completion, asked: Asked, _vouched: Vouched) -> bool:
    return _value(signature.block, "usrVisibleData") == asked.visible_text.encode()


def _is_the_document(signature: _Signature, _completion: Completion, asked: Asked, _vouched: Vouched) -> bool:
    return _value(signature.block, "usrNonVisibleData") == non_visible_data(asked.document)


def _is_for_signing(signature: _Signature, _completion: Completion, _asked: Asked, _vouched: Vouched) -> bool:
    acts = signature.block.findall(f"{_BANKID}clientInfo/{_BANKID}funcId")
    return [act.text for act in acts] == ["Signing"]


def _is_unaltered(signature: _Signature, _completion: Completion, _asked: Asked, _vouched: Vouched) -> bool:
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


def _is_trusted(signature: _Signature, _completion: Completion, _asked: Asked, vouched: Vouched) -> bool:
    return may_sign(signature.certificates[0]) and vouched.leads_to_root


def _is_good(_signature: _Signature, _completion: Completion, _asked: Asked, vouched: Vouched) -> bool:
    return vouched.is_good


def _is_about_this_signature(_signature: _Signature, completion: Completion, _asked: Asked, _vouched: Vouched) -> bool:
    try:
        nonce = _status(completion).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return False
    return nonce.startswith(hashlib.sha1(completion.signature.encode(), usedforsecurity=False).digest())


def _is_in_time(_signature: _Signature, completion: Completion, asked: Asked, _vouched: Vouched) -> bool:
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


def _status(completion: Completion) -> ocsp.OCSPResponse:
    response = ocsp.load_der_ocsp_response(decoded(completion.ocsp_response))
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError("no answer on the certificate")
    return response


def _value(block: etree._Element, name: str) -> bytes:
    found = block.findall(f"{_BANKID}{name}")
    if len(found) > 1 or any(len(element) for element in found):
        raise ValueError("not one value")
    return decoded(found[0].text) if found else b""
