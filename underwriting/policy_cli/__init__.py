"""`borgen policy`: the decision policy's versions, and what another one would do (rule D11).

What a command needs is imported inside it. Reading needs the settings of the service alone; whoever drafts, approves or
publishes logs in, so that it is known that two persons did.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

import click

from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.decisions.comparison import Change
    from underwriting.decisions.policy import Policy, PolicyInvalid
    from underwriting.decisions.services.find_policy import VersionView
    from underwriting.decisions.services.keep_policies import Policies
    from underwriting.kernel.text import Language

_SHOWN_CHANGES = 20
_language = click.option(
    "--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True, help="Of what is shown."
)
_hash = click.option("--sha256", metavar="HEX", help="The hash that the document must have.")
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def policy() -> None:
    """The decision policy: its versions, drafts, comparisons, and which is in force."""


@policy.command("list")
@json_option
@plain_errors
def list_versions(as_json: bool) -> None:
    """Every version: its hash, how it stands, and from when it is or was in force."""
    from underwriting.policy_cli import told

    policies = _policies()
    at = policies.runtime.clock.now()
    found = policies.versions()
    value = {"versions": [told.version_value(one, at) for one in found]}
    show_result(as_json, value, "\n".join(told.version_lines(found, at)))


@policy.command()
@click.argument("version", required=False)
@click.option("--document", "as_document", is_flag=True, help="Print the JSON document itself, to the byte.")
@_language
@json_option
@plain_errors
def show(version: str | None, as_document: bool, language: "Language", as_json: bool) -> None:
    """Show VERSION, or the one in force, with its scorecards and prices as tables.

    VERSION is its name, or the first 8 digits of its hash or more.
    """
    from underwriting.policy_cli import told

    policies = _policies()
    view, found = policies.open(version or policies.in_force().sha256)
    if as_document:
        click.echo(policies.document(view.sha256), nl=False)
        return
    value = told.version_value(view, policies.runtime.clock.now())
    if as_json:
        value["document"] = json.loads(policies.document(view.sha256))
    head = told.version_lines([view], policies.runtime.clock.now())
    show_result(as_json, value, "\n".join([*head, "", *told.policy_lines(found, language)]))


@policy.command()
@_file
@_hash
@_language
@json_option
@plain_errors
def check(file: Path, sha256: str | None, language: "Language", as_json: bool) -> None:
    """Read and prove the document FILE; nothing is kept. Exit code 1, and where it breaks which rule, if it does."""
    from underwriting.decisions.policies import load_policy
    from underwriting.decisions.policy import PolicyInvalid

    try:
        found = load_policy(file.read_bytes(), sha256=sha256)
    except PolicyInvalid as refusal:
        _show_faults(refusal, language, as_json=as_json)
    value = {"holds": True, "version": found.version, "sha256": found.sha256, "errors": []}
    show_result(as_json, value, f"Version {found.version} holds. Its hash is {found.sha256}")


@policy.command()
@_file
@_hash
@username_option
@password_option
@_language
@json_option
@plain_errors
def draft(
    file: Path, sha256: str | None, username: str | None, password: str | None, language: "Language", as_json: bool
) -> None:
    """Keep the document FILE as a draft that another person may approve. Exit code 1 where it breaks a rule."""
    from underwriting.decisions.policy import PolicyInvalid
    from underwriting.decisions.services.keep_policies import POLICY_WRITERS

    policies = _policies()
    with logged_in(policies.runtime, username, password, *POLICY_WRITERS) as caller:
        try:
            view = policies.draft(file.read_bytes(), caller, sha256=sha256)
        except PolicyInvalid as refusal:
            _show_faults(refusal, language, as_json=as_json)
    _show_version(policies, view, as_json, f"Version {view.version} is drafted; another person has to approve it.")


@policy.command()
@click.argument("version")
@username_option
@password_option
@json_option
@plain_errors
def approve(version: str, username: str | None, password: str | None, as_json: bool) -> None:
    """Approve the draft VERSION; never one's own."""
    from underwriting.decisions.services.keep_policies import POLICY_WRITERS

    policies = _policies()
    with logged_in(policies.runtime, username, password, *POLICY_WRITERS) as caller:
        view = policies.approve(version, caller)
    _show_version(policies, view, as_json, f"Version {view.version} is approved; it can be published.")


