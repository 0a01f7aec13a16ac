"""What the worker does in accounting: it closes the big months that were asked for."""

from agreements.accounting.service import Accounting
from underwriting.platform.scheduler import ContinuousJob


def continuous(accounting: Accounting) -> tuple[ContinuousJob, ...]:
    """Close what waits (rule F9)."""
    return (ContinuousJob("close_asked_months", 20, accounting.close_asked),)
