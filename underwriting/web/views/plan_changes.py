"""The page of a changed repayment plan for whoever has something to sign on it, company or guarantor (rule G7)."""

import uuid

from flask import Blueprint, Response
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from agreements.plan_changes.service import PlanChanges
from agreements.plan_changes.services.show_change import OwnPaper
from agreements.signing.routes import Preparer
from agreements.signing.service import Signings
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PlanChangeState, SigningPurpose
from underwriting.platform.authentication import current_caller
from underwriting.web.layout import render
from underwriting.web.views.signing import start_signing


def blueprint(agreements: Agreements, changes: PlanChanges, signings: Signings) -> Blueprint:
    """The page, and the buttons on it that start BankID."""
    pages = Blueprint("plan_change_pages", __name__, url_prefix="/plan-changes/<uuid:change_id>")

    @pages.get("")
    def show(change_id: uuid.UUID) -> Response:
        return _page(agreements, changes, change_id)

    @pages.post("/sign")
    def sign(change_id: uuid.UUID) -> BaseResponse:
        return start(change_id, SigningPurpose.PLAN_CHANGE, changes.prepare_for_company)

    @pages.post("/consent")
    def consent(change_id: uuid.UUID) -> BaseResponse:
        return start(change_id, SigningPurpose.PLAN_CHANGE_CONSENT, changes.prepare_as_guarantor)

    def start(change_id: uuid.UUID, purpose: SigningPurpose, prepare: Preparer) -> BaseResponse:
        try:
            to_sign = prepare(change_id, current_caller().require_person())
            return start_signing(signings, purpose, change_id, to_sign, back=f"/plan-changes/{change_id}")
        except Conflict as refusal:
            return _page(agreements, changes, change_id, refused=refusal.detail)

    return pages


def _page(
    agreements: Agreements, changes: PlanChanges, change_id: uuid.UUID, *, refused: Text | None = None
) -> Response:
    caller = current_caller()
    change, papers = changes.own(change_id, caller.require_person())
    known = {one.id: one for one in agreements.documents(change.agreement_id, caller)}

    def shown(paper: OwnPaper) -> dict[str, object]:
        agreement_id, document_id = change.agreement_id, paper.document_id
        return {
            "signature": paper,
            "document": known[document_id],
            "text": agreements.document_shown(agreement_id, document_id, caller),
            "reading_aid": agreements.document_shown(agreement_id, document_id, caller, language="en"),
        }

    return render(
        "portal/plan_change.html",
        status=409 if refused else 200,
        change=change,
        agreement=agreements.show(change.agreement_id, caller),
        papers=[shown(paper) for paper in papers if paper.document_id in known],
        signatories=[one for one in change.signatures if one.for_company],
        guarantors=[one for one in change.signatures if not one.for_company],
        is_signatory=any(paper.for_company for paper in papers),
        is_waiting=change.state is PlanChangeState.PENDING,
        refused=refused,
    )
