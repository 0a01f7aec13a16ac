"""A time-stamp authority on loopback with a CA of its own: RFC 3161 over HTTP, answered by OpenSSL."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.support.serving import serving
from underwriting.kernel.clock import SystemClock

OPENSSL = shutil.which("openssl")
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


class Mood(StrEnum):
    """How the authority answers."""

    STAMPS = "stamps"
    IS_DOWN = "is_down"  # an error of the server, with a page about it
    REFUSES = "refuses"  # a proper answer that grants nothing
    SAYS_NOTHING = "says_nothing"
    BABBLES = "babbles"  # the right type, and no answer in it
    STOPS_HALFWAY = "stops_halfway"
    STAMPS_SOMETHING_ELSE = "stamps_something_else"
    ANSWERS_ANOTHER_QUESTION = "answers_another_question"  # the nonce is not that of the question


@dataclass
class TimeStampAuthority:
    """The authority: its address, the file (PEM) of who vouches for it, how it answers, and how often it was asked."""

    folder: Path
    url: str = ""
    mood: Mood = Mood.STAMPS
    asked: int = field(default=0)

    @property
    def roots(self) -> Path:
        """Who vouches for it."""
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> Response:
        """The HTTP answer to a query."""
        self.asked += 1
        match self.mood:
            case Mood.IS_DOWN:
                return Response("<h1>Service Unavailable</h1>", 503, mimetype="text/html")
            case Mood.REFUSES:
                refused = tsp.TimeStampResp({"status": {"status": "rejection", "fail_info": {"bad_alg"}}})
                return Response(refused.dump(), mimetype=_REPLY)
            case Mood.SAYS_NOTHING:
                return Response(b"", mimetype=_REPLY)
            case Mood.BABBLES:
                return Response(bytes(range(256)) * 3, mimetype=_REPLY)
            case Mood.STOPS_HALFWAY:
                whole = self._stamped(query)
                return Response(whole[: len(whole) // 2], mimetype=_REPLY)
            case Mood.STAMPS_SOMETHING_ELSE:
                return Response(self._stamped(_changed(query, digest=bytes(32))), mimetype=_REPLY)
            case Mood.ANSWERS_ANOTHER_QUESTION:
                return Response(self._stamped(_changed(query, nonce=1)), mimetype=_REPLY)
            case Mood.STAMPS:
                return Response(self._stamped(query), mimetype=_REPLY)

    def _stamped(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        command = "ts -reply -config configuration -section here -queryfile query -out reply"
        signer = "-signer authority.pem -inkey authority.key -chain ca.pem"
        subprocess.run(
            [OPENSSL or "openssl", *command.split(), *signer.split()], cwd=self.folder, check=True, capture_output=True
        )
        return (self.folder / "reply").read_bytes()


@contextmanager
def time_stamp_authority(folder: Path) -> Iterator[TimeStampAuthority]:
    """A running authority that keeps its keys in *folder*."""
    _make(folder)
    authority = TimeStampAuthority(folder)
    app = Flask("authority")

    @app.post("/")
    def stamp() -> Response:
        assert request.content_type == _QUERY
        return authority.answer(request.get_data())

    server = make_server("127.0.0.1", 0, app)
    with serving(server):
        authority.url = f"http://127.0.0.1:{server.port}/"
        yield authority


def _changed(query: bytes, *, digest: bytes | None = None, nonce: int | None = None) -> bytes:
    asked = tsp.TimeStampReq.load(query).native
    asked["message_imprint"]["hashed_message"] = digest or asked["message_imprint"]["hashed_message"]
    asked["nonce"] = nonce or asked["nonce"]
    return bytes(tsp.TimeStampReq({name: value for name, value in asked.items() if value is not None}).dump())


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration").write_text(_CONFIGURATION)
    (folder / "serial").write_text("01\n")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Stämplarnas rot", ca_key, "Stämplarnas rot", ca_key, for_stamps=False)
    own = _certificate("Stämpel 1", key, "Stämplarnas rot", ca_key, for_stamps=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "authority.pem").write_bytes(own.public_bytes(Encoding.PEM))
    (folder / "authority.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    for_stamps: bool,
) -> x509.Certificate:
    now = SystemClock().now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=not for_stamps, path_length=None), critical=True)
    )
    if for_stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())
