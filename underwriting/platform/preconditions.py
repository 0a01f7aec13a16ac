"""Optimistic versions: an `ETag` on what is read, and `If-Match` honoured on what changes it.

The tag is of the representation that the caller sees: it changes when anything in it does, and with nothing else. Where
a change is asked for with `If-Match`, the service that changes the thing looks again once it holds the thing's row, in
the transaction that makes the change: nobody gets in between. Without the header nothing is compared. A page, whose
forms have no headers, names the version of the thing that was shown. What is sent twice is recognised by its
`Idempotency-Key`, and what the thing's state does not allow is refused anyway.
"""

import functools
import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    is_so: Callable[[int | None], bool]  # given the version of the thing's row, where it has one
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
            tags = request.if_match
            with _expecting(subject, lambda _version: _shows(lambda: make_response(show(**{name: subject})), tags)):
                return view(*args, **kwargs)

        return compared

    return decorate


@contextmanager
def at_version(subject: uuid.UUID, version: str) -> Iterator[None]:
    """Whatever changes *subject* inside raises Outdated unless its row has *version*, which a page's form names."""
    with _expecting(subject, lambda found: found is not None and str(found) == version):
        yield


def check(subject: uuid.UUID, *, version: int | None = None) -> None:
    """Raise Outdated where the request expects *subject*, whose row is held, to be otherwise than it is.

    *version* is that of the row, where it has one. Looked at once: afterwards it is the request itself that changes the
    thing.
    """
    expected = _expected.get()
    if expected is None or expected.subject != subject or expected.is_checked:
        return
    expected.is_checked = True
    if not expected.is_so(version):
        raise Outdated


@contextmanager
def _expecting(subject: uuid.UUID, is_so: Callable[[int | None], bool]) -> Iterator[None]:
    expected = _Expected(subject, is_so)
    token = _expected.set(expected)
    try:
        yield
    finally:
        _expected.reset(token)
    if not expected.is_checked:
        raise PreconditionUnchecked(request.endpoint)


def _shows(show: Callable[[], Response], tags: ETags) -> bool:
    tag, _ = show().get_etag()
    return tag is not None and tag in tags
