"""Released refunds sent to the bank and followed, each paid once (rules F8, P3).

As with payouts: a refund is marked as sent before the bank is asked; its file has one id and the same bytes however
often it is sent; and only when the bank itself has never seen the id is it sent again.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.payments.models import Refund
from agreements.payments.services.end_refunds import fail_refund
from agreements.payments.services.keep_refunds import CONTENT, lock_refund, put
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.client import Bank, BankUnreachable, PayoutFileRefused, PayoutOutcomeUnknown
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import RefundState
from underwriting.platform.runtime import Runtime

_BANK = "bank"
_LEASE = timedelta(minutes=2)
_ON_ITS_WAY = (RefundState.SENT, RefundState.UNKNOWN)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RefundCarrier:
    """Sends refunds by *bank* and asks about them every *asked_every*."""

    runtime: Runtime
    bank: Bank
    asked_every: timedelta

    def carry(self) -> int:
        """Send what is released, ask about what was sent; how many refunds moved."""
        sent = sum(self._send(one) for one in self._due(RefundState.RELEASED))
        return sent + sum(self._ask(one) for one in self._due(*_ON_ITS_WAY))

    def take(self, answer: PayoutAnswer, *, of_file: bool = False) -> bool:
        """What the bank says of a payment, or *of_file* of the whole file in which it is; whether that is a refund.

        A refund is alone in its file, which has its name.
        """
        query = sa.select(Refund.id).where(Refund.end_to_end_id == answer.end_to_end_id)
        with self.runtime.database.transaction() as session:
            refund_id = session.scalar(query)
            refund = None if refund_id is None else lock_refund(session, refund_id)
            if refund is not None and of_file and refund.state not in _ON_ITS_WAY:
                # A word about the file takes back nothing that was said of the payment itself.
                _log.error("refund_contradicted", refund=str(refund.id), state=refund.state, answer=str(answer.status))
            elif refund is not None:
                self._settle(session, refund, answer, at=self.runtime.clock.now())
        return refund is not None

    def _due(self, *states: RefundState) -> Sequence[uuid.UUID]:
        now = self.runtime.wall.now()
        query = sa.select(Refund.id).where(
            Refund.state.in_([str(state) for state in states]), sa.func.coalesce(Refund.ask_after, now) <= now
        )
        with self.runtime.database.transaction() as session:
            return session.scalars(query.order_by(Refund.id)).all()

    def _send(self, refund_id: uuid.UUID, *, again: bool = False) -> bool:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            refund = lock_refund(session, refund_id)
            may_be_sent = _ON_ITS_WAY if again else (RefundState.RELEASED,)
            if refund.state not in may_be_sent or refund.content_encrypted is None:
                return False
            put(session, refund, RefundState.SENT, actor="system", at=at)
            refund.ask_after = self.runtime.wall.now() + _LEASE
            content = self.runtime.cipher.decrypt(refund.content_encrypted, context=CONTENT)
            name = refund.end_to_end_id
        try:
            self.bank.send(content, message_id=name)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            # What may have reached the bank before never counts as unsent again.
            self._after(refund_id, RefundState.SENT if again else RefundState.RELEASED)
        except (PayoutOutcomeUnknown, PayoutFileRefused):
            self._after(refund_id, RefundState.UNKNOWN)
        else:
            self._after(refund_id, RefundState.SENT)
        return True

    def _after(self, refund_id: uuid.UUID, state: RefundState) -> None:
        with self.runtime.database.transaction() as session:
            refund = lock_refund(session, refund_id)
            if refund.state == RefundState.SENT:
                refund.state = str(state)
                refund.ask_after = self.runtime.wall.now() + self.asked_every

    def _ask(self, refund_id: uuid.UUID) -> bool:
        with self.runtime.database.transaction() as session:
            refund = lock_refund(session, refund_id)
            refund.ask_after, name = self.runtime.wall.now() + _LEASE, refund.end_to_end_id
        try:
            answer = self.bank.answer(name)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            return False
        if answer is None:
            return self._send(refund_id, again=True)
        with self.runtime.database.transaction() as session:
            return self._settle(session, lock_refund(session, refund_id), answer, at=self.runtime.clock.now())

    def _settle(self, session: Session, refund: Refund, answer: PayoutAnswer, *, at: datetime) -> bool:
        """Let *answer* move the locked refund: booked, it leaves the books; rejected, its money is free again."""
        if answer.status is PayoutStatus.REJECTED and refund.state in (*_ON_ITS_WAY, RefundState.PAID):
            fail_refund(session, refund, reason_code=answer.reason_code, occurred_on=stockholm_date(at), at=at)
            return True
        if refund.state not in _ON_ITS_WAY:
            return False
        if answer.status is not PayoutStatus.BOOKED or answer.booked_on is None:
            refund.ask_after = self.runtime.wall.now() + self.asked_every
            return False
        refund.booked_on = answer.booked_on
        put(session, refund, RefundState.PAID, actor=_BANK, at=at)
        if refund.agreement_id is not None:
            posting = postings.refund(Money(refund.amount_ore), refund_id=refund.id, booked_on=answer.booked_on)
            ledger.post(session, refund.agreement_id, posting, at=at)
        return True
