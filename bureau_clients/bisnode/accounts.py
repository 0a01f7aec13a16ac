"""The accounts of up to five years, the newest first.

The description gives each figure as a whole number and a currency for all of them, and says *thousands* of none (as it
does of the intervals of turnover): so one unit is one krona. Figures in another currency are not told in ours.
"""

from collections.abc import Sequence
from typing import Any

from bureau_clients.bisnode.formats import Unreadable, closing_day, count, has, items, member, whole_kronor
from bureau_clients.reports import AnnualAccounts
from underwriting.kernel.money import Money

_YEARS = 5
_LONGEST_YEAR = 18  # months (lag 1999:1078, 3 kap. 3 §)
_FULL_YEAR = 12
_ASSETS = ("balanceSheet", "assets")
_EQUITY_AND_LIABILITIES = ("balanceSheet", "liabilitiesAndEquity")


def annual_accounts(statements: Any) -> tuple[AnnualAccounts, ...] | None:
    """The accounts in the list *statements*, None where it is empty: none were filed. Raises Unreadable.

    A figure that is missing or unreadable is not told; a statement without the day it closed on spoils the list.
    """
    years = sorted((_year(statement) for statement in items(statements)), key=lambda year: year.closed_on, reverse=True)
    if len({year.closed_on for year in years}) < len(years):
        raise Unreadable("two statements of one year")
    return tuple(years[:_YEARS]) or None


def annual_turnover(years: Sequence[AnnualAccounts] | None) -> Money | None:
    """The turnover of the newest of *years*, None where there are none. Raises Unreadable if it is not of 12 months."""
    if not years:
        return None
    if years[0].turnover is None or years[0].months != _FULL_YEAR:
        raise Unreadable("not told for a year")
    return years[0].turnover


def _year(statement: Any) -> AnnualAccounts:
    return AnnualAccounts(
        closed_on=closing_day(member(statement, "closingPeriod")),
        months=_months(statement),
        turnover=_figure(statement, "incomeStatement", "turnover"),
        operating_result=_figure(statement, "incomeStatement", "operatingProfitAfterDepreciation"),
        net_result=_figure(statement, "incomeStatement", "netProfitLoss"),
        total_assets=_figure(statement, *_ASSETS, "assetsTotal"),
        equity=_figure(statement, *_EQUITY_AND_LIABILITIES, "shareholdersEquity", "equityTotal"),
        current_assets=_figure(statement, *_ASSETS, "currentAssets", "currentAssetsTotal"),
        current_liabilities=_figure(
            statement, *_EQUITY_AND_LIABILITIES, "liabilities", "currentLiabilities", "currentLiabilitiesTotal"
        ),
        employees=_employees(statement),
    )


def _figure(statement: Any, *names: str) -> Money | None:
    try:
        if member(statement, "currency") != "SEK":
            return None
        return whole_kronor(member(statement, *names))
    except Unreadable:
        return None


def _months(statement: Any) -> int | None:
    if not has(statement, "fiscalPeriod"):
        return None
    try:
        months = count(member(statement, "fiscalPeriod"))
    except Unreadable:
        return None
    return months if 1 <= months <= _LONGEST_YEAR else None


def _employees(statement: Any) -> int | None:
    try:
        return count(member(statement, "notesAndOtherInformation", "employeeCount"))
    except Unreadable:
        return None
