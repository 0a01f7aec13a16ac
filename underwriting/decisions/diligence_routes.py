"""What is known of a customer over HTTP, and what staff look into (rules K1, D16)."""

import uuid
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from schemas.customers import (
    BeginItemSchema,
    CustomerSchema,
    EvidenceFileSchema,
    EvidenceSchema,
    ItemNoteSchema,
    ItemSchema,
    ItemSummarySchema,
    SettlementBody,
    SettlementSchema,
)
from schemas.loading import Body, T, load
from underwriting.decisions.diligence import CustomerView, Diligence, OwnerView
from underwriting.due_diligence.exposure import FoundExposure
from underwriting.due_diligence.items import FoundOwner, StaffFinding
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged, tagged
from underwriting.platform.runtime import Runtime

_CUSTOMER = "/applications/<uuid:application_id>/due-diligence"
_ITEM = f"{_CUSTOMER}/items/<uuid:item_id>"


def blueprint(runtime: Runtime, diligence: Diligence) -> Blueprint:
    """The views under `/v1`."""
    views = Blueprint("customers", __name__, url_prefix="/v1")
    unchanged = if_unchanged("application_id", "customers.show")

    def body(schema: Body[T]) -> T:
        return load(schema, request.get_json(), on=stockholm_date(runtime.clock.now()))

    @views.get("/due-diligence/items")
    def show_waiting() -> Response:
        return jsonify({"items": ItemSummarySchema(many=True).dump(diligence.waiting(current_caller()))})

    @views.get(_CUSTOMER)
    @tagged
    def show(application_id: uuid.UUID) -> Response:
        return jsonify(_told(diligence.customer(application_id, current_caller())))

    @views.post(f"{_CUSTOMER}/items")
    @idempotent(runtime)
    @unchanged
    def begin(application_id: uuid.UUID) -> ResponseReturnValue:
        kind, note = body(BeginItemSchema())
        return jsonify(ItemSchema().dump(diligence.begin(application_id, kind, note, current_caller()))), 201

    @views.put(f"{_ITEM}/assignment")
    @idempotent(runtime)
    @unchanged
    def take(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        return jsonify(ItemSchema().dump(diligence.take(item_id, current_caller())))

    @views.delete(f"{_ITEM}/assignment")
    @idempotent(runtime)
    @unchanged
    def give_back(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        diligence.give_back(item_id, current_caller())
        return "", 204

    @views.post(f"{_ITEM}/settlement")
    @idempotent(runtime)
    @unchanged
    def settle(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        sent = body(SettlementSchema())
        settled = diligence.settle(item_id, sent.result, sent.note, current_caller(), finding=finding_of(sent))
        return jsonify(ItemSchema().dump(settled)), 201

    @views.post(f"{_ITEM}/approval")
    @idempotent(runtime)
    @unchanged
    def approve(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        return jsonify(ItemSchema().dump(diligence.approve(item_id, body(ItemNoteSchema()), current_caller()))), 201

    @views.post(f"{_ITEM}/rejection")
    @idempotent(runtime)
    @unchanged
    def send_back(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        return jsonify(ItemSchema().dump(diligence.send_back(item_id, body(ItemNoteSchema()), current_caller()))), 201

    @views.post(f"{_ITEM}/evidence")
    @idempotent(runtime)
    @unchanged
    def add_evidence(application_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
        require_of(diligence, application_id, item_id)
        file = body(EvidenceFileSchema())
        added = diligence.add_evidence(item_id, file.name, file.content, file.media_type, current_caller())
        return jsonify(EvidenceSchema().dump(added)), 201

    @views.get(f"{_ITEM}/evidence/<uuid:evidence_id>")
    def show_evidence(application_id: uuid.UUID, item_id: uuid.UUID, evidence_id: uuid.UUID) -> Response:
        require_of(diligence, application_id, item_id)
        response = make_response(diligence.evidence(item_id, evidence_id, current_caller()).content)
        response.headers["Content-Type"] = "application/octet-stream"
        response.headers["Content-Disposition"] = "attachment"
        return response

    return views


def require_of(diligence: Diligence, application_id: uuid.UUID, item_id: uuid.UUID) -> None:
    """Raise NotFound unless the item is one of the application's."""
    if item_id not in {one.id for one in diligence.customer(application_id, current_caller()).items}:
        raise NotFound


def finding_of(sent: SettlementBody) -> StaffFinding:
    """What was found, as it was sent."""
    members: dict[str, Any] = dict(sent.finding)
    for name, made in (("owners", FoundOwner), ("registered", FoundOwner), ("exposed", FoundExposure)):
        if name in members:
            members[name] = tuple(made(**one) for one in members[name])
    return StaffFinding(**members)


def _told(customer: CustomerView) -> Any:
    shown = asdict(customer) | {"owners": [_owner(one) for one in customer.owners]}
    return CustomerSchema().dump(shown)


def _owner(owner: OwnerView) -> dict[str, Any]:
    return asdict(owner) | {"number": PersonalNumber(owner.number).masked, "share": f"{owner.share.normalize():f}"}
