"""The commands `borgen bureaus`: do the bureaus answer, what have they said, what was bought, what is in doubt."""

import json
import sys
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bureau_clients.replays import Replayed
    from underwriting.kernel.text import Language
    from underwriting.platform.authentication import Caller
    from underwriting.platform.runtime import Runtime

_language = click.option(
    "--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True, help="Of what is shown."
)


@click.group()
def bureaus() -> None:
    """The credit bureaus: checks, reports, replays and doubts."""


@bureaus.command()
@json_option
@plain_errors
def check(as_json: bool) -> None:
    """Try credentials, templates and latency of every bureau, and show what holds questions back.

    Nobody is asked about and nothing is charged. Exit code 1 when a bureau cannot be asked as it should.
    """
    from underwriting.bureaus_cli import health

    found = health.of_every_bureau(runtime_here())
    holds = all(one.holds for one in found)
    value = {"holds": holds, "bureaus": [health.as_value(one) for one in found]}
    show_result(as_json, value, "\n\n".join(health.as_text(one) for one in found))
    sys.exit(0 if holds else 1)


@bureaus.command()
@click.argument("number")
@click.option("--application", "application_id", type=click.UUID, help="Of this application; else the newest of all.")
@_language
@username_option
@password_option
@json_option
@plain_errors
def report(
    number: str,
    application_id: uuid.UUID | None,
    language: "Language",
    username: str | None,
    password: str | None,
    as_json: bool,
) -> None:
    """Show the newest kept answer about a company or a person; nobody is asked.

    NUMBER is an organisation number or a personal number; `-` reads it from standard input. Whoever reads is noted in
    the audit log.
    """
    from bureau_clients import evidence
    from bureau_clients.formats import report_to_json
    from underwriting.bureaus_cli.report_text import question_value, report_text

    runtime = runtime_here()
    digits = _digits_of(runtime, sys.stdin.readline() if number == "-" else number)
    with _logged_in(runtime, username, password) as caller, runtime.database.transaction() as session:
        found = evidence.about(session, runtime.cipher, digits, application_id=application_id)
        if not found:
            raise click.ClickException("Nothing is kept about that number.")
        told = next((one for one in found if one.report is not None), found[0])
        _note_reading(runtime, caller, "report", [told.evidence.report_id])
    if as_json:
        value = None if told.report is None else report_to_json(told.report)
        click.echo(json.dumps({**question_value(told), "report": value}, ensure_ascii=False))
    else:
        click.echo(report_text(told, language=language))


@bureaus.command()
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only answers that were asked for on this day or later."
)
@click.option("--values", "with_values", is_flag=True, help="Show the values too; needs a log-in.")
@_language
@username_option
@password_option
@json_option
@plain_errors
def replay(
    since: datetime | None,
    with_values: bool,
    language: "Language",
    username: str | None,
    password: str | None,
    as_json: bool,
) -> None:
    """Read the kept answers again with today's mapping, and say which facts changed; nobody is asked."""
    from underwriting.house import bureaus_of
    from underwriting.kernel.periods import stockholm_instant

    runtime = runtime_here()
    start = None if since is None else stockholm_instant(since.date())
    asked = bureaus_of(runtime.settings)
    if not with_values:
        _show_replays(_replayed(runtime, asked, start), as_json=as_json, values_in=None)
        return
    with _logged_in(runtime, username, password) as caller:
        replays = _replayed(runtime, asked, start)
        _note_reading(runtime, caller, "replay", [one.report_id for one in replays if one.differences])
    _show_replays(replays, as_json=as_json, values_in=language)


@bureaus.command()
@click.argument("bureau")
@click.argument("count", type=click.IntRange(1, 10_000_000))
@json_option
@plain_errors
def buy(bureau: str, count: int, as_json: bool) -> None:
    """Note that COUNT reports were bought of BUREAU, so that an alarm comes before they run out."""
    from bureau_clients import stock
    from underwriting.platform.bureau_settings import BUREAUS

    if bureau not in BUREAUS:
        raise click.BadParameter(f"is none of {', '.join(BUREAUS)}", param_hint="BUREAU")
    runtime = runtime_here()
    with runtime.database.transaction() as session:
        stock.buy(session, bureau=bureau, reports=count, by="operator", at=runtime.clock.now())
        (left,) = (found.left for found in stock.stock(session) if found.bureau == bureau)
    show_result(as_json, {"bureau": bureau, "bought": count, "left": left}, f"{left} reports are left at {bureau}.")


