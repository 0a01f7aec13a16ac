"""Two at once between approval and payout, by threads on a committed database: one wins, the other reads why."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from agreements.cancellation.service import Cancellations
from agreements.credit.models import Agreement
from agreements.credit.services.seal_documents import seal_due
from agreements.documents.models import Document
from agreements.payouts.services.release_payouts import PayoutFileNotWaiting
from agreements.signing.bundle_check import SEALED_ENTRY
from agreements.signing.service import SigningView, Started
from tests.conftest import LONG
from tests.support.at_once import at_once
from tests.support.bank_stand_in import BankWorld
from tests.support.credit import CreditWorld
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import (
    AgreementState,
    PayoutFileState,
    PayoutState,
    RequestChannel,
    Role,
    SigningState,
)
from underwriting.platform.callers import Caller
from underwriting.platform.models import AuditEntry

ROUNDS = 20 if LONG else 2
FULL, LESS = "100000000.00", "99782000.00"
SECOND, THIRD = (Caller(f"staff:{number}", role=Role.BILLING, own_index=bytes([number])) for number in (2, 3))


def settle(credit: CreditWorld) -> None:
    while credit.payouts.send_due() + credit.payouts.reconcile_due():
        pass


def watching(credit: CreditWorld, started: Started) -> Callable[[], object]:
    """The signer's page looks."""
    return lambda: credit.signings.watch(started.signing_id, started.secret, end_user_ip="192.0.2.7")


def cancelling(credit: CreditWorld, agreement: Agreement) -> Callable[[], object]:
    """The borrower cancels in the portal."""
    return lambda: Cancellations(credit.runtime).request(
        agreement.id, RequestChannel.PORTAL, received_at=None, actor="person:1"
    )


def test_of_the_last_signature_and_a_cancellation_at_once_nothing_is_ever_paid(
    committed_credit: CreditWorld, bank: BankWorld
) -> None:
    """C1, G2, P3: signed first, its payout is withdrawn; cancelled first, the signer reads that it is not accepted."""
    credit = committed_credit
    for _ in range(ROUNDS):
        agreement = credit.grant(guarantors=())
        started = credit.start_agreement(agreement.id)
        assert credit.bankid.act(f"orders/{started.qr_content}/sign", {}).ok
        credit.pass_wall(seconds=3)
        signed, cancelled = at_once(watching(credit, started), cancelling(credit, agreement))
        assert not isinstance(cancelled, Exception)
        assert isinstance(signed, SigningView)
        settle(credit)
        assert credit.agreement(agreement.id).state == AgreementState.CANCELLED
        payouts = [one.payout_state for one in credit.payouts.drawdowns(agreement.id)]
        if signed.state is SigningState.COMPLETE:
            assert payouts == [PayoutState.WITHDRAWN]
        else:
            assert payouts == []
            assert signed.message is not None
            assert "godtogs inte" in signed.message.sv
        assert bank.balance() == FULL


def test_documents_are_sealed_once_by_however_many_workers(committed_credit: CreditWorld) -> None:
    """S1, S3: whoever is slower throws its copy away; the log names one."""
    credit = committed_credit
    credit.signed(guarantors=())
    sealed = at_once(*[lambda: seal_due(credit.runtime)] * 2)
    with credit.runtime.database.transaction() as session:
        documents = session.scalars(sa.select(Document)).all()
        log = session.scalars(sa.select(AuditEntry.subject).where(AuditEntry.action == SEALED_ENTRY)).all()
    assert documents
    assert all(one.sealed_at is not None for one in documents)
    assert sealed[0] + sealed[1] == len(documents)  # type: ignore[operator]
    assert Counter(log) == Counter(f"document:{one.id}" for one in documents)


def test_of_two_who_decide_on_a_payment_file_at_once_one_does(committed_credit: CreditWorld, bank: BankWorld) -> None:
    """P2: two who release it, and one who releases while the other refuses; it is paid once or not at all."""
    credit = committed_credit
    credit.payouts = replace(credit.payouts, terms=replace(credit.payouts.terms, above=Money.ZERO))
    credit.signed(guarantors=())
    settle(credit)
    (file,) = credit.payouts.files()

    def releasing(caller: Caller) -> Callable[[], object]:
        return lambda: credit.payouts.release_file(file.id, caller=caller)

    def refusing(caller: Caller) -> Callable[[], object]:
        return lambda: credit.payouts.refuse_file(file.id, reason="Fel konto", caller=caller)

    decided = at_once(releasing(SECOND), releasing(THIRD), refusing(THIRD))
    assert sum(isinstance(one, PayoutFileNotWaiting) for one in decided) == 2
    (winner,) = (one.state for one in decided if not isinstance(one, Exception))  # type: ignore[attr-defined]
    settle(credit)
    assert bank.balance() == (LESS if winner is PayoutFileState.RELEASED else FULL)
