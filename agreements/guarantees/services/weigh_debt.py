"""What is owed under an agreement, by the days on which it arose: what each party answers for rests on it (G5)."""

import uuid
from collections import defaultdict
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.guarantees.rules import Debt
from agreements.ledger.models import LedgerLine
from agreements.ledger.rules import OWED
from underwriting.kernel.money import Money


def debt_of(session: Session, agreement_id: uuid.UUID) -> Debt:
    """What has arisen under the agreement, and what of it was settled."""
    accounts = [str(account) for account in OWED]
    amount = sa.func.sum(LedgerLine.amount_ore)
    arisen: defaultdict[object, list[tuple[date, Money]]] = defaultdict(list)
    debits = (
        sa.select(LedgerLine.debit_account, LedgerLine.occurred_on, amount)
        .where(LedgerLine.agreement_id == agreement_id, LedgerLine.debit_account.in_(accounts))
        .group_by(LedgerLine.debit_account, LedgerLine.occurred_on)
    )
    for account, on, ore in session.execute(debits):
        arisen[account].append((on, Money(int(ore))))
    payments = (
        sa.select(LedgerLine.credit_account, amount)
        .where(LedgerLine.agreement_id == agreement_id, LedgerLine.credit_account.in_(accounts))
        .group_by(LedgerLine.credit_account)
    )
    settled: dict[object, Money] = {account: Money(int(ore)) for account, ore in session.execute(payments)}
    return Debt({account: tuple(days) for account, days in arisen.items()}, settled)
