"""Why a case came out as it did, as its page shows it: every rule that fired, and the points as a waterfall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from underwriting.decisions.breakdown import Step, counted_steps, other_steps
from underwriting.decisions.rules import COMPANY, DUE_DILIGENCE, GROUP, OWNER, TERMS, Card
from underwriting.decisions.services.read_case import Grounds
from underwriting.decisions.services.read_decision import StaffDecision, TraceLine
from underwriting.platform.problems import language_of_request
from underwriting.web.plots import Colour
from underwriting.web.texts import translate
from underwriting.web.waterfall import Bar, Threshold, waterfall

Names = Callable[[str], str]
"""From the subject of a trace to what the page calls it."""

_COLOURS = {Card.ABILITY: Colour.GREEN, Card.COMPANY: Colour.GOLD, Card.GUARANTOR: Colour.BLUE}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that fired: its id, whom it concerns, its text, and its points where it gives any."""

    rule: str
    subject: str = field(repr=False)
    text: str
    points: str


@dataclass(frozen=True, slots=True)
class Score:
    """The points of the newest decision, drawn, and those of guarantors who do not count."""

    chart: Markup = field(repr=False)
    total: str
    rows: tuple[tuple[str, str, str, int, int, int], ...] = field(repr=False)
    """Whom, what, the reason, points, the most, and the sum so far."""
    others: tuple[tuple[str, int, int], ...] = field(repr=False)
    """Whom, points, and the most."""


def names_in(guarantors: Sequence[tuple[str, str]]) -> Names:
    """What subjects are called, given each guarantor's reference and name."""
    named = dict(guarantors)

    def name(subject: str) -> str:
        if subject in (COMPANY, OWNER, GROUP, TERMS, DUE_DILIGENCE):
            return translate(f"subject.{subject}")
        return translate("subject.guarantor", name=named.get(subject, "")).rstrip(": ")

    return name


def rules_of(decision: StaffDecision, names: Names) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """What decided beside the points, and the scored ones, each in the order in which they fired."""
    fired = [(line.points is not None, _rule(line, names)) for line in decision.trace]
    return tuple(rule for scored, rule in fired if not scored), tuple(rule for scored, rule in fired if scored)


def score_of(grounds: Grounds, names: Names) -> Score:
    """The waterfall of what *grounds* say, with its numbers as rows."""
    decision, policy, language = grounds.decision, grounds.policy, language_of_request()
    steps = counted_steps(decision, policy)
    most = sum(step.most for step in steps)
    grade = translate("case.grade_is", grade=decision.grade) if decision.grade else ""
    total = translate("case.total", points=decision.points, most=most) + grade
    bars = [
        Bar(
            _heading(step, names),
            step.title.in_language(language),
            step.reason.in_language(language),
            step.points,
            step.most,
            _COLOURS[step.card],
        )
        for step in steps
    ]
    thresholds = [Threshold(each.name, each.from_points) for each in policy.grades]
    reached, rows = 0, []
    for bar in bars:
        reached += bar.points
        rows.append((bar.group, bar.label, bar.reason, bar.points, bar.most, reached))
    chart = waterfall(bars, thresholds, title=translate("case.waterfall", total=total), total=total)
    return Score(chart, total, tuple(rows), _others(other_steps(decision, policy), names))


def _heading(step: Step, names: Names) -> str:
    return translate("policies.card.ability") if step.card is Card.ABILITY else names(step.subject)


def _others(steps: Sequence[Step], names: Names) -> tuple[tuple[str, int, int], ...]:
    sums: dict[str, tuple[int, int]] = {}
    for step in steps:
        points, most = sums.get(step.subject, (0, 0))
        sums[step.subject] = (points + step.points, most + step.most)
    return tuple((names(subject), points, most) for subject, (points, most) in sums.items())


def _rule(line: TraceLine, names: Names) -> Rule:
    points = "" if line.points is None else f"{line.points}/{line.most}"
    return Rule(line.rule, names(line.subject), line.text.in_language(language_of_request()), points)
