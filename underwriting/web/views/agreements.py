"""The company's pages of an agreement: what was agreed, what it costs, how to leave it."""

import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.billing import service as billing
from agreements.billing.routes import month_in
from agreements.cancellation.service import Cancellations
from agreements.credit.service import get_agreement
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import DocumentView, Part
from agreements.invoices.service import Invoices
from agreements.payouts.service import Payouts
from agreements.plan_changes.service import PlanChanges
from agreements.redemption.rules import RedemptionDayRefused
from agreements.redemption.service import Redemptions
from agreements.signing.service import Signings
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import RequestChannel, SigningPurpose
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.agreement_page import AgreementPage, agreement_among, day_in
from underwriting.web.charts import Bar, bars
from underwriting.web.layout import render
from underwriting.web.texts import translate
from underwriting.web.views.signing import start_signing


def blueprint(
    runtime: Runtime,
    agreements: Agreements,
    signings: Signings,
    cancellations: Cancellations,
    redemptions: Redemptions,
    payouts: Payouts,
    invoices: Invoices,
    plan_changes: PlanChanges,
) -> Blueprint:
    """All pages of an agreement."""
    pages = Blueprint("agreement_pages", __name__)
    page = AgreementPage(runtime, agreements, cancellations, redemptions, payouts, invoices, plan_changes)

    @pages.get("/agreements/<uuid:agreement_id>")
    def show(agreement_id: uuid.UUID) -> Response:
        return page.show(agreement_id, current_caller())

    @pages.get("/agreements/<uuid:agreement_id>/sign")
    def read_to_sign(agreement_id: uuid.UUID) -> Response:
        caller = current_caller()
        try:
            agreements.prepare_agreement(agreement_id, caller.require_person())
        except Conflict as refusal:
            return page.show(agreement_id, caller, refused=refusal.detail)
        own = _one(agreement_among(agreements.documents(agreement_id, caller)))
        return render(
            "portal/sign.html",
            agreement=agreements.show(agreement_id, caller),
            document=own,
            text=agreements.document_shown(agreement_id, own.id, caller),
            reading_aid=agreements.document_shown(agreement_id, own.id, caller, language="en"),
        )

    @pages.post("/agreements/<uuid:agreement_id>/sign")
    def sign(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        try:
            to_sign = agreements.prepare_agreement(agreement_id, caller.require_person())
            back = f"/agreements/{agreement_id}"
            return start_signing(signings, SigningPurpose.AGREEMENT, agreement_id, to_sign, back=back)
        except Conflict as refusal:
            return page.show(agreement_id, caller, refused=refusal.detail)

    @pages.post("/agreements/<uuid:agreement_id>/cancel")
    def cancel(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.BORROWER)
        try:
            cancellations.request(agreement_id, RequestChannel.PORTAL, received_at=None, actor=caller.actor)
        except Conflict as refusal:
            return page.show(agreement_id, caller, refused=refusal.detail)
        return redirect(f"/agreements/{agreement_id}#cancel", 303)

    @pages.post("/agreements/<uuid:agreement_id>/redeem")
    def redeem(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.BORROWER)
        on = day_in(request.form.get("on", "")) or stockholm_date(runtime.clock.now())
        try:
            redemptions.request(agreement_id, on, actor=caller.actor)
        except (Conflict, RedemptionDayRefused) as refusal:
            return page.show(agreement_id, caller, refused=refusal.detail)
        return redirect(f"/agreements/{agreement_id}?on={on.isoformat()}#redeem", 303)

    @pages.get("/agreements/<uuid:agreement_id>/fees/<month>")
    def fee(agreement_id: uuid.UUID, month: str) -> Response:
        agreements.require(agreement_id, current_caller(), Part.BORROWER, Part.STAFF)
        with runtime.database.transaction() as session:
            explained = billing.explain(session, get_agreement(session, agreement_id), month_in(month))
        shown = [
            Bar(str(day.on.day), day.highest.ore, f"{day.on}: {day.highest.formatted()}") for day in explained.days
        ]
        return render(
            "portal/fee.html",
            agreement_id=agreement_id,
            explanation=explained,
            product=_kronor(explained.product),
            chart=bars(shown, title=translate("fees.by_day")),
        )

    @pages.get("/agreements/<uuid:agreement_id>/documents/<uuid:document_id>")
    def document(agreement_id: uuid.UUID, document_id: uuid.UUID) -> Response:
        caller = current_caller()
        found = _first(agreements.documents(agreement_id, caller), lambda each: each.id == document_id)
        return render(
            "portal/document.html",
            kind=found.kind,
            sha256=found.sha256,
            back=f"/agreements/{agreement_id}",
            download=f"/v1/agreements/{agreement_id}/documents/{document_id}",
            is_pdf=found.media_type == "application/pdf",
            sealed_at=found.sealed_at,
            text=agreements.document_shown(agreement_id, document_id, caller),
            reading_aid=agreements.document_shown(agreement_id, document_id, caller, language="en"),
        )

    return pages


def _first(documents: Sequence[DocumentView], wanted: Callable[[DocumentView], bool]) -> DocumentView:
    return _one(next(filter(wanted, documents), None))


def _one(found: DocumentView | None) -> DocumentView:
    if found is None:
        raise NotFound
    return found


def _kronor(exact: Decimal) -> str:
    """An amount before it is rounded, with at most four decimals: `4 012,5055 kr`."""
    digits = f"{exact:,.4f}".rstrip("0").rstrip(".")
    return digits.replace(",", "\u00a0").replace(".", ",") + "\u00a0kr"
