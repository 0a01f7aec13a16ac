"""Determinations beyond an underwriter's authority, and the second person who settles them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from bureau_clients.facts import Known
from bureau_clients.reports import Answer, BoardMember, CompanyReport, Coverage, Signatory, SigningRight
from schemas.values import SupplementBody
from tests.support.bureau import Exchangeable
from tests.support.lending import ANNA, OWNER, LendingWorld
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.decisions.authority import (
    ApprovingOnesOwn,
    AuthorityExceeded,
    ProposalExpired,
    ProposalPending,
    ProposalSettled,
)
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.override import DecidingOnOneself, Determination, ReasonCode
from underwriting.decisions.services.determine_case import CaseMovedOn
from underwriting.decisions.services.propose_override import ProposalView
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import NotFound, Refusal
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, DecisionOutcome, ProposalState, Role
from underwriting.platform.authentication import Caller

RECONSTRUCTION = "559999-1121"
GREAT = Determination(
    outcome=DecisionOutcome.APPROVED,
    limit=Money.kronor(600_000),
    fee_rate=Decimal("0.0275"),
    reason_code=ReasonCode.DOCUMENTS_SEEN,
)


def senior(world: LendingWorld, actor: str = "staff:2", person: PersonalNumber | None = None) -> Caller:
    return replace(world.staff(Role.SENIOR_UNDERWRITER, person), actor=actor)


def great_case(world: LendingWorld, number: str = RECONSTRUCTION) -> Any:
    """The id of a referred application for 600 000 kr, above what an underwriter gives alone."""
    figures = {"expected_monthly_revenue": "2000000.00", "expected_monthly_costs": "1500000.00"}
    application_id = world.submitted(world.body(organisation_number=number, requested_amount="600000.00", **figures))
    world.decisions.assess_due()
    assert state_of(world, application_id) is ApplicationState.REFERRED
    return application_id


def proposed(world: LendingWorld, application_id: Any, caller: Caller | None = None) -> ProposalView:
    found = world.decisions.determine(application_id, GREAT, "Avtal har visats.", caller or world.staff())
    assert isinstance(found, ProposalView)
    return found


def state_of(world: LendingWorld, application_id: Any) -> ApplicationState:
    return world.applications.view(application_id, world.staff()).state


def agreements(world: LendingWorld) -> list[Agreement]:
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(Agreement)))


def test_beyond_authority_nothing_changes_until_a_second_person_approves(world: LendingWorld) -> None:
    """D8, G1: the second approval is the granted-at, and both persons stand in the decision."""
    application_id, desk = great_case(world), Desk(world.decisions)
    waiting = proposed(world, application_id)
    assert (waiting.state, waiting.limit) == (ProposalState.PENDING, Money.kronor(600_000))
    assert state_of(world, application_id) is ApplicationState.REFERRED
    assert agreements(world) == []
    assert [each.id for each in desk.proposals(world.staff())] == [waiting.id]

    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(hours=1))
    decision = desk.approve(waiting.id, senior(world))
    assert (decision.outcome, decision.automatic) == (DecisionOutcome.APPROVED, False)
    assert (decision.decided_by, decision.approved_by) == ("staff:1", "staff:2")
    (agreement,) = agreements(world)
    assert agreement.granted_at == clock.now() == decision.decided_at
    assert desk.proposals(world.staff()) == ()
    with pytest.raises(ProposalSettled):
        desk.approve(waiting.id, senior(world))


def test_a_senior_determines_alone_what_an_underwriter_cannot(world: LendingWorld) -> None:
    """D8: by level."""
    determined = world.decisions.determine(great_case(world), GREAT, "Avtal har visats.", senior(world))
    assert isinstance(determined, StaffDecision)
    assert determined.approved_by is None


def test_a_rejected_proposal_leaves_the_case_where_it_is(world: LendingWorld) -> None:
    """D8: and another may be made."""
    application_id, desk = great_case(world), Desk(world.decisions)
    rejected = desk.reject(proposed(world, application_id).id, "För mycket.", senior(world))
    assert (rejected.state, rejected.settled_reason) == (ProposalState.REJECTED, "För mycket.")
    assert state_of(world, application_id) is ApplicationState.REFERRED
    proposed(world, application_id)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("the same account", ApprovingOnesOwn),
        ("the same person by another account", ApprovingOnesOwn),
        ("a colleague of the same level", AuthorityExceeded),
        ("the guarantor", DecidingOnOneself),
    ],
)
def test_who_may_not_approve(world: LendingWorld, who: str, refusal: type[Refusal]) -> None:
    """D8: nobody approves their own, decides on themselves, or goes beyond their own authority; nothing is written."""
    application_id, desk = great_case(world), Desk(world.decisions)
    waiting = proposed(world, application_id, world.staff(person=OWNER))
    callers = {
        "the same account": world.staff(),
        "the same person by another account": senior(world, person=OWNER),
        "a colleague of the same level": replace(world.staff(), actor="staff:3"),
        "the guarantor": senior(world, person=ANNA),
    }
    with pytest.raises(refusal) as refused:
        desk.approve(waiting.id, callers[who])
    assert refused.value.rule == "D8"
    assert state_of(world, application_id) is ApplicationState.REFERRED
    assert [each.state for each in desk.proposals(world.staff())] == [ProposalState.PENDING]
    assert len(world.decisions.decisions(application_id, world.staff())) == 1


def test_a_proposal_expires_when_the_application_changes(world: LendingWorld) -> None:
    """D8: what was proposed was proposed of something else."""
    application_id, desk = great_case(world), Desk(world.decisions)
    waiting = proposed(world, application_id)
    world.applications.add_supplement(application_id, SupplementBody(information="Mer."), world.person(ANNA))
    assert desk.proposals(world.staff()) == ()
    for act in (lambda: desk.approve(waiting.id, senior(world)), lambda: desk.reject(waiting.id, "-", senior(world))):
        with pytest.raises(ProposalExpired):
            act()
    proposed(world, application_id)
    with world.runtime.database.transaction() as session:
        states = session.scalars(sa.select(OverrideProposal.state).order_by(OverrideProposal.id)).all()
    assert states == ["expired", "pending"]


def test_one_proposal_waits_at_a_time(world: LendingWorld) -> None:
    """D8: a second one is refused while the first stands."""
    application_id = great_case(world)
    proposed(world, application_id)
    with pytest.raises(ProposalPending):
        world.decisions.determine(application_id, GREAT, "Igen.", replace(world.staff(), actor="staff:4"))


def test_a_proposal_that_nobody_made_is_not_found(world: LendingWorld) -> None:
    with pytest.raises(NotFound):
        Desk(world.decisions).approve(world.submitted(), senior(world))


def outcomes(*acts: Any) -> list[object]:
    """What became of acts that were begun at once: the result, or the refusal."""

    def attempt(act: Any) -> object:
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(attempt, acts))


def test_two_who_approve_at_once_approve_once(committed_world: LendingWorld) -> None:
    """D8, G1: one grants, the other is told that it is settled; there is one agreement."""
    world = committed_world
    waiting = proposed(world, great_case(world))
    desk = Desk(world.decisions)
    found = outcomes(
        *(lambda actor=actor: desk.approve(waiting.id, senior(world, actor)) for actor in ("staff:5", "staff:6"))
    )
    assert sum(isinstance(each, StaffDecision) for each in found) == 1
    assert sum(isinstance(each, ProposalSettled | ApplicationStateRefuses) for each in found) == 1
    assert len(agreements(world)) == 1


def test_two_who_determine_at_once_determine_once(committed_world: LendingWorld) -> None:
    """D8: the second finds the case moved on, and writes nothing."""
    world = committed_world
    application_id = great_case(world)
    found = outcomes(
        *(
            lambda actor=actor: world.decisions.determine(application_id, GREAT, "Jag.", senior(world, actor))
            for actor in ("staff:5", "staff:6")
        )
    )
    assert sum(isinstance(each, StaffDecision) for each in found) == 1
    assert sum(isinstance(each, CaseMovedOn | ApplicationStateRefuses) for each in found) == 1
    assert len(agreements(world)) == 1
    assert len(world.decisions.decisions(application_id, world.staff())) == 2


@pytest.mark.parametrize("written", [OWNER.digits, OWNER.digits[2:]], ids=["12 digits", "10 digits"])
@pytest.mark.parametrize("place", ["board", "signatory"])
def test_whoever_has_a_place_in_the_company_by_the_register_does_not_determine_it(
    world: LendingWorld, bureau: Exchangeable, written: str, place: str
) -> None:
    """D8: signatory and board as bureaus tell them, also where the application does not name them."""

    class WithPlace(Exchangeable):
        def company(
            self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
        ) -> Answer:
            answer = self.behind.company(number, form=form, reference=reference, at=at)
            assert isinstance(answer.report, CompanyReport)
            member = BoardMember(name="X", number=written, function="LE", since=None)
            right = SigningRight(
                text="", alternatives=((Signatory(name="X", number=written, roles=()),),), coverage=Coverage.COMPLETE
            )
            told = {"board": (member,)} if place == "board" else {"signing_right": right}
            facts: Any = {name: Known(value, self.name, at) for name, value in told.items()}
            return replace(answer, report=replace(answer.report, **facts))

    bureau.behind = WithPlace(bureau.behind)
    application_id = great_case(world)
    with pytest.raises(DecidingOnOneself) as refused:
        world.decisions.determine(application_id, GREAT, "Jag.", senior(world, person=OWNER))
    assert refused.value.rule == "D8"
    assert len(world.decisions.decisions(application_id, world.staff())) == 1
