"""The certificates that the stand-in and its relying party know each other by."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreements.signing.sandbox import pki


def contents(made: pki.Pki) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in made.files}


def test_what_is_made_is_left_alone_the_second_time(tmp_path: Path) -> None:
    first = contents(pki.make(tmp_path / "pki"))
    assert contents(pki.make(tmp_path / "pki")) == first


@pytest.mark.parametrize("missing", ["ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"])
def test_a_set_that_lacks_a_file_is_made_anew_as_a_whole(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "pki"
    first = contents(pki.make(folder))
    (folder / missing).unlink()
    second = contents(pki.make(folder))
    assert all(second[name] != first[name] for name in first)


def test_the_root_of_those_who_sign_outlives_the_certificates_of_the_connection(tmp_path: Path) -> None:
    made = pki.make(tmp_path / "pki")
    root = made.root.read_bytes()
    made.ca.unlink()
    assert pki.make(tmp_path / "pki").root.read_bytes() == root
    made.root.unlink()
    assert pki.make(tmp_path / "pki").root.read_bytes() != root


def test_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    made = pki.make(tmp_path / "pki")
    for key in (made.ca_key, made.server_key, made.client_key, made.root_key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700


def test_both_certificates_come_from_the_authority_and_are_for_one_use_each(tmp_path: Path) -> None:
    made = pki.make(tmp_path / "pki")
    authority = x509.load_pem_x509_certificate(made.ca.read_bytes())
    uses = {
        made.server_certificate: ExtendedKeyUsageOID.SERVER_AUTH,
        made.client_certificate: ExtendedKeyUsageOID.CLIENT_AUTH,
    }
    for path, use in uses.items():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(authority)
        (usage,) = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert usage == use
