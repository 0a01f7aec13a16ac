"""A stand-in for the bank and a client of it, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.payouts.client import BankClient
from tests.support.bank_stand_in import BankWorld, bank_world


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "bank" / "book.sqlite3"


@pytest.fixture
def world(state: Path) -> Iterator[BankWorld]:
    with bank_world(state) as world:
        yield world


@pytest.fixture
def client(world: BankWorld) -> BankClient:
    return world.client()
