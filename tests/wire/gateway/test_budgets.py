"""What questions cost and may cost: reserved before the call, settled after it, told in time (rules B4, B8)."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bureau_clients.budgets import Prices
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome, QuestionKind, QuestionState, Subject, SubjectGroup
from bureau_clients.stock import buy, stock
from tests.wire.gateway.scripted import (
    NEVER_LEFT_ALONE,
    Scripted,
    die_while_asking,
    nobody,
    only,
    question,
    report,
    reservations,
    rows,
)
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform import audit_log, outbox
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.outbox import Message
from underwriting.platform.runtime import Runtime

EF = company("197601092385", CompanyForm.EF)
PERSONS = [person(number) for number in ("197701072394", "197701112380", "197701252392")]


def kronor(amount: int | str | None) -> Money | None:
    return None if amount is None else Money.kronor(amount)


def prices(
    *, day: int | None = None, application: int | None = None, second_day: int | None = None, status: int = 5
) -> Prices:
    """A person costs 30 kr, a company 100 and a sole trader 40; budgets of kronor."""
    tariff = TariffSettings(
        company=kronor(100), sole_trader=kronor(40), person=kronor(30), status=kronor(status), day_budget=kronor(day)
    )
    return Prices(
        tariffs={"first": tariff, "second": replace(tariff, day_budget=kronor(second_day))},
        application_budget=kronor(application),
    )


def gateway(runtime: Runtime, *bureaus: Scripted, **budgets: Any) -> Gateway:
    return Gateway(runtime, bureaus, prices=prices(**budgets), breaker=NEVER_LEFT_ALONE)


def letters(runtime: Runtime) -> list[Message]:
    with runtime.database.transaction() as session:
        return outbox.latest(session, runtime, count=100)


@pytest.mark.parametrize(
    ("act", "cost", "reserved"),
    [
        (report("first"), 3000, (3000, True)),
        (nobody("first"), None, (0, True)),
        (BureauUnavailable("14"), None, (0, True)),
        (BureauRefused("8"), None, (0, True)),
        (OutcomeUnknown("read-timeout"), None, (3000, False)),  # it may have been charged
        (ZeroDivisionError(), None, (3000, False)),
    ],
)
def test_what_is_reserved_is_settled_by_the_outcome(
    runtime: Runtime, act: Any, cost: int | None, reserved: tuple[int, bool]
) -> None:
    """B4: only a report costs; an unknown outcome stays counted."""
    try:
        gateway(runtime, Scripted("first", [act])).retrieve(APPLICATION, [person()])
    except ZeroDivisionError:
        assert isinstance(act, ZeroDivisionError)
    assert [row.cost_ore for row in rows(runtime)] == [cost]
    assert reservations(runtime) == [("first", *reserved)]


@pytest.mark.parametrize(("subject", "ore"), [(company(), 10_000), (EF, 4_000), (person(), 3_000)])
def test_each_group_has_its_price(runtime: Runtime, subject: Subject, ore: int) -> None:
    """B6: cost per report."""
    gateway(runtime, Scripted("first", [report("first")])).retrieve(APPLICATION, [subject])
    assert [row.cost_ore for row in rows(runtime)] == [ore]


def test_a_register_status_costs_too(runtime: Runtime) -> None:
    """B6: by its own price."""
    gateway(runtime, Scripted("first", [report("first")])).company_status(APPLICATION, company())
    assert [row.cost_ore for row in rows(runtime)] == [500]
    assert reservations(runtime) == [("first", 500, True)]


def test_without_a_price_the_cost_is_not_known(runtime: Runtime) -> None:
    """B6: nor does it count against any budget: nothing is reserved."""
    Gateway(runtime, [Scripted("first", [report("first")])]).retrieve(APPLICATION, [person()])
    assert [row.cost_ore for row in rows(runtime)] == [None]
    assert reservations(runtime) == []


def test_the_prices_are_those_of_the_lists() -> None:
    """B6: per bureau, kind of question and group."""
    tariff = TariffSettings(company=kronor(1), sole_trader=kronor(2), person=kronor(3), status=kronor(4))
    found = Prices(tariffs={"first": tariff})
    groups = (SubjectGroup.COMPANY, SubjectGroup.SOLE_TRADER, SubjectGroup.PERSON)
    reports = [found.price("first", QuestionKind.REPORT, group) for group in groups]
    statuses = [found.price("first", QuestionKind.STATUS, group) for group in groups]
    assert reports == [kronor(1), kronor(2), kronor(3)]
    assert statuses == [kronor(4)] * 3
    assert found.price("elsewhere", QuestionKind.REPORT, SubjectGroup.PERSON) is None


def test_over_the_days_budget_the_next_bureau_is_asked(runtime: Runtime) -> None:
    """B1, B8: certainly undelivered; 70 kr cover two persons of 30."""
    first, second = Scripted("first", [report("first")]), Scripted("second", [report("second")])
    retrieval = gateway(runtime, first, second, day=70).retrieve(APPLICATION, PERSONS)
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.REPORT] * 3
    assert (first.asked, second.asked) == (2, 1)
    held_back = [row for row in rows(runtime) if row.failure_code]
    assert [(row.bureau, row.outcome, row.failure_code) for row in held_back] == [
        ("first", "unavailable", "over-budget")
    ]


def test_over_every_budget_the_question_waits_for_the_next_day(runtime: Runtime, clock: FixedClock) -> None:
    """B8: the budget is a Stockholm day's: 00:00 on 3 March is 23:00 UTC on the 2nd."""
    first = Scripted("first", [report("first")])
    asking = gateway(runtime, first, day=50)
    asking.retrieve(uuid.uuid4(), [person()])
    answer = only(asking.retrieve(APPLICATION, [person()]))
    assert answer.outcome is Outcome.UNAVAILABLE
    assert answer.explanation == Text(
        "Dagens budget hos byrån räcker inte", "Today's budget at the bureau does not suffice"
    )
    clock.move_to(datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC))
    assert only(asking.retrieve(APPLICATION, [person()])).outcome is Outcome.UNAVAILABLE
    clock.move_to(datetime(2026, 3, 2, 23, 0, 0, tzinfo=UTC))
    assert only(asking.retrieve(APPLICATION, [person()])).outcome is Outcome.REPORT
    assert first.asked == 2


