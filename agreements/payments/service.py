"""Incoming payments: fetched or handed in, matched by OCR and allocated to what is due (rules F7, F8)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from agreements.payments.services import make_rounds, use_balances
from agreements.payments.services.allocate_payment import SettlementSource, claims_of, credit_balance, use_balance
from agreements.payments.services.keep_payments import PaymentContradicted
from agreements.payments.services.keep_refunds import (
    RefundNotAsked,
    RefundRefused,
    RefundView,
    ask_of_balance,
    ask_of_payment,
    refund_view,
    refunds,
    release,
    withdraw,
)
from agreements.payments.services.match_by_hand import (
    ChosenPart,
    PartsRefused,
    PaymentNotUnmatched,
    match_by_hand,
    take_back_by_hand,
)
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
from agreements.payments.services.send_refunds import RefundCarrier
from agreements.payments.services.show_payments import (
    PayerView,
    PaymentFileView,
    PaymentInDoubt,
    PaymentView,
    payment_files,
    payment_in_doubt,
    payments_in,
    view_of,
)
from agreements.payments.services.show_refunds import RefundCase, refund_cases
from agreements.payments.services.suggest_matches import Suggestion
from agreements.payments.services.take_back import PaymentNotReversible
from agreements.payouts.answers import PayoutAnswer
from agreements.payouts.client import Bank
from agreements.payouts.formats import Debtor, PainVersion
from underwriting.kernel.errors import Refusal
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.callers import Caller
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

__all__ = [
    "ChosenPart",
    "FileResult",
    "PartsRefused",
    "PayerView",
    "PaymentContradicted",
    "PaymentFileView",
    "PaymentInDoubt",
    "PaymentNotReversible",
    "PaymentNotUnmatched",
    "PaymentView",
    "Payments",
    "Promises",
    "Record",
    "RefundCase",
    "RefundNotAsked",
    "RefundRefused",
    "RefundView",
    "SettlementSource",
    "Suggestion",
    "TestFileRefused",
    "claims_of",
    "credit_balance",
    "promises_of",
    "record_of",
    "use_balance",
]

_BANK = "bank"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Payments:
    """Takes what the bank tells of money that came in. *sources* are asked in order what ends an agreement."""

    runtime: Runtime
    bank: Bank
    sources: Sequence[SettlementSource]
    asked_every: timedelta = timedelta(seconds=30)

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

    def unmatched(self, *, after: uuid.UUID | None = None, limit: int | None = None) -> tuple[PaymentView, ...]:
        """What waits for a person, in the order of arrival; at most *limit*, from the one *after* on."""
        return self.in_state(PaymentState.UNMATCHED, after=after, limit=limit)

    def in_state(
        self, state: PaymentState, *, after: uuid.UUID | None = None, limit: int | None = None
    ) -> tuple[PaymentView, ...]:
        """The payments in *state*, in the order of arrival; at most *limit*, from the one *after* on."""
        with self.runtime.database.transaction() as session:
            return payments_in(session, state, after=after, limit=limit)

    def look_into(self, payment_id: uuid.UUID) -> PaymentInDoubt:
        """One payment, who paid it, and while it waits whose it may be; NotFound."""
        with self.runtime.database.transaction() as session:
            return payment_in_doubt(session, self.runtime, payment_id)

    def files(self, *, before: uuid.UUID | None = None, limit: int = 50) -> tuple[PaymentFileView, ...]:
        """The files of payments and how far each is, the newest first."""
        with self.runtime.database.transaction() as session:
            return payment_files(session, before=before, limit=limit)

    def match(self, payment_id: uuid.UUID, parts: Sequence[ChosenPart], *, actor: str) -> tuple[PaymentView, ...]:
        """Book a payment as a person divides it (rules F7, F8); its parts, and what is left over as one that waits.

        Raises NotFound, PaymentNotUnmatched, PartsRefused.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            rows = match_by_hand(session, self.sources, payment_id, parts, actor=actor, at=at)
            return tuple(view_of(row) for row in rows)

    def take_back(self, deduction_id: uuid.UUID, payment_id: uuid.UUID, *, actor: str) -> PaymentView:
        """Let a deduction take back the payment that a person names, or a part of it; the deduction.

        Raises NotFound, PaymentNotUnmatched, PaymentNotReversible.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return view_of(take_back_by_hand(session, deduction_id, payment_id, actor=actor, at=at))

    def ask_refund(self, agreement_id: uuid.UUID, amount: Money, *, reason: str, caller: Caller) -> RefundView:
        """Ask that *amount* of a credit balance goes back to the company (rule F8); NotFound, RefundRefused."""
        with self.runtime.database.transaction() as session:
            row = ask_of_balance(session, self.runtime, agreement_id, amount, reason=reason, caller=caller)
            return refund_view(row)

    def ask_return(
        self, payment_id: uuid.UUID, *, account: Bankgiro | None = None, reason: str, caller: Caller
    ) -> RefundView:
        """Ask that a payment that is nobody's goes back to its sender (rule F8); NotFound, RefundRefused."""
        with self.runtime.database.transaction() as session:
            row = ask_of_payment(session, self.runtime, payment_id, account=account, reason=reason, caller=caller)
            return refund_view(row)

    def release_refund(self, refund_id: uuid.UUID, *, caller: Caller) -> RefundView:
        """A second person lets a refund go; NotFound, RefundNotAsked, ReleaseBySamePerson, RefundRefused."""
        lender = self.runtime.settings.lender
        debtor = Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic)
        version = PainVersion(self.runtime.settings.bank.pain_version)
        with self.runtime.database.transaction() as session:
            return refund_view(release(session, self.runtime, refund_id, debtor, version, caller=caller))

    def withdraw_refund(self, refund_id: uuid.UUID, *, caller: Caller) -> RefundView:
        """Nothing is paid back, before it is released; NotFound, RefundNotAsked."""
        with self.runtime.database.transaction() as session:
            return refund_view(withdraw(session, refund_id, caller=caller, at=self.runtime.clock.now()))

    def refunds(self, *, after: uuid.UUID | None = None, limit: int = 100) -> tuple[RefundView, ...]:
        """The refunds that are not over, in the order in which they were asked for."""
        with self.runtime.database.transaction() as session:
            return refunds(session, after=after, limit=limit)

    def refund_cases(self, *, after: uuid.UUID | None = None, limit: int = 100) -> tuple[RefundCase, ...]:
        """The same with to whom and why, for whoever releases them."""
        with self.runtime.database.transaction() as session:
            return refund_cases(session, self.runtime, after=after, limit=limit)

    def carry_refunds(self) -> int:
        """Send what is released and ask about what was sent; how many refunds moved. For the worker."""
        return RefundCarrier(self.runtime, self.bank, self.asked_every).carry()

    def take_answer(self, answer: PayoutAnswer, *, of_file: bool = False) -> bool:
        """What a report of the bank's says of a payment, or *of_file* of its whole file; whether that is a refund."""
        return RefundCarrier(self.runtime, self.bank, self.asked_every).take(answer, of_file=of_file)

    def use_balances(self, on: date, *, progress: Progress = unheard) -> int:
        """Let every credit balance pay what is due on *on* (rule F8); how many did."""
        return use_balances.use_balances(self.runtime, self.sources, on, progress=progress)

    def close_ended(self, on: date, *, progress: Progress = unheard) -> int:
        """Settle the running agreements whose plan has ended and that owe nothing; how many."""
        return make_rounds.close_ended(self.runtime, on, progress=progress)

    def _read_fetched(self, bank_file_id: str, content: bytes) -> None:
        at = self.runtime.clock.now()
        try:
            with self.runtime.database.transaction() as session:
                result = take_file(session, self.runtime, self.sources, content, actor=_BANK, at=at, nobody_waits=True)
                note_fetched(session, bank_file_id, result.file_id, at=at)
        except Refusal as refusal:
            _log.error("payment_file_refused", reason=refusal.slug)
            with self.runtime.database.transaction() as session:
                file_id = keep_refused(session, self.runtime, content, refused=refusal.slug, at=at)
                note_fetched(session, bank_file_id, file_id, at=at)
