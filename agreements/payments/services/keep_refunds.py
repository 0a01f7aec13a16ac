"""Money that is paid back, asked for by one person and released by another (rule F8).

What goes back is a part of an agreement's credit balance, to the company's own account, or a payment that was nobody's,
to the account that it came from. From its release on the money pays nothing else; in the books it leaves when the bank
has booked it.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.service import details_of, lock_agreement
from agreements.payments.models import IncomingPayment, PaymentFile, Refund
from agreements.payments.services.allocate_payment import credit_balance
from agreements.payments.services.keep_payments import subject_of
from agreements.payments.services.open_payers import told_of_payer
from agreements.payouts.formats import Debtor, PainVersion, PayoutOrder, pain_001
from agreements.payouts.rules import Person, check_release
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.identifiers import Bankgiro, IdentifierInvalid
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, PaymentState, RefundState
from underwriting.platform import audit_log
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

PAYEE, REASON, CONTENT = "refund.payee", "refund.reason", "refund.content"
_OPEN = (RefundState.ASKED, RefundState.RELEASED, RefundState.SENT, RefundState.UNKNOWN)


class RefundRefused(Conflict):
    """There is not so much to pay back, or it is not known to which account, or the agreement waits for it. Rule F8."""

    slug = "refund-refused"
    title = Text("Det går inte att betala tillbaka", "It cannot be paid back")
    rule = "F8"


class RefundNotAsked(Conflict):
    """The refund does not, or no longer, wait for a second person. Rule F8."""

    slug = "refund-not-asked"
    title = Text("Återbetalningen väntar inte på en andra person", "The refund does not wait for a second person")
    rule = "F8"


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund as it is shown; where it goes is in the file to the bank."""

    id: uuid.UUID
    state: RefundState
    amount: Money
    agreement_id: uuid.UUID | None
    payment_id: uuid.UUID | None
    asked_by: str
    asked_at: datetime
    released_by: str | None
    booked_on: date | None
    failure: str | None


def ask_of_balance(
    session: Session, runtime: Runtime, agreement_id: uuid.UUID, amount: Money, *, reason: str, caller: Caller
) -> Refund:
    """Ask that *amount* of the agreement's credit balance goes back to the company; NotFound, RefundRefused."""
    agreement = lock_agreement(session, agreement_id)
    if not Money.ZERO < amount <= credit_balance(session, agreement_id) - _asked(session, agreement_id):
        raise RefundRefused
    if agreement.state == AgreementState.CANCELLING:
        raise RefundRefused  # C6: the balance waits for the sum that cancels
    details = details_of(runtime, agreement)
    refund = Refund(agreement_id=agreement_id, amount_ore=amount.ore)
    subject = of_application(agreement.application_id)
    return _keep(session, runtime, refund, subject, details.payout_account, details.name, reason, caller)


def ask_of_payment(
    session: Session,
    runtime: Runtime,
    payment_id: uuid.UUID,
    *,
    account: Bankgiro | None,
    reason: str,
    caller: Caller,
) -> Refund:
    """Ask that a payment that is nobody's goes back to its sender; NotFound, RefundRefused.

    To *account* where the bank tells no bankgiro of the sender's.
    """
    payment = session.get(IncomingPayment, payment_id, with_for_update=True, populate_existing=True)
    if payment is None:
        raise NotFound
    if payment.state != PaymentState.UNMATCHED or payment.amount_ore < 0:
        raise RefundRefused
    payer = told_of_payer(session, runtime, payment)
    payee = _sender(payer) or account
    if payee is None:
        raise RefundRefused(Text("Ange avsändarens bankgiro", "Give the sender's bankgiro"))
    payment.state = str(PaymentState.RETURNED)
    subject = subject_of(session.get_one(PaymentFile, payment.file_id))
    refund = Refund(payment_id=payment_id, amount_ore=payment.amount_ore)
    return _keep(session, runtime, refund, subject, payee, payer.get("name", ""), reason, caller)


