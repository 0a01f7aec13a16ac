"""Traces: what a span holds, what it never holds, and how spans hang together across threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from underwriting.platform import tracing


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.send_to(SimpleSpanProcessor(exporter), process="test")
    yield exporter
    tracing.send_to(None)


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [span for span in exporter.get_finished_spans() if span.name == name]
    return found


def app() -> Flask:
    made = Flask(__name__)
    tracing.follow(made)

    @made.get("/v1/companies/<number>")
    def company(number: str) -> str:
        with ThreadPoolExecutor(2) as pool:
            return "".join(pool.map(tracing.in_this_context(asked), [number]))

    return made


def asked(number: str) -> str:
    with tracing.span("bureau", bureau="creditsafe"):
        return number


def test_a_question_in_another_thread_belongs_to_the_request_that_asks(spans: InMemorySpanExporter) -> None:
    trace_id, parent_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {"traceparent": f"00-{trace_id}-{parent_id}-01"}
    assert app().test_client().get("/v1/companies/5599990008", headers=headers).status_code == 200
    request, question = named(spans, "GET /v1/companies/<number>"), named(spans, "bureau")
    assert request.context is not None
    assert question.parent is not None
    assert request.parent is not None
    assert (question.parent.span_id, question.parent.trace_id) == (request.context.span_id, int(trace_id, 16))
    assert request.parent.span_id == int(parent_id, 16)
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 200


def test_a_span_holds_no_address_and_nothing_that_an_exception_says(spans: InMemorySpanExporter) -> None:
    app().test_client().get("/v1/companies/197701072394?name=Anna")
    with pytest.raises(ValueError, match="197701072394"), tracing.span("job"):
        raise ValueError("no such person: 197701072394")
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "197701072394" not in told
    assert "Anna" not in told
    failed = named(spans, "job")
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ValueError")


def test_without_a_destination_nothing_is_kept_and_everything_works() -> None:
    assert app().test_client().get("/v1/companies/5599990008").get_data(as_text=True) == "5599990008"
