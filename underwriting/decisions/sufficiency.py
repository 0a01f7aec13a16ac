"""What would have been enough for a full approval (rule D14): asked of the engine that decided, by bisection.

Each search changes one thing and leaves the rest: the amount, the term, or one more guarantor of whom nothing bad is
known. A smaller amount never decides worse, and one more guarantor never hurts (rule D12), so that the last value that
passes is found in as many decisions as its range has binary digits. Of the term, both ends are tried: where one of them
passes, the value nearest to the term asked for is found towards it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bureau_clients.facts import Absent, Known
from underwriting.decisions.facts import PERSON_FACTS, Facts, PersonFacts
from underwriting.decisions.policy import Characteristic, Policy
from underwriting.decisions.rules import Measure
from underwriting.decisions.scoring import decide
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.vocabulary import DecisionOutcome

ONE_MORE = "one_more_guarantor"
"""The reference of the guarantor who is thought of."""
SUPPOSED = "supposed"
"""The source of what is supposed of that guarantor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sufficiency:
    """What would have been approved in full, each change on its own; None where no such change would have done.

    *amount* is the highest that passes, *term_months* the passing term nearest to the one asked for. One more guarantor
    without remarks or debts *is enough* for all that was asked for from *guarantor_income* a year on;
    *amount_with_guarantor* is the highest amount that passes with one who earns as much as counts.
    """

    amount: Money | None = None
    term_months: int | None = None
    guarantor_is_enough: bool = False
    guarantor_income: Money | None = None
    amount_with_guarantor: Money | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether none of the changes would have been enough."""
        return self == _NOTHING


_NOTHING = Sufficiency()


def enough(facts: Facts, policy: Policy, *, terms: ProductTerms) -> Sufficiency:
    """What would have been enough on *facts* by *policy*, within *terms*; nothing where all is approved as it is."""
    if _passes(facts, policy):
        return _NOTHING
    incomes = _incomes(policy)
    with_guarantor = _with_guarantor(facts, incomes[-1])
    income = _income(facts, policy, incomes)
    return Sufficiency(
        amount=_amount(facts, policy, terms),
        term_months=_term(facts, policy, terms),
        guarantor_is_enough=income is not None,
        guarantor_income=income,
        amount_with_guarantor=_amount(with_guarantor, policy, terms),
    )


def _passes(facts: Facts, policy: Policy) -> bool:
    return decide(facts, policy).outcome is DecisionOutcome.APPROVED


def _last_passing(first: int, last: int, passes: Callable[[int], bool]) -> int | None:
    """The greatest number from *first* to *last* that passes, where all below one that passes do; None where none."""
    if first > last or not passes(first):
        return None
    while first < last:
        middle = (first + last + 1) // 2
        if passes(middle):
            first = middle
        else:
            last = middle - 1
    return first


def _amount(facts: Facts, policy: Policy, terms: ProductTerms) -> Money | None:
    """The highest amount that passes, in whole steps of the policy; what was asked for itself may be none of them."""
    step = policy.capacity.rounded_down_to.ore
    least = max(terms.smallest_amount.ore, policy.smallest_amount.ore)

    def passes(steps: int) -> bool:
        asked = replace(facts.application, asked=Money(steps * step))
        return _passes(replace(facts, application=asked), policy)

    steps = _last_passing(-(-least // step), facts.application.asked.ore // step, passes)
    return None if steps is None else Money(steps * step)


def _term(facts: Facts, policy: Policy, terms: ProductTerms) -> int | None:
    asked = facts.application.term_months

    def passes(months: int) -> bool:
        return _passes(replace(facts, application=replace(facts.application, term_months=months)), policy)

    longer = _last_passing(0, terms.longest_term - asked - 1, lambda less: passes(terms.longest_term - less))
    if longer is not None:
        return terms.longest_term - longer
    return _last_passing(terms.shortest_term, asked - 1, passes)


def _income(facts: Facts, policy: Policy, incomes: tuple[Money, ...]) -> Money | None:
    """The least of *incomes*, which rise, with which one more guarantor is enough."""
    found = _last_passing(
        0, len(incomes) - 1, lambda less: _passes(_with_guarantor(facts, incomes[len(incomes) - 1 - less]), policy)
    )
    return None if found is None else incomes[len(incomes) - 1 - found]


def _incomes(policy: Policy) -> tuple[Money, ...]:
    """Every income at which the policy's points for it change, and none at all, rising."""
    limits = [each.limit for each in _income_of(policy.characteristics()).bins if isinstance(each.limit, tuple)]
    return tuple(sorted({Money.ZERO, *(Money(-(-top // bottom)) for top, bottom in limits)}))


def _income_of(characteristics: Iterable[Characteristic]) -> Characteristic:
    return next(each for each in characteristics if each.measure is Measure.INCOME)


def _with_guarantor(facts: Facts, income: Money) -> Facts:
    at = facts.company.status.at
    return replace(facts, guarantors=(*facts.guarantors, _supposed(income, at)))


def _supposed(income: Money, at: datetime) -> PersonFacts:
    """Somebody of whom nothing bad is known and who has promised nothing yet."""
    known = {name: Known(False, SUPPOSED, at) for name, type_ in PERSON_FACTS.items() if type_ is bool}
    return PersonFacts(
        reference=ONE_MORE,
        no_match=False,
        minor=False,
        income=Known(income, SUPPOSED, at),
        remarks=Absent(SUPPOSED, at),
        kronofogden_debt=Absent(SUPPOSED, at),
        other_guarantees=Money.ZERO,
        promised_guarantees=Known(Money.ZERO, SUPPOSED, at),
        **known,
    )
