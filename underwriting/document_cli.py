"""`borgen document` and `borgen verify document|documents`: signed documents handed out and checked.

What a command needs is imported inside it.
"""

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underwriting.audit_cli import public_key_of, verify
from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, settings_here, show_result

if TYPE_CHECKING:
    from agreements.documents.seal_check import Trusted
    from agreements.signing.certificate_path import Roots

_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
_roots_option = click.option("--roots", type=_PATH, help="BankID's root certificates (PEM); by default BANKID_ROOTS.")
_TOLD_EVERY = 100


@click.group()
def document() -> None:
    """Signed documents as they are handed on."""


@document.command("export")
@click.argument("document_id", type=click.UUID)
@click.option("--to", "file", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Else ID.zip.")
@username_option
@password_option
@json_option
@plain_errors
def export_document(
    document_id: uuid.UUID, file: Path | None, username: str | None, password: str | None, as_json: bool
) -> None:
    """Write a document with all that proves its signatures to a file that `borgen verify document` checks (S1).

    It holds personal data. Whoever exports it is noted in the audit log.
    """
    from agreements.signing.services.export_bundle import hand_out
    from underwriting.kernel.vocabulary import CASE_READERS

    runtime, target = runtime_here(), file or Path(f"{document_id}.zip")
    with logged_in(runtime, username, password, *CASE_READERS) as caller:
        with runtime.database.transaction() as session:
            content = hand_out(session, runtime, document_id, caller, at=runtime.clock.now())
        target.touch(mode=0o600)
        target.write_bytes(content)
    show_result(as_json, {"file": str(target), "bytes": len(content)}, f"Wrote {target} ({len(content)} bytes).")


@verify.command("document")
@click.argument("name", metavar="FILE|ID")
@_roots_option
@click.option("--public-key", metavar="HEX", help="What the bundle was signed with; by default of BORGEN_SEAL_KEY.")
@click.option("--seal-certificates", type=_PATH, help="The lender's (PEM), by default those that the bundle holds.")
@click.option("--time-stamp-roots", type=_PATH, help="The time-stamp authority's (PEM), by default as above.")
@json_option
@plain_errors
def verify_document(
    name: str,
    roots: Path | None,
    public_key: str | None,
    seal_certificates: Path | None,
    time_stamp_roots: Path | None,
    as_json: bool,
) -> None:
    """Check a signed document, the lender's seal and every signature over it, step by step (S1, S3).

    FILE is what `borgen document export` has written: with --roots and --public-key neither database nor settings are
    needed. ID is that of a document that is kept here. Exit code 1 when anything does not hold.
    """
    from agreements.signing.bundle_check import verify as findings_of
    from underwriting.platform.seal_key import SealKey, is_signed

    key = public_key_of(public_key) if public_key else SealKey(settings_here().seal_key.reveal()).public
    findings = findings_of(
        _bundle(name),
        is_signed=lambda content, signature: is_signed(content, signature, public=key),
        roots=_roots(roots),
        trusted=_trusted(seal_certificates, time_stamp_roots),
    )
    holds = all(one.holds for one in findings)
    value = [{"place": one.place, "step": one.step.en, "holds": one.holds} for one in findings]
    lines = [f"{'ok ' if one.holds else 'NO '} {one.place}  {one.step.en}" for one in findings]
    ending = "All of it holds." if holds else "This is not what was signed."
    show_result(as_json, {"holds": holds, "findings": value}, "\n".join([*lines, ending]))
    sys.exit(0 if holds else 1)


@verify.command("documents")
@_roots_option
@json_option
@plain_errors
def verify_documents(roots: Path | None, as_json: bool) -> None:
    """Check every document that is kept, and every signature. Exit code 1 and a line for what is not as written."""
    from agreements.signing.services.check_documents import faults_of, ids_of_all

    runtime, trusted = runtime_here(), _roots(roots)
    with runtime.database.transaction() as session:
        ids, faults = list(ids_of_all(session)), []
        for count, document_id in enumerate(ids, start=1):
            faults += list(faults_of(session, runtime, document_id, roots=trusted))
            session.expunge_all()
            if count % _TOLD_EVERY == 0:
                click.echo(f"{count} of {len(ids)} documents", err=True)
    damaged = [one for one in faults if not one.erased]
    value = [{"place": one.place, "what": one.what.en, "erased": one.erased} for one in faults]
    lines = [f"{one.place}  {one.what.en}" for one in faults]
    ending = f"{len(ids)} documents, {len(damaged)} findings."
    show_result(as_json, {"documents": len(ids), "findings": value}, "\n".join([*lines, ending]))
    sys.exit(1 if damaged else 0)


def _bundle(name: str) -> bytes:
    """What the file holds, or what would be exported now of the document with that id; nobody is handed it."""
    if Path(name).is_file():
        return Path(name).read_bytes()
    from agreements.signing.services.export_bundle import export

    try:
        document_id = uuid.UUID(name)
    except ValueError as error:
        raise click.BadParameter("is neither a file nor the id of a document", param_hint="FILE|ID") from error
    runtime = runtime_here()
    with runtime.database.transaction() as session:
        return export(session, runtime, document_id, at=runtime.clock.now())


def _trusted(seal: Path | None, time_stamps: Path | None) -> "Trusted":
    from agreements.documents.seal_check import Trusted

    return Trusted(
        _certificates(seal, "--seal-certificates") if seal else b"",
        _certificates(time_stamps, "--time-stamp-roots") if time_stamps else b"",
    )


def _certificates(file: Path, option: str) -> bytes:
    from agreements.documents.seal_check import certificates_in

    content = file.read_bytes()
    try:
        found = certificates_in(content)
    except ValueError:
        found = []
    if not found:
        raise click.BadParameter("holds no certificates in PEM", param_hint=option)
    return content


def _roots(file: Path | None) -> "Roots":
    from agreements.signing.certificate_path import read_roots

    try:
        return read_roots(file or settings_here().bankid.roots)
    except ValueError as error:
        raise click.BadParameter("holds no certificates in PEM", param_hint="--roots") from error
