"""`/metrics` for Prometheus: what requests took, and what the business stands at.

Requests are counted in the process that answers them and added up over all processes by files in the folder
PROMETHEUS_MULTIPROC_DIR, which `borgen serve` and `borgen up` make empty at each start. What the business stands at is
read from the database when it is asked for, so that it is the same whichever process answers. No label holds anything
of a person: routes stand there as patterns, never as addresses.
"""

import hmac
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from flask import Flask, Response, abort, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from underwriting.platform.metrics_folder import METRICS_FOLDER
from underwriting.platform.runtime import Runtime

_UNNAMED = "none"  # no route was found for the address
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_log = structlog.get_logger(__name__)
_own = CollectorRegistry()
_requests = Counter("borgen_http_requests_total", "Requests answered.", ["route", "method", "status"], registry=_own)
_seconds = Histogram("borgen_http_request_seconds", "Time to an answer.", ["route"], buckets=_BUCKETS, registry=_own)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its samples: the values by the values of its *labels*. *counts*: it only ever grows."""

    name: str
    help: str
    labels: Sequence[str]
    samples: Mapping[tuple[str, ...], int]
    counts: bool = field(default=False)

    def metric(self) -> Metric:
        """As Prometheus takes it."""
        family = CounterMetricFamily if self.counts else GaugeMetricFamily
        metric = family(self.name, self.help, labels=list(self.labels))
        for values, value in self.samples.items():
            metric.add_metric(list(values), value)
        return metric


Figures = Callable[[Session], Iterable[Figure]]


def register(app: Flask, runtime: Runtime, figures: Figures) -> None:
    """Count every request of *app*, and answer `/metrics` to whoever shows METRICS_TOKEN."""

    @app.before_request
    def begin() -> None:
        g.began_at = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else _UNNAMED
        _requests.labels(route, request.method, str(response.status_code)).inc()
        if "began_at" in g:
            _seconds.labels(route).observe(time.perf_counter() - g.began_at)
        return response

    @app.get("/metrics")
    def show() -> ResponseReturnValue:
        _check_token(runtime)
        registry = CollectorRegistry()
        if os.environ.get(METRICS_FOLDER):
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(_Own())
        registry.register(_Business(runtime, figures))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check_token(runtime: Runtime) -> None:
    """404 unless the caller shows the operator's token; without one in the settings there is nothing to see."""
    token = runtime.settings.metrics_token
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    given = shown.strip().encode() if scheme.lower() == "bearer" else b""
    if token is None or not hmac.compare_digest(given, token.reveal().encode()):
        abort(404)


class _Own(Collector):
    """What this process has counted."""

    def collect(self) -> Iterator[Metric]:
        yield from _own.collect()


@dataclass(frozen=True, eq=False)
class _Business(Collector):
    """What the database says; `borgen_database_up` tells whether it does."""

    runtime: Runtime
    figures: Figures

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            with self.runtime.database.transaction() as session:
                found = [figure.metric() for figure in self.figures(session)]
            answered = 1
        except SQLAlchemyError:
            _log.exception("metrics_incomplete")
            found, answered = [], 0
        yield Figure("borgen_database_up", "Whether the database answers.", (), {(): answered}).metric()
        yield from found
