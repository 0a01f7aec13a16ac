"""Agreements that are paid out and money that comes back: the services, with the bank's stand-in on the wire."""

import itertools
import pickle
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from agreements.cancellation.service import Cancellations
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.service import GuarantorDetails, get_agreement, grant, lock_agreement, move
from agreements.guarantees import service as guarantees
from agreements.ledger import service as ledger
from agreements.payments.service import FileResult, Payments
from agreements.payouts.formats import Debtor
from agreements.payouts.sandbox.bgmax import Received, write
from agreements.payouts.service import Payouts
from agreements.payouts.services.order_payout import order
from agreements.payouts.services.write_file import FileTerms
from agreements.reconciliation.service import Finding, broken
from agreements.redemption.service import Redemptions
from tests.support.bank_stand_in import LENDER_BANKGIRO, BankWorld
from tests.support.credit import ERIK, NoReports, granted_terms
from tests.support.remembered import Beginnings
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, stockholm_date
from underwriting.kernel.vocabulary import Account, AgreementState, GuaranteeState, PayoutState
from underwriting.platform import audit_log, outbox
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

LIMIT = Money.kronor(120_000)
RATE = Decimal("0.02")  # of 120 000 kr: 2 400 kr a month
PART = Money.kronor(10_000)  # 120 000 / 12 months
FEE = Money.kronor(2_400)
CANCELLATION_FEE = Money.kronor(1_500)

Payment = tuple[Agreement | str, Money, date]
"""To whom by OCR (or a reference as written), how much, and the day of booking."""


