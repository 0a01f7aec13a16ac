"""The policy's versions over HTTP: read, drafted, approved, put in force (rule D11)."""

import uuid
from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from schemas.loading import load
from schemas.policies import PolicyDraftSchema, PolicySchema, PolicyVersionSchema, PublicationRequestSchema
from underwriting.decisions.services.keep_policies import Policies
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, policies: Policies) -> Blueprint:
    """The views under `/v1/policies`."""
    views = Blueprint("policies", __name__, url_prefix="/v1/policies")

    @views.get("")
    def show_all() -> Response:
        found = policies.list(current_caller())
        return jsonify({"items": [PolicyVersionSchema().dump(one) for one in found]})

    @views.post("")
    @idempotent(runtime)
    def draft() -> ResponseReturnValue:
        document, sha256 = load(PolicyDraftSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = policies.draft(document, current_caller(), sha256=sha256)
        return jsonify(PolicyVersionSchema().dump(view)), 201

    @views.get("/<uuid:policy_id>")
    def show(policy_id: uuid.UUID) -> Response:
        view, _ = policies.read(str(policy_id), current_caller())
        return jsonify(PolicySchema().dump(asdict(view) | {"document": policies.document(view.sha256)}))

    @views.post("/<uuid:policy_id>/approval")
    @idempotent(runtime)
    def approve(policy_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(PolicyVersionSchema().dump(policies.approve(str(policy_id), current_caller()))), 201

    @views.post("/<uuid:policy_id>/publications")
    @idempotent(runtime)
    def publish(policy_id: uuid.UUID) -> ResponseReturnValue:
        start = load(PublicationRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = policies.publish(str(policy_id), current_caller(), from_=start)
        return jsonify(PolicyVersionSchema().dump(view)), 201

    return views
