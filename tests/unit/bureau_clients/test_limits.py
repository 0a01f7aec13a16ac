"""Breakers and budgets as pure rules (B1, B8): what opens, what lets through, what fits."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.limits import (
    LONGEST_PAUSE,
    AlarmKind,
    Breaker,
    BreakerPolicy,
    BreakerState,
    Sign,
    are_few,
    crossed,
    fits,
    sign_of,
)
from bureau_clients.questions import Outcome
from underwriting.kernel.money import Money

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = BreakerPolicy(failures=3, pause=30 * SECOND)
ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def shown(breaker: Breaker, *signs: Sign, question: uuid.UUID = ONE, at: datetime = AT) -> Breaker:
    """*breaker* after signs of questions that it let through as it stood."""
    for sign in signs:
        breaker = breaker.after(sign, question=question, generation=breaker.generation, policy=POLICY, at=at)
    return breaker


OPEN = shown(Breaker(), Sign.SILENT)
HALF_OPEN = OPEN.probed(ONE, until=AT + 90 * SECOND)


@pytest.mark.parametrize(
    ("outcome", "code", "sign"),
    [
        (Outcome.UNKNOWN, "read-timeout", Sign.SILENT),
        (Outcome.UNKNOWN, "broken-connection", Sign.SILENT),
        (Outcome.UNKNOWN, "http-500", Sign.FAILS),
        (Outcome.UNKNOWN, "not-an-answer", Sign.FAILS),
        (Outcome.UNAVAILABLE, "no-connection", Sign.FAILS),
        (Outcome.UNAVAILABLE, "14", Sign.FAILS),
        (Outcome.REFUSED, "8", Sign.ANSWERS),
        (Outcome.NO_MATCH, None, Sign.ANSWERS),
        (Outcome.REPORT, None, Sign.ANSWERS),
        (Outcome.UNKNOWN, "failed-here", Sign.NOTHING),
        (Outcome.REFUSED, "no-status-block", Sign.NOTHING),
        (Outcome.UNAVAILABLE, "breaker-open", Sign.NOTHING),
        (Outcome.UNAVAILABLE, "over-budget", Sign.NOTHING),
    ],
)
def test_what_an_outcome_says_of_its_bureau(outcome: Outcome, code: str | None, sign: Sign) -> None:
    """B1: a refusal is an answer; what never left the house, and what our own code failed on, says nothing."""
    assert sign_of(outcome, code) is sign


@pytest.mark.parametrize(
    ("signs", "state"),
    [
        ([Sign.SILENT], BreakerState.OPEN),
        ([Sign.FAILS, Sign.FAILS], BreakerState.CLOSED),
        ([Sign.FAILS, Sign.FAILS, Sign.FAILS], BreakerState.OPEN),
        ([Sign.FAILS, Sign.FAILS, Sign.ANSWERS, Sign.FAILS, Sign.FAILS], BreakerState.CLOSED),
        ([Sign.FAILS, Sign.FAILS, Sign.NOTHING, Sign.FAILS], BreakerState.OPEN),
        ([Sign.ANSWERS], BreakerState.CLOSED),
    ],
)
def test_a_breaker_opens_on_the_first_silence_or_after_failures_in_a_row(
    signs: list[Sign], state: BreakerState
) -> None:
    """B1: three failures in a row, by the setting."""
    assert shown(Breaker(), *signs).state is state


@pytest.mark.parametrize(
    ("breaker", "after", "goes"),
    [
        (Breaker(), 0 * SECOND, True),
        (OPEN, 29 * SECOND, False),
        (OPEN, 30 * SECOND, True),
        (HALF_OPEN, 89 * SECOND, False),  # one is on its way
        (HALF_OPEN, 90 * SECOND, True),  # whoever asked it is dead
    ],
)
def test_when_a_question_goes_through(breaker: Breaker, after: timedelta, goes: bool) -> None:
    """B1: after the pause, one; and another when the first one's lease has run out."""
    assert breaker.lets_through(AT + after) is goes


def test_the_answer_to_the_one_question_closes_the_breaker() -> None:
    """B1: half open; also a refusal is an answer."""
    closed = shown(HALF_OPEN, Sign.ANSWERS)
    assert (closed.state, closed.failures, closed.pause) == (BreakerState.CLOSED, 0, None)


