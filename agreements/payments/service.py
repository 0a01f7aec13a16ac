"""Incoming payments: files of the bank, read once, matched by OCR and allocated to what is due (rules F7, F8).

What ends an agreement (a redemption, a cancellation) is known to features above this one. They say so through
`SettlementSource`: what sum is waited for, and what happens when a payment covers it.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.billing.service import instalments_of
from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.rules import PostingKind
from agreements.payments import formats, rules
from agreements.payments.models import IncomingPayment, PaymentFile
from agreements.payments.rules import Claim, Settlement
from agreements.payouts.client import Bank
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Account
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

_CONTENT = "payment_file.content"
_FEES = (
    (PostingKind.MONTHLY_FEE, Account.FEE_RECEIVABLE),
    (PostingKind.CANCELLATION_FEE, Account.CANCELLATION_FEE_RECEIVABLE),
)


class SettlementSource(Protocol):
    """A feature that may be waiting for a sum that ends an agreement."""

    def waiting(self, session: Session, agreement: Agreement, *, booked_on: date) -> Settlement | None:
        """What is waited for on the locked *agreement*, for money booked on that day; None when nothing is."""
        ...

    def settle(self, session: Session, agreement: Agreement, *, booked_on: date, at: datetime) -> None:
        """The sum has arrived: do what follows. Called before the payment itself is booked."""
        ...


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file: payments booked on an agreement, and payments that wait for a person."""

    file_id: uuid.UUID
    matched: int
    unmatched: int


@dataclass(frozen=True, slots=True)
class UnmatchedPayment:
    """A payment that has found no agreement; a negative amount is a deduction."""

    id: uuid.UUID
    booked_on: date
    reference: str
    amount: Money


@dataclass(frozen=True)
class Payments:
    """Takes what the bank tells of money that came in. *sources* are asked in order."""

    runtime: Runtime
    bank: Bank
    sources: Sequence[SettlementSource]

    def fetch_files(self) -> int:
        """Fetch and read what the bank has that we have not; how many files. A continuous job."""
        with self.runtime.database.transaction() as session:
            latest = session.scalar(
                sa.select(PaymentFile.bank_file_id)
                .where(PaymentFile.bank_file_id.is_not(None))
                .order_by(PaymentFile.id.desc())
                .limit(1)
            )
        files = self.bank.incoming_files(latest)
        for bank_file_id, content in files:
            self.read_file(content, bank_file_id=bank_file_id)
        return len(files)

    def read_file(self, content: bytes, *, bank_file_id: str | None = None) -> FileResult:
        """Read a BgMax file, all of it or nothing; the same content again changes nothing (rule F7).

        Raises PaymentFileRefused, naming the line.
        """
        parsed = formats.parse(content)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            file_id = self._keep(session, content, bank_file_id, at)
            if file_id is None:
                return self._earlier(session, content)
            for deposit in parsed.deposits:
                for payment in deposit.payments:
                    self._take(session, file_id, deposit, payment, at)
            result = _result(session, file_id)
            data = {"matched": result.matched, "unmatched": result.unmatched}
            audit_log.append(session, f"payment-file:{file_id}", "payment_file.read", actor="bank", at=at, data=data)
        return result

    def unmatched(self) -> tuple[UnmatchedPayment, ...]:
        """What waits for a person, oldest first."""
        with self.runtime.database.transaction() as session:
            rows = session.scalars(
                sa.select(IncomingPayment)
                .where(IncomingPayment.agreement_id.is_(None))
                .order_by(IncomingPayment.booked_on, IncomingPayment.id)
            ).all()
        return tuple(UnmatchedPayment(row.id, row.booked_on, row.reference, Money(row.amount_ore)) for row in rows)

    def use_balance(self, session: Session, agreement: Agreement, *, on: date, occasion: str, at: datetime) -> None:
        """Let the locked *agreement*'s credit balance pay what is due on *on*; once for each *occasion*."""
        allocation = self._allocate(session, agreement, Money.ZERO, booked_on=on, at=at)
        if allocation.lines:
            key = f"balance-used:{agreement.id}:{occasion}"
            posting = postings.balance_used(allocation.lines, business_key=key, occurred_on=on)
            ledger.post(session, agreement.id, posting, at=at)

    def _keep(self, session: Session, content: bytes, bank_file_id: str | None, at: datetime) -> uuid.UUID | None:
        file_id: uuid.UUID | None = session.scalar(
            insert(PaymentFile)
            .values(
                sha256=hashlib.sha256(content).digest(),
                bank_file_id=bank_file_id,
                content_encrypted=self.runtime.cipher.encrypt(content, context=_CONTENT),
                received_at=at,
            )
            .on_conflict_do_nothing()
            .returning(PaymentFile.id)
        )
        return file_id

    def _earlier(self, session: Session, content: bytes) -> FileResult:
        digest = hashlib.sha256(content).digest()
        return _result(session, session.scalars(sa.select(PaymentFile.id).where(PaymentFile.sha256 == digest)).one())

    def _take(
        self,
        session: Session,
        file_id: uuid.UUID,
        deposit: formats.Deposit,
        payment: formats.IncomingPayment,
        at: datetime,
    ) -> None:
        if not payment.amount:
            return
        agreement_id = _agreement_of(session, payment)
        row_id = session.scalar(
            insert(IncomingPayment)
            .values(
                file_id=file_id,
                bankgiro=deposit.bankgiro.digits,
                booked_on=deposit.booked_on,
                deposit_serial=deposit.serial,
                payment_serial=payment.serial,
                reference=payment.reference,
                amount_ore=payment.signed_amount.ore,
                agreement_id=agreement_id,
                recorded_at=at,
            )
            .on_conflict_do_nothing()
            .returning(IncomingPayment.id)
        )
        if row_id is not None and agreement_id is not None:
            self._book(session, row_id, agreement_id, payment.amount, deposit.booked_on, at)

    def _book(
        self, session: Session, payment_id: uuid.UUID, agreement_id: uuid.UUID, amount: Money, on: date, at: datetime
    ) -> None:
        agreement = lock_agreement(session, agreement_id)
        allocation = self._allocate(session, agreement, amount, booked_on=on, at=at)
        posting = postings.incoming_payment(allocation.lines, payment_id=payment_id, booked_on=on)
        ledger.post(session, agreement_id, posting, at=at)
        audit_log.append(
            session,
            f"agreement:{agreement_id}",
            "payment.booked",
            actor="bank",
            at=at,
            data={"payment": str(payment_id), "amount": str(amount)},
        )

    def _allocate(
        self, session: Session, agreement: Agreement, amount: Money, *, booked_on: date, at: datetime
    ) -> rules.Allocation:
        waiting = [(source, source.waiting(session, agreement, booked_on=booked_on)) for source in self.sources]
        source, settlement = next(((one, sum_) for one, sum_ in waiting if sum_ is not None), (None, None))
        allocation = rules.allocate(
            amount,
            booked_on=booked_on,
            claims=claims_of(session, agreement.id),
            credit_balance=credit_balance(session, agreement.id),
            settlement=settlement,
        )
        if allocation.settles and source is not None:
            source.settle(session, agreement, booked_on=booked_on, at=at)
        return allocation


