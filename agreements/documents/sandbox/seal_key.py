"""The seal of a sandbox: a key of its own and a certificate that vouches for itself, made where there is none."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from underwriting.kernel.clock import SystemClock

_BACKWARDS = timedelta(days=3650)  # test time may stand years before and after the machine's
_FORWARDS = timedelta(days=7300)


@dataclass(frozen=True, slots=True)
class SealFiles:
    """Where the seal's key (PEM, mode 0600) and certificate (PEM) lie."""

    key: Path
    certificate: Path


def make(folder: Path, *, lender: str) -> SealFiles:
    """The seal in *folder*, made in the name of *lender* when it is not there."""
    files = SealFiles(folder / "document-seal.key", folder / "document-seal.pem")
    if not (files.key.is_file() and files.certificate.is_file()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        _write(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
        _write(files.certificate, _certificate(key, lender).public_bytes(Encoding.PEM), mode=0o644)
    return files


def _certificate(key: ec.EllipticCurvePrivateKey, lender: str) -> x509.Certificate:
    now = SystemClock().now()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, lender),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{lender}, sandbox"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKWARDS)
        .not_valid_after(now + _FORWARDS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
