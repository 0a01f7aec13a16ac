"""What is closed, what a month holds, and the hash by which a closed month is known again.

A closed month's entries are those that its closing found and no earlier month had. Nobody is made to wait: what was
booked but not committed then is not found, and so counts for the next month that is open.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.accounting import rules
from agreements.accounting.invariants import BOTH_SIDES, HELD, SURELY_CLOSED_BEFORE, contents_sql, sums_sql
from agreements.accounting.models import AccountingPeriod, AccountingSeries, AccountingSum
from agreements.accounting.rules import AccountSum, Movement
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, VoucherScope

_ROWS_AT_ONCE = 5_000
_REGISTERED_ON = "CAST(entry.booked_at AT TIME ZONE 'Europe/Stockholm' AS date)"
_MOVEMENTS = {
    VoucherScope.DAY: sa.text(f"""
        SELECT entry.kind, entry.occurred_on, max({_REGISTERED_ON}), line.debit_account, line.credit_account,
            sum(line.amount_ore), '', CAST(NULL AS bigint)
        {HELD} WHERE held.month = :month
        GROUP BY entry.kind, entry.occurred_on, line.debit_account, line.credit_account
        ORDER BY entry.kind, entry.occurred_on, line.debit_account, line.credit_account
    """),
    VoucherScope.ENTRY: sa.text(f"""
        SELECT entry.kind, entry.occurred_on, {_REGISTERED_ON}, line.debit_account, line.credit_account,
            line.amount_ore, CAST(entry.id AS text), agreement.number
        {HELD} JOIN agreement ON agreement.id = entry.agreement_id WHERE held.month = :month
        ORDER BY entry.kind, entry.occurred_on, entry.id, line.id
    """),
}
_OF_MONTH = "held.month = :month"
_SUMS = sa.text(sums_sql(_OF_MONTH))
MAY_BE_OPEN = f"""
    entry.occurred_on < :end
    AND (entry.occurred_on >= coalesce((SELECT max(month) + interval '1 month' FROM accounting_period), '-infinity')
        OR entry.booked_at >= ({SURELY_CLOSED_BEFORE}))
    AND NOT EXISTS (SELECT FROM accounting_entry AS held WHERE held.entry_id = entry.id)
"""
"""What no closed month has of what occurred before `:end`. Whatever was booked longer before the latest closing has its
month, and is not read: the ledger's age is not felt. `entry-has-its-month` proves that it has."""
_OPEN_SUMS = sa.text(f"""
    SELECT greatest(CAST(date_trunc('month', entry.occurred_on) AS date), CAST(:first_open AS date)) AS month,
        side.account, sum(side.debit_ore), sum(side.credit_ore)
    FROM ledger_entry AS entry JOIN ledger_line AS line ON line.entry_id = entry.id CROSS JOIN {BOTH_SIDES}
    WHERE {MAY_BE_OPEN}
    GROUP BY 1, 2
""")
_CONTENTS = sa.text(contents_sql(_OF_MONTH))


