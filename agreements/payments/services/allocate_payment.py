"""What money that has come in pays (rule F8): a payment that is booked, and a credit balance that waited.

What ends an agreement (a redemption, a cancellation) is known to features above this one. They say so through
`SettlementSource`: what sum is waited for, and what happens when it is covered. Whoever calls has locked the agreement.
"""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing.service import instalments_of
from agreements.credit.models import Agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from agreements.payments import rules
from agreements.payments.rules import Claim, Settlement
from underwriting.kernel.event_catalogue import PAYMENT_BOOKED
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform import audit_log, events

_FEES = (
    (PostingKind.MONTHLY_FEE, Account.FEE_RECEIVABLE),
    (PostingKind.CANCELLATION_FEE, Account.CANCELLATION_FEE_RECEIVABLE),
    (PostingKind.PAPER_FEE, Account.PAPER_FEE_RECEIVABLE),
)


class SettlementSource(Protocol):
    """A feature that may be waiting for a sum that ends an agreement."""

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """What is waited for on the locked *agreement*, for money booked on that day; None when nothing is."""
        ...

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The sum is there: do what follows. Called before the money itself is posted."""
        ...


def book_payment(
    session: Session,
    agreement: Agreement,
    sources: Sequence[SettlementSource],
    *,
    payment_id: uuid.UUID,
    amount: Money,
    booked_on: date,
    at: datetime,
) -> None:
    """Post a payment of *amount* that the bank booked on *booked_on*; the first of *sources* that waits is asked."""
    source, settlement = _waiting(session, agreement, sources, booked_on)
    allocation = rules.allocate(
        amount,
        booked_on=booked_on,
        claims=claims_of(session, agreement.id),
        credit_balance=credit_balance(session, agreement.id),
        settlement=settlement,
    )
    if allocation.settles and source is not None:
        source.settle(session, agreement, booked_on=booked_on, at=at)
    posting = postings.incoming_payment(allocation.lines, payment_id=payment_id, booked_on=booked_on)
    ledger.post(session, agreement.id, posting, at=at)
    data = {"payment": str(payment_id), "amount": str(amount)}
    audit_log.append(session, f"agreement:{agreement.id}", "payment.booked", actor="bank", at=at, data=data)
    ids = {"agreement_id": agreement.id, "application_id": agreement.application_id, "payment_id": payment_id}
    events.record(session, PAYMENT_BOOKED, at=at, **ids, amount=amount, booked_on=booked_on)


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
    key = f"balance-used:{agreement.id}:{1 + _times_used(session, agreement.id)}"
    ledger.post(
        session, agreement.id, postings.balance_used(allocation.lines, business_key=key, occurred_on=day), at=at
    )
    return True


def claims_of(session: Session, agreement_id: uuid.UUID) -> tuple[Claim, ...]:
    """What the borrower owes, by account and due day; principal falls due by the plan."""
    balances = ledger.balances(session, agreement_id)
    entries = ledger.entries(session, agreement_id)
    taken_back = {entry.reverses_id for entry in entries}
    claims: list[Claim] = []
    for kind, account in _FEES:
        charged = [
            (entry.posting.occurred_on, Money.sum(line.amount for line in entry.posting.lines))
            for entry in entries
            if entry.posting.kind is kind and entry.id not in taken_back
        ]
        paid = Money.sum(amount for _, amount in charged) - balances[account]
        claims += rules.open_claims(account, charged=charged, paid=paid)
    planned = [(part.due_on, part.amount) for part in instalments_of(session, agreement_id)]
    repaid = Money.sum(amount for _, amount in planned) - balances[Account.PRINCIPAL]
    return (*claims, *rules.open_claims(Account.PRINCIPAL, charged=planned, paid=max(repaid, Money.ZERO)))


def credit_balance(session: Session, agreement_id: uuid.UUID, *, on: date | None = None) -> Money:
    """What the borrower has paid beyond what was due; with *on*, at the end of that day."""
    return -ledger.balances(session, agreement_id, on=on)[Account.CREDIT_BALANCE]


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
