"""What becomes of generated credits within twelve months, and what was earned and lost on them, per group.

Each is wholly drawn and repaid on a straight plan. One that fails pays nothing from its month on, and a share of what
is owed then is lost. Fees are those of the months paid; funds cost the policy's rate on what was owed each month.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from underwriting.decisions.calibration.population import Applicant, default_probability, loss_share
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import Decision, decide

_MONTHS = 12

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Credit:
    """One generated credit: what was decided, if it failed, and what it gave over its first twelve months, in kronor.

    *owed* is the sum of what was owed at the beginning of each month that it lived: what a rate per month is of.
    """

    decision: Decision
    failed: bool
    fees: float
    lost: float
    funds: float
    owed: float


@dataclass(frozen=True, slots=True)
class Group:
    """Credits with the same grade, or in the same band of points. Rates are fractions; per month of what was owed."""

    name: str
    count: int
    default_rate: float
    fee_rate: float
    loss_rate: float
    funds_rate: float

    @property
    def left(self) -> float:
        """What the fee leaves when losses and funds are paid: for costs, capital and profit."""
        return self.fee_rate - self.loss_rate - self.funds_rate


def credits_of(population: Iterable[Applicant], policy: Policy) -> tuple[list[Credit], int]:
    """The credits that *policy* offers or proposes to an underwriter, and how many applications got none."""
    found, without = [], 0
    for applicant in population:
        decision = decide(applicant.facts, policy)
        if decision.limit is None or decision.fee_rate is None:
            without += 1
        else:
            found.append(_live(applicant, decision, policy))
    return found, without


def by_grade(credits_given: Iterable[Credit], policy: Policy) -> list[Group]:
    """A group per grade that has credits, best first."""
    groups = _grouped(credits_given, lambda credit: credit.decision.grade or "")
    return [_group(grade.name, groups[grade.name]) for grade in policy.grades if grade.name in groups]


def by_band(credits_given: Iterable[Credit], *, width: int = 5) -> list[Group]:
    """A group per band of points, the lowest first."""
    groups = _grouped(credits_given, lambda credit: credit.decision.points // width)
    return [_group(f"{place * width}-{place * width + width - 1}", groups[place]) for place in sorted(groups)]


def _live(applicant: Applicant, decision: Decision, policy: Policy) -> Credit:
    limit, fee_rate = _kronor_of(decision), float(decision.fee_rate or Decimal(0))
    term = applicant.facts.application.term_months
    capacity = decision.capacity
    share = 1.0 if capacity is None or not capacity.ore else min(1.0, limit * 100 / capacity.ore)
    failed = applicant.fate < default_probability(applicant, instalment_share=share)
    alive = min(_MONTHS, term)
    last = 1 + int(applicant.moment * alive) if failed else alive + 1
    fees = funds = owed_months = 0.0
    funds_rate = float(policy.prices.cost_of_funds) if policy.prices else 0.0
    for month in range(1, min(last, alive) + 1):
        owed = limit * (term - month + 1) / term
        owed_months += owed
        funds += owed * funds_rate
        fees += owed * fee_rate if month < last else 0.0
    lost = limit * (term - last + 1) / term * loss_share(applicant) if failed else 0.0
    return Credit(decision, failed, fees, lost, funds, owed_months)


def _kronor_of(decision: Decision) -> float:
    return 0.0 if decision.limit is None else decision.limit.ore / 100


def _grouped(given: Iterable[Credit], key: Callable[[Credit], Key]) -> Mapping[Key, list[Credit]]:
    groups: dict[Key, list[Credit]] = {}
    for credit in given:
        groups.setdefault(key(credit), []).append(credit)
    return groups


def _group(name: str, given: list[Credit]) -> Group:
    owed = sum(credit.owed for credit in given) or 1.0
    return Group(
        name,
        len(given),
        sum(credit.failed for credit in given) / len(given),
        sum(credit.fees for credit in given) / owed,
        sum(credit.lost for credit in given) / owed,
        sum(credit.funds for credit in given) / owed,
    )
