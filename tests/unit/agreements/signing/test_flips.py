"""One byte changed anywhere: in a bundle, in a row, or inside what whoever holds the keys encrypts anew.

A few places of each file and column by default; with --long every byte in so many.
"""

import hashlib
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.documents.models import Document
from agreements.documents.seal_check import Trusted
from agreements.documents.seal_check import verify as seal_steps
from agreements.signing.bundle import BundleUnreadable, read, zipped
from agreements.signing.bundle_check import verify
from agreements.signing.models import Signing
from agreements.signing.services.check_documents import Fault, faults_of, ids_of_all
from tests.conftest import LONG
from tests.support.credit import CreditWorld
from underwriting.platform.models import AuditEntry
from underwriting.platform.seal_key import SealKey, is_signed

EVERY = 97
COLUMNS = [
    (Document, "content_encrypted"),
    (Document, "words_encrypted"),
    (Document, "sealed_encrypted"),
    (Document, "sha256"),
    (Signing, "evidence_encrypted"),
    (Signing, "visible_text_encrypted"),
    (Signing, "person_encrypted"),
]
CONTEXTS = {
    "content_encrypted": "document.content",
    "words_encrypted": "document.words",
    "sealed_encrypted": "document.sealed",
    "evidence_encrypted": "signing.evidence",
    "visible_text_encrypted": "signing.visible_text",
    "person_encrypted": "signing.person",
}


def places(content: bytes, few: int) -> Sequence[int]:
    """Where to change it: both ends and a few between, or every so many bytes."""
    if LONG:
        return range(0, len(content), EVERY)
    between = random.Random(len(content)).sample(range(len(content)), min(few, len(content)))
    return sorted({0, *between, len(content) - 1})


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :]


def broken(credit: CreditWorld, bundle: bytes) -> set[str]:
    """The places in a bundle that are not as written."""
    public = SealKey(credit.runtime.settings.seal_key.reveal()).public
    found = verify(bundle, is_signed=partial(is_signed, public=public), roots=credit.bankid.roots)
    return {one.place for one in found if not one.holds}


def faults(credit: CreditWorld, document_id: uuid.UUID) -> list[Fault]:
    with credit.runtime.database.transaction() as session:
        return list(faults_of(session, credit.runtime, document_id, roots=credit.bankid.roots))


@contextmanager
def changed(credit: CreditWorld, row_of: Callable[[Session], Any], **values: object) -> Iterator[str]:
    """The row with other values, as somebody at the database writes them, and then as it was; what it is called."""
    with credit.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))  # the service itself may not
        with session.no_autoflush:
            row = row_of(session)
            before = {name: getattr(row, name) for name in values}
            session.execute(sa.update(type(row)).where(type(row).id == row.id).values(values))
            session.expire_all()
        yield f"{type(row).__tablename__}:{row.id}"
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(before))
        session.expire_all()


def row_of(table: type[Any], document_id: uuid.UUID) -> Callable[[Session], Any]:
    key = Document.id if table is Document else Signing.document_id
    return lambda session: session.scalars(sa.select(table).where(key == document_id)).one()


def test_any_byte_that_is_changed_in_a_bundle_is_found(credit: CreditWorld, bundle: bytes) -> None:
    """S3: also one that belongs to no file of it."""
    for place in places(bundle, 60):
        try:
            assert broken(credit, flipped(bundle, place)), place
        except BundleUnreadable:
            continue


def test_a_changed_byte_of_any_file_of_a_bundle_is_found_in_that_file(credit: CreditWorld, bundle: bytes) -> None:
    """S3: what was changed is located, whichever file it is."""
    files = read(bundle)
    assert {"sealed.pdf", "seal.pem", "log.jsonl", "signature-1/log.jsonl"} <= files.keys()
    for name, content in files.items():
        for place in places(content, 4):
            named = broken(credit, zipped({**files, name: flipped(content, place)}))
            expected = "manifest.json" if name.startswith("manifest") else name
            assert expected in named, (name, place)


