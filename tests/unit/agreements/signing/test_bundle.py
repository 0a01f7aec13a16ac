"""A guarantee handed out with its proof: a stranger finds any byte that was changed; the lender, where it is kept."""

import hashlib
import io
import json
import random
import shutil
import subprocess
import uuid
import zipfile
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from agreements.documents.models import Document
from agreements.signing.bundle import BundleUnreadable, read, zipped
from agreements.signing.bundle_check import Finding, verify
from agreements.signing.models import Signing
from agreements.signing.services.check_documents import Fault, faults_of, ids_of_all
from agreements.signing.services.export_bundle import export, hand_out
from tests.conftest import LONG
from tests.support.bankid_stand_in import ERIK
from tests.support.credit import CreditWorld
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller, RoleMissing
from underwriting.platform.models import AuditEntry
from underwriting.platform.seal_key import SealKey, is_signed

UNDERWRITER = Caller(actor="staff:1", role=Role.UNDERWRITER, username="ulla")


@pytest.fixture
def document_id(credit: CreditWorld) -> uuid.UUID:
    """The text of a guarantee that Erik has signed."""
    agreement = credit.grant()
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    with credit.runtime.database.transaction() as session:
        return session.scalars(
            sa.select(Document.id).where(Document.subject_id == guarantee.id, Document.kind == "guarantee")
        ).one()


@pytest.fixture
def bundle(credit: CreditWorld, document_id: uuid.UUID) -> bytes:
    """The guarantee, exported."""
    with credit.runtime.database.transaction() as session:
        return export(session, credit.runtime, document_id, at=credit.runtime.clock.now())


def findings(credit: CreditWorld, content: bytes) -> list[Finding]:
    public = SealKey(credit.runtime.settings.seal_key.reveal()).public
    return verify(content, is_signed=partial(is_signed, public=public), roots=credit.bankid.roots)


def broken(credit: CreditWorld, content: bytes) -> list[str]:
    return [one.place for one in findings(credit, content) if not one.holds]


def faults(credit: CreditWorld, document_id: uuid.UUID) -> list[Fault]:
    with credit.runtime.database.transaction() as session:
        return list(faults_of(session, credit.runtime, document_id, roots=credit.bankid.roots))


def test_a_guarantee_that_was_handed_out_holds_in_every_step(credit: CreditWorld, bundle: bytes) -> None:
    """S1: the file, the lender's public key and BankID's roots are all that is needed."""
    found = findings(credit, bundle)
    assert [one.place for one in found if not one.holds] == []
    steps = [one.step.en for one in found if one.place == "signature-1"]
    assert [step.split(".")[0] for step in steps[1:]] == [str(number) for number in range(1, 11)]
    assert read(bundle)["document.pdf"].startswith(b"%PDF")


def test_the_same_document_gives_the_same_bytes(credit: CreditWorld, document_id: uuid.UUID, bundle: bytes) -> None:
    """S1: an export says nothing but what was signed, and when it was made."""
    with credit.runtime.database.transaction() as session:
        assert export(session, credit.runtime, document_id, at=credit.runtime.clock.now()) == bundle


def test_any_byte_that_is_changed_in_the_file_is_found(credit: CreditWorld, bundle: bytes) -> None:
    """S3: also one that belongs to no file of it."""
    chance = random.Random(20260302)
    for place in range(len(bundle)) if LONG else chance.sample(range(len(bundle)), 150):
        changed = bundle[:place] + bytes([bundle[place] ^ (1 << chance.randrange(8))]) + bundle[place + 1 :]
        try:
            assert broken(credit, changed), place
        except BundleUnreadable:
            continue


@pytest.mark.parametrize(
    "name",
    [
        "document.pdf",
        "README.md",
        "signature-1/text.txt",
        "signature-1/signature.b64",
        "signature-1/status.b64",
        "signature-1/claims.json",
        "signature-1/log.jsonl",
    ],
)
def test_a_changed_file_is_named(credit: CreditWorld, bundle: bytes, name: str) -> None:
    """S3: what was changed is located."""
    files = dict(read(bundle))
    files[name] = files[name][:-3] + bytes([files[name][-3] ^ 1]) + files[name][-2:]
    assert name in broken(credit, zipped(files))


def test_a_damaged_archive_names_the_damaged_file(credit: CreditWorld, bundle: bytes) -> None:
    """S3: the archive's own sum does not hide what else holds."""
    place = bundle.index(b"%PDF-") + 1_000
    changed = bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :]
    assert "document.pdf" in broken(credit, changed)


def test_another_lenders_signature_ends_the_list(credit: CreditWorld, bundle: bytes) -> None:
    """S3: nothing is believed of a manifest that the lender has not signed."""
    stranger = partial(is_signed, public=SealKey(b"z" * 32).public)
    assert [(one.place, one.holds) for one in verify(bundle, is_signed=stranger, roots=credit.bankid.roots)] == [
        ("manifest.json", False)
    ]


