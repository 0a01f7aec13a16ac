"""The log-in of a command that reads or changes what only some of staff may: name, password, second factor."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from underwriting.kernel.vocabulary import Role
    from underwriting.platform.authentication import Caller
    from underwriting.platform.runtime import Runtime

username_option = click.option("--username", help="Of a member of staff; asked for when not given.")
password_option = click.option(
    "--password", envvar="BORGEN_PASSWORD", help="Else BORGEN_PASSWORD; asked for when neither is given."
)


@contextmanager
def logged_in(runtime: "Runtime", username: str | None, password: str | None, *roles: "Role") -> "Iterator[Caller]":
    """Whoever has one of *roles* and this name and password, who is logged out afterwards; RoleMissing."""
    from underwriting.kernel.vocabulary import Awaited
    from underwriting.platform import second_factor, sessions
    from underwriting.platform.callers import ANONYMOUS
    from underwriting.platform.staff_accounts import log_in_staff

    name = username or click.prompt("Username", err=True)
    secret = password or click.prompt("Password", hide_input=True, err=True)
    token = log_in_staff(runtime, name, secret)
    try:
        caller = sessions.caller_of(runtime, token) or ANONYMOUS
        if caller.awaits is Awaited.SECOND_FACTOR:
            token = second_factor.pass_code(runtime, caller, click.prompt("Code", err=True))
            caller = sessions.caller_of(runtime, token) or ANONYMOUS
        caller.require(*roles)
        yield caller
    finally:
        sessions.end(runtime, token)
