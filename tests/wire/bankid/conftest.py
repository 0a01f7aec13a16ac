"""A stand-in for BankID and a client of it, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.signing.client import BankIdClient
from tests.support.bankid_stand_in import BankIdWorld, bankid_world


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture
def world(certificates: Path) -> Iterator[BankIdWorld]:
    with bankid_world(certificates) as world:
        yield world


@pytest.fixture
def client(world: BankIdWorld) -> Iterator[BankIdClient]:
    client = world.client()
    yield client
    client.close()
