"""How much more the lender may have out with a company, its group and its guarantors (rules D2, G6).

Each room is rounded down as the capacity is. None reads what is asked for or offered, a larger exposure never makes
one larger, and of several guarantors the one with the most room counts, so that one more never hurts (rule D12).
"""

from typing import NamedTuple

from bureau_clients.facts import Absent, Fact, Known
from underwriting.decisions.facts import Facts, PersonFacts
from underwriting.decisions.policy import Limits, Policy
from underwriting.decisions.rules import COMPANY, GROUP, TERMS, Bound, Referral
from underwriting.kernel.money import Money


class Room(NamedTuple):
    """The most that a limit allows, in öre; whom it concerns, and what refers a case for which it is too small."""

    bound: Bound
    subject: str
    ore: int
    referral: Referral | None


def rooms(facts: Facts, limits: Limits, *, step: int) -> tuple[Room, ...]:
    """What each of *limits* leaves; nothing where the exposure is unknown."""
    history = facts.history
    return (
        Room(Bound.FORM_CAP, TERMS, limits.by_form[facts.application.form].ore, None),
        _left(Bound.COMPANY_EXPOSURE, COMPANY, limits.company, history.exposure, step),
        _left(Bound.GROUP_EXPOSURE, GROUP, limits.group, history.group_exposure, step),
        _of_guarantors(facts, limits, step),
    )


def left_by_exposure(facts: Facts, policy: Policy) -> Money | None:
    """The most that company, group and guarantors leave for one more credit, whoever decides on it (rule G6); None by
    a policy without such limits.
    """
    if policy.limits is None:
        return None
    left = rooms(facts, policy.limits, step=policy.capacity.rounded_down_to.ore)
    return Money(min(room.ore for room in left if room.bound is not Bound.FORM_CAP))


def _left(bound: Bound, subject: str, most: Money, exposure: Fact[Money], step: int) -> Room:
    out = _ore(exposure)
    if out is None:
        return Room(bound, COMPANY, 0, Referral.OWN_BOOKS_UNKNOWN)
    left = max(0, most.ore - out)
    return Room(bound, subject, left - left % step, Referral.EXPOSURE)


def _of_guarantors(facts: Facts, limits: Limits, step: int) -> Room:
    most, who = -1, ""
    for subject, person in facts.persons():
        left = _of_one(person, limits)
        if left > most:
            most, who = left, subject
    return Room(Bound.GUARANTOR_EXPOSURE, who, most - most % step, Referral.GUARANTOR_EXPOSURE)


def _of_one(person: PersonFacts, limits: Limits) -> int:
    """What one person can stand for beside the other guarantees; nothing while their sum is unknown."""
    promised = _ore(person.promised_guarantees)
    if promised is None:
        return 0
    return max(0, min(limits.at_risk.ore - person.other_guarantees.ore, limits.promised.ore - promised))


def _ore(fact: Fact[Money]) -> int | None:
    if isinstance(fact, Known):
        return fact.value.ore
    return 0 if isinstance(fact, Absent) else None
