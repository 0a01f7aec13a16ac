"""The services of granted agreements, with BankID's and the bank's stand-ins on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bank_stand_in import BankWorld, bank_world
from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.credit import CreditWorld, credit_world
from tests.support.running import RunningWorld, running_world
from underwriting.kernel.clock import FixedClock
from underwriting.platform.runtime import Runtime


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture
def bankid(certificates: Path) -> Iterator[BankIdWorld]:
    """BankID's stand-in."""
    with bankid_world(certificates) as world:
        yield world


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankWorld]:
    """The bank's stand-in."""
    with bank_world(tmp_path / "bank" / "book.sqlite3") as world:
        yield world


@pytest.fixture
def credit(runtime: Runtime, clock: FixedClock, bankid: BankIdWorld, bank: BankWorld) -> Iterator[CreditWorld]:
    """The services on the database that is rolled back; for one thread."""
    with credit_world(runtime, clock, bankid, bank.client()) as world:
        yield world


@pytest.fixture
def committed_credit(
    committed_runtime: Runtime, clock: FixedClock, bankid: BankIdWorld, bank: BankWorld
) -> Iterator[CreditWorld]:
    """The services on a database of the test's own; for threads and processes."""
    with credit_world(committed_runtime, clock, bankid, bank.client()) as world:
        yield world


@pytest.fixture
def world(runtime: Runtime, clock: FixedClock, bank: BankWorld) -> Iterator[RunningWorld]:
    """Agreements that run, on the database that is rolled back; after every test the books add up (rule F6)."""
    made = running_world(runtime, clock, bank)
    yield made
    assert made.faults() == ()


@pytest.fixture
def committed_world(committed_runtime: Runtime, clock: FixedClock, bank: BankWorld) -> Iterator[RunningWorld]:
    """Agreements that run, on a database of the test's own; after every test the books add up (rule F6)."""
    made = running_world(committed_runtime, clock, bank)
    yield made
    assert made.faults() == ()
