"""Cancelling over HTTP: the borrower in the portal, staff for those who called or wrote (rules C1 to C8)."""

import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.cancellation.rules import ReceivedAtRefused
from agreements.cancellation.service import Cancellations
from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.view_agreement import Part
from schemas.agreements import CancellationQuoteSchema, CancellationRequestSchema, CancellationSchema
from schemas.loading import load
from underwriting.kernel.errors import FieldError
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RequestChannel
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged
from underwriting.platform.runtime import Runtime

_PORTAL_IS_THE_BORROWERS = Text(
    "Ange om begäran kom per telefon eller e-post, och när",
    "State whether the request came by phone or e-mail, and when",
)
_NOT_STAFF = Text("Bara handläggare antecknar telefon och e-post", "Only staff record phone and e-mail")


def blueprint(runtime: Runtime, agreements: Agreements, cancellations: Cancellations) -> Blueprint:
    """The views; *agreements* says who may."""
    views = Blueprint("cancellation", __name__, url_prefix="/v1")
    unchanged = if_unchanged("agreement_id", "agreements.show_agreement")

    @views.get("/agreements/<uuid:agreement_id>/cancellation-quote")
    def show_quote(agreement_id: uuid.UUID) -> Response:
        agreements.require(agreement_id, current_caller(), Part.STAFF, Part.BORROWER)
        return jsonify(CancellationQuoteSchema().dump(cancellations.quote(agreement_id)))

    @views.post("/agreements/<uuid:agreement_id>/cancellation")
    @idempotent(runtime)
    @unchanged
    def request_cancellation(agreement_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        agreements.require(agreement_id, caller, Part.STAFF, Part.BORROWER)
        content = request.get_json() if request.get_data() else {}
        body = load(CancellationRequestSchema(), content, on=stockholm_date(runtime.clock.now()))
        _check_channel(body.channel, caller)
        view = cancellations.request(
            agreement_id,
            body.channel,
            received_at=body.received_at,
            note=body.note,
            actor=caller.actor,
            own_index=caller.own_index,
        )
        return jsonify(CancellationSchema().dump(view)), 201

    @views.post("/cancellations/<uuid:cancellation_id>/confirmation")
    @idempotent(runtime)
    def confirm(cancellation_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        view = cancellations.confirm(cancellation_id, actor=caller.actor, own_index=caller.own_index)
        return jsonify(CancellationSchema().dump(view))

    @views.post("/cancellations/<uuid:cancellation_id>/rejection")
    @idempotent(runtime)
    def reject(cancellation_id: uuid.UUID) -> ResponseReturnValue:
        caller = current_caller()
        view = cancellations.reject(cancellation_id, actor=caller.actor, own_index=caller.own_index)
        return jsonify(CancellationSchema().dump(view))

    return views


def _check_channel(channel: RequestChannel, caller: Caller) -> None:
    """The portal is the borrower's, phone and e-mail are staff's to record (rule C5)."""
    if caller.is_staff == (channel is RequestChannel.PORTAL):
        detail = _PORTAL_IS_THE_BORROWERS if caller.is_staff else _NOT_STAFF
        raise ReceivedAtRefused(detail, errors=(FieldError("/channel", detail, "C5"),))
