"""What staff do with a case on its page; each comes back to it, done or refused with everything that was typed."""

import uuid

from flask import Blueprint, Response, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from bureau_clients.gateway import Gateway
from schemas.decisions import InformationRequestSchema, OverrideSchema
from schemas.desk import AssignmentRequestSchema, FactDisputeSchema, RejectionSchema
from schemas.loading import Body, T, load
from underwriting.applications.service import Applications
from underwriting.decisions.desk import Desk
from underwriting.decisions.override import Determination
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.dispute_fact import Disputed
from underwriting.decisions.services.keep_dispute import EvidenceDocument
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.case_forms import dispute_body, errors_of_dispute, read_file, ruling_body
from underwriting.web.views.console_case_page import CasePage


def blueprint(
    runtime: Runtime, applications: Applications, decisions: Decisions, agreements: Agreements, gateway: Gateway
) -> Blueprint:
    """The views under `/console/applications/`, one case each."""
    pages = Blueprint("cases", __name__, url_prefix="/applications")
    page = CasePage(runtime, applications, Desk(decisions), agreements, gateway)

    @pages.get("/<uuid:application_id>")
    def case(application_id: uuid.UUID) -> Response:
        return page.show(application_id)

    _of_decisions(pages, page)
    _of_proposals(pages, page)
    _of_assignment(pages, page)
    _of_disputes(pages, page)
    return pages


def _of_decisions(pages: Blueprint, page: CasePage) -> None:
    decisions = page.desk.decisions

    @pages.post("/<uuid:application_id>/determine")
    def determine(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = _read(page, OverrideSchema(), ruling_body(request.form))
            asked = Determination(
                outcome=body.outcome,
                limit=body.limit,
                fee_rate=body.fee_rate,
                reason_code=body.reason_code,
                conditions=body.conditions,
            )
            proposes = "propose" in request.form
            decisions.determine(application_id, asked, body.reason, current_caller(), proposes=proposes)

        return page.attempt(application_id, act)

    @pages.post("/<uuid:application_id>/question")
    def ask_applicant(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            question = _read(page, InformationRequestSchema(), {"question": _field("question")})
            decisions.ask_for_information(application_id, question, current_caller())

        return page.attempt(application_id, act)

    @pages.post("/<uuid:application_id>/ask-again")
    def ask_again(application_id: uuid.UUID) -> BaseResponse:
        return page.attempt(application_id, lambda: decisions.ask_again(application_id, current_caller()))


def _of_proposals(pages: Blueprint, page: CasePage) -> None:
    @pages.post("/<uuid:application_id>/proposals/<uuid:proposal_id>/approve")
    def approve(application_id: uuid.UUID, proposal_id: uuid.UUID) -> BaseResponse:
        return page.attempt(application_id, lambda: page.desk.approve(proposal_id, current_caller()))

    @pages.post("/<uuid:application_id>/proposals/<uuid:proposal_id>/reject")
    def reject(application_id: uuid.UUID, proposal_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            reason = _read(page, RejectionSchema(), {"reason": _field("rejection")})
            page.desk.reject(proposal_id, reason, current_caller())

        return page.attempt(application_id, act, placed=lambda errors: _renamed(errors, "/reason", "/rejection"))


def _of_assignment(pages: Blueprint, page: CasePage) -> None:
    @pages.post("/<uuid:application_id>/assign")
    def assign(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            username = _field("username")
            body = _read(page, AssignmentRequestSchema(), {"username": username} if username else {})
            page.desk.assign(application_id, body.username, current_caller())

        return page.attempt(application_id, act)

    @pages.post("/<uuid:application_id>/give-back")
    def give_back(application_id: uuid.UUID) -> BaseResponse:
        return page.attempt(application_id, lambda: page.desk.give_back(application_id, current_caller()))


def _of_disputes(pages: Blueprint, page: CasePage) -> None:
    @pages.post("/<uuid:application_id>/dispute")
    def dispute(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = _read(page, FactDisputeSchema(), dispute_body(request.form, _uploaded("document")))
            document = None
            if body.document is not None and body.document_type is not None:
                document = EvidenceDocument(content=body.document, media_type=body.document_type)
            wrong = Disputed(
                subject=body.subject,
                fact=body.fact,
                treatment=body.treatment,
                value=body.value,
                note=body.note,
                document=document,
            )
            page.desk.dispute(application_id, wrong, current_caller())

        return page.attempt(application_id, act, placed=errors_of_dispute)

    @pages.get("/<uuid:application_id>/disputes/<uuid:dispute_id>/document")
    def evidence(application_id: uuid.UUID, dispute_id: uuid.UUID) -> Response:
        document = page.desk.evidence_document(application_id, dispute_id, current_caller())
        response = make_response(document.content)
        response.headers["Content-Type"] = document.media_type
        response.headers["Content-Disposition"] = "attachment"
        response.headers["Cache-Control"] = "no-store"
        return response


def _read(page: CasePage, schema: Body[T], sent: dict[str, object]) -> T:
    return load(schema, sent, on=stockholm_date(page.runtime.clock.now()))


def _field(name: str) -> str:
    return request.form.get(name, "").strip()


def _uploaded(name: str) -> bytes:
    """The content of the file in the field *name*, empty without one; InvalidInput for one that is not taken."""
    upload = request.files.get(name)
    if upload is None:
        return b""
    content, fault = read_file(upload.stream)
    if fault is not None:
        raise InvalidInput(errors=(fault,))
    return content


def _renamed(errors: tuple[FieldError, ...], before: str, after: str) -> tuple[FieldError, ...]:
    return tuple(FieldError(after, one.detail, one.rule) if one.pointer == before else one for one in errors)
