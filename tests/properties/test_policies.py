"""What every policy that can be loaded promises, tried through the whole engine (rules D1 to D5, D12 to D14).

Policies are drawn in two ways: valid ones from random figures, and the shipped one changed by somebody who does not
care for the rules, of which the validator refuses many.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from bureau_clients.reports import RatingGrade
from tests.conftest import LONG
from tests.properties.test_decisions import is_no_better
from tests.support.decision_facts import FIRST, GUARANTOR, UNKNOWN, known, kronor
from tests.support.decision_strategies import all_facts, amounts, answers, counts, fact_of, persons, worsened
from tests.support.policy_strategies import policies, tampered_documents
from underwriting.decisions.facts import COMPANY_FACTS, PERSON_FACTS, Facts
from underwriting.decisions.history import HISTORY_FACTS
from underwriting.decisions.policies import load_policy
from underwriting.decisions.policy import Characteristic, Policy, PolicyInvalid
from underwriting.decisions.rules import KINDS, RATINGS, Better, Card, Unit
from underwriting.decisions.scoring import decide
from underwriting.decisions.sufficiency import enough
from underwriting.kernel.errors import FieldError
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.vocabulary import DecisionOutcome

TERMS = ProductTerms()
SOME = 2_000 if LONG else 50
FEW = 400 if LONG else 8
"""Examples of what takes thousands of decisions each."""


@st.composite
def loaded(draw: st.DrawFn) -> Policy:
    """A policy that the validator lets through, whoever wrote it."""
    if draw(st.booleans()):
        return draw(policies())
    try:
        return load_policy(draw(tampered_documents()))
    except PolicyInvalid:
        reject()


def fee(facts: Facts, policy: Policy) -> object:
    return decide(facts, policy).fee_rate


@settings(max_examples=SOME)
@given(st.data(), loaded(), all_facts())
def test_remarks_of_anybody_decide_no_decline(data: st.DataObject, policy: Policy, facts: Facts) -> None:
    """D2, D3: of company, guarantors and owner, nor do rating, incomes and debts of persons, or other guarantees."""

    def changed(person: Any) -> Any:
        return replace(
            person,
            remarks=data.draw(fact_of(counts)),
            income=data.draw(fact_of(amounts)),
            kronofogden_debt=data.draw(fact_of(amounts)),
            other_guarantees=data.draw(amounts),
        )

    company = replace(
        facts.company, remarks=data.draw(fact_of(counts)), rating=data.draw(fact_of(st.sampled_from(RatingGrade)))
    )
    guarantors = tuple(changed(person) for person in facts.guarantors)
    other = replace(facts, company=company, owner=facts.owner and changed(facts.owner), guarantors=guarantors)
    before, after = decide(facts, policy).outcome, decide(other, policy).outcome
    assert (after is DecisionOutcome.DECLINED) is (before is DecisionOutcome.DECLINED)


@settings(max_examples=SOME)
@given(loaded())
def test_the_future_moves_at_least_as_many_points_as_history(policy: Policy) -> None:
    """D4: from the best that can be expected to the worst, and from the best that reports can tell to nothing told."""
    points = {
        (future, history): decide(_extreme(future=future, history=history), policy).points
        for future in (True, False)
        for history in (True, False)
    }
    by_future, by_history = points[True, True] - points[False, True], points[True, True] - points[True, False]
    assert by_future >= by_history
    assert points[True, True] - points[False, False] == by_future + by_history


def _extreme(*, future: bool, history: bool) -> Facts:
    """The best of expectations or the worst, with the best reports and books or with all unknown.

    No debts are expected and none is at Kronofogden, or there is no revenue and it is not known what is there.
    """
    expected = replace(
        FIRST.application,
        revenue=kronor(100_000_000) if future else Money.ZERO,
        costs=Money.ZERO if future else kronor(1_000_000),
        debt_payments=Money.ZERO,
    )
    debt = known(Money.ZERO) if future else UNKNOWN
    company = replace(FIRST.company, kronofogden_debt=debt, **_company(good=history))
    person = replace(GUARANTOR, **_person(good=history))
    paid: dict[str, Any] = {"claims_paid_in_time": known(50), "claims_paid_late": known(0)} if history else {}
    lost: dict[str, Any] = {} if history else dict.fromkeys(HISTORY_FACTS, UNKNOWN)
    books = replace(FIRST.history, **(paid | lost))
    return replace(FIRST, application=expected, company=company, guarantors=(person,), history=books)


def _company(*, good: bool) -> dict[str, Any]:
    if not good:
        return dict.fromkeys(("rating", "remarks", "years_registered"), UNKNOWN)
    return {"rating": known(RatingGrade.A), "remarks": known(0), "years_registered": known(100)}


def _person(*, good: bool) -> dict[str, Any]:
    if not good:
        return dict.fromkeys(("income", "remarks", "kronofogden_debt"), UNKNOWN)
    rich = {"income": known(kronor(100_000_000)), "remarks": known(0), "kronofogden_debt": known(Money.ZERO)}
    return rich | {"other_guarantees": Money.ZERO}


@settings(max_examples=FEW)
@given(loaded())
def test_either_report_alone_can_change_the_fee(policy: Policy) -> None:
    """D5: there is an applicant whose fee is another when the company's report is, and one with the guarantor's."""
    futures = _of_other_points(policy, _futures(policy))
    persons = [replace(GUARANTOR, **told) for told in _reports(policy, Card.GUARANTOR)]
    companies = [replace(FIRST.company, **told) for told in _reports(policy, Card.COMPANY)]
    with_persons = _of_other_points(policy, (replace(futures[0], guarantors=(person,)) for person in persons))
    with_companies = _of_other_points(policy, (replace(futures[0], company=company) for company in companies))
    assert any(
        len(
            {fee(replace(future, company=end.company, guarantors=other.guarantors), policy) for end in _ends()} - {None}
        )
        > 1
        for future, other in product(futures, with_persons)
    )
    assert any(
        len(
            {fee(replace(future, company=other.company, guarantors=end.guarantors), policy) for end in _ends()} - {None}
        )
        > 1
        for future, other in product(futures, with_companies)
    )


def _ends() -> tuple[Facts, Facts]:
    """The best reports and those that tell nothing, of which the debt at Kronofogden is known."""
    return tuple(  # type: ignore[return-value]
        replace(
            FIRST,
            company=replace(FIRST.company, **_company(good=good)),
            guarantors=(replace(GUARANTOR, **_person(good=good)),),
        )
        for good in (True, False)
    )


def _of_other_points(policy: Policy, all_of_them: Iterable[Facts]) -> list[Facts]:
    """One of those with the same points and a fee each."""
    found: dict[int, Facts] = {}
    for facts in all_of_them:
        decision = decide(facts, policy)
        if decision.fee_rate is not None:
            found.setdefault(decision.points, facts)
    return list(found.values())


def _futures(policy: Policy) -> Iterator[Facts]:
    """Whoever falls in each combination of bins of the future in which anybody can, paying the lender late or not."""
    share, burden, surplus = policy.scorecards[Card.ABILITY]
    for left, debts, amount, late in product(_inside(share), _inside(burden), _inside(surplus), (0, 50)):
        if left <= 0 or amount <= 0 or debts < 0:
            continue
        revenue = Money(int(amount / left) + 1)
        debt_payments = Money(int(revenue.ore * debts))
        costs = revenue.at_rate(policy.capacity.revenue_share) - debt_payments - Money(int(amount))
        if costs >= Money.ZERO:
            application = replace(
                FIRST.application,
                revenue=revenue,
                debt_payments=debt_payments,
                costs=costs,
                term_months=36,
                asked=kronor(50_000),
            )
            books = replace(FIRST.history, claims_paid_in_time=known(50 - late), claims_paid_late=known(late))
            yield replace(FIRST, application=application, history=books)


def _reports(policy: Policy, card: Card) -> Iterator[dict[str, Any]]:
    """What a report can tell or not tell, in each combination of bins; of a person with other guarantees or without."""
    names = [(name, each) for name, each in zip(_NAMES[card], policy.scorecards[card], strict=False)]
    told = [[UNKNOWN, *(known(_value(each, value)) for value in _inside(each))] for _, each in names]
    others = [{"other_guarantees": Money.ZERO}, {"other_guarantees": kronor(1_000_000)}]
    for values in product(*told):
        for other in others if card is Card.GUARANTOR else [{}]:
            yield dict(zip((name for name, _ in names), values, strict=True)) | other


_NAMES = {
    Card.COMPANY: ("rating", "remarks", "years_registered"),
    Card.GUARANTOR: ("income", "remarks", "kronofogden_debt"),
}


def _value(each: Characteristic, value: Any) -> Any:
    unit = KINDS[each.measure].unit
    if unit is Unit.LETTER:
        return RatingGrade(value)
    return Money(max(0, int(value))) if unit is Unit.KRONOR else max(0, int(value))


def _inside(each: Characteristic) -> list[Any]:
    """Values in each bin of *each*: on its limit, halfway and nearly at the next one; in the last, a little beyond."""
    if KINDS[each.measure].unit is Unit.LETTER:
        return list(RATINGS)
    limits = [Fraction(*found.limit) for found in each.bins if isinstance(found.limit, tuple)]
    little = {Unit.SHARE: Fraction(1, 1000), Unit.KRONOR: Fraction(100), Unit.COUNT: Fraction(1)}[
        KINDS[each.measure].unit
    ]
    beyond = -little if KINDS[each.measure].better is Better.HIGHER else little
    between = [value for one, other in pairwise(limits) for value in ((one + other) / 2, one + beyond)]
    return [*limits, *between, limits[-1] + beyond] if limits else [little]


@settings(max_examples=SOME)
@given(st.data(), loaded(), all_facts())
def test_what_is_worse_or_lost_never_helps_and_one_more_guarantor_never_hurts(
    data: st.DataObject, policy: Policy, facts: Facts
) -> None:
    """D12: whoever wrote the policy; and the price reads no amount."""
    before = decide(facts, policy)
    assert is_no_better(decide(data.draw(worsened(facts)), policy), before)
    more = data.draw(persons("one-more", clean=True))
    assert is_no_better(before, decide(replace(facts, guarantors=(*facts.guarantors, more)), policy))
    other = replace(facts.application, asked=data.draw(st.integers(1, 300_000_000).map(Money)))
    asked_otherwise = decide(replace(facts, application=other), policy)
    assert (asked_otherwise.points, asked_otherwise.grade, asked_otherwise.capacity) == (
        before.points,
        before.grade,
        before.capacity,
    )


@settings(max_examples=SOME)
@given(st.data(), loaded(), all_facts(clean=True))
def test_known_absent_and_unknown_are_three_things(data: st.DataObject, policy: Policy, facts: Facts) -> None:
    """D13, D12: each fact of the reports and of the lender's books is told or known to be absent, and then lost."""
    holder = data.draw(st.sampled_from(["company", "history", "person"]))
    types = {"company": COMPANY_FACTS, "history": HISTORY_FACTS, "person": PERSON_FACTS}[holder]
    name = data.draw(st.sampled_from(sorted(types)))
    told, lost = ({name: value} for value in (data.draw(answers(types[name])), UNKNOWN))
    assert is_no_better(decide(_with(facts, holder, lost), policy), decide(_with(facts, holder, told), policy))


