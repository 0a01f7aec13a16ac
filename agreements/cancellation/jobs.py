"""What the worker does about cancellations that wait."""

from collections.abc import Callable
from datetime import date, time

from agreements.cancellation.service import Cancellations
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.scheduler import ContinuousJob


def continuous(cancellations: Cancellations) -> tuple[ContinuousJob, ...]:
    """Go on with what waited for the bank's answer about a payout."""
    return (ContinuousJob("take_answers_for_cancellations", 5, cancellations.take_answers),)


def daily(cancellations: Cancellations, *, read_answers: Callable[[], object]) -> tuple[DailyJob, ...]:
    """Let those fall whose money did not come (rule C6), after *read_answers* has read what the bank tells.

    When that raises, nothing falls and the day's run is tried again.
    """

    def fall_overdue(on: date, progress: Progress) -> dict[str, int]:
        read_answers()
        return {"fallen": cancellations.fall_overdue(on, progress=progress)}

    return (DailyJob("fall_overdue_cancellations", time(4), fall_overdue),)
