"""The promises of the shipped policy, as laws over the whole engine (rules A2, D2 to D7, D12, D17)."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import RatingGrade
from tests.support.decision_facts import UNKNOWN, known, with_guarantor, with_owner
from tests.support.decision_strategies import (
    all_facts,
    amounts,
    answers,
    counts,
    days,
    fact_of,
    histories,
    persons,
    with_a_lost_fact,
    worsened,
)
from tests.support.policy_strategies import policies, tampered_documents
from underwriting.decisions.facts import COMPANY_FACTS, PERSON_FACTS, Facts
from underwriting.decisions.formats import canonical_json, decision_to_json, facts_from_json
from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import Policy, PolicyInvalid
from underwriting.decisions.rules import COMPANY, capacity
from underwriting.decisions.scoring import Decision, decide
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome, RepaymentPlan

ORDER = {
    DecisionOutcome.DECLINED: 0,
    DecisionOutcome.REFERRED: 0,
    DecisionOutcome.COUNTER_OFFER: 1,
    DecisionOutcome.APPROVED: 2,
}


def decided(facts: Facts) -> Decision:
    return decide(facts, shipped_policy())


def declined(facts: Facts) -> bool:
    return decided(facts).outcome is DecisionOutcome.DECLINED


def is_no_better(after: Decision, before: Decision) -> bool:
    """D12's order; a case without limit and price has the least of both."""
    return (
        ORDER[after.outcome] <= ORDER[before.outcome]
        and (after.limit or Money.ZERO) <= (before.limit or Money.ZERO)
        and (after.fee_rate or Decimal(1)) >= (before.fee_rate or Decimal(1))
    )


@given(st.data(), all_facts())
def test_remarks_and_rating_of_the_company_never_decide_a_decline(data: st.DataObject, facts: Facts) -> None:
    """D2: what would not be declined without its remarks is not declined with them, nor for its rating."""
    company = replace(
        facts.company,
        remarks=data.draw(fact_of(counts)),
        rating=data.draw(fact_of(st.sampled_from(RatingGrade))),
    )
    assert declined(replace(facts, company=company)) is declined(facts)


@given(st.data(), all_facts())
def test_remarks_of_a_guarantor_or_owner_never_decide_a_decline(data: st.DataObject, facts: Facts) -> None:
    """D3: nor do the person's income, debts or other guarantees."""

    def changed(person: Any) -> Any:
        return replace(
            person,
            remarks=data.draw(fact_of(counts)),
            income=data.draw(fact_of(amounts)),
            kronofogden_debt=data.draw(fact_of(amounts)),
            other_guarantees=data.draw(amounts),
        )

    other = replace(
        facts,
        owner=facts.owner and changed(facts.owner),
        guarantors=tuple(changed(person) for person in facts.guarantors),
    )
    assert declined(other) is declined(facts)


@given(st.data(), all_facts())
def test_age_employees_turnover_and_accounts_never_decide_a_decline(data: st.DataObject, facts: Facts) -> None:
    """A2: no company is refused for its size or its age."""
    company = replace(
        facts.company,
        years_registered=data.draw(fact_of(counts)),
        employees=data.draw(fact_of(counts)),
        annual_turnover=data.draw(fact_of(amounts)),
        accounts_closed_on=data.draw(fact_of(days)),
    )
    assert declined(replace(facts, company=company)) is declined(facts)


@given(st.data(), all_facts())
def test_employees_and_past_turnover_change_nothing_at_all(data: st.DataObject, facts: Facts) -> None:
    """A2: they are kept and not read."""
    company = replace(facts.company, employees=data.draw(fact_of(counts)), annual_turnover=data.draw(fact_of(amounts)))
    assert decided(replace(facts, company=company)) == decided(facts)


@given(all_facts())
def test_what_is_offered_is_never_below_the_smallest_amount(facts: Facts) -> None:
    """D2: remarks, rating and grade lower a limit to 20 000 at the least, or to what is asked for."""
    decision = decided(facts)
    assert decision.limit is None or decision.limit >= min(Money.kronor(20_000), facts.application.asked)


