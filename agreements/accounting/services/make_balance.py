"""The trial balance of a month (*saldobalans*): what stood, moved and stands on each account (rules F6, F9)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from agreements.accounting.rules import AccountSum
from agreements.accounting.services.keep_chart import chart_on
from agreements.accounting.services.read_months import closed_months, last_closed, sums_of_open_months
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One account of the ledger, with its place in the chart of that month, if it has one; debits are positive."""

    account: Account
    number: str | None
    name: str | None
    opening: Money
    debit: Money
    credit: Money

    @property
    def closing(self) -> Money:
        """What stands on it at the end of the month."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """What each account that was used did in *month*; an open month may change. Openings sum to zero, closings too."""

    month: Month
    is_closed: bool
    lines: tuple[BalanceLine, ...]

    @property
    def debit(self) -> Money:
        """All that was debited in the month, which is all that was credited."""
        return Money.sum(line.debit for line in self.lines)


def trial_balance(session: Session, month: Month) -> TrialBalance:
    """The trial balance of *month*: of a closed one as it was closed, else as entries stand now.

    What occurred in a month that was closed without it is in the first one that is open.
    """
    moved = {
        period.month: {one.account: AccountSum(one.debit, one.credit) for one in period.movements}
        for period in closed_months(session)
    }
    last = last_closed(session)
    is_closed = last is not None and month <= last
    if not is_closed:
        moved |= sums_of_open_months(session, through=month)
    chart = chart_on(session, month.end - timedelta(days=1))
    lines = []
    for account in Account:
        opening = Money.sum(sums[account].net for of, sums in moved.items() if of < month and account in sums)
        here = moved.get(month, {}).get(account, _NOTHING)
        if opening or here != _NOTHING:
            place = chart.get(account)
            number, name = (place.number, place.name) if place else (None, None)
            lines.append(BalanceLine(account, number, name, opening, here.debit, here.credit))
    return TrialBalance(month, is_closed, tuple(lines))


_NOTHING = AccountSum(Money.ZERO, Money.ZERO)
