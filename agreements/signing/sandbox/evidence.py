"""What the stand-in hands over for a signature: an XML signature and an OCSP answer that really can be verified.

Both are laid out as BankID lays them out. Each person has an RSA key of their own, made when first needed and kept in
memory; its certificate is issued by a bank under the stand-in's root.
"""

import hashlib
import threading
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from secrets import token_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from agreements.signing.sandbox.hostile import Hostile
from agreements.signing.sandbox.pki import Authority, make_root
from agreements.signing.sandbox.vouching import Bank, bank_under

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_TYPES = "http://www.bankid.com/signature/v1.0.0/types"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class Notary:
    """Signs for persons, whom a bank under *root* vouches for. Threads may share it."""

    def __init__(self, root: Authority) -> None:
        self._bank = bank_under(root)
        self._stranger: Bank | None = None
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._lock = threading.Lock()

    def evidence(
        self,
        *,
        personal_number: str,
        name: str,
        visible: str,
        non_visible: str,
        signing: bool,
        at: datetime,
        hostile: Hostile | None = None,
    ) -> tuple[str, str]:
        """The signature and the OCSP answer, both base64, of *personal_number*'s act at the instant *at*.

        *visible* and *non_visible* are the base64 strings of the order; *signing* is false for an identification.
        """
        bank = self._unknown_bank() if hostile is Hostile.UNKNOWN_CERTIFICATE else self._bank
        key = self._key_of(personal_number)
        expired = hostile is Hostile.EXPIRED_CERTIFICATE
        certificate = bank.certify(key.public_key(), personal_number=personal_number, name=name, at=at, expired=expired)
        xml = _signature(key, (certificate, bank.ca.certificate), visible, non_visible, signing=signing)
        signature = b64encode(_forged(xml, hostile)).decode()
        return signature, b64encode(self._status(bank, certificate, signature, at, hostile)).decode()

    def _key_of(self, personal_number: str) -> rsa.RSAPrivateKey:
        with self._lock:
            if personal_number not in self._keys:
                self._keys[personal_number] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._keys[personal_number]

    def _unknown_bank(self) -> Bank:
        with self._lock:
            if self._stranger is None:
                self._stranger = bank_under(make_root("Somebody else's root"))
            return self._stranger

    def _status(
        self, bank: Bank, certificate: x509.Certificate, signature: str, at: datetime, hostile: Hostile | None
    ) -> bytes:
        about = "another signature" if hostile is Hostile.WRONG_NONCE else signature
        nonce = hashlib.sha1(about.encode(), usedforsecurity=False).digest() + token_bytes(12)
        if hostile is Hostile.UNKNOWN_RESPONDER:
            bank = Bank(bank.ca, self._unknown_bank().responder)
        if hostile is Hostile.OLD_STATUS:
            at -= timedelta(days=1)
        return bank.status(certificate, nonce=nonce, at=at, revoked=hostile is Hostile.REVOKED)


def _signature(
    key: rsa.RSAPrivateKey,
    certificates: tuple[x509.Certificate, ...],
    visible: str,
    non_visible: str,
    *,
    signing: bool,
) -> bytes:
    data = _canonical(_signed_data(visible, non_visible, signing=signing))
    key_info = _canonical(_key_info(*certificates))
    info = _canonical(_signed_info(data, key_info))
    value = b64encode(key.sign(info, padding.PKCS1v15(), hashes.SHA256()))
    # Put together from the canonical parts, so that what was digested stands in the document byte for byte.
    return b"".join(
        (
            b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            f'<Signature xmlns="{_DSIG}">'.encode(),
            info,
            b"<SignatureValue>" + value + b"</SignatureValue>",
            key_info,
            b"<Object>" + data + b"</Object></Signature>",
        )
    )


def _forged(xml: bytes, hostile: Hostile | None) -> bytes:
    """The signature as an attacker would change it afterwards."""
    if hostile is Hostile.ALTERED_TEXT:
        before, after = b'visible="wysiwys">', b"</usrVisibleData>"
        start = xml.index(before) + len(before)
        return xml[:start] + b64encode("En ändrad text".encode()) + xml[xml.index(after) :]
    if hostile is Hostile.ALTERED_SIGNATURE:
        start, end = xml.index(b"<SignatureValue>") + 16, xml.index(b"</SignatureValue>")
        value = b64decode(xml[start:end])
        return xml[:start] + b64encode(value[:-1] + bytes([value[-1] ^ 1])) + xml[end:]
    return xml


def _signed_data(visible: str, non_visible: str, *, signing: bool) -> etree._Element:
    data = _element(_TYPES, "bankIdSignedData", Id="bidSignedData")
    if visible:
        _add(data, "usrVisibleData", visible, charset="UTF-8", visible="wysiwys")
    if non_visible:
        _add(data, "usrNonVisibleData", non_visible)
    server = _add(data, "srvInfo")
    _add(server, "name", _encoded("cn=Borgen, serialNumber=stand-in"))
    _add(server, "nonce", b64encode(token_bytes(20)).decode())
    _add(server, "displayName", _encoded("Borgen"))
    client = _add(data, "clientInfo")
    _add(client, "funcId", "Signing" if signing else "Identification")
    _add(client, "version", _encoded("Personal=1.0&Os=stand-in"))
    return data


def _key_info(*certificates: x509.Certificate) -> etree._Element:
    key_info = _element(_DSIG, "KeyInfo", Id="bidKeyInfo")
    data = _add(key_info, "X509Data")
    for certificate in certificates:
        _add(data, "X509Certificate", b64encode(certificate.public_bytes(Encoding.DER)).decode())
    return key_info


def _signed_info(data: bytes, key_info: bytes) -> etree._Element:
    info = _element(_DSIG, "SignedInfo")
    _add(info, "CanonicalizationMethod", Algorithm=_C14N)
    _add(info, "SignatureMethod", Algorithm=_RSA_SHA256)
    for content, attributes in ((data, {"Type": _TYPES, "URI": "#bidSignedData"}), (key_info, {"URI": "#bidKeyInfo"})):
        reference = _add(info, "Reference", **attributes)
        _add(_add(reference, "Transforms"), "Transform", Algorithm=_C14N)
        _add(reference, "DigestMethod", Algorithm=_SHA256)
        _add(reference, "DigestValue", b64encode(hashlib.sha256(content).digest()).decode())
    return info


def _element(namespace: str, name: str, **attributes: str) -> etree._Element:
    return etree.Element(f"{{{namespace}}}{name}", attributes, nsmap={None: namespace})  # type: ignore[dict-item]  # the stubs lack the default namespace


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}", attributes)
    child.text = text
    return child


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n")


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
