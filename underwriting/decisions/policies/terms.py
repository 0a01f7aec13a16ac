"""What is proved of a policy's price table, limits and authority (rules D2, D6, D8, D12, G6); format 2 has them."""

from itertools import pairwise

from underwriting.decisions.policies.finding import Findings, finding
from underwriting.decisions.policy import Grade, Policy
from underwriting.kernel.vocabulary import UNDERWRITERS


def prove_prices(policy: Policy) -> Findings:
    """D6, D12: every number of points that can be had has one price, and that of a riskier grade rests on more loss."""
    if policy.prices is None:
        return
    if not 0 < policy.prices.loss_given_default <= 1:
        yield finding(
            "/prices/loss_given_default",
            "Andelen som förloras är mer än 0 och högst 1",
            "The share that is lost is more than 0, at most 1",
            rule="D6",
        )
    yield from _covered(policy)
    for place, grade in enumerate(policy.grades):
        if not 0 < (grade.default_rate or 0) < 1:
            yield finding(
                f"/grades/{place}/default_rate",
                f"Klass {grade.name}: andelen fallissemang är mer än 0 och mindre än 1",
                f"Grade {grade.name}: the share of defaults is more than 0 and less than 1",
                rule="D6",
            )
    for place, (better, worse) in enumerate(pairwise(policy.grades), start=1):
        if (worse.default_rate or 0) < (better.default_rate or 0):
            yield finding(
                f"/grades/{place}/default_rate",
                f"Klass {worse.name} har lägre fallissemang än klass {better.name}",
                f"Grade {worse.name} has fewer defaults than grade {better.name}",
                rule="D12",
            )


def prove_limits(policy: Policy) -> Findings:
    """D2, G6: a limit below the smallest amount would leave no offer; D8: somebody may determine every case."""
    if policy.limits is None:
        return
    limits, least = policy.limits, policy.smallest_amount
    amounts = {f"/limits/by_form/{form}": most for form, most in limits.by_form.items()}
    amounts |= {"/limits/exposure/company": limits.company, "/limits/exposure/group": limits.group}
    amounts |= {"/limits/guarantor/at_risk": limits.at_risk, "/limits/guarantor/promised": limits.promised}
    for pointer, most in amounts.items():
        if most < least:
            sv, en = "Gränsen är lägre än minsta beloppet", "The limit is below the smallest amount"
            yield finding(pointer, sv, en, rule="G6" if "guarantor" in pointer else "D2")
    if limits.group < limits.company:
        sv, en = "Gruppens gräns är lägre än företagets", "The group's limit is below the company's"
        yield finding("/limits/exposure/group", sv, en, rule="D12")
    yield from _authority(policy)


def _covered(policy: Policy) -> Findings:
    """No hole and no overlap between the grades, from 0 to the most points that the scorecards give."""
    above: int = sum(each.most for each in policy.characteristics()) + 1
    for place, grade in enumerate(policy.grades):
        last, pointer = _last(grade), f"/grades/{place}/to_points"
        if last < grade.from_points:
            sv, en = f"Klass {grade.name} slutar före sin början", f"Grade {grade.name} ends before it begins"
            yield finding(pointer, sv, en, rule="D6")
        elif last < above - 1:
            missing = f"{last + 1}-{above - 1}"
            sv, en = f"Hål i pristabellen: {missing} poäng har inget pris", f"A hole: {missing} points have no price"
            yield finding(pointer, f"{sv} (klass {grade.name})", f"{en} (grade {grade.name})", rule="D6")
        elif place and last >= above:
            twice = f"{above}-{last}"
            sv, en = f"{twice} poäng har två priser", f"{twice} points have two prices"
            yield finding(pointer, f"{sv} (klass {grade.name})", f"{en} (grade {grade.name})", rule="D6")
        above = grade.from_points


def _last(grade: Grade) -> int:
    return grade.from_points if grade.to_points is None else grade.to_points


def _authority(policy: Policy) -> Findings:
    roles = [level.role for level in policy.authority]
    if roles != list(UNDERWRITERS):
        words = ", ".join(UNDERWRITERS)
        sv, en = f"Rollerna ska vara {words}, i den ordningen", f"The roles are to be {words}, in that order"
        yield finding("/authority", sv, en, rule="D8")
        return
    for place, (lower, higher) in enumerate(pairwise(policy.authority), start=1):
        for member in ("largest_limit", "fee_deviation"):
            if getattr(higher, member) < getattr(lower, member):
                sv, en = f"Mindre än för {lower.role}", f"Less than that of {lower.role}"
                yield finding(f"/authority/{place}/{member}", sv, en, rule="D8")
    last = len(policy.authority) - 1
    if policy.authority[last].largest_limit < max(grade.cap for grade in policy.grades):
        sv, en = "Lägre än det högsta taket: ingen kunde avgöra det", "Below the highest cap: nobody could determine it"
        yield finding(f"/authority/{last}/largest_limit", sv, en, rule="D8")
    if policy.authority[last].fee_deviation >= min(grade.fee_rate for grade in policy.grades):
        sv, en = "Avvikelsen skulle ta hela avgiften", "The deviation would take the whole fee"
        yield finding(f"/authority/{last}/fee_deviation", sv, en, rule="D8")
