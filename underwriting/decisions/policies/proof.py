"""What is proved of a policy before it may decide (rule D11): that it cannot break D2 to D5, D12, D13, D16 or D17.

1. D2, D3: no cap lies below the smallest amount, so nothing but the capacity or a hard stop can decline. That the
   decline test reads the capacity alone, and that the hard stops are those of D10, is settled when it is read.
2. D4: every characteristic is tagged as what it is, and those that look forward hold half of the ranges or more.
3. D5: there are points of the company's, and of the guarantor's, that alone move an application to another fee.
4. D12: in bins and in grades, worse is never more points, a lower fee or a higher cap; unknown is at most the worst.
5. D13: what a report may lack has a bin for absent and a treatment of unknown.
D17 is settled when it is read: there is no word for a forbidden characteristic.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from underwriting.decisions.policy import Bin, Characteristic, Condition, Policy, PolicyInvalid
from underwriting.decisions.rules import KINDS, RATINGS, Better, Card, Looks
from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Text

Findings = Iterator[FieldError]

_CONDITIONS = {
    Better.HIGHER: (Condition.AT_LEAST, Condition.ABOVE),
    Better.LOWER: (Condition.AT_MOST,),
    Better.NAMED: (Condition.IS,),
}


def prove(policy: Policy) -> None:
    """Raise PolicyInvalid, with an error per member at fault and the rule it breaks, unless every proof holds."""
    errors = tuple(
        error for proof in (_capacity, _amounts, _tags, _bins, _grades, _fee_moves) for error in proof(policy)
    )
    if errors:
        raise PolicyInvalid(errors[0].detail, rule=errors[0].rule, errors=errors)


def _capacity(policy: Policy) -> Findings:
    terms = policy.capacity
    if not 0 < terms.revenue_share <= 1:
        yield _error(
            "/capacity/revenue_share", "Andelen är mer än 0 och högst 1", "The share is more than 0, at most 1"
        )
    if terms.margin < 1:
        yield _error("/capacity/margin", "Marginalen är minst 1", "The margin is 1 or more")
    if terms.debt_months < 1:
        yield _error("/capacity/debt_months", "Minst en månad", "One month or more")
    step = terms.rounded_down_to.ore
    if step < 1 or policy.smallest_amount.ore < 1 or policy.smallest_amount.ore % step:
        yield _error(
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
            yield _error(
                pointer, "Taket är lägre än minsta beloppet", "The cap is below the smallest amount", rule="D2"
            )
    if policy.without_accounts.referred_when_asked_above < policy.without_accounts.cap:
        yield _error(
            "/without_accounts/referred_when_asked_above",
            "Gränsen är minst taket: under taket behövs inga bokslut",
            "The threshold is at least the cap: below the cap no accounts are needed",
        )
    if policy.company_remarks_referred_from < 1:
        yield _error("/company_remarks_referred_from", "Minst en anmärkning", "One remark or more", rule="D2")


def _tags(policy: Policy) -> Findings:
    """D4: tags are true, and the future holds at least half of the sum of ranges (most minus least points)."""
    ranges = dict.fromkeys(Looks, 0)
    seen = set()
    for pointer, each in _placed(policy):
        ranges[each.looks] += each.most - each.least
        if each.looks is not KINDS[each.measure].looks:
            truth = KINDS[each.measure].looks
            yield _error(f"{pointer}/looks", f"Egenskapen är {truth}", f"The characteristic is {truth}", rule="D4")
        if each.measure in seen:
            yield _error(f"{pointer}/measure", "Egenskapen står redan", "The characteristic stands already", rule="D11")
        seen.add(each.measure)
    if ranges[Looks.FUTURE] < ranges[Looks.HISTORY]:
        future, whole = ranges[Looks.FUTURE], sum(ranges.values())
        yield _error(
            "/scorecards",
            f"Framtiden har {future} av {whole} poängs spännvidd, mindre än hälften",
            f"The future holds {future} of {whole} points of range, less than half",
            rule="D4",
        )


def _bins(policy: Policy) -> Findings:
    for pointer, each in _placed(policy):
        yield from _order(each, pointer)
        yield from _lacking(each, pointer)


def _order(each: Characteristic, pointer: str) -> Findings:
    """D12: bins go from best to worst, with limits that close on each other, and points that never rise."""
    *limited, last = each.bins
    allowed = _CONDITIONS[KINDS[each.measure].better]
    if last.condition is not Condition.OTHERWISE:
        yield _bin_error(each, pointer, len(limited), "det sista tar resten", "the last one takes the rest", rule="D11")
    elif any(found.condition not in allowed for found in limited):
        place = next(place for place, found in enumerate(limited) if found.condition not in allowed)
        words = ", ".join(allowed)
        yield _bin_error(each, pointer, place, f"villkoret ska vara {words}", f"the condition is to be {words}")
    elif not _narrows(limited, KINDS[each.measure].better):
        sv, en = "facken går inte från bäst till sämst", "the bins do not go from best to worst"
        yield _error(f"{pointer}/bins", f"{each.measure}: {sv}", f"{each.measure}: {en}", rule="D12")
    for place, (better, worse) in enumerate(pairwise(each.bins), start=1):
        if worse.points > better.points:
            yield _bin_error(each, pointer, place, "fler poäng än facket före", "more points than the bin before")


def _lacking(each: Characteristic, pointer: str) -> Findings:
    """D12, D13: what may be absent or unknown says what it then scores, and unknown at most as the worst bin."""
    kind = KINDS[each.measure]
    for name, found, may in (
        ("absent", each.absent, kind.may_be_absent),
        ("unknown", each.unknown, kind.may_be_unknown),
    ):
        if may and found is None:
            sv, en = f"{each.measure}: {name} saknas", f"{each.measure}: {name} is missing"
            yield _error(f"{pointer}/{name}", sv, en, rule="D13")
        if found is not None and not may:
            sv, en = f"{each.measure}: kan inte vara {name}", f"{each.measure}: can never be {name}"
            yield _error(f"{pointer}/{name}", sv, en, rule="D13")
    if each.unknown and each.unknown.points > each.least:
        yield _error(
            f"{pointer}/unknown/points",
            f"{each.measure}: okänt ger fler poäng än det sämsta facket",
            f"{each.measure}: unknown gives more points than the worst bin",
            rule="D12",
        )


def _grades(policy: Policy) -> Findings:
    """D12: a lower grade is for fewer points, never cheaper or with a higher cap, and refers when a better one does."""
    if policy.grades[-1].from_points != 0:
        place = len(policy.grades) - 1
        yield _error(f"/grades/{place}/from_points", "Den sista är från 0", "The last one is from 0", rule="D11")
    if min(grade.fee_rate for grade in policy.grades) <= Decimal(0):
        yield _error("/grades", "Avgiften är mer än 0", "The fee is more than 0", rule="D6")
    for place, (better, worse) in enumerate(pairwise(policy.grades), start=1):
        for member, wrong in (
            ("from_points", worse.from_points >= better.from_points),
            ("fee_rate", worse.fee_rate < better.fee_rate),
            ("cap", worse.cap > better.cap),
            ("referred", worse.referred < better.referred),
        ):
            if wrong:
                yield _error(
                    f"/grades/{place}/{member}",
                    f"Klass {worse.name} är förmånligare än klass {better.name}",
                    f"Grade {worse.name} is kinder than grade {better.name}",
                    rule="D12",
                )


def _fee_moves(policy: Policy) -> Findings:
    """D5: with some points of all the other cards, a change on this card alone changes the fee."""
    for card in (Card.COMPANY, Card.GUARANTOR):
        own = _sums(policy.scorecards[card])
        others = _sums(each for other in Card if other is not card for each in policy.scorecards[other])
        if not any(len({_fee(policy, rest + points) for points in own}) > 1 for rest in others):
            yield _error(
                f"/scorecards/{card}",
                "Inget på kortet kan ändra avgiften",
                "Nothing on this card can change the fee",
                rule="D5",
            )


def _sums(characteristics: Iterable[Characteristic]) -> set[int]:
    """Every sum of points that one bin of each characteristic can give."""
    sums = {0}
    for each in characteristics:
        sums = {total + found.points for total in sums for found in each.every_bin}
    return sums


def _fee(policy: Policy, points: int) -> Decimal:
    return next((grade.fee_rate for grade in policy.grades if points >= grade.from_points), policy.highest_fee_rate)


def _placed(policy: Policy) -> Iterator[tuple[str, Characteristic]]:
    for card in Card:
        for place, each in enumerate(policy.scorecards[card]):
            yield f"/scorecards/{card}/{place}", each


def _narrows(bins: list[Bin], better: Better) -> bool:
    if better is Better.NAMED:
        return tuple(found.limit for found in bins) == RATINGS[: len(bins)]
    limits = [Fraction(*found.limit) for found in bins if isinstance(found.limit, tuple)]
    falling = [-limit for limit in limits] if better is Better.LOWER else limits
    return all(stricter > looser for stricter, looser in pairwise(falling))


def _bin_error(each: Characteristic, pointer: str, place: int, sv: str, en: str, *, rule: str = "D12") -> FieldError:
    named = f"{each.measure}, fack {place + 1}: {sv}", f"{each.measure}, bin {place + 1}: {en}"
    return _error(f"{pointer}/bins/{place}", *named, rule=rule)


def _error(pointer: str, sv: str, en: str, *, rule: str | None = None) -> FieldError:
    return FieldError(pointer, Text(sv, en), rule)