@given(all_facts())
def test_limit_fee_and_grade_stand_together_and_only_where_the_capacity_is_known(facts: Facts) -> None:
    """D1: an approval is of the whole amount, a counter-offer is not, and a decline has neither limit nor price."""
    decision = decided(facts)
    assert (decision.limit is None) is (decision.fee_rate is None) is (decision.grade is None)
    if decision.limit is not None:
        assert decision.capacity is not None
        assert decision.limit <= min(facts.application.asked, decision.capacity)
    if decision.outcome is DecisionOutcome.APPROVED:
        assert decision.limit == facts.application.asked
    if decision.outcome is DecisionOutcome.COUNTER_OFFER:
        assert decision.limit is not None
        assert decision.fee_rate is not None
        assert decision.limit < facts.application.asked or decision.fee_rate > facts.application.highest_fee_rate
    if decision.outcome is DecisionOutcome.DECLINED:
        assert decision.limit is None


@given(st.data(), all_facts())
def test_a_worse_or_lost_fact_never_gives_a_better_decision(data: st.DataObject, facts: Facts) -> None:
    """D12: it never moves up, never lowers the fee rate, never raises the limit."""
    worse = data.draw(worsened(facts))
    assert is_no_better(decided(worse), decided(facts))


@given(st.data(), all_facts(clean=True))
def test_to_lose_any_fact_whatever_it_said_never_gives_a_better_decision(data: st.DataObject, facts: Facts) -> None:
    """D12: each fact of each report in turn says anything, or that there is nothing, and is then lost."""
    for name, type_ in COMPANY_FACTS.items():
        told: dict[str, Any] = {name: data.draw(answers(type_))}
        lost: dict[str, Any] = {name: UNKNOWN}
        before = replace(facts, company=replace(facts.company, **told))
        after = replace(facts, company=replace(facts.company, **lost))
        assert is_no_better(decided(after), decided(before)), name


@given(st.data(), all_facts(clean=True))
def test_to_lose_any_fact_of_a_person_never_gives_a_better_decision(data: st.DataObject, facts: Facts) -> None:
    """D12: the same for the first guarantor, or the owner of a sole trader without one."""
    for name, type_ in PERSON_FACTS.items():
        told: dict[str, Any] = {name: data.draw(answers(type_))}
        lost: dict[str, Any] = {name: UNKNOWN}
        assert is_no_better(decided(_with_first(facts, lost)), decided(_with_first(facts, told))), name


def _with_first(facts: Facts, changes: dict[str, Any]) -> Facts:
    if not facts.guarantors:
        return with_owner(facts, **changes)
    return with_guarantor(facts, **changes)


@given(st.data(), all_facts())
def test_a_lost_fact_never_gives_more_points(data: st.DataObject, facts: Facts) -> None:
    """D12: unknown scores at most the worst bin; where the debt at Kronofogden is lost, points give no grade."""
    lost = data.draw(with_a_lost_fact(facts))
    decision = decided(lost)
    assert decision.points <= decided(facts).points or decision.grade is None
    if not isinstance(lost.company.kronofogden_debt, Unknown):
        assert decision.points <= decided(facts).points


@given(all_facts())
def test_an_unknown_hard_stop_or_capacity_gives_neither_limit_nor_price(facts: Facts) -> None:
    """D12: whatever else is known, it is referred unless a known hard stop declines it."""
    for name in ("status", "bankruptcy", "kronofogden_debt"):
        lost: dict[str, Any] = {name: UNKNOWN}
        company = replace(facts.company, **lost)
        decision = decided(replace(facts, company=company))
        stopped = any(fired.rule == "D10" and fired.key.startswith("hard_stop") for fired in decision.trace)
        assert decision.outcome is (DecisionOutcome.DECLINED if stopped else DecisionOutcome.REFERRED)
        assert (decision.limit, decision.fee_rate) == (None, None)


@given(st.data(), all_facts())
def test_one_more_guarantor_never_hurts(data: st.DataObject, facts: Facts) -> None:
    """D12: whatever the new one's income, remarks and debts, or how little is known of them."""
    more = data.draw(persons("one-more", clean=True))
    place = data.draw(st.integers(0, len(facts.guarantors)))
    guarantors = (*facts.guarantors[:place], more, *facts.guarantors[place:])
    assert is_no_better(decided(facts), decided(replace(facts, guarantors=guarantors)))


