"""Creditsafe's newer interface: GetData and the right to sign as JSON, with a token.

| call | what |
|---|---|
| `POST /v1/authenticate` | `{"username", "password"}`: a token; after five wrong tries of the same in two minutes, 429 for five minutes |
| `GET /getdata?searchnumber=&blockname=` | a report; blocks as those of SOAP |
| `GET /getsignatory?searchnumber=` | the right to sign |
| `GET /getdata/health` | whether the service is there |
"""  # noqa: E501 - a table

import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from bureau_clients.sandbox.creditsafe_getdata import Block, comes_with_data, register_code
from bureau_clients.sandbox.creditsafe_report import company_report, person_report, signatories
from bureau_clients.sandbox.creditsafe_words import SERVICE_CODES, text_of
from bureau_clients.sandbox.documents import as_json
from bureau_clients.sandbox.facts import Form
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.healthy import form_of
from bureau_clients.sandbox.invented import is_person
from bureau_clients.sandbox.questions import CREDITSAFE, Kind, Question
from bureau_clients.sandbox.stand_in import Declined, StandIn
from bureau_clients.sandbox.tokens import Standing, Tokens

REST_PATH = "/getdata"
SIGNATORY_PATH = "/getsignatory"
TOKEN_PATH = "/v1/authenticate"  # noqa: S105 - where tokens are given

_TRIES = 5
_TRIES_WITHIN = timedelta(minutes=2)
_LOCKED_FOR = timedelta(minutes=5)
_LONGEST = 30
_LONGEST_REFERENCE = 14
_LONGEST_LETTER = 500
_LANGUAGES = ("en", "sv")
_TOKEN_CODES = {Standing.MISSING: "R2", Standing.INVALID: "R3", Standing.EXPIRED: "R4"}
_STATUSES: Mapping[ServiceError, HTTPStatus] = {
    ServiceError.UNREADABLE: HTTPStatus.BAD_REQUEST,
    ServiceError.WRONG_BLOCK: HTTPStatus.BAD_REQUEST,
    ServiceError.NO_ACCESS: HTTPStatus.FORBIDDEN,
    ServiceError.NO_MATCH: HTTPStatus.NOT_FOUND,
}
"""What is declined with a status; the rest with 200 and an error."""


@dataclass
class _Door:
    """Counts wrong tries; each a user name with a password."""

    _tries: defaultdict[tuple[str, str], deque[datetime]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_TRIES))
    )
    _locked_until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_locked(self, who: tuple[str, str], at: datetime) -> bool:
        with self._lock:
            return at < self._locked_until.get(who, at)

    def note_wrong(self, who: tuple[str, str], at: datetime) -> None:
        with self._lock:
            tries = self._tries[who]
            tries.append(at)
            if len(tries) == _TRIES and at - tries[0] < _TRIES_WITHIN:
                self._locked_until[who] = at + _LOCKED_FOR
                tries.clear()


def blueprint(stand_in: StandIn) -> Blueprint:
    """The calls of the module's table."""
    calls = Blueprint("creditsafe_rest", __name__)
    tokens, door = Tokens(), _Door()

    @calls.post(TOKEN_PATH)
    def authenticate() -> Response:
        question = Question(bureau=CREDITSAFE, operation="authenticate", kind=Kind.TOKEN)
        return stand_in.answer(
            question,
            healthy=lambda: _token(stand_in, tokens, door),
            declined=lambda error: _error(stand_in, error),
        )

    @calls.get(REST_PATH)
    def get_data() -> Response:
        asked = request.args
        block, number = Block(asked.get("blockname", "")), asked.get("searchnumber", "")
        question = Question(
            bureau=CREDITSAFE,
            operation="getdata",
            kind=block.kind or Kind.COMPANY,
            what=block.name,
            number=number,
            reference=asked.get("transactionid", ""),
        )
        return _with_token(stand_in, tokens, question, lambda: _report(stand_in, block, number))

    @calls.get(SIGNATORY_PATH)
    def get_signatory() -> Response:
        number = request.args.get("searchnumber", "")
        question = Question(bureau=CREDITSAFE, operation="getsignatory", kind=Kind.SIGNATORIES, number=number)
        return _with_token(stand_in, tokens, question, lambda: _signatories(stand_in, number))

    @calls.get(f"{REST_PATH}/health")
    def health() -> Response:
        question = Question(bureau=CREDITSAFE, operation="health", kind=Kind.HEALTH)
        return stand_in.answer(
            question,
            healthy=lambda: as_json({"status": "Healthy"}),
            declined=lambda error: _error(stand_in, error),
        )

    return calls


