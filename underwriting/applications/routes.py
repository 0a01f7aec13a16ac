"""Credit applications over HTTP: `/v1/applications` and `/v1/invitations`."""

import uuid
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.signing.routes import SIGNING_COOKIE
from agreements.signing.services.keep_order import Started
from schemas.application_answers import (
    ApplicationAnswerSchema,
    ApplicationPageSchema,
    SupplementAnswerSchema,
)
from schemas.applications import (
    ApplicationSchema,
    GuarantorSchema,
    InvitationRequestSchema,
    SupplementSchema,
    patched,
)
from schemas.loading import Body, load
from schemas.signings import StartedSigningSchema
from underwriting.applications.service import Applications
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.authentication import DRAFT_COOKIE, current_caller, set_cookie
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged, tagged
from underwriting.platform.runtime import Runtime

T = TypeVar("T")

# Made once: marshmallow copies every nested field for each instance, which takes as long as reading a body.
_BODY = ApplicationSchema()
_ANSWER = ApplicationAnswerSchema()


class ListQueryInvalid(InvalidInput):
    """The query of a list names no state that there is, or no number of items."""

    slug = "list-query-invalid"
    title = Text("Listan kan inte väljas så", "The list cannot be chosen like that")


def blueprint(runtime: Runtime, applications: Applications) -> Blueprint:
    """The views of applicants, invited guarantors and staff."""
    views = Blueprint("applications", __name__, url_prefix="/v1")
    unchanged = if_unchanged("application_id", "applications.show")

    def body(schema: Body[T]) -> T:
        return load(schema, request.get_json(), on=stockholm_date(runtime.clock.now()), terms=runtime.terms)

    @views.post("/applications")
    @idempotent(runtime)
    def create() -> ResponseReturnValue:
        view, secret = applications.create_draft(body(_BODY), current_caller())
        response = jsonify(_ANSWER.dump(view) | {"access_secret": secret})
        response.status_code = 201
        response.headers["Location"] = f"/v1/applications/{view.id}"
        set_cookie(response, DRAFT_COOKIE, secret)
        return response

    @views.get("/applications")
    def show_list() -> Response:
        state, limit = _state(request.args.get("state")), _limit(request.args.get("limit", "50"))
        page = applications.list_applications(
            current_caller(), state=state, cursor=request.args.get("cursor"), limit=limit
        )
        return jsonify(ApplicationPageSchema().dump(page))

    @views.get("/applications/<uuid:application_id>")
    @tagged
    def show(application_id: uuid.UUID) -> Response:
        return jsonify(_ANSWER.dump(applications.view(application_id, current_caller())))

    @views.patch("/applications/<uuid:application_id>")
    @idempotent(runtime)
    @unchanged
    @tagged
    def change(application_id: uuid.UUID) -> ResponseReturnValue:
        changes, on = request.get_json(), stockholm_date(runtime.clock.now())
        view = applications.change_draft(
            application_id, lambda draft: patched(draft, changes, on=on, terms=runtime.terms), current_caller()
        )
        return jsonify(_ANSWER.dump(view))

    @views.delete("/applications/<uuid:application_id>")
    @idempotent(runtime)
    @unchanged
    def drop(application_id: uuid.UUID) -> ResponseReturnValue:
        applications.delete_draft(application_id, current_caller())
        return "", 204

    @views.post("/applications/<uuid:application_id>/submit")
    @idempotent(runtime, asks_outside_party=True)
    @unchanged
    def submit(application_id: uuid.UUID) -> ResponseReturnValue:
        return _started(applications.submit(application_id, current_caller(), end_user_ip=end_user_ip()))

    @views.post("/applications/<uuid:application_id>/supplements")
    @idempotent(runtime)
    @unchanged
    def supplement(application_id: uuid.UUID) -> ResponseReturnValue:
        added = applications.add_supplement(application_id, body(SupplementSchema()), current_caller())
        return jsonify(SupplementAnswerSchema().dump(added)), 201

    @views.put("/applications/<uuid:application_id>/guarantors/<int:ordinal>")
    @idempotent(runtime)
    @unchanged
    @tagged
    def replace_guarantor(application_id: uuid.UUID, ordinal: int) -> ResponseReturnValue:
        named = body(GuarantorSchema())
        view = applications.replace_guarantor(application_id, ordinal, named, current_caller())
        return jsonify(_ANSWER.dump(view))

    @views.post("/applications/<uuid:application_id>/guarantors/<int:ordinal>/invitation")
    @idempotent(runtime)
    @unchanged
    @tagged
    def invite_again(application_id: uuid.UUID, ordinal: int) -> ResponseReturnValue:
        asked = body(InvitationRequestSchema())
        view = applications.invite_again(application_id, ordinal, email=asked.email, caller=current_caller())
        return jsonify(_ANSWER.dump(view))

    @views.post("/invitations/<token>/confirmation")
    @idempotent(runtime, asks_outside_party=True)
    def confirm(token: str) -> ResponseReturnValue:
        return _started(applications.start_confirmation(token, end_user_ip=end_user_ip()))

    @views.post("/invitations/<token>/refusal")
    @idempotent(runtime)
    def refuse(token: str) -> ResponseReturnValue:
        applications.refuse(token)
        return "", 204

    return views


def _started(started: Started) -> Response:
    """A started BankID order; who holds the secret, here or in the cookie, may watch it."""
    response = jsonify(StartedSigningSchema().dump(started))
    response.status_code = 201
    response.headers["Location"] = f"/v1/signings/{started.signing_id}"
    set_cookie(response, SIGNING_COOKIE, started.secret)
    return response


def _state(text: str | None) -> ApplicationState | None:
    try:
        return None if text is None else ApplicationState(text)
    except ValueError:
        raise ListQueryInvalid from None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0):
        raise ListQueryInvalid
    return int(text)
