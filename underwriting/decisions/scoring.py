"""From facts to an outcome (rules D1 to D5, D10, D12, D16, G6): one pass over tables of the policy, without texts.

1. The hard stops, and what refers the case, are listed.
2. The scorecards give points; of the guarantors, and the owner of an enskild firma, the one with the most counts.
3. A hard stop declines. Without one, an unknown hard stop or capacity refers without limit or price. Without either, a
   capacity below the smallest amount declines.
4. An exposure that leaves less than the smallest amount refers without limit or price, and never declines (rule D2).
5. Else points give the grade, and with it fee and cap; the limit is the least of what is asked for, the capacity, the
   caps and what the exposures leave. What refers makes it a proposal to the underwriter; what is worse than asked for
   makes it a counter-offer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from bureau_clients.facts import Absent, Fact, Known
from underwriting.decisions.facts import Facts
from underwriting.decisions.grounds import hard_stops, referrals
from underwriting.decisions.limits import Room, rooms
from underwriting.decisions.policy import DECLINE_KEY, Grade, Policy, bound_key, hard_stop_key, referral_key
from underwriting.decisions.rules import (
    BLIND_REFERRALS,
    CARD_RULES,
    COMPANY,
    REFERRAL_RULES,
    TERMS,
    Bound,
    Card,
    HardStop,
    Referral,
    capacity,
    debt_burden,
    surplus,
)
from underwriting.decisions.scorecard import Ability, Lacking, Value, scorer_of
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome


class Fired(NamedTuple):
    """One rule that fired: its id, whom it concerns, the key of its reason in the policy, and its points if any."""

    rule: str
    subject: str
    key: str
    points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the policy says of the facts (rule D1), with the trace that explains it (rule D7).

    *limit*, *fee_rate* (per calendar month) and *grade* are all there or none is: a decline has none, nor has a case
    referred for a hard stop or a capacity that is unknown. With other referrals they are a proposal to the underwriter.
    *points* is the total, of which nothing follows where there is no grade. *capacity* is None while it is unknown.
    *counted* names whose points count as the guarantor's. *trace* is in the order of evaluation.
    """

    outcome: DecisionOutcome
    limit: Money | None
    fee_rate: Decimal | None
    grade: str | None
    points: int
    capacity: Money | None
    counted: str
    trace: tuple[Fired, ...]
    policy_version: str
    policy_sha256: str


def decide(facts: Facts, policy: Policy) -> Decision:
    """The decision that *policy* gives on *facts*. The same facts and policy always give an equal decision."""
    return _tables(policy).decide(facts)


