"""What every answer carries against browsers' weaknesses, what cookies are called, and which proxies are believed."""

from flask import Flask, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from underwriting.platform.runtime import Runtime

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=()"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS = "max-age=63072000; includeSubDomains"  # two years


def register(app: Flask, runtime: Runtime) -> None:
    """Set the headers of every answer, the form's cookie, and the address that a request is taken to come from."""
    settings = runtime.settings
    by_https = settings.base_url.startswith("https://")
    app.config["SESSION_COOKIE_SECURE"] = by_https
    app.config.update(
        SESSION_COOKIE_NAME=f"{_prefix(app)}borgen_form", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax"
    )
    if settings.edge.trusted_proxies:
        count = settings.edge.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_prefix=0)  # type: ignore[method-assign]
    headers = _HEADERS | ({"Strict-Transport-Security": _HSTS} if by_https else {})

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def has_cookie(name: str) -> bool:
    """Whether the browser sent the cookie *name*."""
    return _prefix(current_app) + name in request.cookies


def read_cookie(name: str) -> str | None:
    """What the browser sent in the cookie *name*.

    By HTTPS its name begins with `__Host-`: no other host of the domain, and nobody on the line, can have set it.
    """
    return request.cookies.get(_prefix(current_app) + name)


def set_cookie(response: BaseResponse, name: str, token: str, *, seconds: int | None = None) -> None:
    """Give *token* to the browser, for so long or until it is closed: for no script, not sent from other sites."""
    secure, whole = current_app.config["SESSION_COOKIE_SECURE"], _prefix(current_app) + name
    response.set_cookie(whole, token, max_age=seconds, httponly=True, samesite="Lax", secure=secure, path="/")


def delete_cookie(response: BaseResponse, name: str) -> None:
    """Let the browser forget the cookie *name*."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.delete_cookie(_prefix(current_app) + name, httponly=True, samesite="Lax", secure=secure, path="/")


def _prefix(app: Flask) -> str:
    return "__Host-" if app.config["SESSION_COOKIE_SECURE"] else ""
