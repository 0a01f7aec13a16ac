"""The page on which a person signs or logs in with BankID: the code, the link, and what BankID says."""

import uuid

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from agreements.signing.routes import SIGNING_COOKIE
from agreements.signing.service import Signings, ToSign
from agreements.signing.services.keep_order import Started
from agreements.signing.services.show_order import SigningView
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform.authentication import SESSION_COOKIE, read_cookie, set_cookie
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import own_path, render, render_part
from underwriting.web.qr import changing_code

_REFRESH_SECONDS = 2
_BACK_COOKIE = "borgen_back"


def blueprint(runtime: Runtime, signings: Signings) -> Blueprint:
    """The signing page and log-in with BankID."""
    pages = Blueprint("signing_page", __name__)

    @pages.get("/signings/<uuid:signing_id>")
    def watch(signing_id: uuid.UUID) -> BaseResponse:
        view = signings.watch(signing_id, _secret(), end_user_ip=end_user_ip())
        if view.state is SigningState.COMPLETE and not view.awaits_return:
            return _completed(view)
        pending = view.state is SigningState.PENDING
        return render(
            "signing.html",
            refresh_seconds=_REFRESH_SECONDS if pending else None,
            version=view.state,
            live=f"/signings/{signing_id}/live",
            view=view,
            qr=_code(view),
            start_url=_start_url(runtime, view.auto_start_token),
            back=_back(),
        )

    @pages.get("/signings/<uuid:signing_id>/live")
    def look(signing_id: uuid.UUID) -> BaseResponse:
        view = signings.watch(signing_id, _secret(), end_user_ip=end_user_ip())
        if view.state is SigningState.COMPLETE and not view.awaits_return:
            return _completed(view)
        return render_part(
            "signing_live.html",
            version=view.state,
            view=view,
            qr=_code(view),
            start_url=_start_url(runtime, view.auto_start_token),
        )

    @pages.post("/signings/<uuid:signing_id>/open-here")
    def open_here(signing_id: uuid.UUID) -> BaseResponse:
        signings.open_here(signing_id, _secret(), end_user_ip=end_user_ip())
        return redirect(f"/signings/{signing_id}", 303)

    @pages.get("/signings/<uuid:signing_id>/return")
    def come_back(signing_id: uuid.UUID) -> BaseResponse:
        signings.come_back(signing_id, read_cookie(SIGNING_COOKIE) or "", request.args.get("nonce", ""))
        return redirect(f"/signings/{signing_id}", 303)

    @pages.post("/signings/<uuid:signing_id>/cancel")
    def cancel(signing_id: uuid.UUID) -> BaseResponse:
        signings.cancel(signing_id, _secret())
        return redirect(own_path(read_cookie(_BACK_COOKIE) or "/"), 303)

    @pages.get("/login")
    def login() -> Response:
        return render("portal/login.html", next=own_path(request.args.get("next", "/my")))

    @pages.post("/login")
    def start_login() -> BaseResponse:
        started = signings.identify(end_user_ip=end_user_ip())
        return to_signing_page(started, back=own_path(request.form.get("next", "/my")))

    return pages


def to_signing_page(started: Started, *, back: str) -> BaseResponse:
    """Send the browser to the page of the *started* order, and to *back* once it is complete."""
    response = redirect(f"/signings/{started.signing_id}", 303)
    set_cookie(response, SIGNING_COOKIE, started.secret)
    set_cookie(response, _BACK_COOKIE, back)
    return response


def start_signing(
    signings: Signings, purpose: SigningPurpose, subject_id: uuid.UUID, to_sign: ToSign, *, back: str
) -> BaseResponse:
    """Start the signature of what was prepared, and send the browser to its page."""
    started = signings.start(
        purpose,
        subject_id,
        visible_text=to_sign.visible_text,
        document=to_sign.document,
        person=to_sign.person,
        end_user_ip=end_user_ip(),
    )
    return to_signing_page(started, back=back)


def _secret() -> str:
    secret = read_cookie(SIGNING_COOKIE)
    if not secret:
        raise NotFound
    return secret


def _completed(view: SigningView) -> BaseResponse:
    """On to where the person came from; logged in, when this is the first look."""
    response = redirect(_back(), 303)
    if view.session_token:
        set_cookie(response, SESSION_COOKIE, view.session_token)
    return response


def _back() -> str:
    return own_path(read_cookie(_BACK_COOKIE) or "/my")


def _code(view: SigningView) -> Markup | None:
    if view.qr_content is None or view.next_qr_content is None:
        return None
    return changing_code(view.qr_content, view.next_qr_content)


def _start_url(runtime: Runtime, auto_start_token: str | None) -> str | None:
    if auto_start_token is None:
        return None
    app = runtime.settings.bankid.app_url
    if app:
        return f"{app}/orders/{auto_start_token}"
    return f"bankid:///?autostarttoken={auto_start_token}"