def test_what_is_kept_unchanged_has_no_fault(credit: CreditWorld, document_id: uuid.UUID) -> None:
    """S1: every document that is kept is looked at, and nothing is found."""
    with credit.runtime.database.transaction() as session:
        ids = list(ids_of_all(session))
    assert document_id in ids
    assert [fault for one in ids for fault in faults(credit, one)] == []


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_byte_in_a_row_is_found_and_located(
    credit: CreditWorld, document_id: uuid.UUID, table: type[Any], column: str
) -> None:
    """S3: where a document, its sealed copy or a signature was changed is said by its row."""
    find = row_of(table, document_id)
    with credit.runtime.database.transaction() as session:
        value = getattr(find(session), column)
    for place in places(value, 3):
        with changed(credit, find, **{column: flipped(value, place)}) as name:
            assert name in [fault.place for fault in faults(credit, document_id) if not fault.erased], place
    assert faults(credit, document_id) == []


@pytest.mark.parametrize(("table", "column"), [one for one in COLUMNS if one[1] in CONTEXTS])
def test_whoever_holds_the_keys_changes_nothing_unseen(
    credit: CreditWorld, document_id: uuid.UUID, table: type[Any], column: str
) -> None:
    """S3: a byte changed and encrypted anew disagrees with what was signed, sealed or noted in the log."""
    cipher, find = credit.runtime.cipher, row_of(table, document_id)
    with credit.runtime.database.transaction() as session:
        value = getattr(find(session), column)
    plain, subject = cipher.decrypt(value, context=CONTEXTS[column]), cipher.subject_of(value)
    for place in places(plain, 8):
        anew = cipher.encrypt(flipped(plain, place), context=CONTEXTS[column], subject=subject)
        with changed(credit, find, **{column: anew}) as name:
            assert name in [fault.place for fault in faults(credit, document_id)], (
                place,
                plain[place - 20 : place + 9],
            )


@pytest.mark.parametrize("kind", ["document", "signing"])
@pytest.mark.parametrize("column", ["action", "actor", "at", "data", "previous_hash", "hash", "subject"])
def test_a_changed_entry_of_either_log_is_found_and_located(
    credit: CreditWorld, document_id: uuid.UUID, kind: str, column: str
) -> None:
    """S3: the log of an order and that of a document are part of what proves it; taken away, moved or changed."""
    with credit.runtime.database.transaction() as session:
        signing = row_of(Signing, document_id)(session)
        subject = f"{kind}:{document_id if kind == 'document' else signing.id}"
        values: dict[str, Any] = {
            "action": "signing.failed",
            "actor": "somebody",
            "at": signing.started_at.replace(microsecond=1),
            "data": {"evidence": "00" * 32},
            "previous_hash": bytes([1]) + bytes(31),
            "hash": bytes(32),
            "subject": f"{kind}:{uuid.uuid4()}",
        }
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        last = sa.select(sa.func.max(AuditEntry.sequence)).where(AuditEntry.subject == subject).scalar_subquery()
        entry = sa.update(AuditEntry).where(AuditEntry.subject == subject, AuditEntry.sequence == last)
        session.execute(entry.values({column: values[column]}))
        session.expire_all()
    assert {fault.place for fault in faults(credit, document_id)} == {subject}


def test_a_byte_of_a_sealed_file_is_told_by_the_step_that_it_breaks(credit: CreditWorld, bundle: bytes) -> None:
    """S3: in what was signed, steps 2 and 5; in the evidence and the seal's own bytes, not step 5."""
    files, at = read(bundle), credit.clock.now()
    sealed, signed = files["sealed.pdf"], files["document.pdf"]
    trusted = Trusted(credit.runtime.settings.document_seal.certificate.read_bytes())
    signature = range(sealed.index(b"/Contents <", len(signed)), sealed.rindex(b"/ByteRange"))
    with credit.runtime.database.transaction() as session:
        document = session.scalars(sa.select(Document).where(Document.sha256 == hashlib.sha256(signed).digest())).one()
    for place in places(sealed, 40):
        found = seal_steps(flipped(sealed, place), signed_sha256=document.sha256, trusted=trusted, at=at)
        holds = {one.number: one.holds for one in found}
        if place < len(signed):
            assert (holds[2], holds[5]) == (False, False), place
        elif place not in signature:
            assert holds[5], place
            assert not holds[2], place
