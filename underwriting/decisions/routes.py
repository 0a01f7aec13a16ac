"""Decisions over HTTP: what each may read, the underwriter's determination, the acceptance of a counter-offer."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.signing.routes import SIGNING_COOKIE
from schemas.decisions import (
    DecisionPendingSchema,
    DecisionSchema,
    GuarantorDecisionSchema,
    InformationRequestSchema,
    OverrideSchema,
    StaffDecisionSchema,
)
from schemas.desk import ProposalSchema
from schemas.loading import load
from schemas.signings import StartedSigningSchema
from underwriting.decisions.override import Determination
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.propose_override import ProposalView
from underwriting.decisions.services.read_decision import ApplicantDecision, Pending, StaffDecision
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller, set_cookie
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, decisions: Decisions) -> Blueprint:
    """The views under `/v1/applications/{id}`."""
    views = Blueprint("decisions", __name__, url_prefix="/v1/applications/<uuid:application_id>")
    unchanged = if_unchanged("application_id", "applications.show")

    @views.get("/decision")
    def show(application_id: uuid.UUID) -> ResponseReturnValue:
        found = decisions.decision(application_id, current_caller())
        if isinstance(found, Pending):
            return jsonify(DecisionPendingSchema().dump(found)), 202
        if isinstance(found, StaffDecision):
            return jsonify(StaffDecisionSchema().dump(found))
        schema = DecisionSchema() if isinstance(found, ApplicantDecision) else GuarantorDecisionSchema()
        return jsonify(schema.dump(found))

    @views.post("/overrides")
    @idempotent(runtime, asks_outside_party=True)
    @unchanged
    def determine(application_id: uuid.UUID) -> ResponseReturnValue:
        body = load(OverrideSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        asked = Determination(
            outcome=body.outcome,
            limit=body.limit,
            fee_rate=body.fee_rate,
            reason_code=body.reason_code,
            conditions=body.conditions,
        )
        determined = decisions.determine(application_id, asked, body.reason, current_caller())
        if isinstance(determined, ProposalView):
            return jsonify(ProposalSchema().dump(determined)), 202
        return jsonify(StaffDecisionSchema().dump(determined)), 201

    @views.post("/information-requests")
    @idempotent(runtime)
    @unchanged
    def ask_for_information(application_id: uuid.UUID) -> ResponseReturnValue:
        question = load(InformationRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        decisions.ask_for_information(application_id, question, current_caller())
        return "", 204

    @views.post("/bureau-questions")
    @idempotent(runtime)
    @unchanged
    def ask_again(application_id: uuid.UUID) -> ResponseReturnValue:
        decisions.ask_again(application_id, current_caller())
        return "", 204

    @views.post("/counter-offer/acceptance")
    @idempotent(runtime, asks_outside_party=True)
    @unchanged
    def accept(application_id: uuid.UUID) -> ResponseReturnValue:
        started = decisions.accept_counter_offer(application_id, current_caller(), end_user_ip=end_user_ip())
        response: Response = jsonify(StartedSigningSchema().dump(started))
        response.status_code = 201
        response.headers["Location"] = f"/v1/signings/{started.signing_id}"
        set_cookie(response, SIGNING_COOKIE, started.secret)
        return response

    return views