@policy.command()
@click.argument("version")
@click.option("--from", "from_", metavar="INSTANT", help="RFC 3339, as 2026-12-01T00:00:00+01:00; else from now.")
@username_option
@password_option
@json_option
@plain_errors
def publish(version: str, from_: str | None, username: str | None, password: str | None, as_json: bool) -> None:
    """Put the approved VERSION in force; an older one too, which is how a change is taken back."""
    from underwriting.bureaus_cli.report_text import moment
    from underwriting.decisions.services.keep_policies import POLICY_WRITERS

    policies, start = _policies(), None if from_ is None else _instant(from_)
    with logged_in(policies.runtime, username, password, *POLICY_WRITERS) as caller:
        view = policies.publish(version, caller, from_=start)
    begins = moment(view.publications[-1].in_force_from)
    _show_version(policies, view, as_json, f"Version {view.version} is in force from {begins}, Stockholm time.")


@policy.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@click.option("--processes", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help="By default one per core.")
@click.option("--changes", type=click.File("w", encoding="utf-8"), help="Write every application that changes here.")
@_language
@json_option
@plain_errors
def diff(a: str, b: str | None, processes: int, changes: IO[str] | None, language: "Language", as_json: bool) -> None:
    """Compare A with B, or with the policy in force, over all stored applications with their stored inputs.

    A and B are files or versions. Told are, for each company form, who gets another outcome, and the exposure and the
    fees of what would have been offered. Nothing is changed.
    """
    from underwriting.decisions.comparison import as_value, change_value
    from underwriting.policy_cli import told

    policies = _policies()
    after = _policy_of(policies, a, language, as_json=as_json)
    before = policies.in_force() if b is None else _policy_of(policies, b, language, as_json=as_json)
    flips: list[Change] = []
    others: list[Change] = []

    def tell(change: "Change") -> None:
        shown = flips if change.flips else others
        if len(shown) < _SHOWN_CHANGES:
            shown.append(change)
        if changes is not None:
            changes.write(json.dumps(change_value(change)) + "\n")

    with click.progressbar(length=1, label="Comparing applications", file=sys.stderr) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.length = max(total or 0, 1)
            bar.update(done - bar.pos)

        policies.runtime.database.dispose()  # the processes begin without a connection
        tally = policies.compare(before, after, processes=processes, tell=tell, progress=progress)
    first = [*flips, *others][:_SHOWN_CHANGES]
    value = {
        "before": {"version": before.version, "sha256": before.sha256},
        "after": {"version": after.version, "sha256": after.sha256},
        "all": as_value(tally.whole),
        "forms": {form: as_value(one) for form, one in tally.forms.items()},
        "erased": tally.erased,
        "changes": [change_value(change) for change in first],
    }
    show_result(as_json, value, "\n".join(told.comparison_lines(before, after, tally, first, language)))


def _policies() -> "Policies":
    from underwriting.decisions.services.keep_policies import Policies

    return Policies(runtime_here())


def _policy_of(policies: "Policies", name: str, language: "Language", *, as_json: bool) -> "Policy":
    """The policy of a file, or else of a version."""
    from underwriting.decisions.policies import load_policy
    from underwriting.decisions.policy import PolicyInvalid

    if not Path(name).is_file():
        return policies.open(name)[1]
    try:
        return load_policy(Path(name).read_bytes())
    except PolicyInvalid as refusal:
        _show_faults(refusal, language, as_json=as_json)


def _show_version(policies: "Policies", view: "VersionView", as_json: bool, text: str) -> None:
    from underwriting.policy_cli import told

    show_result(as_json, told.version_value(view, policies.runtime.clock.now()), f"{text} Its hash is {view.sha256}")


def _show_faults(refusal: "PolicyInvalid", language: "Language", *, as_json: bool) -> NoReturn:
    """Say where the document breaks which rule, and end with status 1."""
    errors = [
        {"pointer": one.pointer, "rule": one.rule, "detail": one.detail.in_language(language)} for one in refusal.errors
    ]
    lines = [f"{one['pointer'] or '/'}  {one['rule'] or ''}  {one['detail']}" for one in errors]
    show_result(as_json, {"holds": False, "errors": errors}, "\n".join(["The document breaks rules:", *lines]))
    sys.exit(1)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("is no instant", param_hint="--from") from error
    if found.tzinfo is None:
        raise click.BadParameter("says no time zone, as in 2026-12-01T00:00:00+01:00", param_hint="--from")
    return found
