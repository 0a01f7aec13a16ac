"""The queue: leases, pauses that grow, what is given up, and lanes that keep their order."""

import uuid
from datetime import timedelta

import pytest

from tests.support.messages import AT, SUBJECTS, endpoint_at, happen, with_wall
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import NotFound
from underwriting.platform import deliveries, events
from underwriting.platform.deliveries import LEASE, LOST, MOST_ATTEMPTS, PAUSES, Claim, DeliveryView, Outcome
from underwriting.platform.message_models import AttemptOutcome, DeliveryState
from underwriting.platform.runtime import Runtime

DELIVERED = Outcome(AttemptOutcome.DELIVERED, 204)
FAILED = Outcome(AttemptOutcome.TEMPORARY, 500)
FINAL = Outcome(AttemptOutcome.PERMANENT, 550)


@pytest.fixture
def world(runtime: Runtime) -> tuple[Runtime, FixedClock]:
    return with_wall(runtime)


def queued(runtime: Runtime, *subjects: int) -> uuid.UUID:
    """An endpoint that waits for one event of each of *subjects*, in that order."""
    endpoint, _ = endpoint_at(runtime, "http://127.0.0.1:9/")
    for subject in subjects:
        happen(runtime, SUBJECTS[subject])
    events.publish(runtime)
    return endpoint


def claim(runtime: Runtime, endpoint: uuid.UUID) -> Claim:
    claimed = deliveries.claim(runtime, endpoint)
    assert claimed is not None
    return claimed


def settle(runtime: Runtime, claimed: Claim, outcome: Outcome) -> None:
    with runtime.database.transaction() as session:
        now = runtime.wall.now()
        deliveries.settle(session, claimed, outcome, started_at=now, milliseconds=7, at=now)


def views(runtime: Runtime) -> list[DeliveryView]:
    """Every delivery, the oldest first."""
    with runtime.database.transaction() as session:
        return deliveries.latest(session, most=100)[::-1]


def states(runtime: Runtime) -> list[DeliveryState]:
    return [view.state for view in views(runtime)]


def test_the_second_of_a_subject_waits_for_the_first_and_other_subjects_do_not(
    world: tuple[Runtime, FixedClock],
) -> None:
    runtime, _ = world
    endpoint = queued(runtime, 0, 0, 1)
    first, other = claim(runtime, endpoint), claim(runtime, endpoint)
    assert deliveries.claim(runtime, endpoint) is None
    subjects = {view.id: view.subject for view in views(runtime)}
    assert (subjects[first.id], subjects[other.id]) == (f"application:{SUBJECTS[0]}", f"application:{SUBJECTS[1]}")
    settle(runtime, first, DELIVERED)
    second = claim(runtime, endpoint)
    assert (subjects[second.id], second.message_id == first.message_id) == (f"application:{SUBJECTS[0]}", False)


def test_a_lease_that_runs_out_gives_the_same_message_to_somebody_else(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0, 0)
    lost = claim(runtime, endpoint)
    wall.move_to(AT + LEASE - timedelta(seconds=1))
    assert deliveries.claim(runtime, endpoint) is None
    wall.move_to(AT + LEASE)
    again = claim(runtime, endpoint)
    assert (again.id, again.message_id) == (lost.id, lost.message_id)
    assert (lost.attempt, again.attempt) == (1, 2)


def test_pauses_grow_and_the_last_failure_sets_the_message_aside(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0, 0)
    for pause in PAUSES:
        settle(runtime, claim(runtime, endpoint), FAILED)
        wall.move_to(wall.now() + pause - timedelta(seconds=1))
        assert deliveries.claim(runtime, endpoint) is None
        wall.move_to(wall.now() + timedelta(seconds=1))
    assert sorted(PAUSES) == list(PAUSES)
    assert sum(PAUSES, timedelta(0)) > timedelta(days=3)
    settle(runtime, claim(runtime, endpoint), FAILED)
    assert states(runtime) == [DeliveryState.DEAD, DeliveryState.WAITING]
    assert claim(runtime, endpoint).attempt == 1  # the lane goes on with the next


def test_what_is_final_is_set_aside_at_once(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    endpoint = queued(runtime, 0)
    settle(runtime, claim(runtime, endpoint), FINAL)
    (view,) = views(runtime)
    assert (view.state, view.attempts, view.last_status) == (DeliveryState.DEAD, 1, 550)


def test_a_message_that_kills_every_dispatcher_is_set_aside(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0)
    for _ in range(MOST_ATTEMPTS):
        claim(runtime, endpoint)
        wall.move_to(wall.now() + LEASE)
    assert deliveries.claim(runtime, endpoint) is None
    (view,) = views(runtime)
    assert (view.state, view.last_fault) == (DeliveryState.DEAD, LOST)


def test_a_late_failure_does_not_take_the_message_from_whoever_holds_it_now(
    world: tuple[Runtime, FixedClock],
) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0)
    late = claim(runtime, endpoint)
    wall.move_to(AT + LEASE)
    now = claim(runtime, endpoint)
    settle(runtime, late, FINAL)
    assert states(runtime) == [DeliveryState.WAITING]
    settle(runtime, now, DELIVERED)
    assert states(runtime) == [DeliveryState.DELIVERED]


def test_a_late_success_counts_whoever_holds_the_message_now(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0)
    late = claim(runtime, endpoint)
    wall.move_to(AT + LEASE)
    now = claim(runtime, endpoint)
    settle(runtime, late, DELIVERED)
    settle(runtime, now, FAILED)
    assert states(runtime) == [DeliveryState.DELIVERED]


def test_every_attempt_is_noted(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    endpoint = queued(runtime, 0)
    settle(runtime, claim(runtime, endpoint), FAILED)
    wall.move_to(AT + PAUSES[0])
    claimed = claim(runtime, endpoint)
    settle(runtime, claimed, DELIVERED)
    with runtime.database.transaction() as session:
        view, attempts = deliveries.attempts_at(session, claimed.id)
        log = deliveries.attempts_to(session, endpoint, most=10)
        with pytest.raises(NotFound):
            deliveries.attempts_at(session, uuid.uuid4())
    assert view.kind == "application.submitted"
    assert [(each.attempt, each.outcome, each.status, each.at, each.milliseconds) for each in attempts] == [
        (1, AttemptOutcome.TEMPORARY, 500, AT, 7),
        (2, AttemptOutcome.DELIVERED, 204, AT + PAUSES[0], 7),
    ]
    assert log == attempts[::-1]


def test_a_person_has_a_dead_letter_tried_anew_or_dropped(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    endpoint = queued(runtime, 0, 1)
    for _ in range(2):
        settle(runtime, claim(runtime, endpoint), FINAL)
    with runtime.database.transaction() as session:
        second, first = deliveries.dead_letters(session, most=10)
        assert deliveries.dead_letters(session, most=10, before=second.number) == [first]
    deliveries.retry(runtime, first.id, actor="staff:1")
    deliveries.drop(runtime, second.id, actor="staff:1")
    for done in (deliveries.retry, deliveries.drop):
        with pytest.raises(NotFound):
            done(runtime, second.id, actor="staff:1")
    assert states(runtime) == [DeliveryState.WAITING, DeliveryState.DROPPED]
    assert claim(runtime, endpoint).attempt == 1


def test_since_when_the_oldest_waits(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    with runtime.database.transaction() as session:
        assert deliveries.waiting_since(session) is None
    queued(runtime, 0)
    wall.move_to(AT + timedelta(hours=1))
    with runtime.database.transaction() as session:
        assert deliveries.waiting_since(session) == AT
