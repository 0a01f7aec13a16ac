"""The two stores of counts: alike in what they answer, in memory without end and in the database for all processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from limits.storage import Storage

from underwriting.kernel.clock import FixedClock
from underwriting.platform.rate_limit_store import DatabaseStorage, MemoryStorage
from underwriting.platform.runtime import Runtime


@pytest.fixture
def wall(clock: FixedClock) -> FixedClock:
    return FixedClock(clock.now())


@pytest.fixture(params=[MemoryStorage, DatabaseStorage])
def store(request: pytest.FixtureRequest, runtime: Runtime, wall: FixedClock) -> Storage:
    made: Callable[..., Storage] = request.param
    return made(runtime=replace(runtime, wall=wall))


def test_a_window_counts_until_it_is_over(store: Storage, wall: FixedClock) -> None:
    start = wall.now()
    assert [store.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    assert store.incr("b", 60, 5) == 5
    wall.move_to(start + timedelta(seconds=59))
    assert store.incr("a", 60) == 4
    assert (store.get("a"), store.get_expiry("a")) == (4, start.timestamp() + 60)
    wall.move_to(start + timedelta(seconds=60))
    assert (store.get("a"), store.get_expiry("a")) == (0, start.timestamp() + 60)
    assert store.incr("a", 60) == 1
    assert store.get_expiry("a") == start.timestamp() + 120


def test_what_is_over_is_swept_away_and_what_is_not_stays(store: Storage, wall: FixedClock) -> None:
    for number in range(30):
        store.incr(f"old-{number}", 60)
    wall.move_to(wall.now() + timedelta(seconds=59))
    store.incr("young", 60)
    wall.move_to(wall.now() + timedelta(seconds=1))
    store.incr("new", 60)
    assert store.get("young") == 1
    assert store.reset() == 2


def test_counts_can_be_forgotten(store: Storage) -> None:
    assert store.check()
    assert store.get("a") == 0
    store.incr("a", 60)
    store.clear("a")
    assert store.get("a") == 0
    store.clear("never counted")
    store.incr("a", 60)
    assert store.reset() == 1
    assert store.get("a") == 0


@pytest.mark.parametrize("made", [MemoryStorage, DatabaseStorage])
def test_no_request_is_missed_where_many_ask_at_once(committed_runtime: Runtime, made: Callable[..., Storage]) -> None:
    store = made(runtime=committed_runtime)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: store.incr("a", 60), range(200)))
    assert sorted(found) == list(range(1, 201))