def _token(stand_in: StandIn, tokens: Tokens, door: _Door) -> Response:
    body = request.get_json(silent=True)
    username, password = (body.get("username"), body.get("password")) if isinstance(body, dict) else (None, None)
    if not isinstance(username, str) or not isinstance(password, str) or max(len(username), len(password)) > _LONGEST:
        return as_json({"error": "Bad request"}, HTTPStatus.BAD_REQUEST)
    who, at = (username, password), stand_in.now()
    if door.is_locked(who, at):
        return as_json({"error": "Too many requests"}, HTTPStatus.TOO_MANY_REQUESTS)
    if not stand_in.knows(username, password):
        door.note_wrong(who, at)
        return as_json({"error": "Invalid credentials"}, HTTPStatus.UNAUTHORIZED)
    return as_json({"token": tokens.give(stand_in.token_end())})


def _with_token(stand_in: StandIn, tokens: Tokens, question: Question, answer: Callable[[], Response]) -> Response:
    header = request.headers.get("Authorization", "")
    standing, _ = tokens.look_up(header, stand_in.now())

    def healthy() -> Response:
        if standing is not Standing.GOOD:
            error = {"code": _TOKEN_CODES[standing], "text": f"Token {standing}"}
            return as_json({"metaData": _meta(stand_in, lod=False), "error": error}, HTTPStatus.FORBIDDEN)
        return answer()

    return stand_in.answer(
        question,
        healthy=healthy,
        declined=lambda error: _error(stand_in, error),
        void_token=lambda: tokens.void(header),
    )


def _report(stand_in: StandIn, block: Block, number: str) -> Response:
    asked = request.args
    if asked.get("language", "en") not in _LANGUAGES:
        error = {"code": "R1", "text": "Invalid language"}
        return as_json({"metaData": _meta(stand_in, lod=False), "error": error}, HTTPStatus.BAD_REQUEST)
    if len(asked.get("transactionid", "")) > _LONGEST_REFERENCE or len(asked.get("lodfreetext", "")) > _LONGEST_LETTER:
        raise Declined(ServiceError.UNREADABLE)
    block.check(number)
    kind = block.kind or Kind.COMPANY
    code = register_code(number, kind)
    gets_letter = not block.is_basic and (is_person(number) or form_of(number) is not Form.AB)
    document: dict[str, Any] = {"metaData": _meta(stand_in, lod=gets_letter)}
    if code is not None:
        document["error"] = {"code": code, "text": text_of(code)}
    if comes_with_data(number, code):
        language = asked.get("language", "en")
        person = kind is Kind.PERSON
        whole = person_report(number) if person else company_report(number, language)
        document["report"] = {"basicInformation": whole["basicInformation"]} if block.is_basic else whole
    return as_json(document)


def _signatories(stand_in: StandIn, number: str) -> Response:
    if len(number) not in (10, 12):
        raise Declined(ServiceError.NO_MATCH)
    return as_json({"metaData": _meta(stand_in, lod=False), "report": signatories(number)})


def _error(stand_in: StandIn, error: ServiceError) -> Response:
    code = SERVICE_CODES[error]
    document = {"metaData": _meta(stand_in, lod=False), "error": {"code": code, "text": text_of(code)}}
    return as_json(document, _STATUSES.get(error, HTTPStatus.OK))


def _meta(stand_in: StandIn, *, lod: bool) -> dict[str, Any]:
    return {
        "apiLogId": str(uuid.uuid4()),
        "timeStamp": stand_in.now().isoformat(),
        "resource": request.path.strip("/"),
        "method": request.method,
        "requestUrl": request.url,
        "lodCreated": lod,
    }
