"""Invoices over HTTP: read by whoever pays them, issued, credited and printed by billing (rules F4, F5, F6)."""

import uuid
from datetime import date

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from agreements.invoices.service import Invoices
from schemas.invoices import (
    CreditRequestSchema,
    InvoiceDeliveryRequestSchema,
    InvoiceDeliverySchema,
    InvoiceRunRequestSchema,
    InvoiceRunSchema,
    InvoiceSchema,
    PriceRequestSchema,
    PriceSchema,
    PrintBatchSchema,
    StatementSchema,
)
from schemas.loading import load
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Language, Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime

_ON_A_PAGE = 50
_NOT_A_DAY = Text("Skriv en dag som 2026-11-22", "Write a day as 2026-11-22")
_NOT_A_CURSOR = Text("Ta next_cursor från svaret före", "Take next_cursor of the answer before")
_LARGEST_NUMBER = 2**63


class InvoiceQueryRefused(InvalidInput):
    """The query asks for something that there is not."""

    slug = "invoice-query-refused"
    title = Text("Frågan kunde inte läsas", "The query could not be read")


def blueprint(runtime: Runtime, agreements: Agreements, invoices: Invoices) -> Blueprint:
    """The views; *agreements* says who may see which."""
    views = Blueprint("invoices", __name__, url_prefix="/v1")
    _of_agreements(views, runtime, agreements, invoices)
    _of_invoices(views, runtime, agreements, invoices)
    _of_billing(views, runtime, invoices)
    return views


def _of_agreements(views: Blueprint, runtime: Runtime, agreements: Agreements, invoices: Invoices) -> None:
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    @views.get("/agreements/<uuid:agreement_id>/invoices")
    def show_invoices(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify({"items": InvoiceSchema(many=True).dump(invoices.of_agreement(agreement_id))})

    @views.get("/agreements/<uuid:agreement_id>/invoice-delivery")
    def show_delivery(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify(InvoiceDeliverySchema().dump(invoices.delivery(agreement_id)))

    @views.put("/agreements/<uuid:agreement_id>/invoice-delivery")
    @idempotent(runtime)
    @unchanged
    def choose_delivery(agreement_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.STAFF, Part.BORROWER)
        body = load(InvoiceDeliveryRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        chosen = invoices.choose_delivery(agreement_id, body.delivery, address=body.address, actor=caller.actor)
        return jsonify(InvoiceDeliverySchema().dump(chosen)), 200

    @views.get("/agreements/<uuid:agreement_id>/statement")
    def show_statement(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        found = invoices.statement(agreement_id, first=_day("from"), last=_day("to"))
        return jsonify(StatementSchema().dump(found))

    @views.get("/agreements/<uuid:agreement_id>/statement.pdf")
    def print_statement(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        language: Language = "en" if request.args.get("language") == "en" else "sv"
        found = invoices.statement(agreement_id, first=_day("from"), last=_day("to"))
        name = f"kontoutdrag-{found.first}-{found.last}.pdf"
        return _file(invoices.statement_pdf(agreement_id, found, language), name, "application/pdf")


def _of_invoices(views: Blueprint, runtime: Runtime, agreements: Agreements, invoices: Invoices) -> None:
    @views.get("/invoices/<uuid:invoice_id>")
    def show_invoice(invoice_id: uuid.UUID) -> Response:
        found = invoices.show(invoice_id)
        agreements.require(found.agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify(InvoiceSchema().dump(found))

    @views.get("/invoices/<uuid:invoice_id>/pdf")
    def show_pdf(invoice_id: uuid.UUID) -> Response:
        agreements.require(invoices.show(invoice_id).agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        name, content = invoices.pdf(invoice_id)
        return _file(content, name, "application/pdf")

    @views.post("/invoices/<uuid:invoice_id>/paper-fee-credit")
    @idempotent(runtime)
    def credit_paper_fee(invoice_id: uuid.UUID) -> ResponseReturnValue:
        body = load(CreditRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        note = invoices.credit_paper_fee(invoice_id, body.reason, actor=current_caller().actor)
        return jsonify(InvoiceSchema().dump(note)), 201


def _of_billing(views: Blueprint, runtime: Runtime, invoices: Invoices) -> None:
    @views.get("/invoice-runs")
    def show_runs() -> Response:
        return jsonify({"items": InvoiceRunSchema(many=True).dump(invoices.runs())})

    @views.post("/invoice-runs")
    @idempotent(runtime)
    def begin_run() -> ResponseReturnValue:
        body = load(InvoiceRunRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        return jsonify(InvoiceRunSchema().dump(invoices.begin(body.period))), 201

    @views.get("/paper-invoice-prices")
    def show_prices() -> Response:
        return jsonify({"items": PriceSchema(many=True).dump(invoices.paper_fees())})

    @views.post("/paper-invoice-prices")
    @idempotent(runtime)
    def set_price() -> ResponseReturnValue:
        body = load(PriceRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        price = invoices.set_paper_fee(body.amount, since=body.since, actor=current_caller().actor)
        return jsonify(PriceSchema().dump(price)), 201

    @views.get("/print-batches")
    def show_batches() -> Response:
        rows = invoices.batches(before=_before(), limit=_ON_A_PAGE + 1)
        items = rows[:_ON_A_PAGE]
        more = {"next_cursor": str(items[-1].number)} if len(rows) > _ON_A_PAGE else {}
        return jsonify({"items": PrintBatchSchema(many=True).dump(items)} | more)

    @views.post("/print-batches")
    @idempotent(runtime)
    def make_batch() -> ResponseReturnValue:
        batch = invoices.make_batch(actor=current_caller().actor)
        return jsonify({"items": PrintBatchSchema(many=True).dump([batch] if batch else [])}), 201

    @views.get("/print-batches/<uuid:batch_id>/file")
    def fetch_batch(batch_id: uuid.UUID) -> Response:
        return _file(invoices.batch_file(batch_id), f"utskrift-{batch_id}.zip", "application/zip")


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, content_type=media_type, headers=headers)


def _day(name: str) -> date | None:
    text = request.args.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvoiceQueryRefused(errors=(FieldError(f"/{name}", _NOT_A_DAY),)) from None


def _before() -> int | None:
    text = request.args.get("cursor")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) >= _LARGEST_NUMBER:
        raise InvoiceQueryRefused(errors=(FieldError("/cursor", _NOT_A_CURSOR),))
    return int(text)