@given(st.data(), all_facts())
def test_the_price_never_reads_the_amount(data: st.DataObject, facts: Facts) -> None:
    """D12: points, grade and fee are the same whatever is asked for."""
    asked = data.draw(st.integers(1, 300_000_000).map(Money))
    decision = decided(facts)
    other = decided(replace(facts, application=replace(facts.application, asked=asked)))
    assert (other.points, other.grade, other.fee_rate) == (decision.points, decision.grade, decision.fee_rate)
    assert other.capacity == decision.capacity


@given(all_facts())
def test_the_plan_opens_no_way_to_more_credit_or_to_a_lower_fee(facts: Facts) -> None:
    """D12, D4: what carries the one carries the other; only what the credit costs in all is not the same."""
    decisions = [
        decided(replace(facts, application=replace(facts.application, repayment_plan=plan))) for plan in RepaymentPlan
    ]
    assert decisions[0] == decisions[1]


@given(
    left=st.integers(1, 100_000_000),
    term=st.integers(1, 36),
    fee=st.integers(1, 450).map(lambda each: Fraction(each, 10_000)),
    margin=st.sampled_from([Fraction(1), Fraction(5, 4), Fraction(2)]),
)
def test_what_is_left_of_each_month_repays_the_capacity_on_either_plan_and_not_an_ore_more(
    left: int, term: int, fee: Fraction, margin: Fraction
) -> None:
    """D4: month by month; at term what is left beside the fee is put aside until the end."""
    most = capacity(
        (left, 1),
        term_months=term,
        margin=(margin.numerator, margin.denominator),
        fee_rate=(fee.numerator, fee.denominator),
    )

    def lasts(principal: int) -> list[bool]:
        a_month = left / margin
        owed, straight = Fraction(principal), True
        for _ in range(term):
            straight = straight and owed * fee + Fraction(principal, term) <= a_month
            owed -= Fraction(principal, term)
        put_aside = Fraction(0)
        for _ in range(term):
            put_aside += a_month - principal * fee
        return [straight, put_aside >= principal]

    assert lasts(most) == [True, True]
    assert lasts(most + 1) == [False, False]


@given(all_facts(), st.integers(0, 100_000_000))
def test_a_better_surplus_never_refers_what_was_offered(facts: Facts, more: int) -> None:
    """D12: referral thresholds read what is asked for, never what is offered."""
    richer = replace(facts.application, revenue=facts.application.revenue + Money(more))
    if decided(facts).outcome in (DecisionOutcome.COUNTER_OFFER, DecisionOutcome.APPROVED):
        assert decided(replace(facts, application=richer)).outcome is not DecisionOutcome.REFERRED


@given(all_facts(CompanyForm.AB))
def test_both_reports_weigh_in_every_total(facts: Facts) -> None:
    """D5: clearing the company's remarks adds up to 8 points, a clean guarantor up to 20, whatever the other says."""
    cleared = replace(facts, company=replace(facts.company, remarks=known(0)))
    raised = replace(
        facts,
        guarantors=tuple(
            replace(
                person,
                income=known(Money.kronor(400_000)),
                remarks=known(0),
                kronofogden_debt=known(Money.ZERO),
                other_guarantees=Money.ZERO,
            )
            for person in facts.guarantors
        ),
    )

    def of(decision: Decision, measure: str) -> int:
        return sum(fired.points or 0 for fired in decision.trace if fired.key.startswith(f"{measure}."))

    before = decided(facts)
    assert decided(cleared).points == before.points + 8 - of(before, "company_remarks")
    counted = sum(fired.points or 0 for fired in before.trace if fired.subject == before.counted)
    assert decided(raised).points == before.points + 20 - counted


@given(all_facts())
def test_the_total_is_what_the_trace_adds_up_to(facts: Facts) -> None:
    """D7: the company's points and those of the guarantor who counts."""
    decision = decided(facts)
    told = [fired for fired in decision.trace if fired.subject in (COMPANY, decision.counted)]
    assert decision.points == sum(fired.points or 0 for fired in told)
    assert {fired.key for fired in decision.trace} <= shipped_policy().reasons().keys()


