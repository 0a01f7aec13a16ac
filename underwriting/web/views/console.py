"""The console of staff: the queue and its cases, the agreements, the bureaus."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as BaseResponse

from agreements.cancellation.service import Cancellations
from agreements.credit.services.show_agreement import Agreements
from bureau_clients.gateway import Gateway
from underwriting.applications.service import Applications
from underwriting.decisions.service import Decisions
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.views import console_agreements, console_bureaus, console_cases


def blueprint(
    runtime: Runtime,
    applications: Applications,
    decisions: Decisions,
    agreements: Agreements,
    cancellations: Cancellations,
    gateway: Gateway,
) -> Blueprint:
    """Everything under `/console` but billing and log-in."""
    pages = Blueprint("console", __name__, url_prefix="/console")
    pages.register_blueprint(console_cases.blueprint(runtime, applications, decisions, agreements, gateway))
    pages.register_blueprint(console_agreements.blueprint(runtime, agreements, cancellations))
    pages.register_blueprint(console_bureaus.blueprint(runtime, gateway))

    @pages.get("/")
    def home() -> BaseResponse:
        caller = current_caller()
        caller.require(*Role)
        return redirect("/console/billing" if caller.role is Role.BILLING else "/console/applications")

    return pages
