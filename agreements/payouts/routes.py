"""Drawdowns, and payouts as staff release them, over HTTP (rules P1 to P4)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from agreements.payouts.service import Payouts
from schemas.agreements import DrawdownRequestSchema, DrawdownSchema
from schemas.loading import load
from schemas.parties import ReasonRequestSchema
from schemas.payouts import (
    AccountChangeSchema,
    BankReportSchema,
    PayoutFileSchema,
    PayoutOrderSchema,
    ReleaseRequestSchema,
)
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, agreements: Agreements, payouts: Payouts) -> Blueprint:
    """The views; *agreements* says who may."""
    views = Blueprint("payouts", __name__, url_prefix="/v1")
    _drawdowns(views, runtime, agreements, payouts)
    _orders(views, runtime, payouts)
    _files(views, runtime, payouts)
    return views


def _drawdowns(views: Blueprint, runtime: Runtime, agreements: Agreements, payouts: Payouts) -> None:
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

    @views.put("/agreements/<uuid:agreement_id>/payout-account")
    @idempotent(runtime)
    @unchanged
    def change_account(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = load(AccountChangeSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        orders = payouts.change_account(
            agreement_id, body.bankgiro, holder=body.holder, evidence=body.evidence, caller=current_caller()
        )
        return jsonify({"items": PayoutOrderSchema(many=True).dump(orders)})


def _orders(views: Blueprint, runtime: Runtime, payouts: Payouts) -> None:
    @views.get("/payouts")
    def show_held() -> Response:
        return jsonify({"items": PayoutOrderSchema(many=True).dump(payouts.held())})

    @views.post("/payouts/<uuid:payout_id>/release")
    @idempotent(runtime)
    def release_payout(payout_id: uuid.UUID) -> ResponseReturnValue:
        sent = request.get_json() if request.get_data() else {}
        body = load(ReleaseRequestSchema(), sent, on=stockholm_date(runtime.clock.now()))
        view = payouts.release(payout_id, caller=current_caller(), evidence=body.evidence)
        return jsonify(PayoutOrderSchema().dump(view))

    @views.post("/payouts/<uuid:payout_id>/withdraw")
    @idempotent(runtime)
    def withdraw_payout(payout_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(PayoutOrderSchema().dump(payouts.withdraw(payout_id, caller=current_caller())))

    @views.post("/drawdowns/<uuid:drawdown_id>/payouts")
    @idempotent(runtime)
    def order_again(drawdown_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(PayoutOrderSchema().dump(payouts.order_again(drawdown_id, caller=current_caller()))), 201


def _files(views: Blueprint, runtime: Runtime, payouts: Payouts) -> None:
    @views.get("/payout-files")
    def show_files() -> Response:
        return jsonify({"items": PayoutFileSchema(many=True).dump(payouts.files())})

    @views.post("/payout-files/<uuid:file_id>/release")
    @idempotent(runtime)
    def release_file(file_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(PayoutFileSchema().dump(payouts.release_file(file_id, caller=current_caller())))

    @views.post("/payout-files/<uuid:file_id>/refusal")
    @idempotent(runtime)
    def refuse_file(file_id: uuid.UUID) -> ResponseReturnValue:
        body = load(ReasonRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = payouts.refuse_file(file_id, reason=body.reason, caller=current_caller())
        return jsonify(PayoutFileSchema().dump(view))

    @views.post("/bank-answers")
    @idempotent(runtime)
    def take_report() -> ResponseReturnValue:
        result = payouts.take_report(request.get_data(), actor=current_caller().actor)
        return jsonify(BankReportSchema().dump(result)), 201
