"""How every bureau is: what its own check found, and what on our side holds questions to it back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bureau_clients import statistics
from bureau_clients.bureau import Check
from bureau_clients.limits import BreakerState
from bureau_clients.statistics import BureauHealth, Spend, Stock
from underwriting.bureaus_cli.report import moment, table
from underwriting.house import bureaus_of, house_of
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One bureau: the *checks* that it took, its breaker, what was spent today, and what is left of reports bought.

    *spend* is None before the first question of the day, *stock* where no reports were bought in advance.
    """

    bureau: str
    checks: tuple[Check, ...]
    health: BureauHealth
    spend: Spend | None
    budget: Money | None
    stock: Stock | None

    @property
    def holds(self) -> bool:
        """Whether the bureau can be asked as it should."""
        return all(check.holds for check in self.checks) and not any(self.hindrances)

    @property
    def hindrances(self) -> tuple[bool, bool, bool]:
        """Whether the breaker is open, the day's budget spent, and no report left."""
        return (
            self.health.state is not BreakerState.CLOSED,
            self.budget is not None and self.spent >= self.budget,
            self.stock is not None and self.stock.left <= 0,
        )

    @property
    def spent(self) -> Money:
        """What was spent today, or may have been."""
        return Money.ZERO if self.spend is None else self.spend.spent + self.spend.reserved


def of_every_bureau(runtime: Runtime) -> tuple[Standing, ...]:
    """Every bureau that the settings name; each is tried now, without a question about anybody."""
    budgets = house_of(runtime).gateway.day_budgets
    checked = {bureau.name: bureau.check() for bureau in bureaus_of(runtime.settings)}
    today = stockholm_date(runtime.clock.now())
    with runtime.database.transaction() as session:
        health = statistics.health(session, tuple(checked))
        spend = {each.bureau: each for each in statistics.spend_by_day(session, first=today, last=today)}
        stock = {each.bureau: each for each in statistics.stock(session)}
    return tuple(
        Standing(
            bureau=each.bureau,
            checks=checked[each.bureau],
            health=each,
            spend=spend.get(each.bureau),
            budget=budgets.get(each.bureau),
            stock=stock.get(each.bureau),
        )
        for each in health
    )


def as_value(standing: Standing) -> Mapping[str, Any]:
    """*standing* as a JSON value."""
    health, stock = standing.health, standing.stock
    return {
        "bureau": standing.bureau,
        "holds": standing.holds,
        "checks": [
            {
                "what": check.what.en,
                "holds": check.holds,
                "seconds": check.seconds,
                "detail": None if check.detail is None else check.detail.en,
            }
            for check in standing.checks
        ],
        "breaker": {
            "state": health.state,
            "failures": health.failures,
            "open_until": None if health.open_until is None else health.open_until.isoformat(),
        },
        "spent_today": str(standing.spent),
        "day_budget": None if standing.budget is None else str(standing.budget),
        "reports": None if stock is None else {"bought": stock.bought, "used": stock.used, "left": stock.left},
    }


def as_text(standing: Standing) -> str:
    """*standing* as lines for a terminal."""
    is_open, is_spent, is_empty = standing.hindrances
    rows = [
        *(
            _row(check.holds, check.what.en, _seconds(check), check.detail.en if check.detail else "")
            for check in standing.checks
        ),
        _row(not is_open, "Breaker", "", _breaker(standing.health)),
        _row(not is_spent, "Spent today", "", _spent(standing)),
        *(
            _row(not is_empty, "Reports bought", "", f"{stock.left} of {stock.bought} left")
            for stock in _some(standing.stock)
        ),
    ]
    return "\n".join((standing.bureau, *table(rows)))


def _row(holds: bool, what: str, took: str, detail: str) -> tuple[str, str, str, str]:
    return "  ok" if holds else "  NO", what, took, detail


def _some(stock: Stock | None) -> Iterator[Stock]:
    if stock is not None:
        yield stock


def _seconds(check: Check) -> str:
    return "" if check.seconds is None else f"{check.seconds:.2f} s"


def _breaker(health: BureauHealth) -> str:
    match health.state:
        case BreakerState.CLOSED:
            return f"closed, {health.failures} failures in a row" if health.failures else "closed"
        case BreakerState.HALF_OPEN:
            return "half open: one question is on its way"
        case BreakerState.OPEN:
            until = "" if health.open_until is None else f" until {moment(health.open_until)}"
            return f"open{until} ({health.last_failure_code})" if health.last_failure_code else f"open{until}"


def _spent(standing: Standing) -> str:
    spent = standing.spent.formatted()
    return f"{spent}, no budget set" if standing.budget is None else f"{spent} of {standing.budget.formatted()}"
