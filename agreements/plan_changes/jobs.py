"""What the worker does about changes of repayment plans."""

from datetime import date, time

from agreements.plan_changes.service import PlanChanges
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress


def daily(changes: PlanChanges) -> tuple[DailyJob, ...]:
    """Let those lapse that were not signed in time (rule G7), as the day begins."""

    def lapse(_on: date, progress: Progress) -> dict[str, int]:
        return {"lapsed": changes.lapse_unsigned(progress=progress)}

    return (DailyJob("lapse_unsigned_plan_changes", time(0, 15), lapse),)
