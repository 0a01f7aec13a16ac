"""Sign-on of staff by the lender's identity provider: off to it, and back."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import NotFound, NotPermitted, Unavailable
from underwriting.platform.authentication import SESSION_COOKIE, read_cookie, set_cookie
from underwriting.platform.identity_provider import IdentityProvider, SignOnRefused, Start
from underwriting.platform.runtime import Runtime
from underwriting.platform.sign_on import log_in_by_sign_on
from underwriting.web.layout import own_path, render

PATH = "/console/sign-on"
_KEPT = "sign_on"
_LASTS = timedelta(minutes=10)


def blueprint(runtime: Runtime) -> Blueprint:
    """Both addresses; where no provider is named there is neither."""
    pages = Blueprint("sign_on", __name__, url_prefix=PATH)
    settings = runtime.settings.staff.sign_on
    provider = IdentityProvider(settings, f"{runtime.settings.base_url}{PATH}/back") if settings else None

    @pages.get("")
    def start() -> BaseResponse:
        if provider is None:
            raise NotFound
        target, at = own_path(request.args.get("next", "/console/")), runtime.wall.now()
        try:
            begun = provider.start(at=at)
        except Unavailable as refusal:
            return _page(refusal, target)
        session[_KEPT] = {
            "state": begun.state,
            "nonce": begun.nonce,
            "verifier": begun.verifier,
            "next": target,
            "at": int(at.timestamp()),
        }
        return redirect(begun.url, 303)

    @pages.get("/back")
    def back() -> BaseResponse:
        kept = session.pop(_KEPT, None)  # it counts once, whatever comes of it
        if provider is None or settings is None:
            raise NotFound
        at = runtime.wall.now()
        target = kept["next"] if kept else "/console/"
        try:
            if kept is None or datetime.fromtimestamp(kept["at"], UTC) + _LASTS <= at:
                raise SignOnRefused
            begun = Start("", kept["state"], kept["nonce"], kept["verifier"])
            claims = provider.claims(begun, request.args, at=at)
            token = log_in_by_sign_on(runtime, settings, claims, instead_of=read_cookie(SESSION_COOKIE) or "")
        except (NotPermitted, Unavailable) as refusal:
            return _page(refusal, target)
        response = redirect(target, 303)
        set_cookie(response, SESSION_COOKIE, token)
        return response

    return pages


def _page(refusal: NotPermitted | Unavailable, target: str) -> BaseResponse:
    status = 503 if isinstance(refusal, Unavailable) else 403
    return render("console/login.html", status=status, username="", next=target, refused=refusal.detail)
