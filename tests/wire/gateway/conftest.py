"""The real client in front of a stand-in that counts what it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.gateway import Gateway
from bureau_clients.sandbox.creditsafe import StandIn, create_app
from tests.wire.creditsafe.conftest import PASSWORD, served, settings_for
from tests.wire.gateway.scripted import NEVER_LEFT_ALONE
from underwriting.platform.runtime import Runtime


@dataclass
class Counted:
    """A stand-in that counts the questions it gets, by search number."""

    silent_seconds: float = 0.8
    numbers: list[str] = field(default_factory=list)

    @contextmanager
    def client(self) -> Iterator[Creditsafe]:
        with self.address() as address:
            yield Creditsafe(settings_for(address, status_block="BORGEN_C_BASIC"))

    @contextmanager
    def address(self) -> Iterator[str]:
        stand_in = StandIn(username="borgen", password=PASSWORD, silent_seconds=self.silent_seconds)
        app = create_app(stand_in)

        def counting(environ: dict[str, Any], start_response: Any) -> Any:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.numbers.append(body.decode().partition("SearchNumber>")[2].partition("<")[0])
            return app({**environ, "wsgi.input": _Body(body)}, start_response)

        with served(counting) as address:
            yield address


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, _size: int = -1) -> bytes:
        body, self._body = self._body, b""
        return body


@pytest.fixture(scope="module")
def counted() -> Iterator[tuple[Counted, Creditsafe]]:
    stand_in = Counted()
    with stand_in.client() as client:
        yield stand_in, client


@pytest.fixture
def numbers(counted: tuple[Counted, Creditsafe]) -> list[str]:
    """The numbers that this test's questions were about."""
    counted[0].numbers.clear()
    return counted[0].numbers


@pytest.fixture
def gateway(runtime: Runtime, counted: tuple[Counted, Creditsafe]) -> Gateway:
    """The way to the stand-in, which is asked again however it has failed."""
    return Gateway(runtime, [counted[1]], breaker=NEVER_LEFT_ALONE)
