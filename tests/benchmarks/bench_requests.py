"""A machine client's log-in with an empty authorised request: at most 2 ms of CPU. A draft: at least 0.3 of the rate of
a bare Flask view that validates the same body by marshmallow and inserts one row, in the same run.

python -m tests.benchmarks.bench_requests [DATABASE_URL]

Both applications are called in this process, without a socket; CPU is this process's own. Rounds of the two alternate.
Without an address a disposable PostgreSQL is started.
"""

import io
import json
import statistics
import sys
import tempfile
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder

from schemas.applications import ApplicationSchema
from schemas.loading import load
from tests.support import postgres
from tests.support.environment import complete_environment
from tests.support.lending import application_json
from underwriting.app import create_app
from underwriting.house import bureaus_of, compose, runtime_of
from underwriting.kernel.vocabulary import Scope
from underwriting.platform import machine_clients
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

MOST_CPU_MILLISECONDS = 2.0
LEAST_SHARE = 0.3
ROUNDS = 11
CALLS = 50
_FORM = "application/x-www-form-urlencoded"


class Call(Protocol):
    """One request, made again and again; the status and the body."""

    def __call__(self, headers: Mapping[str, str] | None = None) -> tuple[str, bytes]: ...


def main(database_url: str | None) -> bool:
    """Measure, print, and tell whether both figures are kept."""
    with runtime_on(database_url) as runtime:
        nobody: Any = object()
        app = create_app(compose(runtime, bankid=nobody, bank=nobody, bureaus=bureaus_of(runtime.settings)))
        cpu = [cpu_of_log_in(app, runtime) for _ in range(ROUNDS)]
        draft = caller(app, "/v1/applications", json.dumps(application_json()).encode(), "application/json")
        bare = caller(bare_application(runtime), "/drafts", json.dumps(application_json()).encode(), "application/json")
        pairs = [(rate(bare), rate(draft)) for _ in range(ROUNDS)]
    least = min(cpu)  # whatever else runs on the machine only adds
    share = statistics.median(one / floor for floor, one in pairs)
    lines = [f"log-in and an empty request: {one:.2f} ms of CPU" for one in cpu]
    lines += [f"bare view {floor:.0f}/s, draft {one:.0f}/s, share {one / floor:.2f}" for floor, one in pairs]
    lines.append(
        f"least {least:.2f} ms (at most {MOST_CPU_MILLISECONDS}), median share {share:.2f} (at least {LEAST_SHARE})"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return least <= MOST_CPU_MILLISECONDS and share >= LEAST_SHARE


def cpu_of_log_in(app: Flask, runtime: Runtime) -> float:
    """Milliseconds of CPU of a token and one request with it, the mean over many."""
    name = f"bench-{time.monotonic_ns()}"
    _, key = machine_clients.add_client(runtime, name, [Scope.EVENTS_READ], actor="operator")
    _, identifier, secret = key.split("_", 2)
    form = {"grant_type": "client_credentials", "client_id": identifier, "client_secret": secret}
    empty = caller(app, "/v1/me", b"", "")
    log_in = caller(app, "/v1/token", urllib.parse.urlencode(form).encode(), _FORM)

    def both() -> None:
        status, body = log_in()
        assert status == "200 OK", body
        token = json.loads(body)["access_token"]
        status, body = empty({"HTTP_AUTHORIZATION": f"Bearer {token}"})
        assert status == "200 OK", body

    for _ in range(10):
        both()
    before = time.process_time()
    for _ in range(CALLS):
        both()
    return (time.process_time() - before) / CALLS * 1000


def caller(app: Flask, path: str, body: bytes, media_type: str) -> Call:
    """Calls *app* as a server would, again and again; the status and the body."""
    method = "POST" if body else "GET"
    environ = EnvironBuilder(path=path, method=method).get_environ()
    if body:
        environ |= {"CONTENT_TYPE": media_type, "CONTENT_LENGTH": str(len(body))}

    def call(headers: Mapping[str, str] | None = None) -> tuple[str, bytes]:
        statuses: list[str] = []

        def start(status: str, _headers: Any, _info: Any = None) -> Callable[[bytes], object]:
            statuses.append(status)
            return lambda _: None

        answer = app.wsgi_app(environ | {"wsgi.input": io.BytesIO(body), **(headers or {})}, start)
        try:
            content = b"".join(answer)
            return statuses[0], content
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return call


def rate(call: Call) -> float:
    """How many calls a second."""
    for _ in range(5):
        assert call()[0].startswith("201"), call()
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return CALLS / (time.perf_counter() - started)


def bare_application(runtime: Runtime) -> Flask:
    """What the figure is held against: Flask, the body's own marshmallow schema, one row, and nothing else."""
    app, engine = Flask("bare"), sa.create_engine(runtime.database.engine.url)

    @app.post("/drafts")
    def create() -> ResponseReturnValue:
        body = load(ApplicationSchema(), request.get_json(), on=date(2026, 3, 2))
        row = OutboxMessage(
            business_key=uuid.uuid4().hex,
            kind=str(body.purpose),
            recipient_encrypted=b"",
            content_encrypted=request.get_data(),
            created_at=runtime.clock.now(),
        )
        with Session(engine) as session, session.begin():
            session.add(row)
            session.flush()
            return jsonify(id=row.id), 201

    return app


def production_environment(folder: Path, url: str) -> dict[str, str]:
    """Settings as in production, where no test time is asked for: every outside party is elsewhere, and silent."""
    environment = complete_environment(folder, database_url=url)
    del environment["BANKID_APP_URL"]
    return environment | {"BORGEN_SANDBOX": "false", "SMTP_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "a@exempel.example"}


@contextmanager
def runtime_on(database_url: str | None) -> Iterator[Runtime]:
    """What the service needs, on the given database or on a disposable one."""
    server = None if database_url else postgres.DisposableServer()
    try:
        if server:
            postgres.ensure_template(server.url)
        url = database_url or postgres.create_database(server.url if server else "")
        with tempfile.TemporaryDirectory() as folder:
            runtime = runtime_of(Settings.from_environment(production_environment(Path(folder), url)))
            yield runtime
            runtime.database.dispose()
    finally:
        if server:
            server.stop()


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1] if len(sys.argv) > 1 else None) else 1)
