"""What money that has come in pays (rule F8): a payment that is booked, and a credit balance that waited.

What ends an agreement (a redemption, a cancellation) is known to features above this one. They say so through
`SettlementSource`: what sum is waited for, and what happens when it is covered. Whoever calls has locked the agreement.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.invoices.service import note_paid
from agreements.late_payment.service import book_known_interest
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from agreements.payments import rules
from agreements.payments.rules import Claim, Settlement
from agreements.payments.services.open_claims import NOTHING, reserved, standing_of
from underwriting.kernel.event_catalogue import PAYMENT_BOOKED
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform import audit_log, events


class SettlementSource(Protocol):
    """A feature that may be waiting for a sum that ends an agreement."""

    def may_wait(self, session: Session, agreement_ids: Sequence[uuid.UUID]) -> Collection[uuid.UUID]:
        """Those of the agreements for which `waiting` may say anything but None."""
        ...

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """What is waited for on the locked *agreement*, for money booked on that day; None when nothing is."""
        ...

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The sum is there: do what follows. Called before the money itself is posted."""
        ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """A payment of *amount* that the bank booked on *booked_on*; *named* are the invoices that its payer named."""

    payment_id: uuid.UUID
    agreement_id: uuid.UUID
    amount: Money
    booked_on: date
    named: Sequence[uuid.UUID] = ()

    @property
    def told(self) -> dict[str, str]:
        """What the audit log says of it."""
        return {"payment": str(self.payment_id), "amount": str(self.amount)}


def book_payment(
    session: Session,
    agreement: Agreement,
    sources: Sequence[SettlementSource],
    arrived: Arrived,
    *,
    at: datetime,
    actor: str = "bank",
) -> None:
    """Post the payment on the locked *agreement*; the first of *sources* that waits for a sum is asked.

    What late claims bear through the payment's day is booked first: it is paid before them (rule F8).
    """
    if agreement.ended_at is None:
        book_known_interest(session, agreement.id, through=arrived.booked_on, actor=actor, at=at)
    source, settlement = _waiting(session, agreement, sources, arrived.booked_on)
    standing = standing_of(session, [agreement.id], through=arrived.booked_on, named=arrived.named)
    here = standing.get(agreement.id, NOTHING)
    allocation = rules.allocate(
        arrived.amount,
        booked_on=arrived.booked_on,
        claims=here.claims,
        named=arrived.named,
        credit_balance=here.credit_balance,
        settlement=settlement,
    )
    if allocation.settles and source is not None:
        source.settle(session, agreement, booked_on=arrived.booked_on, at=at)
    posting = postings.incoming_payment(allocation.lines, payment_id=arrived.payment_id, booked_on=arrived.booked_on)
    entry = ledger.post(session, agreement.id, posting, at=at)
    if entry is not None:
        note_paid(session, entry.id, allocation.named)
    audit_log.append(session, f"agreement:{agreement.id}", "payment.booked", actor=actor, at=at, data=arrived.told)
    ids = {"agreement_id": agreement.id, "application_id": agreement.application_id, "payment_id": arrived.payment_id}
    events.record(session, PAYMENT_BOOKED, at=at, **ids, amount=arrived.amount, booked_on=arrived.booked_on)


def use_balance(
    session: Session, agreement: Agreement, sources: Sequence[SettlementSource], *, on: date, at: datetime
) -> bool:
    """Let the credit balance pay what is due on *on*; whether it paid anything.

    Towards a settlement whose last day has passed counts what was there on that day: it may have been known only now.
    """
    source, settlement = _waiting(session, agreement, sources, on)
    day = on if settlement is None or settlement.pay_by is None else min(on, settlement.pay_by)
    allocation = rules.allocate(
        Money.ZERO,
        booked_on=day,
        claims=claims_of(session, agreement.id),
        credit_balance=_balance_since(session, agreement.id, day),
        settlement=settlement,
    )
    if allocation.settles and source is not None:
        source.settle(session, agreement, booked_on=day, at=at)
    if not allocation.lines:
        return False
    key = balance_key(agreement.id, _times_used(session, agreement.id))
    ledger.post(
        session, agreement.id, postings.balance_used(allocation.lines, business_key=key, occurred_on=day), at=at
    )
    return True


def balance_key(agreement_id: uuid.UUID, times_used: int) -> str:
    """The business key of the next use of a credit balance that was used *times_used* times before."""
    return f"balance-used:{agreement_id}:{1 + times_used}"


def claims_of(session: Session, agreement_id: uuid.UUID) -> tuple[Claim, ...]:
    """What the borrower owes, by account and due day; principal falls due by the plan."""
    return standing_of(session, [agreement_id]).get(agreement_id, NOTHING).claims


def credit_balance(session: Session, agreement_id: uuid.UUID, *, on: date | None = None) -> Money:
    """What the borrower has paid beyond what was due and is not being paid back; with *on*, at the end of that day."""
    standing = -ledger.balances(session, agreement_id, on=on)[Account.CREDIT_BALANCE]
    return max(standing - reserved(session, agreement_id), Money.ZERO)


def _waiting(
    session: Session, agreement: Agreement, sources: Sequence[SettlementSource], booked_on: date
) -> tuple[SettlementSource | None, Settlement | None]:
    for source in sources:
        settlement = source.waiting(session, agreement, booked_on=booked_on)
        if settlement is not None:
            return source, settlement
    return None, None


def _balance_since(session: Session, agreement_id: uuid.UUID, day: date) -> Money:
    """What has stood on the credit balance since the end of *day*."""
    now, then = credit_balance(session, agreement_id), credit_balance(session, agreement_id, on=day)
    return max(Money.ZERO, min(now, then))


def _times_used(session: Session, agreement_id: uuid.UUID) -> int:
    used = sa.select(sa.func.count()).where(
        LedgerEntry.agreement_id == agreement_id, LedgerEntry.kind == str(PostingKind.ALLOCATION)
    )
    return session.execute(used).scalar_one()
