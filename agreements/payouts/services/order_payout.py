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
from agreements.payouts.models import AccountCheck, Drawdown, Payout
from agreements.payouts.rules import Person
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_catalogue import (
    PAYOUT_BOOKED,
    PAYOUT_FAILED,
    PAYOUT_HELD,
    PAYOUT_ORDERED,
    PAYOUT_RETURNED,
    PAYOUT_SENT,
    PAYOUT_WITHDRAWN,
)
from underwriting.kernel.event_forms import EventKind
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import HeldFor, PayoutState
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
    PayoutState.RETURNED: PAYOUT_RETURNED,
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
    return order_again(session, runtime, agreement, drawdown, actor=actor, at=at)


def order_again(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    drawdown: Drawdown,
    *,
    actor: str,
    at: datetime,
    person: Person | None = None,
) -> Payout:
    """An order to pay *drawdown* to the company's account; a constraint refuses it while one is alive (rule P3).

    One of staff who orders it, the *person*, does not release its file.
    """
    account = details_of(runtime, agreement).payout_account
    payout = Payout(
        drawdown_id=drawdown.id,
        agreement_id=agreement.id,
        state=str(PayoutState.ORDERED),
        amount_ore=drawdown.amount_ore,
        account_encrypted=sealed_account(runtime, agreement, account),
        # Random, since a bank remembers ids for longer than a sandbox remembers its agreements.
        end_to_end_id=f"{agreement.number}-{drawdown.sequence}-{uuid.uuid4().hex[:16]}",
        ordered_at=at,
        second_person=_was_changed(session, agreement.id),
        prepared_by=person.actor if person else None,
        prepared_index=person.index if person else None,
    )
    session.add(payout)
    session.flush()
    note(session, payout, actor=actor, at=at)
    return payout


def sealed_account(runtime: Runtime, agreement: Agreement, account: Bankgiro) -> bytes:
    """An account as a payout's row keeps it."""
    subject = of_application(agreement.application_id)
    return runtime.cipher.encrypt(account.digits.encode(), context=_ACCOUNT, subject=subject)


def hold(session: Session, payout: Payout, why: HeldFor, *, actor: str, at: datetime) -> None:
    """Nothing is paid until a person has released the locked, unsent *payout* (rules P1, P4).

    It leaves the file that it stands in, which is dissolved: what was released is not what would be sent.
    """
    payout.held_for, payout.file_id = str(why), None
    put(session, payout, PayoutState.HELD, actor=actor, at=at, reason=str(why))


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
    payouts = in_states(session, agreement_id, NOT_SENT)
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


def _was_changed(session: Session, agreement_id: uuid.UUID) -> bool:
    """Whether the account is another than the one that was applied with, and nothing was ever paid to it."""
    changed_at = session.scalar(
        sa.select(sa.func.max(AccountCheck.checked_at)).where(AccountCheck.agreement_id == agreement_id)
    )
    if changed_at is None:
        return False
    paid_since = sa.select(Payout.id).where(
        Payout.agreement_id == agreement_id, Payout.state == str(PayoutState.PAID), Payout.ordered_at > changed_at
    )
    return session.scalar(paid_since.limit(1)) is None


def in_states(session: Session, agreement_id: uuid.UUID, states: Sequence[PayoutState]) -> Sequence[Payout]:
    """The locked agreement's payouts that are in one of *states*, locked."""
    query = sa.select(Payout).where(
        Payout.agreement_id == agreement_id, Payout.state.in_([str(state) for state in states])
    )
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
