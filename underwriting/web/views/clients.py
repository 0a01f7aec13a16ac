"""Machine clients: added, given other scopes and new keys, shut out."""

import uuid
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import InvalidInput, Refusal
from underwriting.kernel.vocabulary import Scope
from underwriting.platform import machine_clients
from underwriting.platform.authentication import current_caller
from underwriting.platform.machine_clients import KEY_DAYS, OVERLAP, ClientView
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render


def blueprint(runtime: Runtime) -> Blueprint:
    """The pages under `/console/clients`."""
    pages = Blueprint("clients", __name__, url_prefix="/console/clients")

    @pages.get("")
    def show_all() -> Response:
        return _list(runtime)

    @pages.post("")
    def add() -> Response:
        name, days = request.form.get("name", "").strip(), _days()
        shown: dict[str, Any] = {"name": name, "days": request.form.get("days", ""), "chosen": _scopes()}
        try:
            client, key = machine_clients.add_client(runtime, name, _scopes(), days=days, actor=current_caller().actor)
        except InvalidInput as refusal:
            return _list(runtime, status=422, errors=refusal.errors, **shown)
        except Refusal as refusal:
            return _list(runtime, status=409, refused=refusal.detail, **shown)
        return _key(client, key)

    @pages.get("/<uuid:client_id>")
    def show(client_id: uuid.UUID) -> Response:
        return _one(runtime, client_id)

    @pages.post("/<uuid:client_id>/keys")
    def rotate(client_id: uuid.UUID) -> Response:
        try:
            return _key(*machine_clients.rotate_key(runtime, client_id, actor=current_caller().actor))
        except machine_clients.ClientDisabled as refusal:
            return _one(runtime, client_id, status=409, refused=refusal.detail)

    @pages.post("/<uuid:client_id>/scopes")
    def set_scopes(client_id: uuid.UUID) -> BaseResponse:
        try:
            machine_clients.set_scopes(runtime, client_id, _scopes(), actor=current_caller().actor)
        except InvalidInput as refusal:
            return _one(runtime, client_id, status=422, errors=refusal.errors)
        return redirect(f"/console/clients/{client_id}", 303)

    @pages.post("/<uuid:client_id>/keys/<uuid:key_id>/revoke")
    def revoke(client_id: uuid.UUID, key_id: uuid.UUID) -> BaseResponse:
        machine_clients.revoke_key(runtime, client_id, key_id, actor=current_caller().actor)
        return redirect(f"/console/clients/{client_id}", 303)

    @pages.post("/<uuid:client_id>/disable")
    def disable(client_id: uuid.UUID) -> BaseResponse:
        machine_clients.disable_client(runtime, client_id, actor=current_caller().actor)
        return redirect(f"/console/clients/{client_id}", 303)

    return pages


def _list(runtime: Runtime, *, status: int = 200, **values: Any) -> Response:
    shown: dict[str, Any] = {"name": "", "days": str(KEY_DAYS), "chosen": [], "errors": (), "refused": None} | values
    rows = machine_clients.list_clients(runtime)
    return render("console/clients.html", status=status, rows=rows, scopes=list(Scope), **shown)


def _one(runtime: Runtime, client_id: uuid.UUID, *, status: int = 200, **values: Any) -> Response:
    shown: dict[str, Any] = {"errors": (), "refused": None} | values
    client = machine_clients.get_client(runtime, client_id)
    return render("console/client.html", status=status, client=client, scopes=list(Scope), **shown)


def _key(client: ClientView, key: str) -> Response:
    identifier, secret = key.removeprefix(machine_clients.KEY_PREFIX).split("_", 1)
    others = sum(one.counts for one in client.keys) - 1
    return render(
        "console/client_key.html",
        client=client,
        key=key,
        identifier=identifier,
        secret=secret,
        overlap_days=OVERLAP.days if others else None,
    )


def _scopes() -> list[Scope]:
    return [scope for scope in Scope if scope in request.form.getlist("scopes")]


def _days() -> int:
    text = request.form.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
