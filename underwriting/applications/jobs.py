"""What the scheduler runs for applications."""

from datetime import date, time
from typing import Any

from underwriting.applications.service import Applications
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.scheduler import ContinuousJob

LAPSED_EVERY_SECONDS = 60.0
DRAFTS_DELETED_AT = time(3)


def continuous_jobs(applications: Applications) -> tuple[ContinuousJob, ...]:
    """Applications whose time is over lapse (rules A3, A6)."""
    return (ContinuousJob("lapse-applications", LAPSED_EVERY_SECONDS, applications.lapse_due),)


def daily_jobs(applications: Applications) -> tuple[DailyJob, ...]:
    """Drafts that nobody signed are deleted (rule A3)."""

    def delete_old_drafts(_: date, _progress: Progress) -> dict[str, Any]:
        return {"deleted": applications.delete_old_drafts()}

    return (DailyJob("delete-old-drafts", DRAFTS_DELETED_AT, delete_old_drafts),)
