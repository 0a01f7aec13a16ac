"""How each bureau is now, for those who run the service: its breaker, the day's money, what is left, what is wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bureau_clients import statistics
from bureau_clients.limits import AlarmKind, BreakerState, are_few
from bureau_clients.statistics import Alarm, BureauHealth
from bureau_clients.stock import Stock, stock
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One bureau: what was *spent* and is *reserved* today, of the day's *budget* if it has one; its *stock* if reports
    were bought in advance; the *alarms* that hold still.
    """

    health: BureauHealth
    spent: Money
    reserved: Money
    budget: Money | None
    stock: Stock | None
    alarms: tuple[AlarmKind, ...]

    @property
    def is_left_alone(self) -> bool:
        """Whether it is not asked for now, or with one question at a time to see whether it answers again."""
        return self.health.state is not BreakerState.CLOSED

    def is_to_be_tried(self, at: datetime) -> bool:
        """Whether the next question, at this instant of the machine, is the one that shows if it answers again."""
        health = self.health
        return health.state is BreakerState.OPEN and health.open_until is not None and health.open_until <= at


def conditions(
    session: Session, bureaus: Sequence[str], budgets: Mapping[str, Money], *, at: datetime
) -> tuple[Condition, ...]:
    """How each of *bureaus* is, in that order; the day is that of *at* in Stockholm."""
    today = stockholm_date(at)
    spend = {one.bureau: one for one in statistics.spend_by_day(session, first=today, last=today)}
    stocks = {one.bureau: one for one in stock(session)}
    told = statistics.alarms(session, first=today, last=today)
    return tuple(
        Condition(
            health=health,
            spent=spend[health.bureau].spent if health.bureau in spend else Money.ZERO,
            reserved=spend[health.bureau].reserved if health.bureau in spend else Money.ZERO,
            budget=budgets.get(health.bureau),
            stock=stocks.get(health.bureau),
            alarms=holding((alarm for alarm in told if alarm.bureau == health.bureau), stocks.get(health.bureau)),
        )
        for health in statistics.health(session, bureaus)
    )


def holding(told: Iterable[Alarm], stock: Stock | None) -> tuple[AlarmKind, ...]:
    """The alarms that hold still of those *told* today of one bureau, and of its *stock*.

    A budget that is spent says more than one that nearly is. Of reports a purchase speaks last.
    """
    return tuple(_holding({alarm.kind: alarm for alarm in told}, stock))


def _holding(told: Mapping[AlarmKind, Alarm], stock: Stock | None) -> Iterator[AlarmKind]:
    if AlarmKind.BUDGET_SPENT in told:
        yield AlarmKind.BUDGET_SPENT
    elif AlarmKind.BUDGET_NEARLY_SPENT in told:
        yield AlarmKind.BUDGET_NEARLY_SPENT
    declined = told.get(AlarmKind.NO_REPORTS_LEFT)
    if declined and (stock is None or stock.latest_bought_at <= declined.raised_at):
        yield AlarmKind.NO_REPORTS_LEFT
    elif stock and are_few(stock.left, of=stock.latest_purchase):
        yield AlarmKind.FEW_REPORTS_LEFT
