"""`borgen sanctions`: load a sanctions list, and settle what it found. What a command needs is imported inside it."""

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.due_diligence.services.settle_match import MatchView

_match = click.argument("match", type=click.UUID)
_note = click.option(
    "--note", required=True, help="What was looked at and why; kept encrypted, never shown to a party."
)


@click.group()
def sanctions() -> None:
    """Sanctions lists, and the matches that wait for a person."""


@sanctions.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@plain_errors
def load(file: Path, as_json: bool) -> None:
    """Load the European Union's consolidated list from the XML FILE; the same file again changes nothing."""
    from underwriting.due_diligence.services import load_list

    runtime = runtime_here()
    size = file.stat().st_size
    with file.open("rb") as opened, click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:

        def tell(position: int) -> None:
            bar.update(max(0, position - bar.pos))

        loaded = load_list.load(runtime, opened, actor="operator", tell=tell)
    value = {
        "version": loaded.version,
        "sha256": loaded.sha256,
        "generated_at": loaded.generated_at.isoformat(),
        "loaded_at": loaded.loaded_at.isoformat(),
        "entries": loaded.entries,
        "added": loaded.added,
        "changed": loaded.changed,
        "removed": loaded.removed,
        "is_new": loaded.is_new,
    }
    counted = f"{loaded.added} added, {loaded.changed} changed, {loaded.removed} removed"
    began = "Loaded" if loaded.is_new else "Had been loaded before, nothing was changed"
    show_result(as_json, value, f"{began}: list {loaded.version}, {loaded.entries} entries; {counted}")


@sanctions.command()
@username_option
@password_option
@json_option
@plain_errors
def matches(username: str | None, password: str | None, as_json: bool) -> None:
    """The matches that wait for a person, with the customer's data beside the entry's."""
    from underwriting.due_diligence.services.settle_match import unsettled
    from underwriting.kernel.vocabulary import CASE_READERS

    runtime = runtime_here()
    with logged_in(runtime, username, password, *CASE_READERS) as caller, runtime.database.transaction() as session:
        found = unsettled(session, runtime, caller)
    value = {"matches": [_value(one) for one in found]}
    show_result(as_json, value, "\n".join(map(_told, found)) or "No match waits.")


@sanctions.command()
@_match
@_note
@username_option
@password_option
@json_option
@plain_errors
def confirm(match: uuid.UUID, note: str, username: str | None, password: str | None, as_json: bool) -> None:
    """MATCH is the one on the list: no credit is given and nothing is paid out."""
    from underwriting.due_diligence.services import settle_match
    from underwriting.kernel.vocabulary import UNDERWRITERS

    runtime = runtime_here()
    with logged_in(runtime, username, password, *UNDERWRITERS) as caller, runtime.database.transaction() as session:
        found = settle_match.confirm(session, runtime, match, note, caller, at=runtime.clock.now())
    show_result(as_json, _value(found), _told(found))


@sanctions.command()
@_match
@_note
@username_option
@password_option
@json_option
@plain_errors
def clear(match: uuid.UUID, note: str, username: str | None, password: str | None, as_json: bool) -> None:
    """MATCH is somebody else. A strong one is cleared once a second person has run this, too."""
    from underwriting.due_diligence.services import settle_match
    from underwriting.kernel.vocabulary import UNDERWRITERS

    runtime = runtime_here()
    with logged_in(runtime, username, password, *UNDERWRITERS) as caller, runtime.database.transaction() as session:
        found = settle_match.clear(session, runtime, match, note, caller, at=runtime.clock.now())
    show_result(as_json, _value(found), _told(found))


def _value(match: "MatchView") -> dict[str, Any]:
    return {
        "id": str(match.id),
        "application_id": str(match.application_id),
        "role": match.role,
        "name": match.party_name,
        "born": match.party_born,
        "listed": {
            "reference": match.entry.reference,
            "name": match.listed_name,
            "names": list(match.entry.names),
            "born": [one.year for one in match.entry.born],
        },
        "score": match.score,
        "strong": match.strong,
        "state": str(match.state),
        "list": {"version": match.list_version, "sha256": match.list_sha256},
        "found_at": match.found_at.isoformat(),
        "note": match.note,
        "settled_by": match.settled_by,
        "approved_by": match.approved_by,
    }


def _told(match: "MatchView") -> str:
    years = ", ".join(str(one.year) for one in match.entry.born) or "not told"
    return "\n".join(
        [
            f"{match.id}  {match.state}  score {match.score}{' (strong)' if match.strong else ''}",
            f"  customer  {match.party_name}, {match.role}, born {match.party_born or 'not told'}",
            f"  list      {match.listed_name}, entry {match.entry.reference}, born {years}",
            f"  application {match.application_id}",
        ]
    )