def _with(facts: Facts, holder: str, changes: dict[str, Any]) -> Facts:
    if holder == "company":
        return replace(facts, company=replace(facts.company, **changes))
    if holder == "history":
        return replace(facts, history=replace(facts.history, **changes))
    if facts.guarantors:
        return replace(facts, guarantors=(replace(facts.guarantors[0], **changes), *facts.guarantors[1:]))
    assert facts.owner is not None
    return replace(facts, owner=replace(facts.owner, **changes))


@given(tampered_documents())
def test_a_refused_policy_says_where_and_by_which_rule(document: str) -> None:
    """D11: each fault stands at a place of the document, and one in a bin names the characteristic and the bin."""
    content = json.loads(document)
    for error in _faults(document):
        assert error.rule is not None, error
        steps = error.pointer.strip("/").split("/")
        holder: Any = content
        for step in steps[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if "bins" in steps[:-1]:
            each, place = content["scorecards"][steps[1]][int(steps[2])], int(steps[4]) + 1
            assert error.detail.en.startswith(f"{each['measure']}, bin {place}: "), error.detail.en
            assert error.detail.sv.startswith(f"{each['measure']}, fack {place}: "), error.detail.sv


def _faults(document: str) -> tuple[FieldError, ...]:
    try:
        load_policy(document)
    except PolicyInvalid as refused:
        return refused.errors
    return ()


@given(loaded(), all_facts())
def test_an_offer_is_the_most_that_would_be_approved(policy: Policy, facts: Facts) -> None:
    """D1, D14: asked for, the amount of a counter-offer is approved as it is, and no higher one would have been.

    What would have been enough is that amount in whole steps, unless the fee is above the one that was signed.
    """
    decision = decide(facts, policy)
    if decision.outcome is not DecisionOutcome.COUNTER_OFFER:
        return
    assert decision.limit is not None
    assert decision.fee_rate is not None
    again = decide(replace(facts, application=replace(facts.application, asked=decision.limit)), policy)
    assert (again.limit, again.fee_rate) == (decision.limit, decision.fee_rate)
    found = enough(facts, policy, terms=TERMS).amount
    if decision.fee_rate > facts.application.highest_fee_rate:
        assert (again.outcome, found) == (DecisionOutcome.COUNTER_OFFER, None)
        return
    assert again.outcome is DecisionOutcome.APPROVED
    step = policy.capacity.rounded_down_to.ore
    assert found == Money(decision.limit.ore - decision.limit.ore % step)
    more = Money(decision.limit.ore + 1)
    assert decide(replace(facts, application=replace(facts.application, asked=more)), policy).limit == decision.limit


@settings(max_examples=SOME)
@given(loaded(), all_facts())
def test_one_more_guarantor_is_said_to_be_enough_only_where_the_engine_agrees(policy: Policy, facts: Facts) -> None:
    """D14: and a term that is said to be enough is approved for the whole amount."""
    found = enough(facts, policy, terms=TERMS)
    if found.term_months is not None:
        asked = replace(facts.application, term_months=found.term_months)
        decision = decide(replace(facts, application=asked), policy)
        assert (decision.outcome, decision.limit) == (DecisionOutcome.APPROVED, facts.application.asked)
    if found.guarantor_is_enough and found.guarantor_income is not None:
        clean = replace(
            GUARANTOR,
            reference="somebody",
            income=known(found.guarantor_income),
            remarks=known(0),
            kronofogden_debt=known(Money.ZERO),
            other_guarantees=Money.ZERO,
            promised_guarantees=known(Money.ZERO),
        )
        more = replace(facts, guarantors=(*facts.guarantors, clean))
        assert decide(more, policy).outcome is DecisionOutcome.APPROVED
