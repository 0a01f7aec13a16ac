"""The underwriter's desk over HTTP (rules D8, D9, D13), and the review that a person asks for."""

import uuid

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from schemas.decisions import StaffDecisionSchema
from schemas.desk import (
    AssignmentListSchema,
    AssignmentRequestSchema,
    AssignmentSchema,
    DecidedAnewSchema,
    FactDisputeListSchema,
    FactDisputeSchema,
    OwnReviewSchema,
    ProposalListSchema,
    ProposalSchema,
    RejectionSchema,
    ReviewAnswerSchema,
    ReviewListSchema,
    ReviewRequestSchema,
    StaffReviewSchema,
)
from schemas.loading import Body, T, load
from underwriting.decisions.desk import Desk
from underwriting.decisions.services.dispute_fact import Disputed
from underwriting.decisions.services.keep_dispute import EvidenceDocument
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, desk: Desk) -> Blueprint:
    """The views under `/v1`."""
    views = Blueprint("desk", __name__, url_prefix="/v1")
    unchanged = if_unchanged("application_id", "applications.show")

    def body(schema: Body[T]) -> T:
        return load(schema, request.get_json(), on=stockholm_date(runtime.clock.now()))

    _second_person(views, runtime, desk)

    @views.post("/applications/<uuid:application_id>/review-request")
    @idempotent(runtime)
    @unchanged
    def request_review(application_id: uuid.UUID) -> ResponseReturnValue:
        sent, caller = body(ReviewRequestSchema()), current_caller()
        if not caller.is_staff:
            return jsonify(OwnReviewSchema().dump(desk.request_review(application_id, sent.view, caller))), 201
        recorded = desk.record_review(
            application_id, sent.guarantor_id, sent.view, sent.channel, sent.received_at, caller
        )
        return jsonify(StaffReviewSchema().dump(recorded)), 201

    @views.get("/applications/<uuid:application_id>/review-request")
    def show_review(application_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        if caller.is_staff:
            return jsonify(ReviewListSchema().dump({"items": desk.reviews_of(application_id, caller)}))
        return jsonify(OwnReviewSchema().dump(desk.own_review(application_id, caller)))

    @views.get("/review-requests")
    def show_reviews() -> ResponseReturnValue:
        return jsonify(ReviewListSchema().dump({"items": desk.reviews(current_caller())}))

    @views.post("/review-requests/<uuid:review_id>/answer")
    @idempotent(runtime)
    def answer_review(review_id: uuid.UUID) -> ResponseReturnValue:
        sent = body(ReviewAnswerSchema())
        answered = desk.answer_review(
            review_id, sent.outcome, sent.answer, sent.grounds, current_caller(), english=sent.answer_english
        )
        return jsonify(StaffReviewSchema().dump(answered)), 201

    @views.put("/applications/<uuid:application_id>/assignment")
    @idempotent(runtime)
    @unchanged
    def assign(application_id: uuid.UUID) -> ResponseReturnValue:
        sent = body(AssignmentRequestSchema())
        return jsonify(AssignmentSchema().dump(desk.assign(application_id, sent.username, current_caller())))

    @views.delete("/applications/<uuid:application_id>/assignment")
    @idempotent(runtime)
    @unchanged
    def give_back(application_id: uuid.UUID) -> ResponseReturnValue:
        desk.give_back(application_id, current_caller())
        return "", 204

    @views.get("/assignments")
    def show_assignments() -> ResponseReturnValue:
        return jsonify(AssignmentListSchema().dump({"items": desk.own_cases(current_caller())}))

    @views.post("/applications/<uuid:application_id>/fact-disputes")
    @idempotent(runtime)
    @unchanged
    def dispute_fact(application_id: uuid.UUID) -> ResponseReturnValue:
        sent = body(FactDisputeSchema())
        document = None
        if sent.document is not None and sent.document_type is not None:
            document = EvidenceDocument(content=sent.document, media_type=sent.document_type)
        wrong = Disputed(
            subject=sent.subject,
            fact=sent.fact,
            treatment=sent.treatment,
            value=sent.value,
            note=sent.note,
            document=document,
        )
        decision, dispute = desk.dispute(application_id, wrong, current_caller())
        return jsonify(DecidedAnewSchema().dump({"decision": decision, "dispute": dispute})), 201

    @views.get("/applications/<uuid:application_id>/fact-disputes")
    def show_disputes(application_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(FactDisputeListSchema().dump({"items": desk.disputes(application_id, current_caller())}))

    @views.get("/applications/<uuid:application_id>/fact-disputes/<uuid:dispute_id>/document")
    def show_evidence(application_id: uuid.UUID, dispute_id: uuid.UUID) -> Response:
        document = desk.evidence_document(application_id, dispute_id, current_caller())
        response = make_response(document.content)
        response.headers["Content-Type"] = document.media_type
        response.headers["Content-Disposition"] = "attachment"
        return response

    return views


def _second_person(views: Blueprint, runtime: Runtime, desk: Desk) -> None:
    """The determinations that wait for a second person."""

    @views.get("/overrides")
    def show_proposals() -> ResponseReturnValue:
        return jsonify(ProposalListSchema().dump({"items": desk.proposals(current_caller())}))

    @views.post("/overrides/<uuid:proposal_id>/approval")
    @idempotent(runtime, asks_outside_party=True)
    def approve(proposal_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(StaffDecisionSchema().dump(desk.approve(proposal_id, current_caller()))), 201

    @views.post("/overrides/<uuid:proposal_id>/rejection")
    @idempotent(runtime)
    def reject(proposal_id: uuid.UUID) -> ResponseReturnValue:
        reason = load(RejectionSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        return jsonify(ProposalSchema().dump(desk.reject(proposal_id, reason, current_caller())))
