"""What is left to pay on many agreements at once, by one statement (rule F8): their claims and credit balances."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import Refund
from agreements.payments.rules import RECEIVABLES, Claim
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account, RefundState
from underwriting.platform.arrays import array_text

ON_THEIR_WAY = (RefundState.RELEASED, RefundState.SENT, RefundState.UNKNOWN)
"""Refunds that the bank may carry out any moment: their money is no longer there to pay anything else."""
_ACCOUNTS = array_text((*RECEIVABLES, Account.CREDIT_BALANCE))


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agreement has to pay, the oldest first, and what of the borrower's money is free to pay it."""

    claims: tuple[Claim, ...] = ()
    credit_balance: Money = Money.ZERO


NOTHING = Standing()
"""Nothing is left to pay, and nothing is there to pay with."""


def standing_of(
    session: Session,
    agreement_ids: Sequence[uuid.UUID],
    *,
    through: date = date.max,
    named: Collection[uuid.UUID] = (),
) -> Mapping[uuid.UUID, Standing]:
    """What is left to pay on each agreement: claims that are due on *through*, and those of the invoices *named*.

    An agreement that has neither claims nor a credit balance is not there.
    """
    values = {
        "ids": array_text(agreement_ids),
        "accounts": _ACCOUNTS,
        "through": through,
        "named": array_text(named),
    }
    claims: dict[uuid.UUID, list[Claim]] = {}
    balances: dict[uuid.UUID, Money] = {}
    for agreement_id, account, due_on, ore, *where in session.execute(_statement(), values):
        if due_on is None:
            balances[agreement_id] = Money(ore)
        else:
            claims.setdefault(agreement_id, []).append(Claim(Account(account), due_on, Money(ore), *where))
    for agreement_id, reserved in _reserved(session, list(balances)).items():
        balances[agreement_id] = max(balances[agreement_id] - reserved, Money.ZERO)
    return {one: Standing(tuple(claims.get(one, ())), balances.get(one, Money.ZERO)) for one in {*claims, *balances}}


def reserved(session: Session, agreement_id: uuid.UUID) -> Money:
    """What of the agreement's credit balance is being paid back."""
    return _reserved(session, [agreement_id]).get(agreement_id, Money.ZERO)


def _reserved(session: Session, agreement_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Money]:
    if not agreement_ids:
        return {}
    query = (
        sa.select(Refund.agreement_id, sa.func.sum(Refund.amount_ore))
        .where(Refund.agreement_id.in_(agreement_ids), Refund.state.in_([str(state) for state in ON_THEIR_WAY]))
        .group_by(Refund.agreement_id)
    )
    return {agreement_id: Money(int(ore)) for agreement_id, ore in session.execute(query) if agreement_id}


@cache
def _statement() -> sa.TextClause:
    return sa.text(resources.files("agreements.payments").joinpath("open_claims.sql").read_text("utf-8"))
