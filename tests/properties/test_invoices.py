"""The statement that issues invoices against the pure function that explains one, on random histories."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from agreements.billing.models import FeeRun
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.invoices.models import Invoice, InvoiceLine
from agreements.invoices.rules import CHARGES, Charge, Draft, compose, reference_of
from agreements.invoices.services.issue_invoices import issue_period
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.rules import Line
from tests.conftest import LONG
from tests.properties.test_fee_run import History, put, rolled_back
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, AgreementState, InvoiceDelivery, InvoiceLineKind
from underwriting.platform.runtime import Runtime

ISSUED = (datetime(2026, 4, 1, 19, tzinfo=UTC), datetime(2026, 5, 4, 19, tzinfo=UTC))
FIRST = Month(2026, 4)
PAPER_FEE = Money.kronor(59)
EMPTY = History((), (), Decimal("0.02"), AgreementState.RUNNING)


@dataclass(frozen=True)
class Debt:
    """One agreement: fees with their months, of which some are taken back, and its plan."""

    fees: tuple[tuple[Month, int, bool], ...]
    plan: tuple[tuple[date, int], ...]
    balance_ore: int
    on_paper: bool
    state: AgreementState


months = st.sampled_from([Month(2026, month) for month in (2, 3, 4)])
due_days = st.sampled_from([date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 29), date(2026, 6, 30)])
amounts = st.sampled_from([1, 49, 50, 100, 10_000, 833_333]) | st.integers(1, 5_000_000)
debts = st.builds(
    Debt,
    fees=st.lists(
        st.tuples(months, amounts, st.sampled_from([False, False, True])), max_size=3, unique_by=lambda f: f[0]
    ).map(tuple),
    plan=st.lists(st.tuples(due_days, amounts), max_size=4, unique_by=lambda part: part[0]).map(tuple),
    balance_ore=st.sampled_from([0, 0, 1, 12_345]),
    on_paper=st.booleans(),
    state=st.sampled_from([AgreementState.RUNNING] * 4 + [AgreementState.CANCELLING, AgreementState.REDEEMED]),
)


@settings(
    max_examples=500 if LONG else 20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(portfolio=st.lists(debts, min_size=1, max_size=6), chunk=st.integers(1, 6))
def test_the_sql_issues_what_the_pure_function_explains(
    committed_runtime: Runtime, monkeypatch: pytest.MonkeyPatch, portfolio: list[Debt], chunk: int
) -> None:
    """F5: and F4: two months, one after the other, in chunks of any size; numbers without gaps."""
    monkeypatch.setattr("agreements.invoices.services.issue_invoices.AGREEMENTS_AT_ONCE", chunk)
    with rolled_back(committed_runtime) as runtime:
        with runtime.database.transaction() as session:
            agreements = [_put(session, debt) for debt in portfolio]
            session.add_all(
                FeeRun(month=month.first_day, started_at=at, finished_at=at, charged_count=0, charged_ore=0)
                for month, at in ((FIRST.previous(), ISSUED[0]), (FIRST, ISSUED[1]))
            )
        left_out = dict.fromkeys((agreement.id for agreement in agreements), Money.ZERO)
        asked: set[object] = set()
        for period, at in zip((FIRST, FIRST.next()), ISSUED, strict=True):
            moved = replace(runtime, clock=FixedClock(at))
            expected = {}
            for agreement, debt in zip(agreements, portfolio, strict=True):
                draft = _draft(agreement, debt, period, at.date(), left_out, asked)
                if draft is not None:
                    expected[agreement.id] = draft
                    left_out[agreement.id] -= draft.rounding
            run = issue_period(moved, period)
            assert run.count == len(expected)
            with runtime.database.transaction() as session:
                assert _issued(session, period) == {
                    id_: (draft.total, draft.payable, [(one.kind, one.amount, one.arose_on) for one in draft.charges])
                    for id_, draft in expected.items()
                }
        with runtime.database.transaction() as session:
            rows = session.execute(sa.select(Invoice.number, Invoice.ocr).order_by(Invoice.number)).all()
            assert [number for number, _ in rows] == [202600000001 + place for place in range(len(rows))]
            assert all(ocr == reference_of(number) for number, ocr in rows)
            assert ledger.check(session) == ()


def _put(session: Session, debt: Debt) -> Agreement:
    agreement = put(session, replace(EMPTY, state=debt.state))
    agreement.invoice_delivery = "paper" if debt.on_paper else "email"
    session.add_all(
        PlannedInstalment(agreement_id=agreement.id, drawdown_id=agreement.id, number=number, due_on=on, amount_ore=ore)
        for number, (on, ore) in enumerate(sorted(debt.plan), start=1)
    )
    at = ISSUED[0]
    drawn = sum(ore for _, ore in debt.plan)
    if drawn:
        posting = postings.payout(Money(drawn), payout_id=agreement.id, booked_on=date(2026, 2, 2))
        ledger.post(session, agreement.id, posting, at=at)
    for month, ore, is_reversed in debt.fees:
        fee = postings.monthly_fee(
            Money(ore), agreement_id=agreement.id, month=month, occurred_on=date(month.year, month.month, 28)
        )
        entry = ledger.post(session, agreement.id, fee, at=at)
        assert entry is not None
        if is_reversed:
            ledger.reverse(session, entry, occurred_on=date(2026, 4, 1), at=at)
    if debt.balance_ore:
        lines = [Line(Account.BANK, Account.CREDIT_BALANCE, Money(debt.balance_ore))]
        payment = postings.incoming_payment(lines, payment_id=agreement.id, booked_on=date(2026, 3, 1))
        ledger.post(session, agreement.id, payment, at=at)
    session.flush()
    return agreement


def _draft(
    agreement: Agreement, debt: Debt, period: Month, on: date, left_out: dict[uuid.UUID, Money], asked: set[object]
) -> Draft | None:
    """The invoice that is due, by the rules: the first run draws the line at the month before it."""
    if debt.state is not AgreementState.RUNNING:
        return None
    kind, account = CHARGES[postings.PostingKind.MONTHLY_FEE]
    wanted = {
        (agreement.id, month): Charge(kind, account, Money(ore), date(month.year, month.month, 28))
        for month, ore, is_reversed in debt.fees
        if not is_reversed and month >= FIRST.previous()
    } | {
        (agreement.id, due): Charge(InvoiceLineKind.INSTALMENT, Account.PRINCIPAL, Money(ore), due)
        for due, ore in debt.plan
        if FIRST.first_day <= due < period.end
    }
    new = {key: charge for key, charge in wanted.items() if key not in asked}
    draft = compose(
        new.values(),
        delivery=InvoiceDelivery.PAPER if debt.on_paper else InvoiceDelivery.EMAIL,
        paper_fee=PAPER_FEE,
        issued_on=on,
        left_out=left_out[agreement.id],
    )
    asked |= set(new)
    return draft


def _issued(
    session: Session, period: Month
) -> dict[uuid.UUID, tuple[Money, Money, list[tuple[InvoiceLineKind, Money, date]]]]:
    found = {}
    for row in session.scalars(sa.select(Invoice).where(Invoice.period == period.first_day)):
        query = sa.select(InvoiceLine).where(InvoiceLine.invoice_id == row.id).order_by(InvoiceLine.number)
        lines = [(InvoiceLineKind(line.kind), Money(line.amount_ore), line.arose_on) for line in session.scalars(query)]
        found[row.agreement_id] = (Money(row.total_ore), Money(row.payable_ore), lines)
    return found
