"""The inbox of the second person: what was proposed beside what the policy said, and the two ways to settle it (D8)."""

import uuid
from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.desk import RejectionSchema
from schemas.loading import load
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_queue import DeskQueue
from underwriting.decisions.override import REASON_TEXTS
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted, Unavailable
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render


def blueprint(runtime: Runtime, desk: Desk, queue: DeskQueue) -> Blueprint:
    """The views under `/console/approvals`; every page of the console says how many proposals wait."""
    pages = Blueprint("approvals", __name__, url_prefix="/approvals")

    @pages.app_context_processor
    def waiting() -> dict[str, object]:
        return {"approvals_waiting": lambda: queue.count_approvals(current_caller())}

    def page(
        *, errors: tuple[FieldError, ...] = (), refused: Text | None = None, at: uuid.UUID | None = None, status: int
    ) -> Response:
        """The inbox; *errors* belong to the proposal *at*, whose form keeps what was typed."""
        caller, now = current_caller(), runtime.clock.now()
        found = queue.approvals(caller, after=_after(request.args.get("after", "")))
        return render(
            "console/approvals.html",
            status=status,
            approvals=found.items,
            next_after=found.next_after,
            is_first="after" not in request.args,
            may_settle=may("console.approvals.approve", caller),
            reason_texts=REASON_TEXTS,
            days_since=lambda at: (stockholm_date(now) - stockholm_date(at)).days,
            errors=errors,
            refused=refused,
            wrong=at,
        )

    def attempt(proposal_id: uuid.UUID, act: Callable[[], object]) -> BaseResponse:
        try:
            act()
        except InvalidInput as refusal:
            return page(errors=refusal.errors, refused=_whole(refusal), at=proposal_id, status=422)
        except NotPermitted as refusal:
            return page(refused=refusal.detail, status=403)
        except (Conflict, Unavailable) as refusal:
            return page(refused=refusal.detail, status=409)
        return redirect("/console/approvals", 303)

    @pages.get("")
    def show() -> Response:
        return page(status=200)

    @pages.post("/<uuid:proposal_id>/approve")
    def approve(proposal_id: uuid.UUID) -> BaseResponse:
        return attempt(proposal_id, lambda: desk.approve(proposal_id, current_caller()))

    @pages.post("/<uuid:proposal_id>/reject")
    def reject(proposal_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            sent = {"reason": request.form.get("reason", "").strip()}
            reason = load(RejectionSchema(), sent, on=stockholm_date(runtime.clock.now()))
            desk.reject(proposal_id, reason, current_caller())

        return attempt(proposal_id, act)

    return pages


def _whole(refusal: InvalidInput) -> Text | None:
    """What is wrong where no field is: what was proposed cannot be given any more."""
    return None if any(error.pointer == "/reason" for error in refusal.errors) else refusal.detail


def _after(text: str) -> uuid.UUID | None:
    """The proposal behind which the page begins; a text that is none begins at the first."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
