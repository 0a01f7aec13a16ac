"""Payouts that were sent, followed until the bank has booked or refused them.

How money is paid once, whatever dies or gets lost on the way (rule P3):
1. A file is marked as sent, with all that is in it, in a transaction of its own, before the bank is asked; two workers
   cannot both mark it.
2. The file has the same id and the same bytes however often it is sent, and the bank pays an id once.
3. Without a certain answer the bank is asked what became of the payment's id. Only when the bank itself has never seen
   it is the same file sent again; without those of its payments that may not be paid any more it would be another file,
   in which the others keep their ids.
4. What the bank has booked is posted under the payout's own key, and a drawdown has at most one order that is alive.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.client import Bank, BankUnreachable
from agreements.payouts.models import Payout
from agreements.payouts.services.order_payout import ON_ITS_WAY, lock_payout, put
from agreements.payouts.services.record_answer import Answers, Taken, record_rejection
from agreements.payouts.services.send_files import ASKING_LASTS, Sender, each, may_be_paid
from agreements.payouts.services.write_file import LockedFile, PaymentFile, lock_file, lock_payouts, replace_file
from underwriting.kernel.vocabulary import PayoutState
from underwriting.platform.runtime import Runtime

__all__ = ["ASKING_LASTS", "Carrier"]

MOST_PER_TICK = 100
_SYSTEM = "system"
_SETTLED = (PayoutState.PAID, PayoutState.FAILED, PayoutState.RETURNED)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Carrier:
    """Follows payouts that *sender* has sent; *answers* says what follows. The bank is asked every *asked_every*."""

    runtime: Runtime
    bank: Bank
    sender: Sender
    answers: Answers
    asked_every: timedelta

    def reconcile_due(self) -> int:
        """Ask the bank about what was sent; how many were settled or sent again."""
        now = self.runtime.wall.now()
        due = self._on_their_way().where(sa.func.coalesce(Payout.ask_after, now) <= now).limit(MOST_PER_TICK)
        return each(self._ids(due), self._reconcile)

    def read_answers(self) -> int:
        """Ask about everything that is on its way, now; how many payouts the bank has settled."""
        return each(self._ids(self._on_their_way()), self._read_answer)

    def _on_their_way(self) -> sa.Select[uuid.UUID]:
        states = [str(state) for state in ON_ITS_WAY]
        return sa.select(Payout.id).where(Payout.state.in_(states)).order_by(Payout.id)

    def _ids(self, query: sa.Select[uuid.UUID]) -> Sequence[uuid.UUID]:
        with self.runtime.database.transaction() as session:
            return session.scalars(query).all()

    def _reconcile(self, payout_id: uuid.UUID) -> bool:
        now = self.runtime.wall.now()
        with self.runtime.database.transaction() as session:
            _, payout = lock_payout(session, payout_id)
            if payout.state not in ON_ITS_WAY or (payout.ask_after is not None and payout.ask_after > now):
                return False
            payout.ask_after = leased_until = now + ASKING_LASTS
            end_to_end_id = payout.end_to_end_id
        try:
            answer = self.bank.answer(end_to_end_id)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            with self.runtime.database.transaction() as session:
                _, payout = lock_payout(session, payout_id)
                if payout.ask_after == leased_until:
                    payout.ask_after = self.runtime.wall.now() + self.asked_every
            return False
        if answer is not None:
            return self._take(payout_id, answer)
        with self.runtime.database.transaction() as session:
            moved, again = self._never_seen(session, payout_id, leased_until)
        if again is not None:
            self.sender.deliver(again)
        return moved

    def _read_answer(self, payout_id: uuid.UUID) -> bool:
        """Take what the bank has settled; whoever holds the lease may be sending, so that nothing else follows."""
        with self.runtime.database.transaction() as session:
            end_to_end_id = lock_payout(session, payout_id)[1].end_to_end_id
        try:
            answer = self.bank.answer(end_to_end_id)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            return False
        if answer is None or answer.status is PayoutStatus.ACCEPTED:
            return False
        return self._take(payout_id, answer)

    def _never_seen(
        self, session: Session, payout_id: uuid.UUID, leased_until: datetime
    ) -> tuple[bool, PaymentFile | None]:
        """Whether the payout moved, and what is to be sent again: its file as it was, or a new one (rules C1, P3)."""
        at = self.runtime.clock.now()
        file, payouts = self._locked(session, payout_id)
        agreement, payout = next(pair for pair in payouts if pair[1].id == payout_id)
        if payout.state not in ON_ITS_WAY or payout.ask_after != leased_until:
            return False, None
        if payout.failure is not None:
            record_rejection(session, payout, reason=payout.failure, at=at)
            return True, None
        if not may_be_paid(agreement):
            put(session, payout, PayoutState.WITHDRAWN, actor=_SYSTEM, at=at, reason="never_seen")
            return True, None
        if any(other.state in _SETTLED for _, other in payouts):
            # The bank has had the file: that it does not know one payment of it is no ground to pay anything.
            _log.error("payout_missing_at_bank", payout=str(payout_id))
            payout.ask_after = self.runtime.wall.now() + self.asked_every
            return False, None
        alive = [pair for pair in payouts if pair[1].state in ON_ITS_WAY and may_be_paid(pair[0])]
        if file is None or len(alive) != file.row.payments:
            row = replace_file(session, self.runtime, self.sender.terms, agreement, payout, at=at)
            file = LockedFile(row, ((agreement, payout),))
        for _, one in file.payouts:
            if one.state != PayoutState.SENT:
                put(session, one, PayoutState.SENT, actor=_SYSTEM, at=at, reason="never_seen")
        return True, self.sender.lease(file)

    def _locked(
        self, session: Session, payout_id: uuid.UUID
    ) -> tuple[LockedFile | None, tuple[tuple[Agreement, Payout], ...]]:
        file_id = session.scalar(sa.select(Payout.file_id).where(Payout.id == payout_id))
        if file_id is None:  # sent before there were files of several
            return None, lock_payouts(session, [payout_id])
        file = lock_file(session, file_id)
        return file, file.payouts

    def _take(self, payout_id: uuid.UUID, answer: PayoutAnswer) -> bool:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state not in ON_ITS_WAY:
                return False
            if answer.status is PayoutStatus.ACCEPTED:
                payout.ask_after = self.runtime.wall.now() + self.asked_every
            return self.answers.take(session, agreement, payout, answer, at=at) is Taken.MOVED
