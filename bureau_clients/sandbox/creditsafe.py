"""Creditsafe's stand-in: real SOAP over HTTP, answers like those of the .NET service, faults on request (rule X1).

`creditsafe_numbers` says which numbers do what. The name of the block decides what is asked for, as it does at the real
service by agreement: `…_P_…` a person, `…_C_…` a company, `…_BASIC` register data only, anything else a credit report.
"""

import hmac
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from flask import Blueprint, Flask, Response, request
from lxml import etree

from bureau_clients.sandbox.creditsafe_envelope import (
    MEDIA_TYPES,
    NAMESPACE,
    SOAP11,
    FaultSide,
    answer,
    fault,
    in_envelope,
)
from bureau_clients.sandbox.creditsafe_facts import Columns, basic, company_columns, is_person, person_columns
from bureau_clients.sandbox.creditsafe_numbers import Fault, MagicNumber, magic_number

PATH = "/getdata/getdata.asmx"

_REAL_ADDRESS = b"https://webservice.creditsafe.se/getdata/getdata.asmx"
_TOO_LARGE_BYTES = 6 * 1024 * 1024
_PAGE = (
    "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>Tjänsten svarar inte.</p></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """How the stand-in is set up: the one account that it knows, and how long each answer takes, in seconds.

    *latency_seconds* is for every answer; *silent_seconds* is longer than the client waits.
    """

    username: str
    password: str = field(repr=False)
    latency_seconds: float = 0.0
    slow_seconds: float = 3.0
    silent_seconds: float = 60.0


def creditsafe(stand_in: StandIn) -> Blueprint:
    """The stand-in: GetDataBySecure by POST, and its WSDL by GET, at `PATH`."""
    calls = Blueprint("creditsafe", __name__)

    @calls.get(PATH)
    def wsdl() -> Response:
        document = files("bureau_clients.creditsafe").joinpath("wsdl/getdata.wsdl").read_bytes()
        return Response(
            document.replace(_REAL_ADDRESS, request.base_url.encode()), content_type="text/xml; charset=utf-8"
        )

    @calls.post(PATH)
    def get_data() -> Response:
        time.sleep(stand_in.latency_seconds)
        return _answer(request.get_data(), stand_in)

    return calls


def create_app(stand_in: StandIn) -> Flask:
    """The stand-in as a WSGI application of its own."""
    app = Flask(__name__)
    app.register_blueprint(creditsafe(stand_in))
    return app


@dataclass(frozen=True, slots=True)
class _Question:
    envelope: str
    username: str
    password: str
    transaction: str
    block: str
    number: str

    @property
    def is_about_company(self) -> bool:
        return "_C_" in self.block

    @property
    def has_known_block(self) -> bool:
        return self.is_about_company != ("_P_" in self.block) and (self.is_about_company or is_person(self.number))


class _Unreadable(Exception):
    """The message is no question of this service."""


def _answer(message: bytes, stand_in: StandIn) -> Response:
    try:
        question = _read(message)
    except _Unreadable as error:
        return _fault(SOAP11, "Client", str(error))
    right = hmac.compare_digest(question.username.encode(), stand_in.username.encode())
    right &= hmac.compare_digest(question.password.encode(), stand_in.password.encode())
    if not right:
        return _error(question, "9")
    if len(question.number) not in (10, 12):
        return _error(question, "15")
    if not question.has_known_block:
        return _error(question, "11")
    magic = magic_number(question.number)
    if magic is None or (magic.company_only and not question.is_about_company):
        return _rows(question, [_columns(question, {})])
    return _magic_answer(question, magic, stand_in)


def _read(message: bytes) -> _Question:
    try:
        root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _Unreadable("the message is not XML") from error
    envelope = etree.QName(root).namespace
    asked = root.find(f"{{{envelope}}}Body/{{{NAMESPACE}}}GetDataBySecure/{{{NAMESPACE}}}GetData_Request")
    if envelope not in MEDIA_TYPES or asked is None:
        raise _Unreadable("the message is no GetDataBySecure")
    text = {
        name: (asked.findtext("/".join(f"{{{NAMESPACE}}}{part}" for part in name.split("/"))) or "").strip()
        for name in (
            *("account/UserName", "account/Password", "account/TransactionId", "account/Language"),
            *("Block_Name", "SearchNumber"),
        )
    }
    if text["account/Language"] not in ("SWE", "EN"):
        raise _Unreadable("the language is neither SWE nor EN")
    return _Question(
        envelope=envelope,
        username=text["account/UserName"],
        password=text["account/Password"],
        transaction=text["account/TransactionId"],
        block=text["Block_Name"],
        number=text["SearchNumber"],
    )


def _columns(question: _Question, replaced: Mapping[str, str | None]) -> Columns:
    invented = company_columns(question.number) if question.is_about_company else person_columns(question.number)
    known = {**invented, **{name: text for name, text in replaced.items() if name in invented or text is not None}}
    columns = {name: text for name, text in known.items() if text is not None}
    return basic(columns) if question.block.endswith("_BASIC") else columns


def _magic_answer(question: _Question, magic: MagicNumber, stand_in: StandIn) -> Response:
    columns = _columns(question, magic.columns)
    if magic.code is not None:
        return _error(question, magic.code, [columns] if magic.with_data else None)
    if magic.fault is None:
        return _rows(question, [columns])
    return _faulty(question, magic.fault, columns, stand_in)


def _faulty(question: _Question, how: Fault, columns: Columns, stand_in: StandIn) -> Response:
    healthy = _rows(question, [columns])
    match how:
        case Fault.SLOW:
            time.sleep(stand_in.slow_seconds)
        case Fault.SILENT:
            time.sleep(stand_in.silent_seconds)
        case Fault.TRICKLING:
            healthy.response = _trickle(healthy.get_data(), stand_in.silent_seconds)
        case Fault.SERVER_ERROR:
            return Response(_PAGE.format("Runtime Error"), status=500)
        case Fault.NOT_HANDLED:
            return Response(_PAGE.format("Service Unavailable"), status=503)
        case Fault.PAGE:
            return Response(_PAGE.format("Underhåll pågår"))
        case Fault.REDIRECT:
            return Response(status=307, headers={"Location": f"{request.base_url}?moved"})
        case Fault.SOAP_FAULT:
            return _fault(question.envelope, "Server", "Server was unable to process request.")
        case Fault.TRUNCATED:
            body = healthy.get_data()
            healthy.set_data(body[: len(body) * 2 // 3])
        case Fault.BROKEN_OFF:
            body = healthy.get_data()
            healthy.set_data(body[: len(body) // 2])
            healthy.headers.update({"Content-Length": str(len(body)), "Connection": "close"})
        case Fault.TOO_LARGE:
            healthy.set_data(healthy.get_data() + b" " * _TOO_LARGE_BYTES)
        case Fault.ENTITIES:
            body = healthy.get_data().partition(b"?>")[2]
            healthy.set_data(b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + body)
        case Fault.EMPTY:
            return _rows(question, [])
        case Fault.SEVERAL_ROWS:
            return _rows(question, [columns, {**columns, "DEBT_SUM": "98765"}])
        case Fault.ANOTHER_SUBJECT:
            number = "ORGNR" if question.is_about_company else "PNR"
            return _rows(question, [{**columns, number: "5599990024" if question.is_about_company else "7712302384"}])
    return healthy


def _trickle(body: bytes, seconds: float) -> Iterator[bytes]:
    until = time.monotonic() + seconds
    for position in range(len(body)):
        if time.monotonic() < until:
            time.sleep(0.05)
        yield body[position : position + 1]


def _error(question: _Question, code: str, rows: Sequence[Columns] | None = None) -> Response:
    return _response(
        question.envelope, answer(question.number, question.transaction, question.block, rows=rows, code=code)
    )


def _rows(question: _Question, rows: Sequence[Columns]) -> Response:
    return _response(question.envelope, answer(question.number, question.transaction, question.block, rows=rows))


def _fault(envelope: str, side: FaultSide, reason: str) -> Response:
    return _response(envelope, fault(envelope, side, reason), status=500)


def _response(envelope: str, content: etree._Element, *, status: int = 200) -> Response:
    body = in_envelope(envelope, content)
    return Response(body, status=status, content_type=f"{MEDIA_TYPES[envelope]}; charset=utf-8")
