"""Billing's desk of what is paid back: asked for by one, released or refused by another (rule F8)."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.payments.service import Payments
from schemas.loading import load
from schemas.payments import RefundRequestSchema
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render
from underwriting.web.views.billing_payments import agreement_typed, typed_in

_ON_A_PAGE = 50
_HERE = "/console/billing/refunds"


def blueprint(runtime: Runtime, payments: Payments) -> Blueprint:
    """The list, the forms, and the two verdicts."""
    pages = Blueprint("refunds", __name__, url_prefix="/refunds")

    def page(*, errors: tuple[FieldError, ...] = (), refused: Text | None = None, status: int = 200) -> Response:
        cases = payments.refund_cases(after=_cursor(), limit=_ON_A_PAGE + 1)
        return render(
            "console/billing_refunds.html",
            status=status,
            cases=cases[:_ON_A_PAGE],
            next_cursor=cases[_ON_A_PAGE - 1].refund.id if len(cases) > _ON_A_PAGE else None,
            asker=current_caller().actor,
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
        return redirect(_HERE, 303)

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.post("")
    def ask() -> BaseResponse:
        def enter() -> None:
            agreement_id = agreement_typed(runtime)
            typed = typed_in("amount", "reason")
            typed |= {"amount": "".join(typed["amount"].split()).replace(",", ".")} if "amount" in typed else {}
            body = load(RefundRequestSchema(), typed, on=stockholm_date(runtime.clock.now()))
            payments.ask_refund(agreement_id, body.amount, reason=body.reason, caller=current_caller())

        return attempt(enter)

    @pages.post("/<uuid:refund_id>/<any(release, refuse):verdict>")
    def settle(refund_id: uuid.UUID, verdict: str) -> BaseResponse:
        settle_it = payments.release_refund if verdict == "release" else payments.withdraw_refund
        return attempt(lambda: settle_it(refund_id, caller=current_caller()))

    return pages


def _told(refusal: InvalidInput | NotPermitted | Conflict) -> Text:
    return refusal.detail or refusal.title


def _cursor() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("cursor", ""))
    except ValueError:
        return None
