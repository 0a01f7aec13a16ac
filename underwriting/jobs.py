"""All jobs of the service, and test time moving through the days that they are due on (rule X1)."""

from datetime import datetime, time, timedelta

from agreements.accounting import jobs as accounting_jobs
from agreements.billing import jobs as billing_jobs
from agreements.cancellation import jobs as cancellation_jobs
from agreements.credit import jobs as credit_jobs
from agreements.invoices import jobs as invoice_jobs
from agreements.late_payment import jobs as late_payment_jobs
from agreements.payments import jobs as payment_jobs
from agreements.payouts import jobs as payout_jobs
from agreements.plan_changes import jobs as plan_change_jobs
from agreements.reconciliation import jobs as reconciliation_jobs
from agreements.signing import jobs as signing_jobs
from underwriting.applications import jobs as application_jobs
from underwriting.decisions import jobs as decision_jobs
from underwriting.house import House
from underwriting.kernel.periods import stockholm_date
from underwriting.personal_data import erasure, message_erasure
from underwriting.platform import audit_seal, dispatcher, idempotency, job_runs, test_time
from underwriting.platform.job_periods import DailyJob, MonthlyJob, due_at, period_of
from underwriting.platform.scheduler import ContinuousJob, Jobs

_FORGOTTEN_AT = time(3)
_SEALED_AT = time(4)
_COUNTED_EVERY_SECONDS = 60.0
_DAY = timedelta(days=1)


def jobs_of(house: House) -> Jobs:
    """What the worker ticks."""
    runtime = house.runtime
    return Jobs(
        runtime,
        continuous=(
            *signing_jobs.continuous(house.signings),
            *application_jobs.continuous_jobs(house.applications),
            *decision_jobs.continuous_jobs(house.decisions),
            *credit_jobs.continuous(runtime, house.signings.bankid),
            ContinuousJob("count-reports-left", _COUNTED_EVERY_SECONDS, house.gateway.tell_of_few_reports),
            *payout_jobs.continuous(house.payouts),
            *accounting_jobs.continuous(house.accounting),
            *payment_jobs.continuous(house.payments),
            *billing_jobs.continuous(runtime),
            *invoice_jobs.continuous(house.invoices),
            *cancellation_jobs.continuous(house.cancellations),
            *dispatcher.continuous(house.dispatcher),
        ),
        periodic=(
            *application_jobs.daily_jobs(house.applications),
            *decision_jobs.daily_jobs(house.decisions),
            DailyJob("forget-answers", _FORGOTTEN_AT, lambda *_: {"forgotten": idempotency.forget_old(runtime)}),
            DailyJob("seal-audit", _SEALED_AT, lambda on, _: audit_seal.seal(runtime, on)),
            *message_erasure.daily_jobs(runtime),
            *erasure.daily_jobs(runtime),
            *cancellation_jobs.daily(house.cancellations, read_answers=lambda: read_bank_answers(house)),
            *plan_change_jobs.daily(house.plan_changes),
            *payment_jobs.daily(house.payments),
            *billing_jobs.daily(runtime, read_answers=lambda: read_bank_answers(house)),
            *invoice_jobs.daily(house.invoices),
            *late_payment_jobs.daily(house.late_payment),
            *reconciliation_jobs.daily(runtime),
            MonthlyJob("forget-runs", _FORGOTTEN_AT, lambda on, _: {"forgotten": job_runs.forget_old(runtime, on)}),
        ),
    )


def move_test_time(house: House, at: datetime) -> None:
    """Put test time to *at*; whatever is due on the way is run at its own day and time.

    Raises TestTimeForbidden, TestTimeBackwards, TestTimeOutOfReach.
    """
    runtime, jobs = house.runtime, jobs_of(house)
    before = runtime.clock.now()
    test_time.require_within_reach(before, at)
    for stop in (*_stops(jobs, before, at), at):
        test_time.put(runtime.settings, runtime.database, stop)
        jobs.run_continuous()
        jobs.run_due(stop)
        jobs.run_continuous()


def _stops(jobs: Jobs, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Every instant between the two at which a daily or monthly job is due, in order."""
    instants = set()
    on = stockholm_date(start)
    while on <= stockholm_date(end):
        instants |= {due_at(job, period_of(job, on)) for job in jobs.periodic}
        on += _DAY
    return tuple(sorted(instant for instant in instants if start < instant < end))


def read_bank_answers(house: House) -> None:
    """Before fees are charged: what the bank has booked until now (rule F1)."""
    house.payouts.read_answers()
    house.payments.fetch_files()
