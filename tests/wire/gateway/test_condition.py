"""How each bureau is now: its breaker, the day's money, reports left, and the alarms that hold (rules B1, B8)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from bureau_clients import stock
from bureau_clients.budgets import Prices
from bureau_clients.condition import Condition, conditions, holding
from bureau_clients.errors import OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.limits import AlarmKind, BreakerState
from bureau_clients.statistics import Alarm, BureauHealth
from bureau_clients.stock import Stock
from tests.wire.gateway.scripted import Act, Scripted, report
from tests.wire.gateway.subjects import person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.runtime import Runtime

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
PRICE = Money.kronor(30)


def gateway(runtime: Runtime, act: Act) -> Gateway:
    """Two bureaus at 30 kr a person; the first has a budget of 60 kr a day."""
    tariffs = {"first": TariffSettings(person=PRICE, day_budget=PRICE * 2), "second": TariffSettings(person=PRICE)}
    bureaus = [Scripted("first", [act]), Scripted("second", [report("second")])]
    return Gateway(runtime, bureaus, prices=Prices(tariffs=tariffs))


def now(runtime: Runtime, asked: Gateway) -> tuple[Condition, ...]:
    with runtime.database.transaction() as session:
        return conditions(session, asked.bureaus, asked.day_budgets, at=runtime.clock.now())


def told(*kinds: AlarmKind, at: datetime = AT) -> list[Alarm]:
    return [Alarm(bureau="first", day=date(2026, 3, 2), kind=kind, raised_at=at) for kind in kinds]


def bought(reports: int, *, used: int, at: datetime = AT) -> Stock:
    return Stock(bureau="first", bought=reports, used=used, latest_purchase=reports, latest_bought_at=at)


def test_a_spent_budget_holds_until_the_day_is_over(runtime: Runtime, clock: FixedClock) -> None:
    """B8: two questions at 30 kr take the whole of 60 kr; the bureau without a budget has no alarm."""
    asked = gateway(runtime, report("first"))
    for _ in range(2):
        asked.retrieve(uuid.uuid4(), [person()])
    first, second = now(runtime, asked)
    assert (first.spent, first.reserved, first.budget) == (PRICE * 2, Money.ZERO, PRICE * 2)
    assert first.alarms == (AlarmKind.BUDGET_SPENT,)
    assert (second.spent, second.budget, second.stock, second.alarms) == (Money.ZERO, None, None, ())
    clock.move_to(clock.now() + timedelta(days=1))
    assert [(one.spent, one.alarms) for one in now(runtime, asked)] == [(Money.ZERO, ()), (Money.ZERO, ())]


def test_a_bureau_that_has_not_answered_is_left_alone_then_tried(runtime: Runtime) -> None:
    """B1: the price stays reserved, since the question may have been carried out (B4)."""
    asked = gateway(runtime, OutcomeUnknown("read-timeout"))
    asked.retrieve(uuid.uuid4(), [person()])
    first, second = now(runtime, asked)
    assert (first.is_left_alone, second.is_left_alone) == (True, False)
    assert (first.spent, first.reserved) == (Money.ZERO, PRICE)
    until = first.health.open_until
    assert until is not None
    assert not first.is_to_be_tried(until - timedelta(microseconds=1))
    assert first.is_to_be_tried(until)
    assert not second.is_to_be_tried(until)


def test_a_bureau_that_is_being_tried_is_left_alone_still() -> None:
    health = BureauHealth(
        bureau="first",
        state=BreakerState.HALF_OPEN,
        open_until=None,
        failures=1,
        last_answer_at=None,
        last_failure_at=None,
        last_failure_code=None,
    )
    found = Condition(health=health, spent=Money.ZERO, reserved=Money.ZERO, budget=None, stock=None, alarms=())
    assert found.is_left_alone
    assert not found.is_to_be_tried(LATER)


def test_reports_bought_in_advance_are_counted_down(runtime: Runtime) -> None:
    asked = gateway(runtime, report("first"))
    with runtime.database.transaction() as session:
        stock.buy(session, bureau="first", reports=11, by="operator", at=runtime.clock.now())
    asked.retrieve(uuid.uuid4(), [person()])
    first, _ = now(runtime, asked)
    assert first.stock is not None
    assert (first.stock.left, first.alarms) == (10, ())


@pytest.mark.parametrize(
    ("alarms", "left", "held"),
    [
        ((), None, ()),
        ((AlarmKind.BUDGET_NEARLY_SPENT,), None, (AlarmKind.BUDGET_NEARLY_SPENT,)),
        ((AlarmKind.BUDGET_NEARLY_SPENT, AlarmKind.BUDGET_SPENT), None, (AlarmKind.BUDGET_SPENT,)),
        ((AlarmKind.FEW_REPORTS_LEFT,), bought(100, used=5), ()),  # more were bought since
        ((), bought(100, used=90), ()),  # a tenth is left
        ((), bought(100, used=91), (AlarmKind.FEW_REPORTS_LEFT,)),
        ((), bought(1, used=2), (AlarmKind.FEW_REPORTS_LEFT,)),
        ((AlarmKind.NO_REPORTS_LEFT,), None, (AlarmKind.NO_REPORTS_LEFT,)),
        ((AlarmKind.NO_REPORTS_LEFT,), bought(100, used=5), (AlarmKind.NO_REPORTS_LEFT,)),
        ((AlarmKind.NO_REPORTS_LEFT,), bought(100, used=5, at=LATER), ()),
        (
            (AlarmKind.BUDGET_SPENT, AlarmKind.FEW_REPORTS_LEFT, AlarmKind.NO_REPORTS_LEFT),
            bought(100, used=100),
            (AlarmKind.BUDGET_SPENT, AlarmKind.NO_REPORTS_LEFT),
        ),
    ],
)
def test_the_alarms_that_hold_are_the_gravest_of_each_kind_and_none_that_a_purchase_has_ended(
    alarms: tuple[AlarmKind, ...], left: Stock | None, held: tuple[AlarmKind, ...]
) -> None:
    assert holding(told(*alarms), left) == held
