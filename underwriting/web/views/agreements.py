"""The borrower's and the guarantor's pages: what was agreed, what it costs, how to leave it."""

import uuid
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.billing import service as billing
from agreements.billing.routes import month_in
from agreements.cancellation.rules import CancellationNotYetOpen, CancellationWindowClosed
from agreements.cancellation.service import Cancellations
from agreements.credit.rules import AgreementStateRefuses
from agreements.credit.service import get_agreement
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import AgreementView, DocumentView, Part
from agreements.invoices.service import Invoices
from agreements.redemption.rules import RedemptionDayRefused, RedemptionNotYetOpen
from agreements.redemption.service import Redemptions
from agreements.signing.service import Signings, ToSign
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, RequestChannel, SigningPurpose
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.charts import Bar, bars
from underwriting.web.layout import render
from underwriting.web.texts import translate
from underwriting.web.views.signing import end_user_ip, to_signing_page

_REFRESH_SECONDS = 5
_WAITING = (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.CANCELLING)


def blueprint(
    runtime: Runtime,
    agreements: Agreements,
    signings: Signings,
    cancellations: Cancellations,
    redemptions: Redemptions,
    invoices: Invoices,
) -> Blueprint:
    """All pages of an agreement and of a guarantee."""
    pages = Blueprint("agreement_pages", __name__)

    def page(agreement_id: uuid.UUID, *, refused: Text | None = None) -> Response:
        caller = current_caller()
        agreement = agreements.show(agreement_id, caller)
        return render(
            "portal/agreement.html",
            status=409 if refused else 200,
            refresh_seconds=_REFRESH_SECONDS if agreement.state in _WAITING and not refused else None,
            version=f"{agreement.state}-{sum(one.has_signed for one in agreement.signatures)}",
            agreement=agreement,
            refused=refused,
            bankgiro=runtime.settings.lender.bankgiro.formatted,
            documents=agreements.documents(agreement_id, caller),
            may_sign=agreement.state is AgreementState.SIGNING and _has_to_sign(agreements, agreement, caller),
            own_guarantee=_guarantee_to_sign(agreements, agreement, caller),
            **_borrowers_part(runtime, agreements, cancellations, redemptions, invoices, agreement, caller),
        )

    @pages.get("/agreements/<uuid:agreement_id>")
    def show(agreement_id: uuid.UUID) -> Response:
        return page(agreement_id)

    @pages.post("/agreements/<uuid:agreement_id>/sign")
    def sign(agreement_id: uuid.UUID) -> BaseResponse:
        to_sign = agreements.prepare_agreement(agreement_id, current_caller().require_person())
        return _start(signings, SigningPurpose.AGREEMENT, agreement_id, to_sign, f"/agreements/{agreement_id}")

    @pages.post("/agreements/<uuid:agreement_id>/cancel")
    def cancel(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.BORROWER)
        try:
            cancellations.request(agreement_id, RequestChannel.PORTAL, received_at=None, actor=caller.actor)
        except Conflict as refusal:
            return page(agreement_id, refused=refusal.detail)
        return redirect(f"/agreements/{agreement_id}#cancel", 303)

    @pages.post("/agreements/<uuid:agreement_id>/redeem")
    def redeem(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.BORROWER)
        on = _day(request.form.get("on", "")) or stockholm_date(runtime.clock.now())
        try:
            redemptions.request(agreement_id, on, actor=caller.actor)
        except (Conflict, RedemptionDayRefused) as refusal:
            return page(agreement_id, refused=refusal.detail)
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
        found = _one(agreements.documents(agreement_id, caller), lambda each: each.id == document_id)
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

    @pages.get("/guarantees/<uuid:guarantee_id>")
    def guarantee(guarantee_id: uuid.UUID) -> Response:
        caller = current_caller()
        found = agreements.guarantee(guarantee_id, caller)
        agreement = agreements.show(found.agreement_id, caller)
        own = _one(agreements.documents(agreement.id, caller), lambda each: each.kind == "guarantee")
        return render(
            "portal/guarantee.html",
            guarantee=found,
            borrower=agreement.borrower_name,
            limit=agreement.limit,
            download=f"/v1/agreements/{agreement.id}/documents/{own.id}",
            is_pdf=own.media_type == "application/pdf",
            text=agreements.document_shown(agreement.id, own.id, caller),
            reading_aid=agreements.document_shown(agreement.id, own.id, caller, language="en"),
            may_sign=found.state is GuaranteeState.INVITED,
        )

    @pages.post("/guarantees/<uuid:guarantee_id>/sign")
    def sign_guarantee(guarantee_id: uuid.UUID) -> BaseResponse:
        to_sign = agreements.prepare_guarantee(guarantee_id, current_caller().require_person())
        return _start(signings, SigningPurpose.GUARANTEE, guarantee_id, to_sign, f"/guarantees/{guarantee_id}")

    return pages


