"""The billing desk: which months were charged, and which payments have found no agreement."""

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from agreements.billing import service as billing
from agreements.billing.rules import chargeable_from
from agreements.payments.service import Payments
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.platform.runtime import Runtime
from underwriting.web.charts import Bar, bars
from underwriting.web.layout import render
from underwriting.web.texts import translate


def blueprint(runtime: Runtime, payments: Payments) -> Blueprint:
    """The page, and the button that charges the month before this one."""
    pages = Blueprint("billing_desk", __name__, url_prefix="/console/billing")

    @pages.get("")
    def show() -> Response:
        today = stockholm_date(runtime.clock.now())
        due = Month.of(today).previous()
        with runtime.database.transaction() as session:
            runs = billing.runs(session)
        chart = [Bar(str(run.month), run.charged.ore, f"{run.month}: {run.charged.formatted()}") for run in runs[::-1]]
        return render(
            "console/billing.html",
            runs=runs,
            chart=bars(chart, title=translate("billing.runs")),
            unmatched=payments.unmatched(),
            due_month=due,
            chargeable_on=chargeable_from(due),
            may_run=today >= chargeable_from(due),
        )

    @pages.post("/run")
    def run() -> BaseResponse:
        billing.charge_month(runtime, Month.of(stockholm_date(runtime.clock.now())).previous())
        return redirect("/console/billing", 303)

    return pages
