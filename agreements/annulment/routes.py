"""Annulling over HTTP, for staff: one asks, another one settles (rules D8, D10)."""

import uuid

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.annulment.service import Annulments
from schemas.annulments import AnnulmentRequestSchema, AnnulmentSchema
from schemas.loading import load
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, annulments: Annulments) -> Blueprint:
    """The views; the table of permissions says who may."""
    views = Blueprint("annulments", __name__, url_prefix="/v1")
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    @views.post("/agreements/<uuid:agreement_id>/annulment")
    @idempotent(runtime)
    @unchanged
    def ask(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = load(AnnulmentRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = annulments.ask(agreement_id, body.ground, reason=body.reason, caller=current_caller())
        return jsonify(AnnulmentSchema().dump(view)), 201

    @views.post("/annulments/<uuid:annulment_id>/approval")
    @idempotent(runtime)
    def approve(annulment_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(AnnulmentSchema().dump(annulments.approve(annulment_id, caller=current_caller())))

    @views.post("/annulments/<uuid:annulment_id>/rejection")
    @idempotent(runtime)
    def reject(annulment_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(AnnulmentSchema().dump(annulments.reject(annulment_id, caller=current_caller())))

    return views
