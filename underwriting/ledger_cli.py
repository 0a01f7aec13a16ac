"""`borgen ledger`: whether the books are as they always are. What a command needs is imported inside it."""

import sys
from typing import TYPE_CHECKING, Any

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from agreements.reconciliation.service import Finding, Offence


@click.group()
def ledger() -> None:
    """The books: what was paid out, charged, asked for and paid."""


@ledger.command("check")
@json_option
@plain_errors
def check_ledger(as_json: bool) -> None:
    """Prove everything that always holds of the books, on a database that may be at work. Exit code 1 if it does not.

    One line for each invariant, and under it the first 20 agreements or entries that break it. Nothing is changed, and
    nobody waits for it. All is read as it stood when the command began.
    """
    from agreements.reconciliation.service import INVARIANTS, prove

    def tell(finding: "Finding") -> None:
        click.echo(_told(finding), err=as_json)

    findings = prove(runtime_here().database, told=tell)
    faults = sum(not finding.holds for finding in findings)
    value = {"holds": not faults, "invariants": [_value(finding) for finding in findings]}
    result = f"{faults} of {len(INVARIANTS)} do not hold." if faults else f"All {len(INVARIANTS)} hold."
    show_result(as_json, value, result)
    sys.exit(1 if faults else 0)


def _value(finding: "Finding") -> dict[str, Any]:
    invariant = finding.invariant
    return {
        "name": invariant.name,
        "rule": invariant.rule,
        "sentence": {"sv": invariant.text.sv, "en": invariant.text.en},
        "holds": finding.holds,
        "count": finding.count,
        "first": [_place(offence) for offence in finding.first],
    }


def _place(offence: "Offence") -> dict[str, str | None]:
    return {
        "agreement_id": str(offence.agreement_id) if offence.agreement_id else None,
        "entry_id": str(offence.entry_id) if offence.entry_id else None,
        "what": offence.what,
    }


def _told(finding: "Finding") -> str:
    invariant = finding.invariant
    state = "holds" if finding.holds else f"BROKEN {finding.count} times"
    lines = [f"{invariant.name:<30}{invariant.rule:<4}{state}. {invariant.text.en}"]
    for offence in finding.first:
        places = {name: value for name, value in _place(offence).items() if value is not None}
        what = places.pop("what", "")
        lines.append("    " + "  ".join([*(f"{name[:-3]} {value}" for name, value in places.items()), what]).rstrip())
    if finding.count > len(finding.first):
        lines.append(f"    and {finding.count - len(finding.first)} more")
    return "\n".join(lines)
