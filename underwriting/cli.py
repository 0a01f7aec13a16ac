"""The command `borgen`. What a command needs is imported inside it, so that `borgen --help` answers at once."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underwriting.access_cli import client, user
from underwriting.accounting_cli import accounting
from underwriting.audit_cli import audit, verify
from underwriting.bureaus_cli import bureaus
from underwriting.decision_cli import decision
from underwriting.document_cli import document
from underwriting.events_cli import events
from underwriting.jobs_cli import jobs
from underwriting.keys_cli import keys
from underwriting.ledger_cli import ledger
from underwriting.person_cli import person
from underwriting.policy_cli import policy
from underwriting.reference_rate_cli import reference_rate
from underwriting.sanctions_cli import sanctions
from underwriting.terminal import (
    environment_here,
    home_folder,
    json_option,
    plain_errors,
    runtime_here,
    show_result,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from underwriting.kernel.text import Language, Text

_SECONDS = click.FloatRange(min=0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Borgen: business credit with personal guarantees for Swedish companies."""


main.add_command(bureaus)
main.add_command(events)
main.add_command(jobs)
main.add_command(client)
main.add_command(user)
main.add_command(keys)
main.add_command(ledger)
main.add_command(person)
main.add_command(policy)
main.add_command(decision)
main.add_command(document)
main.add_command(sanctions)
main.add_command(verify)
main.add_command(audit)
main.add_command(accounting)
main.add_command(reference_rate)


@main.command()
@json_option
@plain_errors
def up(as_json: bool) -> None:
    """Run everything here: database, service, worker, stand-ins and demo data, until Ctrl-C.

    The data are kept in the folder BORGEN_HOME (./var). Three ports from BORGEN_PORT (8080) are used.
    """
    from underwriting import up as local

    def show(overview: local.Overview) -> None:
        show_result(as_json, {"addresses": overview.places(), "log_ins": list(overview.log_ins)}, str(overview))

    sys.exit(local.up(home_folder(), os.environ, say=lambda text: click.echo(text, err=True), show=show))


@main.command()
@click.option("--bind", default="127.0.0.1:8080", show_default=True, help="HOST:PORT to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Threads of each process.")
@plain_errors
def serve(bind: str, workers: int, threads: int) -> None:
    """Serve the web application, with settings from the environment."""
    import tempfile

    from underwriting.house import bureaus_of, require_keys
    from underwriting.platform.metrics_folder import METRICS_FOLDER
    from underwriting.up import gunicorn_command

    runtime = runtime_here()
    bureaus_of(runtime.settings)  # what is wrong is told here, once, and not by each of the server's processes
    require_keys(runtime)
    runtime.database.dispose()
    command = gunicorn_command(bind, workers=workers, threads=threads)
    environment = {METRICS_FOLDER: tempfile.mkdtemp(prefix="borgen-metrics-"), **environment_here()}
    os.execve(command[0], command, environment)  # noqa: S606 - becomes the server itself, so that signals reach it


@main.command()
@plain_errors
def worker() -> None:
    """Run the scheduled jobs until a signal comes; any number of workers may run."""
    from underwriting import worker
    from underwriting.house import require_keys

    runtime = runtime_here()
    require_keys(runtime)
    worker.run(runtime)


@main.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="Where the two bureaus answer; 0 takes a free port.",
)
@click.option("--tls", is_flag=True, help="Answer by HTTPS, with an authority made in BORGEN_HOME.")
@click.option(
    "--latency",
    "latency_seconds",
    type=_SECONDS,
    default=0.0,
    show_default=True,
    help="Seconds that each answer about somebody takes.",
)
@click.option(
    "--silence",
    "silent_seconds",
    type=_SECONDS,
    default=60.0,
    show_default=True,
    help="Seconds that an answer takes that comes too late.",
)
@click.option("--password", default="borgen-i-sandladan", show_default=True, help="The account's, at either bureau.")
@click.option(
    "--bank-drop",
    type=click.Path(file_okay=False, path_type=Path),
    help="Play the bank as well, in this folder: what a service has as BANK_DROP.",
)
@click.option("--http", "http_socket", type=int, hidden=True, help="Number of the open socket for HTTP.")
@click.option("--https", "https_socket", type=int, hidden=True, help="Number of the open socket for BankID.")
@json_option
@plain_errors
def sandbox(
    port: int,
    tls: bool,
    latency_seconds: float,
    silent_seconds: float,
    password: str,
    bank_drop: Path | None,
    http_socket: int | None,
    https_socket: int | None,
    as_json: bool,
) -> None:
    """Play the two bureaus on this machine until Ctrl-C; prints the settings of a service that is to ask them.

    Needs no database and no settings. `borgen up` plays BankID and the bank too, on sockets that it hands over.
    """
    from underwriting import sandbox_process

    if http_socket is not None and https_socket is not None:
        sandbox_process.run(runtime_here(), http_socket=http_socket, https_socket=https_socket)
        return

    def show(address: str, settings: "Mapping[str, str]") -> None:
        lines = [f"The bureaus answer at {address}; Ctrl-C stops them.", ""]
        lines += [f"{name}={value}" for name, value in settings.items()]
        lines += ["", f"Faults and questions: {address}/control/creditsafe and {address}/control/bisnode"]
        show_result(as_json, {"address": address, "settings": dict(settings)}, "\n".join(lines))

    sandbox_process.run_bureaus(
        port=port,
        folder=home_folder() / "pki",
        tls=tls,
        latency_seconds=latency_seconds,
        silent_seconds=silent_seconds,
        password=password,
        bank_drop=bank_drop,
        show=show,
    )


