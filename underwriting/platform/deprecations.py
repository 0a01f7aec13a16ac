"""Calls that are to go: said in their answers (RFC 9745, RFC 8594) and in the description, a year ahead at least."""

import re
from dataclasses import dataclass
from datetime import date

from flask import Flask, Response, request
from werkzeug.http import http_date

from underwriting.kernel.periods import add_months, stockholm_instant

NOTICE_MONTHS = 12
_CONVERTED = re.compile(r"<(?:[^:<>]+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A call is deprecated from the day *since* and answered until *gone_on* begins, in Stockholm.

    *instead* is the path of the call to use, where there is one. ValueError with less than a year between the days.
    """

    since: date
    gone_on: date
    instead: str = ""

    def __post_init__(self) -> None:
        if self.gone_on < add_months(self.since, NOTICE_MONTHS):
            raise ValueError(f"a call is told {NOTICE_MONTHS} months ahead that it goes")

    def headers(self) -> list[tuple[str, str]]:
        """What its answers carry."""
        links = ['</docs>; rel="deprecation"; type="text/html"']
        if self.instead:
            links.append(f'<{self.instead}>; rel="successor-version"')
        return [
            ("Deprecation", f"@{int(stockholm_instant(self.since).timestamp())}"),
            ("Sunset", http_date(stockholm_instant(self.gone_on))),
            ("Link", ", ".join(links)),
        ]


TABLE: dict[str, Deprecation] = {}
"""Every deprecated call, such as `GET /v1/applications/{application_id}`. An entry stays until the call is gone."""


def of(method: str, path: str) -> Deprecation | None:
    """What is said of a call, if it is to go; *path* has its parameters in braces."""
    return TABLE.get(f"{method} {path}")


def register(app: Flask) -> None:
    """Say it in every answer of such a call, refusals too."""

    @app.after_request
    def tell(response: Response) -> Response:
        if TABLE and request.url_rule is not None:
            method = "GET" if request.method == "HEAD" else request.method
            found = of(method, _CONVERTED.sub(r"{\1}", request.url_rule.rule))
            for name, value in found.headers() if found else ():
                response.headers.add(name, value)
        return response
