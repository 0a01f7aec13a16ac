"""What the worker does about late payment: it warns in time of a reference rate that is missing."""

from datetime import date, time

from agreements.late_payment.service import LatePayment
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress


def daily(late_payment: LatePayment) -> tuple[DailyJob, ...]:
    """Look each morning which half-year lacks its reference rate (rule R5)."""

    def look(on: date, _progress: Progress) -> dict[str, str | int]:
        found = late_payment.warn_of_rates(on)
        return {"missing_from": found.since.isoformat(), "days_left": found.days_left}

    return (DailyJob("check_reference_rate", time(6), look),)
