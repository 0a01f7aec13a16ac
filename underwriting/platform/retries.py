"""Requests that the database broke off for the sake of another one are carried out again, unseen by their senders.

The one rule of when that is allowed is `Database.retrying`'s; jobs go by the same. A request's body is read again from
its beginning.
"""

import functools
import itertools
from typing import Any

from flask import Flask, request

from underwriting.platform.database import Database


def register(app: Flask, database: Database) -> None:
    """Let every view of *app* be tried again; registered after the last of them."""

    def retried(view: Any) -> Any:
        @functools.wraps(view)
        def with_retries(*args: Any, **kwargs: Any) -> Any:
            attempts = itertools.count()

            def work() -> Any:
                if next(attempts):
                    for upload in request.files.values():
                        upload.stream.seek(0)
                return view(*args, **kwargs)

            return database.retrying(work)

        return with_retries

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = retried(view)
