"""Bisnode's stand-in: its REST interfaces over HTTP, with tokens, and faults on request (rule X1).

| call | what |
|---|---|
| `POST /as/token.oauth2` | a token for a client that shows its id and secret by Basic; the scopes are checked |
| `POST /credit-data-companies/v2/companies/se` | a report on a company, in the wanted segments |
| `POST /credit-data-persons/v1/persons/se/credit-data` | what there is on a person |
| `POST /nordic-rts/v1/rts/company/detailed/SE`, or `…/company-signatories/…` | the right to sign for a company |

`numbers` says which numbers do what.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, request

from bureau_clients.sandbox.bisnode_company import SEGMENTS, company_document
from bureau_clients.sandbox.bisnode_person import person_document
from bureau_clients.sandbox.bisnode_signing import signing_document
from bureau_clients.sandbox.control import control_panel
from bureau_clients.sandbox.documents import as_json
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import is_person
from bureau_clients.sandbox.questions import BISNODE, Kind, Question
from bureau_clients.sandbox.stand_in import Declined, StandIn
from bureau_clients.sandbox.tokens import Standing, Tokens

__all__ = ["COMPANY_PATH", "PERSON_PATH", "SIGNING_PATH", "TOKEN_PATH", "StandIn", "bisnode", "create_app"]

TOKEN_PATH = "/as/token.oauth2"  # noqa: S105 - where tokens are given
COMPANY_PATH = "/credit-data-companies/v2/companies/se"
PERSON_PATH = "/credit-data-persons/v1/persons/se/credit-data"
SIGNING_PATH = "/nordic-rts/v1/rts/company/detailed/SE"
SIGNATORIES_PATH = "/nordic-rts/v1/rts/company-signatories/detailed/SE"

_COMPANIES, _PERSONS, _SIGNING = "credit_data_companies", "credit_data_persons", "nordic_right_to_sign"
_SCOPES = frozenset({_COMPANIES, _PERSONS, _SIGNING})
_LANGUAGES = frozenset({"SV", "EN", "NO", "DA", "FI"})
_NUMBER_LENGTHS = (10, 12)
_NUMBER_NAMES = ("registrationNumber", "nationalIdentificationNumber", "companyRegistrationNumber")
_STATUSES: Mapping[ServiceError, HTTPStatus] = {
    ServiceError.UNREADABLE: HTTPStatus.BAD_REQUEST,
    ServiceError.WRONG_BLOCK: HTTPStatus.BAD_REQUEST,
    ServiceError.WRONG_TEMPLATE: HTTPStatus.BAD_REQUEST,
    ServiceError.WRONG_PASSWORD: HTTPStatus.UNAUTHORIZED,
    ServiceError.NO_ACCESS: HTTPStatus.FORBIDDEN,
    ServiceError.NO_REPORTS_LEFT: HTTPStatus.FORBIDDEN,
    ServiceError.SECURITY: HTTPStatus.FORBIDDEN,
    ServiceError.NO_MATCH: HTTPStatus.NOT_FOUND,
    ServiceError.COMPANY_NOT_SHOWN: HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    ServiceError.FORM_NOT_SHOWN: HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    ServiceError.LEGAL_REASONS: HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    ServiceError.TRY_LATER: HTTPStatus.SERVICE_UNAVAILABLE,
}


def bisnode(stand_in: StandIn) -> Blueprint:
    """The calls of the module's table."""
    calls = Blueprint("bisnode", __name__)
    tokens = Tokens()

    @calls.post(TOKEN_PATH)
    def token() -> Response:
        question = Question(
            bureau=BISNODE, operation="token", kind=Kind.TOKEN, what=request.form.get("scope", ""), number=""
        )
        return stand_in.answer(
            question, healthy=lambda: _token(stand_in, tokens), declined=lambda error: _error(stand_in, error)
        )

    @calls.post(COMPANY_PATH)
    def company() -> Response:
        body = _body()
        wanted = body.get("segments") or list(SEGMENTS)
        segments = [str(each) for each in wanted] if isinstance(wanted, list) else ["?"]
        return _with_token(
            stand_in,
            tokens,
            _COMPANIES,
            _question("companies/se", Kind.COMPANY if "RISK" in segments else Kind.STATUS, body, ",".join(segments)),
            lambda question: _company(body, segments, question),
        )

    @calls.post(PERSON_PATH)
    def person() -> Response:
        body = _body()
        question = _question("persons/se/credit-data", Kind.PERSON, body)
        return _with_token(stand_in, tokens, _PERSONS, question, lambda asked: _person(body, asked))

    @calls.post(SIGNING_PATH)
    @calls.post(SIGNATORIES_PATH)
    def signing() -> Response:
        question = _question("rts/company/detailed/SE", Kind.SIGNATORIES, _body())
        return _with_token(stand_in, tokens, _SIGNING, question, _signing)

    return calls