@bureaus.command()
@_language
@json_option
@plain_errors
def doubts(language: "Language", as_json: bool) -> None:
    """List the questions that wait for a person: their outcome is unknown, or they were refused (B3, B4)."""
    from bureau_clients import statistics
    from underwriting.bureaus_cli.report_text import moment, table
    from underwriting.house import bureaus_of, gateway_of

    runtime = runtime_here()
    gateway = gateway_of(runtime, bureaus_of(runtime.settings))
    with runtime.database.transaction() as session:
        found = statistics.doubts(session, at=runtime.wall.now())
    value = [
        {
            "application_id": str(doubt.application_id),
            "kind": doubt.kind,
            "bureau": doubt.bureau,
            "asked_at": doubt.asked_at.isoformat(),
            "outcome": doubt.outcome,
            "code": doubt.code,
            "copy_notice": doubt.copy_notice,
        }
        for doubt in found
    ]
    rows = []
    for doubt in found:
        meaning = None if doubt.code is None else gateway.explain(doubt.bureau, doubt.code)
        said = doubt.code or "" if meaning is None else f"{doubt.code}: {meaning.in_language(language)}"
        about = (str(doubt.application_id), doubt.kind, doubt.bureau, moment(doubt.asked_at))
        rows.append((*about, doubt.outcome, f"copy {doubt.copy_notice}", said))
    show_result(as_json, {"doubts": value}, "\n".join(table(rows)) if rows else "Nothing waits for a person.")


def _replayed(runtime: "Runtime", asked: Any, since: datetime | None) -> "list[Replayed]":
    from bureau_clients.evidence import EvidenceDamaged
    from bureau_clients.replays import replay

    with click.progressbar(length=1, label="Reading kept answers", file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        try:
            return list(replay(runtime, asked, since=since, progress=show))
        except EvidenceDamaged as error:
            raise click.ClickException(f"What is kept is not what was received: {error}") from error


def _show_replays(replays: "list[Replayed]", *, as_json: bool, values_in: "Language | None") -> None:
    from underwriting.bureaus_cli.replays import lines_of, value_of

    changed = [one for one in replays if one.differences or one.before != one.after]
    value = {"read": len(replays), "changed": [value_of(one, values_in=values_in) for one in changed]}
    lines = [line for one in changed for line in lines_of(one, values_in=values_in)]
    summary = f"{len(changed)} of {len(replays)} kept answers read differently today."
    show_result(as_json, value, "\n".join((*lines, summary)))


def _logged_in(runtime: "Runtime", username: str | None, password: str | None) -> "AbstractContextManager[Caller]":
    """Whoever reads cases and has this name and password."""
    from underwriting.kernel.vocabulary import CASE_READERS

    return logged_in(runtime, username, password, *CASE_READERS)


def _note_reading(runtime: "Runtime", caller: "Caller", command: str, report_ids: Sequence[uuid.UUID]) -> None:
    """Keep that *caller* reads the reports, before they are shown."""
    from underwriting.platform.read_log import DataKind, Reading, note

    shown = {f"credit_report:{report_id}": (DataKind.CREDIT_REPORT,) for report_id in report_ids}
    note(runtime, Reading(caller.actor, f"borgen bureaus {command}"), shown)


def _digits_of(runtime: "Runtime", number: str) -> str:
    """The digits of an organisation number, or else of a personal number."""
    from underwriting.kernel.errors import InvalidInput
    from underwriting.kernel.identifiers import parse_organisation_number, parse_personal_number
    from underwriting.kernel.periods import stockholm_date

    try:
        return parse_organisation_number(number).digits
    except InvalidInput:
        return parse_personal_number(number, on=stockholm_date(runtime.wall.now())).digits
