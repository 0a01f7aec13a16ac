"""`borgen user`: members of staff. `borgen client`: machine clients."""

import uuid
from typing import TYPE_CHECKING

import click

from underwriting.kernel.vocabulary import Role, Scope
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from underwriting.platform.staff_accounts import StaffView

_role_option = click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)

_scopes_option = click.option(
    "--scope", "scopes", type=click.Choice([str(scope) for scope in Scope]), multiple=True, required=True
)


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


@user.command("set-authority")
@click.argument("username")
@click.argument("limit", metavar="KRONOR|level")
@json_option
@plain_errors
def set_authority(username: str, limit: str, as_json: bool) -> None:
    """Set the highest limit that a member of staff gives alone; "level" for all that the role's level allows."""
    from underwriting.kernel.money import Money
    from underwriting.platform import staff_accounts

    try:
        amount = None if limit == "level" else Money.kronor(limit)
    except ValueError:
        raise click.BadParameter("an amount in kronor, or level") from None
    if amount is not None and amount < Money.ZERO:
        raise click.BadParameter("not below 0")
    staff_accounts.set_authority(runtime_here(), username, amount)
    show_result(as_json, {"username": username, "authority": limit}, f"{username} may give {limit} alone.")


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


@click.group()
def client() -> None:
    """Machine clients: programs that call the HTTP interface in their own name."""


@client.command("add")
@click.argument("name")
@_scopes_option
@click.option("--days", type=int, default=365, show_default=True, help="How long its key counts.")
@json_option
@plain_errors
def add_client(name: str, scopes: tuple[str, ...], days: int, as_json: bool) -> None:
    """Add a client; its key is printed once."""
    from underwriting.platform import machine_clients
    from underwriting.platform.staff_accounts import OPERATOR

    wanted = [Scope(scope) for scope in scopes]
    made, key = machine_clients.add_client(runtime_here(), name, wanted, days=days, actor=OPERATOR)
    show_result(as_json, {"id": str(made.id), "name": name, "key": key}, f"Added {name} ({made.id}). Its key: {key}")


@client.command("list")
@json_option
@plain_errors
def list_clients(as_json: bool) -> None:
    """Every client with its scopes, and its keys that count."""
    from underwriting.platform import machine_clients

    found = machine_clients.list_clients(runtime_here())
    clients = [
        {
            "id": str(one.id),
            "name": one.name,
            "scopes": list(one.scopes),
            "disabled": one.disabled_at is not None,
            "keys": [{"id": str(key.id), "expires_at": key.expires_at.isoformat()} for key in one.keys if key.counts],
        }
        for one in found
    ]
    lines = [f"{one.id}  {one.name:<24}{'closed' if one.disabled_at else ', '.join(one.scopes)}" for one in found]
    show_result(as_json, {"clients": clients}, "\n".join(lines) or "There are no clients yet.")


@client.command()
@click.argument("client_id", type=click.UUID)
@click.option("--days", type=int, default=365, show_default=True, help="How long the new key counts.")
@json_option
@plain_errors
def rotate(client_id: uuid.UUID, days: int, as_json: bool) -> None:
    """Give a client one more key, printed once; the ones before it count a week longer at most."""
    from underwriting.platform import machine_clients
    from underwriting.platform.staff_accounts import OPERATOR

    made, key = machine_clients.rotate_key(runtime_here(), client_id, days=days, actor=OPERATOR)
    show_result(as_json, {"id": str(client_id), "name": made.name, "key": key}, f"The new key of {made.name}: {key}")


@client.command("disable")
@click.argument("client_id", type=click.UUID)
@json_option
@plain_errors
def disable_client(client_id: uuid.UUID, as_json: bool) -> None:
    """Shut a client out with all its keys, for good."""
    from underwriting.platform import machine_clients
    from underwriting.platform.staff_accounts import OPERATOR

    machine_clients.disable_client(runtime_here(), client_id, actor=OPERATOR)
    show_result(as_json, {"id": str(client_id), "disabled": True}, f"Closed {client_id}.")


def _line(one: "StaffView") -> str:
    marks = [
        "second factor" if one.has_second_factor else "no second factor",
        *([] if one.has_password else ["sign-on only"]),
        *(["closed"] if one.disabled_at else []),
    ]
    return f"{one.username:<24}{one.role:<20}{', '.join(marks)}"
