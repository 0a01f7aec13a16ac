"""The jobs' page: every daily and monthly job with its runs, what is under way, late or failed, and what is next."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from underwriting.platform import job_alarms, job_runs
from underwriting.platform.job_alarms import Alarm
from underwriting.platform.job_periods import PeriodicJob
from underwriting.platform.job_runs import JobView, RunView
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web.charts import meter
from underwriting.web.filters import duration
from underwriting.web.layout import render
from underwriting.web.plots import Colour, Plot, Series, side_by_side
from underwriting.web.texts import translate

_SHOWN_RUNS = 30
_ENOUGH_FOR_A_CHART = 3
_REFRESHED_EVERY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class JobCard:
    """One job as it is shown: with a chart of how long its runs took, where there are some."""

    job: JobView
    chart: Plot | None


def blueprint(runtime: Runtime, jobs: Sequence[PeriodicJob]) -> Blueprint:
    """The page, and what every page of the console warns of."""
    pages = Blueprint("jobs", __name__, url_prefix="/console/jobs")

    def alarms() -> list[Alarm]:
        with runtime.database.transaction() as session:
            return job_alarms.open_alarms(session, [job.name for job in jobs])

    @pages.get("")
    def show() -> Response:
        with runtime.database.transaction() as session:
            found = job_runs.view_all(session, jobs, now=runtime.clock.now(), wall=runtime.wall.now(), most=_SHOWN_RUNS)
        under_way = any(job.latest is not None and job.latest.state == "running" for job in found)
        return render(
            "console/jobs.html",
            cards=[JobCard(job, _chart(job)) for job in found],
            alarms=alarms(),
            meter=meter,
            outcome_of=_outcome_of,
            refresh_seconds=_REFRESHED_EVERY_SECONDS if under_way else None,
            version=_version(found),
        )

    @pages.app_context_processor
    def warnings() -> dict[str, object]:
        """For the frame of the console: asked only where it is shown."""

        def job_warnings() -> list[str]:
            return [alarm.text.in_language(language_of_request()) for alarm in alarms()]

        return {"job_warnings": job_warnings}

    return pages


def _version(found: Sequence[JobView]) -> str:
    """Another one whenever a run has come farther."""
    return " ".join(f"{job.latest.period}:{job.latest.state}:{job.latest.done}" for job in found if job.latest)


def _chart(job: JobView) -> Plot | None:
    """How long the attempts that ended last took, the oldest first."""
    runs = [run for run in reversed(job.runs) if run.milliseconds is not None]
    if len(runs) < _ENOUGH_FOR_A_CHART:
        return None
    series = Series(translate("jobs.duration"), tuple(run.milliseconds for run in runs), Colour.BLUE)
    labels = [run.period[-5:] for run in runs]
    return side_by_side(labels, [series], title=translate("jobs.duration_of", job=job.name), written=duration)


def _outcome_of(run: RunView) -> str:
    """What the run came to, in the words of the job's log line."""
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in run.outcome.items())
