"""Changes of repayment plans over HTTP (rule G7): worked out, proposed and withdrawn by staff, read by everybody."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.plan_changes.rules import AskedPlan
from agreements.plan_changes.service import PlanChanges
from schemas.loading import load
from schemas.plan_changes import PlanChangeQuoteSchema, PlanChangeRequestSchema, PlanChangeSchema
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime, agreements: Agreements, changes: PlanChanges) -> Blueprint:
    """The views; *agreements* says who sees which agreement."""
    views = Blueprint("plan_changes", __name__, url_prefix="/v1")
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    def asked(sent: object) -> AskedPlan:
        body = load(PlanChangeRequestSchema(), sent, on=stockholm_date(runtime.clock.now()))
        return changes.asked(body.repayment_plan, body.term_months, body.first_month)

    @views.get("/agreements/<uuid:agreement_id>/plan-change-quote")
    def show_quote(agreement_id: uuid.UUID) -> Response:
        sent = {**request.args, "term_months": _whole_number(request.args.get("term_months", ""))}
        return jsonify(PlanChangeQuoteSchema().dump(changes.quote(agreement_id, asked(sent))))

    @views.get("/agreements/<uuid:agreement_id>/plan-changes")
    def show_changes(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller())
        return jsonify({"items": PlanChangeSchema(many=True).dump(changes.of_agreement(agreement_id))})

    @views.post("/agreements/<uuid:agreement_id>/plan-changes")
    @idempotent(runtime)
    @unchanged
    def propose(agreement_id: uuid.UUID) -> ResponseReturnValue:
        view = changes.propose(agreement_id, asked(request.get_json()), actor=current_caller().actor)
        return jsonify(PlanChangeSchema().dump(view)), 201

    @views.post("/plan-changes/<uuid:change_id>/withdrawal")
    @idempotent(runtime)
    def withdraw(change_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(PlanChangeSchema().dump(changes.withdraw(change_id, actor=current_caller().actor)))

    return views


def _whole_number(text: str) -> int | str:
    """The number that a query writes in digits; what is none is left to the schema to refuse."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else text
