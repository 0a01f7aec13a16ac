"""`borgen up` as a whole: everything answers, nothing outlives it, its data are found again."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.processes import all_gone, children_of, wait_until
from underwriting.platform.postgres_files import prepare_files
from underwriting.sandbox_environment import published

pytestmark = pytest.mark.crash

BORGEN = Path(sys.executable).with_name("borgen")
PATIENCE_SECONDS = 120


class Up:
    """A running `borgen up` that has said that it is ready."""

    def __init__(self, process: subprocess.Popen[str], home: Path, port: int) -> None:
        assert process.stdout is not None
        self.process, self.home, self.port = process, home, port
        self.said: dict[str, Any] = json.loads(process.stdout.readline())

    def status(self, path: str, *, port: int | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """Every process that it has started, and those that these have started."""
        found = children_of(self.process.pid)
        for number in found:
            found.extend(children_of(number))
        return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "mitt hem"
    files = prepare_files(folder, durable=False)
    yield folder
    shutil.rmtree(files.data.parent if files.user else files.data)


@pytest.fixture
def port() -> int:
    """The first of three ports in a row that were free a moment ago."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            number: int = first.getsockname()[1]
            try:
                for following in (number + 1, number + 2):
                    socket.create_server(("127.0.0.1", following)).close()
            except OSError:
                continue
            return number


def environment(home: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BORGEN_", "DATABASE_"))}
    return {**inherited, "BORGEN_HOME": str(home), "BORGEN_PORT": str(port)}


@contextmanager
def up(home: Path, port: int) -> Iterator[Up]:
    command = [str(BORGEN), "up", "--json"]
    with subprocess.Popen(command, env=environment(home, port), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Up(process, home, port)
        finally:
            process.terminate()


def borgen(home: Path, port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BORGEN, *arguments], env=environment(home, port), capture_output=True, text=True, check=False, timeout=60
    )


def test_it_answers_outlives_kills_and_ends_at_ctrl_c(home: Path, port: int) -> None:
    """One story, since each start takes as long as a whole page of other tests.

    Everything answers; a killed service is back without a refused request; after a kill of the parent nothing runs, and
    the next start finds its data; Ctrl-C stops all of it.
    """
    with up(home, port) as running:
        _check_answers(running)
        _check_is_sole(running)
        _check_service_killed(running)
        add = ("user", "add", "eva", "--role", "underwriter", "--password", "en lång ramsa att minnas")
        assert borgen(home, port, *add).returncode == 0
        started = running.processes()
        running.process.kill()
        assert wait_until(partial(all_gone, started), within_seconds=PATIENCE_SECONDS)
    with up(home, port) as running:
        assert running.status("/readyz") == 200
        with psycopg.connect(published(home)["DATABASE_URL"]) as connection:
            found = connection.execute("SELECT count(*) FROM staff_user WHERE username = 'eva'").fetchone()
        assert found == (1,)
        _check_ctrl_c(running)


def _check_answers(running: Up) -> None:
    assert running.said["addresses"]["application form"] == f"http://127.0.0.1:{running.port}/"
    assert running.said["log_ins"]
    assert [running.status(path) for path in ("/", "/healthz", "/readyz", "/openapi.json")] == [200] * 4
    assert running.status("/", port=running.port + 1) < 400


def _check_is_sole(running: Up) -> None:
    second = borgen(running.home, running.port, "up")
    assert second.returncode == 1
    assert f"in use by process {running.process.pid}" in second.stderr


def _check_service_killed(running: Up) -> None:
    web = next(number for number in children_of(running.process.pid) if _is_gunicorn(number))
    os.kill(web, signal.SIGKILL)
    assert running.status("/healthz") == 200
    assert wait_until(lambda: web not in children_of(running.process.pid))
    assert running.status("/readyz") == 200


def _check_ctrl_c(running: Up) -> None:
    started = running.processes()
    assert len(started) >= 4  # PostgreSQL, stand-ins, worker, web
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(PATIENCE_SECONDS) == 0
    assert all_gone(started)


def _is_gunicorn(number: int) -> bool:
    return b"gunicorn" in Path(f"/proc/{number}/cmdline").read_bytes()