def _one(documents: Sequence[DocumentView], wanted: Callable[[DocumentView], bool]) -> DocumentView:
    found = next(filter(wanted, documents), None)
    if found is None:
        raise NotFound
    return found


def _start(
    signings: Signings, purpose: SigningPurpose, subject_id: uuid.UUID, to_sign: ToSign, back: str
) -> BaseResponse:
    started = signings.start(
        purpose,
        subject_id,
        visible_text=to_sign.visible_text,
        document=to_sign.document,
        person=to_sign.person,
        end_user_ip=end_user_ip(),
    )
    return to_signing_page(started, back=back)


def _has_to_sign(agreements: Agreements, agreement: AgreementView, caller: Caller) -> bool:
    own = [document for document in agreements.documents(agreement.id, caller) if document.kind == "agreement"]
    return bool(own) and any(not signature.has_signed for signature in agreement.signatures)


def _guarantee_to_sign(agreements: Agreements, agreement: AgreementView, caller: Caller) -> uuid.UUID | None:
    """The caller's own guarantee where it waits for a signature."""
    own = agreements.guarantees_of_person(caller) if agreement.state is AgreementState.SIGNING else ()
    waiting = (one.id for one in own if one.agreement_id == agreement.id and one.state is GuaranteeState.INVITED)
    return next(waiting, None)


def _borrowers_part(
    runtime: Runtime,
    agreements: Agreements,
    cancellations: Cancellations,
    redemptions: Redemptions,
    invoices: Invoices,
    agreement: AgreementView,
    caller: Caller,
) -> dict[str, Any]:
    """What only the borrower sees: windows, redemption, fees and books."""
    if agreements.require(agreement.id, caller) is Part.GUARANTOR:
        return {"is_borrower": False}
    with runtime.database.transaction() as session:
        fees = billing.fees_of(session, agreement.id)
    guarantees = agreements.guarantees(agreement.id, caller)
    return {
        "is_borrower": True,
        "guarantees": guarantees,
        "fees": fees,
        "invoices": invoices.of_agreement(agreement.id),
        "entries": agreements.ledger(agreement.id, caller, limit=200).items,
        "new_fees_of": lambda quote: Money.sum(fee.fee for fee in quote.new_fees),
        "entry_sum": lambda entry: Money.sum(line.amount for line in entry.posting.lines),
        **_ways_out(runtime, cancellations, redemptions, agreement.id),
    }


def _ways_out(
    runtime: Runtime, cancellations: Cancellations, redemptions: Redemptions, agreement_id: uuid.UUID
) -> dict[str, Any]:
    shown: dict[str, Any] = {"cancellation": cancellations.of_agreement(agreement_id)}
    try:
        shown["quote"] = cancellations.quote(agreement_id)
    except (CancellationWindowClosed, CancellationNotYetOpen) as refusal:
        shown["cancellation_closed"] = refusal.detail
    except AgreementStateRefuses:
        shown["quote"] = None
    on = _day(request.args.get("on", "")) or stockholm_date(runtime.clock.now())
    shown["redeem_on"] = on.isoformat()
    try:
        shown["redemption"] = redemptions.quote(agreement_id, on)
        shown["redemption_open"] = redemptions.open_one(agreement_id)
    except RedemptionDayRefused as refusal:
        shown["redemption_refused"] = refusal.detail
    except (RedemptionNotYetOpen, AgreementStateRefuses):
        shown["redemption"] = None
    return shown


def _kronor(exact: Decimal) -> str:
    """An amount before it is rounded, with at most four decimals: `4 012,5055 kr`."""
    digits = f"{exact:,.4f}".rstrip("0").rstrip(".")
    return digits.replace(",", "\u00a0").replace(".", ",") + "\u00a0kr"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
