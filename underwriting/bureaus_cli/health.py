"""How every bureau is: what its own check found, and what on our side holds questions to it back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bureau_clients.bureau import Check
from bureau_clients.condition import Condition, conditions
from bureau_clients.limits import BreakerState
from bureau_clients.statistics import BureauHealth
from underwriting.bureaus_cli.report_text import moment, table
from underwriting.house import bureaus_of, gateway_of
from underwriting.kernel.money import Money
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Standing:
    """One bureau: the *checks* that it took now, and its *condition* by what is kept of earlier questions."""

    checks: tuple[Check, ...]
    condition: Condition

    @property
    def holds(self) -> bool:
        """Whether the bureau can be asked as it should."""
        hindered = (self.condition.is_left_alone, self.is_spent, self.is_empty)
        return all(check.holds for check in self.checks) and not any(hindered)

    @property
    def spent(self) -> Money:
        """What was spent today, or is reserved for questions that are out or in doubt."""
        return self.condition.spent + self.condition.reserved

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of the day's budget."""
        return self.condition.budget is not None and self.spent >= self.condition.budget

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of the reports bought."""
        return self.condition.stock is not None and self.condition.stock.left <= 0


def of_every_bureau(runtime: Runtime) -> tuple[Standing, ...]:
    """Every bureau that the settings name; each is tried now, without a question about anybody."""
    bureaus = bureaus_of(runtime.settings)
    budgets = gateway_of(runtime, bureaus).day_budgets
    checked = {bureau.name: bureau.check() for bureau in bureaus}
    with runtime.database.transaction() as session:
        found = conditions(session, tuple(checked), budgets, at=runtime.clock.now())
    return tuple(Standing(checked[each.health.bureau], each) for each in found)


def as_value(standing: Standing) -> Mapping[str, Any]:
    """*standing* as a JSON value."""
    condition = standing.condition
    health, budget, stock = condition.health, condition.budget, condition.stock
    return {
        "bureau": health.bureau,
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
        "day_budget": None if budget is None else str(budget),
        "reports": None if stock is None else {"bought": stock.bought, "used": stock.used, "left": stock.left},
        "alarms": list(condition.alarms),
    }


def as_text(standing: Standing) -> str:
    """*standing* as lines for a terminal."""
    return "\n".join((standing.condition.health.bureau, *table(list(_rows(standing)))))


def _rows(standing: Standing) -> Iterator[tuple[str, str, str, str]]:
    condition = standing.condition
    for check in standing.checks:
        took = "" if check.seconds is None else f"{check.seconds:.2f} s"
        yield _mark(check.holds), check.what.en, took, "" if check.detail is None else check.detail.en
    yield _mark(not condition.is_left_alone), "Breaker", "", _breaker(condition.health)
    yield _mark(not standing.is_spent), "Spent today", "", _spent(standing)
    if condition.stock is not None:
        left = f"{condition.stock.left} of {condition.stock.bought} left"
        yield _mark(not standing.is_empty), "Reports bought", "", left


def _mark(holds: bool) -> str:
    return "  ok" if holds else "  NO"


def _breaker(health: BureauHealth) -> str:
    match health.state:
        case BreakerState.CLOSED:
            return f"closed, {health.failures} failures in a row" if health.failures else "closed"
        case BreakerState.HALF_OPEN:
            return "half open: one question is on its way"
        case BreakerState.OPEN:
            until = "" if health.open_until is None else f" until {moment(health.open_until)}"
            code = f", last failure {health.last_failure_code}" if health.last_failure_code else ""
            return f"open{until}{code}"


def _spent(standing: Standing) -> str:
    spent, budget = standing.spent.formatted(), standing.condition.budget
    return f"{spent}, no budget set" if budget is None else f"{spent} of {budget.formatted()}"
