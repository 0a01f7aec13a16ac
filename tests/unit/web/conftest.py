"""The pages over a database that is rolled back; no outside party answers."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from underwriting.app import create_app
from underwriting.house import House, compose
from underwriting.platform.runtime import Runtime


@pytest.fixture
def house(runtime: Runtime) -> House:
    """The house without anybody outside."""
    nobody = cast(Any, SimpleNamespace(name="creditsafe"))
    return compose(runtime, bankid=nobody, bank=nobody, bureaus=(nobody,))


@pytest.fixture
def app(house: House) -> Flask:
    """The application over `house`."""
    return create_app(house)


@pytest.fixture
def swedish(app: Flask) -> Iterator[None]:
    """Inside a request of somebody who reads Swedish."""
    with app.test_request_context("/", headers={"Accept-Language": "sv"}):
        yield