@dataclass
class RunningWorld:
    """The services of agreements' lives, composed as the application composes them."""

    runtime: Runtime
    clock: FixedClock
    wall: FixedClock
    bank: BankWorld
    payouts: Payouts
    payments: Payments
    cancellations: Cancellations
    redemptions: Redemptions
    _serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @cached_property
    def beginnings(self) -> Beginnings:
        """What a test begins with, walked once and then put back."""
        return Beginnings(self.runtime, (self.clock, self.wall, self.bank.clock), self.bank)

    def to(self, text: str) -> datetime:
        """Put every clock at a Stockholm time, `2026-03-02 15:59:59`; the instant."""
        at = datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)
        for clock in (self.clock, self.wall, self.bank.clock):
            clock.move_to(at)
        return self.clock.now()

    def granted(self, **changes: Any) -> Agreement:
        """120 000 kr at 2 % a month over 12 months, granted now; Erik guarantees it."""
        return self._begun("granted", self._grant, changes)

    def signed(self, **changes: Any) -> Agreement:
        """The same with every signature, so that the first payout is ordered."""
        return self._begun("signed", self._sign, changes)

    def running(self, **changes: Any) -> Agreement:
        """The same paid out at once."""
        return self._begun("running", self._pay_out, changes)

    def _begun(self, name: str, walk: Callable[..., Agreement], changes: dict[str, Any]) -> Agreement:
        told = name, pickle.dumps((changes, self.runtime.terms))  # the terms may be others by now
        agreement_id = self.beginnings.begin(told, lambda: walk(**changes).id)
        with self.runtime.database.transaction() as session:
            return get_agreement(session, agreement_id)

    def _grant(self, **changes: Any) -> Agreement:
        at = self.clock.now()
        guarantor = (ERIK, GuarantorDetails("Erik Sandström", "erik@exempel.example", "+46701234568"))
        terms = granted_terms(
            at, **({"limit": LIMIT, "fee_rate": RATE, "term_months": 12, "guarantors": (guarantor,)} | changes)
        )
        with self.runtime.database.transaction() as session:
            return grant(session, self.runtime, terms, at=at)

    def _sign(self, **changes: Any) -> Agreement:
        agreement = self.granted(**changes)
        at = self.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement.id)
            for guarantee in guarantees.of_agreement(session, agreement.id):
                guarantees.record_signature(session, guarantee, actor="test", at=at)
            facts = AgreementFacts(company_signed=True, guarantees_signed=True)
            move(session, agreement, AgreementEvent.SIGNATURES_COMPLETE, at=at, actor="test", facts=facts)
            agreement.signed_at = at
            first = Money(agreement.first_drawdown_ore)
            order(session, self.runtime, agreement, first, actor="test", at=at)
            return agreement

    def _pay_out(self, **changes: Any) -> Agreement:
        agreement = self.signed(**changes)
        self.work()
        return self.now(agreement)

    def work(self) -> None:
        """Everything that the worker can do without waiting."""
        while (
            self.payouts.send_due()
            + self.payouts.reconcile_due()
            + self.payments.fetch_files()
            + self.cancellations.take_answers()
        ):
            pass

    def later(self, **length: float) -> None:
        """Let the machine's clock move on while business time stands still, and do what is due."""
        self.wall.move_to(self.wall.now() + timedelta(**length))
        self.work()

    def file(self, *payments: Payment, serial: int | None = None) -> bytes:
        """A BgMax file of *payments*, booked on the day of the first."""
        received = [
            Received(next(self._serials), to if isinstance(to, str) else str(to.ocr), amount, "")
            for to, amount, _ in payments
        ]
        return write(
            received,
            bankgiro=LENDER_BANKGIRO,
            account="58410000010098",
            booked_on=payments[0][2],
            deposit_serial=serial or next(self._serials),
            created_at=self.clock.now(),
        )

    def pay(self, agreement: Agreement, amount: Money, *, on: str | None = None) -> FileResult:
        """Have the bank tell of a payment by the borrower, booked on *on* or today."""
        day = date.fromisoformat(on) if on else stockholm_date(self.clock.now())
        return self.payments.read_file(self.file((agreement, amount, day)), actor="staff:1")

    def now(self, agreement: Agreement) -> Agreement:
        """The agreement as it stands."""
        with self.runtime.database.transaction() as session:
            found = get_agreement(session, agreement.id)
            session.refresh(found)
            return found

    def state(self, agreement: Agreement) -> AgreementState:
        """The agreement's state."""
        return AgreementState(self.now(agreement).state)

    def balances(self, agreement: Agreement) -> dict[Account, Money]:
        """Each account that does not stand at zero."""
        with self.runtime.database.transaction() as session:
            standing = ledger.balances(session, agreement.id)
        return {account: amount for account, amount in standing.items() if amount}

    def owed(self, agreement: Agreement) -> dict[Account, Money]:
        """What the borrower owes, by account, and under the credit balance what is the borrower's, as a negative."""
        ours = (Account.BANK, Account.FEE_INCOME, Account.CANCELLATION_FEE_INCOME)
        return {account: amount for account, amount in self.balances(agreement).items() if account not in ours}

    def guarantee_states(self, agreement: Agreement) -> set[GuaranteeState]:
        """The states of the agreement's guarantees."""
        with self.runtime.database.transaction() as session:
            return {GuaranteeState(one.state) for one in guarantees.of_agreement(session, agreement.id)}

    def payout_states(self, agreement: Agreement) -> list[PayoutState]:
        """The state of each drawdown's payout, in order."""
        return [view.payout_state for view in self.payouts.drawdowns(agreement.id)]

    def told(self, agreement: Agreement) -> list[str]:
        """The kinds of messages that were written about the agreement."""
        with self.runtime.database.transaction() as session:
            query = sa.select(OutboxMessage.kind).where(OutboxMessage.business_key.contains(str(agreement.id)))
            return list(session.scalars(query.order_by(OutboxMessage.id)))

    def letters(self, kind: str) -> list[outbox.Message]:
        """The messages of one kind that were written, in order."""
        with self.runtime.database.transaction() as session:
            query = sa.select(OutboxMessage.id).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
            return [outbox.get(session, self.runtime, message_id) for message_id in session.scalars(query)]

    def agreements(self) -> list[Agreement]:
        """Every agreement that there is."""
        with self.runtime.database.transaction() as session:
            return list(session.scalars(sa.select(Agreement).order_by(Agreement.id)))

    def actions(self, agreement: Agreement) -> list[str]:
        """What the audit log says has happened to the agreement."""
        with self.runtime.database.transaction() as session:
            return [entry.action for entry in audit_log.entries_of(session, f"agreement:{agreement.id}")]

    def faults(self) -> tuple[Finding, ...]:
        """What is wrong with the books, and with what stands beside them (rule F6)."""
        return broken(self.runtime.database)


def running_world(runtime: Runtime, clock: FixedClock, bank: BankWorld) -> RunningWorld:
    """The services on *runtime*, with a wall clock that stands where its clock stands."""
    wall = FixedClock(clock.now())
    runtime = replace(runtime, wall=wall)
    lender = runtime.settings.lender
    terms = FileTerms(Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic))
    client = bank.client()
    cancellations, redemptions = Cancellations(runtime), Redemptions(runtime)
    return RunningWorld(
        runtime=runtime,
        clock=clock,
        wall=wall,
        bank=bank,
        payouts=Payouts(runtime, client, NoReports(), terms),
        payments=Payments(runtime, client, (cancellations, redemptions)),
        cancellations=cancellations,
        redemptions=redemptions,
    )


def actor(number: int = 1) -> str:
    """A member of staff."""
    return f"staff:{uuid.UUID(int=number)}"
