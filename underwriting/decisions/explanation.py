"""Why a decision came out as it did, in Swedish and English, for each who may know (rule D7).

The applicant is told of the company, the owner of an enskild firma and the terms; never of a guarantor, and without
points, from which those of a guarantor could be worked out. A guarantor is told of nobody else. Grounds of sanctions
and money laundering are for staff alone; where nothing else may be said, one sentence stands for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from underwriting.decisions.policy import DECLINE_KEY, Policy, bin_key, bound_key, hard_stop_key, referral_key
from underwriting.decisions.rules import (
    COMPANY,
    DUE_DILIGENCE,
    OWNER,
    TERMS,
    Bound,
    HardStop,
    Referral,
)
from underwriting.decisions.scoring import Decision, Fired
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DecisionOutcome

REPLACE_GUARANTOR = Text(
    "En borgensman behöver bytas ut mot någon annan", "A guarantor needs to be replaced by another"
)
"""What the applicant is told when a hard stop concerns a guarantor (rule D10)."""
UNDER_ASSESSMENT = Text("En handläggare ser på ansökan", "An underwriter is looking at the application")
"""What the applicant is told of a referral whose grounds are for others."""
MOST_OFFERED = Text("Beloppet är det högsta som vi kan erbjuda", "The amount is the highest that we can offer")
"""What the applicant is told of a counter-offer whose ground is others' credits or guarantees (rules D7, G6)."""
NO_OFFER = Text("Vi kan inte erbjuda någon kredit", "We cannot offer any credit")
"""What the applicant is told of a decline whose grounds are for staff alone."""

_STRONGEST = 3


class Audience(StrEnum):
    """Who is told."""

    APPLICANT = "applicant"
    GUARANTOR = "guarantor"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason. *title* names the characteristic of a scored one. *points*, of at most *most*, are for staff and for
    the guarantor whose own they are.
    """

    rule: str
    subject: str
    title: Text | None
    text: Text
    points: int | None
    most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The three *strongest* reasons, the *others* after them, and the references of guarantors to *replace*."""

    strongest: tuple[Reason, ...]
    others: tuple[Reason, ...]
    replace: tuple[str, ...]


def explain(decision: Decision, policy: Policy, *, audience: Audience, guarantor: str | None = None) -> Explanation:
    """The reasons of *decision* that *audience* may know, strongest first; *guarantor* is the reference of who is told.

    *policy* is the one that decided: ValueError for another, and for a guarantor's audience without a reference.
    """
    if decision.policy_sha256 != policy.sha256:
        raise ValueError("the policy is not the one that decided")
    if (audience is Audience.GUARANTOR) is (guarantor is None):
        raise ValueError("a guarantor, and nobody else, is told by reference")
    grounds = _grounds(policy)
    told = sorted(
        _told(decision, audience, guarantor),
        key=lambda fired: _weakness(fired, grounds[fired.key], counted=fired.subject in (COMPANY, decision.counted)),
    )
    with_points = audience is not Audience.APPLICANT
    reasons = tuple(_reason(fired, grounds[fired.key], with_points=with_points) for fired in told)
    replace = () if audience is Audience.GUARANTOR else _to_replace(decision)
    if audience is Audience.APPLICANT and all(fired.points is not None for fired in told):
        reasons = _instead(decision.outcome, replace) + reasons
    return Explanation(strongest=reasons[:_STRONGEST], others=reasons[_STRONGEST:], replace=replace)


class _Rank(IntEnum):
    """The kinds of ground, strongest first."""

    STOP = 0
    REFERRAL = 1
    BOUND = 2
    SCORE = 3
    NOT_COUNTED = 4  # a guarantor's points that another's took the place of


class _Ground(NamedTuple):
    """What stands behind a reason key."""

    rank: _Rank
    text: Text
    title: Text | None = None
    most: int = 0


def _told(decision: Decision, audience: Audience, guarantor: str | None) -> list[Fired]:
    """What of the trace the audience may know.

    To the applicant a decline is explained by its grounds, never by points (rule D2), and a referral offers no limit.
    """
    if audience is Audience.STAFF:
        return list(decision.trace)
    if audience is Audience.GUARANTOR:
        return [fired for fired in decision.trace if fired.subject == guarantor]
    own = [fired for fired in decision.trace if fired.subject in (COMPANY, OWNER, TERMS)]
    if decision.outcome is DecisionOutcome.DECLINED:
        return [fired for fired in own if fired.key in _DECLINING]
    referred = decision.outcome is DecisionOutcome.REFERRED
    return [fired for fired in own if not (referred and fired.key in _LIMITING)]


def _weakness(fired: Fired, ground: _Ground, *, counted: bool) -> tuple[int, int]:
    """The order of reasons: by kind of ground, then by the points that it cost."""
    if fired.points is None:
        return ground.rank, 0
    return (_Rank.SCORE if counted else _Rank.NOT_COUNTED), fired.points - ground.most


def _reason(fired: Fired, ground: _Ground, *, with_points: bool) -> Reason:
    scored = with_points and fired.points is not None
    return Reason(
        rule=fired.rule,
        subject=fired.subject,
        title=ground.title,
        text=ground.text,
        points=fired.points if scored else None,
        most=ground.most if scored else None,
    )


def _to_replace(decision: Decision) -> tuple[str, ...]:
    """The guarantors whom a hard stop concerns."""
    nobody = (COMPANY, OWNER, DUE_DILIGENCE)
    stopped = (fired.subject for fired in decision.trace if fired.key in _DECLINING and fired.subject not in nobody)
    return tuple(dict.fromkeys(subject for subject in stopped if subject != TERMS))


def _instead(outcome: DecisionOutcome, replace: tuple[str, ...]) -> tuple[Reason, ...]:
    """The sentence that stands for grounds which the applicant may not know; none where the outcome needs no ground."""
    rule, text = "D7", UNDER_ASSESSMENT
    if replace:
        rule, text = "D10", REPLACE_GUARANTOR
    elif outcome is DecisionOutcome.DECLINED:
        text = NO_OFFER
    elif outcome is DecisionOutcome.COUNTER_OFFER:
        text = MOST_OFFERED
    elif outcome is not DecisionOutcome.REFERRED:
        return ()
    return (Reason(rule=rule, subject=TERMS, title=None, text=text, points=None, most=None),)


_DECLINING = frozenset({DECLINE_KEY, *(hard_stop_key(stop) for stop in HardStop)})
_LIMITING = frozenset(bound_key(bound) for bound in Bound)


@lru_cache(maxsize=16)
def _grounds(policy: Policy) -> Mapping[str, _Ground]:
    """What stands behind each reason key of *policy*."""
    texts = policy.reasons()
    ranks = dict.fromkeys(_DECLINING, _Rank.STOP)
    ranks |= {referral_key(referral): _Rank.REFERRAL for referral in Referral}
    ranks |= dict.fromkeys(_LIMITING, _Rank.BOUND)
    grounds = {key: _Ground(rank, texts[key]) for key, rank in ranks.items() if key in texts}
    for each in policy.characteristics():
        for place in (*range(len(each.bins)), "absent", "unknown"):
            key = bin_key(each.measure, place)
            if key in texts:
                grounds[key] = _Ground(_Rank.SCORE, texts[key], each.title, each.most)
    return grounds
