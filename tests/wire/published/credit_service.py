"""Bisnode's service as its Postman collections and its field list have it: nothing in it comes from our client.

1. The log-in takes the client's id and secret by HTTP Basic and a form; it gives a token for the scopes asked for.
2. A question is made as the collection's: method, path, JSON, the token as bearer; its members are those told in
   `shared/bureaus/README.md` (3.2, 3.3) and no other.
3. A company's answer is valid by the published model before it goes out; a person's is not published.
Whatever breaks 1 or 2 is kept in `violations` and answered with 400 or 401.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jsonschema
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.support.serving import serving
from tests.wire.published.credit_model import Json
from tests.wire.published.originals import original

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

COMPANY_QUESTION: Json = {
    "type": "object",
    "required": ["registrationNumber"],
    "additionalProperties": False,
    "properties": {
        "registrationNumber": {"type": "string", "pattern": "^([0-9]{10}|[0-9]{12})$"},
        "reference": {"type": "string"},
        "onBehalfOf": {"type": "string"},
        "language": {"enum": ["SV", "EN", "NO", "DA", "FI"]},
        "segments": {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": ["RISK", "FINANCE", "MANAGEMENT", "OWNERSHIP", "EVENTS", "COMPANY_INFORMATION"]},
        },
    },
}
PERSON_QUESTION: Json = {
    "type": "object",
    "required": ["nationalIdentificationNumber"],
    "additionalProperties": False,
    "properties": {
        "nationalIdentificationNumber": {"type": "string", "pattern": "^([0-9]{10}|[0-9]{12})$"},
        "language": {"type": "string"},
    },
}


@dataclass(frozen=True)
class Shown:
    """One request as a collection shows it: *auth* is its kind, *members* those of its body."""

    name: str
    method: str
    path: str
    auth: str
    members: frozenset[str]


def shown(collection: str) -> Iterator[Shown]:
    """The requests of a published collection; the test is skipped where it is not there."""
    document = json.loads(original(f"bisnode/{collection}").read_text())
    variables = {each["key"]: each["value"] for each in document.get("variable", ())}
    yield from _shown(document["item"], document.get("auth") or {}, variables)


def shown_as(collection: str, name: str) -> Shown:
    """The first request of a published collection with this *name*."""
    return next(each for each in shown(collection) if each.name == name)


@dataclass(frozen=True)
class AskedOf:
    """One request as it came: *members* are those of its JSON or its form."""

    method: str
    path: str
    auth: str
    members: Json


@dataclass
class CreditService:
    """The service as a WSGI application; *company* and *person* are what it answers with, or an error's status."""

    company: Json | int
    person: Json | int = field(default_factory=dict)
    error: Json = None
    asked: list[AskedOf] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._login = shown_as("Bisnode_OAuth2_login.postman_collection.json", "Login")
        self._company = shown_as("bisnode-credit-data-companies.postman_collection.json", "Swedish Credit Data")
        self._person = shown_as("credit-data-persons-postman-collection.json", "Credit Data SE Person")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._response(Request(environ))(environ, start_response)

    def _response(self, request: Request) -> Response:
        auth = "" if request.authorization is None else request.authorization.type
        members: Json = request.get_json(silent=True) if request.is_json else request.form.to_dict()
        self.asked.append(AskedOf(request.method, request.path, auth, members))
        if (request.method, request.path) == (self._login.method, self._login.path):
            return self._token(request)
        if request.method == self._company.method and request.path == self._company.path:
            return self._answer(request, members, COMPANY_QUESTION, self.company)
        if request.method == self._person.method and request.path == self._person.path:
            return self._answer(request, members, PERSON_QUESTION, self.person)
        return self._refuse(404, f"nothing answers {request.method} {request.path}")

    def _token(self, request: Request) -> Response:
        given = request.authorization
        if given is None or given.type != "basic" or not given.username or not given.password:
            return self._refuse(401, "the client's id and secret do not come by HTTP Basic")
        if request.form.get("grant_type") != "client_credentials" or not request.form.get("scope"):
            return self._refuse(400, f"the form is {request.form.to_dict()}")
        return _json({"access_token": "the-token", "token_type": "Bearer", "expires_in": 7199})

    def _answer(self, request: Request, members: Json, question: Json, answer: Json | int) -> Response:
        given = request.authorization
        if given is None or given.type != "bearer" or given.token != "the-token":
            return self._refuse(401, "the token does not come as bearer")
        wrong = [error.message for error in jsonschema.Draft202012Validator(question).iter_errors(members)]
        if not request.is_json or wrong:
            return self._refuse(400, f"the question is not as described: {wrong}")
        if isinstance(answer, int):
            return _json(self.error, status=answer)
        return _json(answer)

    def _refuse(self, status: int, violation: str) -> Response:
        self.violations.append(violation)
        return _json({"status": status, "message": violation}, status=status)


@contextmanager
def answering(service: CreditService) -> Iterator[str]:
    """The address of *service* on loopback while the block runs."""
    server = make_server("127.0.0.1", 0, service, threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"
    server.server_close()


def _shown(items: Json, auth: Json, variables: Mapping[str, str]) -> Iterator[Shown]:
    for item in items:
        if "item" in item:
            yield from _shown(item["item"], item.get("auth") or auth, variables)
            continue
        request = item["request"]
        body = request.get("body") or {}
        written = {each["key"] for each in body.get("urlencoded", ())} or set(json.loads(body.get("raw") or "{}"))
        kind = (request.get("auth") or auth).get("type", "")
        url = re.sub(r"{{(\w+)}}", lambda name: variables[name[1]], request["url"]["raw"])
        # OAuth 2 in a collection is a token that somebody has fetched before.
        shown_auth = "bearer" if kind == "oauth2" else kind
        yield Shown(item["name"], request["method"], urlsplit(url).path, shown_auth, frozenset(written))


def _json(content: Json, *, status: int = 200) -> Response:
    return Response(json.dumps(content), status=status, content_type="application/json")
