"""Closed months against the ledger, on random histories that are written while months are closed."""

import io
import itertools
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from agreements.accounting import invariants
from agreements.accounting.service import Accounting
from agreements.billing.models import FeeRun
from agreements.credit.models import Agreement
from agreements.ledger import service as ledger
from agreements.ledger.rules import Line, Posting, PostingKind
from tests.conftest import LONG
from tests.support import sie
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, AgreementState, CompanyForm, VoucherScope, WindowPolicy
from underwriting.platform.runtime import Runtime

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
MONTHS = (Month(2026, 1), Month(2026, 2), Month(2026, 3))
# by migration; two accounts of the ledger may be one of the chart
NUMBERS = {
    Account.BANK: "1930",
    Account.PRINCIPAL: "1682",
    Account.FEE_RECEIVABLE: "1510",
    Account.FEE_INCOME: "3004",
    Account.PAPER_FEE_RECEIVABLE: "1510",
    Account.CREDIT_BALANCE: "2420",
}
_keys = itertools.count()

days = st.dates(date(2026, 1, 1), date(2026, 4, 30)) | st.sampled_from([date(2026, 1, 31), date(2026, 2, 1)])
lines = st.builds(
    lambda accounts, ore: Line(accounts[0], accounts[1], Money(ore)),
    st.permutations(list(NUMBERS)),
    st.integers(1, 10**11),
)


@dataclass(frozen=True)
class Event:
    """A posting, of one of two agreements, that is perhaps taken back."""

    posting: Posting
    agreement: int
    reversed_on: date | None


events = st.builds(
    lambda kind, on, moved, agreement, reversed_on: Event(
        Posting(kind, on, f"key:{next(_keys)}", tuple(moved)), agreement, reversed_on
    ),
    st.sampled_from([kind for kind in PostingKind if kind is not PostingKind.REVERSAL]),
    days,
    st.lists(lines, min_size=1, max_size=3),
    st.integers(0, 1),
    st.none() | st.none() | days,
)
# what is booked before the first month is closed, between the first two, and so on
phases = st.lists(st.lists(events, max_size=6), min_size=4, max_size=4)


@settings(
    max_examples=500 if LONG else 20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=phases, scope=st.sampled_from(VoucherScope))
def test_the_files_sums_are_those_of_the_ledger(
    runtime: Runtime, history: list[list[Event]], scope: VoucherScope
) -> None:
    """F9: account by account and month by month; nothing is told twice or left out, however late it is booked."""
    with undone(runtime, scope) as (accounting, session):
        agreements = [put(session) for _ in range(2)]
        told: dict[str, Decimal] = {}
        written: list[tuple[date, Line]] = []
        for last, booked in zip(MONTHS, history, strict=False):
            written += book(session, agreements, booked)
            while (month := accounting.next_month() or last) <= last:
                due = [(on, line) for on, line in written if on < month.end]
                written = [one for one in written if one not in due]
                assert movement_of(accounting, month) == expected(line for _, line in due)
                accounting.close(month, actor="staff:1")
                found = file_of(accounting, month)
                assert found.movement() == expected_by_number(line for _, line in due)
                for number, (debit, credit) in found.movement().items():
                    told[number] = told.get(number, Decimal(0)) + debit - credit
                assert all(voucher.on.startswith(str(month).replace("-", "")) for voucher in found.vouchers)
        written += book(session, agreements, history[-1])
        # all that is told, and what is not yet, is all that is in the books
        for number, (debit, credit) in expected_by_number(line for _, line in written).items():
            told[number] = told.get(number, Decimal(0)) + debit - credit
        total = by_number(ledger.total_balances(session))
        assert {number: kronor for number, kronor in told.items() if kronor} == total
        for invariant in invariants.INVARIANTS:
            assert session.execute(sa.text(invariant.sql)).all() == []


