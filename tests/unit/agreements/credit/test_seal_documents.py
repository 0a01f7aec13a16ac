"""Documents are sealed after the last signature, once, with what BankID handed over of each signer inside."""

import base64
import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pyhanko.pdf_utils.reader import PdfFileReader

from agreements.credit.service import Signatory, SigningRule
from agreements.credit.services.seal_documents import seal_due
from agreements.documents import sealing
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.signing.models import Signing
from agreements.signing.services.take_completion import EVIDENCE
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER, CreditWorld
from underwriting.kernel.vocabulary import AgreementState, SigningState
from underwriting.platform import audit_log


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
    trusted = credit.runtime.settings.document_seal.certificate.read_bytes()
    for document in kept(credit):
        content = documents.sealed(credit.runtime, document) or b""
        assert content.startswith(documents.read(credit.runtime, document))
        assert document.sealed_at == credit.clock.now()
        found = sealing.verify(content, signed_sha256=document.sha256, trusted=trusted, at=document.sealed_at)
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
        assert entry.data == {"signed": document.sha256.hex(), "sealed": hashlib.sha256(content).hexdigest()}


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
    settings = credit.runtime.settings
    stamped = replace(settings.document_seal, timestamps_url="http://127.0.0.1:9/tsa")
    assert seal_due(replace(credit.runtime, settings=replace(settings, document_seal=stamped))) == 0
    assert sealed_kinds(credit) == []
    assert seal_due(credit.runtime) == 1


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
