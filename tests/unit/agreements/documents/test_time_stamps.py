"""Seals with the time stamp of an authority that speaks RFC 3161, and authorities that do anything else."""

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from agreements.documents.rules import DocumentKind, words
from agreements.documents.sandbox import seal_key
from agreements.documents.sandbox.seal_key import SealFiles
from agreements.documents.seal_check import Trusted, time_stamped_at, verify
from agreements.documents.sealing import NothingCanBeSealed, SealNotMade, check, load_key, seal
from agreements.documents.typesetting import typeset
from tests.conftest import LONG
from tests.support.documents import GRANTED_AT, VALUES
from tests.support.time_stamp_authority import OPENSSL, Mood, TimeStampAuthority, time_stamp_authority
from underwriting.kernel.clock import SystemClock

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl, which answers for the authority, is not here")
NOW = SystemClock().now()
MOODS_WITHOUT_A_STAMP = [mood for mood in Mood if mood is not Mood.STAMPS]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SealFiles:
    return seal_key.make(tmp_path_factory.mktemp("seal"), lender="Exempelkredit AB")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStampAuthority]:
    with time_stamp_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(scope="module")
def signed() -> bytes:
    return typeset(words(DocumentKind.GUARANTEE, "sv", **VALUES[DocumentKind.GUARANTEE]), at=GRANTED_AT)


@pytest.fixture(scope="module")
def stamped(authority: TimeStampAuthority, files: SealFiles, signed: bytes) -> bytes:
    return seal(signed, (), key=load_key(files.key, files.certificate), timestamps_url=authority.url)


def trusted(files: SealFiles, roots: Path) -> Trusted:
    return Trusted(files.certificate.read_bytes(), roots.read_bytes())


def holds(content: bytes, signed: bytes, known: Trusted) -> tuple[bool, ...]:
    found = verify(content, signed_sha256=hashlib.sha256(signed).digest(), trusted=known, at=NOW)
    return tuple(one.holds for one in found)


def test_a_seal_that_was_stamped_says_when_by_somebody_elses_clock(
    stamped: bytes, signed: bytes, files: SealFiles, authority: TimeStampAuthority
) -> None:
    """S3: PAdES B-T; the sixth step names the instant, and holds by the authority's root alone."""
    at = time_stamped_at(stamped)
    assert at is not None
    assert abs(at - SystemClock().now()) < timedelta(minutes=5)
    known = trusted(files, authority.roots)
    assert holds(stamped, signed, known) == (True,) * 6
    step = verify(stamped, signed_sha256=b"", trusted=known, at=NOW)[5].step
    assert step.en == f"The time stamp is about this seal, and its authority is trusted: {at.isoformat()}"
    assert PdfFileReader(io.BytesIO(stamped)).embedded_signatures[0].sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_a_seal_without_a_stamp_says_so(signed: bytes, files: SealFiles, authority: TimeStampAuthority) -> None:
    """S3: the time is the lender's word, and nobody takes it for another's."""
    plain = seal(signed, (), key=load_key(files.key, files.certificate))
    assert time_stamped_at(plain) is None
    found = verify(plain, signed_sha256=b"", trusted=trusted(files, authority.roots), at=NOW)[5]
    assert (found.number, found.step.en, found.holds) == (6, "No time stamp: the time is the lender's word", True)


def test_a_stamp_of_an_authority_that_nobody_vouches_for_is_not_believed(
    stamped: bytes, signed: bytes, files: SealFiles, tmp_path: Path
) -> None:
    """S3: the stamp is of somebody; whether that is anybody to trust is told by the roots."""
    with time_stamp_authority(tmp_path) as other:
        assert holds(stamped, signed, trusted(files, other.roots)) == (True, True, True, True, True, False)
    assert holds(stamped, signed, Trusted(files.certificate.read_bytes()))[5] is False
    assert holds(stamped, signed, trusted(files, files.certificate))[5] is False


@pytest.mark.parametrize("mood", MOODS_WITHOUT_A_STAMP)
def test_nothing_is_sealed_by_what_is_no_stamp(
    mood: Mood, authority: TimeStampAuthority, files: SealFiles, signed: bytes
) -> None:
    """S3: down, refused, garbage, half an answer, another digest, another nonce: documents wait for a true stamp."""
    key = load_key(files.key, files.certificate)
    authority.mood = mood
    try:
        with pytest.raises(NothingCanBeSealed, match="time-stamp authority"):
            seal(signed, (), key=key, timestamps_url=authority.url)
    finally:
        authority.mood = Mood.STAMPS
    assert time_stamped_at(seal(signed, (), key=key, timestamps_url=authority.url)) is not None


def test_a_stamp_is_asked_for_once_for_each_seal(
    stamped: bytes, signed: bytes, files: SealFiles, authority: TimeStampAuthority
) -> None:
    """Authorities are paid by the stamp: one more is asked for per process, to know how large they are."""
    assert stamped
    before = authority.asked
    for _ in range(2):
        seal(signed, (), key=load_key(files.key, files.certificate), timestamps_url=authority.url)
    assert authority.asked == before + 2


def test_a_seal_is_refused_that_would_not_be_taken_for_one_later(
    stamped: bytes, signed: bytes, files: SealFiles, authority: TimeStampAuthority, tmp_path: Path
) -> None:
    """S3: certificate and authority concern every document, a change only the one."""
    sha256, other = hashlib.sha256(signed).digest(), seal_key.make(tmp_path, lender="Annan Kredit AB")
    check(stamped, signed_sha256=sha256, trusted=trusted(files, authority.roots), at=NOW)
    ended = NOW + timedelta(days=365 * 30)
    for known, at in ((trusted(other, authority.roots), NOW), (trusted(files, files.certificate), NOW)):
        with pytest.raises(NothingCanBeSealed):
            check(stamped, signed_sha256=sha256, trusted=known, at=at)
    with pytest.raises(NothingCanBeSealed, match=r"steps \[4\]"):
        check(stamped, signed_sha256=sha256, trusted=trusted(files, authority.roots), at=ended)
    with pytest.raises(SealNotMade, match=r"steps \[5\]"):
        check(stamped, signed_sha256=bytes(32), trusted=trusted(files, authority.roots), at=NOW)


def test_a_byte_of_the_stamp_that_is_changed_is_found(
    stamped: bytes, signed: bytes, files: SealFiles, authority: TimeStampAuthority
) -> None:
    """S3: in the token's own bytes; what the format leaves unsigned around it is covered by the log's hash."""
    token = time_stamp_token(stamped)
    start = stamped.lower().index(token.hex().encode())
    known, missed = trusted(files, authority.roots), []
    for place in range(start, start + 2 * len(token), 2 * (7 if LONG else 61)):
        changed = bytearray(stamped)
        changed[place : place + 2] = b"%02x" % (int(stamped[place : place + 2], 16) ^ 1)
        if holds(bytes(changed), signed, known) == (True,) * 6:
            missed.append((place - start) // 2)
    assert missed == []


def time_stamp_token(stamped: bytes) -> bytes:
    """The signed part of the token in the seal: TSTInfo, as the authority has made it."""
    signer = PdfFileReader(io.BytesIO(stamped)).embedded_signatures[0].signer_info
    (attribute,) = [one for one in signer["unsigned_attrs"] if one["type"].native == "signature_time_stamp_token"]
    return bytes(attribute["values"][0]["content"]["encap_content_info"]["content"].parsed.dump())
