"""Drawdowns and the orders that are to pay them out; at most one order alive for each (rules P1, P3).

Whoever orders or withdraws has locked the agreement's row.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import details_of, lock_agreement
from agreements.payouts.models import Drawdown, Payout
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_catalogue import (
    PAYOUT_BOOKED,
    PAYOUT_FAILED,
    PAYOUT_HELD,
    PAYOUT_ORDERED,
    PAYOUT_SENT,
    PAYOUT_WITHDRAWN,
    EventKind,
)
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PayoutState
from underwriting.platform import audit_log, events
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

NOT_SENT = (PayoutState.ORDERED, PayoutState.HELD)
ON_ITS_WAY = (PayoutState.SENT, PayoutState.UNKNOWN)
OVER_WITHOUT_PAYMENT = (PayoutState.FAILED, PayoutState.RETURNED, PayoutState.WITHDRAWN)
_ACCOUNT = "payout.account"
_TOLD: Mapping[PayoutState, EventKind] = {
    PayoutState.ORDERED: PAYOUT_ORDERED,
    PayoutState.HELD: PAYOUT_HELD,
    PayoutState.SENT: PAYOUT_SENT,
    PayoutState.PAID: PAYOUT_BOOKED,
    PayoutState.FAILED: PAYOUT_FAILED,
    PayoutState.WITHDRAWN: PAYOUT_WITHDRAWN,
}
"""What integrators are told of an order's way; that an answer did not come is told by the one that does."""


def order(
    session: Session, runtime: Runtime, agreement: Agreement, amount: Money, *, actor: str, at: datetime
) -> Payout:
    """A drawdown of *amount* and the order to pay it to the company's own account (rule P1)."""
    sequence = (
        1
        + session.execute(
            sa.select(sa.func.coalesce(sa.func.max(Drawdown.sequence), 0)).where(Drawdown.agreement_id == agreement.id)
        ).scalar_one()
    )
    drawdown = Drawdown(agreement_id=agreement.id, sequence=sequence, amount_ore=amount.ore, requested_at=at)
    session.add(drawdown)
    session.flush()
    account = details_of(runtime, agreement).payout_account
    payout = Payout(
        drawdown_id=drawdown.id,
        agreement_id=agreement.id,
        state=str(PayoutState.ORDERED),
        amount_ore=amount.ore,
        account_encrypted=runtime.cipher.encrypt(
            account.digits.encode(), context=_ACCOUNT, subject=of_application(agreement.application_id)
        ),
        # Random, since a bank remembers ids for longer than a sandbox remembers its agreements.
        end_to_end_id=f"{agreement.number}-{sequence}-{uuid.uuid4().hex[:16]}",
        ordered_at=at,
    )
    session.add(payout)
    session.flush()
    note(session, payout, actor=actor, at=at)
    return payout


def lock_payout(session: Session, payout_id: uuid.UUID) -> tuple[Agreement, Payout]:
    """The payout and its agreement as they stand now, held to the end of the transaction; NotFound without."""
    agreement_id = session.scalar(sa.select(Payout.agreement_id).where(Payout.id == payout_id))
    if agreement_id is None:
        raise NotFound
    agreement = lock_agreement(session, agreement_id)
    return agreement, session.get_one(Payout, payout_id, with_for_update=True, populate_existing=True)


def account_of(runtime: Runtime, payout: Payout) -> Bankgiro:
    """Where the money goes."""
    return Bankgiro(runtime.cipher.decrypt(payout.account_encrypted, context=_ACCOUNT).decode())


def drawn(session: Session, agreement_id: uuid.UUID) -> Money:
    """The sum of drawdowns, ordered ones too; what failed, was returned or withdrawn is not in it (rule P1)."""
    alive = sa.select(sa.func.coalesce(sa.func.sum(Payout.amount_ore), 0)).where(
        Payout.agreement_id == agreement_id, Payout.state.not_in([str(state) for state in OVER_WITHOUT_PAYMENT])
    )
    return Money(int(session.execute(alive).scalar_one()))


def on_its_way(session: Session, agreement_id: uuid.UUID) -> Money:
    """What was sent and has no answer yet: money that cannot be called back (rule P3)."""
    sent = sa.select(sa.func.coalesce(sa.func.sum(Payout.amount_ore), 0)).where(
        Payout.agreement_id == agreement_id, Payout.state.in_([str(state) for state in ON_ITS_WAY])
    )
    return Money(int(session.execute(sent).scalar_one()))


def withdraw_unsent(session: Session, agreement_id: uuid.UUID, *, actor: str, at: datetime) -> int:
    """Withdraw what has not been sent to the bank; how many orders (rule C1)."""
    payouts = _in_states(session, agreement_id, NOT_SENT)
    for payout in payouts:
        put(session, payout, PayoutState.WITHDRAWN, actor=actor, at=at)
    return len(payouts)


def put(
    session: Session, payout: Payout, state: PayoutState, *, actor: str, at: datetime, reason: str | None = None
) -> None:
    """Move the order to *state* and note it."""
    payout.state = str(state)
    note(session, payout, actor=actor, at=at, reason=reason)


def note(session: Session, payout: Payout, *, actor: str, at: datetime, reason: str | None = None) -> None:
    """Tell the audit log and integrators of the order as it stands; *reason* is a word, never a text of others."""
    data = {"payout": str(payout.id), "amount": str(Money(payout.amount_ore))}
    if reason is not None:
        data["reason"] = reason
    subject = f"agreement:{payout.agreement_id}"
    audit_log.append(session, subject, f"payout.{payout.state}", actor=actor, at=at, data=data)
    state = PayoutState(payout.state)
    if kind := _TOLD.get(state):
        told = {"agreement_id": payout.agreement_id, "payout_id": payout.id, "amount": Money(payout.amount_ore)}
        booked = {"booked_on": payout.booked_on} if state is PayoutState.PAID else {}
        events.record(session, kind, at=at, state=state, **told, **booked)


def _in_states(session: Session, agreement_id: uuid.UUID, states: Sequence[PayoutState]) -> Sequence[Payout]:
    query = sa.select(Payout).where(
        Payout.agreement_id == agreement_id, Payout.state.in_([str(state) for state in states])
    )
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
