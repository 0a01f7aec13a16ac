"""Endpoints of integrators: added, looked into, given new secrets, closed and told again."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import FieldError, InvalidInput, Refusal
from underwriting.kernel.event_catalogue import CATALOGUE
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.webhook_endpoints import Endpoint, WebhookEndpoints
from underwriting.web.layout import render

_ATTEMPTS_SHOWN = 50
_NOT_A_TIME = Text("Ange dag och klockslag", "Give a day and a time")


def blueprint(endpoints: WebhookEndpoints) -> Blueprint:
    """The pages."""
    pages = Blueprint("webhooks", __name__, url_prefix="/console/webhooks")

    @pages.get("")
    def show_all() -> Response:
        return _list(endpoints)

    @pages.post("")
    def add() -> Response:
        url, kinds = request.form.get("url", "").strip(), request.form.getlist("event_types")
        try:
            endpoint, secret = endpoints.add(url, kinds or None, actor=current_caller().actor)
        except InvalidInput as refusal:
            return _list(endpoints, status=422, errors=refusal.errors, url=url, chosen=kinds)
        except Refusal as refusal:
            return _list(endpoints, status=409, refused=refusal.detail, url=url, chosen=kinds)
        return _secret(endpoint, secret)

    @pages.get("/<uuid:endpoint_id>")
    def show(endpoint_id: uuid.UUID) -> Response:
        return _one(endpoints, endpoint_id)

    @pages.post("/<uuid:endpoint_id>/rotate")
    def rotate(endpoint_id: uuid.UUID) -> Response:
        return _secret(*endpoints.rotate(endpoint_id, actor=current_caller().actor))

    @pages.post("/<uuid:endpoint_id>/enable")
    def enable(endpoint_id: uuid.UUID) -> BaseResponse:
        endpoints.enable(endpoint_id, actor=current_caller().actor)
        return redirect(f"/console/webhooks/{endpoint_id}", 303)

    @pages.post("/<uuid:endpoint_id>/remove")
    def remove(endpoint_id: uuid.UUID) -> BaseResponse:
        endpoints.remove(endpoint_id, actor=current_caller().actor)
        return redirect("/console/webhooks", 303)

    @pages.post("/<uuid:endpoint_id>/replay")
    def replay(endpoint_id: uuid.UUID) -> Response:
        try:
            since = datetime.fromisoformat(request.form.get("since", "")).replace(tzinfo=STOCKHOLM)
            count = endpoints.replay_since(endpoint_id, since, actor=current_caller().actor)
        except (ValueError, OverflowError):
            return _one(endpoints, endpoint_id, status=422, errors=(FieldError("/since", _NOT_A_TIME),))
        except Refusal as refusal:
            return _one(endpoints, endpoint_id, status=409, refused=refusal.detail)
        return _one(endpoints, endpoint_id, replayed=count)

    return pages


def _list(endpoints: WebhookEndpoints, *, status: int = 200, **values: Any) -> Response:
    shown: dict[str, Any] = {"url": "", "chosen": [], "errors": (), "refused": None} | values
    return render("console/webhooks.html", status=status, rows=endpoints.list_all(), kinds=CATALOGUE, **shown)


def _one(endpoints: WebhookEndpoints, endpoint_id: uuid.UUID, *, status: int = 200, **values: Any) -> Response:
    attempts = endpoints.attempts(endpoint_id, most=_ATTEMPTS_SHOWN)
    shown: dict[str, Any] = {"errors": (), "refused": None, "replayed": None} | values
    return render(
        "console/webhook.html", status=status, endpoint=endpoints.get(endpoint_id), attempts=attempts, **shown
    )


def _secret(endpoint: Endpoint, secret: str) -> Response:
    return render("console/webhook_secret.html", endpoint=endpoint, secret=secret)