@dataclass(frozen=True, slots=True)
class Contents:
    """How many entries and lines a month holds, and the SHA-256 over all of them."""

    entry_count: int
    line_count: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class AccountMovement:
    """What a closed month moved on one account of the ledger."""

    account: Account
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A closed month: when and by whom, what it holds, the hashes of that and of its file, what moved where."""

    month: Month
    closed_at: datetime
    closed_by: str
    entry_count: int
    line_count: int
    sha256: str
    file_sha256: str
    vouchers: VoucherScope
    movements: tuple[AccountMovement, ...]


_NO_CONTENTS = Contents(0, 0, hashlib.sha256().digest())


def period_of(session: Session, month: Month) -> AccountingPeriod | None:
    """The row of *month*, if it is closed."""
    return session.get(AccountingPeriod, month.first_day)


def last_closed(session: Session) -> Month | None:
    """The latest month that is closed, if any is."""
    day = session.scalar(sa.select(sa.func.max(AccountingPeriod.month)))
    return Month.of(day) if day else None


def next_to_close(session: Session) -> Month | None:
    """The month after the last that is closed; at first, the one of the first entry; None where there is no entry."""
    last = last_closed(session)
    if last is not None:
        return last.next()
    day = session.scalar(sa.select(sa.func.min(LedgerEntry.occurred_on)))
    return Month.of(day) if day else None


def closed_months(session: Session) -> tuple[PeriodView, ...]:
    """Every month that is closed, the newest first."""
    rows = session.scalars(sa.select(AccountingPeriod).order_by(AccountingPeriod.month.desc())).all()
    moved: dict[date, list[AccountMovement]] = {row.month: [] for row in rows}
    for one in session.scalars(sa.select(AccountingSum).order_by(AccountingSum.month, AccountingSum.account)):
        moved[one.month].append(AccountMovement(Account(one.account), Money(one.debit_ore), Money(one.credit_ore)))
    return tuple(_view(row, tuple(moved[row.month])) for row in rows)


@contextmanager
def all_at_once(session: Session) -> Iterator[None]:
    """Look for what no month has by going through entries and months once, whatever the planner knows of them.

    Before statistics are taken it takes the table of closed months for empty, and would search it for each entry.
    """
    session.execute(sa.text("SET LOCAL enable_nestloop = off"))
    yield
    session.execute(sa.text("SET LOCAL enable_nestloop = on"))


def sums_of(session: Session, month: Month) -> dict[Account, AccountSum]:
    """What the entries of a closed month moved on each account, by adding them up."""
    return _by_month(session.execute(_SUMS, {"month": month.first_day})).get(month, {})


def sums_of_open_months(session: Session, *, through: Month) -> dict[Month, dict[Account, AccountSum]]:
    """The same of what no closed month holds, by the month that it counts for; for months until *through*."""
    first_open = rules.accounting_month(date.min, last_closed=last_closed(session)).first_day
    with all_at_once(session):
        return _by_month(session.execute(_OPEN_SUMS, {"first_open": first_open, "end": through.end}))


def contents_of(session: Session, month: Month) -> Contents:
    """What a closed month holds as it stands in the books now."""
    row = session.execute(_CONTENTS, {"month": month.first_day}).one_or_none()
    return _NO_CONTENTS if row is None else Contents(row.entries, int(row.lines), bytes(row.hash))


def movements_of(session: Session, month: Month, scope: VoucherScope) -> Iterator[Movement]:
    """What a closed month holds, in the order of its vouchers, without reading all of it at once."""
    rows = session.execute(
        _MOVEMENTS[scope], {"month": month.first_day}, execution_options={"yield_per": _ROWS_AT_ONCE}
    )
    for kind, occurred_on, registered_on, debit, credit, ore, key, number in rows:
        yield Movement(
            PostingKind(kind), occurred_on, registered_on, Account(debit), Account(credit), Money(int(ore)), key, number
        )


def first_numbers(session: Session, month: Month, *, year_starts_on: date) -> dict[str, int]:
    """The number with which each series of vouchers goes on in *month*; a series that is not there begins with 1."""
    period, series = AccountingPeriod, AccountingSeries
    rows = session.execute(
        sa.select(series.series, sa.func.sum(series.voucher_count))
        .join(period, period.month == series.month)
        .where(period.year_starts_on == year_starts_on, period.month < month.first_day)
        .group_by(series.series)
    )
    return {name: int(count) + 1 for name, count in rows}


def _by_month(rows: Iterable[Any]) -> dict[Month, dict[Account, AccountSum]]:
    found: dict[Month, dict[Account, AccountSum]] = {}
    for day, account, debit, credit in rows:
        found.setdefault(Month.of(day), {})[Account(account)] = AccountSum(Money(int(debit)), Money(int(credit)))
    return found


def _view(row: AccountingPeriod, movements: tuple[AccountMovement, ...]) -> PeriodView:
    return PeriodView(
        Month.of(row.month),
        row.closed_at,
        row.closed_by,
        row.entry_count,
        row.line_count,
        row.sha256.hex(),
        row.file_sha256.hex(),
        VoucherScope(row.vouchers),
        movements,
    )