def test_what_a_question_did_not_cost_can_be_spent_again(runtime: Runtime) -> None:
    """B8: 30 kr are reserved, nothing is charged for "no match", and 30 kr suffice for the next."""
    first = Scripted("first", [nobody("first"), report("first")])
    asking = gateway(runtime, first, day=30)
    outcomes = [only(asking.retrieve(uuid.uuid4(), [person()])).outcome for _ in range(2)]
    assert outcomes == [Outcome.NO_MATCH, Outcome.REPORT]


def test_a_question_in_doubt_stays_counted(runtime: Runtime) -> None:
    """B4: 30 kr may have been charged; of 50 there are not 30 left. The same when its asker died."""
    first = Scripted("first", [OutcomeUnknown("read-timeout"), report("first")])
    asking = gateway(runtime, first, day=50)
    asking.retrieve(uuid.uuid4(), [person()])
    assert only(asking.retrieve(uuid.uuid4(), [person()])).outcome is Outcome.UNAVAILABLE
    assert first.asked == 1


def test_what_a_dead_asker_had_reserved_stays_counted(runtime: Runtime) -> None:
    """B4: nobody knows what the bureau did."""
    die_while_asking(runtime, person(), "first", prices=prices(day=50))
    first = Scripted("first", [report("first")])
    asking = gateway(runtime, first, day=50)
    assert only(asking.retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
    assert only(asking.retrieve(uuid.uuid4(), [person()])).outcome is Outcome.UNAVAILABLE
    assert first.asked == 0


def test_many_askers_at_once_never_spend_more_than_the_budget(committed_runtime: Runtime) -> None:
    """B8: 100 kr cover three of eight questions of 30 kr, whoever is first."""
    first = Scripted("first", [report("first")])
    start = threading.Barrier(8)

    def race() -> Outcome:
        start.wait(20)
        return only(gateway(committed_runtime, first, day=100).retrieve(uuid.uuid4(), [person()])).outcome

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(str(one.result(60)) for one in [pool.submit(race) for _ in range(8)])
    assert outcomes == ["report"] * 3 + ["unavailable"] * 5
    assert first.asked == 3
    assert sum(ore for _, ore, _ in reservations(committed_runtime)) == 9_000


def test_askers_with_opposite_orders_never_wait_for_each_other(committed_runtime: Runtime) -> None:
    """B8: both have budgets, and each question may go to both: no deadlock."""
    bureaus = [Scripted("first", [BureauUnavailable("14")]), Scripted("second", [BureauUnavailable("14")])]
    start = threading.Barrier(6)

    def race(number: int) -> None:
        asking = gateway(
            committed_runtime,
            *(bureaus if number % 2 else reversed(bureaus)),
            day=1000,
            second_day=1000,
            application=500,
        )
        start.wait(20)
        for _ in range(3):
            asking.retrieve(uuid.uuid4(), PERSONS)

    with ThreadPoolExecutor(6) as pool:
        for one in [pool.submit(race, number) for number in range(6)]:
            one.result(60)
    assert {(ore, settled) for _, ore, settled in reservations(committed_runtime)} == {(0, True)}


def test_an_application_over_its_budget_is_refused_and_a_person_may_allow_the_question(
    runtime: Runtime, clock: FixedClock
) -> None:
    """B4: over 70 kr nothing is asked by itself, not of another bureau either, and not again: a person decides."""
    first, second = Scripted("first", [report("first")]), Scripted("second", [report("second")])
    asking = gateway(runtime, first, second, application=70)
    retrieval = asking.retrieve(APPLICATION, PERSONS)
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.REPORT, Outcome.REPORT, Outcome.REFUSED]
    refused = retrieval.answers[2]
    assert [kept.failure_code for kept in refused.evidence] == ["over-application-budget"] * 2
    assert refused.explanation == Text(
        "Frågorna om ansökan har kostat så mycket som de får", "The application's questions have cost what they may"
    )
    assert only(asking.retrieve(APPLICATION, PERSONS[2:])).outcome is Outcome.REFUSED
    assert (first.asked, second.asked) == (2, 0)
    asking.allow_another_question(APPLICATION, PERSONS[2], by="staff:1", at=clock.now())
    assert only(asking.retrieve(APPLICATION, PERSONS[2:])).outcome is Outcome.REPORT
    assert first.asked == 3


