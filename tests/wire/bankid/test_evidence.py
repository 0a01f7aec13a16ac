"""The stand-in's signatures hold when they are verified by what the standards say, not by the code that made them."""

import base64
import hashlib
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from lxml import etree

from agreements.signing.client import BankIdClient
from agreements.signing.rules import Completion, non_visible_data
from tests.support.bankid_stand_in import ANNA, BankIdWorld

D = "{http://www.w3.org/2000/09/xmldsig#}"
T = "{http://www.bankid.com/signature/v1.0.0/types}"
TEXT = "Jag skriver under åäö & <b>"
DOCUMENT = b"the document"


@pytest.fixture
def completion(world: BankIdWorld, client: BankIdClient) -> Completion:
    order = client.sign("192.0.2.7", personal_number=ANNA, visible_text=TEXT, non_visible=non_visible_data(DOCUMENT))
    world.act(f"orders/{order.auto_start_token}/sign", {})
    completion = client.collect(order.order_ref).completion
    assert completion is not None
    return completion


def root_of(completion: Completion) -> etree._Element:
    return etree.fromstring(base64.b64decode(completion.signature))


def certificates_of(root: etree._Element) -> list[x509.Certificate]:
    texts = [element.text or "" for element in root.iter(f"{D}X509Certificate")]
    return [x509.load_der_x509_certificate(base64.b64decode(text)) for text in texts]


def only_root(world: BankIdWorld) -> x509.Certificate:
    return x509.load_pem_x509_certificate(world.certificates.root.read_bytes())


def only(root: etree._Element, path: str) -> etree._Element:
    (element,) = root.findall(path)
    return element


def canonical(element: etree._Element) -> bytes:
    # A copy is a document of its own: lxml loses the inherited default namespace of a part.
    return etree.tostring(deepcopy(element), method="c14n")


def test_the_digests_in_the_signature_are_those_of_the_signed_data_and_of_the_key(completion: Completion) -> None:
    """S1: what was signed is what the document shows."""
    root = root_of(completion)
    targets = {
        "#bidSignedData": only(root, f"{D}Object/{T}bankIdSignedData"),
        "#bidKeyInfo": only(root, f"{D}KeyInfo"),
    }
    references = root.findall(f"{D}SignedInfo/{D}Reference")
    assert {reference.get("URI") for reference in references} == set(targets)
    for reference in references:
        target = targets[str(reference.get("URI"))]
        assert target.get("Id") == str(reference.get("URI"))[1:]
        assert only(reference, f"{D}DigestMethod").get("Algorithm") == "http://www.w3.org/2001/04/xmlenc#sha256"
        digest = hashlib.sha256(canonical(target)).digest()
        assert base64.b64decode(only(reference, f"{D}DigestValue").text or "") == digest


def test_the_signature_value_is_made_with_the_persons_key_over_the_signed_info(completion: Completion) -> None:
    """S1: one byte changed in what was signed makes the signature invalid."""
    root = root_of(completion)
    person = certificates_of(root)[0].public_key()
    assert isinstance(person, rsa.RSAPublicKey)
    value = base64.b64decode(only(root, f"{D}SignatureValue").text or "")
    info = canonical(only(root, f"{D}SignedInfo"))
    person.verify(value, info, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        person.verify(value, info.replace(b"sha256", b"sha257"), padding.PKCS1v15(), hashes.SHA256())


def test_the_persons_certificate_names_the_person_and_comes_from_a_bank_under_the_root(
    world: BankIdWorld, completion: Completion
) -> None:
    person, bank = certificates_of(root_of(completion))
    bank.verify_directly_issued_by(only_root(world))
    person.verify_directly_issued_by(bank)
    (number,) = person.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)
    assert number.value == "197902092381"
    assert person.not_valid_before_utc < world.clock.now() < person.not_valid_after_utc


def test_the_signed_data_hold_the_text_and_the_hash_of_the_document(completion: Completion) -> None:
    root = root_of(completion)
    visible = only(root, f"{D}Object/{T}bankIdSignedData/{T}usrVisibleData")
    hidden = only(root, f"{D}Object/{T}bankIdSignedData/{T}usrNonVisibleData")
    assert base64.b64decode(visible.text or "").decode() == TEXT
    assert base64.b64decode(hidden.text or "").decode() == hashlib.sha256(DOCUMENT).hexdigest()


def test_the_parts_stand_in_the_document_byte_for_byte_as_they_were_digested(completion: Completion) -> None:
    raw = base64.b64decode(completion.signature)
    root = root_of(completion)
    for path in (f"{D}SignedInfo", f"{D}KeyInfo", f"{D}Object/{T}bankIdSignedData"):
        assert canonical(only(root, path)) in raw


def test_the_ocsp_answer_is_good_signed_by_the_banks_responder_and_bound_to_the_signature(
    world: BankIdWorld, completion: Completion
) -> None:
    """S1: the nonce begins with the SHA-1 of the signature, as base64."""
    response = ocsp.load_der_ocsp_response(base64.b64decode(completion.ocsp_response))
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.serial_number == certificates_of(root_of(completion))[0].serial_number
    nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce.startswith(hashlib.sha1(completion.signature.encode(), usedforsecurity=False).digest())
    (responder,) = response.certificates
    responder.verify_directly_issued_by(certificates_of(root_of(completion))[1])
    (use,) = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert use == ExtendedKeyUsageOID.OCSP_SIGNING
    key = responder.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    assert response.this_update_utc == world.clock.now()


def test_evidence_can_be_made_years_from_the_machines_day(world: BankIdWorld, client: BankIdClient) -> None:
    world.clock.move_to(datetime(2031, 1, 1, tzinfo=UTC))
    order = client.authenticate("192.0.2.7")
    world.act(f"orders/{order.auto_start_token}/sign", {"personal_number": ANNA.digits})
    completion = client.collect(order.order_ref).completion
    assert completion is not None
    person, issuer = certificates_of(root_of(completion))
    assert person.not_valid_before_utc >= issuer.not_valid_before_utc
    assert person.not_valid_after_utc <= issuer.not_valid_after_utc
    assert person.not_valid_after_utc - world.clock.now() == timedelta(days=365)
