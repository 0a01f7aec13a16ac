"""Agreements as staff see them, and cancellations that came by telephone or e-mail (rule C5)."""

import uuid
from datetime import UTC, date, datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.cancellation.service import Cancellations
from agreements.credit.services.show_agreement import Agreements
from schemas.agreements import CancellationRequestSchema
from schemas.loading import load
from schemas.values import CancellationBody
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from underwriting.kernel.periods import STOCKHOLM, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, CancellationState, RequestChannel
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.history import history_of
from underwriting.web.layout import render

_CANCELLABLE = (AgreementState.SIGNING, AgreementState.SIGNED, AgreementState.RUNNING)
_HOLDING = (CancellationState.CONDITIONAL, CancellationState.COMPLETED)
_BY_STAFF = (RequestChannel.PHONE, RequestChannel.EMAIL)
_CHOOSE_CHANNEL = Text("Ange hur begäran kom", "State how the request came")
_STATE_TIME = Text("Ange dag och klockslag", "Give a day and a time")


def blueprint(runtime: Runtime, agreements: Agreements, cancellations: Cancellations) -> Blueprint:
    """The views under `/console/agreements`."""
    pages = Blueprint("console_agreements", __name__, url_prefix="/agreements")

    @pages.get("")
    def index() -> Response:
        listed = agreements.list_all(current_caller(), before=_cursor(request.args.get("cursor")))
        return render("console/agreements.html", rows=listed.items, next_cursor=listed.next_cursor)

    def page(
        agreement_id: uuid.UUID, *, errors: tuple[FieldError, ...] = (), refused: Text | None = None, status: int = 200
    ) -> Response:
        caller = current_caller()
        agreement = agreements.show(agreement_id, caller)
        cancellation = cancellations.of_agreement(agreement_id)
        holds = cancellation is not None and cancellation.state in _HOLDING
        return render(
            "console/agreement.html",
            status=status,
            agreement=agreement,
            guarantees=agreements.guarantees(agreement_id, caller),
            documents=agreements.documents(agreement_id, caller),
            cancellation=cancellation,
            cancellation_note=cancellations.note_of(agreement_id) if cancellation is not None else None,
            may_record=may("console.console_agreements.record", caller)
            and agreement.state in _CANCELLABLE
            and not holds,
            entries=agreements.ledger(agreement_id, caller, limit=200).items,
            history=history_of(agreements.history(agreement_id, caller), reader=caller.actor),
            now_local=runtime.clock.now().astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S"),
            values=request.form,
            errors=errors,
            refused=refused,
        )

    @pages.get("/<uuid:agreement_id>")
    def show(agreement_id: uuid.UUID) -> Response:
        return page(agreement_id)

    @pages.post("/<uuid:agreement_id>/cancellation")
    def record(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        try:
            asked = _request_in_form(on=stockholm_date(runtime.clock.now()))
            cancellations.request(
                agreement_id,
                asked.channel,
                received_at=asked.received_at,
                note=asked.note,
                actor=caller.actor,
                own_index=caller.own_index,
            )
        except InvalidInput as refusal:
            return page(agreement_id, errors=refusal.errors, refused=refusal.detail, status=422)
        except Conflict as refusal:
            return page(agreement_id, refused=refusal.detail, status=409)
        return redirect(f"/console/agreements/{agreement_id}", 303)

    @pages.post("/<uuid:agreement_id>/cancellation/<any(confirm, reject):verdict>")
    def second_person(agreement_id: uuid.UUID, verdict: str) -> BaseResponse:
        caller = current_caller()
        waiting = cancellations.of_agreement(agreement_id)
        if waiting is None:
            raise NotFound
        judge = cancellations.confirm if verdict == "confirm" else cancellations.reject
        try:
            judge(waiting.id, actor=caller.actor, own_index=caller.own_index)
        except (Conflict, NotPermitted) as refusal:
            return page(agreement_id, refused=refusal.detail, status=409 if isinstance(refusal, Conflict) else 403)
        return redirect(f"/console/agreements/{agreement_id}", 303)

    return pages


def _request_in_form(*, on: date) -> CancellationBody:
    """How and when the request arrived, by Stockholm's clocks; raises InvalidInput."""
    form, errors, received_at = request.form, [], ""
    if form.get("channel") not in list(_BY_STAFF):
        errors.append(FieldError("/channel", _CHOOSE_CHANNEL))
    try:
        local = datetime.fromisoformat(form.get("received_at", "")).replace(tzinfo=STOCKHOLM)
        received_at = local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        errors.append(FieldError("/received_at", _STATE_TIME))
    if errors:
        raise InvalidInput(errors=tuple(errors))
    note = {"note": form["note"]} if form.get("note", "").strip() else {}
    return load(CancellationRequestSchema(), {"channel": form["channel"], "received_at": received_at} | note, on=on)


def _cursor(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
