"""`/metrics`: who is told, what is counted, and that no figure holds anything of a person."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from underwriting.platform import authentication, metrics, problems
from underwriting.platform.database import Database
from underwriting.platform.environment import Secret
from underwriting.platform.metrics import Figure
from underwriting.platform.metrics_folder import METRICS_FOLDER, emptied
from underwriting.platform.runtime import Runtime

TOKEN = "operators-token"


def figures(session: Session) -> Iterator[Figure]:
    session.execute(sa.text("SELECT 1"))
    yield Figure("borgen_applications", "By state.", ("state",), {("referred",): 3, ("assessing",): 0})


def app_over(runtime: Runtime) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="x" * 32, SESSION_COOKIE_SECURE=False)
    authentication.register(app, runtime)
    problems.register(app, page=problems.answer)
    metrics.register(app, runtime, figures)

    @app.get("/v1/applications/<application_id>")
    def one(application_id: str) -> str:
        return application_id

    return app


@pytest.fixture
def told(runtime: Runtime) -> Runtime:
    return replace(runtime, settings=replace(runtime.settings, metrics_token=Secret(TOKEN)))


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shown(app: Flask) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    return samples(response.get_data(as_text=True))


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer operators", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_only_the_holder_of_the_token_is_told(told: Runtime, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert app_over(told).test_client().get("/metrics", headers=headers).status_code == 404


def test_nobody_is_told_where_the_settings_hold_no_token(runtime: Runtime) -> None:
    response = app_over(runtime).test_client().get("/metrics", headers={"Authorization": "Bearer "})
    assert response.status_code == 404


def test_what_the_database_says_is_told_whichever_process_answers(told: Runtime) -> None:
    found = shown(app_over(told))
    assert found["borgen_applications", frozenset({("state", "referred")})] == 3
    assert found["borgen_database_up", frozenset()] == 1


def test_a_database_that_does_not_answer_is_a_figure_and_no_error(told: Runtime) -> None:
    nowhere = Database("postgresql://postgres@127.0.0.1:9/nowhere")
    app = app_over(told)
    with_none = Flask(__name__)
    with_none.config.update(SECRET_KEY="x" * 32)
    metrics.register(with_none, replace(told, database=nowhere), figures)
    found = shown(with_none)
    assert found["borgen_database_up", frozenset()] == 0
    assert shown(app)["borgen_database_up", frozenset()] == 1


def test_a_request_is_counted_under_its_route_and_never_under_its_address(told: Runtime) -> None:
    app = app_over(told)
    key = (
        "borgen_http_requests_total",
        frozenset({("route", "/v1/applications/<application_id>"), ("method", "GET"), ("status", "200")}),
    )
    before = shown(app).get(key, 0)
    for _ in range(3):
        app.test_client().get("/v1/applications/197701072394")
    app.test_client().get("/197701072394")
    text = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(as_text=True)
    assert samples(text)[key] == before + 3
    assert "197701072394" not in text


def test_processes_of_one_server_are_added_up(tmp_path: Path) -> None:
    """Each counts in files of its own; the sum is told by any of them."""
    folder = emptied(tmp_path / "metrics")
    program = (
        "from underwriting.platform import metrics\n"
        "metrics._requests.labels('/healthz', 'GET', '200').inc(2)\n"
        "from prometheus_client import CollectorRegistry, generate_latest, multiprocess\n"
        "registry = CollectorRegistry(); multiprocess.MultiProcessCollector(registry)\n"
        "print(generate_latest(registry).decode())\n"
    )
    environment = {**os.environ, METRICS_FOLDER: str(folder)}
    run = [sys.executable, "-c", program]
    subprocess.run(run, env=environment, check=True, capture_output=True)
    last = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
    labels = frozenset({("route", "/healthz"), ("method", "GET"), ("status", "200")})
    assert samples(last.stdout)["borgen_http_requests_total", labels] == 4
    assert list(emptied(folder).iterdir()) == []
