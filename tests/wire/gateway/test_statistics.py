"""How the bureaus do, from rows whose numbers the test knows (rules B3, B4, B8)."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bureau_clients import statistics
from bureau_clients.budgets import Prices
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.limits import AlarmKind, BreakerState
from bureau_clients.models import BureauQuestion, CreditReport
from bureau_clients.questions import CopyNotice, Outcome, QuestionState, Subject, SubjectKind
from bureau_clients.statistics import Alarm, BureauHealth, Doubt, Fallbacks, Latency, Outcomes, Spend
from tests.wire.gateway.scripted import NEVER_LEFT_ALONE, Scripted, nobody, report
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.runtime import Runtime

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
HB = company("9699990009", CompanyForm.HB)
PRICE = Money.kronor(30)


def ask(runtime: Runtime, *acts: Any, about: Subject | None = None, budget: Money | None = None) -> uuid.UUID:
    """Ask first and second about a person, each answering by its act; *budget* is the first's. The application."""
    names = ("first", "second")[: len(acts)]
    bureaus = [Scripted(name, [act]) for name, act in zip(names, acts, strict=True)]
    tariffs = {"first": TariffSettings(person=PRICE, day_budget=budget), "second": TariffSettings(person=PRICE)}
    application = uuid.uuid4()
    gateway = Gateway(
        runtime,
        bureaus,
        prices=Prices(tariffs=tariffs),
        breaker=NEVER_LEFT_ALONE,
    )
    gateway.retrieve(application, [about or person()])
    return application


def take(runtime: Runtime, *milliseconds: int, at: datetime) -> None:
    """Let questions at *at* have taken so long."""
    for each in milliseconds:
        ask(runtime, nobody("first"))
        with runtime.database.transaction() as session:
            newest = sa.select(CreditReport.id).order_by(CreditReport.id.desc()).limit(1).scalar_subquery()
            change = sa.update(CreditReport).where(CreditReport.id == newest)
            session.execute(change.values(asked_at=at, answered_at=at, milliseconds=each))


def test_a_bureau_that_was_never_asked_is_well(runtime: Runtime) -> None:
    """B8: as far as is known; the bureaus come in the order asked for."""
    ask(runtime, nobody("first"))
    with runtime.database.transaction() as session:
        second, first = statistics.health(session, ["second", "first"])
    assert second == BureauHealth(
        bureau="second",
        state=BreakerState.CLOSED,
        open_until=None,
        failures=0,
        last_answer_at=None,
        last_failure_at=None,
        last_failure_code=None,
    )
    assert (first.bureau, first.last_answer_at) == ("first", runtime.clock.now())


def test_a_bureaus_health_is_its_breaker_and_its_latest_answer_and_failure(runtime: Runtime, clock: FixedClock) -> None:
    """B8: what never left the house is no failure of the bureau."""
    answered_at = clock.now()
    ask(runtime, nobody("first"))
    clock.move_to(answered_at + timedelta(minutes=1))
    ask(runtime, BureauUnavailable("14"))
    clock.move_to(answered_at + timedelta(minutes=2))
    Gateway(runtime, [Scripted("first", [OutcomeUnknown("read-timeout")])]).retrieve(uuid.uuid4(), [person()])
    clock.move_to(answered_at + timedelta(minutes=3))
    Gateway(runtime, [Scripted("first", [nobody("first")])]).retrieve(uuid.uuid4(), [person()])
    with runtime.database.transaction() as session:
        (first,) = statistics.health(session, ["first"])
    assert (first.state, first.failures, first.last_answer_at) == (BreakerState.OPEN, 2, answered_at)
    assert first.open_until is not None
    assert (first.last_failure_at, first.last_failure_code) == (answered_at + timedelta(minutes=2), "read-timeout")


def test_latency_is_that_of_the_calls_that_were_made(runtime: Runtime) -> None:
    """B2: of 100, 200 … 1 000 ms the median is 550, and 95 % took at most 1 000. A day is Stockholm's."""
    hour = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    take(runtime, *range(100, 1001, 100), at=hour + timedelta(minutes=59))
    take(runtime, 70, at=hour + timedelta(minutes=60))
    take(runtime, 80, at=datetime(2026, 3, 2, 23, 0, tzinfo=UTC))  # Tuesday in Stockholm
    ask(runtime, BureauUnavailable("14"), budget=Money.ZERO)  # not asked
    with runtime.database.transaction() as session:
        hours = statistics.latency_by_hour(session, since=hour, until=hour + timedelta(hours=2))
        days = statistics.latency_by_day(session, first=MONDAY, last=TUESDAY)
    assert hours == (
        Latency(bureau="first", at=hour, questions=10, median_ms=550, p95_ms=1000, slowest_ms=1000),
        Latency(bureau="first", at=hour + timedelta(hours=1), questions=1, median_ms=70, p95_ms=70, slowest_ms=70),
    )
    assert [(day.at, day.questions, day.median_ms) for day in days] == [
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), 11, 500),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), 1, 80),
    ]


def test_what_was_spent_and_is_reserved_per_day(runtime: Runtime, clock: FixedClock) -> None:
    """B4, B8: one report and one doubt on Monday; on Tuesday one report at the second bureau, the first in vain."""
    ask(runtime, report("first"))
    ask(runtime, OutcomeUnknown("http-500"))
    clock.move_to(clock.now() + timedelta(days=1))
    ask(runtime, nobody("first"), report("second"))
    with runtime.database.transaction() as session:
        found = statistics.spend_by_day(session, first=MONDAY, last=TUESDAY)
        monday = statistics.spend_by_day(session, first=MONDAY, last=MONDAY)
    zero = Money.ZERO
    assert found == (
        Spend(bureau="first", day=MONDAY, spent=PRICE, reserved=PRICE, questions=2),
        Spend(bureau="first", day=TUESDAY, spent=zero, reserved=zero, questions=1),
        Spend(bureau="second", day=TUESDAY, spent=PRICE, reserved=zero, questions=1),
    )
    assert monday == found[:1]


