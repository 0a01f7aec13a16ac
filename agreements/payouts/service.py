"""Payouts: what is drawn, ordered when the last signature is there, and carried out by the worker (rules P1 to P4)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit import rules as credit_rules
from agreements.credit.rules import AgreementEvent, AgreementStateRefuses
from agreements.credit.service import lock_agreement, move, record_signature
from agreements.payouts.client import Bank
from agreements.payouts.formats import Debtor
from agreements.payouts.models import Drawdown, Payout
from agreements.payouts.services.carry_out_payout import Carrier
from agreements.payouts.services.check_status import Reports
from agreements.payouts.services.order_payout import (
    drawn,
    lock_payout,
    on_its_way,
    order,
    put,
    withdraw_unsent,
)
from agreements.signing.models import Signing
from underwriting.due_diligence.rules import Occasion
from underwriting.due_diligence.services.screen_case import screen_again
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PayoutState
from underwriting.platform.runtime import Runtime

__all__ = ["DrawdownView", "PayoutNotHeld", "Payouts", "drawn", "on_its_way", "withdraw_unsent"]

_SYSTEM = "system"
_BEING_CANCELLED = Text("En hävning är mottagen.", "A cancellation has been received.")


class PayoutNotHeld(Conflict):
    """Only a payout that is held can be released. Rule P4."""

    slug = "payout-not-held"
    title = Text("Utbetalningen är inte stoppad", "The payout is not held")
    rule = "P4"


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


@dataclass(frozen=True)
class Payouts:
    """Orders, sends and follows payouts, drawn on *debtor*'s account. The bank is asked again after *asked_every*."""

    runtime: Runtime
    bank: Bank
    reports: Reports
    debtor: Debtor
    asked_every: timedelta = timedelta(seconds=30)

    def signature_received(self, session: Session, signing: Signing, at: datetime) -> None:
        """The handler of agreements' and guarantees' signatures: the last one orders the first payout (rule P1)."""
        agreement = record_signature(session, self.runtime, signing, at)
        if agreement is not None:
            screen_again(session, self.runtime, agreement.application_id, Occasion.SIGNING, at=at)
            order(session, self.runtime, agreement, Money(agreement.first_drawdown_ore), actor=_SYSTEM, at=at)

    def request_drawdown(self, agreement_id: uuid.UUID, amount: Money, *, actor: str) -> DrawdownView:
        """Draw *amount* more of the limit (rule P1). Raises AgreementStateRefuses, DrawdownRefused."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            state = move(session, agreement, AgreementEvent.DRAWDOWN_ASKED, at=at, actor=actor)
            if agreement.payouts_stopped_at is not None:
                raise AgreementStateRefuses(state, AgreementEvent.DRAWDOWN_ASKED, rule="C1", reason=_BEING_CANCELLED)
            limit = Money(agreement.limit_ore)
            credit_rules.check_drawdown(amount, limit=limit, drawn=drawn(session, agreement_id))
            if agreement.first_paid_out_on is not None:  # refused when no due day is left to repay it on
                credit_rules.instalments(
                    amount,
                    paid_out_on=agreement.first_paid_out_on,
                    term_months=agreement.term_months,
                    drawn_on=stockholm_date(at),
                )
            payout = order(session, self.runtime, agreement, amount, actor=actor, at=at)
            return _view(session.get_one(Drawdown, payout.drawdown_id), payout)

    def drawdowns(self, agreement_id: uuid.UUID) -> tuple[DrawdownView, ...]:
        """The agreement's drawdowns in order, each with its latest payout."""
        query = (
            sa.select(Drawdown, Payout)
            .join(Payout, Payout.drawdown_id == Drawdown.id)
            .where(Drawdown.agreement_id == agreement_id)
            .order_by(Drawdown.sequence, Payout.id)
        )
        with self.runtime.database.transaction() as session:
            latest = {drawdown.id: _view(drawdown, payout) for drawdown, payout in session.execute(query)}
        return tuple(latest.values())

    def release(self, payout_id: uuid.UUID, *, actor: str) -> DrawdownView:
        """A person has looked into a held payout: it is due again, after a new look at the company's status (rule P4).

        PayoutNotHeld when it is not held.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            _, payout = lock_payout(session, payout_id)
            if payout.state != PayoutState.HELD:
                raise PayoutNotHeld
            payout.ask_after = None
            put(session, payout, PayoutState.ORDERED, actor=actor, at=at, reason="released")
            return _view(session.get_one(Drawdown, payout.drawdown_id), payout)

    def send_due(self) -> int:
        """Send what is ordered and may be paid; how many were sent or held. For the worker."""
        return self._carrier.send_due()

    def reconcile_due(self) -> int:
        """Ask the bank about what was sent; how many were settled or sent again. For the worker."""
        return self._carrier.reconcile_due()

    def read_answers(self) -> int:
        """Ask about everything that is on its way, without pause; how many were settled. Before fees are charged."""
        return self._carrier.read_answers()

    @property
    def _carrier(self) -> Carrier:
        return Carrier(self.runtime, self.bank, self.reports, self.debtor, self.asked_every)


def _view(drawdown: Drawdown, payout: Payout) -> DrawdownView:
    return DrawdownView(
        id=drawdown.id,
        agreement_id=drawdown.agreement_id,
        sequence=drawdown.sequence,
        amount=Money(drawdown.amount_ore),
        requested_at=drawdown.requested_at,
        payout_state=PayoutState(payout.state),
        booked_on=payout.booked_on,
    )
