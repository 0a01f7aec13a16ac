"""The fee run's SQL against the pure function that explains a fee, on random histories in the real database."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from agreements.billing.models import MonthlyFee
from agreements.billing.rules import Movement, MovementKind, explain_fee
from agreements.billing.service import charge_month, explain
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import Instalment
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import Line
from tests.conftest import LONG
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, AgreementState, CompanyForm, WindowPolicy
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

GRANTED_AT = datetime(2025, 12, 1, 9, tzinfo=UTC)
CHARGED_AT = datetime(2026, 4, 1, 18, tzinfo=UTC)
MONTHS = (Month(2026, 1), Month(2026, 2), Month(2026, 3))
_numbers = itertools.count()

# Few days, the edges of months among them, and amounts of like size: so that bookings meet on a day and levels cross.
days = st.sampled_from([date(2026, month, day) for month in (1, 2, 3) for day in (1, 2, 14)]) | st.sampled_from(
    [month.end - timedelta(days=1) for month in MONTHS]
)
amounts = st.sampled_from([1, 100, 10_000, 20_000, 25_000, 30_000_000]) | st.integers(1, 50_000)


@dataclass(frozen=True)
class Event:
    """A booking of principal, perhaps with a fee beside it, perhaps taken back."""

    on: date
    kind: MovementKind
    ore: int
    from_credit: bool
    with_fee: bool
    reversed_on: date | None


@dataclass(frozen=True)
class History:
    """One agreement: its bookings in the order in which they were made, its plan, its rate."""

    events: tuple[Event, ...]
    plan: tuple[tuple[date, int], ...]
    rate: Decimal
    state: AgreementState

    @property
    def movements(self) -> tuple[Movement, ...]:
        """The principal that counts: what was taken back never moved."""
        return tuple(
            Movement(event.on, order, event.kind, Money(event.ore))
            for order, event in enumerate(self.events)
            if event.reversed_on is None
        )

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """The plan, as the rules read it."""
        return tuple(Instalment(number, on, Money(ore)) for number, (on, ore) in enumerate(sorted(self.plan), start=1))


events = st.builds(
    Event,
    on=days,
    kind=st.sampled_from(MovementKind),
    ore=amounts,
    from_credit=st.booleans(),
    with_fee=st.booleans(),
    reversed_on=st.none() | st.none() | st.none() | days,
)
histories = st.builds(
    History,
    events=st.lists(events, max_size=9).map(tuple),
    plan=st.lists(st.tuples(days, amounts), max_size=5).map(tuple),
    rate=st.sampled_from([Decimal("0.02"), Decimal("0.015")])
    | st.decimals(Decimal("0.000001"), Decimal("0.099999"), places=6),
    state=st.sampled_from([AgreementState.RUNNING] * 3 + [AgreementState.CANCELLING, AgreementState.CANCELLED]),
)


@settings(
    max_examples=1000 if LONG else 30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(portfolio=st.lists(histories, min_size=1, max_size=8), chunk=st.integers(1, 8))
def test_the_sql_charges_what_the_pure_function_explains(
    committed_runtime: Runtime, monkeypatch: pytest.MonkeyPatch, portfolio: list[History], chunk: int
) -> None:
    """F2: and F1, F10: each month of each agreement, whatever was drawn, repaid, taken back or planned."""
    monkeypatch.setattr("agreements.billing.services.charge_month.AGREEMENTS_AT_ONCE", chunk)
    with rolled_back(committed_runtime) as runtime:
        with runtime.database.transaction() as session:
            agreements = [put(session, history) for history in portfolio]
        for month in MONTHS:
            expected = {
                agreement.id: explain_fee(
                    month, movements=history.movements, instalments=history.instalments, rate=history.rate
                )
                for agreement, history in zip(agreements, portfolio, strict=True)
            }
            charged = {
                id_: (fee.basis.ore, fee.fee.ore)
                for (id_, fee), history in zip(expected.items(), portfolio, strict=True)
                if fee.basis and history.state is not AgreementState.CANCELLED
            }
            result = charge_month(runtime, month)
            assert charge_month(runtime, month).count == 0
            with runtime.database.transaction() as session:
                assert fees_of_month(session, month) == charged
                assert booked_of_month(session, month) == {id_: fee for id_, (_, fee) in charged.items() if fee}
                for agreement in agreements:
                    explained = explain(session, agreement, month)
                    assert (explained.basis, explained.days) == (
                        expected[agreement.id].basis,
                        expected[agreement.id].days,
                    )
            assert (result.count, result.charged.ore) == (len(charged), sum(fee for _, fee in charged.values()))


@contextmanager
def rolled_back(runtime: Runtime) -> Iterator[Runtime]:
    """*runtime* on a transaction of its database that leaves nothing behind."""
    with runtime.database.engine.connect() as connection:
        transaction = connection.begin()
        yield replace(runtime, database=Database.bound_to(connection), clock=FixedClock(CHARGED_AT))
        transaction.rollback()


def put(session: Session, history: History) -> Agreement:
    """An agreement with that history."""
    agreement = Agreement(
        application_id=uuid.uuid4(),
        state=str(history.state),
        company_form=str(CompanyForm.AB),
        company_encrypted=b"",
        company_index=b"",
        signatory_index=b"",
        details_encrypted=b"",
        limit_ore=1,
        first_drawdown_ore=1,
        fee_rate=history.rate,
        term_months=12,
        terms_version="v1",
        cancellation_fee_ore=0,
        same_day_cancellation_fee_ore=0,
        cancellation_days=5,
        window_policy=str(WindowPolicy.CALENDAR),
        granted_at=GRANTED_AT,
        sign_by=GRANTED_AT,
        status_checked_at=GRANTED_AT,
        ended_at=GRANTED_AT if history.state is AgreementState.CANCELLED else None,
    )
    session.add(agreement)
    session.flush()
    session.add_all(
        PlannedInstalment(
            agreement_id=agreement.id,
            drawdown_id=agreement.id,
            number=part.number,
            due_on=part.due_on,
            amount_ore=part.amount.ore,
        )
        for part in history.instalments
    )
    for event in history.events:
        entry = ledger.post(session, agreement.id, posting(event), at=GRANTED_AT)
        if entry is not None and event.reversed_on is not None:
            ledger.reverse(session, entry, occurred_on=event.reversed_on, at=GRANTED_AT)
    return agreement


def posting(event: Event) -> postings.Posting:
    """What is booked for *event*."""
    amount, number = Money(event.ore), next(_numbers)
    if event.kind is MovementKind.DRAWDOWN:
        return postings.payout(amount, payout_id=number, booked_on=event.on)
    source = Account.CREDIT_BALANCE if event.from_credit else Account.BANK
    lines = [Line(source, Account.PRINCIPAL, amount)]
    if event.with_fee:
        lines.insert(0, Line(source, Account.FEE_RECEIVABLE, Money(100)))
    if event.from_credit:
        return postings.balance_used(lines, business_key=f"balance-used:{number}", occurred_on=event.on)
    return postings.incoming_payment(lines, payment_id=number, booked_on=event.on)


def fees_of_month(session: Session, month: Month) -> dict[object, tuple[int, int]]:
    """Basis and fee, by agreement."""
    rows = session.execute(
        sa.select(MonthlyFee.agreement_id, MonthlyFee.basis_ore, MonthlyFee.fee_ore).where(
            MonthlyFee.month == month.first_day
        )
    )
    return {agreement_id: (basis, fee) for agreement_id, basis, fee in rows}


def booked_of_month(session: Session, month: Month) -> dict[object, int]:
    """What the ledger says was charged on the month's last day, by agreement."""
    rows = session.execute(
        sa.select(LedgerEntry.agreement_id, LedgerLine.amount_ore)
        .join(LedgerLine, LedgerLine.entry_id == LedgerEntry.id)
        .where(
            LedgerEntry.kind == "monthly_fee",
            LedgerEntry.occurred_on == month.end - timedelta(days=1),
            LedgerLine.occurred_on == LedgerEntry.occurred_on,
            LedgerLine.debit_account == str(Account.FEE_RECEIVABLE),
            LedgerLine.credit_account == str(Account.FEE_INCOME),
            LedgerEntry.business_key.endswith(f":{month}"),
        )
    )
    return {agreement_id: ore for agreement_id, ore in rows}  # noqa: C416 — typed rows
