"""`borgen document export` and `borgen verify document|documents`, beside the database that keeps them."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from agreements.documents.models import Document
from agreements.documents.sandbox import seal_key
from tests.support.credit import CreditWorld
from underwriting import document_cli
from underwriting.cli import main
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log, staff_accounts

PASSWORD = "korrekt häst batteri häftklammer"


@pytest.fixture(autouse=True)
def here(credit: CreditWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands work where the test does; BankID's roots are the stand-in's."""
    runtime = credit.runtime
    bankid = replace(runtime.settings.bankid, roots=credit.bankid.certificates.root)
    settings = replace(runtime.settings, bankid=bankid)
    monkeypatch.setattr(document_cli, "runtime_here", lambda: runtime)
    monkeypatch.setattr(document_cli, "settings_here", lambda: settings)
    with runtime.database.transaction() as session:
        staff_accounts.add_staff(
            session, runtime, "ulla", PASSWORD, Role.UNDERWRITER, person=None, at=runtime.clock.now()
        )


def borgen(*arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(main, [*arguments, "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout.splitlines()[-1])


def export(document_id: uuid.UUID, folder: Path) -> str:
    file = str(folder / "guarantee.zip")
    staff = ("--username", "ulla", "--password", PASSWORD)
    assert borgen("document", "export", str(document_id), "--to", file, *staff)["file"] == file
    return file


def test_what_was_exported_holds_and_who_took_it_is_noted(
    credit: CreditWorld, document_id: uuid.UUID, tmp_path: Path
) -> None:
    """S1, S3: readable by its owner alone, since it tells who somebody is."""
    file = export(document_id, tmp_path)
    assert Path(file).stat().st_mode & 0o777 == 0o600
    found = borgen("verify", "document", file)
    assert found["holds"] is True
    assert {"sealed.pdf", "log.jsonl", "signature-1"} <= {one["place"] for one in found["findings"]}
    with credit.runtime.database.transaction() as session:
        sealed, exported = audit_log.entries_of(session, f"document:{document_id}")
    assert (sealed.action, exported.action) == ("document.sealed", "document.exported")
    assert borgen("verify", "document", export(document_id, tmp_path))["holds"] is True


def test_a_document_that_is_kept_is_checked_by_its_id_in_the_same_steps(document_id: uuid.UUID, tmp_path: Path) -> None:
    """S1: nothing is handed out, so nobody has to log in and nothing is noted."""
    of_file = borgen("verify", "document", export(document_id, tmp_path))
    assert borgen("verify", "document", str(document_id)) == of_file
    unknown = CliRunner().invoke(main, ["verify", "document", str(uuid.uuid4())])
    assert unknown.exit_code == 1
    assert "Traceback" not in unknown.output


def test_all_documents_are_checked_where_they_are_kept(credit: CreditWorld, document_id: uuid.UUID) -> None:
    """S3: a sealed copy of which one byte was changed is told by its document's id."""
    found = borgen("verify", "documents")
    assert found["findings"] == []
    assert found["documents"] > 1
    with credit.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        row = session.get_one(Document, document_id)
        row.sealed_encrypted = (row.sealed_encrypted or b"")[:-1] + b"\x00"
        session.flush()
    (fault,) = borgen("verify", "documents", exit_code=1)["findings"]
    assert fault == {
        "place": f"document:{document_id}",
        "what": "The sealed file was changed where it is kept",
        "erased": False,
    }


def test_old_seals_hold_after_the_lenders_certificate_was_replaced(
    credit: CreditWorld, document_id: uuid.UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: the certificate is in the seal, and the log says which file was sealed: nothing else is needed."""
    before = credit.runtime.settings.document_seal.certificate
    new = seal_key.make(tmp_path / "new", lender="Exempelkredit AB")
    seal = replace(credit.runtime.settings.document_seal, key=new.key, certificate=new.certificate)
    runtime = replace(credit.runtime, settings=replace(credit.runtime.settings, document_seal=seal))
    monkeypatch.setattr(document_cli, "runtime_here", lambda: runtime)
    file = export(document_id, tmp_path)
    assert borgen("verify", "documents")["findings"] == []
    assert borgen("verify", "document", file, "--seal-certificates", str(before))["holds"] is True
    both = tmp_path / "lender.pem"
    both.write_bytes(new.certificate.read_bytes() + before.read_bytes())
    assert borgen("verify", "document", file, "--seal-certificates", str(both))["holds"] is True
    found = borgen("verify", "document", file, "--seal-certificates", str(new.certificate), exit_code=1)
    assert [one["step"] for one in found["findings"] if not one["holds"]] == [
        "4. The seal's certificate is trusted and was valid then"
    ]


@pytest.mark.parametrize("option", ["--seal-certificates", "--time-stamp-roots", "--roots"])
def test_a_file_without_certificates_is_named(document_id: uuid.UUID, tmp_path: Path, option: str) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    done = CliRunner().invoke(main, ["verify", "document", str(document_id), option, str(tmp_path / "empty.pem")])
    assert done.exit_code == 2
    assert option in done.output
