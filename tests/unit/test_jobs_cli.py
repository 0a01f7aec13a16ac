"""The commands `borgen jobs`, run as an operator runs them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.serving_process import servable_environment
from underwriting.cli import main
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.periods import stockholm_date
from underwriting.platform import job_leases
from underwriting.platform.runtime import Runtime

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(committed_runtime: Runtime, tmp_path: Path) -> Run:
    """Runs `borgen jobs …` in the environment of the service: the exit code and what is printed."""
    environment = servable_environment(tmp_path, database_url=committed_runtime.settings.database_url.reveal())

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("jobs", *arguments), env=environment)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return command


def listed(run: Run, name: str) -> dict[str, Any]:
    code, text = run("list", "--json")
    assert code == 0
    (job,) = [job for job in json.loads(text)["jobs"] if job["name"] == name]
    found: dict[str, Any] = job
    return found


def test_a_run_by_hand_is_listed_with_what_it_came_to(run: Run) -> None:
    code, text = run("run", "forget-runs", "--json")
    month = stockholm_date(SystemClock().now()).isoformat()[:7]
    assert (code, json.loads(text)["outcome"], json.loads(text)["was_done"]) == (0, {"forgotten": 0}, False)
    job = listed(run, "forget-runs")
    assert job["rhythm"] == "monthly"
    assert (job["latest"]["period"], job["latest"]["state"], job["latest"]["attempts"]) == (month, "done", 1)
    assert job["latest"]["outcome"] == {"forgotten": 0}
    assert "forgotten 0" in run("list")[1]


def test_what_is_done_is_run_again_and_that_is_said(run: Run) -> None:
    run("run", "forget-runs")
    code, text = run("run", "forget-runs")
    assert code == 0
    assert "It had been done before: a second run finds what the first one did." in text
    assert listed(run, "forget-runs")["latest"]["attempts"] == 2


def test_what_another_process_is_at_is_refused(run: Run, committed_runtime: Runtime) -> None:
    month = stockholm_date(SystemClock().now()).isoformat()[:7]
    assert job_leases.take(committed_runtime, "forget-runs", month) is not None
    assert run("run", "forget-runs") == (1, "Error: The job is under way\n")


@pytest.mark.parametrize(
    ("name", "period", "told"),
    [
        ("forget-runs", "2026-03-02", "Give a month like 2026-03."),
        ("forget-answers", "2026-03", "Give a day like 2026-03-02."),
        ("forget-answers", "2999-01-01", "It is not due yet."),
        ("forget-answers", "2020-01-01", "The job was not run then, and nothing was missed."),
        ("nothing", "2026-03-02", "There is no such job"),
    ],
)
def test_what_was_not_missed_is_refused_in_a_sentence(run: Run, name: str, period: str, told: str) -> None:
    assert run("run", name, "--for", period) == (1, f"Error: {told}\n")


def test_a_run_under_way_is_listed_with_its_state_and_the_next_hour(run: Run, committed_runtime: Runtime) -> None:
    yesterday = (stockholm_date(SystemClock().now()) - timedelta(days=1)).isoformat()
    assert job_leases.take(committed_runtime, "forget-answers", yesterday) is not None
    job = listed(run, "forget-answers")
    assert job["latest"]["period"] >= yesterday
    assert job["next_due_at"] > SystemClock().now().isoformat()
