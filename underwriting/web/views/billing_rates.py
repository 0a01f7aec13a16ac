"""Reference rates: the half-years that have theirs, the one that lacks it, and the second person who confirms (R5)."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.late_payment.service import LatePayment
from schemas.late_payment import ReferenceRateRequestSchema
from schemas.loading import load
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_FIELDS = ("since", "rate", "source", "reason")


def blueprint(runtime: Runtime, late_payment: LatePayment) -> Blueprint:
    """The list, the form, and the two verdicts."""
    pages = Blueprint("rates", __name__, url_prefix="/rates")

    def page(*, errors: tuple[FieldError, ...] = (), refused: Text | None = None, status: int = 200) -> Response:
        return render(
            "console/billing_rates.html",
            status=status,
            rates=late_payment.rates(),
            next_rate=late_payment.next_rate(),
            errors=errors,
            refused=refused,
        )

    def attempt(act: Callable[[], object]) -> BaseResponse:
        try:
            act()
        except InvalidInput as refusal:
            return page(errors=refusal.errors, refused=None if refusal.errors else _told(refusal), status=422)
        except NotPermitted as refusal:
            return page(refused=_told(refusal), status=403)
        except Conflict as refusal:
            return page(refused=_told(refusal), status=409)
        return redirect("/console/billing/rates", 303)

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.post("")
    def propose() -> BaseResponse:
        def enter() -> None:
            body = load(ReferenceRateRequestSchema(), _typed(), on=stockholm_date(runtime.clock.now()))
            late_payment.propose_rate(
                body.since, body.rate, source=body.source, reason=body.reason, caller=current_caller()
            )

        return attempt(enter)

    @pages.post("/<uuid:rate_id>/<any(confirm, reject):verdict>")
    def settle(rate_id: uuid.UUID, verdict: str) -> BaseResponse:
        settle_it = late_payment.confirm_rate if verdict == "confirm" else late_payment.reject_rate
        return attempt(lambda: settle_it(rate_id, caller=current_caller()))

    return pages


def _typed() -> dict[str, str]:
    """What was typed in the form; what was left empty is not there."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    return {name: text.replace(",", ".") if name == "rate" else text for name, text in typed.items() if text}


def _told(refusal: InvalidInput | NotPermitted | Conflict) -> Text:
    return refusal.detail or refusal.title
