"""The console of staff: the queue and its cases, the agreements, the bureaus."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from agreements.payouts.service import Payouts
from agreements.signing.certificate_path import Roots
from bureau_clients.gateway import Gateway
from underwriting.applications.service import Applications
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_queue import DeskQueue
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.diligence import Diligence
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.keep_policies import Policies
from underwriting.due_diligence.service import SanctionsDesk
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.views import (
    console_agreements,
    console_approvals,
    console_bureaus,
    console_cases,
    console_due_diligence,
    console_endings,
    console_parties,
    console_payouts,
    console_plan_changes,
    console_policies,
    console_queue,
    console_reviews,
)
from underwriting.web.views.console_agreement_page import AgreementPage

_DESKS = ("console.queue.show", "billing_desk.show", "console.console_agreements.index")


def blueprint(
    runtime: Runtime,
    applications: Applications,
    decisions: Decisions,
    agreements: Agreements,
    gateway: Gateway,
    page: AgreementPage,
    payouts: Payouts,
    roots: Roots,
) -> Blueprint:
    """Everything under `/console` but billing and log-in."""
    pages, queue = Blueprint("console", __name__, url_prefix="/console"), DeskQueue(decisions)
    pages.register_blueprint(console_queue.blueprint(runtime, queue))
    pages.register_blueprint(console_approvals.blueprint(runtime, Desk(decisions), queue))
    pages.register_blueprint(console_reviews.blueprint(runtime, Desk(decisions), DeskReviews(decisions)))
    pages.register_blueprint(console_cases.blueprint(runtime, applications, decisions, agreements, gateway))
    pages.register_blueprint(console_agreements.blueprint(page, roots))
    pages.register_blueprint(console_endings.blueprint(page))
    pages.register_blueprint(console_parties.blueprint(page))
    pages.register_blueprint(console_plan_changes.blueprint(page))
    pages.register_blueprint(console_payouts.blueprint(runtime, payouts))
    pages.register_blueprint(console_bureaus.blueprint(runtime, gateway))
    pages.register_blueprint(
        console_due_diligence.blueprint(runtime, applications, SanctionsDesk(runtime), Diligence(decisions))
    )
    pages.register_blueprint(console_policies.blueprint(runtime, Policies(runtime)))

    @pages.get("/")
    def home() -> BaseResponse:
        """The first of the desks that is open to the reader."""
        caller = current_caller()
        return redirect(url_for(next(desk for desk in _DESKS if may(desk, caller))))

    return pages
