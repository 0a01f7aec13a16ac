"""The commands `borgen keys`, run as an operator runs them."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.lending import ANNA
from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.platform import sessions
from underwriting.platform.blind_index import index_under
from underwriting.platform.runtime import Runtime

FIRST, SECOND = b"i" * 32, b"j" * 32  # of the index; the first is BORGEN_INDEX_KEY of the tests' environment

Run = Callable[..., tuple[int, str]]


def named(**keys: bytes) -> str:
    return ",".join(f"{name.removeprefix('v')}:{base64.b64encode(key).decode()}" for name, key in keys.items())


@pytest.fixture
def run(committed_runtime: Runtime, tmp_path: Path) -> Run:
    """Runs `borgen keys …` as the owner, with index keys by version: the exit code and what is printed."""
    environment = servable_environment(tmp_path, database_url=committed_runtime.settings.database_url.reveal())

    def command(*arguments: str, **keys: bytes) -> tuple[int, str]:
        listed = {"BORGEN_INDEX_KEYS": named(**keys)} if keys else {}
        if keys and "v1" not in keys:
            listed["BORGEN_INDEX_KEY"] = ""
        done = CliRunner().invoke(main, ("keys", *arguments), env={**environment, **listed})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if "--json" in arguments else done.output

    return command


@pytest.fixture
def anna(committed_runtime: Runtime) -> None:
    """A person has logged in."""
    with committed_runtime.database.transaction() as session:
        sessions.open_for_person(session, committed_runtime, ANNA)


def index_of(run: Run, **keys: bytes) -> dict[str, Any]:
    _, text = run("status", "--json", **keys)
    found: dict[str, Any] = json.loads(text)["index"]
    return found


@pytest.mark.usefixtures("anna")
def test_the_index_key_is_rotated_and_status_says_how_it_stands(run: Run, committed_runtime: Runtime) -> None:
    before = index_of(run)
    assert (before["current"], before["columns"]) == (1, {"login_session.person_index": {"1": 1}})
    code, text = run("rotate", "--index", "--json", v1=FIRST, v2=SECOND)
    assert (code, json.loads(text)) == (
        0,
        {"version": 2, "persons": 1, "overwritten": 0, "finished": True, "left": {}},
    )
    after = index_of(run, v1=FIRST, v2=SECOND)
    assert (after["current"], after["begun"], after["may_go"]) == (2, None, [1])
    assert after["columns"] == {"login_session.person_index": {"2": 1}}
    assert index_of(run, v2=SECOND)["missing"] == []
    code, text = run("status")
    assert code == 1
    assert "NOT GIVEN although it is needed: version 2" in text
    with committed_runtime.database.transaction() as session:
        row = session.connection().exec_driver_sql("SELECT person_index FROM login_session").scalar_one()
    assert row == index_under(SECOND, 2, ANNA.digits)


def test_a_rotation_without_a_newer_version_changes_nothing_and_says_so(run: Run) -> None:
    code, text = run("rotate", "--index")
    assert code == 1
    assert "Version 1 of the index key counts already; name a higher one in BORGEN_INDEX_KEYS." in text


@pytest.mark.usefixtures("anna")
def test_data_keys_are_wrapped_anew_as_before(run: Run) -> None:
    code, text = run("rotate", "--json")
    assert (code, json.loads(text)["wrapped"]) == (0, 0)
