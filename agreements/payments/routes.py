"""Incoming payments over HTTP: files of the bank, and what waits for a person (rule F7)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.payments.service import Payments
from schemas.payments import PaymentFileSchema, UnmatchedPaymentSchema
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime

_ON_A_PAGE = 100


class PaymentQueryRefused(InvalidInput):
    """The query asks for something that there is not."""

    slug = "payment-query-refused"
    title = Text("Ange status=unmatched", "Ask for status=unmatched")


def blueprint(runtime: Runtime, payments: Payments) -> Blueprint:
    """The views, all of them for billing."""
    views = Blueprint("payments", __name__, url_prefix="/v1")

    @views.post("/payment-files")
    @idempotent(runtime)
    def take_file() -> ResponseReturnValue:
        upload = request.files.get("file")
        content = upload.read() if upload else request.get_data()
        return jsonify(PaymentFileSchema().dump(payments.read_file(content, actor=current_caller().actor))), 201

    @views.get("/payments")
    def show_payments() -> Response:
        if request.args.get("status") != "unmatched":
            raise PaymentQueryRefused
        rows = payments.unmatched(after=_cursor(), limit=_ON_A_PAGE + 1)
        items = rows[:_ON_A_PAGE]
        more = {"next_cursor": str(items[-1].id)} if len(rows) > _ON_A_PAGE else {}
        return jsonify({"items": UnmatchedPaymentSchema(many=True).dump(items)} | more)

    return views


def _cursor() -> uuid.UUID | None:
    text = request.args.get("cursor")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise PaymentQueryRefused from None
