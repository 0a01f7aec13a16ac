"""`borgen user`: members of staff."""

from typing import TYPE_CHECKING

import click

from underwriting.kernel.vocabulary import Role
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.platform.staff_accounts import StaffView

_role_option = click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)


@click.group()
def user() -> None:
    """Members of staff."""


@user.command()
@click.argument("username")
@_role_option
@click.option("--personal-number", help="Who the user is, so that nobody decides on themselves.")
@click.password_option(help="Asked for when not given.")
@json_option
@plain_errors
def add(username: str, role: str, personal_number: str | None, password: str, as_json: bool) -> None:
    """Add a member of staff."""
    from underwriting.kernel.identifiers import parse_personal_number
    from underwriting.kernel.periods import stockholm_date
    from underwriting.platform.staff_accounts import add_staff

    runtime = runtime_here()
    now = runtime.wall.now()
    person = parse_personal_number(personal_number, on=stockholm_date(now)) if personal_number else None
    with runtime.database.transaction() as session:
        identifier = add_staff(session, runtime, username, password, Role(role), person=person, at=now)
    show_result(as_json, {"id": str(identifier), "username": username, "role": role}, f"Added {username} as {role}.")


@user.command("list")
@json_option
@plain_errors
def list_users(as_json: bool) -> None:
    """Every member of staff: role, second factor, whether the account is closed."""
    from underwriting.platform.staff_accounts import list_staff

    found = list_staff(runtime_here())
    members = [
        {
            "username": one.username,
            "role": str(one.role),
            "password": one.has_password,
            "second_factor": one.has_second_factor,
            "disabled": one.disabled_at is not None,
        }
        for one in found
    ]
    show_result(as_json, {"users": members}, "\n".join(map(_line, found)) or "There is nobody yet.")


@user.command()
@click.argument("username")
@json_option
@plain_errors
def disable(username: str, as_json: bool) -> None:
    """Close an account; its sessions end at once."""
    from underwriting.platform import staff_accounts

    staff_accounts.disable(runtime_here(), username)
    show_result(as_json, {"username": username, "disabled": True}, f"Closed {username}.")


@user.command()
@click.argument("username")
@json_option
@plain_errors
def enable(username: str, as_json: bool) -> None:
    """Open an account that was closed, or locked after wrong passwords."""
    from underwriting.platform import staff_accounts

    staff_accounts.enable(runtime_here(), username)
    show_result(as_json, {"username": username, "disabled": False}, f"Opened {username}.")


@user.command("set-role")
@click.argument("username")
@_role_option
@json_option
@plain_errors
def set_role(username: str, role: str, as_json: bool) -> None:
    """Give a member of staff another role; open sessions end."""
    from underwriting.platform import staff_accounts

    staff_accounts.set_role(runtime_here(), username, Role(role))
    show_result(as_json, {"username": username, "role": role}, f"{username} is {role} now.")


@user.command("set-password")
@click.argument("username")
@click.password_option(help="Asked for when not given.")
@json_option
@plain_errors
def set_password(username: str, password: str, as_json: bool) -> None:
    """Give a member of staff a new password; open sessions end."""
    from underwriting.platform import staff_accounts

    staff_accounts.set_password(runtime_here(), username, password)
    show_result(as_json, {"username": username}, f"{username} has a new password.")


@user.command("reset-second-factor")
@click.argument("username")
@json_option
@plain_errors
def reset_second_factor(username: str, as_json: bool) -> None:
    """Forget a member of staff's app and recovery codes; open sessions end."""
    from underwriting.platform import staff_accounts

    staff_accounts.reset_second_factor(runtime_here(), username)
    show_result(as_json, {"username": username}, f"{username} has no second factor now.")


def _line(one: "StaffView") -> str:
    marks = [
        "second factor" if one.has_second_factor else "no second factor",
        *([] if one.has_password else ["sign-on only"]),
        *(["closed"] if one.disabled_at else []),
    ]
    return f"{one.username:<24}{one.role:<20}{', '.join(marks)}"