def test_an_applications_budget_counts_all_its_bureaus_and_no_other_application(runtime: Runtime) -> None:
    """B8: 60 kr at two bureaus are 60 kr."""
    first = Scripted("first", [OutcomeUnknown("http-500"), report("first")])
    asking = gateway(runtime, first, Scripted("second", [report("second")]), application=260)
    asking.retrieve(APPLICATION, [company()])  # 100 in doubt and 100 charged
    retrieval = asking.retrieve(APPLICATION, PERSONS)
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.REPORT, Outcome.REPORT, Outcome.REFUSED]
    assert only(asking.retrieve(uuid.uuid4(), PERSONS[2:])).outcome is Outcome.REPORT


def test_a_register_status_is_asked_for_whatever_the_application_has_cost(runtime: Runtime) -> None:
    """P4: without it, a granted credit could never be paid out."""
    first = Scripted("first", [report("first")])
    asking = gateway(runtime, first, application=30)
    asking.retrieve(APPLICATION, [person()])
    assert asking.company_status(APPLICATION, company()).outcome is Outcome.REPORT


def test_a_question_over_budget_takes_no_place_at_a_half_open_breaker(runtime: Runtime) -> None:
    """B1, B8: it would go nowhere."""
    gateway(runtime, Scripted("first", [OutcomeUnknown("read-timeout")])).retrieve(uuid.uuid4(), [company()])
    first = Scripted("first", [report("first")])
    retrieval = gateway(runtime, first, day=135).retrieve(APPLICATION, [company(), person()])  # 100 are in doubt
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.UNAVAILABLE, Outcome.REPORT]


# Alarms