def claims_of(session: Session, agreement_id: uuid.UUID) -> tuple[Claim, ...]:
    """What the borrower owes, by account and due day; principal falls due by the plan."""
    balances = ledger.balances(session, agreement_id)
    entries = ledger.entries(session, agreement_id)
    taken_back = {entry.reverses_id for entry in entries}
    claims: list[Claim] = []
    for kind, account in _FEES:
        charged = [
            (entry.posting.occurred_on, Money.sum(line.amount for line in entry.posting.lines))
            for entry in entries
            if entry.posting.kind is kind and entry.id not in taken_back
        ]
        paid = Money.sum(amount for _, amount in charged) - balances[account]
        claims += rules.open_claims(account, charged=charged, paid=paid)
    planned = [(part.due_on, part.amount) for part in instalments_of(session, agreement_id)]
    repaid = Money.sum(amount for _, amount in planned) - balances[Account.PRINCIPAL]
    return (*claims, *rules.open_claims(Account.PRINCIPAL, charged=planned, paid=max(repaid, Money.ZERO)))


def credit_balance(session: Session, agreement_id: uuid.UUID) -> Money:
    """What the borrower has paid beyond what was due."""
    return -ledger.balances(session, agreement_id)[Account.CREDIT_BALANCE]


def _agreement_of(session: Session, payment: formats.IncomingPayment) -> uuid.UUID | None:
    if payment.deduction is not None or payment.extra_references:
        return None
    reference = payment.reference.lstrip("0")
    return session.scalar(sa.select(Agreement.id).where(Agreement.ocr == reference)) if reference else None


def _result(session: Session, file_id: uuid.UUID) -> FileResult:
    matched, total = session.execute(
        sa.select(sa.func.count(IncomingPayment.agreement_id), sa.func.count()).where(
            IncomingPayment.file_id == file_id
        )
    ).one()
    return FileResult(file_id, matched, total - matched)
