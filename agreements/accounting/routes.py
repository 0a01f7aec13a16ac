"""Accounting over HTTP: billing closes months, the auditor reads, the administrator keeps the chart (rule F9)."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.accounting.service import Accounting, ChartEntry, WaitingMonth, file_name
from agreements.billing.routes import month_in
from schemas.accounting import (
    AccountingPeriodSchema,
    ChartEntryRequestSchema,
    ChartEntrySchema,
    CloseMonthRequestSchema,
    TrialBalanceSchema,
    WaitingMonthSchema,
)
from schemas.loading import load
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime
from underwriting.platform.whole_files import chunks_of, length_of, passing_file


def blueprint(runtime: Runtime, accounting: Accounting) -> Blueprint:
    """The views."""
    views = Blueprint("accounting", __name__, url_prefix="/v1")
    _of_months(views, runtime, accounting)
    _of_the_chart(views, runtime, accounting)
    return views


def _of_months(views: Blueprint, runtime: Runtime, accounting: Accounting) -> None:
    @views.get("/accounting-periods")
    def show_periods() -> Response:
        return jsonify({"items": AccountingPeriodSchema(many=True).dump(accounting.months())})

    @views.post("/accounting-periods")
    @idempotent(runtime)
    def close_period() -> ResponseReturnValue:
        body = load(CloseMonthRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        found = accounting.ask_to_close(body.month, actor=current_caller().actor)
        if isinstance(found, WaitingMonth):
            return jsonify(WaitingMonthSchema().dump(found)), 202
        return jsonify(AccountingPeriodSchema().dump(found)), 201

    @views.get("/accounting-periods/<month>")
    def show_period(month: str) -> Response:
        return jsonify(AccountingPeriodSchema().dump(accounting.closed(month_in(month))))

    @views.get("/accounting-periods/<month>/sie")
    def export_period(month: str) -> Response:
        wanted = month_in(month)
        name = file_name(wanted)
        with passing_file(name) as file:
            accounting.write(wanted, file, with_checksum=request.args.get("ksumma") == "true")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(length_of(file))}
        return Response(chunks_of(file), content_type="application/octet-stream", headers=headers)

    @views.get("/accounting-periods/<month>/trial-balance")
    def show_balance(month: str) -> Response:
        return jsonify(TrialBalanceSchema().dump(accounting.balance(month_in(month))))


def _of_the_chart(views: Blueprint, runtime: Runtime, accounting: Accounting) -> None:
    @views.get("/chart-of-accounts")
    def show_chart() -> Response:
        return jsonify({"items": ChartEntrySchema(many=True).dump(accounting.chart())})

    @views.post("/chart-of-accounts")
    @idempotent(runtime)
    def map_account() -> ResponseReturnValue:
        body = load(ChartEntryRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        entry = ChartEntry(body.account, body.since, body.number, body.name)
        return jsonify(ChartEntrySchema().dump(accounting.map_account(entry, actor=current_caller().actor))), 201
