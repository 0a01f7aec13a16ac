"""The lender's own books as facts of a decision: read at its moment, kept with it, replayed without them."""

from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from bureau_clients.facts import Fact, Known
from tests.support.lending import ANNA, CLEAN_HB, LendingWorld
from underwriting.decisions import formats
from underwriting.decisions.facts import Facts
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.policies import load_policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.decisions.services.record_decision import facts_text, trace_text
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome


def decided(world: LendingWorld, **changes: Any) -> StaffDecision:
    application_id = world.submitted(world.body(**changes))
    assert world.decisions.assess_due() == 1
    return world.decisions.decisions(application_id, world.staff())[0]


def facts_of_decision(world: LendingWorld, decision: StaffDecision) -> Facts:
    with world.runtime.database.transaction() as session:
        return formats.facts_from_json(facts_text(world.runtime, session.get_one(DecisionRow, decision.id)))


def known(fact: Fact[Money]) -> Money:
    assert isinstance(fact, Known)
    return fact.value


def later(world: LendingWorld) -> None:
    assert isinstance(world.runtime.clock, FixedClock)
    world.runtime.clock.move_to(world.runtime.clock.now() + timedelta(minutes=1))


def test_a_second_credit_is_decided_beside_the_first(world: LendingWorld) -> None:
    """D2, G6: 200 000 are out with the company; another company that Anna signs for is of the same group."""
    first = decided(world)
    assert known(facts_of_decision(world, first).history.exposure) == Money.ZERO
    later(world)
    second = decided(world)
    later(world)
    third = decided(world, company_form="HB", organisation_number=CLEAN_HB)
    history = facts_of_decision(world, second).history
    assert known(history.exposure) == known(history.group_exposure) == Money.kronor(200_000)
    history = facts_of_decision(world, third).history
    assert known(history.exposure) == Money.ZERO
    assert known(history.group_exposure) == Money.kronor(400_000)


def test_what_a_guarantor_has_promised_before_is_a_fact_of_the_next_decision(world: LendingWorld) -> None:
    """G6: Anna is to sign a guarantee of 150 % of 200 000, all of which may be paid out when she has."""
    decided(world)
    later(world)
    (anna,) = facts_of_decision(world, decided(world)).guarantors
    assert anna.other_guarantees == Money.kronor(200_000)
    assert known(anna.promised_guarantees) == Money.kronor(300_000)


def test_a_company_with_all_that_it_may_have_is_referred_and_not_declined(world: LendingWorld) -> None:
    """D2: 2 490 000 are out, so that 10 000 are left of 2 500 000."""
    decided(world)
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(Agreement).values(limit_ore=Money.kronor(2_490_000).ore))
    later(world)
    decision = decided(world)
    assert (decision.outcome, decision.offer) == (DecisionOutcome.REFERRED, None)
    assert "referral.exposure" in {line.key for line in decision.trace}


@pytest.mark.parametrize("erased", [False, True])
def test_a_decision_is_replayed_from_what_was_kept_and_nothing_else(world: LendingWorld, erased: bool) -> None:
    """D7: whatever the books say since; with the document and the kept facts alone it is the same to the byte."""
    decision = decided(world)
    if erased:
        with world.runtime.database.transaction() as session:
            session.execute(sa.update(Agreement).values(limit_ore=1))
    assert world.decisions.replay(decision.id).same
    with world.runtime.database.transaction() as session:
        row = session.get_one(DecisionRow, decision.id)
        kept, told = facts_text(world.runtime, row), trace_text(world.runtime, row)
    document = _document(decision.policy_version)
    again = decide(formats.facts_from_json(kept), load_policy(document, sha256=decision.policy_hash))
    assert formats.decision_to_json(again).encode() == told
    assert ANNA.digits.encode() not in kept


def _document(version: str) -> str:
    return files("underwriting.decisions.policies").joinpath(f"policy-{version}.json").read_text()