@main.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision instead; `base` removes every table.")
@json_option
@plain_errors
def migrate(down_to: str | None, as_json: bool) -> None:
    """Bring the tables of the database DATABASE_URL to the newest revision."""
    from underwriting import migrations
    from underwriting.platform.database import Database

    url = environment_here().get("DATABASE_URL")
    if not url:
        raise click.ClickException("DATABASE_URL is missing")
    database = Database(url, as_service=False)
    database.check_server()
    database.dispose()
    if down_to:
        migrations.downgrade(url, to=down_to)
    else:
        migrations.upgrade(url)
    revision = down_to or "head"
    show_result(as_json, {"revision": revision}, f"The database is at revision {revision}.")


@main.command("demo-data")
@json_option
@plain_errors
def demo_data(as_json: bool) -> None:
    """Load the demo data unless they are there, and tell its log-ins; for the sandbox only."""
    from underwriting import demo_data

    log_ins = [dict(log_in) for log_in in demo_data.load(runtime_here())]
    show_result(as_json, {"log_ins": log_ins}, "\n".join("  ".join(log_in.values()) for log_in in log_ins))


@main.command()
@click.option("--language", type=click.Choice(["sv", "en"]), default="sv", show_default=True, help="Of the story.")
@click.option("--years", type=click.IntRange(1, 5), help="Play so many years of a portfolio instead.")
@click.option("--agreements", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="With --years.")
@click.option("--seed", type=int, default=1, show_default=True, help="With --years: the same seed, the same payers.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-years"),
    show_default=True,
    help="With --years: the folder for report and SIE files.",
)
@json_option
@plain_errors
def demo(language: "Language", years: int | None, agreements: int, seed: int, output: Path, as_json: bool) -> None:
    """Play a loan's whole life per company form on a test clock, in an environment of its own; about a minute.

    With --years it plays the monthly life of a portfolio, day by day, in minutes. Agreements are laid down as signed,
    without BankID and documents, and few invoices become PDFs; payouts, fees, invoices, payments by BgMax,
    cancellations, redemptions and the closing of months are the service's own work. The books are proven each day.
    It ends with a report of charts and the SIE files, whose sums are held against the ledger.

    Exit code 1 if anything does not come out as it was told.
    """
    if years is not None:
        _demo_years(language, 12 * years, agreements, seed, output, as_json=as_json)
        return
    from underwriting.demo.environment import NotStarted
    from underwriting.demo.story import perform
    from underwriting.platform import logs

    logs.configure("WARNING")

    def say(text: "Text") -> None:
        click.echo(text.in_language(language), err=True)

    try:
        stage = perform(language, print_line=_silence if as_json else click.echo, say=say)
    except NotStarted as error:
        raise click.ClickException(str(error)) from error
    for fault in stage.faults:
        click.echo(f"!!! {fault}", err=True)
    if as_json:
        click.echo(
            json.dumps({"loans": stage.facts, "ledger": stage.ledger, "faults": stage.faults}, ensure_ascii=False)
        )
    sys.exit(1 if stage.faults else 0)


def _demo_years(language: "Language", months: int, count: int, seed: int, folder: Path, *, as_json: bool) -> None:
    from underwriting.demo.years.perform import perform
    from underwriting.platform import logs

    logs.configure("ERROR")

    def say(text: "Text") -> None:
        click.echo(text.in_language(language), err=True)

    done = perform(months=months, count=count, seed=seed, folder=folder, language=language, say=say)
    for fault in done.faults:
        click.echo(f"!!! seed {seed}: {fault}", err=True)
    told = [one.in_language(language) for one in done.told]
    files = [str(file) for file in (done.report, *done.sie_files)]
    value = {"seed": seed, "told": told, "files": files, "faults": list(done.faults)}
    show_result(as_json, value, "\n".join([*told, str(done.report)]))
    sys.exit(1 if done.faults else 0)


def _silence(_line: str) -> None:
    """Where nobody reads the story."""


if __name__ == "__main__":
    main()
