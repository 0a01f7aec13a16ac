"""What is proved of every bin (rules D11 to D13): each value falls in exactly one, and a worse one never scores more.

Bins are tried in order and the first that fits is taken. So none is missing when the last one takes the rest, and none
overlaps another when each reaches further than the one before it.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from underwriting.decisions.policies.finding import Findings, finding
from underwriting.decisions.policy import Bin, Characteristic, Condition, Policy
from underwriting.decisions.rules import KINDS, RATINGS, Absence, Better, Card
from underwriting.kernel.errors import FieldError

MOST_POINTS = 1_000
"""The most points of one bin: more would say nothing, and take the proof its time."""

_CONDITIONS = {
    Better.HIGHER: (Condition.AT_LEAST, Condition.ABOVE),
    Better.LOWER: (Condition.AT_MOST,),
    Better.NAMED: (Condition.IS,),
}


def prove_bins(policy: Policy) -> Findings:
    """Every fault of a bin, named by its characteristic and its place."""
    for pointer, each in placed(policy):
        yield from _order(each, pointer)
        yield from _points(each, pointer)
        yield from _lacking(each, pointer)
        yield from _absent(each, pointer)


def placed(policy: Policy) -> Iterator[tuple[str, Characteristic]]:
    """Every characteristic with its JSON pointer."""
    for card in Card:
        for place, each in enumerate(policy.scorecards[card]):
            yield f"/scorecards/{card}/{place}", each


def _order(each: Characteristic, pointer: str) -> Findings:
    """D11, D12: bins go from best to worst, each reaching further than the one before, and the last takes the rest."""
    *limited, last = each.bins
    allowed = _CONDITIONS[KINDS[each.measure].better]
    wrong = next((place for place, found in enumerate(limited) if found.condition not in allowed), None)
    if last.condition is not Condition.OTHERWISE:
        sv, en = (
            "det sista tar resten; facket för alla andra värden saknas",
            "the last one takes the rest; it is missing",
        )
        yield _of_bin(each, pointer, len(limited), sv, en, rule="D11")
    elif wrong is not None:
        words = ", ".join(allowed)
        yield _of_bin(each, pointer, wrong, f"villkoret ska vara {words}", f"the condition is to be {words}")
    elif KINDS[each.measure].better is Better.NAMED:
        yield from _letters(each, limited, pointer)
    else:
        yield from _overlaps(each, limited, pointer)


def _overlaps(each: Characteristic, limited: list[Bin], pointer: str) -> Findings:
    sign = -1 if KINDS[each.measure].better is Better.LOWER else 1
    limits = [sign * Fraction(*found.limit) for found in limited if isinstance(found.limit, tuple)]
    for place, (stricter, looser) in enumerate(pairwise(limits), start=1):
        if looser >= stricter:
            sv = f"överlappar fack {place}: allt som hör hit ligger redan där; facken går inte från bäst till sämst"
            en = f"overlaps bin {place}, which holds all that falls here; the bins do not go from best to worst"
            yield _of_bin(each, pointer, place, sv, en)


def _letters(each: Characteristic, limited: list[Bin], pointer: str) -> Findings:
    for place, (found, letter) in enumerate(zip(limited, RATINGS, strict=False)):
        if found.limit != letter:
            yield _of_bin(
                each, pointer, place, f"facket för {letter} saknas här", f"the bin for {letter} is missing here"
            )
            return
    if len(limited) >= len(RATINGS):
        place = len(RATINGS)
        yield _of_bin(each, pointer, place, "inget betyg återstår för facket", "no letter is left for the bin")


def _points(each: Characteristic, pointer: str) -> Findings:
    for place, (better, worse) in enumerate(pairwise(each.bins), start=1):
        if worse.points > better.points:
            yield _of_bin(each, pointer, place, "fler poäng än facket före", "more points than the bin before")
    if each.most > MOST_POINTS:
        sv, en = f"ett fack ger högst {MOST_POINTS} poäng", f"a bin gives {MOST_POINTS} points at most"
        yield finding(f"{pointer}/bins", f"{each.measure}: {sv}", f"{each.measure}: {en}", rule="D11")


def _lacking(each: Characteristic, pointer: str) -> Findings:
    """D12, D13: what may be absent or unknown says what it then scores, and unknown at most as the worst bin."""
    kind = KINDS[each.measure]
    for name, found, may in (
        ("absent", each.absent, kind.absence is not None),
        ("unknown", each.unknown, kind.may_be_unknown),
    ):
        if may and found is None:
            sv, en = f"{each.measure}: facket {name} saknas", f"{each.measure}: the bin {name} is missing"
            yield finding(f"{pointer}/{name}", sv, en, rule="D13")
        if found is not None and not may:
            sv, en = f"{each.measure}: kan inte vara {name}", f"{each.measure}: can never be {name}"
            yield finding(f"{pointer}/{name}", sv, en, rule="D13")
    if each.unknown and each.unknown.points > each.least:
        yield finding(
            f"{pointer}/unknown/points",
            f"{each.measure}: okänt ger fler poäng än det sämsta facket",
            f"{each.measure}: unknown gives more points than the worst bin",
            rule="D12",
        )


def _absent(each: Characteristic, pointer: str) -> Findings:
    """D12: none of a bad thing is as good as the best bin, nothing to show is no better than the worst."""
    absence = KINDS[each.measure].absence
    if each.absent is None or absence is None:
        return
    points, best, worst = each.absent.points, each.bins[0].points, each.bins[-1].points
    least = best if absence is Absence.NONE_OF_IT else worst if absence is Absence.NOT_SAID else 0
    most = worst if absence is Absence.NOTHING_TO_SHOW else best
    if not least <= points <= most:
        told = f"{least}" if least == most else f"{least}-{most}"
        yield finding(
            f"{pointer}/absent/points",
            f"{each.measure}: facket absent ska ge {told} poäng, så att ett sämre värde inte ger fler",
            f"{each.measure}: the bin absent is to give {told} points, so that a worse value does not give more",
            rule="D12",
        )


def _of_bin(each: Characteristic, pointer: str, place: int, sv: str, en: str, *, rule: str = "D12") -> FieldError:
    named = f"{each.measure}, fack {place + 1}: {sv}", f"{each.measure}, bin {place + 1}: {en}"
    return finding(f"{pointer}/bins/{place}", *named, rule=rule)
