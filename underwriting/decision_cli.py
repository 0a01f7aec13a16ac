"""`borgen decision`: a decision's passport. What a command needs is imported inside it."""

import uuid
from pathlib import Path

import click

from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result


@click.group()
def decision() -> None:
    """Decisions as they are handed on."""


@decision.command()
@click.argument("decision_id", type=click.UUID)
@click.option("--to", "file", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Else ID.passport.")
@username_option
@password_option
@json_option
@plain_errors
def passport(
    decision_id: uuid.UUID, file: Path | None, username: str | None, password: str | None, as_json: bool
) -> None:
    """Write one decision with all that it rests on to a file that `borgen verify passport` checks (D15).

    It holds personal data: the texts that were signed. Whoever exports it is noted in the audit log.
    """
    from underwriting.decisions.services.export_passport import export
    from underwriting.kernel.vocabulary import CASE_READERS

    runtime, target = runtime_here(), file or Path(f"{decision_id}.passport")
    with logged_in(runtime, username, password, *CASE_READERS) as caller:
        with runtime.database.transaction() as session:
            content = export(session, runtime, decision_id, caller, at=runtime.clock.now())
        target.touch(mode=0o600)
        target.write_bytes(content)
    show_result(as_json, {"file": str(target), "bytes": len(content)}, f"Wrote {target} ({len(content)} bytes).")
