"""Who has a case: taken, given back, given to another."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.lending import ANNA, LendingWorld
from tests.unit.decisions.test_determination_service import referred
from underwriting.decisions.desk import Desk
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.services.assign_case import CaseTaken
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role
from underwriting.platform import staff_accounts
from underwriting.platform.authentication import Caller, RoleMissing


def member(
    world: LendingWorld, username: str, role: Role = Role.UNDERWRITER, person: PersonalNumber | None = None
) -> Caller:
    """A member of staff with an account."""
    with world.runtime.database.transaction() as session:
        at = world.runtime.clock.now()
        staff_id = staff_accounts.add_staff(
            session, world.runtime, username, "a long password", role, person=person, at=at
        )
    return replace(world.staff(role, person), actor=f"staff:{staff_id}", staff_id=staff_id, username=username)


@pytest.fixture
def case(world: LendingWorld) -> Any:
    return referred(world)


def test_a_case_is_taken_given_on_and_given_back(world: LendingWorld, case: Any) -> None:
    """D8: one underwriter has it at a time, and it is noted who gave it."""
    desk, ulla, urban = Desk(world.decisions), member(world, "ulla"), member(world, "urban")
    assert desk.assign(case, None, ulla).username == "ulla"
    assert desk.assign(case, None, ulla).username == "ulla"  # sent twice
    given = desk.assign(case, "urban", ulla)
    assert (given.username, given.by) == ("urban", ulla.actor)
    assert desk.own_cases(ulla) == ()
    assert [each.application_id for each in desk.own_cases(urban)] == [case]
    desk.give_back(case, urban)
    desk.give_back(case, urban)
    assert desk.assignments([case], ulla) == {}
    noted = [entry.action for entry in world.decisions.history(case, ulla) if entry.action.startswith("case.")]
    assert noted == ["case.assigned", "case.assigned", "case.given_back"]


def test_another_does_not_take_it_but_a_senior_may(world: LendingWorld, case: Any) -> None:
    """D8: whoever has it gives it on."""
    desk, ulla, urban = Desk(world.decisions), member(world, "ulla"), member(world, "urban")
    desk.assign(case, None, ulla)
    for act in (lambda: desk.assign(case, None, urban), lambda: desk.give_back(case, urban)):
        with pytest.raises(CaseTaken) as refused:
            act()
        assert refused.value.rule == "D8"
    assert desk.assign(case, None, member(world, "sara", Role.SENIOR_UNDERWRITER)).username == "sara"


def test_to_whom_a_case_is_not_given(world: LendingWorld, case: Any) -> None:
    """D8: to nobody who cannot determine it, and to no party to it."""
    desk, ulla = Desk(world.decisions), member(world, "ulla")
    member(world, "bo", Role.BILLING)
    member(world, "anna", person=ANNA)
    member(world, "gone")
    staff_accounts.disable(world.runtime, "gone")
    for nobody in ("bo", "gone", "unheard-of"):
        with pytest.raises(InvalidInput):
            desk.assign(case, nobody, ulla)
    with pytest.raises(DecidingOnOneself):
        desk.assign(case, "anna", ulla)
    with pytest.raises(RoleMissing):
        desk.assign(case, None, member(world, "rut", Role.AUDITOR))
    draft, _ = world.draft()
    with pytest.raises(NotFound):
        desk.assign(draft, None, ulla)


def test_a_limit_of_ones_own_narrows_what_one_gives_alone(world: LendingWorld) -> None:
    """D8: set by the operator, in kronor, and taken away again."""
    desk, ulla = Desk(world.decisions), member(world, "ulla")
    by_level = desk.authority(ulla).largest_limit
    staff_accounts.set_authority(world.runtime, "ulla", Money.kronor(100_000))
    assert desk.authority(ulla).largest_limit == Money.kronor(100_000)
    staff_accounts.set_authority(world.runtime, "ulla", None)
    assert desk.authority(ulla).largest_limit == by_level
