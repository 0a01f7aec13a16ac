"""Years of a portfolio, day by day: who is paid out, asked, pays, cancels, redeems; months are charged and closed."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from random import Random
from typing import TypeVar, cast

import sqlalchemy as sa

from agreements.accounting.service import Accounting
from agreements.billing import jobs as billing_jobs
from agreements.cancellation import jobs as cancellation_jobs
from agreements.credit.service import lock_agreement
from agreements.invoices import jobs as invoice_jobs
from agreements.invoices.models import Invoice
from agreements.invoices.services.send_invoices import send
from agreements.invoices.services.show_invoices import lines_of
from agreements.payments import jobs as payment_jobs
from agreements.payments.service import ChosenPart
from agreements.signing.client import BankId
from underwriting.demo.years.bank import BankAtHand
from underwriting.demo.years.borrowers import Plan, enter_signed, plans
from underwriting.demo.years.payers import LATE_KINDS, Asked, PlannedPayment, payments_of
from underwriting.demo.years.proof import Proofs
from underwriting.house import House, bureaus_of, compose
from underwriting.kernel.bank_days import add_bank_days, is_bank_day, next_bank_day
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import Refusal
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_instant
from underwriting.kernel.vocabulary import InvoiceKind, LateCharge, RequestChannel
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import Jobs

MORNING, NOON, NIGHT = time(9), time(12), time(23, 30)
BEGINS_ON = date(2024, 1, 2)  # a Tuesday; the years have a 29 February
_GRANTING_PART = 0.75  # so much of the time new agreements are granted
_LETTERS_A_MONTH = 20
_MATCHED_ON_WEEKDAY = 2
_CLOSED_FROM_DAY = 12  # by then the month's fees are charged and the bank has told of its last days
_DAY = timedelta(days=1)
_REMINDED_AFTER = timedelta(days=10)
_BEFORE_ALL = uuid.UUID(int=0)
_STAFF = "demo"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Due:
    """A payment that a borrower will send; *is_last* when it is to end the agreement: then they pay nothing else."""

    payment: PlannedPayment
    agreement_id: uuid.UUID
    payer: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Borrower:
    """A borrower whose agreement is laid down."""

    plan: Plan
    agreement_id: uuid.UUID
    ocr: str


@dataclass
class Play:
    """*months* of *count* agreements from `BEGINS_ON` on; *counted* is how often what happened."""

    house: House
    bank: BankAtHand
    clock: FixedClock
    count: int
    months: int
    seed: int
    every_pdf: bool = False
    counted: Counter[str] = field(default_factory=Counter)
    proofs: Proofs = field(init=False)
    _borrowers: dict[uuid.UUID, Borrower] = field(default_factory=dict)
    _deeds: dict[date, list[Callable[[], None]]] = field(default_factory=lambda: defaultdict(list))
    _payments: dict[date, list[Due]] = field(default_factory=lambda: defaultdict(list))
    _left: set[uuid.UUID] = field(default_factory=set)
    _last_seen: uuid.UUID = _BEFORE_ALL

    def __post_init__(self) -> None:
        self.proofs = Proofs(self.runtime.database)
        self._chance = Random(self.seed)  # noqa: S311 - what payers do, the same for the same seed
        self._jobs = _jobs_of(self.house)
        self.accounting = Accounting(self.runtime)
        granting = int((self.ends_on - BEGINS_ON).days * _GRANTING_PART)
        last = BEGINS_ON + timedelta(days=granting)
        for plan in plans(self.count, first=BEGINS_ON, last=last, chance=self._chance):
            self._on(plan.granted_on, self._enter, plan)

    @property
    def runtime(self) -> Runtime:
        """The runtime of the house."""
        return self.house.runtime

    @property
    def ends_on(self) -> date:
        """The last day: far enough into the month after the last one for it to be closed."""
        return Month.of(BEGINS_ON).plus(self.months).first_day + timedelta(days=_CLOSED_FROM_DAY)

    def days(self) -> Sequence[date]:
        """All its days."""
        return [BEGINS_ON + timedelta(days=place) for place in range((self.ends_on - BEGINS_ON).days + 1)]

    def live(self, on: date) -> None:
        """Play one day, and begin to prove the books as its evening left them."""
        self._put(on, MORNING)
        for deed in self._deeds.pop(on, ()):
            deed()
        self._put(on, NOON)
        if is_bank_day(on):
            self._trade(on)
        self._put(on, NIGHT)
        self._jobs.run_due(self.clock.now())
        self._read_invoices(on)
        self._close(on)
        self.proofs.prove(on)

    def _put(self, on: date, at: time) -> None:
        self.clock.move_to(stockholm_instant(on, at))

    def _on(self, day: date, deed: Callable[..., None], *of: object) -> None:
        self._deeds[day].append(lambda: deed(*of))

    def _enter(self, plan: Plan) -> None:
        borrower = Borrower(plan, *enter_signed(self.runtime, self.house.payouts, plan))
        self._borrowers[borrower.agreement_id] = borrower
        self.counted["granted"] += 1
        for day, deed in (
            (plan.cancels_on, self._cancel),
            (plan.draws_again_on, self._draw),
            (plan.redeems_on, self._redeem),
        ):
            if day is not None:
                self._on(day, deed, borrower)

    def _cancel(self, borrower: Borrower) -> None:
        found = self._unless_refused(
            "cancelled",
            lambda: self.house.cancellations.request(
                borrower.agreement_id, RequestChannel.PORTAL, received_at=None, actor=_STAFF
            ),
        )
        if found is not None:
            self._left.add(borrower.agreement_id)
            on = add_bank_days(self._today, 1)
            self._plan(borrower, PlannedPayment(on, borrower.ocr, found.total), is_last=True)

    def _draw(self, borrower: Borrower) -> None:
        """The second drawdown. That the register was looked at anew (rule P4) is laid down: no bureau is there."""
        with self.runtime.database.transaction() as session:
            lock_agreement(session, borrower.agreement_id).status_checked_at = self.clock.now()
        rest = borrower.plan.limit - borrower.plan.first_drawdown
        payouts = self.house.payouts
        self._unless_refused("drawn again", lambda: payouts.request_drawdown(borrower.agreement_id, rest, actor=_STAFF))

    def _redeem(self, borrower: Borrower) -> None:
        redemptions = self.house.redemptions
        found = self._unless_refused(
            "redeemed", lambda: redemptions.request(borrower.agreement_id, self._today, actor=_STAFF)
        )
        if found is not None:
            self._left.add(borrower.agreement_id)
            payment = PlannedPayment(next_bank_day(self._today), borrower.ocr, found.total)
            self._plan(borrower, payment, is_last=True)

    def _unless_refused(self, what: str, deed: Callable[[], _Result]) -> _Result | None:
        """What *deed* gives; None where a rule of the product refuses it, as it would a borrower."""
        try:
            result = deed()
        except Refusal:
            self.counted[f"{what}: refused"] += 1
            return None
        self.counted[what] += 1
        return result

    def _trade(self, on: date) -> None:
        """A day at the bank: payouts go out, and what payers sent comes in by one file."""
        house = self.house
        house.payouts.send_due()
        house.payouts.read_answers()
        house.cancellations.take_answers()
        due = [one for one in self._payments.pop(on, ()) if one.is_last or one.agreement_id not in self._left]
        if due:
            self.bank.receive([(one.payment, one.payer) for one in due])
            house.payments.fetch_files()
            self.counted["payments"] += len(due)
        if on.weekday() == _MATCHED_ON_WEEKDAY:
            self._match()

    def _match(self) -> None:
        """Somebody in billing takes the likeliest of what the product suggests."""
        for waiting in self.house.payments.unmatched():
            if waiting.amount > Money.ZERO:
                self._match_one(waiting.id)

    def _match_one(self, payment_id: uuid.UUID) -> None:
        payments = self.house.payments
        suggestions = payments.look_into(payment_id).suggestions
        if suggestions:
            part = ChosenPart(suggestions[0].agreement_id, invoice_id=suggestions[0].invoice_id)
            self._unless_refused("matched by hand", lambda: payments.match(payment_id, [part], actor=_STAFF))

    def _read_invoices(self, on: date) -> None:
        """Every borrower reads what came today, and makes up their mind."""
        with self.runtime.database.transaction() as session:
            new = session.execute(
                sa.select(
                    Invoice.id, Invoice.agreement_id, Invoice.number, Invoice.ocr, Invoice.payable_ore, Invoice.due_on
                )
                .where(Invoice.kind == str(InvoiceKind.INVOICE), Invoice.id > self._last_seen)
                .order_by(Invoice.number)
            ).all()
        if not new:
            return
        self._last_seen = max(row.id for row in new)
        self.counted["invoices"] += len(new)
        for row in new:
            asked = Asked(row.number, row.ocr, Money(row.payable_ore), row.due_on)
            borrower = self._borrowers[row.agreement_id]
            for payment in payments_of(borrower.plan.kind, asked, today=on + _DAY, chance=self._chance):
                self._plan(borrower, payment)
            if borrower.plan.kind in LATE_KINDS:
                self._on(asked.due_on + _REMINDED_AFTER, self._remind, row.id)
        self._send([row.id for row in new])

    def _remind(self, invoice_id: uuid.UUID) -> None:
        """A reminder, with its fee, to who is known to pay late (rule R4)."""
        charge = self.house.late_payment.charge
        self._unless_refused("reminded", lambda: charge(invoice_id, LateCharge.REMINDER, actor=_STAFF))

    def _send(self, invoice_ids: Sequence[uuid.UUID]) -> None:
        """Make PDFs of a few, and send them; of all where that was asked for."""
        if self.every_pdf:
            self.counted["PDFs"] += self.house.invoices.send_issued()
            return
        at = self.clock.now()
        with self.runtime.database.transaction() as session:
            chosen = invoice_ids[:_LETTERS_A_MONTH]
            rows = session.scalars(sa.select(Invoice).where(Invoice.id.in_(chosen)).order_by(Invoice.id)).all()
            lines = lines_of(session, chosen)
            for row in rows:
                send(session, self.runtime, row, lines[row.id], at=at)
        self.counted["PDFs"] += len(rows)

    def _plan(self, borrower: Borrower, payment: PlannedPayment, *, is_last: bool = False) -> None:
        due = Due(payment, borrower.agreement_id, borrower.plan.name, is_last)
        self._payments[payment.on].append(due)

    def _close(self, on: date) -> None:
        """Close the month before once it is over and its facts are in (rule F9)."""
        if on.day == _CLOSED_FROM_DAY and Month.of(on).previous() >= Month.of(BEGINS_ON):
            self.accounting.close(Month.of(on).previous(), actor=_STAFF)
            self.counted["months closed"] += 1

    @property
    def _today(self) -> date:
        return self.clock.now().date()


def house_at(runtime: Runtime, bank: BankAtHand) -> House:
    """The house over *runtime* with *bank*; nobody signs in it, and each company was looked at on its first day."""
    return compose(runtime, bankid=cast(BankId, None), bank=bank, bureaus=bureaus_of(runtime.settings))


def _jobs_of(house: House) -> Jobs:
    """The daily jobs that have to do with money, as the worker runs them; the proof of the books is made elsewhere."""

    def read_answers() -> None:
        house.payouts.read_answers()
        house.payments.fetch_files()

    return Jobs(
        house.runtime,
        continuous=(),
        periodic=(
            *cancellation_jobs.daily(house.cancellations, read_answers=read_answers),
            *payment_jobs.daily(house.payments),
            *billing_jobs.daily(house.runtime, read_answers=read_answers),
            *invoice_jobs.daily(house.invoices),
        ),
    )