def test_fallbacks_and_outcomes_per_day(runtime: Runtime) -> None:
    """B1, B3: the second is asked when the first is down or over its budget; that question was not asked there."""
    ask(runtime, BureauUnavailable("14"), report("second"))
    ask(runtime, report("first"), nobody("second"))
    ask(runtime, report("first"), report("second"), budget=PRICE)
    with runtime.database.transaction() as session:
        fallbacks = statistics.fallbacks_by_day(session, first=MONDAY, last=MONDAY)
        outcomes = statistics.outcomes_by_day(session, first=MONDAY, last=MONDAY)
    assert fallbacks == (
        Fallbacks(bureau="first", day=MONDAY, questions=2, fallbacks=0),
        Fallbacks(bureau="second", day=MONDAY, questions=2, fallbacks=2),
    )
    unavailable, answered = Outcome.UNAVAILABLE, Outcome.REPORT
    assert outcomes == (
        Outcomes(bureau="first", day=MONDAY, outcome=answered, asked=True, questions=1),
        Outcomes(bureau="first", day=MONDAY, outcome=unavailable, asked=False, questions=1),
        Outcomes(bureau="first", day=MONDAY, outcome=unavailable, asked=True, questions=1),
        Outcomes(bureau="second", day=MONDAY, outcome=answered, asked=True, questions=2),
    )


def test_the_alarms_of_the_days(runtime: Runtime, clock: FixedClock) -> None:
    """B8: each once."""
    for _ in range(2):
        ask(runtime, report("first"), budget=PRICE)
    with runtime.database.transaction() as session:
        found = statistics.alarms(session, first=MONDAY, last=MONDAY)
        later = statistics.alarms(session, first=TUESDAY, last=TUESDAY)
    assert found == (Alarm(bureau="first", day=MONDAY, kind=AlarmKind.BUDGET_SPENT, raised_at=clock.now()),)
    assert later == ()


def test_what_waits_for_a_person_over_all_applications(runtime: Runtime, clock: FixedClock) -> None:
    """B4: the oldest first: a time-out on a person, a refusal, and an HB whose asker died without anybody noticing."""
    asked_at = clock.now()
    lost = ask(runtime, OutcomeUnknown("read-timeout"))
    clock.move_to(asked_at + timedelta(minutes=1))
    refused = ask(runtime, BureauRefused("9"))
    ask(runtime, OutcomeUnknown("read-timeout"), about=company())  # asked again by itself
    ask(runtime, BureauUnavailable("14"))
    ask(runtime, report("first"))
    clock.move_to(asked_at + timedelta(minutes=2))
    dead = ask(runtime, BureauUnavailable("14"), about=HB)
    dead_ab = ask(runtime, BureauUnavailable("14"), about=company())
    with runtime.database.transaction() as session:
        lapsed = sa.update(BureauQuestion).where(BureauQuestion.application_id.in_([dead, dead_ab]))
        session.execute(lapsed.values(state=QuestionState.LEASED, leased_until=asked_at))
        found = statistics.doubts(session, at=asked_at)
        before = statistics.doubts(session, at=asked_at - timedelta(seconds=1))
    minute, unknown = timedelta(minutes=1), Outcome.UNKNOWN
    possible, first = CopyNotice.POSSIBLE, "first"
    of_person, of_company = SubjectKind.PERSON, SubjectKind.COMPANY
    assert found == (
        Doubt(
            application_id=lost,
            kind=of_person,
            bureau=first,
            asked_at=asked_at,
            outcome=unknown,
            code="read-timeout",
            copy_notice=possible,
        ),
        Doubt(
            application_id=refused,
            kind=of_person,
            bureau=first,
            asked_at=asked_at + minute,
            outcome=Outcome.REFUSED,
            code="9",
            copy_notice=CopyNotice.NONE,
        ),
        Doubt(
            application_id=dead,
            kind=of_company,
            bureau=first,
            asked_at=asked_at + 2 * minute,
            outcome=unknown,
            code=None,
            copy_notice=possible,
        ),
    )
    assert before == found[:2]


def test_what_a_person_has_allowed_no_longer_waits(runtime: Runtime, clock: FixedClock) -> None:
    """B4: the doubt itself stays in the rows."""
    gateway = Gateway(runtime, [Scripted("first", [OutcomeUnknown("read-timeout")])])
    gateway.retrieve(APPLICATION, [person()])
    gateway.allow_another_question(APPLICATION, person(), by="staff:1", at=clock.now())
    with runtime.database.transaction() as session:
        assert statistics.doubts(session, at=clock.now()) == ()


@pytest.mark.parametrize("bureaus", [[], ["first"]])
def test_nothing_was_asked_yet(runtime: Runtime, bureaus: list[str]) -> None:
    """B8: every statement holds on empty tables."""
    with runtime.database.transaction() as session:
        assert len(statistics.health(session, bureaus)) == len(bureaus)
        assert statistics.latency_by_day(session, first=MONDAY, last=TUESDAY) == ()
        assert statistics.spend_by_day(session, first=MONDAY, last=TUESDAY) == ()
        assert statistics.fallbacks_by_day(session, first=MONDAY, last=TUESDAY) == ()
