"""Several askers of one subject, late ones and dead ones: one question (rules B4, B5)."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome, QuestionState
from bureau_clients.reports import Answer, NoMatch, Received
from tests.wire.creditsafe.conftest import settings_for
from tests.wire.gateway.conftest import Counted
from tests.wire.gateway.scripted import NoticingClock, Scripted, nobody, only, question, rows
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock, SystemClock
from underwriting.platform.runtime import Runtime


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (nobody("creditsafe"), Outcome.NO_MATCH),
        (BureauUnavailable("14"), Outcome.UNAVAILABLE),
        (OutcomeUnknown("read-timeout"), Outcome.UNKNOWN),
        (BureauRefused("8"), Outcome.REFUSED),
    ],
)
def test_two_askers_of_one_subject_share_one_question_and_its_outcome(
    committed_runtime: Runtime, ends: Any, outcome: Outcome
) -> None:
    """B5: a row with a lease, never a lock held during the call."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        if isinstance(ends, BureauFailure):
            raise ends
        answered: Answer = ends(number, at)
        return answered

    bureau = Scripted("creditsafe", [answer])
    gateway = Gateway(committed_runtime, [bureau])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        wall = NoticingClock()
        waiting = Gateway(replace(committed_runtime, wall=wall), [bureau])
        second = pool.submit(waiting.retrieve, APPLICATION, [person()])
        assert wall.noticed.wait(10)  # it has found the lease
        go_on.set()
        outcomes = [only(future.result(20)).outcome for future in (first, second)]
    assert outcomes == [outcome, outcome]
    assert bureau.asked == 1


def test_an_answer_that_comes_after_its_lease_is_kept_and_settles_the_doubt(committed_runtime: Runtime) -> None:
    """B4: late, but an answer; nobody is asked about twice."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        return Answer(NoMatch(number, "creditsafe", at), (Received("only", b"<late/>"),))

    bureau = Scripted("creditsafe", [answer], longest_call=timedelta(0))
    gateway = Gateway(committed_runtime, [bureau])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
        go_on.set()
        assert only(first.result(20)).outcome is Outcome.NO_MATCH
    assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.NO_MATCH
    assert bureau.asked == 1
    assert [row.outcome for row in rows(committed_runtime)] == ["unknown", "no_match"]


def test_a_late_doubt_does_not_block_what_a_person_has_allowed(committed_runtime: Runtime) -> None:
    """B4: a person has decided; nor does the late asker go on to the next bureau."""
    asked, go_on = threading.Event(), threading.Event()

    def fail(number: str, at: datetime) -> Answer:
        asked.set()
        go_on.wait(10)
        raise BureauUnavailable("no-connection")

    first = Scripted("first", [fail, nobody("first")], longest_call=timedelta(0))
    second = Scripted("second", [nobody("second")], longest_call=timedelta(0))
    gateway = Gateway(committed_runtime, [first, second])
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(gateway.retrieve, APPLICATION, [person()])
        assert asked.wait(10)
        assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.UNKNOWN
        gateway.allow_another_question(APPLICATION, person(), by="user:1", at=committed_runtime.clock.now())
        go_on.set()
        late.result(20)
    assert (first.asked, second.asked) == (1, 0)
    assert question(committed_runtime).state == QuestionState.OPEN
    assert only(gateway.retrieve(APPLICATION, [person()])).outcome is Outcome.NO_MATCH


@pytest.mark.crash
@pytest.mark.parametrize(("number", "then"), [("197707052382", Outcome.UNKNOWN), ("5599999017", Outcome.UNAVAILABLE)])
def test_killing_the_process_that_asks_loses_no_doubt(committed_runtime: Runtime, number: str, then: Outcome) -> None:
    """B4: after the kill a person's question stays unknown and is not asked again; an AB's is."""
    stand_in = Counted(silent_seconds=30)  # the kill comes in time however late it is
    subject = person(number) if len(number) == 12 else company(number)
    with stand_in.address() as address:
        arguments = (committed_runtime.database.url, address, number)
        asker = subprocess.Popen([sys.executable, "-m", "tests.wire.gateway.asker", *arguments])
        try:
            while not stand_in.numbers:
                assert asker.poll() is None
                time.sleep(0.01)
        finally:
            asker.kill()
            asker.wait()
        later = FixedClock(SystemClock().now() + timedelta(minutes=5))
        gateway = Gateway(replace(committed_runtime, wall=later), [Creditsafe(settings_for(address))])
        assert only(gateway.retrieve(APPLICATION, [subject])).outcome is then
    assert len(stand_in.numbers) == (1 if then is Outcome.UNKNOWN else 2)
    assert rows(committed_runtime)[0].failure_code == "asker-died"