class _Tables:
    """A policy made ready: numbers as whole quotients, bins as functions, keys as text."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._revenue_share = policy.capacity.revenue_share.as_integer_ratio()
        self._debt_months = policy.capacity.debt_months
        self._margin = policy.capacity.margin.as_integer_ratio()
        self._highest_fee = policy.highest_fee_rate.as_integer_ratio()
        self._step = policy.capacity.rounded_down_to.ore
        self._scorers = {card: tuple(scorer_of(each) for each in policy.scorecards[card]) for card in Card}
        self._stop_keys = {stop: hard_stop_key(stop) for stop in HardStop}
        self._referral_fires = {each: (REFERRAL_RULES[each], referral_key(each)) for each in Referral}
        self._bound_keys = {bound: bound_key(bound) for bound in Bound}

    def decide(self, facts: Facts) -> Decision:
        """The decision on *facts*."""
        trace = [Fired("D10", subject, self._stop_keys[stop], None) for subject, stop in hard_stops(facts)]
        stopped = bool(trace)
        referred = list(referrals(facts, self._policy))
        trace.extend(self._fires(subject, referral) for subject, referral in referred)
        ability = self._ability(facts)
        points, counted = self._points(facts, ability, trace)
        room = self._capacity(facts, ability)
        if stopped:
            outcome, offer = DecisionOutcome.DECLINED, _NO_OFFER
        elif room is None or any(referral in BLIND_REFERRALS for _, referral in referred):
            outcome, offer = DecisionOutcome.REFERRED, _NO_OFFER
        elif room < self._policy.smallest_amount.ore:
            trace.append(Fired("D2", TERMS, DECLINE_KEY, None))
            outcome, offer = DecisionOutcome.DECLINED, _NO_OFFER
        elif full := self._full(left := self._rooms(facts)):
            trace.extend(self._fires(*each) for each in full if each not in referred)
            outcome, offer = DecisionOutcome.REFERRED, _NO_OFFER
        else:
            outcome, offer = self._offer(facts, points, [self._carried(room), *left], bool(referred), trace)
        limit, fee_rate, grade = offer
        return Decision(
            outcome=outcome,
            limit=limit,
            fee_rate=fee_rate,
            grade=grade,
            points=points,
            capacity=None if room is None else Money(room),
            counted=counted,
            trace=tuple(trace),
            policy_version=self._policy.version,
            policy_sha256=self._policy.sha256,
        )

    def _ability(self, facts: Facts) -> Ability:
        """The measures of the future. While the debt at Kronofogden is unknown, the surplus is the declared one."""
        application, debt = facts.application, _debt(facts.company.kronofogden_debt)
        revenue = application.revenue.ore
        amount, scale = surplus(
            revenue=revenue,
            costs=application.costs.ore,
            debt_payments=application.debt_payments.ore,
            kronofogden_debt=debt or 0,
            revenue_share=self._revenue_share,
            debt_months=self._debt_months,
        )
        burden: Value = Lacking.UNKNOWN
        if debt is not None:
            burden = debt_burden(
                revenue=revenue,
                debt_payments=application.debt_payments.ore,
                kronofogden_debt=debt,
                debt_months=self._debt_months,
            )
        return Ability(surplus=(amount, scale), surplus_share=(amount, scale * revenue), debt_burden=burden)

    def _points(self, facts: Facts, ability: Ability, trace: list[Fired]) -> tuple[int, str]:
        """The total, and whose points count as the guarantor's: the first of those with the most."""
        total = self._score(Card.ABILITY, ability, COMPANY, trace)
        total += self._score(Card.COMPANY, facts, COMPANY, trace)
        best, counted = -1, ""
        for subject, person in facts.persons():
            points = self._score(Card.GUARANTOR, person, subject, trace)
            if points > best:
                best, counted = points, subject
        return total + best, counted

    def _score(self, card: Card, holder: object, subject: str, trace: list[Fired]) -> int:
        total, rule = 0, CARD_RULES[card]
        for score in self._scorers[card]:
            points, key = score(holder)
            trace.append(Fired(rule, subject, key, points))
            total += points
        return total

    def _capacity(self, facts: Facts, ability: Ability) -> int | None:
        """The capacity in öre, or None while the debt at Kronofogden is unknown."""
        if ability.debt_burden is Lacking.UNKNOWN:
            return None
        return capacity(
            ability.surplus,
            term_months=facts.application.term_months,
            margin=self._margin,
            fee_rate=self._highest_fee,
        )

    def _carried(self, room: int) -> Room:
        """The capacity as it bounds a limit."""
        return Room(Bound.CAPACITY, TERMS, room - room % self._step, None)

    def _rooms(self, facts: Facts) -> tuple[Room, ...]:
        """What the policy's limits leave."""
        limits = self._policy.limits
        return () if limits is None else rooms(facts, limits, step=self._step)

    def _full(self, left: Iterable[Room]) -> Iterable[tuple[str, Referral]]:
        """What refers the case since it leaves less than the smallest amount, and whom it concerns."""
        least = self._policy.smallest_amount.ore
        return dict.fromkeys((room.subject, room.referral) for room in left if room.referral and room.ore < least)

    def _offer(
        self, facts: Facts, points: int, left: list[Room], referred: bool, trace: list[Fired]
    ) -> tuple[DecisionOutcome, "_Offer"]:
        application, grade = facts.application, self._grade(points)
        left.insert(1, Room(Bound.GRADE_CAP, TERMS, grade.cap.ore, None))
        if not isinstance(facts.company.accounts_closed_on, Known):
            left.insert(2, Room(Bound.WITHOUT_ACCOUNTS, TERMS, self._policy.without_accounts.cap.ore, None))
        limit = min(application.asked.ore, *(room.ore for room in left))
        worse = [(room.subject, room.bound) for room in left if room.ore == limit < application.asked.ore]
        if grade.fee_rate > application.highest_fee_rate:
            worse.append((TERMS, Bound.SIGNED_FEE_RATE))
        if grade.referred:
            trace.append(self._fires(TERMS, Referral.GRADE))
        trace.extend(Fired(_BOUND_RULES.get(bound, "D1"), who, self._bound_keys[bound], None) for who, bound in worse)
        offer = (Money(limit), grade.fee_rate, grade.name)
        if referred or grade.referred:
            return DecisionOutcome.REFERRED, offer
        return (DecisionOutcome.COUNTER_OFFER if worse else DecisionOutcome.APPROVED), offer

    def _fires(self, subject: str, referral: Referral) -> Fired:
        rule, key = self._referral_fires[referral]
        return Fired(rule, subject, key, None)

    def _grade(self, points: int) -> Grade:
        return next(grade for grade in self._policy.grades if points >= grade.from_points)


_Offer: TypeAlias = tuple[Money | None, Decimal | None, str | None]
_NO_OFFER: _Offer = (None, None, None)
_BOUND_RULES = {Bound.GUARANTOR_EXPOSURE: "G6"}


@lru_cache(maxsize=16)
def _tables(policy: Policy) -> _Tables:
    return _Tables(policy)


def _debt(debt: Fact[Money]) -> int | None:
    """A debt at Kronofogden in öre, None while it is unknown."""
    if isinstance(debt, Known):
        return debt.value.ore
    return 0 if isinstance(debt, Absent) else None
