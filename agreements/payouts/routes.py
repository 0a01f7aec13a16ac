"""Drawdowns and held payouts over HTTP (rules P1, P4)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from agreements.payouts.service import Payouts
from schemas.agreements import DrawdownRequestSchema, DrawdownSchema
from schemas.loading import load
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, agreements: Agreements, payouts: Payouts) -> Blueprint:
    """The views; *agreements* says who may."""
    views = Blueprint("payouts", __name__, url_prefix="/v1")
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    @views.post("/agreements/<uuid:agreement_id>/drawdowns")
    @idempotent(runtime)
    @unchanged
    def request_drawdown(agreement_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.BORROWER)
        body = load(DrawdownRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = payouts.request_drawdown(agreement_id, body.amount, actor=caller.actor)
        return jsonify(DrawdownSchema().dump(view)), 201

    @views.get("/agreements/<uuid:agreement_id>/drawdowns")
    def show_drawdowns(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify({"items": DrawdownSchema(many=True).dump(payouts.drawdowns(agreement_id))})

    @views.post("/payouts/<uuid:payout_id>/release")
    @idempotent(runtime)
    def release_payout(payout_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(DrawdownSchema().dump(payouts.release(payout_id, actor=current_caller().actor)))

    return views
