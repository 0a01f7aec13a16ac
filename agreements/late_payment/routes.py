"""Late payment over HTTP: interest and costs for whoever pays them, reference rates for two of billing (R4, R5)."""

import uuid
from datetime import date

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from agreements.invoices.service import Invoices
from agreements.late_payment.service import LatePayment
from schemas.late_payment import (
    ClaimInterestSchema,
    LateChargeRequestSchema,
    LateChargeSchema,
    ReferenceRateRequestSchema,
    ReferenceRateSchema,
)
from schemas.loading import load
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime

_YEARS_AHEAD = 1


class LateInterestQueryRefused(InvalidInput):
    """The day through which interest is asked for is no day, or lies far ahead. Rule R5."""

    slug = "late-interest-query-refused"
    title = Text("Dagen kunde inte läsas", "The day could not be read")
    rule = "R5"


def blueprint(runtime: Runtime, agreements: Agreements, invoices: Invoices, late_payment: LatePayment) -> Blueprint:
    """The views; *agreements* says who may see which."""
    views = Blueprint("late_payment", __name__, url_prefix="/v1")
    _of_claims(views, runtime, agreements, invoices, late_payment)
    _of_rates(views, runtime, late_payment)
    return views


def _of_claims(
    views: Blueprint, runtime: Runtime, agreements: Agreements, invoices: Invoices, late_payment: LatePayment
) -> None:
    @views.get("/agreements/<uuid:agreement_id>/late-interest")
    def show_interest(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        through = _through(stockholm_date(runtime.clock.now()))
        found = late_payment.interest(agreement_id, through=through)
        return jsonify({"items": ClaimInterestSchema(many=True).dump(found)})

    @views.get("/invoices/<uuid:invoice_id>/late-charges")
    def show_charges(invoice_id: uuid.UUID) -> Response:
        agreements.require(invoices.show(invoice_id).agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify({"items": LateChargeSchema(many=True).dump(late_payment.charges(invoice_id))})

    @views.post("/invoices/<uuid:invoice_id>/late-charges")
    @idempotent(runtime)
    def charge(invoice_id: uuid.UUID) -> ResponseReturnValue:
        body = load(LateChargeRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        charged = late_payment.charge(invoice_id, body.kind, actor=current_caller().actor)
        return jsonify(LateChargeSchema().dump(charged)), 201


def _of_rates(views: Blueprint, runtime: Runtime, late_payment: LatePayment) -> None:
    @views.get("/reference-rates")
    def show_rates() -> Response:
        return jsonify({"items": ReferenceRateSchema(many=True).dump(late_payment.rates())})

    @views.post("/reference-rates")
    @idempotent(runtime)
    def propose_rate() -> ResponseReturnValue:
        body = load(ReferenceRateRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        found = late_payment.propose_rate(
            body.since, body.rate, source=body.source, reason=body.reason, caller=current_caller()
        )
        return jsonify(ReferenceRateSchema().dump(found)), 201

    @views.post("/reference-rates/<uuid:rate_id>/confirmation")
    @idempotent(runtime)
    def confirm_rate(rate_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(ReferenceRateSchema().dump(late_payment.confirm_rate(rate_id, caller=current_caller()))), 200

    @views.post("/reference-rates/<uuid:rate_id>/rejection")
    @idempotent(runtime)
    def reject_rate(rate_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(ReferenceRateSchema().dump(late_payment.reject_rate(rate_id, caller=current_caller()))), 200


def _through(today: date) -> date:
    text = request.args.get("through")
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        day = date.max
    if day.year > today.year + _YEARS_AHEAD:
        detail = Text(
            "Skriv en dag som 2026-11-22, högst ett år fram", "Write a day as 2026-11-22, at most a year ahead"
        )
        raise LateInterestQueryRefused(errors=(FieldError("/through", detail, "R5"),))
    return day