def test_what_a_lender_signs_anew_still_needs_the_persons_signature(credit: CreditWorld, bundle: bytes) -> None:
    """S1: who holds the lender's key can make a manifest, not a guarantor's signature."""
    files = dict(read(bundle))
    files["document.pdf"] = files["document.pdf"] + b"% and more"
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["document.pdf"] = hashlib.sha256(files["document.pdf"]).hexdigest()
    files["manifest.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    files["manifest.sig"] = SealKey(credit.runtime.settings.seal_key.reveal()).sign(files["manifest.json"])
    assert broken(credit, zipped(files)) == ["signature-1"]


def test_a_file_that_was_added_or_taken_away_is_found(credit: CreditWorld, bundle: bytes) -> None:
    """S3: the manifest names every file."""
    files = dict(read(bundle))
    assert "extra.txt" in broken(credit, zipped(files | {"extra.txt": b"x"}))
    del files["signature-1/status.b64"]
    assert {"signature-1/status.b64", "signature-1"} <= set(broken(credit, zipped(files)))


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_is_refused_or_held_by_nobody(credit: CreditWorld, content: bytes) -> None:
    """S3: a file of another kind is not taken for a signed document."""
    with suppress(BundleUnreadable):
        assert broken(credit, content) == ["manifest.json"]


def test_whoever_exports_a_document_is_noted_and_needs_the_role(credit: CreditWorld, document_id: uuid.UUID) -> None:
    """S3: it holds personal data; who took it away stands in the audit log."""
    runtime, at = credit.runtime, credit.runtime.clock.now()
    with runtime.database.transaction() as session:
        with pytest.raises(RoleMissing):
            hand_out(session, runtime, document_id, replace(UNDERWRITER, role=Role.RECOVERY), at=at)
        hand_out(session, runtime, document_id, UNDERWRITER, at=at)
        (entry,) = audit_log.entries_of(session, f"document:{document_id}")
        with pytest.raises(NotFound):
            hand_out(session, runtime, uuid.uuid4(), UNDERWRITER, at=at)
    assert (entry.action, entry.actor) == ("document.exported", "staff:1")


def test_what_is_kept_unchanged_has_no_fault(credit: CreditWorld, document_id: uuid.UUID) -> None:
    """S1: every document that is kept is looked at, and nothing is found."""
    with credit.runtime.database.transaction() as session:
        assert document_id in list(ids_of_all(session))
    assert faults(credit, document_id) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (Document, "content_encrypted"),
        (Document, "words_encrypted"),
        (Document, "sha256"),
        (Signing, "evidence_encrypted"),
        (Signing, "visible_text_encrypted"),
        (Signing, "person_encrypted"),
    ],
)
def test_one_byte_changed_in_a_row_is_found_and_located(
    credit: CreditWorld, document_id: uuid.UUID, table: type[Document] | type[Signing], column: str
) -> None:
    """S3: where a document or a signature was changed is said by its row."""
    key = Document.id if table is Document else Signing.document_id
    with credit.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))  # the service itself may not
        row: Any = session.scalars(sa.select(table).where(key == document_id)).one()
        value = getattr(row, column)
        setattr(row, column, value[:-1] + bytes([value[-1] ^ 1]))
        session.flush()
        place = f"{'document' if table is Document else 'signing'}:{row.id}"
    assert place in [fault.place for fault in faults(credit, document_id)]


def test_a_changed_entry_of_the_orders_log_is_found(credit: CreditWorld, document_id: uuid.UUID) -> None:
    """S3: the log of an order is part of what proves it."""
    with credit.runtime.database.transaction() as session:
        signing = session.scalars(sa.select(Signing).where(Signing.document_id == document_id)).one()
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(
            sa.update(AuditEntry)
            .where(AuditEntry.subject == f"signing:{signing.id}", AuditEntry.action == "signing.complete")
            .values(actor="somebody")
        )
    assert [fault.place for fault in faults(credit, document_id)] == [f"signing:{signing.id}"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_the_readmes_steps_by_openssl_hold(credit: CreditWorld, bundle: bytes, tmp_path: Path) -> None:
    """S1: a stranger needs none of our programs: the lender's signature, the certificates and their status."""
    zipfile.ZipFile(io.BytesIO(bundle)).extractall(tmp_path)
    public = SealKey(credit.runtime.settings.seal_key.reveal()).public
    (tmp_path / "lender.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    folder = tmp_path / "signature-1"
    xml = etree.fromstring(b64decode((folder / "signature.b64").read_bytes()))
    for name, element in zip(("person", "bank"), xml.iter("{*}X509Certificate"), strict=True):
        certificate = x509.load_der_x509_certificate(b64decode(element.text or ""))
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "status.der").write_bytes(b64decode((folder / "status.b64").read_bytes()))
    shutil.copy(credit.bankid.certificates.root, tmp_path / "bankid-roots.pem")
    instant = str(int(credit.wall.now().timestamp()))
    told = openssl(
        tmp_path,
        "pkeyutl -verify -pubin -keyform DER -inkey lender.der -rawin -in manifest.json -sigfile manifest.sig",
    )
    assert "Signature Verified Successfully" in told
    chain = f"verify -attime {instant} -CAfile bankid-roots.pem -untrusted signature-1/bank.pem signature-1/person.pem"
    assert "OK" in openssl(tmp_path, chain)
    status = (
        "ocsp -respin status.der -issuer bank.pem -cert person.pem -CAfile ../bankid-roots.pem"
        f" -attime {instant} -validity_period 9999999999 -no_nonce"
    )
    told = openssl(folder, status)
    assert "Response verify OK" in told
    assert "person.pem: good" in told


def openssl(folder: Path, arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments.split()], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
