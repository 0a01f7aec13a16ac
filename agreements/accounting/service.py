"""Accounting: months are closed, their files written, balances drawn up; the chart of accounts is kept (rule F9)."""

from dataclasses import dataclass
from typing import BinaryIO

from agreements.accounting.rules import AccountSum, ChartEntry, UnmappedAccount
from agreements.accounting.services.ask_to_close import WaitingMonth, ask_to_close, close_asked, waiting_months
from agreements.accounting.services.close_month import AccountingMonthNotNext, AccountingMonthNotOver, close_month
from agreements.accounting.services.keep_chart import ChartEntryRefused, ChartFixed, chart_entries, map_account
from agreements.accounting.services.make_balance import BalanceLine, TrialBalance, trial_balance
from agreements.accounting.services.read_months import PeriodView, closed_months, next_to_close
from agreements.accounting.services.write_file import ClosedMonthChanged, MonthNotClosed, file_name, write_file
from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import Role
from underwriting.platform.runtime import Runtime

__all__ = [
    "ACCOUNTANTS",
    "AccountSum",
    "Accounting",
    "AccountingMonthNotNext",
    "AccountingMonthNotOver",
    "BalanceLine",
    "ChartEntry",
    "ChartEntryRefused",
    "ChartFixed",
    "ClosedMonthChanged",
    "MonthNotClosed",
    "PeriodView",
    "TrialBalance",
    "UnmappedAccount",
    "WaitingMonth",
    "file_name",
]

ACCOUNTANTS = (Role.BILLING, Role.ADMINISTRATOR)
"""Who closes months."""


@dataclass(frozen=True)
class Accounting:
    """What is done in accounting; who may is said by whoever calls."""

    runtime: Runtime

    def close(self, month: Month, *, actor: str) -> PeriodView:
        """Close *month*, see `close_month`; the month as it was closed, now or before."""
        close_month(self.runtime, month, actor=actor)
        return self.closed(month)

    def ask_to_close(self, month: Month, *, actor: str) -> PeriodView | WaitingMonth:
        """Close *month*, or leave it to a worker where it is big; see `ask_to_close`."""
        return ask_to_close(self.runtime, month, actor=actor) or self.closed(month)

    def waiting(self) -> tuple[WaitingMonth, ...]:
        """The months that wait for a worker, or for somebody to ask again."""
        with self.runtime.database.transaction() as session:
            return waiting_months(session)

    def close_asked(self) -> int:
        """Close the months that wait; how many."""
        return close_asked(self.runtime)

    def months(self) -> tuple[PeriodView, ...]:
        """Every month that is closed, the newest first."""
        with self.runtime.database.transaction() as session:
            return closed_months(session)

    def closed(self, month: Month) -> PeriodView:
        """One that is closed; NotFound."""
        found = next((period for period in self.months() if period.month == month), None)
        if found is None:
            raise NotFound
        return found

    def next_month(self) -> Month | None:
        """The month to close next, over or not; None while there is nothing in the books."""
        with self.runtime.database.transaction() as session:
            return next_to_close(session)

    def write(self, month: Month, output: BinaryIO, *, with_checksum: bool) -> None:
        """Write the SIE file of *month* to *output*, see `write_file`."""
        with self.runtime.database.transaction() as session:
            write_file(session, month, output, with_checksum=with_checksum)

    def balance(self, month: Month) -> TrialBalance:
        """The trial balance of *month*."""
        with self.runtime.database.transaction() as session:
            return trial_balance(session, month)

    def chart(self) -> tuple[ChartEntry, ...]:
        """Every account of the ledger with its places in the chart of accounts, by day."""
        with self.runtime.database.transaction() as session:
            return chart_entries(session)

    def map_account(self, entry: ChartEntry, *, actor: str) -> ChartEntry:
        """Let an account be another one of the chart from a day that lies ahead; see `map_account`."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            map_account(session, entry, actor=actor, on=stockholm_date(at), at=at)
        return entry
