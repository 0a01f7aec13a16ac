"""The command `borgen ledger check`, run as an operator runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from agreements.reconciliation.service import INVARIANTS
from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(committed_runtime: Runtime, tmp_path: Path) -> Run:
    """Runs `borgen ledger check …` in the environment of the service: the exit code and what is printed."""
    environment = servable_environment(tmp_path, database_url=committed_runtime.settings.database_url.reveal())

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("ledger", "check", *arguments), env=environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout

    return command


def test_sound_books_are_told_of_line_by_line(run: Run) -> None:
    """F6: one line for each invariant, with its rule, and the exit code 0."""
    code, text = run()
    *lines, last = text.splitlines()
    assert (code, last) == (0, f"All {len(INVARIANTS)} hold.")
    assert [line.split()[:3] for line in lines] == [[one.name, one.rule, "holds."] for one in INVARIANTS]


def test_broken_books_are_told_of_with_the_place_and_an_exit_code(run: Run, committed_database: Database) -> None:
    """F6: as the owner of the database could have broken them."""
    owner = Database(committed_database.url, as_service=False)
    with owner.transaction() as session:
        session.execute(sa.text("INSERT INTO invoice_series (year, last) VALUES (2026, 2)"))
    owner.dispose()
    code, text = run()
    place = "2026: the last number is 0, by the series 2"
    assert code == 1
    assert f"    {place}\n" in text
    assert text.splitlines()[-1] == f"1 of {len(INVARIANTS)} do not hold."
    code, text = run("--json")
    told = json.loads(text)
    assert (code, told["holds"], len(told["invariants"])) == (1, False, len(INVARIANTS))
    (found,) = [one for one in told["invariants"] if not one["holds"]]
    assert (found["name"], found["rule"], found["count"]) == ("invoice-numbers-without-gaps", "F5", 1)
    assert found["first"] == [{"agreement_id": None, "entry_id": None, "what": place}]
    assert set(found["sentence"]) == {"sv", "en"}
