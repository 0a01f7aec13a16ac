"""What is proved of a policy before it may decide (rule D11): that it cannot break D2 to D5, D12, D13, D16 or D17.

1. D2, D3: no cap lies below the smallest amount, so nothing but the capacity or a hard stop can decline. That the
   decline test reads the capacity alone, and that the hard stops are those of D10, is settled when it is read.
2. D4: every characteristic is tagged as what it is, and those that look forward hold half of the ranges or more, in
   bins in which an application can fall.
3. D5: there are points of the company's report, and of a guarantor's, that alone move an application to another fee,
   beside points of the future that somebody who is offered credit can have.
4. D12: in bins and in grades, worse is never more points, a lower fee or a higher cap; unknown is at most the worst,
   and what is known to be absent scores as what it means.
5. D13: what a report may lack has a bin for absent and a treatment of unknown.
6. Of a document of format 2: every number of points has one price (D6), no limit lies below the smallest amount (D2,
   G6), and somebody may determine whatever the policy may offer (D8).
D17 is settled when it is read: there is no word for a forbidden characteristic.
"""

from fractions import Fraction
from itertools import pairwise

from underwriting.decisions.policies.bins import placed, prove_bins
from underwriting.decisions.policies.fees import prove_fee_moves
from underwriting.decisions.policies.finding import Findings, finding
from underwriting.decisions.policies.terms import prove_limits, prove_prices
from underwriting.decisions.policy import Condition, Policy, PolicyInvalid
from underwriting.decisions.rules import KINDS, Looks, Measure


def prove(policy: Policy) -> None:
    """Raise PolicyInvalid, with an error per member at fault and the rule it breaks, unless every proof holds."""
    errors = tuple(
        error
        for proof in (
            _capacity,
            _amounts,
            _tags,
            _reached,
            prove_bins,
            _grades,
            prove_fee_moves,
            prove_prices,
            prove_limits,
        )
        for error in proof(policy)
    )
    if errors:
        raise PolicyInvalid(errors[0].detail, rule=errors[0].rule, errors=errors)


def _capacity(policy: Policy) -> Findings:
    terms = policy.capacity
    if not 0 < terms.revenue_share <= 1:
        yield finding(
            "/capacity/revenue_share", "Andelen är mer än 0 och högst 1", "The share is more than 0, at most 1"
        )
    if terms.margin < 1:
        yield finding("/capacity/margin", "Marginalen är minst 1", "The margin is 1 or more")
    if terms.debt_months < 1:
        yield finding("/capacity/debt_months", "Minst en månad", "One month or more")
    step = terms.rounded_down_to.ore
    if step < 1 or policy.smallest_amount.ore < 1 or policy.smallest_amount.ore % step:
        yield finding(
            "/capacity/rounded_down_to",
            "Det minsta beloppet är en jämn multipel av avrundningen",
            "The smallest amount is a whole multiple of the rounding",
            rule="D2",
        )


def _amounts(policy: Policy) -> Findings:
    """D2, D3: a cap below the smallest amount would make remarks and rating a ground for no offer at all."""
    caps = {f"/grades/{place}/cap": grade.cap for place, grade in enumerate(policy.grades)}
    for pointer, cap in (caps | {"/without_accounts/cap": policy.without_accounts.cap}).items():
        if cap < policy.smallest_amount:
            yield finding(
                pointer, "Taket är lägre än minsta beloppet", "The cap is below the smallest amount", rule="D2"
            )
    if policy.without_accounts.referred_when_asked_above < policy.without_accounts.cap:
        yield finding(
            "/without_accounts/referred_when_asked_above",
            "Gränsen är minst taket: under taket behövs inga bokslut",
            "The threshold is at least the cap: below the cap no accounts are needed",
        )
    if policy.company_remarks_referred_from < 1:
        yield finding("/company_remarks_referred_from", "Minst en anmärkning", "One remark or more", rule="D2")


def _tags(policy: Policy) -> Findings:
    """D4: tags are true, and the future holds at least half of the sum of ranges (most minus least points)."""
    ranges = dict.fromkeys(Looks, 0)
    seen = set()
    for pointer, each in placed(policy):
        ranges[each.looks] += each.most - each.least
        if each.looks is not KINDS[each.measure].looks:
            truth = KINDS[each.measure].looks
            yield finding(f"{pointer}/looks", f"Egenskapen är {truth}", f"The characteristic is {truth}", rule="D4")
        if each.measure in seen:
            yield finding(
                f"{pointer}/measure", "Egenskapen står redan", "The characteristic stands already", rule="D11"
            )
        seen.add(each.measure)
    if ranges[Looks.FUTURE] < ranges[Looks.HISTORY]:
        future, whole = ranges[Looks.FUTURE], sum(ranges.values())
        yield finding(
            "/scorecards",
            f"Framtiden har {future} av {whole} poängs spännvidd, mindre än hälften",
            f"The future holds {future} of {whole} points of range, less than half",
            rule="D4",
        )


def _reached(policy: Policy) -> Findings:
    """D4: an application can fall in the best bin of the surplus's share, or its points would be range in name: of the
    revenue at most the share that the stress leaves can be left over.
    """
    most = Fraction(policy.capacity.revenue_share)
    for pointer, each in placed(policy):
        best = each.bins[0]
        if each.measure is not Measure.SURPLUS_SHARE or not isinstance(best.limit, tuple):
            continue
        limit = Fraction(*best.limit)
        if limit > most or (limit == most and best.condition is Condition.ABOVE):
            sv = f"{each.measure}, fack 1: ingen ansökan kan hamna här"
            en = f"{each.measure}, bin 1: no application can fall here"
            yield finding(f"{pointer}/bins/0", sv, en, rule="D4")


def _grades(policy: Policy) -> Findings:
    """D12: a lower grade is for fewer points, never cheaper or with a higher cap, and refers when a better one does."""
    if policy.grades[-1].from_points != 0:
        place = len(policy.grades) - 1
        yield finding(f"/grades/{place}/from_points", "Den sista är från 0", "The last one is from 0", rule="D11")
    if not all(0 < grade.fee_rate < 1 for grade in policy.grades):
        sv, en = "Avgiften är mer än 0 och mindre än 1", "The fee is more than 0 and less than 1"
        yield finding("/grades", sv, en, rule="D6")
    for place, (better, worse) in enumerate(pairwise(policy.grades), start=1):
        for member, wrong in (
            ("from_points", worse.from_points >= better.from_points),
            ("fee_rate", worse.fee_rate < better.fee_rate),
            ("cap", worse.cap > better.cap),
            ("referred", worse.referred < better.referred),
        ):
            if wrong:
                yield finding(
                    f"/grades/{place}/{member}",
                    f"Klass {worse.name} är förmånligare än klass {better.name}",
                    f"Grade {worse.name} is kinder than grade {better.name}",
                    rule="D12",
                )
