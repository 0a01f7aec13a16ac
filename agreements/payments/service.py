"""Incoming payments: fetched or handed in, matched by OCR and allocated to what is due (rules F7, F8)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
import structlog

from agreements.payments.models import IncomingPayment
from agreements.payments.services import make_rounds
from agreements.payments.services.allocate_payment import SettlementSource, claims_of, credit_balance, use_balance
from agreements.payments.services.keep_payments import PaymentContradicted
from agreements.payments.services.read_file import (
    FileResult,
    TestFileRefused,
    book_begun,
    keep_refused,
    latest_fetched,
    note_fetched,
    take_file,
)
from agreements.payments.services.read_record import Promises, Record, promises_of, record_of
from agreements.payouts.client import Bank
from underwriting.kernel.errors import Refusal
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

__all__ = [
    "FileResult",
    "PaymentContradicted",
    "Payments",
    "Promises",
    "Record",
    "SettlementSource",
    "TestFileRefused",
    "UnmatchedPayment",
    "claims_of",
    "credit_balance",
    "promises_of",
    "record_of",
    "use_balance",
]

_BANK = "bank"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UnmatchedPayment:
    """A payment that has found no agreement; a negative amount is a deduction."""

    id: uuid.UUID
    booked_on: date
    reference: str
    amount: Money


@dataclass(frozen=True)
class Payments:
    """Takes what the bank tells of money that came in. *sources* are asked in order what ends an agreement."""

    runtime: Runtime
    bank: Bank
    sources: Sequence[SettlementSource]

    def fetch_files(self) -> int:
        """Fetch and read what the bank has that we have not; how many files. Raises BankUnreachable.

        A file that is refused is kept for a person, and what comes after it is read.
        """
        with self.runtime.database.transaction() as session:
            latest = latest_fetched(session)
        files = self.bank.incoming_files(latest)
        for bank_file_id, content in files:
            self._read_fetched(bank_file_id, content)
        self.book_begun()
        return len(files)

    def book_begun(self) -> int:
        """Book what is left of big files; how many are finished by this. For workers, any number of them."""
        return book_begun(self.runtime, self.sources)

    def read_file(self, content: bytes, *, actor: str) -> FileResult:
        """Read a BgMax file, all of it or nothing; the same content again changes nothing (rule F7).

        Raises PaymentFileRefused, naming the line; TestFileRefused; PaymentContradicted.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return take_file(session, self.runtime, self.sources, content, actor=actor, at=at)

    def unmatched(self, *, after: uuid.UUID | None = None, limit: int | None = None) -> tuple[UnmatchedPayment, ...]:
        """What waits for a person, in the order of arrival; at most *limit*, from the one *after* on."""
        query = (
            sa.select(IncomingPayment)
            .where(IncomingPayment.state == str(PaymentState.UNMATCHED))
            .order_by(IncomingPayment.id)
        )
        if after is not None:
            query = query.where(IncomingPayment.id > after)
        with self.runtime.database.transaction() as session:
            rows = session.scalars(query.limit(limit)).all()
        return tuple(UnmatchedPayment(row.id, row.booked_on, row.reference, Money(row.amount_ore)) for row in rows)

    def use_balances(self, on: date, *, progress: Progress = unheard) -> int:
        """Let every credit balance pay what is due on *on* (rule F8); how many did."""
        return make_rounds.use_balances(self.runtime, self.sources, on, progress=progress)

    def close_ended(self, on: date, *, progress: Progress = unheard) -> int:
        """Settle the running agreements whose plan has ended and that owe nothing; how many."""
        return make_rounds.close_ended(self.runtime, on, progress=progress)

    def _read_fetched(self, bank_file_id: str, content: bytes) -> None:
        at = self.runtime.clock.now()
        try:
            with self.runtime.database.transaction() as session:
                result = take_file(session, self.runtime, self.sources, content, actor=_BANK, at=at)
                note_fetched(session, bank_file_id, result.file_id, at=at)
        except Refusal as refusal:
            _log.error("payment_file_refused", reason=refusal.slug)
            with self.runtime.database.transaction() as session:
                file_id = keep_refused(session, self.runtime, content, refused=refusal.slug, at=at)
                note_fetched(session, bank_file_id, file_id, at=at)
