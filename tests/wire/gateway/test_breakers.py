"""A bureau that does not answer is left alone, by all processes, and found again (rules B1, B4, B8)."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bureau_clients.errors import BureauUnavailable, OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.limits import BreakerPolicy
from bureau_clients.models import BureauQuestion
from bureau_clients.questions import Outcome, QuestionState, Subject
from bureau_clients.reports import Answer, NoMatch, Received
from tests.wire.gateway.scripted import Act, Scripted, breaker, nobody, only, report
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.text import Text
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime

POLICY = BreakerPolicy(failures=3, pause=timedelta(seconds=30))
SILENCE = OutcomeUnknown("read-timeout")
DOWN = BureauUnavailable("no-connection")
SECOND = timedelta(seconds=1)


@pytest.fixture
def wall(clock: FixedClock) -> FixedClock:
    """The machine's clock, which the test moves; test time stands still."""
    return FixedClock(clock.now())


@pytest.fixture
def runtime(runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(runtime, wall=wall)


def gateway(runtime: Runtime, *bureaus: Scripted) -> Gateway:
    """A gateway of a process that has just started: it knows nothing but what is in the database."""
    return Gateway(runtime, bureaus, breaker=POLICY)


def ask(runtime: Runtime, *bureaus: Scripted, about: Subject | None = None) -> Outcome:
    """The outcome for an application of its own."""
    return only(gateway(runtime, *bureaus).retrieve(uuid.uuid4(), [about or person()])).outcome


def state(runtime: Runtime, bureau: str = "first") -> str:
    found = breaker(runtime, bureau)
    return "closed" if found is None else found.state


def test_after_one_silence_the_next_applications_go_to_the_second_bureau_at_once(runtime: Runtime) -> None:
    """B1: with the first bureau hanging, its time-out is waited for once: it is asked once, however many ask."""
    first, second = Scripted("first", [SILENCE]), Scripted("second", [report("second")])
    outcomes = [ask(runtime, first, second, about=company()) for _ in range(5)]
    assert outcomes == [Outcome.REPORT] * 5
    assert first.asked == 1
    # The AB's report serves again; the others have to be asked about anew.
    assert [ask(runtime, first, second) for _ in range(5)] == [Outcome.REPORT] * 5
    assert (first.asked, second.asked) == (1, 6)


def test_a_question_that_was_held_back_is_certainly_undelivered_and_kept(runtime: Runtime) -> None:
    """B1: breaker open: unavailable, so that the next bureau is asked about a person too; no copy, no cost, no wait."""
    first = Scripted("first", [SILENCE])
    ask(runtime, first)
    answer = only(gateway(runtime, first, Scripted("second", [nobody("second")])).retrieve(APPLICATION, [person()]))
    assert [(kept.bureau, kept.outcome, kept.failure_code) for kept in answer.evidence] == [
        ("first", Outcome.UNAVAILABLE, "breaker-open"),
        ("second", Outcome.NO_MATCH, None),
    ]
    assert (answer.evidence[0].copy_notice, answer.evidence[0].cost) == ("none", None)


def test_with_every_bureau_left_alone_the_question_waits_and_says_why(runtime: Runtime) -> None:
    """B8: unavailable, tried again later; nothing blocks a person's question that was never asked."""
    first = Scripted("first", [SILENCE])
    ask(runtime, first)
    answer = only(gateway(runtime, first).retrieve(APPLICATION, [person()]))
    assert answer.outcome is Outcome.UNAVAILABLE
    assert answer.explanation == Text(
        "Byrån svarar inte och får vila en stund", "The bureau does not answer and is left alone"
    )
    with runtime.database.transaction() as session:
        states = sa.select(BureauQuestion.state).where(BureauQuestion.application_id == APPLICATION)
        assert session.scalars(states).all() == [QuestionState.OPEN]


def test_three_failures_in_a_row_open_the_breaker_and_an_answer_between_them_does_not(runtime: Runtime) -> None:
    """B1: by the setting; no connection, no connection, an answer, and three more."""
    first = Scripted("first", [DOWN, DOWN, nobody("first"), DOWN, DOWN, DOWN])
    states = []
    for _ in range(6):
        ask(runtime, first)
        states.append(state(runtime))
    assert states == ["closed"] * 5 + ["open"]
    assert first.asked == 6


def test_after_the_pause_one_question_goes_through_and_its_answer_closes_the_breaker(
    runtime: Runtime, wall: FixedClock
) -> None:
    """B1: by the machine's clock, across restarts; test time has not moved."""
    first = Scripted("first", [SILENCE, nobody("first")])
    ask(runtime, first)
    wall.move_to(wall.now() + 30 * SECOND - timedelta(milliseconds=1))
    assert ask(runtime, first) is Outcome.UNAVAILABLE
    wall.move_to(wall.now() + timedelta(milliseconds=1))
    assert ask(runtime, first) is Outcome.NO_MATCH
    assert state(runtime) == "closed"
    assert ask(runtime, first) is Outcome.NO_MATCH
    assert first.asked == 3


def test_its_failure_opens_the_breaker_for_twice_as_long(runtime: Runtime, wall: FixedClock) -> None:
    """B1: 30 seconds, then 60; one failure is enough."""
    first = Scripted("first", [SILENCE, DOWN, nobody("first")])
    ask(runtime, first)
    wall.move_to(wall.now() + 30 * SECOND)
    assert ask(runtime, first) is Outcome.UNAVAILABLE
    found = breaker(runtime)
    assert found is not None
    assert (found.state, found.open_until) == ("open", wall.now() + 60 * SECOND)
    wall.move_to(wall.now() + 59 * SECOND)
    assert ask(runtime, first) is Outcome.UNAVAILABLE
    assert first.asked == 2
    wall.move_to(wall.now() + 1 * SECOND)
    assert ask(runtime, first) is Outcome.NO_MATCH


def test_of_several_questions_the_one_without_a_copy_goes_through(runtime: Runtime, wall: FixedClock) -> None:
    """B4: should its answer be lost, nobody has to settle a doubt; the others wait."""
    first = Scripted("first", [SILENCE, SILENCE])
    ask(runtime, first)
    wall.move_to(wall.now() + 30 * SECOND)
    retrieval = gateway(runtime, first).retrieve(APPLICATION, [person(), person("197701112380"), company()])
    assert [(answer.subject.kind, answer.outcome) for answer in retrieval.answers] == [
        ("person", Outcome.UNAVAILABLE),
        ("person", Outcome.UNAVAILABLE),
        ("company", Outcome.UNAVAILABLE),
    ]
    assert first.numbers[1:] == ["5599990008"]


def test_when_that_one_is_answered_the_others_of_its_application_follow_at_once(
    runtime: Runtime, wall: FixedClock
) -> None:
    """B8: nobody waits for another attempt at a bureau that has just been found to answer; each is asked about once."""
    first = Scripted("first", [SILENCE, report("first")])
    ask(runtime, first, about=company("5599990016"))
    wall.move_to(wall.now() + 30 * SECOND)
    retrieval = gateway(runtime, first).retrieve(APPLICATION, [person(), person("197701112380"), company()])
    assert [answer.outcome for answer in retrieval.answers] == [Outcome.REPORT] * 3
    assert first.numbers[1] == "5599990008"
    assert sorted(first.numbers[2:]) == ["197701072394", "197701112380"]


def test_only_one_of_many_askers_goes_through_at_the_same_moment(committed_runtime: Runtime, wall: FixedClock) -> None:
    """B1: half open under a row lock that is not held during the call: the others are not kept waiting."""
    runtime = replace(committed_runtime, wall=wall)
    asked, go_on = threading.Semaphore(0), threading.Event()

    def answer(number: str, at: datetime) -> Answer:
        asked.release()
        go_on.wait(20)
        return Answer(NoMatch(number, "first", at), (Received("only", b"<nobody/>"),))

    first = Scripted("first", [SILENCE, answer])
    ask(runtime, first)
    wall.move_to(wall.now() + 30 * SECOND)
    start = threading.Barrier(8)

    def race() -> Outcome:
        start.wait(20)
        return ask(runtime, first)

    with ThreadPoolExecutor(8) as pool:
        racing = [pool.submit(race) for _ in range(8)]
        assert asked.acquire(timeout=20)
        done = 0
        while done < 7:  # all but one end while that one is still asking
            done = sum(one.done() for one in racing)
        go_on.set()
        outcomes = sorted(str(one.result(20)) for one in racing)
    assert outcomes == ["no_match"] + ["unavailable"] * 7
    assert first.asked == 2
    assert state(runtime) == "closed"


def test_a_half_open_breaker_gives_the_place_of_a_question_that_died_to_another(
    committed_runtime: Runtime, wall: FixedClock
) -> None:
    """B1: after the time that a call can last, its asker is dead; what it brings all the same moves nothing."""
    runtime = replace(committed_runtime, wall=wall)
    asked, go_on = threading.Event(), threading.Event()

    def hang(_number: str, _at: datetime) -> Answer:
        asked.set()
        go_on.wait(20)
        raise SILENCE

    ask(runtime, Scripted("first", [SILENCE]))
    wall.move_to(wall.now() + 30 * SECOND)
    first = Scripted("first", [nobody("first")])
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(ask, runtime, Scripted("first", [hang], longest_call=75 * SECOND))
        assert asked.wait(20)
        assert state(runtime) == "half_open"
        wall.move_to(wall.now() + 74 * SECOND)
        assert ask(runtime, first) is Outcome.UNAVAILABLE
        wall.move_to(wall.now() + 1 * SECOND)
        assert ask(runtime, first) is Outcome.NO_MATCH
        go_on.set()
        hanging.result(20)
    assert state(runtime) == "closed"


def test_what_was_in_flight_when_the_breaker_opened_does_not_make_the_pause_longer(runtime: Runtime) -> None:
    """B1: three questions of one application time out together; that is one silence."""
    first = Scripted("first", [SILENCE])
    gateway(runtime, first).retrieve(APPLICATION, [person(), person("197701112380"), company()])
    found = breaker(runtime)
    assert found is not None
    assert (found.state, found.pause_milliseconds, first.asked) == ("open", 30_000, 3)


def test_each_bureau_has_a_breaker_of_its_own(runtime: Runtime) -> None:
    """B1: the second's failures leave the first one closed."""
    ask(runtime, Scripted("first", [nobody("first")]), Scripted("second", [SILENCE]))
    assert (state(runtime, "first"), state(runtime, "second")) == ("closed", "open")


def test_a_register_status_is_held_back_too_and_waits(runtime: Runtime) -> None:
    """B5, P4: without a fresh status nothing is paid out."""
    first = Scripted("first", [SILENCE, report("first")])
    ask(runtime, first)
    answer = gateway(runtime, first).company_status(APPLICATION, company())
    assert answer.outcome is Outcome.UNAVAILABLE
    assert first.asked == 1


@pytest.mark.parametrize("acts", [[SILENCE], [DOWN] * 3])
def test_two_processes_that_hear_failures_at_once_neither_lose_one_nor_wait_for_each_other(
    committed_runtime: Runtime, wall: FixedClock, acts: list[Act]
) -> None:
    """B1: groups with opposite orders, so that each process fails at the other's next bureau: no deadlock."""
    runtime = replace(committed_runtime, wall=wall)
    start = threading.Barrier(6)

    def race(number: int) -> None:
        bureaus = [Scripted("first", list(acts)), Scripted("second", list(acts))]
        start.wait(20)
        for _ in range(3):
            ask(runtime, *(bureaus if number % 2 else reversed(bureaus)), about=company())

    with ThreadPoolExecutor(6) as pool:
        for one in [pool.submit(race, number) for number in range(6)]:
            one.result(60)
    assert (state(runtime, "first"), state(runtime, "second")) == ("open", "open")


def test_a_breaker_outlives_the_process(committed_runtime: Runtime, wall: FixedClock) -> None:
    """B1: another process with connections of its own finds it open."""
    runtime = replace(committed_runtime, wall=wall)
    ask(runtime, Scripted("first", [SILENCE]))
    database = Database(runtime.database.url)
    first = Scripted("first", [nobody("first")])
    assert ask(replace(runtime, database=database), first) is Outcome.UNAVAILABLE
    database.dispose()
    assert first.asked == 0
