"""Drawdowns as they are shown, each with its latest order to the bank (rule P1)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payouts.models import Drawdown, Payout
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PayoutState


@dataclass(frozen=True, slots=True)
class DrawdownView:
    """A drawdown and how its latest payout stands."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    sequence: int
    amount: Money
    requested_at: datetime
    payout_state: PayoutState
    booked_on: date | None
    payout_id: uuid.UUID
    held_for: str | None


def drawdowns_of(session: Session, agreement_id: uuid.UUID) -> tuple[DrawdownView, ...]:
    """The agreement's, in order, each with its latest order."""
    query = _orders().where(Drawdown.agreement_id == agreement_id).order_by(Drawdown.sequence, Payout.id)
    latest = {drawdown.id: drawdown_view(drawdown, payout) for drawdown, payout in session.execute(query)}
    return tuple(latest.values())


def held_drawdowns(session: Session) -> tuple[DrawdownView, ...]:
    """Those whose order a person has to look into, oldest first."""
    query = _orders().where(Payout.state == str(PayoutState.HELD)).order_by(Payout.id)
    return tuple(drawdown_view(drawdown, payout) for drawdown, payout in session.execute(query))


def drawdown_view(drawdown: Drawdown, payout: Payout) -> DrawdownView:
    """*drawdown* as its order *payout* stands."""
    return DrawdownView(
        id=drawdown.id,
        agreement_id=drawdown.agreement_id,
        sequence=drawdown.sequence,
        amount=Money(drawdown.amount_ore),
        requested_at=drawdown.requested_at,
        payout_state=PayoutState(payout.state),
        booked_on=payout.booked_on,
        payout_id=payout.id,
        held_for=payout.held_for if payout.state == PayoutState.HELD else None,
    )


def _orders() -> sa.Select[Drawdown, Payout]:
    return sa.select(Drawdown, Payout).join(Payout, Payout.drawdown_id == Drawdown.id)
