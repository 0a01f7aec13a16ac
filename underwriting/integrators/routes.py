"""What integrators call: events by position, and the endpoints that are told of them."""

import re
import uuid
from dataclasses import replace
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from schemas.events import (
    CreatedWebhookEndpointSchema,
    DeliveryAttemptSchema,
    EventSchema,
    ReplayRequestSchema,
    ReplaySchema,
    WebhookEndpointRequestSchema,
    WebhookEndpointSchema,
)
from schemas.loading import Body, load
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.event_catalogue import KINDS
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope
from underwriting.platform import events
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged, tagged
from underwriting.platform.runtime import Runtime
from underwriting.platform.webhook_endpoints import Endpoint, WebhookEndpoints

MOST_ON_A_PAGE = 200
_DEFAULT_LIMIT = "50"
_NOT_A_CURSOR = Text("Ange en position eller ett id ur listan", "Give a position or an id of the list")
_NOT_A_LIMIT = Text(f"Ange 1 till {MOST_ON_A_PAGE}", f"Give 1 to {MOST_ON_A_PAGE}")
_NOT_A_KIND = Text("Det finns ingen sådan händelse", "There is no such event")
_NOT_A_SUBJECT = Text("Ange till exempel agreement:ID", "Give for example agreement:ID")
_SUBJECT = re.compile(r"[a-z_]+:[0-9a-f-]{1,40}")

T = TypeVar("T")


def blueprint(runtime: Runtime, endpoints: WebhookEndpoints) -> Blueprint:
    """The views, for administrators and machine clients."""
    views = Blueprint("integrators", __name__, url_prefix="/v1")
    unchanged = if_unchanged("endpoint_id", "integrators.show_endpoint")

    def body(schema: Body[T]) -> T:
        return load(schema, request.get_json(), on=stockholm_date(runtime.clock.now()), terms=runtime.terms)

    def own() -> WebhookEndpoints:
        """A machine client's own endpoints; to staff the lender's."""
        caller = current_caller()
        return endpoints if caller.client_id is None else replace(endpoints, owner=caller.actor)

    def own_to_tell() -> WebhookEndpoints:
        """The same for whoever may read what would be told; raises ScopeMissing."""
        current_caller().require(scope=Scope.EVENTS_READ)
        return own()

    @views.get("/events")
    def show_events() -> Response:
        limit = _limit()
        with runtime.database.transaction() as session:
            found = events.page(
                session, after=_position(), most=limit + 1, kind=_kind(request.args.get("type")), subject=_subject()
            )
        items = found[:limit]
        more = {"next_cursor": str(items[-1].position)} if len(found) > limit else {}
        return jsonify({"items": EventSchema(many=True).dump(items)} | more)

    @views.get("/events/<uuid:event_id>")
    def show_event(event_id: uuid.UUID) -> Response:
        with runtime.database.transaction() as session:
            return jsonify(EventSchema().dump(events.get(session, event_id)))

    @views.post("/webhook-endpoints")
    @idempotent(runtime)
    def add() -> ResponseReturnValue:
        asked = body(WebhookEndpointRequestSchema())
        endpoint, secret = own_to_tell().add(asked.url, asked.event_types, actor=current_caller().actor)
        response = _with_secret(endpoint, secret)
        response.status_code = 201
        response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
        return response

    @views.get("/webhook-endpoints")
    def show_endpoints() -> Response:
        return jsonify({"items": WebhookEndpointSchema(many=True).dump(own().list_all())})

    @views.get("/webhook-endpoints/<uuid:endpoint_id>")
    @tagged
    def show_endpoint(endpoint_id: uuid.UUID) -> Response:
        return jsonify(WebhookEndpointSchema().dump(own().get(endpoint_id)))

    @views.delete("/webhook-endpoints/<uuid:endpoint_id>")
    @idempotent(runtime)
    @unchanged
    def remove(endpoint_id: uuid.UUID) -> ResponseReturnValue:
        own().remove(endpoint_id, actor=current_caller().actor)
        return "", 204

    @views.post("/webhook-endpoints/<uuid:endpoint_id>/secret-rotation")
    @idempotent(runtime)
    @unchanged
    def rotate(endpoint_id: uuid.UUID) -> ResponseReturnValue:
        return _with_secret(*own().rotate(endpoint_id, actor=current_caller().actor))

    @views.post("/webhook-endpoints/<uuid:endpoint_id>/activation")
    @idempotent(runtime)
    @unchanged
    @tagged
    def enable(endpoint_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(WebhookEndpointSchema().dump(own_to_tell().enable(endpoint_id, actor=current_caller().actor)))

    @views.post("/webhook-endpoints/<uuid:endpoint_id>/replays")
    @idempotent(runtime)
    def replay(endpoint_id: uuid.UUID) -> ResponseReturnValue:
        mine = own_to_tell()
        asked, actor = body(ReplayRequestSchema()), current_caller().actor
        if asked.event_id is not None:
            count = mine.replay_one(endpoint_id, asked.event_id, actor=actor)
        elif asked.since is not None:
            count = mine.replay_since(endpoint_id, asked.since, actor=actor)
        return jsonify(ReplaySchema().dump({"count": count})), 201

    @views.get("/webhook-endpoints/<uuid:endpoint_id>/attempts")
    def show_attempts(endpoint_id: uuid.UUID) -> Response:
        limit = _limit()
        found = own().attempts(endpoint_id, most=limit + 1, before=_id())
        items = found[:limit]
        more = {"next_cursor": str(items[-1].id)} if len(found) > limit else {}
        return jsonify({"items": DeliveryAttemptSchema(many=True).dump(items)} | more)

    return views


def _with_secret(endpoint: Endpoint, secret: str) -> Response:
    return jsonify(CreatedWebhookEndpointSchema().dump(endpoint) | {"secret": secret})


def _limit() -> int:
    text = request.args.get("limit", _DEFAULT_LIMIT)
    if re.fullmatch("[0-9]{1,4}", text) is None or not 1 <= int(text) <= MOST_ON_A_PAGE:
        raise _refused("limit", _NOT_A_LIMIT)
    return int(text)


def _position() -> int:
    text = request.args.get("cursor", "0")
    if re.fullmatch("[0-9]{1,18}", text) is None:
        raise _refused("cursor", _NOT_A_CURSOR)
    return int(text)


def _id() -> uuid.UUID | None:
    text = request.args.get("cursor")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise _refused("cursor", _NOT_A_CURSOR) from None


def _kind(name: str | None) -> str | None:
    if name is not None and name not in KINDS:
        raise _refused("type", _NOT_A_KIND)
    return name


def _subject() -> str | None:
    text = request.args.get("subject")
    if text is not None and _SUBJECT.fullmatch(text) is None:
        raise _refused("subject", _NOT_A_SUBJECT)
    return text


def _refused(name: str, detail: Text) -> InvalidInput:
    return InvalidInput(errors=(FieldError(f"/{name}", detail),))
