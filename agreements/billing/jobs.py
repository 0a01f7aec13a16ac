"""What the worker does about monthly fees."""

from collections.abc import Callable
from datetime import date, time

from agreements.billing.service import charge_begun, run_due
from underwriting.kernel.money import Money
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob


def continuous(runtime: Runtime) -> tuple[ContinuousJob, ...]:
    """Go on with a run that was begun, on every worker: what one that died had in hand is taken by another."""
    return (ContinuousJob("charge_begun_fees", 20, lambda: charge_begun(runtime)),)


def daily(runtime: Runtime, *, read_answers: Callable[[], object]) -> tuple[DailyJob, ...]:
    """Charge what can be charged (rule F1), in the evening and after *read_answers* has read what the bank tells.

    When that raises, nothing is charged and the day's run is tried again.
    """

    def charge_fees(on: date, progress: Progress) -> dict[str, str | int]:
        read_answers()
        results = run_due(runtime, on, progress=progress)
        charged = Money.sum(result.charged for result in results)
        return {"count": sum(result.count for result in results), "charged": str(charged)}

    return (DailyJob("charge_fees", time(20), charge_fees),)
