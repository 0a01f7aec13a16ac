"""A guarantee handed out with its proof: a stranger finds any byte that was changed; the lender, where it is kept."""

import hashlib
import json
import uuid
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from agreements.signing.bundle import BundleUnreadable, read, zipped
from agreements.signing.bundle_check import Finding, verify
from agreements.signing.services.export_bundle import export, hand_out
from tests.support.credit import CreditWorld
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller, RoleMissing
from underwriting.platform.seal_key import SealKey, is_signed

UNDERWRITER = Caller(actor="staff:1", role=Role.UNDERWRITER, username="ulla")


def findings(credit: CreditWorld, content: bytes) -> list[Finding]:
    public = SealKey(credit.runtime.settings.seal_key.reveal()).public
    return verify(content, is_signed=partial(is_signed, public=public), roots=credit.bankid.roots)


def broken(credit: CreditWorld, content: bytes) -> list[str]:
    return [one.place for one in findings(credit, content) if not one.holds]


def test_a_guarantee_that_was_handed_out_holds_in_every_step(credit: CreditWorld, bundle: bytes) -> None:
    """S1: the file, the lender's public key and BankID's roots are all that is needed."""
    found = findings(credit, bundle)
    assert [one.place for one in found if not one.holds] == []
    steps = [one.step.en for one in found if one.place == "signature-1"]
    assert [step.split(".")[0] for step in steps[1:]] == [str(number) for number in range(1, 11)]
    of_seal = [one.step.en for one in found if one.place in ("sealed.pdf", "log.jsonl") and one.step.en[:1].isdigit()]
    assert [step.split(".")[0] for step in of_seal] == [str(number) for number in range(1, 9)]
    assert read(bundle)["document.pdf"].startswith(b"%PDF")


def test_the_same_document_gives_the_same_bytes(credit: CreditWorld, document_id: uuid.UUID, bundle: bytes) -> None:
    """S1: an export says nothing but what was signed, and when it was made."""
    with credit.runtime.database.transaction() as session:
        assert export(session, credit.runtime, document_id, at=credit.runtime.clock.now()) == bundle


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
    assert broken(credit, zipped(files)) == ["sealed.pdf", "log.jsonl", "signature-1"]


def test_a_file_that_was_added_or_taken_away_is_found(credit: CreditWorld, bundle: bytes) -> None:
    """S3: the manifest names every file."""
    files = dict(read(bundle))
    assert "extra.txt" in broken(credit, zipped(files | {"extra.txt": b"x"}))
    del files["signature-1/status.b64"]
    assert {"signature-1/status.b64", "signature-1"} <= set(broken(credit, zipped(files)))
    for name in ("sealed.pdf", "seal.pem", "log.jsonl"):
        lacking = {other: content for other, content in read(bundle).items() if other != name}
        assert {name, "sealed.pdf"} <= set(broken(credit, zipped(lacking)))


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
        *_, entry = audit_log.entries_of(session, f"document:{document_id}")
        with pytest.raises(NotFound):
            hand_out(session, runtime, uuid.uuid4(), UNDERWRITER, at=at)
    assert (entry.action, entry.actor) == ("document.exported", "staff:1")
