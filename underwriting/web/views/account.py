"""A member of staff's own account: second factor, sessions, password."""

import uuid

import segno
from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Awaited
from underwriting.platform import second_factor, sessions, staff_accounts
from underwriting.platform.authentication import SESSION_COOKIE, current_caller, set_cookie
from underwriting.platform.runtime import Runtime
from underwriting.platform.second_factor import CodeRefused
from underwriting.web.layout import own_path, render

_NOT_THE_SAME = Text("Det är inte samma lösenord", "That is not the same password")


def blueprint(runtime: Runtime) -> Blueprint:
    """The pages under `/console/account`, and the one that asks for a code."""
    pages = Blueprint("account", __name__, url_prefix="/console/account")

    def page(*, errors: tuple[FieldError, ...] = (), done: str | None = None) -> Response:
        caller = current_caller()
        return render(
            "console/account.html",
            status=422 if errors else 200,
            enrolled=second_factor.is_enrolled(runtime, caller),
            codes_left=second_factor.recovery_codes_left(runtime, caller),
            sessions=sessions.open_of_staff(runtime, caller),
            has_password=staff_accounts.has_password(runtime, caller),
            errors=errors,
            done=done,
        )

    @pages.get("")
    def show() -> Response:
        return page(done="password" if request.args.get("done") == "password" else None)

    @pages.post("/password")
    def change_password() -> BaseResponse:
        fields = {name: request.form.get(name, "") for name in ("current", "password", "again")}
        if fields["password"] != fields["again"]:
            return page(errors=(FieldError("/again", _NOT_THE_SAME),))
        try:
            token = staff_accounts.change_password(runtime, current_caller(), fields["current"], fields["password"])
        except InvalidInput as refusal:
            return page(errors=refusal.errors)
        response = redirect("/console/account?done=password", 303)
        set_cookie(response, SESSION_COOKIE, token)
        return response

    @pages.post("/sessions/<uuid:session_id>/end")
    def end_session(session_id: uuid.UUID) -> BaseResponse:
        sessions.end_own(runtime, current_caller(), session_id)
        return redirect("/console/account", 303)

    @pages.post("/sessions/end-others")
    def end_others() -> BaseResponse:
        sessions.end_others(runtime, current_caller())
        return redirect("/console/account", 303)

    @pages.get("/code")
    def ask_for_code() -> BaseResponse:
        target = own_path(request.args.get("next", "/console/"))
        caller = current_caller()
        if caller.awaits is Awaited.ENROLMENT and not second_factor.is_enrolled(runtime, caller):
            return redirect("/console/account/second-factor")
        return render("console/code.html", next=target)

    @pages.post("/code")
    def pass_code() -> BaseResponse:
        target = own_path(request.form.get("next", "/console/"))
        try:
            token = second_factor.pass_code(runtime, current_caller(), request.form.get("code", ""))
        except CodeRefused as refusal:
            return render("console/code.html", status=401, next=target, refused=refusal.detail)
        response = redirect(target, 303)
        set_cookie(response, SESSION_COOKIE, token)
        return response

    @pages.get("/second-factor")
    def enrol() -> Response:
        return _enrolment(runtime)

    @pages.post("/second-factor")
    def confirm() -> BaseResponse:
        try:
            code, password = request.form.get("code", ""), request.form.get("password", "")
            confirmed = second_factor.confirm(runtime, current_caller(), code, password=password)
        except CodeRefused as refusal:
            return _enrolment(runtime, refused=refusal.detail)
        response = render("console/recovery_codes.html", codes=confirmed.recovery_codes)
        set_cookie(response, SESSION_COOKIE, confirmed.token)
        return response

    return pages


def _enrolment(runtime: Runtime, *, refused: Text | None = None) -> Response:
    enrolment = second_factor.begin(runtime, current_caller())
    drawn = segno.make(enrolment.uri, error="m").svg_inline(scale=4, border=2, omitsize=True, title="QR")
    groups = [enrolment.secret[place : place + 4] for place in range(0, len(enrolment.secret), 4)]
    return render(
        "console/second_factor.html",
        status=401 if refused else 200,
        qr=Markup(drawn),  # noqa: S704 - made here from our own bytes
        secret=" ".join(groups),
        refused=refused,
        needed=current_caller().awaits is not None,
        has_password=staff_accounts.has_password(runtime, current_caller()),
    )
