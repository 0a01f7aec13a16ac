"""What is proved of the fee (rule D5): either report alone can change it, for somebody who can be offered credit.

Fees never fall with the points, so that the two ends of a card tell. Beside them count only points that come with a
fee: without a surplus, or while the debt at Kronofogden is unknown, there is none.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from underwriting.decisions.policies.finding import Findings, finding
from underwriting.decisions.policy import Characteristic, Condition, Policy
from underwriting.decisions.rules import KINDS, OWN_BOOKS, Better, Card, Measure


class _Range(NamedTuple):
    """The values that fall in one bin, from *low* to *high*; None where it is open. *has_low*: *low* itself does."""

    points: int
    low: Fraction | None
    high: Fraction | None
    has_low: bool


def prove_fee_moves(policy: Policy) -> Findings:
    """D5: with some points of all the rest, what a report tells on its card alone changes the fee.

    What stands in the lender's own books is in no report.
    """
    futures = set(_futures(policy))
    for card, other in ((Card.COMPANY, Card.GUARANTOR), (Card.GUARANTOR, Card.COMPANY)):
        own = _sums(each for each in policy.scorecards[card] if each.measure not in OWN_BOOKS)
        books = [each for each in policy.scorecards[card] if each.measure in OWN_BOOKS]
        rest = _sums([*books, *policy.scorecards[other]])
        fewest, most = min(own), max(own)
        others = {future + points for future in futures for points in rest}
        if not any(_fee(policy, points + fewest) != _fee(policy, points + most) for points in others):
            yield finding(
                f"/scorecards/{card}",
                "Inget i upplysningen på kortet kan ändra avgiften",
                "Nothing that a report tells on this card can change the fee",
                rule="D5",
            )


def _futures(policy: Policy) -> Iterator[int]:
    """The points of the future of everybody who has a surplus that may carry the smallest amount."""
    card = policy.scorecards[Card.ABILITY]
    for ranges in product(*(list(_ranges(each)) for each in card)):
        found = {each.measure: one for each, one in zip(card, ranges, strict=True)}
        if _can_be(found, policy):
            yield sum(one.points for one in ranges)


def _can_be(found: dict[Measure, _Range], policy: Policy) -> bool:
    """Whether somebody who is offered credit falls in all of these at once.

    What is left over and what goes to debts are together at most the share of the revenue that the stress leaves; in
    kronor any surplus goes with any share, since the revenue may be as high as one likes.
    """
    share, burden = found.get(Measure.SURPLUS_SHARE), found.get(Measure.DEBT_BURDEN)
    surplus = found.get(Measure.SURPLUS)
    least = Fraction(policy.smallest_amount.ore) * Fraction(policy.capacity.margin) * Fraction(policy.highest_fee_rate)
    if surplus is not None and surplus.high is not None and surplus.high <= least:
        return False
    if share is not None and share.high is not None and share.high <= 0:
        return False
    lows = [max(Fraction(0), one.low or Fraction(0)) for one in (share, burden) if one is not None]
    return sum(lows) < Fraction(policy.capacity.revenue_share) or (
        sum(lows) == Fraction(policy.capacity.revenue_share) and all(one.has_low for one in (share, burden) if one)
    )


def _ranges(each: Characteristic) -> Iterator[_Range]:
    """What falls in each bin of a measure of the future. Unknown is left out: it comes without a fee."""
    higher, before = KINDS[each.measure].better is Better.HIGHER, None
    for found in each.bins:
        limit = Fraction(*found.limit) if isinstance(found.limit, tuple) else None
        if higher:
            yield _Range(found.points, limit, before, found.condition is Condition.AT_LEAST)
        else:
            yield _Range(found.points, before, limit, before is None)
        before = limit


def _sums(characteristics: Iterable[Characteristic]) -> set[int]:
    """Every sum of points that one bin of each characteristic can give."""
    sums = {0}
    for each in characteristics:
        sums = {total + found.points for total in sums for found in each.every_bin}
    return sums


def _fee(policy: Policy, points: int) -> Decimal:
    return next((grade.fee_rate for grade in policy.grades if points >= grade.from_points), policy.highest_fee_rate)
