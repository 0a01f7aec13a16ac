"""What the bank's answer does to a payout, its agreement, the books, the plan and the guarantees (rules P2, P3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import AgreementEvent, DrawdownRefused, Instalment, instalments
from agreements.credit.service import link_to, move, tell_borrower
from agreements.guarantees import service as guarantees
from agreements.ledger import rules as ledger_rules
from agreements.ledger import service as ledger
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.models import Payout
from agreements.payouts.services.order_payout import ON_ITS_WAY, put
from underwriting.kernel.money import Money
from underwriting.kernel.periods import end_of_day, stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import Account, AgreementState, PayoutState, RepaymentPlan
from underwriting.platform.runtime import Runtime

_BANK = "bank"

_log = structlog.get_logger(__name__)

Returned = Callable[[Session, Agreement, date, datetime], None]
"""What features above this one do when money has come back: the locked agreement, the day, the instant."""


class Others(Protocol):
    """Takes what the bank says of a payment that is no payout; whether it is a feature's above this one.

    What it says *of_file* is about all of the file of that name.
    """

    def __call__(self, answer: PayoutAnswer, *, of_file: bool = False) -> bool: ...


def nobodys(answer: PayoutAnswer, *, of_file: bool = False) -> bool:  # noqa: ARG001  # as the protocol has it
    """No feature above this one pays anything."""
    return False


class Taken(StrEnum):
    """What became of one answer."""

    MOVED = "moved"
    KNOWN = "known"  # it says nothing new
    CONTRADICTED = "contradicted"  # it can't be true after what the bank has said, or of what was never sent


@dataclass(frozen=True)
class Answers:
    """Takes answers, by whatever way they came; *returned* is done when money has come back."""

    runtime: Runtime
    returned: Returned
    others: Others = nobodys

    def take(
        self, session: Session, agreement: Agreement, payout: Payout, answer: PayoutAnswer, *, at: datetime
    ) -> Taken:
        """Let *answer* move the locked *payout*; what contradicts is told to the log and changes nothing.

        A payment that was booked and is rejected afterwards is returned (`docs/states.md`).
        """
        state = PayoutState(payout.state)
        if state in ON_ITS_WAY:
            return self._settle(session, agreement, payout, answer, at)
        rejected = answer.status is PayoutStatus.REJECTED
        if state is PayoutState.PAID and rejected:
            self._return(session, agreement, payout, reason=answer.reason_code, at=at)
            return Taken.MOVED
        booked = answer.status is PayoutStatus.BOOKED
        never_sent = state in (PayoutState.ORDERED, PayoutState.HELD, PayoutState.WITHDRAWN)
        if never_sent or (booked and answer.booked_on != payout.booked_on):
            _log.error("payout_contradicted", payout=str(payout.id), state=str(state), answer=str(answer.status))
            return Taken.CONTRADICTED
        return Taken.KNOWN

    def _settle(
        self, session: Session, agreement: Agreement, payout: Payout, answer: PayoutAnswer, at: datetime
    ) -> Taken:
        if answer.status is PayoutStatus.BOOKED and answer.booked_on is not None:
            on, booked_at = answer.booked_on, answer.booked_at
            record_booking(session, self.runtime, agreement, payout, booked_on=on, booked_at=booked_at, at=at)
            return Taken.MOVED
        if answer.status is PayoutStatus.REJECTED:
            record_rejection(session, payout, reason=answer.reason_code, at=at)
            return Taken.MOVED
        if payout.state == PayoutState.UNKNOWN:
            payout.failure = None
            put(session, payout, PayoutState.SENT, actor=_BANK, at=at)
        return Taken.KNOWN

    def _return(
        self, session: Session, agreement: Agreement, payout: Payout, *, reason: str | None, at: datetime
    ) -> None:
        """The money of the paid *payout* has come back: it was never utilised (rules C2, F1, P3).

        The books take the payout back; what had been repaid of it becomes the borrower's credit balance. Its plan
        falls away. The payout window is that of the first payout that counts: without one it is not open.
        """
        payout.failure = reason
        put(session, payout, PayoutState.RETURNED, actor=_BANK, at=at, reason=reason)
        on = stockholm_date(at)
        entry = ledger.entry_of(session, f"payout:{payout.id}")
        if entry is not None:
            owed = ledger.balances(session, agreement.id)[Account.PRINCIPAL]
            unpaid = min(owed, Money(payout.amount_ore))
            ledger.reverse(session, entry, occurred_on=on, at=at, still_unpaid=unpaid)
        session.execute(sa.delete(PlannedInstalment).where(PlannedInstalment.drawdown_id == payout.drawdown_id))
        first = session.scalar(
            sa.select(Payout)
            .where(Payout.agreement_id == agreement.id, Payout.state == str(PayoutState.PAID))
            .order_by(Payout.booked_on, Payout.id)
            .limit(1)
        )
        agreement.first_paid_out_at = first.booked_at if first else None
        agreement.first_paid_out_on = first.booked_on if first else None
        self.returned(session, agreement, on, at)
        letter = messages.paid_back(
            number=agreement.number, amount=Money(payout.amount_ore), link=link_to(self.runtime, agreement)
        )
        tell_borrower(session, self.runtime, agreement, letter, kind="payout-returned", occasion=str(payout.id), at=at)


def record_booking(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    payout: Payout,
    *,
    booked_on: date,
    booked_at: datetime | None,
    at: datetime,
) -> None:
    """The bank has booked the locked *payout*: the borrower owes it from then on (rules C2, F1).

    The first one sets the agreement running and brings its guarantees into force.
    """
    payout.booked_on = booked_on
    payout.booked_at = _instant_of_booking(booked_on, booked_at, at)
    payout.failure = None
    put(session, payout, PayoutState.PAID, actor=_BANK, at=at)
    amount = Money(payout.amount_ore)
    posting = ledger_rules.payout(amount, payout_id=payout.id, booked_on=booked_on)
    ledger.post(session, agreement.id, posting, at=at)
    if agreement.first_paid_out_on is None:
        agreement.first_paid_out_at, agreement.first_paid_out_on = payout.booked_at, booked_on
        if agreement.state == AgreementState.SIGNED:  # not after a first one that was returned
            move(session, agreement, AgreementEvent.FIRST_PAYOUT_BOOKED, at=at, actor=_BANK)
        guarantees.bring_into_force(session, agreement.id, at=at)
    _plan(session, agreement, payout, agreement.first_paid_out_on)
    letter = messages.paid_out(
        number=agreement.number, amount=amount, booked_on=booked_on, link=link_to(runtime, agreement)
    )
    tell_borrower(session, runtime, agreement, letter, kind="paid-out", occasion=str(payout.id), at=at)


def record_rejection(session: Session, payout: Payout, *, reason: str | None, at: datetime) -> None:
    """The bank has certainly not paid the locked *payout*; *reason* is its code."""
    payout.failure = reason
    payout.ask_after = None
    put(session, payout, PayoutState.FAILED, actor=_BANK, at=at, reason=reason)


def _instant_of_booking(booked_on: date, booked_at: datetime | None, at: datetime) -> datetime:
    """When the bank booked: the instant that it tells, if that lies on the booking day.

    Otherwise the latest instant of that day at which it can have been, so that no window closes early (rules C1, C2).
    """
    if booked_at is not None and stockholm_date(booked_at) == booked_on:
        return booked_at
    last_instant = end_of_day(booked_on) - timedelta(microseconds=1)
    return max(stockholm_instant(booked_on), min(at, last_instant))


def _plan(session: Session, agreement: Agreement, payout: Payout, first_paid_out_on: date) -> None:
    """The instalments of what was paid out; money that is booked after the plan's last day is due at once."""
    amount, booked_on = Money(payout.amount_ore), payout.booked_on or first_paid_out_on
    drawn_on = None if booked_on == first_paid_out_on else booked_on
    try:
        plan = instalments(
            amount,
            plan=RepaymentPlan(agreement.repayment_plan),
            paid_out_on=first_paid_out_on,
            term_months=agreement.term_months,
            drawn_on=drawn_on,
        )
    except DrawdownRefused:
        plan = (Instalment(agreement.term_months, booked_on, amount),)
    session.add_all(
        PlannedInstalment(
            agreement_id=agreement.id,
            drawdown_id=payout.drawdown_id,
            number=part.number,
            due_on=part.due_on,
            amount_ore=part.amount.ore,
        )
        for part in plan
    )
    session.flush()
