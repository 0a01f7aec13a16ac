"""A change of the repayment plan, as staff propose and withdraw it on an agreement's page (rule G7)."""

import uuid

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import NotFound
from underwriting.platform.authentication import current_caller
from underwriting.web.agreement_forms import plan_change_in
from underwriting.web.views.console_agreement_page import AgreementPage


def blueprint(page: AgreementPage) -> Blueprint:
    """The forms of the page under `/console/agreements/<id>`."""
    pages = Blueprint("agreement_plans", __name__, url_prefix="/agreements/<uuid:agreement_id>")

    @pages.post("/plan-changes")
    def propose(agreement_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = plan_change_in(request.form, on=page.today)
            asked = page.plan_changes.asked(body.repayment_plan, body.term_months, body.first_month)
            page.plan_changes.propose(agreement_id, asked, actor=current_caller().actor)

        return page.attempt(agreement_id, act, to="#plan-change")

    @pages.post("/plan-changes/<uuid:change_id>/withdrawal")
    def withdraw(agreement_id: uuid.UUID, change_id: uuid.UUID) -> BaseResponse:
        if change_id not in {one.id for one in page.plan_changes.of_agreement(agreement_id)}:
            raise NotFound
        return page.attempt(
            agreement_id,
            lambda: page.plan_changes.withdraw(change_id, actor=current_caller().actor),
            to="#plan-change",
        )

    return pages
