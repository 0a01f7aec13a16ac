"""What the worker does with money that came in."""

from datetime import date, time

from agreements.payments.service import Payments
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.scheduler import ContinuousJob


def continuous(payments: Payments) -> tuple[ContinuousJob, ...]:
    """Fetch the bank's files of incoming payments; book what is left of big ones."""
    return (
        ContinuousJob("fetch_payments", 30, payments.fetch_files),
        ContinuousJob("book_payments", 10, payments.book_begun),
        ContinuousJob("carry_refunds", 10, payments.carry_refunds),
    )


def daily(payments: Payments) -> tuple[DailyJob, ...]:
    """Let credit balances pay what has fallen due (rule F8), then close what is paid back."""

    def make_rounds(on: date, progress: Progress) -> dict[str, int]:
        used = payments.use_balances(on, progress=progress)
        return {"balances_used": used, "settled": payments.close_ended(on, progress=progress)}

    return (DailyJob("settle_agreements", time(5), make_rounds),)
