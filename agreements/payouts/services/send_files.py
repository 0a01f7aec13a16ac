"""Payouts on their way to the bank: looked at, put into the file of the day, released, sent (rules P1, P2, P4)."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
import structlog

from agreements.credit.models import Agreement
from agreements.credit.rules import CompanyStatusTooOld, check_payable
from agreements.payouts.client import Bank, BankUnreachable, PayoutFileRefused, PayoutOutcomeUnknown
from agreements.payouts.models import Payout, PayoutFile
from agreements.payouts.services.check_status import Reports, look_up
from agreements.payouts.services.order_payout import ON_ITS_WAY, hold, lock_payout, put
from agreements.payouts.services.write_file import (
    FileTerms,
    LockedFile,
    PaymentFile,
    content_of,
    dissolve,
    lock_file,
    lock_payouts,
    make_file,
    note,
)
from underwriting.due_diligence.rules import Finding, Occasion
from underwriting.due_diligence.services.screen_case import screen_again
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import AgreementState, HeldFor, PayoutFileState, PayoutState
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

MOST_PER_FILE = 100
ASKING_LASTS = timedelta(minutes=2)
"""Longer than any question takes, so that nobody else asks while it is under way."""
STATUS_ASKED_EVERY = timedelta(minutes=10)
_ONE_AT_A_TIME = "payout-files"
_SYSTEM = "system"
_PAYABLE = (AgreementState.SIGNED, AgreementState.RUNNING)

_log = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Sender:
    """Sends payouts as *terms* say. What did not reach the bank is tried again after *asked_every*."""

    runtime: Runtime
    bank: Bank
    reports: Reports
    terms: FileTerms
    asked_every: timedelta

    def send_due(self) -> int:
        """Send what is ordered, may be paid and is released; how many were sent or held."""
        moved = self._send_released()
        fit = [payout_id for payout_id in self._due() if each([payout_id], self._fits)]
        # One that cannot stand in any file must not keep the others from theirs.
        if fit and not each([fit], self._make_file):
            each([[one] for one in fit], self._make_file)
        return moved + self._send_released()

    def deliver(self, file: PaymentFile) -> None:
        """Hand the file to the bank; whatever is not certain is left to reconciling."""
        try:
            self.bank.send(file.content, message_id=file.message_id)
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

    def lease(self, file: LockedFile, *, is_first: bool = False) -> PaymentFile:
        """The locked file, for the one who may send it from now on."""
        leased_until = self.runtime.wall.now() + ASKING_LASTS
        for _, payout in file.payouts:
            payout.ask_after = leased_until
        content = content_of(self.runtime, file.row)
        return PaymentFile(file.row.id, file.row.message_id, content, leased_until, is_first)

    def _due(self) -> Sequence[uuid.UUID]:
        now = self.runtime.wall.now()
        query = sa.select(Payout.id).where(
            Payout.state == str(PayoutState.ORDERED),
            Payout.file_id.is_(None),
            sa.func.coalesce(Payout.ask_after, now) <= now,
        )
        with self.runtime.database.transaction() as session:
            return session.scalars(query.order_by(Payout.id).limit(MOST_PER_FILE)).all()

    def _fits(self, payout_id: uuid.UUID) -> bool:
        """Whether the payout may stand in a file (rule P4); what a stop is known of is held."""
        try:
            return self._is_clear(payout_id)
        except CompanyStatusTooOld:
            return self._renew_status(payout_id) and self._is_clear(payout_id)

    def _is_clear(self, payout_id: uuid.UUID) -> bool:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, payout = lock_payout(session, payout_id)
            if payout.state != PayoutState.ORDERED or not may_be_paid(agreement):
                return False
            application_id = agreement.application_id
            if screen_again(session, self.runtime, application_id, Occasion.PAYOUT, at=at) is not Finding.CLEAR:
                # The same word as for every other stop: grounds of sanctions are for staff alone (rule D7).
                hold(session, payout, HeldFor.HARD_STOP, actor=_SYSTEM, at=at)
                return False
            self._check_payable(agreement, at)
            return True

    def _check_payable(self, agreement: Agreement, at: datetime) -> None:
        check_payable(
            status_checked_on=stockholm_date(agreement.status_checked_at),
            on=stockholm_date(at),
            stopped=False,
            terms=self.runtime.terms,
        )

    def _renew_status(self, payout_id: uuid.UUID) -> bool:
        """Ask how the company stands, and whether it is in order; otherwise the payout is held, or waits (rule P4)."""
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
            if standing.stopped or standing.not_found:
                why = HeldFor.HARD_STOP if standing.stopped else HeldFor.COMPANY_NOT_FOUND
                hold(session, payout, why, actor=_SYSTEM, at=at)
                return False
            renewed = standing.seen_at is not None and standing.seen_at > agreement.status_checked_at
            if standing.seen_at is not None and renewed:
                agreement.status_checked_at = standing.seen_at
            payout.ask_after = self.runtime.wall.now() + (timedelta(0) if renewed else STATUS_ASKED_EVERY)
            return renewed

    def _make_file(self, payout_ids: Sequence[uuid.UUID]) -> bool:
        """Put those of the payouts that still may be paid into a file of today."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            lock_subject(session, _ONE_AT_A_TIME)
            fit = [
                (agreement, payout)
                for agreement, payout in lock_payouts(session, payout_ids)
                if payout.state == PayoutState.ORDERED and payout.file_id is None and may_be_paid(agreement)
            ]
            if fit:
                make_file(session, self.runtime, self.terms, fit, at=at)
        return True

    def _send_released(self) -> int:
        open_states = [str(PayoutFileState.PREPARED), str(PayoutFileState.RELEASED)]
        query = sa.select(PayoutFile.id).where(PayoutFile.state.in_(open_states)).order_by(PayoutFile.number)
        with self.runtime.database.transaction() as session:
            file_ids = session.scalars(query).all()
        return each(file_ids, self._send)

    def _send(self, file_id: uuid.UUID) -> int:
        # A file that has waited for a person is looked at anew: a list or a register may have changed meanwhile.
        each(self._released_by_a_person(file_id), self._fits)
        file = self._mark_sent(file_id)
        if file is None:
            return 0
        self.deliver(file)
        return 1

    def _released_by_a_person(self, file_id: uuid.UUID) -> Sequence[uuid.UUID]:
        query = sa.select(Payout.id).join(PayoutFile, PayoutFile.id == Payout.file_id)
        waited = query.where(
            PayoutFile.id == file_id,
            PayoutFile.state == str(PayoutFileState.RELEASED),
            PayoutFile.released_by != _SYSTEM,
        )
        with self.runtime.database.transaction() as session:
            return session.scalars(waited.order_by(Payout.id)).all()

    def _mark_sent(self, file_id: uuid.UUID) -> PaymentFile | None:
        """The file, when this caller is the one to send it; a file that may not be sent as it is, is dissolved."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            file = lock_file(session, file_id)
            if file.row.state not in (PayoutFileState.PREPARED, PayoutFileState.RELEASED):
                return None
            if (reason := self._unfit(file, at)) is not None:
                dissolve(session, file, reason=reason, at=at)
                return None
            if file.row.state != PayoutFileState.RELEASED or not all(self._is_due(one) for _, one in file.payouts):
                return None
            file.row.state, file.row.sent_at = str(PayoutFileState.SENT), at
            note(session, file.row, "payout_file.sent", actor=_SYSTEM, at=at)
            for _, payout in file.payouts:
                payout.sent_at = at
                put(session, payout, PayoutState.SENT, actor=_SYSTEM, at=at)
            return self.lease(file, is_first=True)

    def _unfit(self, file: LockedFile, at: datetime) -> str | None:
        """Why the file cannot be sent as it was released, or None; a word for the log."""
        if file.row.execute_on != stockholm_date(at):
            return "day_over"
        alive = [payout for agreement, payout in file.payouts if may_be_paid(agreement)]
        if len(alive) != file.row.payments or any(payout.state != PayoutState.ORDERED for payout in alive):
            return "payout_stopped"
        try:
            for agreement, _ in file.payouts:
                self._check_payable(agreement, at)
        except CompanyStatusTooOld:
            return "status_too_old"
        return None

    def _after_sending(self, file: PaymentFile, state: PayoutState, *, failure: str | None = None) -> None:
        """Note what sending came to, unless somebody else has taken over since: the lease tells."""
        at, now = self.runtime.clock.now(), self.runtime.wall.now()
        with self.runtime.database.transaction() as session:
            locked = lock_file(session, file.file_id)
            if state is PayoutState.ORDERED and _is_held_by(locked, file):
                locked.row.state, locked.row.sent_at = str(PayoutFileState.RELEASED), None
            for agreement, payout in locked.payouts:
                if payout.state not in ON_ITS_WAY or payout.ask_after != file.leased_until:
                    continue
                payout.failure = failure
                payout.ask_after = now if file.is_first and state is not PayoutState.ORDERED else now + self.asked_every
                after = state
                if state is PayoutState.ORDERED:
                    payout.sent_at = None
                    after = state if may_be_paid(agreement) else PayoutState.WITHDRAWN
                if payout.state != after:
                    reason = None if failure is None else "file_refused"
                    put(session, payout, after, actor=_SYSTEM, at=at, reason=reason)

    def _is_due(self, payout: Payout) -> bool:
        return payout.ask_after is None or payout.ask_after <= self.runtime.wall.now()


def _is_held_by(locked: LockedFile, file: PaymentFile) -> bool:
    return all(payout.state in ON_ITS_WAY and payout.ask_after == file.leased_until for _, payout in locked.payouts)


def may_be_paid(agreement: Agreement) -> bool:
    """Whether money may leave for the agreement as it stands (rules C1, G2, G5)."""
    stops = (agreement.payouts_stopped_at, agreement.annulment_asked_at, agreement.drawdowns_stopped_at)
    return agreement.state in _PAYABLE and not any(stops)


def each(things: Sequence[T], work: Callable[[T], int]) -> int:
    """How many of them *work* moved on; a fault with one of them does not stop the others."""
    moved = 0
    for one in things:
        try:
            moved += work(one)
        except Exception as error:
            _log.exception("payout_failed", payout=str(one), error=type(error).__name__)
    return moved
