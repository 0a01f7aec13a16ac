"""Money that the bank takes back: the payment that brought it is reversed, with what it was named for (F6, F7).

A deduction, or a debit that the bank calls a reversal, is booked by itself only where there is no doubt: one payment
of that sum with that reference, from that account where both are told of, on an agreement that runs. Otherwise a person
says which payment it takes back; of one that is larger the rest is booked anew.

Where the payment had become credit balance that has been used since, that use is reversed first, the latest first; what
can then be paid with what is left is paid by the daily round.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.invoices.service import note_paid
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import PostingKind
from agreements.payments import rules
from agreements.payments.models import IncomingPayment
from agreements.payments.services.allocate_payment import credit_balance
from agreements.payments.services.end_refunds import take_return
from agreements.payments.services.open_claims import NOTHING, standing_of
from underwriting.kernel.errors import Conflict
from underwriting.kernel.event_catalogue import PAYMENT_REVERSED
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account, AgreementState, PaymentState
from underwriting.platform import audit_log, events

_BANK = "bank"
_OPEN_TO_REVERSAL = (AgreementState.SIGNED, AgreementState.RUNNING, AgreementState.CANCELLING)


class PaymentNotReversible(Conflict):
    """The payment's agreement is over, or its money was paid back or used in a way that cannot be undone. Rule F6."""

    slug = "payment-not-reversible"
    title = Text("Betalningen kan inte återföras", "The payment cannot be reversed")
    rule = "F6"


def take_back_told(session: Session, file_id: uuid.UUID, *, at: datetime) -> None:
    """Book what the file tells of as taken back, or come back; what leaves a doubt waits for a person."""
    rows = session.scalars(
        sa.select(IncomingPayment)
        .where(IncomingPayment.file_id == file_id, IncomingPayment.state == str(PaymentState.WAITING))
        .order_by(IncomingPayment.id)
    ).all()
    for row in rows:
        row.state = str(PaymentState.UNMATCHED)
        if row.amount_ore > 0 and take_return(session, row, at=at):
            continue
        original = _original_of(session, row) if row.amount_ore < 0 else None
        if original is None or original.agreement_id is None:
            continue
        agreement = lock_agreement(session, original.agreement_id)
        try:
            with session.begin_nested():
                take_back(session, agreement, row, original, at=at, actor=_BANK)
        except PaymentNotReversible:
            continue
    session.flush()


