"""A conditional cancellation and its money (rule C6): what is waited for, and what follows when it is there.

Whoever calls has locked the agreement's row.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing import service as billing
from agreements.cancellation import messages
from agreements.cancellation.models import Cancellation
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import link_to, move, tell_borrower
from agreements.credit.services.end_guarantees import end_guarantees
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.payments.rules import Claim, Settlement, SettlementKind
from agreements.payouts.service import on_its_way
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, AgreementState, CancellationState
from underwriting.platform.runtime import Runtime

_ALIVE = (CancellationState.UNCONFIRMED, CancellationState.CONDITIONAL, CancellationState.COMPLETED)


@dataclass(frozen=True)
class Settler:
    """The source of settlements that waits for conditional cancellations' money."""

    runtime: Runtime

    def may_wait(self, session: Session, agreement_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the agreements that are being cancelled."""
        cancelling = Agreement.state == str(AgreementState.CANCELLING)
        return set(session.scalars(sa.select(Agreement.id).where(Agreement.id.in_(agreement_ids), cancelling)))

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """Principal and fee, for money booked by the last day; None where no cancellation waits.

        Monthly fees that were paid count, since they are taken back. Nothing settles it while a payout is on its way.
        """
        row = alive(session, agreement.id) if agreement.state == AgreementState.CANCELLING else None
        if row is None or row.pay_by is None:
            return None
        principal = ledger.balances(session, agreement.id)[Account.PRINCIPAL]
        sums = ((Account.PRINCIPAL, principal), (Account.CANCELLATION_FEE_RECEIVABLE, Money(row.fee_ore)))
        return Settlement(
            SettlementKind.CANCELLATION,
            tuple(Claim(account, booked_on, amount) for account, amount in sums if amount),
            pay_by=row.pay_by,
            refunded=billing.paid_fees(session, agreement.id, by=min(booked_on, row.pay_by)),
            is_final=not on_its_way(session, agreement.id),
        )

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The money came in time: the agreement is cancelled and its monthly fees are taken back."""
        row = alive(session, agreement.id)
        if row is None:
            raise LookupError("no cancellation waits for its money")
        billing.reverse_all(session, agreement.id, occurred_on=booked_on, at=at)
        facts = AgreementFacts(paid_in_full=True, payout_on_its_way=False)
        move(session, agreement, AgreementEvent.CANCELLATION_PAID, at=at, actor="bank", facts=facts)
        complete(session, self.runtime, agreement, row, occurred_on=booked_on, at=at)


def alive(session: Session, agreement_id: uuid.UUID) -> Cancellation | None:
    """The agreement's cancellation that has not fallen, as it stands now."""
    query = sa.select(Cancellation).where(
        Cancellation.agreement_id == agreement_id, Cancellation.state.in_([str(state) for state in _ALIVE])
    )
    return session.scalar(query.execution_options(populate_existing=True))


def money_out(session: Session, agreement_id: uuid.UUID) -> Money:
    """What has been paid out and not repaid, with what is on its way: money that has to come back."""
    return ledger.balances(session, agreement_id)[Account.PRINCIPAL] + on_its_way(session, agreement_id)


def complete(
    session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, occurred_on: date, at: datetime
) -> None:
    """The agreement has been cancelled: the fee is owed (rule C3), guarantees end and the borrower is told."""
    fee = Money(row.fee_ore)
    if fee:
        posting = postings.cancellation_fee(fee, cancellation_id=row.id, occurred_on=occurred_on)
        ledger.post(session, agreement.id, posting, at=at)
    row.state, row.settled_at = str(CancellationState.COMPLETED), at
    end_guarantees(session, runtime, agreement, at=at)
    letter = messages.completed(number=agreement.number, fee=fee, link=link_to(runtime, agreement))
    tell_borrower(session, runtime, agreement, letter, kind="cancelled", occasion=str(row.id), at=at)
