"""What every page shares: language, texts, money as people write it, and the problem page."""

import json
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.text import Language, Text
from underwriting.kernel.wording import day_in_words, instant_in_words, percent_in_words
from underwriting.platform.problems import Problem, language_of_request

_YEAR_SECONDS = 365 * 24 * 3600


@cache
def catalogue(language: Language) -> dict[str, str]:
    """The texts of the pages in *language*, by key."""
    raw = resources.files("underwriting.web").joinpath("translations", f"{language}.json").read_text("utf-8")
    texts: dict[str, str] = json.loads(raw)
    return texts


def translate(key: str, **values: object) -> str:
    """The text of *key* in the reader's language, its `{placeholders}` filled; a missing key is a KeyError."""
    return catalogue(language_of_request())[key].format(**values)


def render(template: str, *, status: int = 200, refresh_seconds: int | None = None, **values: Any) -> Response:
    """The page *template*; *refresh_seconds* reloads it without JavaScript while something is awaited."""
    language = language_of_request()
    page = render_template(
        template,
        t=translate,
        language=language,
        caller=g.caller,
        refresh_seconds=refresh_seconds,
        in_language=lambda text: text.in_language(language),
        error_of=lambda pointer: _error_of(values.get("errors", ()), pointer, language),
        **values,
    )
    response = make_response(page, status)
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    return response


def own_path(target: str) -> str:
    """*target* where it is a path of this service, else the start page: a link never leads elsewhere."""
    parts = urlsplit(target)
    own = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if own else "/"


def problem_page(problem: Problem) -> Response:
    """*problem* as a page that says what is wrong and what to do."""
    return render("problem.html", status=problem.status, problem=problem)


def blueprint() -> Blueprint:
    """The language switch, and the filters that templates use."""
    pages = Blueprint("layout", __name__)

    @pages.get("/language/<language>")
    def choose_language(language: str) -> BaseResponse:
        response = redirect(own_path(request.args.get("next", "/")))
        if language in ("sv", "en"):
            response.set_cookie("language", language, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True)
        return response

    @pages.app_template_filter("money")
    def money(amount: Money) -> str:
        return amount.formatted()

    @pages.app_template_filter("percent")
    def percent(rate: Decimal) -> str:
        return percent_in_words(rate).in_language(language_of_request())

    @pages.app_template_filter("day")
    def day(on: date) -> str:
        return day_in_words(on).in_language(language_of_request())

    @pages.app_template_filter("moment")
    def moment(at: datetime) -> Markup:
        text = instant_in_words(at).in_language(language_of_request())
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)

    return pages


def _error_of(errors: tuple[FieldError, ...], pointer: str, language: Language) -> str | None:
    texts: list[Text] = [error.detail for error in errors if error.pointer == pointer]
    return " ".join(text.in_language(language) for text in texts) or None