@contextmanager
def undone(runtime: Runtime, scope: VoucherScope) -> Iterator[tuple[Accounting, Session]]:
    """Accounting on the database of *runtime*, of which nothing stays."""
    with runtime.database.transaction() as outer:
        nested = outer.begin_nested()
        own = replace(runtime.settings, accounting=replace(runtime.settings.accounting, vouchers=scope))
        clock = FixedClock(AT)
        for month in MONTHS:
            outer.add(FeeRun(month=month.first_day, started_at=AT, finished_at=AT, charged_count=0, charged_ore=0))
        outer.flush()
        yield Accounting(replace(runtime, settings=own, clock=clock)), outer
        outer.expunge_all()
        nested.rollback()


def put(session: Session) -> Agreement:
    """An agreement of which nothing else is known."""
    agreement = Agreement(
        application_id=uuid.uuid4(),
        state=str(AgreementState.RUNNING),
        company_form=str(CompanyForm.AB),
        company_encrypted=b"",
        company_index=b"",
        signatory_index=b"",
        details_encrypted=b"",
        limit_ore=1,
        first_drawdown_ore=1,
        fee_rate=Decimal("0.02"),
        term_months=12,
        terms_version="v1",
        cancellation_fee_ore=0,
        same_day_cancellation_fee_ore=0,
        cancellation_days=5,
        window_policy=str(WindowPolicy.CALENDAR),
        granted_at=AT,
        sign_by=AT,
        status_checked_at=AT,
    )
    session.add(agreement)
    session.flush()
    return agreement


def book(session: Session, agreements: list[Agreement], booked: list[Event]) -> list[tuple[date, Line]]:
    """Write them to the ledger; each line with its legal day."""
    written = []
    for event in booked:
        entry = ledger.post(session, agreements[event.agreement].id, event.posting, at=AT)
        assert entry
        written += [(event.posting.occurred_on, line) for line in event.posting.lines]
        if event.reversed_on:
            ledger.reverse(session, entry, occurred_on=event.reversed_on, at=AT)
            written += [(event.reversed_on, line.swapped()) for line in event.posting.lines]
    return written


def expected(moved: Iterator[Line]) -> dict[Account, tuple[Money, Money]]:
    """What *moved* debits and credits on each account of the ledger."""
    found: dict[Account, tuple[Money, Money]] = {}
    for line in moved:
        debit, credit = found.get(line.debit, (Money.ZERO, Money.ZERO))
        found[line.debit] = debit + line.amount, credit
        debit, credit = found.get(line.credit, (Money.ZERO, Money.ZERO))
        found[line.credit] = debit, credit + line.amount
    return found


def expected_by_number(moved: Iterator[Line]) -> dict[str, tuple[Decimal, Decimal]]:
    """The same by the numbers of the chart, in kronor."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for account, (debit, credit) in expected(moved).items():
        before = found.get(NUMBERS[account], (Decimal(0), Decimal(0)))
        found[NUMBERS[account]] = before[0] + Decimal(debit.ore) / 100, before[1] + Decimal(credit.ore) / 100
    return found


def by_number(balances: Mapping[Account, Money]) -> dict[str, Decimal]:
    """Balances by the numbers of the chart, those that are not zero."""
    found: dict[str, Decimal] = {}
    for account, amount in balances.items():
        if account in NUMBERS:
            found[NUMBERS[account]] = found.get(NUMBERS[account], Decimal(0)) + Decimal(amount.ore) / 100
    return {number: kronor for number, kronor in found.items() if kronor}


def movement_of(accounting: Accounting, month: Month) -> dict[Account, tuple[Money, Money]]:
    """What the trial balance of a month says."""
    return {
        line.account: (line.debit, line.credit) for line in accounting.balance(month).lines if line.debit or line.credit
    }


def file_of(accounting: Accounting, month: Month) -> sie.ReadFile:
    """The file of a month, read back."""
    output = io.BytesIO()
    accounting.write(month, output, with_checksum=True)
    return sie.read(output.getvalue())
