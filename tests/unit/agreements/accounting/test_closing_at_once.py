"""Two who close a month at the same moment, and postings that are under way meanwhile, on committed data."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from agreements.accounting.service import Accounting
from agreements.billing.models import FeeRun
from agreements.credit.models import Agreement
from agreements.ledger import service as ledger
from agreements.ledger.rules import payout
from agreements.reconciliation.service import broken
from tests.support import portfolio
from tests.support.at_once import at_once
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.platform.runtime import Runtime

FEBRUARY, MARCH = Month(2026, 2), Month(2026, 3)
AT = datetime(2026, 9, 1, 9, tzinfo=UTC)


@pytest.fixture
def runtime(committed_runtime: Runtime) -> Runtime:
    """Some agreements half a year old; the fees of their first two months are charged."""
    portfolio.make(committed_runtime.settings.database_url.reveal().replace("+psycopg", ""), count=10)
    with committed_runtime.database.transaction() as session:
        for month in (FEBRUARY, MARCH):
            session.add(FeeRun(month=month.first_day, started_at=AT, finished_at=AT, charged_count=0, charged_ore=0))
    return replace(committed_runtime, clock=FixedClock(AT))


def test_a_posting_that_commits_after_the_close_counts_for_the_next_month(runtime: Runtime) -> None:
    """F9: though it began before it, and is dated in the month that was closed; nobody waits for anybody."""
    accounting = Accounting(runtime)
    under_way = runtime.database.engine.connect()
    begun = under_way.begin()
    session = sa.orm.Session(under_way)
    agreement_id = session.scalars(sa.select(Agreement.id).limit(1)).one()
    posting = payout(Money.kronor(1), payout_id="late", booked_on=date(2026, 2, 27))
    assert ledger.post(session, agreement_id, posting, at=AT)

    february = accounting.close(FEBRUARY, actor="staff:1")  # does not wait
    session.commit()
    begun.commit()
    under_way.close()
    assert accounting.closed(FEBRUARY) == february
    before = {line.account: line for line in accounting.balance(FEBRUARY).lines}
    march = accounting.close(MARCH, actor="staff:1")
    assert february.entry_count == 20  # payouts and fees
    assert march.entry_count == 10 + 10 + 1  # fees, payments, and the late one
    after = {line.account: line for line in accounting.balance(MARCH).lines}
    assert after.keys() >= before.keys()
    assert [finding.invariant.name for finding in broken(runtime.database) if finding.invariant.rule == "F9"] == []


def test_of_two_who_close_a_month_at_once_one_does(runtime: Runtime) -> None:
    """F9: the other one is told what the first did."""
    accounting = Accounting(runtime)
    first, second = at_once(*[lambda who=who: accounting.close(FEBRUARY, actor=f"staff:{who}") for who in (1, 2)])
    assert first == second
    assert len(accounting.months()) == 1