def release(
    session: Session, runtime: Runtime, refund_id: uuid.UUID, debtor: Debtor, version: PainVersion, *, caller: Caller
) -> Refund:
    """A second person lets it go; the file to the bank is fixed. NotFound, RefundNotAsked, ReleaseBySamePerson.

    RefundRefused where the balance has been used since.
    """
    at = runtime.clock.now()
    refund = lock_refund(session, refund_id)
    if refund.state != RefundState.ASKED:
        raise RefundNotAsked
    check_release(Person(caller.actor, caller.own_index), [Person(refund.asked_by, refund.asker_index)])
    amount = Money(refund.amount_ore)
    if refund.agreement_id is not None and amount > credit_balance(session, refund.agreement_id):
        raise RefundRefused
    payee = runtime.cipher.decrypt_json(refund.payee_encrypted, context=PAYEE)
    order = PayoutOrder(
        end_to_end_id=refund.end_to_end_id,
        bankgiro=Bankgiro(payee["bankgiro"]),
        creditor_name=payee["name"],
        amount=amount,
        execute_on=stockholm_date(at),
        message="Återbetalning",
    )
    content = pain_001([order], message_id=refund.end_to_end_id, debtor=debtor, created_at=at, version=version)
    subject = runtime.cipher.subject_of(refund.payee_encrypted)
    refund.content_encrypted = runtime.cipher.encrypt(content, context=CONTENT, subject=subject)
    refund.released_by, refund.released_at = caller.actor, at
    put(session, refund, RefundState.RELEASED, actor=caller.actor, at=at)
    return refund


def withdraw(session: Session, refund_id: uuid.UUID, *, caller: Caller, at: datetime) -> Refund:
    """Nothing is paid back: one of staff says so before it is released. NotFound, RefundNotAsked."""
    refund = lock_refund(session, refund_id)
    if refund.state != RefundState.ASKED:
        raise RefundNotAsked
    refund.withdrawn_by = caller.actor
    put(session, refund, RefundState.WITHDRAWN, actor=caller.actor, at=at)
    give_back(session, refund)
    return refund


def refunds(session: Session, *, after: uuid.UUID | None, limit: int) -> tuple[RefundView, ...]:
    """The refunds that are not over, in the order in which they were asked for."""
    return tuple(refund_view(row) for row in session.scalars(refunds_open(after=after).limit(limit)))


def refunds_open(*, after: uuid.UUID | None) -> sa.Select[Refund]:
    """The query for those that are not over, in order, from the one *after* on."""
    query = sa.select(Refund).where(Refund.state.in_([str(state) for state in _OPEN])).order_by(Refund.id)
    return query if after is None else query.where(Refund.id > after)


def refund_view(row: Refund) -> RefundView:
    """The row as it is shown."""
    return RefundView(
        row.id,
        RefundState(row.state),
        Money(row.amount_ore),
        row.agreement_id,
        row.payment_id,
        row.asked_by,
        row.asked_at,
        row.released_by,
        row.booked_on,
        row.failure,
    )


def lock_refund(session: Session, refund_id: uuid.UUID) -> Refund:
    """The refund as it stands now, held after its agreement; NotFound."""
    row = session.execute(sa.select(Refund.id, Refund.agreement_id).where(Refund.id == refund_id)).one_or_none()
    if row is None:
        raise NotFound
    if row.agreement_id is not None:
        lock_agreement(session, row.agreement_id)
    return session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)


def give_back(session: Session, refund: Refund) -> None:
    """The payment that was to go back to its sender waits for a person again."""
    if refund.payment_id is not None:
        payment = session.get_one(IncomingPayment, refund.payment_id, with_for_update=True)
        payment.state = str(PaymentState.UNMATCHED)
    session.flush()


def put(session: Session, refund: Refund, state: RefundState, *, actor: str, at: datetime) -> None:
    """Move the refund to *state* and note it."""
    refund.state = str(state)
    session.flush()
    data = {"amount": str(Money(refund.amount_ore))}
    audit_log.append(session, f"refund:{refund.id}", f"refund.{state}", actor=actor, at=at, data=data)


def _keep(
    session: Session,
    runtime: Runtime,
    refund: Refund,
    subject: str,
    account: Bankgiro,
    name: str,
    reason: str,
    caller: Caller,
) -> Refund:
    payee = {"bankgiro": account.digits, "name": name}
    refund.payee_encrypted = runtime.cipher.encrypt_json(payee, context=PAYEE, subject=subject)
    refund.reason_encrypted = runtime.cipher.encrypt(reason.encode(), context=REASON, subject=subject)
    refund.end_to_end_id = f"R-{uuid.uuid4().hex[:30]}"
    refund.asked_by, refund.asker_index, refund.asked_at = caller.actor, caller.own_index, runtime.clock.now()
    refund.state = str(RefundState.ASKED)
    session.add(refund)
    session.flush()
    put(session, refund, RefundState.ASKED, actor=caller.actor, at=refund.asked_at)
    return refund


def _asked(session: Session, agreement_id: uuid.UUID) -> Money:
    """What others have asked for and nobody has released yet."""
    query = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount_ore), 0)).where(
        Refund.agreement_id == agreement_id, Refund.state == str(RefundState.ASKED)
    )
    return Money(int(session.execute(query).scalar_one()))


def _sender(payer: dict[str, Any]) -> Bankgiro | None:
    try:
        return Bankgiro(payer.get("sender", ""))
    except IdentifierInvalid:
        return None
