"""The commands `borgen reference-rate`: one person proposes, another confirms."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.vocabulary import Role
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import add_staff

PASSWORD = "korrekt häst batteri häftklammer"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(committed_runtime: Runtime, tmp_path: Path) -> Run:
    """Runs `borgen reference-rate …`: the exit code and what is printed. Bodil and Bo are of billing."""
    at = SystemClock().now()
    with committed_runtime.database.transaction() as session:
        for name, role in (("bodil", Role.BILLING), ("bo", Role.BILLING), ("ulla", Role.UNDERWRITER)):
            add_staff(session, committed_runtime, name, PASSWORD, role, person=None, at=at)
    url = committed_runtime.settings.database_url.reveal()
    environment = servable_environment(tmp_path, database_url=url) | {"BORGEN_PASSWORD": PASSWORD}

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("reference-rate", *arguments), env=environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return command


def test_a_rate_is_proposed_by_one_and_confirmed_by_another(run: Run) -> None:
    """R5: the half-year that lacks one is named until two persons stand for it."""
    code, text = run("show", "--json")
    assert (code, json.loads(text)["missing_from"]) == (0, "2026-07-01")
    rate = ("2026-07-01", "2,50", "--source", "Riksbanken 2026-06-30")
    assert run("propose", *rate, "--username", "ulla")[0] == 1
    code, text = run("propose", *rate, "--username", "bodil", "--json")
    proposed = json.loads(text)
    assert (code, proposed["rate"], proposed["holds"]) == (0, "0.025", False)
    assert run("confirm", proposed["id"], "--username", "bodil")[0] == 1
    code, text = run("confirm", proposed["id"], "--username", "bo")
    assert (code, text) == (0, "2026-07-01    2.50 %  Riksbanken 2026-06-30\n")
    code, text = run("show")
    assert (code, text.splitlines()[0].startswith("The next rate is needed from 2027-01-01")) == (0, True)


def test_what_cannot_be_read_is_told(run: Run) -> None:
    """R5: a day, per cent, half points."""
    source = ("--source", "Riksbanken", "--username", "bodil")
    assert run("propose", "July", "2.5", *source)[0] == 2
    assert run("propose", "2026-07-01", "two", *source)[0] == 2
    assert run("propose", "2026-07-01", "2.51", *source)[0] == 1
    assert run("propose", "2026-01-01", "2.50", *source)[0] == 1  # it has one: a reason is needed
