"""Refusals and HTTP errors as RFC 9457 problems: what is wrong, what to do, never how we are built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, jsonify, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from underwriting.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    LoginRequired,
    NotFound,
    NotPermitted,
    Outdated,
    Refusal,
    Unavailable,
)
from underwriting.kernel.text import Language, Text
from underwriting.platform import request_ids
from underwriting.platform.hardening import read_cookie
from underwriting.platform.logs import masked

LANGUAGE_COOKIE = "language"
_OF_ACCESS = (400, 401, 403, 429)  # malformed, not known, not permitted, too often: what attempts look like
STATUS_OF_KIND: Mapping[type[Refusal], int] = {
    InvalidInput: 422,
    LoginRequired: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    Outdated: 412,
    Unavailable: 503,
}

_HTTP_TITLES: Mapping[int, Text] = {
    400: Text("Begäran kunde inte läsas", "The request could not be read"),
    404: Text("Det du söker finns inte", "There is no such thing"),
    405: Text("Metoden är inte tillåten här", "The method is not allowed here"),
    413: Text("Begäran är för stor", "The request is too large"),
    415: Text("Skicka application/json", "Send application/json"),
    429: Text("För många försök; vänta en stund", "Too many attempts; wait a while"),
    500: Text("Ett fel inträffade hos oss; inget har ändrats", "An error occurred on our side; nothing was changed"),
}
_DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFree)
_AWAY = Text("Tjänsten är tillfälligt otillgänglig", "Temporarily unavailable")
_SEND_AGAIN = Text(
    "Vi når inte vår databas just nu. Försök igen om en stund; med samma Idempotency-Key görs inget två gånger.",
    "Our database is out of reach now. Try again in a while; with the same Idempotency-Key nothing is done twice.",
)
_RETRY_AFTER_SECONDS = "5"
_CSRF = Text(
    "Formuläret har gått ut; ladda om sidan och försök igen", "The form has expired; reload the page and try again"
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered when a request is not carried out."""

    status: int
    slug: str
    title: Text
    detail: Text
    rule: str | None = None
    errors: tuple[FieldError, ...] = ()

    def as_json(self, language: Language, *, instance: str, request_id: str | None = None) -> dict[str, Any]:
        """The members of the problem document in *language*."""
        members: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title.in_language(language),
            "status": self.status,
            "detail": self.detail.in_language(language),
            "instance": instance,
        }
        if request_id:
            members["request_id"] = request_id
        if self.rule:
            members["rule"] = self.rule
        if self.errors:
            members["errors"] = [_member(error, language) for error in self.errors]
        return members


def problem_of(error: Exception) -> Problem:
    """The problem that *error* is to whoever asked; one that we did not foresee is a bare 500.

    Where the database is away, it may have been so when we asked it to commit: what was to be changed may be.
    """
    if isinstance(error, Refusal):
        status = next(status for kind, status in STATUS_OF_KIND.items() if isinstance(error, kind))
        return Problem(status, error.slug, error.title, error.detail, error.rule, error.errors)
    if isinstance(error, CSRFError):
        return Problem(400, "form-expired", _HTTP_TITLES[400], _CSRF)
    if isinstance(error, HTTPException):
        status = error.code or 500
        title = _HTTP_TITLES.get(status, _HTTP_TITLES[500 if status >= 500 else 400])
        return Problem(status, f"http-{status}", title, title)
    if isinstance(error, _DATABASE_AWAY):
        return Problem(503, "database-unavailable", _AWAY, _SEND_AGAIN)
    return Problem(500, "internal-error", _HTTP_TITLES[500], _HTTP_TITLES[500])


def language_of_request() -> Language:
    """Swedish, unless the caller chose English or its `Accept-Language` prefers it."""
    chosen = read_cookie(LANGUAGE_COOKIE) or request.accept_languages.best_match(["sv", "en"], default="sv")
    return "en" if chosen == "en" else "sv"


def answer(problem: Problem, **more: str) -> Response:
    """*problem* as `application/problem+json` in the caller's language, with *more* members."""
    named = request_ids.current()
    instance = quote(request.path, errors="replace")
    members = problem.as_json(language_of_request(), instance=instance, request_id=named)
    response = jsonify(members | more)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def register(app: Flask, *, page: Callable[[Problem], Response]) -> None:
    """Answer every error: under `/v1` and to whoever asks for JSON as a problem document, else as a *page*."""

    def handle(error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500 and not isinstance(error, Refusal):
            _log.error("unforeseen_error", exc_info=error, path=request.url_rule and request.url_rule.rule)
        if problem.status in _OF_ACCESS:
            _note_refusal(problem)
        prefers_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
        response = _page_or_answer(page, problem) if prefers_page and not _is_interface() else answer(problem)
        if isinstance(error, MethodNotAllowed):
            response.allow.update(error.valid_methods or ())
        return response

    app.register_error_handler(Exception, handle)


def _note_refusal(problem: Problem) -> None:
    """Who was turned away where: a person, who is nobody in a log, by kind alone."""
    caller = g.get("caller")
    kind, _, _ = caller.actor.partition(":") if caller is not None else ("anonymous", "", "")
    who = caller.actor if kind in ("staff", "client") else kind
    called = request.url_rule and request.url_rule.rule
    _log.warning("refused", status=problem.status, slug=problem.slug, path=called, method=request.method, who=who)


def _is_interface() -> bool:
    return request.path.startswith("/v1/")


def _page_or_answer(page: Callable[[Problem], Response], problem: Problem) -> Response:
    """A page that cannot be shown must not hide the problem: the bare document is shown instead."""
    try:
        return page(problem)
    except Exception as error:
        _log.error("problem_page_failed", exc_info=error)
        return answer(problem)


def _member(error: FieldError, language: Language) -> dict[str, str]:
    ruled = {"rule": error.rule} if error.rule else {}
    pointer = masked(error.pointer)  # a member that we do not know may be named by a number
    return {"pointer": pointer, "detail": error.detail.in_language(language)} | ruled
