"""The lender's seal: what was signed stays an untouched beginning, and any change after it is found."""

import asyncio
import hashlib
import io
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from agreements.documents.rules import DocumentKind, words
from agreements.documents.sandbox import seal_key
from agreements.documents.sandbox.seal_key import SealFiles
from agreements.documents.seal_check import Trusted, verify
from agreements.documents.sealing import Attachment, SealKeyUnusable, SealNotMade, load_key, seal
from agreements.documents.typesetting import typeset
from tests.support.documents import GRANTED_AT, VALUES
from underwriting.kernel.clock import SystemClock
from underwriting.platform.threads import apart

NOW = SystemClock().now()
EVIDENCE = (
    Attachment("underskrift-1.xml", "application/xml", "Underskrift 1", GRANTED_AT, b"<Signature/>" * 400),
    Attachment("underskrift-1.ocsp", "application/ocsp-response", "Status 1", GRANTED_AT, bytes(range(256)) * 8),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SealFiles:
    return seal_key.make(tmp_path_factory.mktemp("seal"), lender="Exempelkredit AB")


@pytest.fixture(scope="module")
def signed() -> bytes:
    return typeset(words(DocumentKind.GUARANTEE, "sv", **VALUES[DocumentKind.GUARANTEE]), at=GRANTED_AT)


@pytest.fixture(scope="module")
def sealed(files: SealFiles, signed: bytes) -> bytes:
    return seal(signed, EVIDENCE, key=load_key(files.key, files.certificate))


def holds(content: bytes, signed: bytes, files: SealFiles, *, at: datetime = NOW) -> tuple[bool, ...]:
    """What each of the first five steps found."""
    sha256, trusted = hashlib.sha256(signed).digest(), Trusted(files.certificate.read_bytes())
    return tuple(one.holds for one in verify(content, signed_sha256=sha256, trusted=trusted, at=at))[:5]


def test_what_was_signed_is_the_untouched_beginning(sealed: bytes, signed: bytes, files: SealFiles) -> None:
    """S1, S3: the seal names how many bytes those are, and their hash, for whoever has nothing but the file."""
    assert sealed.startswith(signed)
    assert holds(sealed, signed, files) == (True,) * 5
    reason = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[0].sig_object["/Reason"]
    assert f"De första {len(signed)} byten" in reason
    assert hashlib.sha256(signed).hexdigest() in reason


def test_the_evidence_is_inside_and_belongs_to_the_document(sealed: bytes) -> None:
    """S3: PDF/A-3 wants each file associated, with its kind and its date."""
    root, inside = PdfFileReader(io.BytesIO(sealed)).root, sorted(EVIDENCE, key=lambda one: one.name)
    named = root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert [named[2 * number] for number in range(len(named) // 2)] == [one.name for one in inside]
    for number, attachment in enumerate(inside):
        file = named[2 * number + 1]
        assert file == root["/AF"][number]
        assert file["/AFRelationship"] == "/Supplement"
        assert file["/EF"]["/F"].data == attachment.content
        assert file["/EF"]["/F"]["/Subtype"] == f"/{attachment.media_type}"
        assert "/ModDate" in file["/EF"]["/F"]["/Params"]


def test_the_seal_leaves_the_archive_format_as_it_was(sealed: bytes, signed: bytes) -> None:
    """S1: same version, metadata and dates; no extension of a later PDF is announced."""
    before, after = (PdfFileReader(io.BytesIO(content)) for content in (signed, sealed))
    assert after.root["/Metadata"].data == before.root["/Metadata"].data
    assert dict(after.trailer["/Info"]) == dict(before.trailer["/Info"])
    assert "/Version" not in after.root
    assert "/Extensions" not in after.root
    assert after.root["/Lang"] == "sv"


def test_a_flipped_byte_is_told_apart_by_where_it_is(sealed: bytes, signed: bytes, files: SealFiles) -> None:
    """S3: the fifth step says whether what was signed is touched, or only what the lender added."""
    of_the_document, of_the_evidence = 10, sealed.index(b"ocsp-response")
    for place, found in ((of_the_document, False), (len(signed) // 2, False), (of_the_evidence, True)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert holds(bytes(changed), signed, files) == (True, False, True, False, found)


def test_every_fiftieth_byte_of_a_sealed_file_counts(sealed: bytes, signed: bytes, files: SealFiles) -> None:
    """S3: but for the zeros that fill the signature's place, which say nothing and which the log's hash covers."""
    reader = PdfFileReader(io.BytesIO(sealed))
    first, length, after, _ = reader.embedded_signatures[0].byte_range
    assert first == 0
    for place in [*range(0, length, len(sealed) // 25), *range(after, len(sealed), 97)]:
        changed = bytearray(sealed)
        changed[place] ^= 4
        assert not all(holds(bytes(changed), signed, files)), place


def test_the_evidence_inside_is_that_of_the_signatures_or_is_told(
    sealed: bytes, signed: bytes, files: SealFiles
) -> None:
    """S3: the seventh step; files that cannot be unpacked any more are told, not stumbled over."""
    known = Trusted(files.certificate.read_bytes())
    inside = {one.name: one.content for one in EVIDENCE}
    steps = partial(verify, signed_sha256=b"", trusted=known, at=NOW)
    assert (steps(sealed, evidence=inside)[6].number, steps(sealed, evidence=inside)[6].holds) == (7, True)
    assert steps(sealed, evidence=inside | {"underskrift-2.xml": b"<Signature/>"})[6].holds is False
    assert steps(sealed, evidence={})[6].holds is False
    assert steps(seal(signed, (), key=load_key(files.key, files.certificate)), evidence={})[6].holds is True
    for place in range(sealed.index(b"stream", len(signed)), sealed.index(b"/EmbeddedFiles", len(signed)), 23):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert not all(one.holds for one in steps(bytes(changed), evidence=inside)[1:])


def test_what_is_added_after_the_seal_is_found(sealed: bytes, signed: bytes, files: SealFiles) -> None:
    """S3: a seal that no longer covers the whole file is none."""
    assert holds(sealed + b"\n% more", signed, files)[2] is False
    assert holds(saved_again(sealed), signed, files)[2] is False


def saved_again(sealed: bytes) -> bytes:
    """The file as another program saves it after a change, with the update appended as it should be."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/PageLayout"] = generic.pdf_name("/OneColumn")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_another_document_or_another_lenders_seal_is_not_taken(
    sealed: bytes, signed: bytes, files: SealFiles, tmp_path: Path
) -> None:
    """S3: what was signed is named by its hash, who sealed it by the certificates that are trusted."""
    assert holds(sealed, b"another", files) == (True, True, True, True, False)
    stranger = seal_key.make(tmp_path, lender="Exempelkredit AB")
    assert holds(sealed, signed, stranger) == (True, True, True, False, True)
    own = seal(signed, (), key=load_key(stranger.key, stranger.certificate))
    assert holds(own, signed, files) == (True, True, True, False, True)


def test_the_certificate_had_to_be_valid_when_it_sealed(sealed: bytes, signed: bytes, files: SealFiles) -> None:
    assert holds(sealed, signed, files, at=datetime(1999, 1, 1, tzinfo=UTC)) == (True, True, True, False, True)
    assert holds(sealed, signed, files, at=NOW + timedelta(days=365 * 19)) == (True,) * 5
    assert holds(sealed, signed, files, at=NOW + timedelta(days=365 * 21)) == (True, True, True, False, True)


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\n" + b"\x00" * 500], ids=ascii)
def test_what_is_no_sealed_pdf_fails_each_step(content: bytes, signed: bytes, files: SealFiles) -> None:
    assert holds(content, signed, files) == (False,) * 5


def test_an_unsealed_document_has_no_seal(signed: bytes, files: SealFiles) -> None:
    assert holds(signed, signed, files) == (False, False, False, False, True)


def test_a_key_that_cannot_seal_is_refused_when_it_is_read(files: SealFiles, tmp_path: Path) -> None:
    """A service whose seal would fail does not start."""
    other = seal_key.make(tmp_path / "other", lender="Annan Kredit AB")
    empty = tmp_path / "empty.pem"
    empty.touch()
    for key, certificate in ((other.key, files.certificate), (empty, files.certificate), (files.key, empty)):
        with pytest.raises(SealKeyUnusable):
            load_key(key, certificate)
    with pytest.raises(SealKeyUnusable):
        load_key(tmp_path / "nowhere", files.certificate)


def test_a_sandboxs_seal_is_made_once(tmp_path: Path) -> None:
    made = seal_key.make(tmp_path, lender="Exempelkredit AB")
    before = made.key.read_bytes()
    assert seal_key.make(tmp_path, lender="Exempelkredit AB").key.read_bytes() == before
    assert made.key.stat().st_mode & 0o777 == 0o600


def test_sealing_and_verifying_work_inside_a_running_event_loop(signed: bytes, files: SealFiles) -> None:
    async def both() -> tuple[bool, ...]:
        return holds(seal(signed, (), key=load_key(files.key, files.certificate)), signed, files)

    # apart: a browser of an earlier test may have left its loop running in this thread
    assert apart(lambda: asyncio.run(both())) == (True,) * 5


def test_a_time_stamp_authority_that_does_not_answer_leaves_the_document_for_another_time(
    files: SealFiles, signed: bytes
) -> None:
    with pytest.raises(SealNotMade):
        seal(signed, (), key=load_key(files.key, files.certificate), timestamps_url="http://127.0.0.1:9/tsa")
