"""Traces (OpenTelemetry) across requests, jobs and questions to outside parties; only where the settings ask for them.

A span holds names, ids of ours, routes as patterns and outcomes. What was asked, of whom, and what an exception says
never stand in one: an error is told by its kind.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import Flask, Response, g, request
from opentelemetry import context, propagate
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from underwriting.platform import request_ids

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

P = ParamSpec("P")
R = TypeVar("R")

Attribute = str | int | bool


@dataclass
class _Destination:
    tracer: Tracer


_destination = _Destination(NoOpTracer())


def configure(endpoint: str | None, *, process: str) -> None:
    """Send this process's spans to the collector at *endpoint* (OTLP over HTTP); nowhere without one."""
    if endpoint is None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    send_to(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")), process=process)


def send_to(processor: "SpanProcessor | None", *, process: str = "") -> None:
    """Give every span of this process to *processor* from now on; to none, no span is even made."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    if processor is None:
        _destination.tracer = NoOpTracer()
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"borgen-{process}"}))
    provider.add_span_processor(processor)
    _destination.tracer = provider.get_tracer("borgen")


@contextmanager
def span(name: str, *, outside: bool = False, **attributes: Attribute) -> Iterator[Span]:
    """What is done in the block, as a span under the one that is open here; *outside*: an outside party is asked."""
    kind = SpanKind.CLIENT if outside else SpanKind.INTERNAL
    with _destination.tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            opened.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def in_this_context(work: Callable[P, R]) -> Callable[P, R]:
    """*work* for another thread, with the spans that are open here around it."""
    here = copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return here.run(work, *args, **kwargs)

    return run


def follow(app: Flask) -> None:
    """A span per request of *app*, under the caller's own where it sends a `traceparent`."""

    @app.before_request
    def begin() -> None:
        caller = propagate.extract({name.lower(): value for name, value in request.headers})
        route = request.url_rule.rule if request.url_rule else "none"
        attributes: dict[str, Attribute] = {"http.request.method": request.method, "http.route": route}
        opened = _destination.tracer.start_span(
            f"{request.method} {route}", context=caller, kind=SpanKind.SERVER, attributes=attributes
        )
        g.span, g.span_token = opened, context.attach(set_span_in_context(opened, caller))

    @app.after_request
    def note(response: Response) -> Response:
        if "span" in g:
            g.span.set_attribute("http.response.status_code", response.status_code)
            g.span.set_attribute("borgen.request_id", request_ids.current() or "")
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if "span" in g:
            context.detach(g.pop("span_token"))
            g.pop("span").end()
