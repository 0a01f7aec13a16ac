"""`borgen user` and `borgen client`: what an operator does to the accounts of staff, and the exact refusals."""

import json
import uuid
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.environment import complete_environment
from underwriting.cli import main
from underwriting.platform import machine_clients, sessions
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import LoginRefused, log_in_staff

PASSWORD = "korrekt häst batteri häftklammer"


@pytest.fixture
def runtime(
    committed_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Runtime:
    """The commands' own runtime: on a database of the test's own."""
    folder = tmp_path_factory.mktemp("environment")
    for name, value in complete_environment(folder, database_url=committed_runtime.database.url).items():
        monkeypatch.setenv(name, value)
    return committed_runtime


def borgen(*arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner().invoke(main, [*arguments, "--json"])
    assert done.exit_code == exit_code, done.output
    return json.loads(done.output.splitlines()[-1]) if exit_code == 0 else done.output


def add(role: str = "auditor") -> None:
    borgen("user", "add", "astrid", "--role", role, "--password", PASSWORD)


def test_an_account_from_its_beginning_to_its_end(runtime: Runtime) -> None:
    add()
    assert borgen("user", "list")["users"] == [
        {"username": "astrid", "role": "auditor", "password": True, "second_factor": False, "disabled": False}
    ]
    token = log_in_staff(runtime, "astrid", PASSWORD)
    borgen("user", "set-role", "astrid", "--role", "senior_underwriter")
    assert sessions.caller_of(runtime, token) is None
    borgen("user", "set-password", "astrid", "--password", "dinosaurie-42-moln")
    with pytest.raises(LoginRefused):
        log_in_staff(runtime, "astrid", PASSWORD)
    assert log_in_staff(runtime, "astrid", "dinosaurie-42-moln")
    borgen("user", "reset-second-factor", "astrid")
    borgen("user", "disable", "astrid")
    with pytest.raises(LoginRefused):
        log_in_staff(runtime, "astrid", "dinosaurie-42-moln")
    borgen("user", "enable", "astrid")
    assert log_in_staff(runtime, "astrid", "dinosaurie-42-moln")


@pytest.mark.parametrize(
    "arguments",
    [
        ("set-role", "nobody", "--role", "billing"),
        ("disable", "nobody"),
        ("enable", "nobody"),
        ("reset-second-factor", "nobody"),
        ("set-password", "nobody", "--password", PASSWORD),
    ],
)
def test_who_is_not_there_is_said_not_to_be(runtime: Runtime, arguments: tuple[str, ...]) -> None:
    assert "There is no such thing" in borgen("user", *arguments, exit_code=1)


def test_a_client_from_its_key_to_its_end(runtime: Runtime) -> None:
    made = borgen("client", "add", "ledger", "--scope", "events:read", "--scope", "payments:read", "--days", "30")
    assert machine_clients.caller_of_key(runtime, made["key"]) is not None
    turned = borgen("client", "rotate", made["id"])
    assert turned["key"] != made["key"]
    (listed,) = borgen("client", "list")["clients"]
    assert (listed["name"], listed["scopes"], len(listed["keys"])) == ("ledger", ["events:read", "payments:read"], 2)
    borgen("client", "disable", made["id"])
    assert machine_clients.caller_of_key(runtime, turned["key"]) is None
    assert "There is no such thing" in borgen("client", "rotate", str(uuid.uuid4()), exit_code=1)
    assert "Invalid value for '--scope'" in borgen("client", "add", "x", "--scope", "all", exit_code=2)


def test_a_name_is_taken_once_and_a_password_is_not_just_any(runtime: Runtime) -> None:
    add()
    again = borgen("user", "add", "astrid", "--role", "billing", "--password", PASSWORD, exit_code=1)
    assert "The username is taken" in again
    weak = borgen("user", "add", "bo", "--role", "billing", "--password", "Sommar2026!!", exit_code=1)
    assert "tried first" in weak
    assert len(borgen("user", "list")["users"]) == 1
