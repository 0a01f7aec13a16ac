"""Optimistic versions: an `ETag` on what is read, and `If-Match` honoured on what changes it.

The tag is of the representation that the caller sees: it changes when anything in it does, and with nothing else. Where
a change is asked for with `If-Match`, the service that changes the thing looks again once it holds the thing's row, in
the transaction that makes the change: nobody gets in between. Without the header nothing is compared. What is sent
twice is recognised by its `Idempotency-Key`, and what the thing's state does not allow is refused anyway.
"""

import functools
import hashlib
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec

from flask import Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ETags

from underwriting.kernel.errors import Outdated

_ARGUMENTS = ParamSpec("_ARGUMENTS")
_TAG_BYTES = 16


@dataclass
class _Expected:
    subject: uuid.UUID
    tags: ETags
    show: Callable[[], Response]
    is_checked: bool = False


_expected: ContextVar[_Expected | None] = ContextVar("expected", default=None)


class PreconditionUnchecked(Exception):
    """A view took `If-Match`, and no service looked at it: a fault of ours."""


def tagged(view: Callable[_ARGUMENTS, ResponseReturnValue]) -> Callable[_ARGUMENTS, Response]:
    """Decorate a view that shows a thing: its answer carries the thing's tag."""

    @functools.wraps(view)
    def with_tag(*args: _ARGUMENTS.args, **kwargs: _ARGUMENTS.kwargs) -> Response:
        return with_tag_of(make_response(view(*args, **kwargs)))

    return with_tag


def with_tag_of(response: Response) -> Response:
    """*response*, tagged as what it shows."""
    response.set_etag(hashlib.sha256(response.get_data()).digest()[:_TAG_BYTES].hex())
    return response


def if_unchanged(
    name: str, shown_by: str
) -> Callable[[Callable[_ARGUMENTS, ResponseReturnValue]], Callable[_ARGUMENTS, ResponseReturnValue]]:
    """Decorate a view that changes the thing whose id is its argument *name*; *shown_by* is the view that shows it.

    The view raises Outdated where `If-Match` names another state of the thing than the one that it finds.
    """

    def decorate(view: Callable[_ARGUMENTS, ResponseReturnValue]) -> Callable[_ARGUMENTS, ResponseReturnValue]:
        @functools.wraps(view)
        def compared(*args: _ARGUMENTS.args, **kwargs: _ARGUMENTS.kwargs) -> ResponseReturnValue:
            if "If-Match" not in request.headers:
                return view(*args, **kwargs)
            subject: Any = kwargs[name]
            show = current_app.view_functions[shown_by]
            expected = _Expected(subject, request.if_match, lambda: make_response(show(**{name: subject})))
            token = _expected.set(expected)
            try:
                answer = view(*args, **kwargs)
            finally:
                _expected.reset(token)
            if not expected.is_checked:
                raise PreconditionUnchecked(request.endpoint)
            return answer

        return compared

    return decorate


def check(subject: uuid.UUID) -> None:
    """Raise Outdated where the request expects *subject*, whose row is held, to be otherwise than it is.

    Looked at once: afterwards it is the request itself that changes the thing.
    """
    expected = _expected.get()
    if expected is None or expected.subject != subject or expected.is_checked:
        return
    expected.is_checked = True
    tag, _ = expected.show().get_etag()
    if tag is None or tag not in expected.tags:
        raise Outdated
