"""The services of applications and decisions, with the stand-ins for BankID and Creditsafe."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.bureau import Exchangeable, creditsafe_at, creditsafe_stand_in
from tests.support.lending import LendingWorld, lending_world
from underwriting.platform.runtime import Runtime


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture
def bankid(certificates: Path) -> Iterator[BankIdWorld]:
    with bankid_world(certificates) as world:
        yield world


@pytest.fixture(scope="session")
def creditsafe_address() -> Iterator[str]:
    with creditsafe_stand_in() as address:
        yield address


@pytest.fixture
def bureau(creditsafe_address: str) -> Exchangeable:
    return Exchangeable(creditsafe_at(creditsafe_address))


@pytest.fixture
def world(runtime: Runtime, bankid: BankIdWorld, bureau: Exchangeable) -> Iterator[LendingWorld]:
    """The services on a database that is rolled back."""
    with lending_world(runtime, bankid, (bureau,)) as world:
        yield world


@pytest.fixture
def committed_world(committed_runtime: Runtime, bankid: BankIdWorld, bureau: Exchangeable) -> Iterator[LendingWorld]:
    """The services on a database of the test's own, for threads."""
    with lending_world(committed_runtime, bankid, (bureau,)) as world:
        yield world
