"""What every page shares: its frame, the language switch, and the page that tells a problem."""

from http import HTTPStatus
from typing import Any, get_args
from urllib.parse import SplitResult, urlencode, urlsplit

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Language
from underwriting.platform import request_ids
from underwriting.platform.hardening import set_cookie
from underwriting.platform.problems import LANGUAGE_COOKIE, Problem, language_of_request
from underwriting.web import filters
from underwriting.web.texts import translate

_YEAR_SECONDS = 365 * 24 * 3600
_LONGEST_PATH = 1000
_FOR_STAFF = ("/console", "/sandbox")


def render(
    template: str, *, status: int = 200, refresh_seconds: int | None = None, version: str = "", **values: Any
) -> Response:
    """The page *template*; with *refresh_seconds* it looks again by itself while something is awaited.

    It is then loaded anew when *version* has become another one; without JavaScript it is loaded anew every time.
    """
    language = language_of_request()
    page = render_template(
        template,
        t=translate,
        language=language,
        caller=g.caller,
        refresh_seconds=refresh_seconds,
        version=version,
        in_language=lambda text: text.in_language(language),
        error_of=lambda pointer: _error_of(values.get("errors", ()), pointer, language),
        **values,
    )
    response = make_response(page, status)
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    return response


def render_part(template: str, *, version: str, **values: Any) -> Response:
    """What changes of a page that waits, without its frame: *template* as `render` would show it in the page.

    It is told every other second, and the frame would take more than what it says.
    """
    language = language_of_request()
    part = current_app.jinja_env.get_template(template).render(
        in_language=lambda text: text.in_language(language), **values
    )
    response = make_response(Markup('<main data-version="{}">{}</main>').format(version, Markup(part)))  # noqa: S704 - escaped by the template
    response.headers["Cache-Control"] = "no-store"
    return response


def own_path(target: str) -> str:
    """*target* where it is a path of this service, else the start page: a link never leads elsewhere.

    One longer than a cookie can keep is none.
    """
    if len(target) > _LONGEST_PATH:
        return "/"
    parts = _parts_of(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own and target.isprintable() else "/"


def choose_language(response: BaseResponse, language: str) -> BaseResponse:
    """*response*, with which the browser remembers *language*, if it is one of ours."""
    if language in get_args(Language):
        set_cookie(response, LANGUAGE_COOKIE, language, seconds=_YEAR_SECONDS)
    return response


def problem_page(problem: Problem) -> Response:
    """*problem* as a page that says what is wrong and what to do; whoever has to log in can do so at once."""
    if problem.status == HTTPStatus.UNAUTHORIZED and g.caller.awaits is not None:
        return make_response(redirect(f"/console/account/code?{urlencode({'next': _here()})}", 303))
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        template = "console/login.html" if request.path.startswith(_FOR_STAFF) else "portal/login.html"
        return render(template, status=problem.status, next=_here(), needed=True)
    came_from = _parts_of(request.referrer or "")
    back = own_path(came_from.path) if came_from.netloc == request.host else None
    named = request_ids.current()
    return render("problem.html", status=problem.status, problem=problem, back=back, request_id=named)


def blueprint() -> Blueprint:
    """The language switch, and the filters that templates use."""
    pages = Blueprint("layout", __name__)
    filters.register(pages)

    @pages.get("/language/<language>")
    def language(language: str) -> BaseResponse:
        return choose_language(redirect(own_path(request.args.get("next", "/"))), language)

    return pages


def _here() -> str:
    """The page that was asked for with its query, to come back to; what was sent is not sent again."""
    return own_path(request.full_path.rstrip("?")) if request.method == "GET" else "/console/"


def _parts_of(address: str) -> SplitResult:
    """The parts of *address*; what is no address has none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _error_of(errors: tuple[FieldError, ...], pointer: str, language: Language) -> str | None:
    texts = [error.detail.in_language(language) for error in errors if error.pointer == pointer]
    return " ".join(texts) or None
