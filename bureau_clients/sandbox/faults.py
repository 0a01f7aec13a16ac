"""How an answer goes wrong: a fault is laid over any finished HTTP answer, be it XML or JSON.

A `ServiceError` is another thing: an answer by which the bureau declines, in its own words; each bureau writes them
itself. `TROUBLES` holds both.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import TypeAlias

from flask import Response, request

from bureau_clients.sandbox import damage
from bureau_clients.sandbox.questions import BISNODE, CREDITSAFE, Question
from underwriting.kernel.text import Text

_TOO_LARGE_BYTES = 6 * 1024 * 1024
_SECONDS_PER_BYTE = 0.05
_PAGE = (
    "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>Tjänsten svarar inte.</p></body></html>"
)


class Fault(StrEnum):
    """How an answer goes wrong on its way."""

    SLOW = "slow"
    SILENT = "silent"  # for longer than anybody waits
    TRICKLING = "trickling"  # a byte now and then, for longer than anybody waits
    CUT = "cut"  # closed without a byte
    BROKEN_OFF = "broken_off"  # fewer bytes than announced
    SERVER_ERROR = "server_error"  # status 500 with a page
    NOT_HANDLED = "not_handled"  # status 503 with a page
    TOO_MANY = "too_many"  # status 429
    UNAUTHORISED = "unauthorised"  # status 401, whatever the token
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - status 401 once; the token is void from then on
    REDIRECT = "redirect"
    PAGE = "page"  # status 200 with a page
    SOAP_FAULT = "soap_fault"
    TRUNCATED = "truncated"  # two thirds of the answer
    GARBLED = "garbled"  # neither XML nor JSON, though it looks like it
    WRONG_ENCODING = "wrong_encoding"  # Latin-1 that says that it is UTF-8
    TOO_LARGE = "too_large"
    ENTITIES = "entities"  # a document type with entities
    NESTED = "nested"  # deeper than a reader's stack
    EMPTY = "empty"  # no error and nothing else
    CHANGED_FIELDS = "changed_fields"  # every column or member has a new name
    EXTRA_FIELDS = "extra_fields"  # some that nobody has declared
    MISSING_SEGMENT = "missing_segment"  # without what tells of risk
    ANOTHER_CURRENCY = "another_currency"
    SEVERAL_ROWS = "several_rows"  # which disagree on the debt
    ANOTHER_SUBJECT = "another_subject"


class ServiceError(StrEnum):
    """Why a bureau declines to answer."""

    UNREADABLE = "unreadable"
    NO_ACCESS = "no_access"
    NO_REPORTS_LEFT = "no_reports_left"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the name of a refusal
    WRONG_BLOCK = "wrong_block"
    WRONG_TEMPLATE = "wrong_template"
    SECURITY = "security"
    TRY_LATER = "try_later"
    NO_MATCH = "no_match"
    COMPANY_NOT_SHOWN = "company_not_shown"
    FORM_NOT_SHOWN = "form_not_shown"
    LEGAL_REASONS = "legal_reasons"  # status 451


Trouble: TypeAlias = Fault | ServiceError

TROUBLES: Mapping[Trouble, Text] = {
    Fault.SLOW: Text("Långsamt svar", "Slow answer"),
    Fault.SILENT: Text("Inget svar i tid", "No answer in time"),
    Fault.TRICKLING: Text("Svar som droppar", "Trickling answer"),
    Fault.CUT: Text("Förbindelsen stängs utan svar", "Connection closed without an answer"),
    Fault.BROKEN_OFF: Text("Bruten förbindelse", "Broken connection"),
    Fault.SERVER_ERROR: Text("HTTP 500 med webbsida", "HTTP 500 with a page"),
    Fault.NOT_HANDLED: Text("HTTP 503 med webbsida", "HTTP 503 with a page"),
    Fault.TOO_MANY: Text("HTTP 429: för många frågor", "HTTP 429: too many questions"),
    Fault.UNAUTHORISED: Text("HTTP 401, varje gång", "HTTP 401, each time"),
    Fault.TOKEN_EXPIRED: Text("HTTP 401 en gång, sedan svar", "HTTP 401 once, then an answer"),
    Fault.REDIRECT: Text("Omdirigering", "Redirect"),
    Fault.PAGE: Text("HTTP 200 med webbsida", "HTTP 200 with a page"),
    Fault.SOAP_FAULT: Text("SOAP-fel", "SOAP fault"),
    Fault.TRUNCATED: Text("Avklippt svar", "Truncated answer"),
    Fault.GARBLED: Text("Trasig XML eller JSON", "Malformed XML or JSON"),
    Fault.WRONG_ENCODING: Text("Fel teckenkodning", "Wrong encoding"),
    Fault.TOO_LARGE: Text("För stort svar", "Too large an answer"),
    Fault.ENTITIES: Text("Dokumenttyp med entiteter", "Document type with entities"),
    Fault.NESTED: Text("JSON i hundratusen nivåer", "JSON a hundred thousand levels deep"),
    Fault.EMPTY: Text("Tomt svar", "Empty answer"),
    Fault.CHANGED_FIELDS: Text("Fälten har bytt namn", "Fields have new names"),
    Fault.EXTRA_FIELDS: Text("Fält som ingen har beskrivit", "Fields that nobody has declared"),
    Fault.MISSING_SEGMENT: Text("Riskuppgifterna saknas", "What tells of risk is missing"),
    Fault.ANOTHER_CURRENCY: Text("Belopp i euro", "Amounts in euro"),
    Fault.SEVERAL_ROWS: Text("Flera rader", "Several rows"),
    Fault.ANOTHER_SUBJECT: Text("Svar om någon annan", "Answer about somebody else"),
    ServiceError.UNREADABLE: Text("Frågan kan inte läsas", "The question cannot be read"),
    ServiceError.NO_ACCESS: Text("Kontot har inte tjänsten", "The account lacks the service"),
    ServiceError.NO_REPORTS_LEFT: Text("Inga rapporter återstår", "No reports left"),
    ServiceError.WRONG_PASSWORD: Text("Fel lösenord", "Wrong password"),
    ServiceError.WRONG_BLOCK: Text("Blocket finns inte", "No such block"),
    ServiceError.WRONG_TEMPLATE: Text("Mallen finns inte", "No such template"),
    ServiceError.SECURITY: Text("Säkerhetskontrollen underkänns", "The security check fails"),
    ServiceError.TRY_LATER: Text("Försök senare", "Try later"),
    ServiceError.NO_MATCH: Text("Ingen träff", "No match"),
    ServiceError.COMPANY_NOT_SHOWN: Text("Kontot får inte se företaget", "The account may not see the company"),
    ServiceError.FORM_NOT_SHOWN: Text(
        "Kontot får inte se företagsformen", "The account may not see this form of company"
    ),
    ServiceError.LEGAL_REASONS: Text("Får av rättsliga skäl inte lämnas ut", "Not to be told for legal reasons"),
}
"""Everything that can go wrong, in words."""

_XML_ONLY = frozenset({Fault.SOAP_FAULT, Fault.ENTITIES, Fault.SEVERAL_ROWS})
_JSON_ONLY = frozenset({Fault.NESTED, Fault.TOKEN_EXPIRED})
_AT_ONE_BUREAU: Mapping[Trouble, str] = {
    Fault.SOAP_FAULT: CREDITSAFE,
    Fault.ENTITIES: CREDITSAFE,
    Fault.SEVERAL_ROWS: CREDITSAFE,
    Fault.ANOTHER_CURRENCY: BISNODE,  # Creditsafe names none
    ServiceError.LEGAL_REASONS: BISNODE,
    ServiceError.WRONG_TEMPLATE: CREDITSAFE,
}


def can_happen_at(trouble: Trouble, bureau: str) -> bool:
    """Whether *bureau* has what it takes for *trouble*."""
    return _AT_ONE_BUREAU.get(trouble, bureau) == bureau


def apply(
    fault: Fault, answer: Response, question: Question, *, slow_seconds: float, silent_seconds: float
) -> Response:
    """*answer* with *fault*. A fault of JSON alone leaves XML as it is, and the other way round.

    Has to be called while the request is answered; takes the time that the fault takes.
    """
    is_xml = "xml" in (answer.mimetype or "")
    if fault in (_JSON_ONLY if is_xml else _XML_ONLY):
        return answer
    if fault in _STATUSES:
        return _page(*_STATUSES[fault])
    if fault in _DAMAGES:
        answer.set_data(_DAMAGES[fault](answer.get_data(), is_xml))
        return answer
    match fault:
        case Fault.SLOW:
            time.sleep(slow_seconds)
        case Fault.SILENT:
            time.sleep(silent_seconds)
        case Fault.TRICKLING:
            answer.response = _trickle(answer.get_data(), silent_seconds)
        case Fault.CUT:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        case Fault.BROKEN_OFF:
            body = answer.get_data()
            answer.set_data(body[: len(body) // 2])
            answer.headers.update({"Content-Length": str(len(body)), "Connection": "close"})
        case Fault.REDIRECT:
            return Response(status=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"{request.base_url}?moved"})
        case Fault.SOAP_FAULT:
            answer.set_data(damage.soap_fault(answer.get_data()))
            answer.status_code = HTTPStatus.INTERNAL_SERVER_ERROR
        case Fault.ANOTHER_SUBJECT:
            answer.set_data(damage.about_another(answer.get_data(), question.number))
    return answer


def _page(status: HTTPStatus, title: str) -> Response:
    return Response(_PAGE.format(title), status=status)


def _trickle(body: bytes, seconds: float) -> Iterator[bytes]:
    until = time.monotonic() + seconds
    for position in range(len(body)):
        if time.monotonic() < until:
            time.sleep(_SECONDS_PER_BYTE)
        yield body[position : position + 1]


_STATUSES: Mapping[Fault, tuple[HTTPStatus, str]] = {
    Fault.SERVER_ERROR: (HTTPStatus.INTERNAL_SERVER_ERROR, "Runtime Error"),
    Fault.NOT_HANDLED: (HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable"),
    Fault.TOO_MANY: (HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests"),
    Fault.UNAUTHORISED: (HTTPStatus.UNAUTHORIZED, "Unauthorized"),
    Fault.TOKEN_EXPIRED: (HTTPStatus.UNAUTHORIZED, "Unauthorized"),
    Fault.PAGE: (HTTPStatus.OK, "Underhåll pågår"),
}
_DAMAGES: Mapping[Fault, Callable[[bytes, bool], bytes]] = {
    Fault.TRUNCATED: lambda body, _xml: body[: len(body) * 2 // 3],
    Fault.TOO_LARGE: lambda body, _xml: body + b" " * _TOO_LARGE_BYTES,
    Fault.GARBLED: damage.garbled,
    Fault.WRONG_ENCODING: lambda body, _xml: damage.in_latin_1(body),
    Fault.ENTITIES: lambda body, _xml: damage.with_entities(body),
    Fault.NESTED: lambda _body, _xml: damage.nested(),
    Fault.EMPTY: damage.emptied,
    Fault.CHANGED_FIELDS: damage.renamed,
    Fault.EXTRA_FIELDS: damage.with_extra_fields,
    Fault.MISSING_SEGMENT: damage.without_risk,
    Fault.ANOTHER_CURRENCY: lambda body, _xml: damage.in_euro(body),
    Fault.SEVERAL_ROWS: lambda body, _xml: damage.with_second_row(body),
}
