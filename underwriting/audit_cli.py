"""`borgen verify` and `borgen audit`: whether what is kept is still what was written, and what others may check it by.

What a command needs is imported inside it.
"""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, settings_here, show_result

if TYPE_CHECKING:
    from underwriting.platform.audit_chain import Finding


@click.group()
def verify() -> None:
    """Whether what is kept is still what was written."""


@click.group()
def audit() -> None:
    """The audit log, for those who check it."""


@audit.command("export")
@click.argument("name", metavar="ID")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write; else standard output.",
)
@plain_errors
def export_matter(name: str, output: Path | None) -> None:
    """Export the audit log of an agreement or application, with its seals, to be checked by `borgen verify export`.

    ID is the id of an agreement or application, an agreement's number or an application's reference.
    """
    from underwriting.audit.export import export

    lines = list(export(runtime_here(), name))
    if output is None:
        click.echo(b"".join(lines), nl=False)
        return
    output.write_bytes(b"".join(lines))
    click.echo(f"{len(lines)} lines were written to {output}.", err=True)


@verify.command("export")
@click.argument("file", type=click.File("rb"))
@click.option("--public-key", metavar="HEX", required=True, help="What the seals were signed with.")
@json_option
@plain_errors
def verify_export(file: BinaryIO, public_key: str, as_json: bool) -> None:
    """Check a FILE that `borgen audit export` has written, by the public key alone; `-` reads standard input.

    Needs no database and no settings. Exit code 1 when anything was changed, removed or inserted.
    """
    from underwriting.audit import bundle, bundle_check

    key = public_key_of(public_key)
    found = bundle.read(file)
    findings = [_finding(one) for one in bundle_check.check(found, public_key=key)]
    counts = {
        "chains": len(found.entries),
        "entries": sum(map(len, found.entries.values())),
        "seals": len(found.seals),
    }
    about = {"about": found.about, "exported_at": found.exported_at}
    show_result(as_json, {**about, **counts, "findings": findings}, _told(counts, findings))
    sys.exit(1 if findings else 0)


@verify.command("audit")
@click.option(
    "--seals",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of published seals, held against those of the database.",
)
@click.option("--public-key", metavar="HEX", help="What the seals were signed with; by default of BORGEN_SEAL_KEY.")
@json_option
@plain_errors
def verify_audit(seals: Path | None, public_key: str | None, as_json: bool) -> None:
    """Compute the audit log's chains and seals again. Exit code 1 when anything was changed, removed or inserted.

    That it was done and how many things were found is kept for the auditor's page.
    """
    from underwriting.platform import audit_check
    from underwriting.platform.seal_key import SealKey

    runtime = runtime_here()
    key = public_key_of(public_key) if public_key else SealKey(runtime.settings.seal_key.reveal()).public
    with runtime.database.transaction() as session:
        extent = audit_check.extent(session)
        findings = [_finding(one) for one in audit_check.check(session, public_key=key, folder=seals)]
        audit_check.keep(session, extent, findings=len(findings), public_key=key, at=runtime.clock.now())
    counts = {"chains": extent.chains, "entries": extent.entries, "seals": extent.seals}
    show_result(as_json, {**counts, "public_key": key.hex(), "findings": findings}, _told(counts, findings))
    sys.exit(1 if findings else 0)


@verify.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", metavar="HEX", help="What it was signed with; by default of BORGEN_SEAL_KEY.")
@json_option
@plain_errors
def passport(file: Path, public_key: str | None, as_json: bool) -> None:
    """Check a decision's passport, byte for byte, and decide again on what stands in it (D15). Exit code 1 if it fails.

    With --public-key neither database nor settings are needed.
    """
    from underwriting.decisions.passport import verify as faults_of
    from underwriting.platform.seal_key import SealKey, is_signed

    key = public_key_of(public_key) if public_key else SealKey(settings_here().seal_key.reveal()).public
    faults = faults_of(
        file.read_bytes(), is_signed=lambda content, signature: is_signed(content, signature, public=key)
    )
    told = "\n".join(faults) or "The passport is whole, and gives the same decision again."
    show_result(as_json, {"holds": not faults, "faults": faults}, told)
    sys.exit(1 if faults else 0)


def public_key_of(text: str) -> bytes:
    """The 32 bytes of a public key that is given in hexadecimal. Raises click.BadParameter."""
    from underwriting.platform.seal_key import PUBLIC_KEY_BYTES

    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise click.BadParameter(f"is not {PUBLIC_KEY_BYTES} bytes in hexadecimal", param_hint="--public-key")
    return key


def _finding(finding: "Finding") -> dict[str, object]:
    return {"subject": finding.subject, "sequence": finding.sequence, "damage": str(finding.damage)}


def _line(subject: object, sequence: object, damage: object) -> str:
    if subject == "file":
        return "The file is not as it was exported, or was signed by another key."
    said = str(damage).replace("_", " ")
    return f"seal {sequence}: {said}" if subject == "seal" else f"{subject}  entry {sequence}: {said}"


def _told(counts: dict[str, int], findings: list[dict[str, object]]) -> str:
    lines = [_line(**finding) for finding in findings]
    whole = ", ".join(f"{count} {what}" for what, count in counts.items())
    kinds = Counter(str(finding["damage"]) for finding in findings)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return "\n".join([*lines, f"{whole}: " + (told if findings else "nothing was changed, removed or inserted")])
