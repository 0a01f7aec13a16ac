"""`borgen sandbox`: both bureaus in a process of their own, without a database."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.environment import complete_environment
from tests.support.processes import wait_until
from underwriting.house import bureaus_of
from underwriting.platform.settings import Settings

COMMAND = (sys.executable, "-m", "underwriting.cli", "sandbox")


@contextmanager
def playing(home: Path, *options: str) -> Iterator[dict[str, Any]]:
    """What the running command printed; it ends by Ctrl-C, with exit code 0."""
    with _started(home, ("--port", "0", "--json", *options)) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@contextmanager
def _started(home: Path, options: Sequence[str]) -> "Iterator[subprocess.Popen[str]]":
    environment = {"PATH": os.environ["PATH"], "BORGEN_HOME": str(home)}
    with subprocess.Popen(
        [*COMMAND, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("tls", [False, True])
def test_the_printed_settings_are_those_of_a_service_that_can_ask(tmp_path: Path, tls: bool) -> None:
    """X1: addresses, account, blocks and templates; every check of both bureaus holds, by HTTPS too."""
    with playing(tmp_path, *(["--tls"] if tls else [])) as printed:
        assert printed["address"].startswith("https://" if tls else "http://")
        assert (tmp_path / "pki").exists() is tls
        environment = complete_environment(tmp_path) | printed["settings"]
        bureaus = bureaus_of(Settings.from_environment(environment))
        assert [bureau.name for bureau in bureaus] == ["creditsafe", "bisnode"]
        checks = [check for bureau in bureaus for check in bureau.check()]
        assert checks
        assert [check.what.en for check in checks if not check.holds] == []
        asked = requests.get(
            f"{printed['address']}/control/bisnode/questions",
            timeout=5,
            verify=printed["settings"].get("BISNODE_CA", True),
        )
        assert [one["kind"] for one in asked.json()["questions"]] == ["token"]


def test_a_person_reads_the_settings_line_by_line(tmp_path: Path) -> None:
    with _started(tmp_path, ["--port", "0"]) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The bureaus answer at http://127.0.0.1:")
        lines = [process.stdout.readline().strip() for _ in range(4)]
        assert "BUREAUS_COMPANIES=creditsafe,bisnode" in lines


def test_the_bank_is_played_in_a_folder_as_well(tmp_path: Path) -> None:
    """P2: what lies there is taken and answered, and the page shows it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "P1.xml").write_bytes(b"<unreadable/>")
    with playing(tmp_path / "home", "--bank-drop", str(tmp_path)) as printed:
        assert wait_until(lambda: len(list(tmp_path.glob("in/*-refused-P1.xml"))) == 1)
        assert list((tmp_path / "out").iterdir()) == []
        assert requests.get(f"{printed['address']}/bank/accounts", timeout=5).json()["accounts"]


def test_a_taken_port_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with _started(tmp_path, ["--port", port]) as process:
            _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port}" in said
    assert "--port" in said
