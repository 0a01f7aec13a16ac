"""What another policy would have decided: who flips, and what that is in money, per company form (rule D11)."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from underwriting.decisions.facts import ApplicationFacts, Facts
from underwriting.decisions.policy import Policy
from underwriting.decisions.pricing import fees_of_plan
from underwriting.decisions.scoring import Decision, decide
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, DecisionOutcome

_GIVEN = (DecisionOutcome.APPROVED, DecisionOutcome.COUNTER_OFFER)


@dataclass(slots=True)
class Side:
    """What one policy gives: how many of each outcome, the *exposure* of its offers and their fees over the terms, öre.

    What is referred gives nothing yet, whatever is proposed to the underwriter.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    exposure_ore: int = 0
    fees_ore: int = 0

    @property
    def exposure(self) -> Money:
        """The sum of the offers' limits."""
        return Money(self.exposure_ore)

    @property
    def fees(self) -> Money:
        """The sum of the offers' fees over their terms."""
        return Money(self.fees_ore)

    def count(self, decision: Decision, asked: ApplicationFacts) -> None:
        """Count one decision on what was *asked* in."""
        self.outcomes[str(decision.outcome)] += 1
        if decision.outcome in _GIVEN and decision.limit is not None and decision.fee_rate is not None:
            self.exposure_ore += decision.limit.ore
            self.fees_ore += fees_of_plan(
                decision.limit,
                fee_rate=decision.fee_rate,
                term_months=asked.term_months,
                plan=asked.repayment_plan,
            ).ore

    def add(self, other: "Side") -> None:
        """Count in all that *other* has counted."""
        self.outcomes.update(other.outcomes)
        self.exposure_ore += other.exposure_ore
        self.fees_ore += other.fees_ore


@dataclass(slots=True)
class Comparison:
    """Both sides for some applications; *flips* counts (from, to) outcomes, *repriced* those on other terms alone."""

    applications: int = 0
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    flips: Counter[tuple[str, str]] = field(default_factory=Counter)
    repriced: int = 0

    def add(self, other: "Comparison") -> None:
        """Count in all that *other* has counted."""
        self.applications += other.applications
        self.before.add(other.before)
        self.after.add(other.after)
        self.flips.update(other.flips)
        self.repriced += other.repriced


@dataclass(frozen=True, slots=True)
class Change:
    """One application that another policy decides otherwise; limits in öre, rates per calendar month."""

    application_id: str
    form: str
    outcomes: tuple[str, str]
    limits_ore: tuple[int | None, int | None]
    fee_rates: tuple[Decimal | None, Decimal | None]

    @property
    def flips(self) -> bool:
        """Whether the outcome is another."""
        return self.outcomes[0] != self.outcomes[1]


@dataclass(slots=True)
class Tally:
    """A comparison per company form, what changed, and what could not be compared since it has been erased (K2)."""

    forms: dict[str, Comparison] = field(default_factory=lambda: {str(form): Comparison() for form in CompanyForm})
    erased: int = 0

    def count(self, application_id: str, facts: Facts, *, before: Policy, after: Policy) -> Change | None:
        """Decide *facts* by both policies and count it in; the change, if there is one."""
        one, other = decide(facts, before), decide(facts, after)
        form = str(facts.application.form)
        counted = self.forms[form]
        counted.applications += 1
        counted.before.count(one, facts.application)
        counted.after.count(other, facts.application)
        if (one.outcome, one.limit, one.fee_rate) == (other.outcome, other.limit, other.fee_rate):
            return None
        change = Change(
            application_id,
            form,
            (str(one.outcome), str(other.outcome)),
            (_ore(one.limit), _ore(other.limit)),
            (one.fee_rate, other.fee_rate),
        )
        if change.flips:
            counted.flips[change.outcomes] += 1
        else:
            counted.repriced += 1
        return change

    def add(self, other: "Tally") -> None:
        """Count in all that *other* has counted."""
        for form, comparison in other.forms.items():
            self.forms[form].add(comparison)
        self.erased += other.erased

    @property
    def whole(self) -> Comparison:
        """All company forms together."""
        total = Comparison()
        for comparison in self.forms.values():
            total.add(comparison)
        return total


def as_value(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON: amounts in kronor as decimal strings."""
    return {
        "applications": comparison.applications,
        "before": _side_value(comparison.before),
        "after": _side_value(comparison.after),
        "flips": [
            {"from": before, "to": after, "applications": count}
            for (before, after), count in sorted(comparison.flips.items())
        ],
        "repriced": comparison.repriced,
    }


def change_value(change: Change) -> dict[str, Any]:
    """One change as JSON."""
    before, after = (
        {
            "outcome": outcome,
            "limit": None if limit is None else str(Money(limit)),
            "fee_rate": None if rate is None else f"{rate.normalize():f}",
        }
        for outcome, limit, rate in zip(change.outcomes, change.limits_ore, change.fee_rates, strict=True)
    )
    return {"application_id": change.application_id, "company_form": change.form, "before": before, "after": after}


def _side_value(side: Side) -> dict[str, Any]:
    return {
        "outcomes": {str(outcome): side.outcomes[str(outcome)] for outcome in DecisionOutcome},
        "exposure": str(side.exposure),
        "fees": str(side.fees),
    }


def _ore(amount: Money | None) -> int | None:
    return None if amount is None else amount.ore
