"""Monthly fees over HTTP: explained to whoever pays them (rule F10), charged by billing (rule F1)."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.billing import service as billing
from agreements.billing.services.charge_month import charge_month, runs
from agreements.credit.service import get_agreement
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from schemas.billing import ChargedFeeSchema, FeeExplanationSchema, FeeRunRequestSchema, FeeRunSchema
from schemas.loading import load
from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, agreements: Agreements, *, read_answers: Callable[[], object]) -> Blueprint:
    """The views; *agreements* says who may see which fees.

    *read_answers* reads what the bank tells, before fees are charged (rule F1); what it raises is answered as refusal.
    """
    views = Blueprint("billing", __name__, url_prefix="/v1")

    @views.get("/agreements/<uuid:agreement_id>/fees")
    def show_fees(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        with runtime.database.transaction() as session:
            return jsonify({"items": ChargedFeeSchema(many=True).dump(billing.fees_of(session, agreement_id))})

    @views.get("/agreements/<uuid:agreement_id>/fees/<month>")
    def explain_fee(agreement_id: uuid.UUID, month: str) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        wanted = month_in(month)
        with runtime.database.transaction() as session:
            explained = billing.explain(session, get_agreement(session, agreement_id), wanted)
        return jsonify(FeeExplanationSchema().dump(explained))

    @views.get("/fee-runs")
    def show_runs() -> Response:
        with runtime.database.transaction() as session:
            return jsonify({"items": FeeRunSchema(many=True).dump(runs(session))})

    @views.post("/fee-runs")
    @idempotent(runtime)
    def run() -> ResponseReturnValue:
        body = load(FeeRunRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        billing.require_chargeable(body.month, runtime.clock.now())
        read_answers()
        charge_month(runtime, body.month)
        with runtime.database.transaction() as session:
            done = next(run for run in runs(session) if run.month == body.month)
        return jsonify(FeeRunSchema().dump(done)), 201

    return views


def month_in(text: str) -> Month:
    """The month that the part *text* of an address names; NotFound when it names none."""
    try:
        month = Month.parse(text)
        month.next()  # the calendar's last month has no end
    except ValueError:
        raise NotFound from None
    return month
