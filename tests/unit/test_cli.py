"""The command `borgen`: starts fast, answers in sentences."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from underwriting.cli import main
from underwriting.platform.processes import PortInUse, listen, sole_holder
from underwriting.sandbox_environment import lock_of, publish

BORGEN = Path(sys.executable).with_name("borgen")
FASTEST_OF = 3


def invoke(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and all that was printed, where nothing but *environment* is set."""
    nothing = dict.fromkeys((name for name in os.environ if name.startswith(("BORGEN_", "DATABASE_"))), None)
    done = CliRunner().invoke(main, arguments, env={**nothing, **environment})
    return done.exit_code, done.output


def test_help_takes_less_than_three_tenths_of_a_second_of_processor_time() -> None:
    taken = []
    for _ in range(FASTEST_OF):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([BORGEN, "--help"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.3


def test_help_names_every_command() -> None:
    _, text = invoke("--help")
    for command in ("up", "serve", "worker", "sandbox", "migrate", "user", "bureaus", "demo-data", "demo"):
        assert f"\n  {command} " in text


def test_help_loads_no_part_of_the_application() -> None:
    code = "import sys, underwriting.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"flask", "sqlalchemy", "zeep", "marshmallow", "cryptography"} & set(done.stdout.split())


def test_incomplete_settings_are_told_by_name_and_without_a_traceback(tmp_path: Path) -> None:
    code, text = invoke("serve", BORGEN_HOME=str(tmp_path))
    assert code == 1
    assert "BORGEN_ENCRYPTION_KEY is missing" in text
    assert "Traceback" not in text


def test_a_second_up_in_the_same_folder_says_who_is_running(tmp_path: Path) -> None:
    with sole_holder(lock_of(tmp_path)):
        code, text = invoke("up", BORGEN_HOME=str(tmp_path))
    assert code == 1
    assert "Borgen is already running" in text
    assert f"process {os.getpid()}" in text


@contextmanager
def busy_port_with_free_neighbours(before: int) -> Iterator[int]:
    """A port that is taken, while the ports *before* it are free."""
    while True:
        with listen(0, remedy="") as busy:
            port: int = busy.getsockname()[1]
            try:
                for neighbour in range(port - before, port):
                    listen(neighbour, remedy="").close()
            except PortInUse:
                continue
            yield port
            return


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_a_busy_port_is_told_with_the_way_to_choose_another(tmp_path: Path, offset: int) -> None:
    with busy_port_with_free_neighbours(offset) as port:
        code, text = invoke("up", BORGEN_HOME=str(tmp_path), BORGEN_PORT=str(port - offset))
    assert code == 1
    assert f"Port {port} is not free" in text
    assert f"BORGEN_PORT={port - offset + 100} ./dev up" in text
    assert not (tmp_path / "postgresql.lock").exists()


@pytest.mark.parametrize("port", ["abc", "0", "65534", "-1", "8080.5"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    code, text = invoke("up", BORGEN_HOME=str(tmp_path), BORGEN_PORT=port)
    assert code == 1
    assert "BORGEN_PORT is not a whole number from 1 to 65533" in text


def test_migrating_goes_up_and_down_and_says_so_in_json(empty_database_url: str) -> None:
    up = invoke("migrate", "--json", DATABASE_URL=empty_database_url)
    down = invoke("migrate", "--down-to", "base", DATABASE_URL=empty_database_url)
    assert up == (0, '{"revision": "head"}\n')
    assert down == (0, "The database is at revision base.\n")


def test_migrating_finds_the_database_of_the_service_that_runs_here(tmp_path: Path, empty_database_url: str) -> None:
    with sole_holder(lock_of(tmp_path)):
        publish(tmp_path, {"DATABASE_URL": empty_database_url})
        assert invoke("migrate", BORGEN_HOME=str(tmp_path)) == (0, "The database is at revision head.\n")
    code, text = invoke("migrate", BORGEN_HOME=str(tmp_path))
    assert (code, text) == (1, "Error: DATABASE_URL is missing\n")
