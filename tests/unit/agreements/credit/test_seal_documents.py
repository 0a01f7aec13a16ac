"""Documents are sealed after the last signature, once, with what BankID handed over of each signer inside."""

import base64
import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader

from agreements.credit.service import Signatory, SigningRule
from agreements.credit.services.seal_documents import seal_due
from agreements.documents import seal_check, sealing
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.sandbox import seal_key
from agreements.documents.seal_check import Trusted, time_stamped_at
from agreements.signing.models import Signing
from agreements.signing.services.take_completion import EVIDENCE
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER, CreditWorld
from tests.support.time_stamp_authority import OPENSSL, Mood, time_stamp_authority
from underwriting.kernel.vocabulary import AgreementState, SigningState
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime


def kept(credit: CreditWorld) -> Sequence[Document]:
    """Every document as it stands now."""
    with credit.runtime.database.transaction() as session:
        return session.scalars(
            sa.select(Document).order_by(Document.id).execution_options(populate_existing=True)
        ).all()


def sealed_kinds(credit: CreditWorld) -> list[str]:
    return sorted(one.kind for one in kept(credit) if one.sealed_at is not None)


def attachments(content: bytes) -> dict[str, bytes]:
    named = PdfFileReader(io.BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    return {str(named[at]): named[at + 1]["/EF"]["/F"].data for at in range(0, len(named), 2)}


def evidence_of(credit: CreditWorld, subject_id: uuid.UUID) -> dict[str, bytes]:
    """What BankID handed over about the thing, under the names that it has inside a sealed file."""
    with credit.runtime.database.transaction() as session:
        complete = sa.and_(Signing.subject_id == subject_id, Signing.state == str(SigningState.COMPLETE))
        found = session.scalars(sa.select(Signing).where(complete).order_by(Signing.completed_at, Signing.id)).all()
        files = {}
        for number, signing in enumerate(found, start=1):
            got = credit.runtime.cipher.decrypt_json(signing.evidence_encrypted or b"", context=EVIDENCE)
            files[f"underskrift-{number}.xml"] = base64.b64decode(got["signature"])
            files[f"underskrift-{number}.ocsp"] = base64.b64decode(got["ocsp_response"])
        return files


def test_nothing_is_sealed_before_its_last_signature(credit: CreditWorld) -> None:
    """S1: what nobody signs is sealed at once, a guarantee when it is signed, the agreement when all have signed."""
    agreement = credit.grant()
    told = ["guarantee_information", "guarantee_information", "offer"]
    assert seal_due(credit.runtime) == 3
    assert sealed_kinds(credit) == told
    credit.complete(credit.start_agreement(agreement.id))
    assert seal_due(credit.runtime) == 0
    credit.complete(credit.start_guarantee(agreement.id, ERIK))
    assert seal_due(credit.runtime) == 1
    assert sealed_kinds(credit) == sorted([*told, "guarantee"])
    credit.complete(credit.start_guarantee(agreement.id, MARIA))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED
    assert seal_due(credit.runtime) == 2
    assert sealed_kinds(credit) == sorted([*told, "agreement", "guarantee", "guarantee"])


def test_a_sealed_document_begins_with_what_was_signed_and_holds_the_evidence(credit: CreditWorld) -> None:
    """S1, S3: checked as a stranger does, with the file, the hash that was signed and the lender's certificate."""
    agreement = credit.signed()
    seal_due(credit.runtime)
    guarantee = credit.guarantee_of(agreement.id, ERIK)
    trusted = Trusted(credit.runtime.settings.document_seal.certificate.read_bytes())
    for document in kept(credit):
        content = documents.sealed(credit.runtime, document) or b""
        assert content.startswith(documents.read(credit.runtime, document))
        assert document.sealed_at == credit.clock.now()
        found = seal_check.verify(content, signed_sha256=document.sha256, trusted=trusted, at=document.sealed_at)
        assert all(step.holds for step in found), document.kind
        if document.subject_id in (agreement.id, guarantee.id) and document.kind in ("agreement", "guarantee"):
            assert attachments(content) == evidence_of(credit, document.subject_id)


def test_every_copy_of_an_agreement_holds_everybodys_signature(credit: CreditWorld) -> None:
    """S2: two sign for the company, each their own copy of the same bytes."""
    rule = SigningRule.jointly((Signatory(ANNA, "Anna Lindqvist"), Signatory(STRANGER, "Nils Berg")))
    agreement = credit.signed(signing_rule=rule, guarantors=())
    seal_due(credit.runtime)
    copies = [one for one in kept(credit) if one.kind == "agreement"]
    assert len({one.sha256 for one in copies}) == 1
    for copy in copies:
        inside = attachments(documents.sealed(credit.runtime, copy) or b"")
        assert len(inside) == 4
        assert inside == evidence_of(credit, agreement.id)


def test_a_document_is_sealed_once(credit: CreditWorld) -> None:
    """S3: another round changes nothing, and each seal stands in the log with its hash."""
    credit.signed()
    seal_due(credit.runtime)
    before = {one.id: one.sealed_encrypted for one in kept(credit)}
    credit.clock.move_to(credit.clock.now() + timedelta(minutes=5))
    assert seal_due(credit.runtime) == 0
    assert {one.id: one.sealed_encrypted for one in kept(credit)} == before
    for document in kept(credit):
        content = documents.sealed(credit.runtime, document) or b""
        with credit.runtime.database.transaction() as session:
            (entry,) = audit_log.entries_of(session, f"document:{document.id}")
        assert entry.data == {
            "signed": document.sha256.hex(),
            "sealed": hashlib.sha256(content).hexdigest(),
            "words": documents.words_sha256(credit.runtime, document),
        }


def test_a_seal_that_comes_second_is_dropped(credit: CreditWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3: two workers seal the same document at once; the one that is kept first stays."""
    credit.grant(guarantors=())
    (waiting,) = [one.id for one in kept(credit) if one.kind == "offer"]
    seal = sealing.seal

    def slow(*args: object, **options: object) -> bytes:
        monkeypatch.setattr(sealing, "seal", seal)
        assert seal_due(credit.runtime) == 1
        return seal(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "seal", slow)
    assert seal_due(credit.runtime) == 0
    with credit.runtime.database.transaction() as session:
        assert len(audit_log.entries_of(session, f"document:{waiting}")) == 1


def test_a_worker_that_dies_while_it_seals_leaves_the_document_for_the_next(
    credit: CreditWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: nothing is kept of a seal that was not finished."""
    credit.grant(guarantors=())
    with monkeypatch.context() as dying:
        dying.setattr(documents, "keep_sealed", _die)
        with pytest.raises(KeyboardInterrupt):
            seal_due(credit.runtime)
    assert sealed_kinds(credit) == []
    assert seal_due(credit.runtime) == 1


def _die(*_args: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_a_time_stamp_authority_that_is_out_delays_the_seal(credit: CreditWorld) -> None:
    """S3: payouts do not wait for it, and a later round seals."""
    credit.grant(guarantors=())
    assert seal_due(with_seal(credit, timestamps_url="http://127.0.0.1:9/tsa")) == 0
    assert sealed_kinds(credit) == []
    assert seal_due(credit.runtime) == 1


def with_seal(credit: CreditWorld, **changes: Any) -> Runtime:
    """The runtime with other settings of the documents' seal."""
    settings = credit.runtime.settings
    return replace(credit.runtime, settings=replace(settings, document_seal=replace(settings.document_seal, **changes)))


@pytest.mark.skipif(OPENSSL is None, reason="openssl, which answers for the authority, is not here")
def test_every_document_waits_for_a_stamp_that_can_be_trusted(credit: CreditWorld, tmp_path: Path) -> None:
    """S3: while the authority is out a round asks it once, not once for each document; then all are stamped."""
    credit.grant()
    with time_stamp_authority(tmp_path) as authority:
        runtime = with_seal(credit, timestamps_url=authority.url, timestamps_roots=authority.roots)
        for mood in (Mood.IS_DOWN, Mood.STAMPS_SOMETHING_ELSE):
            authority.mood, before = mood, authority.asked
            assert seal_due(runtime) == 0
            assert authority.asked == before + 1
        authority.mood = Mood.STAMPS
        strangers = with_seal(credit, timestamps_url=authority.url, timestamps_roots=credit.bankid.certificates.root)
        assert seal_due(strangers) == 0
        assert sealed_kinds(credit) == []
        assert seal_due(runtime) == 3
    for document in kept(credit):
        content = documents.sealed(credit.runtime, document)
        assert (content is None) == (document.kind in ("agreement", "guarantee"))
        assert content is None or time_stamped_at(content) is not None


def test_no_document_is_sealed_with_a_certificate_that_is_not_valid(credit: CreditWorld, tmp_path: Path) -> None:
    """S3: a seal that a stranger would refuse is not kept; with the next certificate the documents are sealed."""
    credit.grant(guarantors=())
    clock = credit.clock.now()
    other = seal_key.make(tmp_path, lender="Exempelkredit AB")
    ended = ended_certificate(tmp_path, other.key, at=clock)
    assert seal_due(with_seal(credit, key=other.key, certificate=ended)) == 0
    assert sealed_kinds(credit) == []
    assert seal_due(with_seal(credit, key=other.key, certificate=other.certificate)) == 1


def ended_certificate(folder: Path, key: Path, *, at: datetime) -> Path:
    """A certificate of the key that was valid until the day before *at*."""
    secret = load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(secret, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Exempelkredit AB")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(secret.public_key())
    builder = builder.serial_number(1).not_valid_before(at - timedelta(days=9)).not_valid_after(at - timedelta(days=1))
    (folder / "ended.pem").write_bytes(builder.sign(secret, hashes.SHA256()).public_bytes(Encoding.PEM))
    return folder / "ended.pem"


def test_the_sealed_file_is_what_is_fetched(credit: CreditWorld) -> None:
    """S1: before that the exact bytes which are signed; the reading aid stays what it was."""
    agreement = credit.signed()
    person = credit.person(ERIK)
    own = credit.agreements.documents(agreement.id, person)[-1]
    before = credit.agreements.document(agreement.id, own.id, person)
    aid = credit.agreements.document(agreement.id, own.id, person, language="en")
    assert hashlib.sha256(before.content).hexdigest() == own.sha256
    seal_due(credit.runtime)
    after = credit.agreements.document(agreement.id, own.id, person)
    assert after.content.startswith(before.content)
    assert len(after.content) > len(before.content)
    assert credit.agreements.document(agreement.id, own.id, person, language="en") == aid
    assert credit.agreements.documents(agreement.id, person)[-1].sealed_at == credit.clock.now()
