"""Carrying out payouts: sent, and followed until the bank has booked or refused them.

How money is paid once, whatever dies or gets lost on the way (rule P3):
1. An order is marked as sent in a transaction of its own, before the bank is asked; two workers cannot both mark it.
2. The file has the same id and the same bytes however often it is sent, and the bank pays an id once.
3. Without a certain answer the bank is asked what became of the id. Only when the bank itself has never seen it is the
   same file sent again.
4. What the bank has booked is posted under the payout's own key, and a drawdown has at most one order that is alive.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.rules import CompanyStatusTooOld, check_payable
from agreements.payouts.client import Bank, BankUnreachable, PayoutFileRefused, PayoutOutcomeUnknown
from agreements.payouts.formats import Debtor, PayoutAnswer, PayoutStatus
from agreements.payouts.models import Payout
from agreements.payouts.services.check_status import Reports, look_up
from agreements.payouts.services.order_payout import ON_ITS_WAY, lock_payout, put
from agreements.payouts.services.record_answer import record_booking, record_rejection
from agreements.payouts.services.write_file import PaymentFile, file_of
from underwriting.due_diligence.rules import Finding, Occasion
from underwriting.due_diligence.services.screen_case import screen_again
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import AgreementState, PayoutState
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100
ASKING_LASTS = timedelta(minutes=2)
"""Longer than any question takes, so that nobody else asks while it is under way."""
STATUS_ASKED_EVERY = timedelta(minutes=10)
_SYSTEM = "system"
_PAYABLE = (AgreementState.SIGNED, AgreementState.RUNNING)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Carrier:
    """Sends and follows payouts, drawn on *debtor*'s account. The bank is asked again after *asked_every*."""

    runtime: Runtime
    bank: Bank
    reports: Reports
    debtor: Debtor
    asked_every: timedelta

    def send_due(self) -> int:
        """Send what is ordered and may be paid; how many were sent or held."""
        return _each(self._due([PayoutState.ORDERED]), self._send)

    def reconcile_due(self) -> int:
        """Ask the bank about what was sent; how many were settled or sent again."""
        return _each(self._due(ON_ITS_WAY), self._reconcile)

    def read_answers(self) -> int:
        """Ask about everything that is on its way, now; how many payouts the bank has settled."""
        on_their_way = sa.select(Payout.id).where(Payout.state.in_([str(state) for state in ON_ITS_WAY]))
        with self.runtime.database.transaction() as session:
            payout_ids = session.scalars(on_their_way.order_by(Payout.id)).all()
        return _each(payout_ids, self._read_answer)

    def _due(self, states: Sequence[PayoutState]) -> Sequence[uuid.UUID]:
        query = (
            sa.select(Payout.id)
            .where(
                Payout.state.in_([str(state) for state in states]),
                sa.func.coalesce(Payout.ask_after, self.runtime.wall.now()) <= self.runtime.wall.now(),
            )
            .order_by(Payout.id)
            .limit(MOST_PER_TICK)
        )
        with self.runtime.database.transaction() as session:
            return session.scalars(query).all()

    def _send(self, payout_id: uuid.UUID) -> bool:
        try:
            file = self._mark_sent(payout_id)
        except CompanyStatusTooOld:
            return self._renew_status(payout_id)
        if file is None:
            return False
        self._deliver(file)
        return True

    def _mark_sent(self, payout_id: uuid.UUID) -> PaymentFile | None:
        """The file to send, when this caller is the one to send it; CompanyStatusTooOld when that is asked first."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state != PayoutState.ORDERED or not self._is_due(payout) or not _may_be_paid(agreement):
                return None
            if (
                screen_again(session, self.runtime, agreement.application_id, Occasion.PAYOUT, at=at)
                is not Finding.CLEAR
            ):
                # The same word as for every other stop: grounds of sanctions are for staff alone (rule D7).
                put(session, payout, PayoutState.HELD, actor=_SYSTEM, at=at, reason="hard_stop")
                return None
            check_payable(
                status_checked_on=stockholm_date(agreement.status_checked_at),
                on=stockholm_date(at),
                stopped=False,
                terms=self.runtime.terms,
            )
            payout.sent_at = at
            put(session, payout, PayoutState.SENT, actor=_SYSTEM, at=at)
            return self._leased_file(agreement, payout, is_first=True)

    def _renew_status(self, payout_id: uuid.UUID) -> bool:
        """Ask how the company stands: in order, it is paid at the next look; stopped, the payout is held (rule P4)."""
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state != PayoutState.ORDERED or not self._is_due(payout):
                return False
            payout.ask_after = self.runtime.wall.now() + ASKING_LASTS
            agreement_id = agreement.id
        standing = look_up(self.runtime, self.reports, agreement_id)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state != PayoutState.ORDERED:
                return False
            if standing.stopped:
                put(session, payout, PayoutState.HELD, actor=_SYSTEM, at=at, reason="hard_stop")
                return True
            renewed = standing.seen_at is not None and standing.seen_at > agreement.status_checked_at
            if standing.seen_at is not None and renewed:
                agreement.status_checked_at = standing.seen_at
            payout.ask_after = self.runtime.wall.now() + (timedelta(0) if renewed else STATUS_ASKED_EVERY)
            return renewed

    def _deliver(self, file: PaymentFile) -> None:
        """Hand the file to the bank; whatever is not certain is left to `reconcile_due`."""
        try:
            self.bank.send(file.content, message_id=file.end_to_end_id)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            # What may have reached the bank before never counts as unsent again.
            self._after_sending(file, PayoutState.ORDERED if file.is_first else PayoutState.SENT)
        except PayoutOutcomeUnknown:
            self._after_sending(file, PayoutState.UNKNOWN)
        except PayoutFileRefused as error:
            # The bank may have said so of a copy of a file that it took: its answer about the payment is what counts.
            self._after_sending(file, PayoutState.UNKNOWN, failure=error.reason)
        else:
            self._after_sending(file, PayoutState.SENT)

    def _after_sending(self, file: PaymentFile, state: PayoutState, *, failure: str | None = None) -> None:
        """Note what sending came to, unless somebody else has taken over since: the lease tells."""
        at, now = self.runtime.clock.now(), self.runtime.wall.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, file.payout_id)
            if payout.state not in ON_ITS_WAY or payout.ask_after != file.leased_until:
                return
            payout.failure = failure
            payout.ask_after = now if file.is_first and state is not PayoutState.ORDERED else now + self.asked_every
            if state is PayoutState.ORDERED:
                payout.sent_at = None
                state = state if _may_be_paid(agreement) else PayoutState.WITHDRAWN
            if payout.state != state:
                reason = None if failure is None else "file_refused"
                put(session, payout, state, actor=_SYSTEM, at=at, reason=reason)

    def _reconcile(self, payout_id: uuid.UUID) -> bool:
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state not in ON_ITS_WAY or not self._is_due(payout):
                return False
            file = self._leased_file(agreement, payout)
        try:
            answer = self.bank.answer(file.end_to_end_id)
        except BankUnreachable as error:
            _log.warning("bank_unreachable", reason=error.reason)
            self._ask_later(file)
            return False
        if answer is None:
            return self._never_seen(file)
        with self.runtime.database.transaction() as session:
            return self._take(session, file.payout_id, answer)

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
        with self.runtime.database.transaction() as session:
            return self._take(session, payout_id, answer)

    def _never_seen(self, file: PaymentFile) -> bool:
        """The same file again, unless the bank has refused it or a cancellation has come in since (rules C1, P3)."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, file.payout_id)
            if payout.state not in ON_ITS_WAY or payout.ask_after != file.leased_until:
                return False
            if payout.failure is not None:
                record_rejection(session, payout, reason=payout.failure, at=at)
                return True
            if not _may_be_paid(agreement):
                put(session, payout, PayoutState.WITHDRAWN, actor=_SYSTEM, at=at, reason="never_seen")
                return True
            if payout.state != PayoutState.SENT:
                put(session, payout, PayoutState.SENT, actor=_SYSTEM, at=at, reason="never_seen")
            again = self._leased_file(agreement, payout)
        self._deliver(again)
        return True

    def _take(self, session: Session, payout_id: uuid.UUID, answer: PayoutAnswer) -> bool:
        at = self.runtime.clock.now()
        agreement, payout = lock_payout(session, payout_id)
        if payout.state not in ON_ITS_WAY:
            return False
        if answer.status is PayoutStatus.BOOKED and answer.booked_on is not None:
            booked_on, booked_at = answer.booked_on, answer.booked_at
            record_booking(session, self.runtime, agreement, payout, booked_on=booked_on, booked_at=booked_at, at=at)
            return True
        if answer.status is PayoutStatus.REJECTED:
            record_rejection(session, payout, reason=answer.reason_code, at=at)
            return True
        payout.ask_after = self.runtime.wall.now() + self.asked_every
        if payout.state == PayoutState.UNKNOWN:
            payout.failure = None
            put(session, payout, PayoutState.SENT, actor="bank", at=at)
        return False

    def _ask_later(self, file: PaymentFile) -> None:
        with self.runtime.database.transaction() as session:
            _, payout = lock_payout(session, file.payout_id)
            if payout.ask_after == file.leased_until:
                payout.ask_after = self.runtime.wall.now() + self.asked_every

    def _is_due(self, payout: Payout) -> bool:
        return payout.ask_after is None or payout.ask_after <= self.runtime.wall.now()

    def _leased_file(self, agreement: Agreement, payout: Payout, *, is_first: bool = False) -> PaymentFile:
        """The payout's file, for the one who holds the lease that begins now."""
        leased_until = self.runtime.wall.now() + ASKING_LASTS
        payout.ask_after = leased_until
        return file_of(self.runtime, self.debtor, agreement, payout, leased_until=leased_until, is_first=is_first)


def _may_be_paid(agreement: Agreement) -> bool:
    return agreement.state in _PAYABLE and agreement.payouts_stopped_at is None


def _each(payout_ids: Sequence[uuid.UUID], work: Callable[[uuid.UUID], bool]) -> int:
    """How many of the payouts *work* moved on; a fault with one of them does not stop the others."""
    moved = 0
    for payout_id in payout_ids:
        try:
            moved += work(payout_id)
        except Exception as error:
            _log.exception("payout_failed", payout=str(payout_id), error=type(error).__name__)
    return moved
