"""Test time: one instant for every process, forward only, and for the sandbox only."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from underwriting.kernel.clock import SystemClock
from underwriting.kernel.periods import STOCKHOLM
from underwriting.platform import test_time
from underwriting.platform.database import Database
from underwriting.platform.settings import Settings
from underwriting.platform.test_time import TestTimeBackwards, TestTimeForbidden, TestTimeOutOfReach

NOON = datetime(2027, 1, 5, 11, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def in_earnest(settings: Settings) -> Settings:
    """The settings of a service whose outside parties are real."""
    return replace(settings, sandbox=False)


@pytest.fixture
def elsewhere(committed_database: Database) -> Iterator[Database]:
    """The same database as another process sees it."""
    database = Database(committed_database.url)
    yield database
    database.dispose()


def test_in_the_sandbox_time_stands_where_it_was_put(settings: Settings, database: Database) -> None:
    """X1: a test clock can be moved."""
    clock = test_time.clock_of(settings, database)
    test_time.put(settings, database, NOON)
    assert (clock.now(), clock.now()) == (NOON, NOON)
    test_time.put(settings, database, NOON + SECOND)
    assert clock.now() == NOON + SECOND


def test_without_test_time_it_is_the_machines(settings: Settings, database: Database) -> None:
    """X1: no row means the machine's clock, before it is set and after it is released."""
    clock = test_time.clock_of(settings, database)
    before = SystemClock().now()
    assert before <= clock.now() <= SystemClock().now()
    test_time.put(settings, database, NOON)
    test_time.release(settings, database)
    assert test_time.current(database) is None
    assert before <= clock.now() <= SystemClock().now()


def test_every_process_reads_the_same_time(
    settings: Settings, committed_database: Database, elsewhere: Database
) -> None:
    """X1: one row."""
    test_time.put(settings, committed_database, NOON)
    assert test_time.clock_of(settings, elsewhere).now() == NOON


def test_time_is_not_moved_back(settings: Settings, database: Database) -> None:
    """X1: forward only; the same instant again is no step back."""
    test_time.put(settings, database, NOON)
    test_time.put(settings, database, NOON)
    with pytest.raises(TestTimeBackwards) as refused:
        test_time.put(settings, database, NOON - SECOND)
    assert refused.value.rule == "X1"
    assert test_time.current(database) == NOON


def test_of_two_who_move_it_at_once_the_later_instant_stands(settings: Settings, committed_database: Database) -> None:
    """X1: forward only, whoever is first."""
    together = threading.Barrier(2)

    def move(at: datetime) -> None:
        together.wait()
        try:
            test_time.put(settings, committed_database, at)
        except TestTimeBackwards:
            refused.append(at)

    refused: list[datetime] = []
    threads = [threading.Thread(target=move, args=(at,)) for at in (NOON, NOON + SECOND)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert test_time.current(committed_database) == NOON + SECOND
    assert refused in ([], [NOON])


def test_outside_the_sandbox_there_is_no_test_time(in_earnest: Settings, database: Database) -> None:
    """X1: refused unless every outside party is a stand-in on loopback."""
    assert isinstance(test_time.clock_of(in_earnest, database), SystemClock)
    with pytest.raises(TestTimeForbidden) as refused:
        test_time.put(in_earnest, database, NOON)
    assert refused.value.rule == "X1"
    with pytest.raises(TestTimeForbidden):
        test_time.release(in_earnest, database)
    assert test_time.current(database) is None


@pytest.mark.parametrize(
    ("before", "at", "reached"),
    [
        (NOON, NOON + timedelta(days=1830), True),  # five years of 366 days
        (NOON, NOON + timedelta(days=1830) + SECOND, False),
        (NOON, datetime(2000, 1, 1, tzinfo=UTC), True),
        (NOON, datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2099, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2099, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), False),
        (NOON, datetime.min.replace(tzinfo=UTC), False),
        (NOON, datetime.max.replace(tzinfo=UTC), False),
        (NOON, datetime.min.replace(tzinfo=STOCKHOLM), False),
        (NOON, datetime.max.replace(tzinfo=STOCKHOLM), False),
    ],
)
def test_time_is_moved_within_a_century_and_five_years_at_most(
    before: datetime, at: datetime, *, reached: bool
) -> None:
    """X1: nobody waits for thousands of years to be lived through, and the database keeps no year below 1."""
    if reached:
        test_time.require_within_reach(before, at)
    else:
        with pytest.raises(TestTimeOutOfReach):
            test_time.require_within_reach(before, at)
