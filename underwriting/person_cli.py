"""`borgen person`: what is kept on a person, and its erasure. What a command needs is imported inside it.

The number is asked for, or read from standard input: an argument would stand in the shell's history.
"""

import json
import sys
from typing import TYPE_CHECKING

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.kernel.identifiers import PersonalNumber
    from underwriting.platform.authentication import Caller
    from underwriting.platform.runtime import Runtime

_number_option = click.option(
    "--personal-number", prompt="Personal number", hide_input=True, help="Asked for when not given."
)


@click.group()
def person() -> None:
    """What is kept on a person (GDPR, articles 15 and 17). Make sure first who is asking."""


@person.command()
@_number_option
@plain_errors
def export(personal_number: str) -> None:
    """Print all that is kept on the person, as JSON, for that person alone."""
    from underwriting.personal_data import person as service
    from underwriting.platform import read_log

    runtime, operator = runtime_here(), _operator()
    with read_log.command(runtime, operator.actor, "borgen person export"):
        content = service.export(runtime, _parsed(personal_number, runtime), operator)
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


@person.command()
@_number_option
@click.confirmation_option(prompt="What no law keeps is erased and cannot be brought back. Go on?")
@json_option
@plain_errors
def erase(personal_number: str, as_json: bool) -> None:
    """Erase what no law keeps on the person. Exit code 1 when something is kept; it says why and through which day."""
    from underwriting.personal_data import person as service

    runtime = runtime_here()
    answers = service.erase(runtime, _parsed(personal_number, runtime), _operator())
    value = [
        {
            "application_id": str(answer.application_id) if answer.application_id else None,
            "kind": answer.kind,
            "erased": answer.erased,
            "reason": answer.reason.en if answer.reason else None,
            "source": answer.source,
            "through": answer.through.isoformat() if answer.through else None,
        }
        for answer in answers
    ]
    lines = [
        f"{answer.application_id or '-'}  {answer.kind}: "
        + (
            "erased"
            if answer.erased
            else f"kept through {answer.through or 'its end'}: "
            f"{answer.reason.en if answer.reason else ''}{f' ({answer.source})' if answer.source else ''}"
        )
        for answer in answers
    ]
    show_result(as_json, {"matters": value}, "\n".join(lines) or "Nothing is kept on this person.")
    sys.exit(0 if all(answer.erased for answer in answers) else 1)


def _parsed(text: str, runtime: "Runtime") -> "PersonalNumber":
    from underwriting.kernel.identifiers import parse_personal_number
    from underwriting.kernel.periods import stockholm_date

    return parse_personal_number(text, on=stockholm_date(runtime.clock.now()))


def _operator() -> "Caller":
    """Whoever may run commands with the service's keys may do what an administrator may."""
    from underwriting.kernel.vocabulary import Role
    from underwriting.platform.authentication import Caller

    return Caller("operator", role=Role.ADMINISTRATOR)
