"""What every page shares: language, texts, money as people write it, and the problem page."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, Month, end_of_day, stockholm_date
from underwriting.kernel.text import Language, Text
from underwriting.kernel.wording import day_in_words, instant_in_words, month_in_words, percent_in_words
from underwriting.platform.problems import Problem, language_of_request
from underwriting.web.documents import set_document

_YEAR_SECONDS = 365 * 24 * 3600
_INSTANT = timedelta(microseconds=1)
_FOR_STAFF = ("/console", "/sandbox")
_TONES = {
    **dict.fromkeys(
        ("referred", "information_requested", "counter_offer", "invited", "signing", "cancelling", "conditional"),
        "warn",
    ),
    **dict.fromkeys(("unconfirmed", "submitted", "unknown", "unavailable"), "warn"),
    **dict.fromkeys(("declined", "refused", "failed", "annulled"), "bad"),
    **dict.fromkeys(("lapsed", "cancelled", "redeemed", "settled", "ended", "completed", "fallen", "replaced"), "over"),
}


@cache
def catalogue(language: Language) -> dict[str, str]:
    """The texts of the pages in *language*, by key."""
    raw = resources.files("underwriting.web").joinpath("translations", f"{language}.json").read_text("utf-8")
    texts: dict[str, str] = json.loads(raw)
    return texts


def translate(key: str, **values: object) -> str:
    """The text of *key* in the reader's language, its `{placeholders}` filled; a missing key is a KeyError."""
    return catalogue(language_of_request())[key].format(**values)


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
        tone=tone_of,
        set_document=set_document,
        in_language=lambda text: text.in_language(language),
        error_of=lambda pointer: _error_of(values.get("errors", ()), pointer, language),
        **values,
    )
    response = make_response(page, status)
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    return response


def tone_of(state: str) -> str:
    """The class of a state's label: something to do (`warn`), a no (`bad`), over (`over`), else as it should be."""
    return _TONES.get(state, "")


def own_path(target: str) -> str:
    """*target* where it is a path of this service, else the start page: a link never leads elsewhere."""
    parts = _parts_of(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own and target.isprintable() else "/"


def choose_language(response: BaseResponse, language: str) -> BaseResponse:
    """*response*, with which the browser remembers *language*, if it is one of ours."""
    if language in ("sv", "en"):
        response.set_cookie("language", language, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True)
    return response


def problem_page(problem: Problem) -> Response:
    """*problem* as a page that says what is wrong and what to do; whoever has to log in can do so at once."""
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        template = "console/login.html" if request.path.startswith(_FOR_STAFF) else "portal/login.html"
        return render(template, status=problem.status, next=request.path, needed=True)
    came_from = urlsplit(request.referrer or "")
    back = own_path(came_from.path) if came_from.netloc == request.host else None
    return render("problem.html", status=problem.status, problem=problem, back=back)


def blueprint() -> Blueprint:
    """The language switch, and the filters that templates use."""
    pages = Blueprint("layout", __name__)

    @pages.get("/language/<language>")
    def language(language: str) -> BaseResponse:
        return choose_language(redirect(own_path(request.args.get("next", "/"))), language)

    @pages.app_template_filter("money")
    def money(amount: Money) -> str:
        return amount.formatted()

    @pages.app_template_filter("percent")
    def percent(rate: Decimal) -> str:
        return percent_in_words(rate).in_language(language_of_request())

    @pages.app_template_filter("day")
    def day(on: date) -> str:
        return day_in_words(on).in_language(language_of_request())

    @pages.app_template_filter("month")
    def month(of: Month) -> str:
        return month_in_words(of).in_language(language_of_request())

    @pages.app_template_filter("deadline")
    def deadline(before: datetime) -> Markup:
        """The last day that is in time where *before* is the midnight after it, else the moment itself."""
        last_day = stockholm_date(before - _INSTANT)
        if end_of_day(last_day) != before:
            return moment(before)
        text = day_in_words(last_day).in_language(language_of_request())
        return Markup('<time datetime="{}">{}</time>').format(last_day.isoformat(), text)

    @pages.app_template_filter("stamp")
    def stamp(at: datetime) -> Markup:
        text = at.astimezone(STOCKHOLM).strftime("%Y-%m-%d\u00a0%H:%M")
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)

    @pages.app_template_filter("moment")
    def moment(at: datetime) -> Markup:
        text = instant_in_words(at).in_language(language_of_request())
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)

    return pages


def _parts_of(address: str) -> SplitResult:
    """The parts of *address*; what is no address has none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _error_of(errors: tuple[FieldError, ...], pointer: str, language: Language) -> str | None:
    texts: list[Text] = [error.detail for error in errors if error.pointer == pointer]
    return " ".join(text.in_language(language) for text in texts) or None
