"""`borgen verify`: whether what is kept is still what was written. What a command needs is imported inside it."""

import sys
from collections import Counter
from pathlib import Path

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, settings_here, show_result


@click.group()
def verify() -> None:
    """Whether what is kept is still what was written."""


@verify.command()
@click.option(
    "--seals",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of published seals, held against those of the database.",
)
@click.option("--public-key", metavar="HEX", help="What the seals were signed with; by default of BORGEN_SEAL_KEY.")
@json_option
@plain_errors
def audit(seals: Path | None, public_key: str | None, as_json: bool) -> None:
    """Compute the audit log's chains and seals again. Exit code 1 when anything was changed, removed or inserted."""
    from underwriting.platform import audit_check
    from underwriting.platform.seal_key import PUBLIC_KEY_BYTES, SealKey

    runtime = runtime_here()
    key = _bytes(public_key) if public_key else SealKey(runtime.settings.seal_key.reveal()).public
    if len(key) != PUBLIC_KEY_BYTES:
        raise click.BadParameter(f"is not {PUBLIC_KEY_BYTES} bytes in hexadecimal", param_hint="--public-key")
    with runtime.database.transaction() as session:
        extent = audit_check.extent(session)
        findings = [
            {"subject": finding.subject, "sequence": finding.sequence, "damage": str(finding.damage)}
            for finding in audit_check.check(session, public_key=key, folder=seals)
        ]
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
    from underwriting.platform.seal_key import PUBLIC_KEY_BYTES, SealKey, is_signed

    key = _bytes(public_key) if public_key else SealKey(settings_here().seal_key.reveal()).public
    if len(key) != PUBLIC_KEY_BYTES:
        raise click.BadParameter(f"is not {PUBLIC_KEY_BYTES} bytes in hexadecimal", param_hint="--public-key")
    faults = faults_of(
        file.read_bytes(), is_signed=lambda content, signature: is_signed(content, signature, public=key)
    )
    told = "\n".join(faults) or "The passport is whole, and gives the same decision again."
    show_result(as_json, {"holds": not faults, "faults": faults}, told)
    sys.exit(1 if faults else 0)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _told(counts: dict[str, int], findings: list[dict[str, object]]) -> str:
    lines = [f"{finding['subject']}  entry {finding['sequence']}: {finding['damage']}" for finding in findings]
    whole = ", ".join(f"{count} {what}" for what, count in counts.items())
    kinds = Counter(str(finding["damage"]) for finding in findings)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return "\n".join([*lines, f"{whole}: " + (told if findings else "nothing was changed, removed or inserted")])
