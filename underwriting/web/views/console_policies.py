"""The policy's pages: its versions, one of them readable, what it would do, and its way into force (rule D11)."""

import uuid
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.decisions.comparison import Tally
from underwriting.decisions.policy import PolicyInvalid, limit_in_words
from underwriting.decisions.services.keep_policies import Policies
from underwriting.kernel.errors import FieldError, Refusal
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

MOST_COMPARED = 1_000
"""A page compares the newest applications alone; `borgen policy diff` takes them all."""
_NO_INSTANT = Text("Ange dag och klockslag, eller lämna tomt", "Give day and time, or leave it empty")


def blueprint(runtime: Runtime, policies: Policies) -> Blueprint:
    """The pages under `/console/policies`."""
    pages = Blueprint("policies", __name__, url_prefix="/policies")

    def listed(*, status: int = 200, errors: tuple[FieldError, ...] = (), refused: Text | None = None) -> Response:
        rows, now = policies.list(current_caller()), runtime.clock.now()
        return render("console/policies.html", status=status, rows=rows, at=now, errors=errors, refused=refused)

    def shown(
        policy_id: uuid.UUID, *, status: int = 200, refused: Text | None = None, tally: Tally | None = None
    ) -> Response:
        view, policy = policies.read(str(policy_id), current_caller())
        return render(
            "console/policy.html",
            status=status,
            refused=refused,
            tally=tally,
            view=view,
            policy=policy,
            own=view.drafted_by == current_caller().actor,
            at=runtime.clock.now(),
            most=MOST_COMPARED,
            in_words=limit_in_words,
        )

    @pages.get("")
    def show_all() -> Response:
        return listed()

    @pages.post("")
    def draft() -> BaseResponse:
        sent, sha256 = request.files.get("document"), request.form.get("sha256", "").strip() or None
        try:
            view = policies.draft(sent.read() if sent else b"", current_caller(), sha256=sha256)
        except PolicyInvalid as refusal:
            return listed(status=422, errors=refusal.errors, refused=refusal.title)
        except Refusal as refusal:
            return listed(status=409, refused=refusal.detail)
        return redirect(f"/console/policies/{view.id}", 303)

    @pages.get("/<uuid:policy_id>")
    def show(policy_id: uuid.UUID) -> Response:
        if "compare" not in request.args:
            return shown(policy_id)
        _, policy = policies.read(str(policy_id), current_caller())
        return shown(policy_id, tally=policies.compare_newest(policy, current_caller(), most=MOST_COMPARED))

    @pages.post("/<uuid:policy_id>/approve")
    def approve(policy_id: uuid.UUID) -> BaseResponse:
        try:
            policies.approve(str(policy_id), current_caller())
        except Refusal as refusal:
            return shown(policy_id, status=409, refused=refusal.detail)
        return redirect(f"/console/policies/{policy_id}", 303)

    @pages.post("/<uuid:policy_id>/publish")
    def publish(policy_id: uuid.UUID) -> BaseResponse:
        try:
            start = _instant(request.form.get("from", "").strip())
            policies.publish(str(policy_id), current_caller(), from_=start)
        except ValueError:
            return shown(policy_id, status=422, refused=_NO_INSTANT)
        except Refusal as refusal:
            return shown(policy_id, status=409, refused=refusal.detail)
        return redirect(f"/console/policies/{policy_id}", 303)

    return pages


def _instant(text: str) -> datetime | None:
    """What a field for day and time holds, by Stockholm's clocks; None where it is empty, ValueError."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM) if text else None
