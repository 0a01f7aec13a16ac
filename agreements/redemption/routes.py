"""Early redemption over HTTP (rule F3)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from agreements.redemption.service import Redemptions
from schemas.agreements import RedemptionQuoteSchema, RedemptionRequestSchema, RedemptionSchema
from schemas.loading import load
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, agreements: Agreements, redemptions: Redemptions) -> Blueprint:
    """The views; *agreements* says who may."""
    views = Blueprint("redemption", __name__, url_prefix="/v1/agreements/<uuid:agreement_id>")
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    @views.get("/redemption-quote")
    def show_quote(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        today = stockholm_date(runtime.clock.now())
        asked = load(RedemptionRequestSchema(), {"on": today.isoformat(), **request.args}, on=today)
        return jsonify(RedemptionQuoteSchema().dump(redemptions.quote(agreement_id, asked.on)))

    @views.post("/redemption")
    @idempotent(runtime)
    @unchanged
    def request_redemption(agreement_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.STAFF, Part.BORROWER)
        body = load(RedemptionRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = redemptions.request(agreement_id, body.on, actor=caller.actor)
        return jsonify(RedemptionSchema().dump(view)), 201

    return views
