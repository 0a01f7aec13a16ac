"""What a received request to cancel does: at once where nothing is paid out, else when the money is back (rule C6).

Whoever calls has locked the agreement's row.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from agreements.cancellation import messages, rules
from agreements.cancellation.models import Cancellation
from agreements.cancellation.services.settle_cancellation import Settler, complete, money_out
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import link_to, move, tell_borrower, terms_of
from agreements.payments.service import use_balance
from agreements.payouts.service import on_its_way, withdraw_unsent
from underwriting.kernel.event_catalogue import CANCELLATION_FALLEN
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import AgreementState, CancellationState
from underwriting.platform import audit_log, events
from underwriting.platform.runtime import Runtime

_SYSTEM = "system"


def carry_out(
    session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime
) -> None:
    """Do what the request does, once it is confirmed where that is needed. Nothing more is sent to the bank."""
    withdraw_unsent(session, agreement.id, actor=actor, at=at)
    agreement.payouts_stopped_at = at
    if agreement.state == AgreementState.SIGNED and on_its_way(session, agreement.id):
        # What the bank answers decides whether there is anything to repay.
        row.state = str(CancellationState.CONDITIONAL)
        row.principal_ore = money_out(session, agreement.id).ore
        row.pay_by = _last_day(runtime, agreement, row, at)
        letter = messages.awaits_bank(number=agreement.number, link=link_to(runtime, agreement))
        tell_borrower(session, runtime, agreement, letter, kind="cancellation-awaits-bank", occasion=str(row.id), at=at)
    elif agreement.state == AgreementState.RUNNING:
        row.pay_by = _last_day(runtime, agreement, row, at)
        _await_money(session, runtime, agreement, row, actor=actor, at=at)
    else:
        _cancel_unpaid(session, runtime, agreement, row, actor=actor, at=at)


def take_answer(session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, at: datetime) -> bool:
    """Go on where the bank's answer about the first payout was waited for; whether it was there.

    Booked, the money has to come back, and the days for that begin now: nobody repays what may not have been paid.
    Failed, or never seen by the bank, nothing has been paid out.
    """
    if agreement.state == AgreementState.RUNNING:
        row.pay_by = rules.pay_by(at, terms=terms_of(runtime, agreement))
        _await_money(session, runtime, agreement, row, actor=_SYSTEM, at=at)
        return True
    if agreement.state == AgreementState.SIGNED and not on_its_way(session, agreement.id):
        withdraw_unsent(session, agreement.id, actor=_SYSTEM, at=at)
        _cancel_unpaid(session, runtime, agreement, row, actor=_SYSTEM, at=at)
        return True
    return False


def fall(
    session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, read_through: date, at: datetime
) -> bool:
    """Let it fall when the money did not come in time: fees run as if never asked; whether it did.

    *read_through* is the last day of which the bank's answers have been read. What was kept for it pays what is due.
    """
    today = stockholm_date(at)
    use_balance(session, agreement, (Settler(runtime),), on=today, at=at)
    if agreement.state != AgreementState.CANCELLING or row.pay_by is None or on_its_way(session, agreement.id):
        return False
    state = rules.outcome(
        total=Money(row.fee_ore + row.principal_ore),
        received=Money.ZERO,  # what was received in time has completed it
        pay_by=row.pay_by,
        answers_read_through=read_through,
    )
    if state is not CancellationState.FALLEN:
        return False
    end_without_effect(session, agreement, row, actor=_SYSTEM, at=at)
    move(session, agreement, AgreementEvent.CANCELLATION_FELL, at=at, actor=_SYSTEM)
    letter = messages.fallen(number=agreement.number, pay_by=row.pay_by)
    tell_borrower(session, runtime, agreement, letter, kind="cancellation-fell", occasion=str(row.id), at=at)
    use_balance(session, agreement, (), on=today, at=at)
    return True


def end_without_effect(session: Session, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime) -> None:
    """The request counts no more, and payouts go on."""
    row.state, row.settled_at = str(CancellationState.FALLEN), at
    agreement.payouts_stopped_at = None
    data = {"cancellation": str(row.id)}
    audit_log.append(session, f"agreement:{agreement.id}", "cancellation.fallen", actor=actor, at=at, data=data)
    ids = {"agreement_id": agreement.id, "application_id": agreement.application_id, "cancellation_id": row.id}
    events.record(session, CANCELLATION_FALLEN, at=at, **ids, state=CancellationState.FALLEN)


def _last_day(runtime: Runtime, agreement: Agreement, row: Cancellation, at: datetime) -> date:
    """The last day for the money, counted from the request; from now where that day passed before it was taken up."""
    terms = terms_of(runtime, agreement)
    day = rules.pay_by(row.received_at, terms=terms)
    return day if day >= stockholm_date(at) else rules.pay_by(at, terms=terms)


def _await_money(
    session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime
) -> None:
    """What was paid out has to come back; a credit balance that covers it completes it at once."""
    row.state = str(CancellationState.CONDITIONAL)
    row.principal_ore = money_out(session, agreement.id).ore
    move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor=actor)
    use_balance(session, agreement, (Settler(runtime),), on=stockholm_date(at), at=at)
    if row.state == CancellationState.CONDITIONAL and row.pay_by is not None:
        total = Money(row.fee_ore + row.principal_ore)
        letter = messages.received(
            number=agreement.number, total=total, pay_by=row.pay_by, link=link_to(runtime, agreement)
        )
        tell_borrower(session, runtime, agreement, letter, kind="cancellation", occasion=str(row.id), at=at)


def _cancel_unpaid(
    session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, actor: str, at: datetime
) -> None:
    """Nothing has been paid out: the agreement is over at once and owes the fee (rules C1, C3)."""
    facts = AgreementFacts(payout_on_its_way=False)
    move(session, agreement, AgreementEvent.CANCELLATION_RECEIVED, at=at, actor=actor, facts=facts)
    row.principal_ore, row.pay_by = 0, None
    complete(session, runtime, agreement, row, occurred_on=stockholm_date(row.received_at), at=at)
