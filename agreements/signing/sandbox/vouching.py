"""Who vouches for whom at the stand-in: a root, under it a bank, and the bank's word on how its certificates stand.

What stands below the root is made when the stand-in starts: a signature carries the certificates that it needs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agreements.signing.sandbox.pki import Authority, key_usage

_CERTIFICATE_LIFE = timedelta(days=365)
_STATUS_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bank:
    """Who issues BankID to persons, by *ca*, and tells by *responder* how the certificates stand."""

    ca: Authority
    responder: Authority

    def certify(
        self, key: rsa.RSAPublicKey, *, personal_number: str, name: str, at: datetime, expired: bool = False
    ) -> x509.Certificate:
        """The certificate of a person: valid a year before and after *at*, or when *expired* until the day before."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, personal_number),
            ]
        )
        return (
            _issued_by(self.ca, subject)
            .public_key(key)
            .not_valid_before(at - _CERTIFICATE_LIFE)
            .not_valid_after(at - timedelta(days=1) if expired else at + _CERTIFICATE_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .sign(self.ca.key, hashes.SHA256())
        )

    def status(self, certificate: x509.Certificate, *, nonce: bytes, at: datetime, revoked: bool = False) -> bytes:
        """The OCSP answer (DER) on *certificate* at the instant *at*."""
        moment = at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self.ca.certificate,
                algorithm=hashes.SHA1(),  # noqa: S303 - it names the certificate, as responders do, and protects nothing
                cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
                this_update=moment,
                next_update=moment + _STATUS_LIFE,
                revocation_time=moment - timedelta(days=1) if revoked else None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
            .certificates([self.responder.certificate])
            .add_extension(x509.OCSPNonce(nonce), critical=False)
            .sign(self.responder.key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )


def bank_under(root: Authority) -> Bank:
    """A bank of *root*, with keys of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _lasting(root, "Borgen stand-in, bank")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(root.key, hashes.SHA256())
    )
    ca = Authority(certificate, key)
    return Bank(ca, _responder_of(ca))


def _responder_of(ca: Authority) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _lasting(ca, "Borgen stand-in, OCSP")
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(ca.key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _lasting(issuer: Authority, common_name: str) -> x509.CertificateBuilder:
    above = issuer.certificate
    return (
        _issued_by(issuer, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .not_valid_before(above.not_valid_before_utc)
        .not_valid_after(above.not_valid_after_utc)
    )


def _issued_by(issuer: Authority, subject: x509.Name) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
