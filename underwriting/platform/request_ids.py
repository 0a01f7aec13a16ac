"""One name for all that one request, or one run of a job, leaves behind: log lines, spans and the problem document.

A caller's own `Request-Id` is kept where it is of a safe form and could not be anybody's number; else one is made.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask import Flask, Response, g, has_request_context, request

from underwriting.platform.logs import masked

HEADER = "Request-Id"
PATTERN = "^[A-Za-z0-9-]{16,64}$"

_SAFE = re.compile(PATTERN)


def register(app: Flask) -> None:
    """Name every request of *app*, in its log lines and in its answer; registered before whatever logs."""

    @app.before_request
    def name() -> None:
        g.request_id = _kept(request.headers.get(HEADER, "")) or uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers[HEADER] = g.get("request_id", "")
        return response


def current() -> str | None:
    """The name of the request that is being answered; None where there is none, or where nobody names them."""
    found: str | None = g.get("request_id") if has_request_context() else None
    return found


@contextmanager
def run_of(job: str) -> Iterator[None]:
    """Let every log line in the block say that it belongs to this run of *job*."""
    with structlog.contextvars.bound_contextvars(job=job, run_id=uuid.uuid4().hex):
        yield


def _kept(given: str) -> str | None:
    """*given*, unless it is of another form or a part of it looks like a person's number."""
    return given if _SAFE.fullmatch(given) and masked(given) == given else None
