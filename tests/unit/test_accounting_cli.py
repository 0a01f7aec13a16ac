"""The commands `borgen accounting`, run as billing and an operator run them; the disk may be full."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agreements.billing.models import FeeRun
from tests.support import portfolio, sie
from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.vocabulary import Role
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import add_staff

PASSWORD = "korrekt häst batteri häftklammer"
AGREEMENTS = 20
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC).date()
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def environment(committed_runtime: Runtime, tmp_path: Path) -> dict[str, str]:
    """The environment of a service with some agreements half a year old, a billing clerk and an administrator."""
    url = committed_runtime.settings.database_url.reveal()
    portfolio.make(url.replace("+psycopg", ""), count=AGREEMENTS)
    at = SystemClock().now()
    with committed_runtime.database.transaction() as session:
        session.add(FeeRun(month=FEBRUARY, started_at=at, finished_at=at, charged_count=0, charged_ore=0))
        add_staff(session, committed_runtime, "bodil", PASSWORD, Role.BILLING, person=None, at=at)
        add_staff(session, committed_runtime, "anna", PASSWORD, Role.ADMINISTRATOR, person=None, at=at)
    (tmp_path / "environment").mkdir()
    return servable_environment(tmp_path / "environment", database_url=url) | {"BORGEN_PASSWORD": PASSWORD}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs `borgen accounting …`: the exit code and what is printed."""

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("accounting", *arguments), env=environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return command


def told(run: Run, *arguments: str) -> Any:
    code, text = run(*arguments, "--json")
    assert code == 0, text
    return json.loads(text)


def test_a_month_from_its_close_to_its_file(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    """F9: closed by name, exported by file, read back; what is refused is told in a sentence."""
    assert told(run, "show") == {"months": [], "next": "2026-02"}
    code, text = run("export", "2026-02", "--output", str(tmp_path / "early.si"))
    assert (code, text) == (1, "Error: 2026-02 is not closed.\n")
    code, text = run("close", "2026-03", "--username", "bodil")
    assert (code, "Error: The fees of 2026-03 are not charged." in text) == (1, True)
    assert run("close", "March", "--username", "bodil")[0] == 2

    closed = told(run, "close", "2026-02", "--username", "bodil")
    # a payout and a fee for each agreement
    assert (closed["entries"], closed["lines"]) == (2 * AGREEMENTS, 2 * AGREEMENTS)
    assert told(run, "show", "2026-02") == closed
    assert "Next to close: 2026-03" in run("show")[1]
    assert "2026-02 was closed at" in run("show", "2026-02")[1]

    path = tmp_path / "february.si"
    assert told(run, "export", "2026-02", "--output", str(path), "--ksumma")["bytes"] == path.stat().st_size
    found = sie.read(path.read_bytes())
    assert {one["account"]: (one["debit"], one["credit"]) for one in closed["movements"]}["principal"] == (
        str(found.movement()["1682"][0]),
        "0.00",
    )
    balance = told(run, "balance", "2026-02")
    assert {line["number"]: line["closing"] for line in balance["lines"]}["1682"] == str(found.movement()["1682"][0])
    assert "1682" in run("balance", "2026-03")[1]
    assert not list(tmp_path.glob("*early*"))


def test_the_chart_is_the_administrators(run: Run) -> None:
    """F9: billing may not change it, nor may anybody for a day that is past."""
    change = ("map-account", "fee_income", "8313", "Ränteintäkter", "--from")
    code, text = run(*change, "2099-01-01", "--username", "bodil")
    assert (code, "may" in text or "permit" in text.lower()) == (1, True)
    assert run(*change, "2020-02-01", "--username", "anna")[0] == 1
    assert run(*change, "tomorrow", "--username", "anna")[0] == 2
    entry = {"account": "fee_income", "since": "2099-01-01", "number": "8313", "name": "Ränteintäkter"}
    assert told(run, *change, "2099-01-01", "--username", "anna") == entry
    assert entry in told(run, "chart")["accounts"]
    assert "8313" in run("chart")[1]


def test_a_full_disk_leaves_no_file_and_what_was_there(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    """F9: in a process of its own, to which the kernel gives no more room than half of the file."""
    told(run, "close", "2026-02", "--username", "bodil")
    folder = tmp_path / "export"
    folder.mkdir()
    path = folder / "february.si"
    told(run, "export", "2026-02", "--output", str(path))
    whole = path.read_bytes()
    command = [sys.executable, "-m", "underwriting.cli", "accounting", "export", "2026-02", "--output", str(path)]
    done = subprocess.run(
        [*command, "--ksumma"],
        env={**os.environ, **environment},
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) // 2,) * 2),
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "Error: The file february.si was not written: there is no room for it on the disk. Nothing of it is left."
    )
    assert "Traceback" not in done.stderr
    assert os.listdir(folder) == ["february.si"]
    assert path.read_bytes() == whole
