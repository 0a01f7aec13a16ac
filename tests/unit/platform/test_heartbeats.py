"""Signs of life of workers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.log_lines import log_lines
from underwriting.kernel.clock import FixedClock
from underwriting.platform import heartbeats
from underwriting.platform.database import Database
from underwriting.platform.heartbeats import Heartbeat
from underwriting.platform.runtime import Runtime


@pytest.fixture
def wall(runtime: Runtime) -> FixedClock:
    return FixedClock(runtime.clock.now())


@pytest.fixture
def world(runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(runtime, wall=wall)


def alive(runtime: Runtime) -> int:
    with runtime.database.transaction() as session:
        return heartbeats.alive(session, at=runtime.wall.now())


def test_a_worker_lives_for_a_minute_after_its_last_sign(world: Runtime, wall: FixedClock) -> None:
    worker = Heartbeat(world)
    assert alive(world) == 0
    worker.beat()
    wall.move_to(wall.now() + timedelta(seconds=59))
    worker.beat()
    wall.move_to(wall.now() + timedelta(seconds=59))
    assert alive(world) == 1
    wall.move_to(wall.now() + timedelta(seconds=1))
    assert alive(world) == 0


def test_several_are_counted_and_one_that_was_stopped_is_not_missed(world: Runtime) -> None:
    first, second = Heartbeat(world), Heartbeat(world)
    first.beat()
    second.beat()
    assert alive(world) == 2
    first.end()
    assert alive(world) == 1


def test_one_that_died_is_forgotten_after_a_day(world: Runtime, wall: FixedClock) -> None:
    died_at = wall.now()
    Heartbeat(world).beat()
    wall.move_to(died_at + timedelta(days=1))
    with world.database.transaction() as session:
        assert heartbeats.last_seen_at(session) == died_at
    successor = Heartbeat(world)
    wall.move_to(wall.now() + timedelta(seconds=1))
    successor.beat()
    successor.end()
    with world.database.transaction() as session:
        assert heartbeats.last_seen_at(session) is None


def test_a_worker_goes_on_without_its_database(world: Runtime) -> None:
    nowhere = Database("postgresql://postgres@127.0.0.1:9/nowhere")
    worker = Heartbeat(replace(world, database=nowhere))
    with log_lines() as lines:
        worker.beat()
        worker.end()
    assert [line["event"] for line in lines.objects()] == ["heartbeat_failed"] * 2
