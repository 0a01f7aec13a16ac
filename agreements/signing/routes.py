"""BankID orders over HTTP: `POST /v1/signings`, `GET` and `DELETE /v1/signings/{id}`, `POST …/{id}/same-device`.

Whoever starts an order gets its secret, in the answer and in a cookie. Who shows it in the header `Signing-Secret` is
given the signer's session token in the answer; who has it in the cookie is logged in by a cookie.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.signing.service import Signings, SigningView, Started, ToSign
from schemas.agreement_values import SigningBody
from schemas.loading import load
from schemas.signings import SigningRequestSchema, SigningSchema, StartedSigningSchema
from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.platform.authentication import (
    ANONYMOUS,
    SESSION_COOKIE,
    csrf,
    current_caller,
    has_cookie,
    read_cookie,
    set_cookie,
)
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.idempotency import check_key, idempotent
from underwriting.platform.runtime import Runtime

SECRET_HEADER = "Signing-Secret"  # noqa: S105 (the name of a header)
SIGNING_COOKIE = "borgen_signing"

Preparer = Callable[[uuid.UUID, bytes], ToSign]
"""What the person with a blind index is to sign on a thing; NotFound when that is not theirs to sign."""


def blueprint(runtime: Runtime, signings: Signings, preparers: Mapping[SigningPurpose, Preparer]) -> Blueprint:
    """The views; *preparers* has one for each purpose that can be started here, besides identification."""
    views = Blueprint("signings", __name__, url_prefix="/v1/signings")

    def start() -> ResponseReturnValue:
        body = load(SigningRequestSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))
        started = _start(signings, preparers, body)
        response = jsonify(StartedSigningSchema().dump(started))
        response.status_code = 201
        response.headers["Location"] = f"/v1/signings/{started.signing_id}"
        set_cookie(response, SIGNING_COOKIE, started.secret)
        return response

    start_once = idempotent(runtime, asks_outside_party=True)(start)

    @views.post("")
    def start_signing() -> ResponseReturnValue:
        # Callers without a name share one: a key of theirs would hand one's secret to another.
        if current_caller() is not ANONYMOUS:
            return start_once()
        check_key()
        return start()

    @views.get("/<uuid:signing_id>")
    def show_signing(signing_id: uuid.UUID) -> Response:
        return _shown(signings.watch(signing_id, _secret(), end_user_ip=end_user_ip()))

    @views.post("/<uuid:signing_id>/same-device")
    def open_here(signing_id: uuid.UUID) -> Response:
        check_key()  # the order itself remembers what was asked for
        _protect_cookie()
        signings.open_here(signing_id, _secret(), end_user_ip=end_user_ip())
        return _shown(signings.watch(signing_id, _secret(), end_user_ip=end_user_ip()))

    @views.delete("/<uuid:signing_id>")
    def cancel_signing(signing_id: uuid.UUID) -> ResponseReturnValue:
        _protect_cookie()
        signings.cancel(signing_id, _secret())
        return "", 204

    return views


def _start(signings: Signings, preparers: Mapping[SigningPurpose, Preparer], body: SigningBody) -> Started:
    asked_from = end_user_ip()
    if body.subject_id is None:
        return signings.identify(end_user_ip=asked_from)
    person_index = current_caller().require_person()
    if body.purpose not in preparers:
        raise NotFound
    to_sign = preparers[body.purpose](body.subject_id, person_index)
    return signings.start(
        body.purpose,
        body.subject_id,
        visible_text=to_sign.visible_text,
        document=to_sign.document,
        person=to_sign.person,
        end_user_ip=asked_from,
    )


def _shown(view: SigningView) -> Response:
    by_header = request.headers.get(SECRET_HEADER)
    token, shown = view.session_token, view if by_header else replace(view, session_token=None)
    response = jsonify(SigningSchema().dump(shown))
    response.headers["Cache-Control"] = "no-store"
    if token and not by_header:
        set_cookie(response, SESSION_COOKIE, token)
    return response


def _protect_cookie() -> None:
    if SECRET_HEADER not in request.headers and has_cookie(SIGNING_COOKIE):
        csrf.protect()  # the browser sends the cookie whoever asks it to


def _secret() -> str:
    secret = request.headers.get(SECRET_HEADER) or read_cookie(SIGNING_COOKIE)
    if not secret:
        raise NotFound
    return secret
