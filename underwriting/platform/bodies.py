"""How large and how deep a request's body may be, said before anything reads it."""

import contextlib
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge

LARGEST_BYTES = 256 * 1024  # the longest application with every guarantor is a tenth of it
_MOST_DROPPED_BYTES = 16 * 1024 * 1024
_AT_A_TIME_BYTES = 64 * 1024


class _Json(DefaultJSONProvider):
    """JSON that is nested deeper than Python can follow is as malformed as any other."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """The value of the document *s*; ValueError when it is none."""
        try:
            return super().loads(s, **options)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def register(app: Flask, *, larger: Mapping[str, int]) -> None:
    """Refuse bodies beyond `LARGEST_BYTES` with 413; *larger* has the bytes of endpoints that take more."""
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BYTES

    @app.before_request
    def limit() -> None:
        most = larger.get(request.endpoint or "", LARGEST_BYTES)
        request.max_content_length = most
        if request.content_length is not None and request.content_length > most:
            raise RequestEntityTooLarge

    @app.after_request
    def drop_the_rest(response: Response) -> Response:
        """A sender whose connection is closed while it still sends would never read why."""
        if response.status_code == RequestEntityTooLarge.code:
            _drop(request.environ["wsgi.input"], request.content_length)
        return response


def _drop(stream: Any, announced_bytes: int | None) -> None:
    left = _MOST_DROPPED_BYTES if announced_bytes is None else min(announced_bytes, _MOST_DROPPED_BYTES)
    with contextlib.suppress(OSError):
        while left > 0 and (dropped := len(stream.read(min(left, _AT_A_TIME_BYTES)))):
            left -= dropped
