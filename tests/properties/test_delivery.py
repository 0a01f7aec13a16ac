"""The queue under every interleaving of dispatchers that claim, deliver, note, die and come late."""

import uuid
from collections import defaultdict
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.messages import SUBJECTS, endpoint_at, happen, published, with_wall
from underwriting.kernel.clock import FixedClock
from underwriting.platform import deliveries, events
from underwriting.platform.deliveries import MOST_ATTEMPTS, PAUSES, Claim, Outcome
from underwriting.platform.message_models import AttemptOutcome, DeliveryState
from underwriting.platform.runtime import Runtime

DELIVERED = Outcome(AttemptOutcome.DELIVERED, 204)
FAILED = Outcome(AttemptOutcome.TEMPORARY, 500)
DISPATCHERS = 3

dispatchers = st.integers(0, DISPATCHERS - 1)
steps = st.one_of(
    st.tuples(st.just("happen"), st.integers(0, 1)),
    st.tuples(st.just("publish"), st.just(0)),
    st.tuples(st.just("claim"), dispatchers),
    st.tuples(st.just("deliver"), dispatchers),
    st.tuples(st.just("fail"), dispatchers),
    st.tuples(st.just("die"), dispatchers),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 130, 600])),
)


class World:
    """Dispatchers that hold claims, and the receiver that remembers what it was told first."""

    def __init__(self, runtime: Runtime, wall: FixedClock) -> None:
        self.runtime, self.wall = runtime, wall
        self.endpoint, _ = endpoint_at(runtime, "http://127.0.0.1:9/")
        self.held: dict[int, Claim] = {}
        self.first_told: list[uuid.UUID] = []
        self.most_attempts = 0

    def happen(self, subject: int) -> None:
        happen(self.runtime, SUBJECTS[subject])

    def publish(self, _: int) -> None:
        events.publish(self.runtime)

    def claim(self, dispatcher: int) -> None:
        """Nothing is claimed so often that it would be set aside."""
        if dispatcher in self.held or self.most_attempts >= MOST_ATTEMPTS - 2:
            return
        if claimed := deliveries.claim(self.runtime, self.endpoint):
            self.held[dispatcher], self.most_attempts = claimed, max(self.most_attempts, claimed.attempt)

    def deliver(self, dispatcher: int) -> None:
        """The receiver takes it, however late its dispatcher is."""
        if claimed := self.held.pop(dispatcher, None):
            if claimed.message_id not in self.first_told:
                self.first_told.append(claimed.message_id)
            self._settle(claimed, DELIVERED)

    def fail(self, dispatcher: int) -> None:
        if claimed := self.held.pop(dispatcher, None):
            self._settle(claimed, FAILED)

    def die(self, dispatcher: int) -> None:
        """Between delivery and mark: the receiver has it, nobody notes it."""
        if (claimed := self.held.pop(dispatcher, None)) and claimed.message_id not in self.first_told:
            self.first_told.append(claimed.message_id)

    def wait(self, seconds: int) -> None:
        self.wall.move_to(self.wall.now() + timedelta(seconds=seconds))

    def work_off(self) -> None:
        """One dispatcher that lives, until nothing is left."""
        self.held.clear()
        self.most_attempts = 0
        while self.states() & {DeliveryState.WAITING} or events.publish(self.runtime):
            self.claim(0)
            if 0 in self.held:
                self.deliver(0)
            else:
                self.wait(int(max(PAUSES).total_seconds()))

    def states(self) -> set[DeliveryState]:
        with self.runtime.database.transaction() as session:
            return {each.state for each in deliveries.latest(session, most=1000)}

    def _settle(self, claimed: Claim, outcome: Outcome) -> None:
        with self.runtime.database.transaction() as session:
            now = self.wall.now()
            deliveries.settle(session, claimed, outcome, started_at=now, milliseconds=1, at=now)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 1), min_size=2, max_size=6), st.lists(steps, min_size=4, max_size=40))
def test_whatever_dispatchers_do_every_message_is_delivered_and_each_subjects_in_order(
    runtime: Runtime, happened: list[int], road: list[tuple[str, Any]]
) -> None:
    """Nothing here is tried so often that it is set aside: every first delivery is in its subject's order."""
    runtime, wall = with_wall(runtime)
    with runtime.database.transaction() as session:
        undone = session.begin_nested()
        try:
            world = World(runtime, wall)
            before = {event.id for event in published(runtime)}
            for subject in happened:
                world.happen(subject)
            world.publish(0)
            for step, argument in road:
                getattr(world, step)(argument)
            world.work_off()
            told: dict[str, list[uuid.UUID]] = defaultdict(list)
            by_id = {event.id: event for event in published(runtime) if event.id not in before}
            for message_id in world.first_told:
                told[by_id[message_id].subject].append(message_id)
            expected: dict[str, list[uuid.UUID]] = defaultdict(list)
            for event in by_id.values():
                expected[event.subject].append(event.id)
            assert told == expected
            assert world.states() <= {DeliveryState.DELIVERED}
        finally:
            undone.rollback()
