"""Scorecards made ready: what each measure reads from the facts, and each characteristic's bins as one function.

A value is an exact quotient, a letter, or lacking: known to be absent, or unknown (rule D12).
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import RatingGrade
from underwriting.decisions.facts import PersonFacts
from underwriting.decisions.history import HistoryFacts
from underwriting.decisions.policy import Characteristic, Condition, bin_key
from underwriting.decisions.rules import Measure, Quotient
from underwriting.kernel.money import Money


class Lacking(Enum):
    """A value that is not there."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


Value: TypeAlias = Quotient | str | Lacking


class Ability(NamedTuple):
    """The future's measures of one application; the burden is unknown while the debt at Kronofogden is."""

    surplus: Quotient
    surplus_share: Quotient
    debt_burden: Value


Scorer: TypeAlias = Callable[[Any], tuple[int, str]]
"""From what a card reads (`Ability`, all `Facts` for the company's, `PersonFacts`) to points and their reason's key."""


def scorer_of(characteristic: Characteristic) -> Scorer:
    """The characteristic as a function."""
    read, place = _READERS[characteristic.measure], _placer(characteristic)
    return lambda holder: place(read(holder))


def _placer(characteristic: Characteristic) -> Callable[[Value], tuple[int, str]]:
    """From a value to the points of its bin and the key of their reason."""
    measure = characteristic.measure
    found = [(each.points, bin_key(measure, position)) for position, each in enumerate(characteristic.bins)]
    steps = [
        (_FITS[each.condition], each.limit, scored) for each, scored in zip(characteristic.bins, found, strict=True)
    ]
    lacking = {
        kind: (each.points, bin_key(measure, kind.value))
        for kind, each in ((Lacking.ABSENT, characteristic.absent), (Lacking.UNKNOWN, characteristic.unknown))
        if each
    }
    last = found[-1]

    def place(value: Value) -> tuple[int, str]:
        if isinstance(value, Lacking):
            return lacking[value]
        return next((scored for fits, limit, scored in steps if fits(value, limit)), last)

    return place


def _at_least(value: Quotient, limit: Quotient) -> bool:
    return value[1] > 0 and value[0] * limit[1] >= limit[0] * value[1]


def _above(value: Quotient, limit: Quotient) -> bool:
    return value[1] > 0 and value[0] * limit[1] > limit[0] * value[1]


def _at_most(value: Quotient, limit: Quotient) -> bool:
    return value[1] > 0 and value[0] * limit[1] <= limit[0] * value[1]


# What cannot be divided fits no limit, and so falls in the last bin, which is the worst.
_FITS: Mapping[Condition, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        Condition.AT_LEAST: _at_least,
        Condition.ABOVE: _above,
        Condition.AT_MOST: _at_most,
        Condition.IS: lambda value, limit: bool(value == limit),
        Condition.OTHERWISE: lambda _value, _limit: True,
    }
)


def _count(fact: Fact[int]) -> Value:
    return (fact.value, 1) if isinstance(fact, Known) else _lacking(fact)


def _amount(fact: Fact[Money]) -> Value:
    return (fact.value.ore, 1) if isinstance(fact, Known) else _lacking(fact)


def _letter(fact: Fact[RatingGrade]) -> Value:
    return fact.value.value if isinstance(fact, Known) else _lacking(fact)


def _payment_record(history: HistoryFacts) -> Value:
    """The share of what was to be paid to the lender that was paid late; absent where nothing was to be paid yet."""
    in_time, late = history.claims_paid_in_time, history.claims_paid_late
    if isinstance(in_time, Unknown) or isinstance(late, Unknown):
        return Lacking.UNKNOWN
    paid_late = late.value if isinstance(late, Known) else 0
    claims = paid_late + (in_time.value if isinstance(in_time, Known) else 0)
    return (paid_late, claims) if claims else Lacking.ABSENT


def _guarantees_to_income(person: PersonFacts) -> Value:
    """Other guarantees over the income of a year (rule G6). None at all is 0, whatever the known income."""
    if not isinstance(person.income, Known):
        return _lacking(person.income)
    return (person.other_guarantees.ore, max(0, person.income.value.ore)) if person.other_guarantees else (0, 1)


def _lacking(fact: Absent | Unknown) -> Lacking:
    return Lacking.ABSENT if isinstance(fact, Absent) else Lacking.UNKNOWN


_READERS: Mapping[Measure, Callable[[Any], Value]] = MappingProxyType(
    {
        Measure.SURPLUS_SHARE: lambda ability: ability.surplus_share,
        Measure.DEBT_BURDEN: lambda ability: ability.debt_burden,
        Measure.SURPLUS: lambda ability: ability.surplus,
        Measure.RATING: lambda facts: _letter(facts.company.rating),
        Measure.COMPANY_REMARKS: lambda facts: _count(facts.company.remarks),
        Measure.YEARS_REGISTERED: lambda facts: _count(facts.company.years_registered),
        Measure.PAYMENT_RECORD: lambda facts: _payment_record(facts.history),
        Measure.INCOME: lambda person: _amount(person.income),
        Measure.PERSON_REMARKS: lambda person: _count(person.remarks),
        Measure.PERSON_DEBT: lambda person: _amount(person.kronofogden_debt),
        Measure.GUARANTEES_TO_INCOME: _guarantees_to_income,
    }
)
