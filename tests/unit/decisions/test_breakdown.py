"""A decision taken apart adds up to the decision, whatever the facts."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from tests.support.decision_facts import ABSENT, FIRST, GUARANTOR, known, kronor, with_company, with_history
from tests.support.decision_strategies import all_facts
from underwriting.decisions.breakdown import Ceiling, ceilings, counted_steps, other_steps, price_of
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.rules import Bound, Card
from underwriting.decisions.scoring import decide
from underwriting.kernel.vocabulary import DecisionOutcome

POLICY = shipped_policy()


def by_bound(facts: Facts) -> dict[Bound | None, Ceiling]:
    return {each.bound: each for each in ceilings(facts, decide(facts, POLICY), POLICY)}


@given(all_facts())
def test_the_points_add_up_to_the_total(facts: Facts) -> None:
    """D7: ability, company and the one guarantor who counts; the others stand beside it."""
    decision = decide(facts, POLICY)
    steps = counted_steps(decision, POLICY)
    assert sum(step.points for step in steps) == decision.points
    assert {step.card for step in steps} == set(Card)
    assert all(0 <= step.points <= step.most for step in (*steps, *other_steps(decision, POLICY)))
    assert {step.subject for step in other_steps(decision, POLICY)} == {
        subject for subject, _ in facts.persons() if subject != decision.counted
    }


@given(all_facts())
def test_the_limit_is_the_least_of_what_holds_it_down(facts: Facts) -> None:
    """D6, G6: what binds is what allows least; nothing does where there is no limit."""
    decision = decide(facts, POLICY)
    found = ceilings(facts, decision, POLICY)
    if decision.limit is None:
        assert not any(each.binds for each in found)
        return
    assert min(each.most for each in found) == decision.limit
    assert [each for each in found if each.binds] == [each for each in found if each.most == decision.limit]


def test_each_limit_stands_with_its_value_and_the_binding_one_is_told() -> None:
    """D5, G6: 35 000 a month carries 218 000 kr of the 250 000 asked for; of 2 500 000 a company owes 300 000."""
    found = by_bound(with_history(FIRST, exposure=known(kronor(300_000))))
    assert found[None].most == kronor(250_000)
    assert (found[Bound.CAPACITY].most, found[Bound.CAPACITY].binds) == (kronor(218_000), True)
    assert found[Bound.FORM_CAP].most == kronor(2_000_000)
    assert found[Bound.COMPANY_EXPOSURE].most == kronor(2_200_000)
    assert Bound.WITHOUT_ACCOUNTS not in found
    unseen = by_bound(with_company(FIRST, accounts_closed_on=ABSENT))
    assert (unseen[Bound.WITHOUT_ACCOUNTS].most, unseen[Bound.WITHOUT_ACCOUNTS].binds) == (kronor(150_000), True)


def test_the_price_is_derived_step_by_step() -> None:
    """D6: grade A: 3 % default in a year, of which 60 % is lost: 0.15 % a month; 0.40 % of funds; 0.95 % margin."""
    price = price_of(decide(FIRST, POLICY), POLICY)
    assert price is not None
    assert (price.grade, price.default_rate, price.loss) == ("A", Decimal("0.03"), Decimal("0.0015"))
    assert (price.cost_of_funds, price.margin) == (Decimal("0.0040"), Decimal("0.0095"))
    assert price.exact == price.fee_rate == Decimal("0.015")


def test_a_weaker_guarantor_stands_beside_the_one_who_counts() -> None:
    """D7: nothing of the second one is in the total."""
    two = replace(FIRST, guarantors=(GUARANTOR, replace(GUARANTOR, reference="guarantor-2", remarks=known(4))))
    decision = decide(two, POLICY)
    assert {step.subject for step in counted_steps(decision, POLICY)} == {"company", "guarantor-1"}
    assert {step.subject for step in other_steps(decision, POLICY)} == {"guarantor-2"}


def test_without_a_grade_there_is_no_price() -> None:
    """D10: a hard stop."""
    stopped = decide(with_company(FIRST, bankruptcy=known(True)), POLICY)
    assert stopped.outcome is DecisionOutcome.DECLINED
    assert price_of(stopped, POLICY) is None