def test_each_failure_of_the_one_question_doubles_the_pause_to_ten_minutes_at_most() -> None:
    """B1: 30 s, 60 s, 2, 4 and 8 minutes, then 10."""
    pauses, breaker, at = [], OPEN, AT
    for _ in range(6):
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - at)
        at = breaker.open_until
        breaker = shown(breaker.probed(ONE, until=at + SECOND), Sign.FAILS, at=at)
    assert [pause.total_seconds() for pause in pauses] == [30, 60, 120, 240, 480, 600]


def test_a_question_that_shows_nothing_gives_the_next_one_its_place() -> None:
    """B1: half open until somebody is answered, or is not."""
    after = shown(HALF_OPEN, Sign.NOTHING, at=AT + SECOND)
    assert after.state is BreakerState.HALF_OPEN
    assert after.lets_through(AT + SECOND)


@pytest.mark.parametrize("sign", Sign)
def test_only_the_one_question_moves_a_half_open_breaker(sign: Sign) -> None:
    """B1: not another that comes late, even of the same generation."""
    assert shown(HALF_OPEN, sign, question=OTHER) == HALF_OPEN


@pytest.mark.parametrize("sign", Sign)
@pytest.mark.parametrize("breaker", [OPEN, HALF_OPEN, shown(HALF_OPEN, Sign.ANSWERS)])
def test_questions_from_before_a_breaker_changed_do_not_move_it(breaker: Breaker, sign: Sign) -> None:
    """B1: what was in flight when it opened neither closes it nor makes its pause longer, nor opens it again."""
    late = breaker.after(sign, question=OTHER, generation=Breaker().generation, policy=POLICY, at=AT + 40 * SECOND)
    assert late == breaker


@given(st.lists(st.tuples(st.sampled_from(Sign), st.booleans(), st.integers(1, 900)), max_size=40))
def test_whatever_happens_a_breaker_lets_a_question_through_in_the_end(
    events: list[tuple[Sign, bool, int]],
) -> None:
    """B1: no order of answers, failures and deaths leaves a bureau unasked for longer than a pause and a lease."""
    breaker, at, lease = Breaker(), AT, timedelta(seconds=75)
    for number, (sign, dies, seconds) in enumerate(events):
        at += seconds * SECOND
        if not breaker.lets_through(at):
            continue
        question = uuid.UUID(int=number)
        generation = breaker.generation
        if breaker.state is not BreakerState.CLOSED:
            breaker = breaker.probed(question, until=at + lease)
        if not dies:
            breaker = breaker.after(sign, question=question, generation=generation, policy=POLICY, at=at)
    assert breaker.lets_through(at + max(LONGEST_PAUSE, lease))


@pytest.mark.parametrize(
    ("price", "spent", "budget", "fit"),
    [(30, 70, 100, True), (31, 70, 100, False), (0, 100, 100, True), (1, 100, 100, False), (500, 0, None, True)],
)
def test_a_question_fits_when_its_price_is_within_what_is_left(
    price: int, spent: int, budget: int | None, fit: bool
) -> None:
    """B8: to the last krona; without a budget everything does."""
    of = None if budget is None else Money.kronor(budget)
    assert fits(Money.kronor(price), spent=Money.kronor(spent), budget=of) is fit


@pytest.mark.parametrize(
    ("before", "after", "alarm"),
    [
        (0, 79, None),
        (79, 80, AlarmKind.BUDGET_NEARLY_SPENT),
        (80, 90, None),
        (90, 100, AlarmKind.BUDGET_SPENT),
        (10, 100, AlarmKind.BUDGET_SPENT),  # both at once: the higher
        (100, 130, None),
    ],
)
def test_the_alarm_is_for_what_is_crossed(before: int, after: int, alarm: AlarmKind | None) -> None:
    """B8: at 80 % of a day's 100 kronor and at all of them."""
    kronor = Money.kronor
    assert crossed(before=kronor(before), after=kronor(after), budget=kronor(100)) is alarm


@pytest.mark.parametrize(("left", "of", "few"), [(10, 100, False), (9, 100, True), (0, 5, True), (-3, 5, True)])
def test_few_reports_are_fewer_than_a_tenth_of_a_purchase(left: int, of: int, few: bool) -> None:
    """B8: 10 of 100 are not few, 9 are."""
    assert are_few(left, of=of) is few
