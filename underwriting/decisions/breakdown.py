"""A decision taken apart, for whoever has to judge it: where points, price and limit come from (rules D4 to D7, G6).

Nothing is decided here: every number is the engine's or the policy's own, set beside its source.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from bureau_clients.facts import Known
from underwriting.decisions.facts import Facts
from underwriting.decisions.limits import rooms
from underwriting.decisions.policy import Characteristic, Grade, Policy
from underwriting.decisions.pricing import monthly_loss
from underwriting.decisions.rules import COMPANY, KINDS, TERMS, Bound, Card
from underwriting.decisions.scoring import Decision
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text


class Step(NamedTuple):
    """One characteristic of one subject: its points of at most *most*, the bin's reason, and the rule."""

    card: Card
    subject: str
    rule: str
    title: Text
    reason: Text
    points: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What the fee of a grade is made of, as fractions per month; the first four are None in a policy without a price
    table. *exact* is their sum, *fee_rate* what it is rounded up to.
    """

    grade: str
    default_rate: Decimal | None
    loss: Decimal | None
    cost_of_funds: Decimal | None
    margin: Decimal | None
    exact: Decimal | None
    fee_rate: Decimal


class Ceiling(NamedTuple):
    """One of the things that hold a limit down: *most* that it allows, and whom it concerns.

    *bound* is None for the amount asked for. It *binds* where nothing allows less.
    """

    bound: Bound | None
    subject: str
    most: Money
    binds: bool


def counted_steps(decision: Decision, policy: Policy) -> tuple[Step, ...]:
    """The points that make the total, in the order of the scorecards: ability, company, the guarantor who counts."""
    return tuple(step for step in _steps(decision, policy) if step.subject in (COMPANY, decision.counted))


def other_steps(decision: Decision, policy: Policy) -> tuple[Step, ...]:
    """The points of guarantors that another's took the place of."""
    return tuple(step for step in _steps(decision, policy) if step.subject not in (COMPANY, decision.counted))


def price_of(decision: Decision, policy: Policy) -> Price | None:
    """What the fee of the decision's grade is made of; None where the decision has no grade."""
    grade = next((each for each in policy.grades if each.name == decision.grade), None)
    return None if grade is None else _price(grade, policy)


def ceilings(facts: Facts, decision: Decision, policy: Policy) -> tuple[Ceiling, ...]:
    """All that may hold the limit down, in the order in which the engine looks at it; what is asked for comes first.

    Without a capacity, which is then unknown, or without a grade, those are left out, and nothing binds.
    """
    found: list[tuple[Bound | None, str, int]] = [(None, TERMS, facts.application.asked.ore)]
    if decision.capacity is not None:
        step = policy.capacity.rounded_down_to.ore
        found.append((Bound.CAPACITY, TERMS, decision.capacity.ore // step * step))
    grade = next((each for each in policy.grades if each.name == decision.grade), None)
    if grade is not None:
        found.append((Bound.GRADE_CAP, TERMS, grade.cap.ore))
    if not isinstance(facts.company.accounts_closed_on, Known):
        found.append((Bound.WITHOUT_ACCOUNTS, TERMS, policy.without_accounts.cap.ore))
    if policy.limits is not None:
        left = rooms(facts, policy.limits, step=policy.capacity.rounded_down_to.ore)
        found.extend((room.bound, room.subject, room.ore) for room in left)
    limit = None if decision.limit is None else decision.limit.ore
    return tuple(Ceiling(bound, subject, Money(ore), ore == limit) for bound, subject, ore in found)


def _steps(decision: Decision, policy: Policy) -> list[Step]:
    texts, found = policy.reasons(), _characteristics(policy)
    steps = []
    for fired in decision.trace:
        if fired.points is None:
            continue
        each = found[fired.key.partition(".")[0]]
        card = KINDS[each.measure].card
        steps.append(Step(card, fired.subject, fired.rule, each.title, texts[fired.key], fired.points, each.most))
    return steps


def _price(grade: Grade, policy: Policy) -> Price:
    terms = policy.prices
    if terms is None or grade.default_rate is None or grade.margin is None:
        return Price(
            grade=grade.name,
            default_rate=None,
            loss=None,
            cost_of_funds=None,
            margin=None,
            exact=None,
            fee_rate=grade.fee_rate,
        )
    loss = monthly_loss(grade.default_rate, terms)
    return Price(
        grade=grade.name,
        default_rate=grade.default_rate,
        loss=loss,
        cost_of_funds=terms.cost_of_funds,
        margin=grade.margin,
        exact=loss + terms.cost_of_funds + grade.margin,
        fee_rate=grade.fee_rate,
    )


@lru_cache(maxsize=16)
def _characteristics(policy: Policy) -> dict[str, Characteristic]:
    return {str(each.measure): each for each in policy.characteristics()}
