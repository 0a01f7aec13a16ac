"""`borgen jobs`: what is run when and how it went; and a run by hand. What a command needs is imported inside it."""

from typing import TYPE_CHECKING, Any

import click

from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from underwriting.platform.job_alarms import Alarm
    from underwriting.platform.job_runs import JobView, RunView


@click.group()
def jobs() -> None:
    """The daily and monthly jobs: each is run once for each day or month, and what was missed in order."""


@jobs.command("list")
@json_option
@plain_errors
def list_jobs(as_json: bool) -> None:
    """Show every job with its latest run, and when the next is due. Exit code 0 whatever they came to."""
    from underwriting.house import house_of
    from underwriting.jobs import jobs_of
    from underwriting.platform import job_alarms, job_runs

    runtime = runtime_here()
    periodic = jobs_of(house_of(runtime)).periodic
    now, wall = runtime.clock.now(), runtime.wall.now()
    with runtime.database.transaction() as session:
        found = job_runs.view_all(session, periodic, now=now, wall=wall, most=1)
        alarms = job_alarms.open_alarms(session, [job.name for job in periodic])
    value = {"jobs": [_job_value(one) for one in found], "alarms": [_alarm_value(one) for one in alarms]}
    show_result(as_json, value, _told(found, alarms))


@jobs.command()
@click.argument("name")
@click.option("--for", "period", metavar="PERIOD", help="A day like 2026-03-02, or a month; else the latest due.")
@json_option
@plain_errors
def run(name: str, period: str | None, as_json: bool) -> None:
    """Run the job NAME now, for a period that is due.

    Every job is made to be repeated: run again for a period that is done, it finds what the first run did, and does
    what is left. Nothing is run while another process is at it, before the period is due, or for a period before the
    job's first run.
    """
    from underwriting.house import house_of
    from underwriting.jobs import jobs_of

    runtime = runtime_here()
    done = jobs_of(house_of(runtime)).run_by_hand(name, period, now=runtime.clock.now())
    outcome = _outcome(done.outcome)
    again = " It had been done before: a second run finds what the first one did." if done.was_done else ""
    value = {"job": name, "period": done.period, "was_done": done.was_done, "outcome": dict(done.outcome)}
    show_result(as_json, value, f"{name} for {done.period}: {outcome}.{again}")


def _job_value(job: "JobView") -> dict[str, Any]:
    return {
        "name": job.name,
        "rhythm": "monthly" if job.monthly else "daily",
        "next_due_at": job.next_due_at.isoformat(),
        "latest": _run_value(job.latest) if job.latest else None,
    }


def _run_value(run: "RunView") -> dict[str, Any]:
    return {
        "period": run.period,
        "state": str(run.state),
        "attempts": run.attempts,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "milliseconds": run.milliseconds,
        "progress": {"done": run.done, "total": run.total} if run.done is not None else None,
        "last_error": run.last_error,
        "retry_at": run.retry_at.isoformat() if run.retry_at else None,
        "outcome": dict(run.outcome),
    }


def _alarm_value(alarm: "Alarm") -> dict[str, str]:
    raised_at = alarm.raised_at.isoformat()
    return {"job": alarm.job, "period": alarm.period, "reason": str(alarm.reason), "raised_at": raised_at}


def _told(found: "Sequence[JobView]", alarms: "Sequence[Alarm]") -> str:
    from underwriting.kernel.periods import STOCKHOLM

    lines = [alarm.text.en for alarm in alarms]
    for job in found:
        due = job.next_due_at.astimezone(STOCKHOLM)
        lines.append(f"{job.name:<28}next {due:%Y-%m-%d %H:%M}  {_run_told(job.latest)}")
    return "\n".join(lines)


def _run_told(run: "RunView | None") -> str:
    if run is None:
        return "not run yet"
    parts = [run.period, str(run.state)]
    if run.done is not None and run.finished_at is None:
        parts.append(f"{run.done} of {run.total}" if run.total is not None else f"{run.done} done")
    if run.milliseconds is not None:
        parts.append(f"{run.milliseconds / 1000:.1f} s")
    if run.attempts > 1:
        parts.append(f"{run.attempts} attempts")
    if run.last_error and run.finished_at is None:
        parts.append(run.last_error)
    return "  ".join([*parts, _outcome(run.outcome)]).rstrip()


def _outcome(outcome: "Any") -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in outcome.items())
