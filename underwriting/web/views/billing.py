"""The billing desk: what is billed, paid and overdue; runs of fees and invoices, and how far each is."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from agreements.accounting.service import Accounting
from agreements.billing import service as billing
from agreements.billing.rules import chargeable_from
from agreements.invoices.service import InvoiceRunView, Invoices, PeriodNotOpen
from agreements.late_payment.service import LatePayment
from agreements.payments.service import Payments
from agreements.payouts.client import BankUnreachable
from agreements.receivables import service as receivables
from agreements.receivables.service import MonthFigures, Overdue
from underwriting.kernel.periods import Month, months_between, stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.runtime import Runtime
from underwriting.web.charts import meter
from underwriting.web.layout import render
from underwriting.web.plots import Plot
from underwriting.web.receivables import age_in_words, charts_of
from underwriting.web.views import (
    billing_accounting,
    billing_invoices,
    billing_payments,
    billing_rates,
    billing_refunds,
)

_MONTHS_SHOWN = 12
_RUNS_SHOWN = 12
_REFRESHED_EVERY_SECONDS = 5


def blueprint(
    runtime: Runtime,
    payments: Payments,
    invoices: Invoices,
    accounting: Accounting,
    late_payment: LatePayment,
    *,
    read_answers: Callable[[], object],
) -> Blueprint:
    """Everything under `/console/billing`; *read_answers* reads what the bank tells, before fees are charged."""
    pages = Blueprint("billing_desk", __name__, url_prefix="/console/billing")
    pages.register_blueprint(billing_invoices.blueprint(runtime, invoices))
    pages.register_blueprint(billing_payments.blueprint(runtime, payments))
    pages.register_blueprint(billing_refunds.blueprint(runtime, payments))
    pages.register_blueprint(billing_accounting.blueprint(accounting))
    pages.register_blueprint(billing_rates.blueprint(runtime, late_payment))

    def page(*, refused: Text | None = None, status: int = 200) -> Response:
        today = stockholm_date(runtime.clock.now())
        due, months = Month.of(today).previous(), _months_through(today)
        days = [min(month.end - timedelta(days=1), today) for month in months]
        with runtime.database.transaction() as session:
            runs = billing.runs(session)
            figures = receivables.by_month(session, first=months[0], through=today)
            overdue = receivables.overdue(session, days)
        invoice_runs = invoices.runs()
        under_way = any(not run.finished_at for run in runs) or any(not run.finished_at for run in invoice_runs)
        return render(
            "console/billing.html",
            status=status,
            charts=_charts(figures, overdue),
            overdue=overdue[-1],
            figures=figures[-1],
            age_in_words=age_in_words,
            runs=runs[:_RUNS_SHOWN],
            invoice_runs=invoice_runs[:_RUNS_SHOWN],
            meter=meter,
            due_month=due,
            this_month=Month.of(today),
            chargeable_on=chargeable_from(due),
            may_charge=today >= chargeable_from(due),
            refused=refused,
            refresh_seconds=_REFRESHED_EVERY_SECONDS if under_way else None,
            version=_version(runs, invoice_runs),
        )

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.post("/run")
    def run() -> BaseResponse:
        due = Month.of(stockholm_date(runtime.clock.now())).previous()

        def charge() -> None:
            billing.require_chargeable(due, runtime.clock.now())
            read_answers()
            billing.charge_month(runtime, due)

        return _done_unless(page, charge)

    @pages.post("/invoice-run")
    def begin_invoices() -> BaseResponse:
        return _done_unless(page, lambda: invoices.begin(Month.of(stockholm_date(runtime.clock.now()))))

    return pages


def _done_unless(page: Callable[..., Response], act: Callable[[], object]) -> BaseResponse:
    try:
        act()
    except (PeriodNotOpen, billing.MonthNotOver) as refusal:
        return page(refused=refusal.detail, status=409)
    except BankUnreachable as refusal:
        return page(refused=refusal.title, status=503)
    return redirect("/console/billing", 303)


def _charts(figures: Sequence[MonthFigures], overdue: Sequence[Overdue]) -> tuple[Plot, ...]:
    """The charts, from the first month on in which there is anything."""
    first = next((place for place, one in enumerate(figures) if one.billed or one.paid or one.principal), 0)
    return charts_of(figures[first:], overdue[first:])


def _months_through(today: date) -> tuple[Month, ...]:
    last = Month.of(today)
    return months_between(last.plus(1 - _MONTHS_SHOWN), last)


def _version(runs: Sequence[billing.FeeRunView], invoice_runs: Sequence[InvoiceRunView]) -> str:
    """Another one whenever a run has come farther."""
    fees = (f"{run.month}:{run.chunks_done}:{run.charged_count}:{run.finished_at}" for run in runs[:_RUNS_SHOWN])
    asked = (f"{run.period}:{run.chunks_done}:{run.finished_at is None}" for run in invoice_runs[:_RUNS_SHOWN])
    return " ".join((*fees, *asked))
