"""Incoming payments over HTTP: files of the bank, what waits for a person, and what is paid back (rules F7, F8)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.payments.service import ChosenPart, Payments
from schemas.loading import load
from schemas.payments import (
    ListedPaymentFileSchema,
    MatchRequestSchema,
    PaymentFileSchema,
    PaymentInDoubtSchema,
    PaymentSchema,
    RefundRequestSchema,
    RefundSchema,
    ReturnRequestSchema,
)
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime

_ON_A_PAGE = 100


class PaymentQueryRefused(InvalidInput):
    """The query asks for something that there is not."""

    slug = "payment-query-refused"
    title = Text("Ange status, till exempel unmatched", "Ask for a status, for example unmatched")


def blueprint(runtime: Runtime, payments: Payments) -> Blueprint:
    """The views, all of them for billing."""
    views = Blueprint("payments", __name__, url_prefix="/v1")
    _files(views, runtime, payments)
    _payments(views, runtime, payments)
    _refunds(views, runtime, payments)
    return views


def _files(views: Blueprint, runtime: Runtime, payments: Payments) -> None:
    @views.post("/payment-files")
    @idempotent(runtime)
    def take_file() -> ResponseReturnValue:
        upload = request.files.get("file")
        content = upload.read() if upload else request.get_data()
        return jsonify(PaymentFileSchema().dump(payments.read_file(content, actor=current_caller().actor))), 201

    @views.get("/payment-files")
    def show_files() -> Response:
        rows = payments.files(before=_cursor(), limit=_ON_A_PAGE + 1)
        return _page(ListedPaymentFileSchema(many=True).dump(rows[:_ON_A_PAGE]), more=len(rows) > _ON_A_PAGE)


def _payments(views: Blueprint, runtime: Runtime, payments: Payments) -> None:
    @views.get("/payments")
    def show_payments() -> Response:
        rows = payments.in_state(_status(), after=_cursor(), limit=_ON_A_PAGE + 1)
        return _page(PaymentSchema(many=True).dump(rows[:_ON_A_PAGE]), more=len(rows) > _ON_A_PAGE)

    @views.get("/payments/<uuid:payment_id>")
    def show_payment(payment_id: uuid.UUID) -> Response:
        return jsonify(PaymentInDoubtSchema().dump(payments.look_into(payment_id)))

    @views.post("/payments/<uuid:payment_id>/allocation")
    @idempotent(runtime)
    def allocate(payment_id: uuid.UUID) -> ResponseReturnValue:
        body = load(MatchRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        actor = current_caller().actor
        if body.takes_back_id is not None and not body.parts:
            rows = [payments.take_back(payment_id, body.takes_back_id, actor=actor)]
        else:
            parts = [ChosenPart(part.agreement_id, part.amount, part.invoice_id) for part in body.parts]
            rows = list(payments.match(payment_id, parts, actor=actor))
        return jsonify({"items": PaymentSchema(many=True).dump(rows)})


def _refunds(views: Blueprint, runtime: Runtime, payments: Payments) -> None:
    @views.post("/agreements/<uuid:agreement_id>/refunds")
    @idempotent(runtime)
    def ask_refund(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = load(RefundRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = payments.ask_refund(agreement_id, body.amount, reason=body.reason, caller=current_caller())
        return jsonify(RefundSchema().dump(view)), 201

    @views.post("/payments/<uuid:payment_id>/return")
    @idempotent(runtime)
    def ask_return(payment_id: uuid.UUID) -> ResponseReturnValue:
        body = load(ReturnRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        view = payments.ask_return(payment_id, account=body.bankgiro, reason=body.reason, caller=current_caller())
        return jsonify(RefundSchema().dump(view)), 201

    @views.get("/refunds")
    def show_refunds() -> Response:
        rows = payments.refunds(after=_cursor(), limit=_ON_A_PAGE + 1)
        return _page(RefundSchema(many=True).dump(rows[:_ON_A_PAGE]), more=len(rows) > _ON_A_PAGE)

    @views.post("/refunds/<uuid:refund_id>/release")
    @idempotent(runtime)
    def release_refund(refund_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(RefundSchema().dump(payments.release_refund(refund_id, caller=current_caller())))

    @views.post("/refunds/<uuid:refund_id>/withdrawal")
    @idempotent(runtime)
    def withdraw_refund(refund_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(RefundSchema().dump(payments.withdraw_refund(refund_id, caller=current_caller())))


def _page(items: list[dict[str, object]], *, more: bool) -> Response:
    return jsonify({"items": items} | ({"next_cursor": str(items[-1]["id"])} if more else {}))


def _status() -> PaymentState:
    try:
        return PaymentState(request.args.get("status", ""))
    except ValueError:
        raise PaymentQueryRefused from None


def _cursor() -> uuid.UUID | None:
    text = request.args.get("cursor")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise PaymentQueryRefused from None
