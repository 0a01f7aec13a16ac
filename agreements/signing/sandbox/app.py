"""Pages that play the BankID app, for people, and the same acts as JSON, for tests and the demo.

| call under `/bankid-app` | what it does |
|---|---|
| `GET /` | the orders that wait, for people |
| `GET /orders` | the same as JSON: `auto_start_token`, `kind`, `personal_number`, `visible_text` |
| `GET /orders/{autoStartToken}` | one order, for people; opening it starts it |
| `POST /orders/{autoStartToken}/sign` | form or JSON: `personal_number`, `hostile` (one of `Hostile`), both optional |
| `POST /orders/{autoStartToken}/cancel` | the person cancels |
| `POST /faults` | JSON: `fault`, one of `Fault`, or null |

In the place of the token stands what a QR code says, where it is scanned. Whoever acts on an order by its token is led
to its return address, in JSON `return_url`: this once, so that nobody else who knows the token is shown it.

Without `personal_number` it is the person whom the order is for who signs.
"""

import base64
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from agreements.signing.sandbox.bankid import Fault, Faults
from agreements.signing.sandbox.hostile import Hostile
from agreements.signing.sandbox.orders import NoSuchOrder, NotPending, Order, Orders, WrongPerson
from underwriting.kernel.identifiers import IdentifierInvalid, PersonalNumber, parse_personal_number
from underwriting.kernel.periods import stockholm_date

_REFUSALS: Mapping[type[Exception], tuple[int, str, str]] = {
    NotPending: (409, "not_pending", "Beställningen är redan avslutad."),
    WrongPerson: (409, "wrong_person", "Beställningen gäller någon annan. Bara den som anges kan skriva under."),
    IdentifierInvalid: (422, "personal_number_invalid", "Skriv ett giltigt personnummer med 12 siffror."),
}


def bankid_app(orders: Orders, faults: Faults) -> Blueprint:
    """The pages and calls over *orders* and *faults*, under `/bankid-app`."""
    pages = Blueprint("bankid_app", __name__, url_prefix="/bankid-app", template_folder="templates")

    @pages.get("/")
    def waiting() -> str:
        return render_template("bankid_app/waiting.html", orders=[_shown(order) for order in orders.pending()])

    @pages.get("/orders")
    def listed() -> Response:
        return jsonify([_shown(order) for order in orders.pending()])

    @pages.get("/orders/<token>")
    def order(token: str) -> str:
        return _page(orders, orders.open(token))

    @pages.post("/orders/<token>/sign")
    def sign(token: str) -> AnyResponse | tuple[str, int]:
        values = _values()
        try:
            ended = orders.sign(token, _signer(orders, values), hostile=_hostile(values))
        except tuple(_REFUSALS) as error:
            return _refused(orders, token, error)
        return _done(ended, token)

    @pages.post("/orders/<token>/cancel")
    def cancel(token: str) -> AnyResponse | tuple[str, int]:
        try:
            return _done(orders.refuse(token), token)
        except NotPending as error:
            return _refused(orders, token, error)

    @pages.post("/faults")
    def put_fault() -> AnyResponse:
        wanted = _values().get("fault")
        if wanted is not None and wanted not in list(Fault):
            return _problem(422, "fault_unknown", "There is no such fault.")
        faults.put(Fault(wanted) if wanted else None)
        return jsonify({"fault": wanted})

    @pages.app_errorhandler(NoSuchOrder)
    def unknown(_error: NoSuchOrder) -> AnyResponse | tuple[str, int]:
        if request.is_json:
            return _problem(404, "no_such_order", "Beställningen finns inte.")
        return render_template("bankid_app/gone.html"), 404

    return pages


def _values() -> Mapping[str, Any]:
    body = request.get_json(silent=True) if request.is_json else request.form
    if not isinstance(body, Mapping):
        raise BadRequest
    return body


def _signer(orders: Orders, values: Mapping[str, Any]) -> str | None:
    typed = str(values.get("personal_number") or "").strip()
    return parse_personal_number(typed, on=stockholm_date(orders.now())).digits if typed else None


def _hostile(values: Mapping[str, Any]) -> Hostile | None:
    wanted = values.get("hostile")
    if wanted and wanted not in list(Hostile):
        raise BadRequest
    return Hostile(wanted) if wanted else None


def _done(order: Order, token: str) -> AnyResponse:
    return_url = order.return_url if token == order.auto_start_token else ""
    if request.is_json:
        told = {"status": order.status, "hint_code": order.hint_code}
        return jsonify(told | {"return_url": return_url} if return_url else told)
    if return_url:
        return Response(render_template("bankid_app/done.html", order=order, return_url=return_url))
    return redirect(url_for("bankid_app.order", token=token), 303)


def _refused(orders: Orders, token: str, error: Exception) -> AnyResponse | tuple[str, int]:
    status, code, text = _REFUSALS[type(error)]
    if request.is_json:
        return _problem(status, code, text)
    return _page(orders, orders.open(token), error=text, typed=request.form.get("personal_number", "")), status


def _page(orders: Orders, order: Order, *, error: str = "", typed: str | None = None) -> str:
    first = orders.people[0].personal_number if orders.people else ""
    return render_template(
        "bankid_app/order.html",
        order=order,
        shown=_shown(order),
        people=orders.people,
        typed=first if typed is None else typed,
        error=error,
        hostile=list(Hostile),
    )


def _shown(order: Order) -> dict[str, str | None]:
    number = order.personal_number
    return {
        "auto_start_token": order.auto_start_token,
        "kind": "sign" if order.signing else "identify",
        "personal_number": PersonalNumber(number).formatted if number else None,
        "visible_text": base64.b64decode(order.visible).decode("utf-8", "replace"),
    }


def _problem(status: int, code: str, text: str) -> Response:
    response = jsonify({"error": code, "detail": text})
    response.status_code = status
    return response
