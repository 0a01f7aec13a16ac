"""The size and the depth of a body: refused before anything reads it, and the sender gets to know why."""

import json
import socket

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.support.serving import serving
from underwriting.platform import bodies, problems
from underwriting.platform.problems import Problem

LIMIT = 262_144  # 256 KB
LIMIT_OF_FILES = 1_000_000


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    bodies.register(app, larger={"take_file": LIMIT_OF_FILES})

    @app.post("/v1/things")
    @app.delete("/v1/things")
    def take() -> Response:
        return Response(json.dumps(request.get_json(silent=request.method == "DELETE")))

    @app.post("/v1/files")
    def take_file() -> Response:
        return Response(str(len(request.get_data())))

    def page(problem: Problem) -> Response:
        return problems.answer(problem)

    problems.register(app, page=page)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def document_of(size: int) -> bytes:
    return b'"' + b"x" * (size - 2) + b'"'


def test_a_body_of_the_limit_is_read(client: FlaskClient) -> None:
    answer = client.post("/v1/things", data=document_of(LIMIT), content_type="application/json")
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_body_of_one_byte_more_is_too_large_whether_or_not_it_is_read(client: FlaskClient, method: str) -> None:
    answer = client.open(
        "/v1/things", method=method, data=document_of(LIMIT + 1), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


def test_an_endpoint_that_takes_files_has_a_limit_of_its_own(client: FlaskClient) -> None:
    taken = client.post("/v1/files", data=b"x" * LIMIT_OF_FILES)
    assert (taken.status_code, taken.text) == (200, "1000000")
    assert client.post("/v1/files", data=b"x" * (LIMIT_OF_FILES + 1)).status_code == 413


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 40_000, b"[" * 100_000 + b"]" * 100_000])
def test_what_is_nested_too_deeply_is_malformed(client: FlaskClient, content: bytes) -> None:
    answer = client.post("/v1/things", data=content, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_a_sender_of_ten_megabytes_reads_the_answer(app: Flask) -> None:
    """The whole body is sent before anything is read, as many clients do."""
    size = 10 * 1024 * 1024
    server = make_server("127.0.0.1", 0, app)
    head = f"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    with serving(server), socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + document_of(size))
        assert b" 413 " in connection.recv(1000)