def take_back(
    session: Session,
    agreement: Agreement,
    deduction: IncomingPayment,
    original: IncomingPayment,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Let *deduction* take back *original*, of the locked *agreement*; of a larger one the rest is booked anew.

    Raises PaymentNotReversible, and then nothing is changed that the caller may not roll back.
    """
    left = Money(original.amount_ore + deduction.amount_ore)
    session.refresh(original, with_for_update=True)
    entry = _entry_of(session, original.id)
    if entry is None or left < Money.ZERO or agreement.state not in _OPEN_TO_REVERSAL:
        raise PaymentNotReversible
    taken = Money.ZERO - Money(deduction.amount_ore)
    if original.state != PaymentState.BOOKED or _amount_of(session, entry.id) < taken:
        raise PaymentNotReversible
    rest = _amount_of(session, entry.id) - taken
    _free_balance(session, agreement.id, _kept_of(session, entry.id), deduction, at=at)
    ledger.reverse(session, entry, occurred_on=deduction.booked_on, at=at)
    if rest:
        _book_rest(session, agreement.id, deduction, original, rest, at=at)
    else:
        original.state = str(PaymentState.REVERSED)
    deduction.state, deduction.agreement_id = str(PaymentState.BOOKED), agreement.id
    deduction.takes_back_id, deduction.booked_at = original.id, at
    session.flush()
    _tell(session, agreement, deduction, original, taken, at=at, actor=actor)


def _book_rest(
    session: Session,
    agreement_id: uuid.UUID,
    deduction: IncomingPayment,
    original: IncomingPayment,
    rest: Money,
    *,
    at: datetime,
) -> None:
    named = tuple(original.named_invoices or ())
    standing = standing_of(session, [agreement_id], through=original.booked_on, named=named)
    here = standing.get(agreement_id, NOTHING)
    allocation = rules.allocate(rest, booked_on=original.booked_on, claims=here.claims, named=named)
    posting = postings.incoming_payment(
        allocation.lines, payment_id=f"{original.id}:{deduction.id}", booked_on=deduction.booked_on
    )
    entry = ledger.post(session, agreement_id, posting, at=at)
    if entry is not None:
        note_paid(session, entry.id, allocation.named)


def _original_of(session: Session, row: IncomingPayment) -> IncomingPayment | None:
    """The one payment that *row* can take back whole; None where there is none, or more than one."""
    one = IncomingPayment
    query = sa.select(one).where(
        one.bankgiro == row.bankgiro,
        one.state == str(PaymentState.BOOKED),
        one.amount_ore == -row.amount_ore,
        one.told_ore.is_(None),
        one.booked_on <= row.booked_on,
    )
    if row.sender_index is not None:
        query = query.where(sa.or_(one.sender_index.is_(None), one.sender_index == row.sender_index))
    if row.end_to_end_index:
        query = query.where(one.end_to_end_index == row.end_to_end_index)
    elif row.reference:
        query = query.where(one.reference == row.reference)
    elif row.reference_index:
        query = query.where(one.reference_index == row.reference_index)
    else:
        return None
    found = session.scalars(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _entry_of(session: Session, payment_id: uuid.UUID) -> LedgerEntry | None:
    """The entry by which the payment, or what is left of it, stands in the books."""
    opposite = aliased(LedgerEntry)
    key = f"payment:{payment_id}"
    return session.scalar(
        sa.select(LedgerEntry)
        .where(
            sa.or_(LedgerEntry.business_key == key, LedgerEntry.business_key.startswith(f"{key}:", autoescape=True)),
            ~sa.exists().where(opposite.reverses_id == LedgerEntry.id),
        )
        .order_by(LedgerEntry.id.desc())
        .limit(1)
    )


def _amount_of(session: Session, entry_id: uuid.UUID) -> Money:
    """What the entry brought into the bank."""
    query = sa.select(sa.func.coalesce(sa.func.sum(LedgerLine.amount_ore), 0)).where(
        LedgerLine.entry_id == entry_id, LedgerLine.debit_account == str(Account.BANK)
    )
    return Money(int(session.execute(query).scalar_one()))


def _kept_of(session: Session, entry_id: uuid.UUID) -> Money:
    """What of the entry became credit balance, less what it used of one."""
    account = str(Account.CREDIT_BALANCE)
    signed = sa.case((LedgerLine.credit_account == account, LedgerLine.amount_ore), else_=-LedgerLine.amount_ore)
    query = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(
        LedgerLine.entry_id == entry_id,
        sa.or_(LedgerLine.credit_account == account, LedgerLine.debit_account == account),
    )
    return Money(int(session.execute(query).scalar_one()))


def _free_balance(
    session: Session, agreement_id: uuid.UUID, needed: Money, deduction: IncomingPayment, *, at: datetime
) -> None:
    """See that *needed* stands on the credit balance, by reversing its use since; PaymentNotReversible."""
    if needed <= credit_balance(session, agreement_id):
        return
    opposite = aliased(LedgerEntry)
    uses = session.scalars(
        sa.select(LedgerEntry)
        .where(
            LedgerEntry.agreement_id == agreement_id,
            LedgerEntry.kind == str(PostingKind.ALLOCATION),
            ~sa.exists().where(opposite.reverses_id == LedgerEntry.id),
        )
        .order_by(LedgerEntry.id.desc())
    ).all()
    for use in uses:
        ledger.reverse(session, use, occurred_on=deduction.booked_on, at=at)
        if needed <= credit_balance(session, agreement_id):
            return
    raise PaymentNotReversible


def _tell(
    session: Session,
    agreement: Agreement,
    deduction: IncomingPayment,
    original: IncomingPayment,
    taken: Money,
    *,
    at: datetime,
    actor: str,
) -> None:
    data = {"payment": str(original.id), "by": str(deduction.id), "amount": str(taken)}
    audit_log.append(session, f"agreement:{agreement.id}", "payment.reversed", actor=actor, at=at, data=data)
    ids = {"agreement_id": agreement.id, "application_id": agreement.application_id, "payment_id": original.id}
    events.record(session, PAYMENT_REVERSED, at=at, **ids, amount=taken, booked_on=deduction.booked_on)
