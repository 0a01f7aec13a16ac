"""The stand-in's relying-party API: version 6 of BankID's interface, with its error bodies and codes."""

import base64
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from agreements.signing.sandbox.orders import AlreadyInProgress, NoSuchOrder, Order, Orders

PATH = "/rp/v6.0/"
"""Under which the calls `auth`, `sign`, `collect` and `cancel` lie."""
SLOW_SECONDS = 10.0
"""How long the fault `slow` keeps a caller waiting."""

_VISIBLE_LIMIT = {"auth": 1_500, "sign": 40_000}
_NON_VISIBLE_LIMIT = {"auth": 1_500, "sign": 200_000}
_RETURN_URL_LIMIT = 512
_MEMBERS = frozenset(
    (
        "endUserIp",
        "requirement",
        "userVisibleData",
        "userNonVisibleData",
        "userVisibleDataFormat",
        "returnUrl",
        "returnRisk",
        "web",
        "app",
    )
)
_REQUIREMENTS = frozenset(("personalNumber", "pinCode", "mrtd", "cardReader", "certificatePolicies"))
_HTTP_ERRORS: Mapping[int, tuple[str, str]] = {
    404: ("notFound", "An erroneous URL path was used."),
    405: ("methodNotAllowed", "Only http method POST is allowed."),
    408: ("requestTimeout", "It took too long time to transmit the request."),
    415: ("unsupportedMediaType", "Incorrect content type."),
    500: ("internalError", "Internal technical error in the BankID system."),
}


class Fault(StrEnum):
    """What can be wrong with the whole of BankID."""

    HTML_502 = "html_502"
    MAINTENANCE = "maintenance"
    INTERNAL_ERROR = "internal_error"
    SLOW = "slow"
    DROPPED = "dropped"


class Faults:
    """The fault that every call meets from now on, or none. Threads may share it."""

    def __init__(self, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self.slow_seconds = slow_seconds
        self._lock = threading.Lock()
        self._current: Fault | None = None

    @property
    def current(self) -> Fault | None:
        """The fault in force."""
        with self._lock:
            return self._current

    def put(self, fault: Fault | None) -> None:
        """Put *fault* in force, or None for a healthy BankID."""
        with self._lock:
            self._current = fault


class InvalidParameters(Exception):
    """The request is not one of the interface's; the message says what is wrong with it."""


def create_bankid(orders: Orders, faults: Faults) -> Flask:
    """The API over *orders*, to be served over mutual TLS."""
    api = Flask(__name__)
    api.config["MAX_CONTENT_LENGTH"] = 1_000_000

    @api.before_request
    def meet_fault() -> Response | None:
        return _faulty(faults)

    @api.post(f"{PATH}auth")
    def auth() -> Response:
        return jsonify(_placed(_place(orders, _body(), signing=False)))

    @api.post(f"{PATH}sign")
    def sign() -> Response:
        return jsonify(_placed(_place(orders, _body(), signing=True)))

    @api.post(f"{PATH}collect")
    def collect() -> Response:
        return jsonify(_collected(orders.collect(_order_ref(_body()))))

    @api.post(f"{PATH}cancel")
    def cancel() -> Response:
        orders.cancel(_order_ref(_body()))
        return jsonify({})

    @api.errorhandler(InvalidParameters)
    def invalid(error: InvalidParameters) -> Response:
        return _error(400, "invalidParameters", str(error))

    @api.errorhandler(NoSuchOrder)
    def unknown(_reason: NoSuchOrder) -> Response:
        return _error(400, "invalidParameters", "No such order")

    @api.errorhandler(AlreadyInProgress)
    def in_progress(_reason: AlreadyInProgress) -> Response:
        return _error(400, "alreadyInProgress", "Order already in progress for pno")

    @api.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        code, details = _HTTP_ERRORS.get(status, ("invalidParameters", "Invalid request"))
        return _error(status if status in _HTTP_ERRORS else 400, code, details)

    return api


def _faulty(faults: Faults) -> Response | None:
    match faults.current:
        case Fault.HTML_502:
            return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, mimetype="text/html")
        case Fault.MAINTENANCE:
            return _error(503, "maintenance", "The service is temporarily out of service.")
        case Fault.INTERNAL_ERROR:
            return _error(500, "internalError", "Internal technical error in the BankID system.")
        case Fault.SLOW:
            time.sleep(faults.slow_seconds)
        case Fault.DROPPED:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return None


def _body() -> Mapping[str, Any]:
    if request.mimetype != "application/json":
        raise _UnsupportedMediaType
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidParameters("Invalid JSON")
    return body


class _UnsupportedMediaType(HTTPException):
    code = 415


def _order_ref(body: Mapping[str, Any]) -> str:
    if set(body) != {"orderRef"} or not isinstance(body["orderRef"], str):
        raise InvalidParameters("Incorrect orderRef")
    return body["orderRef"]


def _place(orders: Orders, body: Mapping[str, Any], *, signing: bool) -> Order:
    if not set(body) <= _MEMBERS:
        raise InvalidParameters("Unknown parameter")
    call = "sign" if signing else "auth"
    visible = _base64(body, "userVisibleData", limit=_VISIBLE_LIMIT[call])
    if signing and not visible:
        raise InvalidParameters("Invalid parameter userVisibleData")
    return orders.place(
        signing=signing,
        end_user_ip=_ip(body.get("endUserIp")),
        personal_number=_required_person(body.get("requirement", {})),
        visible=visible,
        non_visible=_base64(body, "userNonVisibleData", limit=_NON_VISIBLE_LIMIT[call]),
        return_url=_return_url(body.get("returnUrl", "")),
    )


def _return_url(value: object) -> str:
    if not isinstance(value, str) or len(value) > _RETURN_URL_LIMIT:
        raise InvalidParameters("Invalid parameter returnUrl")
    return value


def _base64(body: Mapping[str, Any], name: str, *, limit: int) -> str:
    value = body.get(name, "")
    try:
        if not isinstance(value, str) or (name in body and not 1 <= len(value) <= limit):
            raise InvalidParameters(f"Invalid parameter {name}")
        base64.b64decode(value, validate=True)
    except ValueError as error:
        raise InvalidParameters(f"Invalid parameter {name}") from error
    return value


def _ip(value: object) -> str:
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError as error:
        raise InvalidParameters("Incorrect endUserIp") from error


def _required_person(requirement: object) -> str | None:
    if not isinstance(requirement, dict) or not set(requirement) <= _REQUIREMENTS:
        raise InvalidParameters("Invalid parameter requirement")
    number = requirement.get("personalNumber")
    if number is not None and not (isinstance(number, str) and re.fullmatch("[0-9]{12}", number)):
        raise InvalidParameters("Incorrect personalNumber")
    return number


def _placed(order: Order) -> dict[str, str]:
    return {
        "orderRef": order.order_ref,
        "autoStartToken": order.auto_start_token,
        "qrStartToken": order.qr_start_token,
        "qrStartSecret": order.qr_start_secret,
    }


def _collected(order: Order) -> dict[str, Any]:
    answer: dict[str, Any] = {"orderRef": order.order_ref, "status": order.status}
    if order.hint_code:
        answer["hintCode"] = order.hint_code
    if order.completion:
        answer["completionData"] = order.completion
    return answer


def _error(status: int, code: str, details: str) -> Response:
    response = jsonify({"errorCode": code, "details": details})
    response.status_code = status
    return response
