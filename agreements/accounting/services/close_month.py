"""A month is closed: every entry that counts for it is found, summed, hashed and written down (rule F9).

1. Months are closed one after the other, once they are over and their fees are charged. Whoever comes second waits,
   and finds what the first one did.
2. Every entry that occurred before the month's end and that no earlier month has is put down as the month's, by one
   statement. A posting that commits later is not among them and counts for the next open month.
3. What was found is summed and hashed. An account without a place in the chart refuses the close as a whole.
4. The month's file is made once, so that it is known that it can be, and its hash is kept.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.accounting import rules
from agreements.accounting.models import AccountingPeriod, AccountingSeries, AccountingSum
from agreements.accounting.rules import AccountSum, Voucher
from agreements.accounting.services.read_months import (
    MAY_BE_OPEN,
    all_at_once,
    contents_of,
    next_to_close,
    period_of,
    sums_of,
)
from agreements.accounting.services.write_file import file_lines
from agreements.billing.services.charge_month import runs
from underwriting.kernel.errors import Conflict
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

_ASSIGN = sa.text(f"""
    INSERT INTO accounting_entry (entry_id, month)
    SELECT entry.id, :month FROM ledger_entry AS entry WHERE {MAY_BE_OPEN}
""")

_log = structlog.get_logger(__name__)


class AccountingMonthNotOver(Conflict):
    """A month is closed when it is over and its fees are charged. Rule F9."""

    slug = "accounting-month-not-over"
    title = Text("Månaden kan inte stängas än", "The month cannot be closed yet")
    rule = "F9"


class AccountingMonthNotNext(Conflict):
    """Months are closed in order; the one whose turn it is is named. Rule F9."""

    slug = "accounting-month-not-next"
    title = Text("En annan månad ska stängas först", "Another month is to be closed first")
    rule = "F9"


def close_month(runtime: Runtime, month: Month, *, actor: str) -> None:
    """Close *month*; one that is closed stays as it is.

    Raises AccountingMonthNotOver, AccountingMonthNotNext, UnmappedAccount; nothing is changed then.
    """
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        lock_subject(session, "accounting")
        if period_of(session, month) is not None:
            return
        require_closable(session, month, at)
        with all_at_once(session):
            session.execute(_ASSIGN, {"month": month.first_day, "end": month.end})
        sums = sums_of(session, month)
        period = _period(runtime, session, month, actor=actor, at=at)
        _keep(session, period, sums, _vouchers_by_series(session, period, sums))
        data = {"entries": period.entry_count, "lines": period.line_count, "sha256": period.sha256.hex()}
        audit_log.append(session, f"accounting:{month}", "accounting.closed", actor=actor, at=at, data=data)
    _log.info("accounting_month_closed", month=str(month), entries=period.entry_count)


def require_closable(session: Session, month: Month, at: datetime) -> None:
    """Raise AccountingMonthNotOver or AccountingMonthNotNext unless it is the month's turn at the instant *at*."""
    _require_over(session, month, at)
    _require_next(session, month)


def _require_over(session: Session, month: Month, at: datetime) -> None:
    if month >= Month.of(stockholm_date(at)):
        raise AccountingMonthNotOver(Text("{month} är inte slut.", "{month} is not over.").filled(month=month))
    if not any(run.month == month and run.finished_at for run in runs(session)):
        raise AccountingMonthNotOver(
            Text("Avgifterna för {month} är inte debiterade.", "The fees of {month} are not charged.").filled(
                month=month
            )
        )


def _require_next(session: Session, month: Month) -> None:
    due = next_to_close(session) or month
    if due != month:
        raise AccountingMonthNotNext(
            Text("Den månad som ska stängas är {due}.", "The month to close is {due}.").filled(due=due)
        )


def _period(runtime: Runtime, session: Session, month: Month, *, actor: str, at: datetime) -> AccountingPeriod:
    """The month's row, which still lacks the hash of its file."""
    found = contents_of(session, month)
    lender, accounting = runtime.settings.lender, runtime.settings.accounting
    year = rules.financial_year(month, begins_in=accounting.year_begins_in)
    return AccountingPeriod(
        month=month.first_day,
        closed_at=at,
        closed_by=actor,
        entry_count=found.entry_count,
        line_count=found.line_count,
        sha256=found.sha256,
        vouchers=str(accounting.vouchers),
        company_name=lender.name,
        organisation_number=lender.organisation_number.formatted,
        year_starts_on=year[0],
        year_ends_on=year[1],
    )


def _vouchers_by_series(session: Session, period: AccountingPeriod, sums: dict[Account, AccountSum]) -> Counter[str]:
    """How many vouchers the file has in each series; the hash of the file is put into *period*."""
    counted: Counter[str] = Counter()

    def counting(vouchers: Iterator[Voucher]) -> Iterator[Voucher]:
        for voucher in vouchers:
            counted[voucher.series] += 1
            yield voucher

    digest = hashlib.sha256()
    for line in file_lines(session, period, sums, with_checksum=False, seen=counting):
        digest.update(line)
    period.file_sha256 = digest.digest()
    return counted


def _keep(session: Session, period: AccountingPeriod, sums: dict[Account, AccountSum], counted: Counter[str]) -> None:
    session.add(period)
    session.flush()
    session.add_all(
        AccountingSum(month=period.month, account=str(account), debit_ore=one.debit.ore, credit_ore=one.credit.ore)
        for account, one in sums.items()
    )
    session.add_all(
        AccountingSeries(month=period.month, series=series, voucher_count=count) for series, count in counted.items()
    )
