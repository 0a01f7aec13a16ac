"""What was sent and what was given up: the dead letters, the delivery log, and a person's word on each."""

import re
import uuid
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.platform import deliveries
from underwriting.platform.authentication import current_caller
from underwriting.platform.deliveries import DeliveryView
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_ON_A_PAGE = 50


def blueprint(runtime: Runtime) -> Blueprint:
    """The pages."""
    pages = Blueprint("messages", __name__, url_prefix="/console/messages")

    @pages.get("")
    def show_dead() -> Response:
        with runtime.database.transaction() as session:
            found = deliveries.dead_letters(session, most=_ON_A_PAGE + 1, before=_before())
            waiting = deliveries.waiting_since(session)
        return _page(found, tab="dead", waiting_since=waiting)

    @pages.get("/log")
    def show_log() -> Response:
        with runtime.database.transaction() as session:
            found = deliveries.latest(session, most=_ON_A_PAGE + 1, before=_before())
            waiting = deliveries.waiting_since(session)
        return _page(found, tab="log", waiting_since=waiting)

    @pages.get("/<uuid:delivery_id>")
    def show(delivery_id: uuid.UUID) -> Response:
        with runtime.database.transaction() as session:
            delivery, attempts = deliveries.attempts_at(session, delivery_id)
        return render("console/message.html", delivery=delivery, attempts=attempts)

    @pages.post("/<uuid:delivery_id>/retry")
    def retry(delivery_id: uuid.UUID) -> BaseResponse:
        deliveries.retry(runtime, delivery_id, actor=current_caller().actor)
        return redirect("/console/messages", 303)

    @pages.post("/<uuid:delivery_id>/drop")
    def drop(delivery_id: uuid.UUID) -> BaseResponse:
        deliveries.drop(runtime, delivery_id, actor=current_caller().actor)
        return redirect("/console/messages", 303)

    return pages


def _page(found: list[DeliveryView], **values: Any) -> Response:
    rows = found[:_ON_A_PAGE]
    more = rows[-1].number if len(found) > _ON_A_PAGE else None
    return render("console/messages.html", rows=rows, next_before=more, **values)


def _before() -> int | None:
    text = request.args.get("before", "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None