def create_app(stand_in: StandIn) -> Flask:
    """The stand-in as a WSGI application of its own, with what controls it."""
    app = Flask(__name__)
    app.register_blueprint(bisnode(stand_in))
    app.register_blueprint(control_panel(stand_in.control))
    return app


def _body() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _question(operation: str, kind: Kind, body: Mapping[str, Any], what: str = "") -> Question:
    said = next((body[name] for name in _NUMBER_NAMES if isinstance(body.get(name), str)), "")
    return Question(
        bureau=BISNODE,
        operation=operation,
        kind=kind,
        what=what,
        number="".join(filter(str.isdecimal, said)),
        reference=str(body.get("reference") or ""),
    )


def _token(stand_in: StandIn, tokens: Tokens) -> Response:
    shown = request.authorization
    if shown is None or shown.type != "basic" or not stand_in.knows(shown.username or "", shown.password or ""):
        return as_json({"error": "invalid_client"}, HTTPStatus.UNAUTHORIZED)
    if request.form.get("grant_type") != "client_credentials":
        return as_json({"error": "unsupported_grant_type"}, HTTPStatus.BAD_REQUEST)
    scopes = frozenset(request.form.get("scope", "").split()) or _SCOPES
    if scopes - _SCOPES:
        return as_json({"error": "invalid_scope"}, HTTPStatus.BAD_REQUEST)
    return as_json(
        {
            "access_token": tokens.give(stand_in.token_end(), scopes),
            "token_type": "Bearer",
            "expires_in": int(stand_in.token_seconds),
        }
    )


def _with_token(
    stand_in: StandIn, tokens: Tokens, scope: str, question: Question, answer: Callable[[Question], Response]
) -> Response:
    header = request.headers.get("Authorization", "")
    standing, scopes = tokens.look_up(header, stand_in.now())

    def healthy() -> Response:
        if standing is not Standing.GOOD:
            raise Declined(ServiceError.WRONG_PASSWORD)
        if scope not in scopes:
            raise Declined(ServiceError.NO_ACCESS)
        if len(question.number) not in _NUMBER_LENGTHS:
            raise Declined(ServiceError.UNREADABLE)
        return answer(question)

    return stand_in.answer(
        question,
        healthy=healthy,
        declined=lambda error: _error(stand_in, error),
        void_token=lambda: tokens.void(header),
    )


def _is_english(body: Mapping[str, Any]) -> bool:
    """Whether the answer is not in Swedish; English is what there is for every other language."""
    language = str(body.get("language") or "EN").upper()
    if language not in _LANGUAGES:
        raise Declined(ServiceError.UNREADABLE)
    return language != "SV"


def _company(body: Mapping[str, Any], segments: list[str], question: Question) -> Response:
    if set(segments) - set(SEGMENTS):
        raise Declined(ServiceError.WRONG_BLOCK)
    return as_json(company_document(question.number, segments, english=_is_english(body)))


def _person(body: Mapping[str, Any], question: Question) -> Response:
    if not is_person(question.number):
        raise Declined(ServiceError.NO_MATCH)
    return as_json(person_document(question.number, english=_is_english(body)))


def _signing(question: Question) -> Response:
    return as_json(signing_document(question.number))


def _error(stand_in: StandIn, error: ServiceError) -> Response:
    status = _STATUSES[error]
    document: dict[str, Any] = {
        "status": int(status),
        "statusText": status.phrase.upper(),
        "message": status.phrase,
        "timestamp": stand_in.now().replace(tzinfo=None).isoformat(timespec="milliseconds"),
        "subErrors": [],
    }
    if error is ServiceError.WRONG_BLOCK:
        document["subErrors"] = [
            {"object": "request", "field": "segments", "rejectedValue": "?", "message": "no such segment"}
        ]
    return as_json(document, status)
