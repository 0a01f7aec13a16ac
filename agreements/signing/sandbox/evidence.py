"""What the stand-in hands over for a signature: an XML signature and an OCSP answer that really can be verified.

Both are laid out as BankID lays them out. Each person has an RSA key of their own, made when first needed and kept in
memory; its certificate is issued by the stand-in's authority.
"""

import hashlib
import threading
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from lxml import etree

from agreements.signing.sandbox.pki import Authority

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_TYPES = "http://www.bankid.com/signature/v1.0.0/types"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_CERTIFICATE_LIFE = timedelta(days=365)
_OCSP_LIFE = timedelta(hours=1)


class Notary:
    """Signs for persons, in the name of *authority*. Threads may share it."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._lock = threading.Lock()

    def evidence(
        self, *, personal_number: str, name: str, visible: str, non_visible: str, signing: bool, at: datetime
    ) -> tuple[str, str]:
        """The signature and the OCSP answer, both base64, of *personal_number*'s act at the instant *at*.

        *visible* and *non_visible* are the base64 strings of the order; *signing* is false for an identification.
        """
        key = self._key_of(personal_number)
        certificate = self._certificate(key, personal_number, name, at)
        signature = b64encode(self._signature(key, certificate, visible, non_visible, signing=signing)).decode()
        return signature, b64encode(self._ocsp(certificate, signature, at)).decode()

    def _key_of(self, personal_number: str) -> rsa.RSAPrivateKey:
        with self._lock:
            if personal_number not in self._keys:
                self._keys[personal_number] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            return self._keys[personal_number]

    def _certificate(self, key: rsa.RSAPrivateKey, personal_number: str, name: str, at: datetime) -> x509.Certificate:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, personal_number),
            ]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._authority.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - _CERTIFICATE_LIFE)
            .not_valid_after(at + _CERTIFICATE_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._authority.key, hashes.SHA256())
        )

    def _signature(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, visible: str, non_visible: str, *, signing: bool
    ) -> bytes:
        data = _canonical(_signed_data(visible, non_visible, signing=signing))
        key_info = _canonical(_key_info(certificate, self._authority.certificate))
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

    def _ocsp(self, certificate: x509.Certificate, signature: str, at: datetime) -> bytes:
        nonce = hashlib.sha1(signature.encode(), usedforsecurity=False).digest() + token_bytes(12)
        moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self._authority.certificate,
                algorithm=hashes.SHA256(),
                cert_status=ocsp.OCSPCertStatus.GOOD,
                this_update=moment,
                next_update=moment + _OCSP_LIFE,
                revocation_time=None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self._authority.certificate)
            .certificates([self._authority.certificate])
            .add_extension(x509.OCSPNonce(nonce), critical=False)
            .sign(self._authority.key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )


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
