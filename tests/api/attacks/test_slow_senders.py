"""Senders that are slow on purpose, against the server as an operator runs it: nobody else waits for them."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.lending import application_json
from tests.support.processes import wait_until
from tests.support.serving_process import Service, servable_environment, service
from underwriting.platform.arrivals import LARGEST_HEAD_BYTES, RECEIVE_SECONDS, Arrival
from underwriting.platform.database import Database

THREADS = 2
HEAD = b"POST /v1/applications HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
SLOW = (
    b"",
    b"POST /v1/appl",
    HEAD,
    HEAD + b"Content-Length: 200000\r\n\r\n{",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nab\r\n",
    HEAD + b"Content-Length: 200000\r\nExpect: 100-continue\r\n\r\n",
)


@pytest.fixture
def running(committed_database: Database, tmp_path: Path) -> Iterator[Service]:
    environment = servable_environment(tmp_path, database_url=committed_database.url)
    with service(environment, tmp_path, workers=1, threads=THREADS) as found:
        yield found


def test_slow_senders_keep_nobody_waiting(running: Service) -> None:
    """Of each kind more than there are threads; a byte of each follows now and then."""
    with ExitStack() as stack:
        slow = [
            (stack.enter_context(socket.create_connection(("127.0.0.1", running.port))), start)
            for start in SLOW
            for _ in range(THREADS + 1)
        ]
        for connection, start in slow:
            connection.sendall(start)
        for _ in range(3):
            before = time.monotonic()
            assert running.call("GET", "/healthz", seconds=5).status == 200
            assert time.monotonic() - before < 2
            for connection, start in slow:
                connection.sendall(b"x" if start else b"")
        assert running.call("POST", "/v1/applications", application_json(), seconds=10).status == 201

    piecewise(running)
    chunked(running)
    one_after_the_other(running)
    too_long_a_head(running)


def piecewise(running: Service) -> None:
    """An honest sender on a bad line is served."""
    body = json.dumps(application_json()).encode()
    request = HEAD + f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        for piece in (request[:30], request[30:]):
            connection.sendall(piece)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(body[:100])
        assert running.call("GET", "/healthz").status == 200
        connection.sendall(body[100:])
        assert b" 201 " in b"".join(iter(lambda: connection.recv(65536), b""))


def chunked(running: Service) -> None:
    """So is one that does not know beforehand how long its body is."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    body = json.dumps(application_json()).encode()
    connection.request(
        "POST",
        "/v1/applications",
        iter([body[:7], body[7:]]),
        {"Content-Type": "application/json"},
        encode_chunked=True,
    )
    assert connection.getresponse().status == 201
    connection.close()


def one_after_the_other(running: Service) -> None:
    """And so are many requests on one connection, sent before they are answered as well."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.close()
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as together:
        together.sendall((ask + b"\r\n") * 2 + ask + b"Connection: close\r\n\r\n")
        assert b"".join(iter(lambda: together.recv(65536), b"")).count(b"HTTP/1.1 200") == 3


def too_long_a_head(running: Service) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * (LARGEST_HEAD_BYTES + 100))
        assert connection.recv(100).startswith(b"HTTP/1.1 431")
    assert wait_until(running.is_ready, within_seconds=10)


# Where a request ends


@pytest.mark.parametrize(
    ("request_bytes", "is_whole"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\n\r", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\ncontent-length:\t3 \r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nX-Content-Length: 3\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),  # refused at once
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nab\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", True),
    ],
)
def test_a_request_is_whole_when_nothing_of_it_is_missing(request_bytes: bytes, is_whole: bool) -> None:
    at_once, bytewise = Arrival(0), Arrival(0)
    at_once.take(request_bytes)
    for place in range(len(request_bytes)):
        bytewise.take(request_bytes[place : place + 1])
    assert (at_once.is_whole, bytewise.is_whole) == (is_whole, is_whole)


def test_a_requests_time_is_over_however_fast_its_bytes_follow_one_another() -> None:
    arrival = Arrival(100.0)
    arrival.take(HEAD)
    assert not arrival.is_late(100.0 + RECEIVE_SECONDS - 0.1)
    assert arrival.is_late(100.0 + RECEIVE_SECONDS)
