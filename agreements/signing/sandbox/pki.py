"""The stand-in's two authorities: one vouches for server and relying party, the other is the root above those who sign.

As BankID has it: what a connection is trusted by says nothing about who may vouch for a person.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from underwriting.kernel.clock import SystemClock

_AUTHORITY = "Borgen stand-in for BankID"
_ROOT = "Borgen stand-in, root of those who sign"
_BACKWARDS = timedelta(days=3650)  # test time may stand years before and after the machine's
_FORWARDS = timedelta(days=7300)


@dataclass(frozen=True, slots=True)
class Pki:
    """Where the certificates (PEM) and their keys (PEM, mode 0600) lie in *folder*."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate: what a client trusts the stand-in by."""
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The authority's key; only the stand-in reads it."""
        return self.folder / "ca.key"

    @property
    def server_certificate(self) -> Path:
        """The stand-in's own certificate, for localhost and 127.0.0.1."""
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        """The key of the stand-in's certificate."""
        return self.folder / "server.key"

    @property
    def client_certificate(self) -> Path:
        """The relying party's certificate."""
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        """The key of the relying party's certificate."""
        return self.folder / "client.key"

    @property
    def root(self) -> Path:
        """The certificate above everybody who signs: what evidence is trusted by."""
        return self.folder / "root.pem"

    @property
    def root_key(self) -> Path:
        """The root's key; only the stand-in reads it."""
        return self.folder / "root.key"

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the mutual TLS."""
        return (
            self.ca,
            self.ca_key,
            self.server_certificate,
            self.server_key,
            self.client_certificate,
            self.client_key,
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's certificate and key, loaded."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make(folder: Path) -> Pki:
    """The certificates in *folder*: the root, and those of the mutual TLS; each of the two is made when not complete.

    The machine's clock dates them, since it is by that clock that TLS judges them.
    """
    pki = Pki(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (pki.root.is_file() and pki.root_key.is_file()):
        _keep(make_root(_ROOT), pki.root, pki.root_key)
    if not all(path.is_file() for path in pki.files):
        _make_tls(pki)
    return pki


def _make_tls(pki: Pki) -> None:
    # Gone first and written last, so that a set that was cut off half-way is never taken for a whole one.
    pki.ca.unlink(missing_ok=True)
    authority = _make_authority(_AUTHORITY, path_length=0)
    local: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    _leaf(authority, pki.server_certificate, pki.server_key, names=local, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    party: list[x509.GeneralName] = [x509.DNSName("relying-party")]
    _leaf(authority, pki.client_certificate, pki.client_key, names=party, usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    _keep(authority, pki.ca, pki.ca_key)


def root_of(pki: Pki) -> Authority:
    """The root of *pki*, for vouching for those who vouch for persons."""
    key = load_pem_private_key(pki.root_key.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the root's key is not on an elliptic curve")
    return Authority(x509.load_pem_x509_certificate(pki.root.read_bytes()), key)


def make_root(common_name: str) -> Authority:
    """A root of that name, kept nowhere."""
    return _make_authority(common_name, path_length=1)


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """What the key of a certificate may be used for: digital signatures, and those of certificates where it says so."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _keep(authority: Authority, certificate: Path, key: Path) -> None:
    _write(key, _pem(authority.key), mode=0o600)
    _write(certificate, authority.certificate.public_bytes(Encoding.PEM), mode=0o644)


def _make_authority(common_name: str, *, path_length: int) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        _builder(name, key.public_key())
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _leaf(
    authority: Authority,
    certificate_path: Path,
    key_path: Path,
    *,
    names: Sequence[x509.GeneralName],
    usage: x509.ObjectIdentifier,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, certificate_path.stem)])
    certificate = (
        _builder(subject, key.public_key())
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    _write(key_path, _pem(key), mode=0o600)
    _write(certificate_path, certificate.public_bytes(Encoding.PEM), mode=0o644)


def _builder(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = SystemClock().now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKWARDS)
        .not_valid_after(now + _FORWARDS)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
