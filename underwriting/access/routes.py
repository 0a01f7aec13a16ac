"""Tokens for machine clients (OAuth 2.0 client credentials), and who a caller is."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from schemas.clients import MeSchema, TokenSchema
from underwriting.kernel.text import Text
from underwriting.platform import problems
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.machine_clients import KEY_PREFIX, TOKEN_LASTS, ClientRefused, ScopeNotAllowed, issue_token
from underwriting.platform.problems import Problem
from underwriting.platform.runtime import Runtime

_GRANT = "client_credentials"
_NO_SUCH_GRANT = Text("Ange grant_type=client_credentials", "Give grant_type=client_credentials")


def blueprint(runtime: Runtime) -> Blueprint:
    """Both views."""
    views = Blueprint("access", __name__, url_prefix="/v1")

    @views.post("/token")
    def give_token() -> ResponseReturnValue:
        grant, wanted = request.form.get("grant_type"), request.form.get("scope")
        if grant != _GRANT:
            return _refused("unsupported_grant_type" if grant else "invalid_request", "token-refused", _NO_SUCH_GRANT)
        try:
            issued = issue_token(runtime, _key(), None if wanted is None else wanted.split())
        except ClientRefused as refusal:
            return _refused("invalid_client", refusal.slug, refusal.detail, status=HTTPStatus.UNAUTHORIZED)
        except ScopeNotAllowed as refusal:
            return _refused("invalid_scope", refusal.slug, refusal.detail)
        answer = {
            "access_token": issued.token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LASTS.total_seconds()),
            "scope": " ".join(issued.scopes),
        }
        response = jsonify(TokenSchema().dump(answer))
        response.headers["Cache-Control"] = "no-store"
        return response

    @views.get("/me")
    def show_me() -> Response:
        caller = current_caller()
        return jsonify(MeSchema().dump({"actor": caller.actor} | _told_of(caller)))

    return views


def _told_of(caller: Caller) -> dict[str, object]:
    if caller.client_id is not None:
        return {"kind": "client", "scopes": sorted(caller.scopes)}
    if caller.is_staff:
        return {"kind": "staff", "role": caller.role}
    return {"kind": "person"}


def _key() -> str:
    """The key whose id and secret are shown by HTTP Basic or in the form; not by both (RFC 6749, 2.3)."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return f"{KEY_PREFIX}{basic.username}_{basic.password}"
    return f"{KEY_PREFIX}{request.form.get('client_id', '')}_{request.form.get('client_secret', '')}"


def _refused(error: str, slug: str, detail: Text, *, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    """A problem that also has the member `error`, by which OAuth 2.0 clients tell what is wrong (RFC 6749, 5.2)."""
    response = problems.answer(Problem(status, slug, detail, detail), error=error)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="borgen"'
    return response
