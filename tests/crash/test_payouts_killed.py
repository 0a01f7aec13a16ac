"""A worker that is killed while it pays: the next one pays what was not paid, and nothing twice (rule P3)."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agreements.payouts.services.carry_out_payout import ASKING_LASTS
from tests.support import nursery
from tests.support.bank_stand_in import TOKEN, BankWorld, bank_world
from tests.support.bankid_stand_in import bankid_world
from tests.support.credit import LIMIT, CreditWorld, credit_world
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import Account, PayoutState
from underwriting.platform.runtime import Runtime

pytestmark = pytest.mark.crash

AFTER_ONE = "99782000.00"  # 100 000 000 - 218 000


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankWorld]:
    with bank_world(tmp_path / "bank" / "book.sqlite3") as world:
        yield world


@pytest.fixture
def credit(committed_runtime: Runtime, clock: FixedClock, bank: BankWorld, tmp_path: Path) -> Iterator[CreditWorld]:
    with (
        bankid_world(tmp_path / "pki") as bankid,
        credit_world(committed_runtime, clock, bankid, bank.client()) as world,
    ):
        yield world


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_at_the_banks_door_pays_once(credit: CreditWorld, bank: BankWorld, moment: str) -> None:
    """P3: killed just before the bank has the file, or just after; SIGKILL leaves no time to tidy up."""
    agreement = credit.signed(guarantors=())
    database_url = credit.runtime.settings.database_url.reveal()
    instant = credit.wall.now().isoformat()
    with nursery.start("-m", "tests.support.payer", database_url, bank.address, TOKEN, moment, instant) as payer:
        assert payer.wait(60) == -signal.SIGKILL
    assert credit.payout(agreement.id).payout_state is PayoutState.SENT
    assert bank.balance() == ("100000000.00" if moment == "before" else AFTER_ONE)
    for _ in range(3):
        credit.payouts.send_due()
        credit.payouts.reconcile_due()
        credit.pass_wall(seconds=ASKING_LASTS.total_seconds())
    assert credit.payout(agreement.id).payout_state is PayoutState.PAID
    assert bank.balance() == AFTER_ONE
    assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}
