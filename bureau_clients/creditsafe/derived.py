"""Facts that other facts of the same answer tell, where they have no column of their own in it or contradict it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bureau_clients.creditsafe.columns import Column, Listing
from bureau_clients.creditsafe.configuration import Columns
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import AnnualAccounts

_WHOLE_YEAR_MONTHS = 12
_FROM_ACCOUNTS = {"annual_turnover": "turnover", "accounts_closed_on": "closed_on", "employees": "employees"}


def fill_from_accounts(facts: dict[str, Fact[Any]], rows: Sequence[Mapping[str, str]], columns: Columns) -> None:
    """What the newest accounts tell of turnover, day and employees, where these have no column in the answer."""
    accounts: Fact[tuple[AnnualAccounts, ...]] = facts["accounts"]
    for name, member in _FROM_ACCOUNTS.items():
        if _is_there(rows, columns.get(name)) or isinstance(accounts, Unknown):
            continue
        if isinstance(accounts, Absent):
            if name != "employees":  # whom a company employs does not depend on what it has filed
                facts[name] = accounts
            continue
        newest = accounts.value[0]
        value = getattr(newest, member)
        is_annual = newest.months in (None, _WHOLE_YEAR_MONTHS) or name != "annual_turnover"
        if value is not None and is_annual:
            facts[name] = Known(value, accounts.source, accounts.at, accounts.part)


def fill_debt(facts: dict[str, Fact[Any]], rows: Sequence[Mapping[str, str]], columns: Columns) -> None:
    """The public and the private debt together, where their sum has no column in the answer.

    A sum that is less than its parts cannot be right: it stays unknown.
    """
    public, private = facts["kronofogden_public_debt"], facts["kronofogden_private_debt"]
    if not (isinstance(public, Known) and isinstance(private, Known)):
        return
    together, total = public.value + private.value, facts["kronofogden_debt"]
    if not _is_there(rows, columns.get("kronofogden_debt")):
        facts["kronofogden_debt"] = replace(public, value=together)
    elif isinstance(total, Known) and total.value < together:
        facts["kronofogden_debt"] = Unknown(total.source, total.at, total.part)


def _is_there(rows: Sequence[Mapping[str, str]], column: Column | Listing | None) -> bool:
    return isinstance(column, Column) and any(name in row for name in column.name.split() for row in rows)
