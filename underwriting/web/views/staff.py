"""Log-in of staff, and log-out of everybody."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from underwriting.platform import sessions
from underwriting.platform.authentication import DRAFT_COOKIE, SESSION_COOKIE, delete_cookie, read_cookie, set_cookie
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import LoginRefused, log_in_staff
from underwriting.web.layout import own_path, render


def blueprint(runtime: Runtime) -> Blueprint:
    """The two pages."""
    pages = Blueprint("staff", __name__)

    @pages.get("/console/login")
    def show() -> Response:
        return render("console/login.html", username="", next=own_path(request.args.get("next", "/console/")))

    @pages.post("/console/login")
    def log_in() -> BaseResponse:
        target = own_path(request.form.get("next", "/console/"))
        username, password = request.form.get("username", ""), request.form.get("password", "")
        before = read_cookie(SESSION_COOKIE) or ""
        try:
            token = log_in_staff(runtime, username, password, instead_of=before)
        except LoginRefused as refusal:
            return render("console/login.html", status=401, username=username, next=target, refused=refusal.detail)
        response = redirect(target, 303)
        set_cookie(response, SESSION_COOKIE, token)
        return response

    @pages.post("/logout")
    def log_out() -> BaseResponse:
        sessions.end(runtime, read_cookie(SESSION_COOKIE) or "")
        response = redirect("/", 303)
        for cookie in (SESSION_COOKIE, DRAFT_COOKIE):
            delete_cookie(response, cookie)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'  # the language stays chosen
        return response

    return pages
