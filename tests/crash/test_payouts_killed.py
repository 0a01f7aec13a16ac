"""A worker that is killed while it pays: the next one pays what was not paid, and nothing twice (rule P3)."""

import json
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from agreements.credit.service import NothingToSign
from agreements.payouts.services.send_files import ASKING_LASTS
from agreements.signing.service import AlreadySigned
from tests.conftest import LONG
from tests.support.bank_stand_in import TOKEN, BankWorld, bank_world
from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.credit import ERIK, LIMIT, CreditWorld, credit_world, granted_terms
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, PayoutState
from underwriting.platform.runtime import Runtime

pytestmark = pytest.mark.crash

AFTER_ONE = "99782000.00"  # 100 000 000 - 218 000
OPENING = Money.kronor(100_000_000)
KILLS_EACH = 10
AGREEMENTS = 20 if LONG else 1
LONGEST_LIFE_MILLISECONDS = 300
MOST_LAST_RUNS = 20  # a killed worker's lease of an order to sign is over after some of them


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankWorld]:
    with bank_world(tmp_path / "bank" / "book.sqlite3") as world:
        yield world


@pytest.fixture
def bankid(tmp_path: Path) -> Iterator[BankIdWorld]:
    with bankid_world(tmp_path / "pki") as world:
        yield world


@pytest.fixture
def credit(
    committed_runtime: Runtime, clock: FixedClock, bank: BankWorld, bankid: BankIdWorld
) -> Iterator[CreditWorld]:
    with credit_world(committed_runtime, clock, bankid, bank.client()) as world:
        yield world


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_at_the_banks_door_pays_once(credit: CreditWorld, bank: BankWorld, moment: str) -> None:
    """P3: killed just before the bank has the file, or just after; SIGKILL leaves no time to tidy up."""
    agreement = credit.signed(guarantors=())
    database_url = credit.runtime.settings.database_url.reveal()
    instant = credit.wall.now().isoformat()
    command = [sys.executable, "-m", "tests.support.payer", database_url, bank.address, TOKEN, moment, instant]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    assert credit.payout(agreement.id).payout_state is PayoutState.SENT
    assert bank.balance() == ("100000000.00" if moment == "before" else AFTER_ONE)
    for _ in range(3):
        credit.payouts.send_due()
        credit.payouts.reconcile_due()
        credit.pass_wall(seconds=ASKING_LASTS.total_seconds())
    assert credit.payout(agreement.id).payout_state is PayoutState.PAID
    assert bank.balance() == AFTER_ONE
    assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}


def test_workers_killed_at_random_from_signing_to_payout_pay_once_and_not_before_the_last_signature(
    credit: CreditWorld, bank: BankWorld, bankid: BankIdWorld
) -> None:
    """P3, G2: each is killed after some milliseconds, wherever it is then; the last signature comes between two."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    guarantors = granted_terms(credit.clock.now()).guarantors[:1]
    with workers(credit, bank, bankid) as run:
        for number in range(AGREEMENTS):
            agreement = credit.grant(guarantors=guarantors)
            before = OPENING - Money(LIMIT.ore * number)
            to_sign = [
                partial(credit.start_agreement, agreement.id),
                partial(credit.start_guarantee, agreement.id, ERIK),
            ]
            signed_at = chance.sample(range(KILLS_EACH // 2), 2)
            for kill in range(KILLS_EACH):
                if kill in signed_at:
                    order = to_sign.pop()()
                    bankid.act(f"orders/{order.qr_content}/sign", {}).raise_for_status()
                assert run(agreement.id, chance.randrange(LONGEST_LIFE_MILLISECONDS)) == signal.SIGKILL, seed
                if to_sign:
                    assert Money.kronor(bank.balance()) == before, seed
            for last in range(MOST_LAST_RUNS):
                if last == MOST_LAST_RUNS // 2 and not credit.payouts.drawdowns(agreement.id):
                    sign_again(credit, bankid, agreement.id)
                assert run(agreement.id, -1) == 0, seed
                if [one.payout_state for one in credit.payouts.drawdowns(agreement.id)] == [PayoutState.PAID]:
                    break
            assert credit.payout(agreement.id).payout_state is PayoutState.PAID, seed
            assert Money.kronor(bank.balance()) == before - LIMIT, seed
            assert credit.balances(agreement.id) == {Account.PRINCIPAL: LIMIT, Account.BANK: -LIMIT}, seed


def sign_again(credit: CreditWorld, bankid: BankIdWorld, agreement_id: uuid.UUID) -> None:
    """What people do whose order ran out of time, since workers were killed one after the other while asking for it."""
    for start in (partial(credit.start_agreement, agreement_id), partial(credit.start_guarantee, agreement_id, ERIK)):
        with suppress(AlreadySigned, NothingToSign):
            bankid.act(f"orders/{start().qr_content}/sign", {}).raise_for_status()


@contextmanager
def workers(credit: CreditWorld, bank: BankWorld, bankid: BankIdWorld) -> Iterator[Callable[[uuid.UUID, int], int]]:
    """Runs a worker for an agreement for so many milliseconds; how it ended.

    Once a payout is ordered, each is at work after all leases of the one before are over.
    """
    parties = {
        "database": credit.runtime.settings.database_url.reveal(),
        "bank": bank.address,
        "token": TOKEN,
        "bankid": bankid.base_url,
        "certificate": str(bankid.certificates.client_certificate),
        "key": str(bankid.certificates.client_key),
        "ca": str(bankid.certificates.ca),
        "roots": str(bankid.certificates.root),
    }
    command = [sys.executable, "-m", "tests.support.mortal_workers", json.dumps(parties)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        at = credit.wall.now()

        def run(agreement_id: uuid.UUID, milliseconds: int) -> int:
            nonlocal at
            at += ASKING_LASTS if credit.payouts.drawdowns(agreement_id) else timedelta(seconds=3)
            credit.wall.move_to(at)
            assert nursery.stdin is not None
            assert nursery.stdout is not None
            nursery.stdin.write(f"{milliseconds} {at.isoformat()}\n")
            nursery.stdin.flush()
            return int(nursery.stdout.readline())

        try:
            yield run
        finally:
            nursery.kill()