@given(all_facts())
def test_a_replay_from_the_kept_facts_gives_the_same_decision(facts: Facts) -> None:
    """D7: to the öre and the reason; D17: what is kept, and so all that can be read, names no age, sex or origin."""
    kept = canonical_json(facts)
    assert facts_from_json(kept) == facts
    assert canonical_json(facts_from_json(kept)) == kept
    assert decision_to_json(decide(facts_from_json(kept), shipped_policy())) == decision_to_json(decided(facts))
    for word in ("age", "born", "sex", "gender", "citizen", "birthplace", "postcode", "personal_number"):
        assert f'"{word}' not in kept


@given(st.data(), policies(), all_facts())
def test_every_policy_that_can_be_loaded_keeps_the_order_of_better_and_worse(
    data: st.DataObject, policy: Policy, facts: Facts
) -> None:
    """D12: a worse or lost fact is never better, and one more guarantor never worse."""
    before = decide(facts, policy)
    assert is_no_better(decide(data.draw(worsened(facts)), policy), before)
    more = data.draw(persons("one-more", clean=True))
    assert is_no_better(before, decide(replace(facts, guarantors=(*facts.guarantors, more)), policy))


@given(st.data(), policies(), all_facts())
def test_no_policy_that_can_be_loaded_declines_for_history(data: st.DataObject, policy: Policy, facts: Facts) -> None:
    """D2, D3, A2: neither remarks, rating, age nor the lender's books decide a decline, and no offer is too small."""
    before = decide(facts, policy)
    company = replace(
        facts.company,
        remarks=data.draw(fact_of(counts)),
        rating=data.draw(fact_of(st.sampled_from(RatingGrade))),
        years_registered=data.draw(fact_of(counts)),
    )
    guarantors = tuple(
        replace(person, remarks=data.draw(fact_of(counts)), promised_guarantees=data.draw(fact_of(amounts)))
        for person in facts.guarantors
    )
    history = data.draw(histories(clean=False))
    after = decide(replace(facts, company=company, guarantors=guarantors, history=history), policy)
    declines = DecisionOutcome.DECLINED
    assert (after.outcome is declines) is (before.outcome is declines)
    for decision in (before, after):
        assert decision.limit is None or decision.limit >= min(policy.smallest_amount, facts.application.asked)


@given(policies(), all_facts())
def test_no_policy_that_can_be_loaded_offers_more_than_its_limits(policy: Policy, facts: Facts) -> None:
    """G6, D6: by form, over company and group, and per guarantor; at the fee that covers the grade's expected loss."""
    decision, limits, prices = decide(facts, policy), policy.limits, policy.prices
    assert limits is not None
    assert prices is not None
    if decision.limit is None or decision.fee_rate is None:
        return
    assert decision.limit <= limits.by_form[facts.application.form]
    for most, exposure in ((limits.company, facts.history.exposure), (limits.group, facts.history.group_exposure)):
        assert isinstance(exposure, Known | Absent)
        assert decision.limit + (exposure.value if isinstance(exposure, Known) else Money.ZERO) <= most
    assert any(
        person.other_guarantees + decision.limit <= limits.at_risk
        and isinstance(person.promised_guarantees, Known)
        and person.promised_guarantees.value + decision.limit <= limits.promised
        for _, person in facts.persons()
    )
    grade = next(grade for grade in policy.grades if grade.name == decision.grade)
    assert grade.default_rate is not None
    assert decision.fee_rate >= grade.default_rate * prices.loss_given_default / 12 + prices.cost_of_funds


@given(st.data(), tampered_documents(), all_facts())
def test_a_tampered_policy_is_refused_or_keeps_the_promises(data: st.DataObject, document: str, facts: Facts) -> None:
    """D11, D12, D2: what the proof lets through, whatever was changed, breaks no law in the engine."""
    try:
        policy = load_policy(document)
    except PolicyInvalid:
        return
    before = decide(facts, policy)
    assert is_no_better(decide(data.draw(worsened(facts)), policy), before)
    assert is_no_better(decide(data.draw(with_a_lost_fact(facts)), policy), before)
    remarks = replace(facts, company=replace(facts.company, remarks=data.draw(fact_of(counts))))
    declines = DecisionOutcome.DECLINED
    assert (decide(remarks, policy).outcome is declines) is (before.outcome is declines)
    assert before.limit is None or before.limit >= min(policy.smallest_amount, facts.application.asked)
