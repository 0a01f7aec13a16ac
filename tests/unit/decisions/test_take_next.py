"""Two who ask for the next case at the same instant, as threads with connections of their own."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import sqlalchemy as sa

from tests.support.lending import CLEAN_AB, LendingWorld
from tests.unit.decisions.test_assignments import member
from underwriting.applications.models import Application
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_models import CaseAssignment
from underwriting.decisions.desk_queue import DeskQueue
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import Caller

CASES = 8


def referred_cases(world: LendingWorld, count: int) -> list[uuid.UUID]:
    """So many referred cases, the oldest first."""
    world.submitted(world.body(organisation_number=CLEAN_AB))
    at = world.runtime.clock.now()
    with world.runtime.database.transaction() as session:
        first = session.scalars(sa.select(Application)).one()
        first.state, first.next_attempt_at = "referred", None
        values = {column.name: getattr(first, column.name) for column in Application.__table__.columns}
        for number in range(1, count):
            own = {"id": uuid.uuid4(), "reference": f"AAAA-AAA{number}", "company_index": bytes([number])}
            session.add(Application(**values | own | {"submitted_at": at + timedelta(minutes=number)}))
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(Application.id).order_by(Application.submitted_at)))


def at_once(acts: list[Any]) -> list[Any]:
    """What the acts give that threads begin at the same instant."""
    together = Barrier(len(acts))

    def run(act: Any) -> Any:
        together.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def taking(queue: DeskQueue, caller: Caller, ticket: uuid.UUID) -> Any:
    return lambda: queue.take_next(ticket, caller)


def test_two_who_race_get_different_cases(committed_world: LendingWorld) -> None:
    """D8: the oldest ones, and never one that the other has, though a senior underwriter might take it over."""
    world = committed_world
    cases, queue = referred_cases(world, CASES), DeskQueue(world.decisions)
    ulla = member(world, "ulla")
    sara = member(world, "sara", Role.SENIOR_UNDERWRITER)
    taken: list[uuid.UUID] = []
    for _ in range(CASES // 2):
        taken += at_once([taking(queue, ulla, uuid.uuid4()), taking(queue, sara, uuid.uuid4())])
    assert sorted(taken) == sorted(cases)
    assert at_once([taking(queue, ulla, uuid.uuid4()), taking(queue, sara, uuid.uuid4())]) == [None, None]
    desk = Desk(world.decisions)
    assert len(desk.own_cases(ulla)) == len(desk.own_cases(sara)) == CASES // 2


def test_a_button_pressed_twice_at_once_takes_one_case(committed_world: LendingWorld) -> None:
    """A7: two threads with the same ticket."""
    world = committed_world
    cases, queue, ulla = referred_cases(world, 4), DeskQueue(world.decisions), member(world, "ulla")
    (taken,) = set(at_once([taking(queue, ulla, uuid.uuid4())] * 3))
    assert taken in cases
    assert len(Desk(world.decisions).own_cases(ulla)) == 1


def test_a_case_given_back_is_the_next_one_again(world: LendingWorld) -> None:
    """D8: whoever takes it then."""
    cases, queue, desk = referred_cases(world, 2), DeskQueue(world.decisions), Desk(world.decisions)
    ulla, urban = member(world, "ulla"), member(world, "urban")
    assert queue.take_next(uuid.uuid4(), ulla) == cases[0]
    assert queue.take_next(uuid.uuid4(), urban) == cases[1]
    desk.give_back(cases[0], ulla)
    assert queue.take_next(uuid.uuid4(), urban) == cases[0]
    with world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CaseAssignment)) == 2