def test_the_lender_is_told_at_80_per_cent_and_when_the_budget_is_spent_once_a_day(
    runtime: Runtime, clock: FixedClock
) -> None:
    """B8: of 100 kr: 60, 90 (over 80), then 30 more do not fit."""
    asking = gateway(runtime, Scripted("first", [report("first")]), day=100)
    told = []
    for _ in range(5):
        asking.retrieve(uuid.uuid4(), [person()])
        told.append(len(letters(runtime)))
    assert told == [0, 0, 1, 2, 2]
    assert [letter.recipient for letter in letters(runtime)] == [runtime.settings.lender.email] * 2
    spent, nearly = (letter.body for letter in letters(runtime))
    assert "80 %" in nearly
    assert "80%" in nearly
    assert "är slut" in spent
    assert "is spent" in spent
    clock.move_to(clock.now() + timedelta(days=1))
    for _ in range(3):
        asking.retrieve(uuid.uuid4(), [person()])
    assert len(letters(runtime)) == 3


def test_the_lender_is_told_at_once_when_no_reports_are_left_at_creditsafe(runtime: Runtime) -> None:
    """B8: its code 8; another bureau's is something else."""
    for bureau in ("bisnode", "creditsafe", "creditsafe"):
        Gateway(runtime, [Scripted(bureau, [BureauRefused("8")])]).retrieve(uuid.uuid4(), [person()])
    (letter,) = letters(runtime)
    assert letter.subject == "Kreditupplysningar från Creditsafe / Credit reports from Creditsafe"


def test_the_lender_is_told_when_fewer_than_a_tenth_of_the_reports_bought_are_left(
    runtime: Runtime, clock: FixedClock
) -> None:
    """B8: of 20 bought 18 are used: 2 are left, a tenth; the 19th makes it fewer. Doubts count, no match does not."""
    asking = gateway(runtime, Scripted("first", [report("first")]))
    asking.retrieve(uuid.uuid4(), [person()])  # before the purchase
    clock.move_to(clock.now() + timedelta(minutes=1))
    with runtime.database.transaction() as session:
        buy(session, bureau="first", reports=20, by="staff:1", at=clock.now())
    gateway(runtime, Scripted("first", [nobody("first")])).retrieve(uuid.uuid4(), [person()])
    gateway(runtime, Scripted("first", [OutcomeUnknown("http-500")])).retrieve(uuid.uuid4(), [person()])
    for _ in range(17):
        asking.retrieve(uuid.uuid4(), [person()])
    assert asking.tell_of_few_reports() == 0
    asking.retrieve(uuid.uuid4(), [person()])
    assert [asking.tell_of_few_reports() for _ in range(2)] == [1, 0]
    with runtime.database.transaction() as session:
        (left,) = stock(session)
        (entry,) = audit_log.entries_of(session, "bureau:first")
    assert (left.bought, left.used, left.left, left.latest_purchase) == (20, 19, 1, 20)
    assert (entry.action, entry.actor, entry.data) == ("bureau.bought", "staff:1", {"reports": 20})
    assert len(letters(runtime)) == 1


def test_a_new_purchase_is_added_to_what_is_left(runtime: Runtime, clock: FixedClock) -> None:
    """B8: 5 of 10 are left and 100 are bought: 105; a tenth is of the latest."""
    with runtime.database.transaction() as session:
        buy(session, bureau="first", reports=10, by="staff:1", at=clock.now())
    for _ in range(5):
        gateway(runtime, Scripted("first", [report("first")])).retrieve(uuid.uuid4(), [person()])
    clock.move_to(clock.now() + timedelta(minutes=1))
    with runtime.database.transaction() as session:
        buy(session, bureau="first", reports=100, by="staff:1", at=clock.now())
        (left,) = stock(session)
    assert (left.left, left.latest_purchase, left.latest_bought_at) == (105, 100, clock.now())


def test_nobody_buys_no_reports(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.database.transaction() as session, pytest.raises(ValueError, match="at least one"):
        buy(session, bureau="first", reports=0, by="staff:1", at=clock.now())


def test_a_question_that_waits_for_a_budget_blocks_nothing(runtime: Runtime) -> None:
    """B4, B8: it is open, not refused: nobody has to allow it."""
    gateway(runtime, Scripted("first", [report("first")]), day=10).retrieve(APPLICATION, [person()])
    assert question(runtime).state == QuestionState.OPEN
