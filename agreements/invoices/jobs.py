"""What the worker does about invoices: after the fees of a month, and before the printer comes."""

from datetime import date, time

from agreements.invoices.service import Invoices
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.scheduler import ContinuousJob


def continuous(invoices: Invoices) -> tuple[ContinuousJob, ...]:
    """Go on with a run that was begun; make PDFs of what was issued and send it."""
    return (
        ContinuousJob("issue_begun_invoices", 20, invoices.issue_begun),
        ContinuousJob("send_invoices", 20, invoices.send_issued),
    )


def daily(invoices: Invoices) -> tuple[DailyJob, ...]:
    """Issue in the evening, once fees are charged; put what is on paper into batches at night."""

    def issue(on: date, progress: Progress) -> dict[str, str | int]:
        issued = invoices.issue_due(on, progress=progress)
        return {"count": issued.count, "payable": str(issued.payable)} if issued else {"count": 0}

    def batch(_on: date, _progress: Progress) -> dict[str, int]:
        return {"printed": invoices.make_batches()}

    return (DailyJob("issue_invoices", time(21), issue), DailyJob("print_invoices", time(23), batch))
