"""What the bank's answer does to a payout, its agreement, the books, the plan and the guarantees (rules P2, P3)."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import AgreementEvent, DrawdownRefused, Instalment, instalments
from agreements.credit.service import link_to, move, tell_borrower
from agreements.guarantees import service as guarantees
from agreements.ledger import rules as ledger_rules
from agreements.ledger import service as ledger
from agreements.payouts.models import Payout
from agreements.payouts.services.order_payout import put
from underwriting.kernel.money import Money
from underwriting.kernel.periods import end_of_day, stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import PayoutState
from underwriting.platform.runtime import Runtime

_BANK = "bank"


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
        plan = instalments(amount, paid_out_on=first_paid_out_on, term_months=agreement.term_months, drawn_on=drawn_on)
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
