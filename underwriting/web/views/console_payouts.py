"""The desk of payouts: what a second person releases or refuses, and what the bank has said (rules P1 to P4)."""

import uuid
from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.payouts.reason_codes import in_words
from agreements.payouts.service import Payouts
from agreements.payouts.services.list_payouts import PayoutDesk
from schemas.loading import load
from schemas.parties import ReasonRequestSchema
from schemas.payouts import ReleaseRequestSchema
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_NO_FILE = Text("Välj en fil", "Choose a file")


def blueprint(runtime: Runtime, payouts: Payouts) -> Blueprint:
    """The views under `/console/payouts`; every page of the console says how many wait."""
    pages = Blueprint("payout_desk", __name__, url_prefix="/payouts")
    desk = PayoutDesk(runtime)

    @pages.app_context_processor
    def waiting() -> dict[str, object]:
        return {"payouts_waiting": desk.count_waiting}

    def page(
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        wrong: uuid.UUID | None = None,
        status: int = 200,
    ) -> Response:
        """The desk; *errors* belong to the form of the thing that is *wrong*, which keeps what was typed."""
        caller = current_caller()
        return render(
            "console/payouts.html",
            status=status,
            files=desk.waiting(caller),
            held=desk.held(caller),
            sent=desk.on_their_way(caller),
            unpaid=desk.unpaid(caller),
            reports=desk.reports(),
            above=runtime.settings.bank.release_above,
            may_release=may("console.payout_desk.settle_file", caller),
            bank_says=in_words,
            errors=errors,
            refused=refused,
            wrong=wrong,
        )

    def attempt(act: Callable[[], object], *, at: uuid.UUID | None = None) -> BaseResponse:
        try:
            act()
        except InvalidInput as refusal:
            return page(errors=refusal.errors, refused=None if refusal.errors else refusal.detail, wrong=at, status=422)
        except NotPermitted as refusal:
            return page(refused=refusal.detail, status=403)
        except Conflict as refusal:
            return page(refused=refusal.detail, status=409)
        return redirect("/console/payouts", 303)

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.post("/files/<uuid:file_id>/<any(release, refuse):verdict>")
    def settle_file(file_id: uuid.UUID, verdict: str) -> BaseResponse:
        caller = current_caller()
        if verdict == "release":
            return attempt(lambda: payouts.release_file(file_id, caller=caller), at=file_id)

        def refuse() -> None:
            body = load(ReasonRequestSchema(), {"reason": request.form.get("reason", "").strip()}, on=_today(runtime))
            payouts.refuse_file(file_id, reason=body.reason, caller=caller)

        return attempt(refuse, at=file_id)

    @pages.post("/<uuid:payout_id>/<any(release, withdraw):verdict>")
    def settle_payout(payout_id: uuid.UUID, verdict: str) -> BaseResponse:
        caller = current_caller()
        if verdict == "withdraw":
            return attempt(lambda: payouts.withdraw(payout_id, caller=caller), at=payout_id)

        def release() -> None:
            shown = request.form.get("evidence", "").strip()
            body = load(ReleaseRequestSchema(), {"evidence": shown} if shown else {}, on=_today(runtime))
            payouts.release(payout_id, caller=caller, evidence=body.evidence)

        return attempt(release, at=payout_id)

    @pages.post("/drawdowns/<uuid:drawdown_id>/again")
    def order_again(drawdown_id: uuid.UUID) -> BaseResponse:
        return attempt(lambda: payouts.order_again(drawdown_id, caller=current_caller()), at=drawdown_id)

    @pages.post("/reports")
    def take_report() -> BaseResponse:
        def take() -> None:
            sent = request.files.get("report")
            content = sent.read() if sent is not None else b""
            if not content:
                raise InvalidInput(errors=(FieldError("/report", _NO_FILE),))
            payouts.take_report(content, actor=current_caller().actor)

        return attempt(take)

    return pages


def _today(runtime: Runtime) -> date:
    return stockholm_date(runtime.clock.now())
