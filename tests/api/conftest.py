"""The real application, its database and stand-ins for every outside party."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.bank_stand_in import BankWorld, bank_world
from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.bureau import creditsafe_at, creditsafe_stand_in
from tests.support.house import HouseWorld, house_world
from underwriting.platform.runtime import Runtime


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture
def bankid(certificates: Path) -> Iterator[BankIdWorld]:
    with bankid_world(certificates) as world:
        yield world


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankWorld]:
    with bank_world(tmp_path / "bank.sqlite3") as world:
        yield world


@pytest.fixture(scope="session")
def creditsafe_address() -> Iterator[str]:
    with creditsafe_stand_in() as address:
        yield address


@pytest.fixture
def world(runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, creditsafe_address: str) -> Iterator[HouseWorld]:
    """The service on a database that is rolled back."""
    with house_world(runtime, bankid, bank, (creditsafe_at(creditsafe_address),)) as world:
        yield world


@pytest.fixture
def strict(runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, creditsafe_address: str) -> Iterator[HouseWorld]:
    """The service where a second factor is required."""
    staff = replace(runtime.settings.staff, second_factor_required=True)
    runtime = replace(runtime, settings=replace(runtime.settings, staff=staff))
    with house_world(runtime, bankid, bank, (creditsafe_at(creditsafe_address),)) as world:
        yield world
