"""Versions, policies and comparisons as text for a terminal and as JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from underwriting.bureaus_cli.report_text import moment, table
from underwriting.decisions.comparison import Change, Comparison, Tally
from underwriting.decisions.policy import Bin, Characteristic, Condition, Policy, limit_in_words
from underwriting.decisions.services.find_policy import VersionView
from underwriting.kernel.event_forms import instant_written
from underwriting.kernel.money import Money
from underwriting.kernel.text import Language, Text
from underwriting.kernel.vocabulary import DecisionOutcome

_SHORT = 12
_ABSENT, _UNKNOWN, _ELSE = Text("saknas", "absent"), Text("okänt", "unknown"), Text("annars", "otherwise")
_CONDITIONS = {
    Condition.AT_LEAST: Text("minst", "at least"),
    Condition.ABOVE: Text("över", "above"),
    Condition.AT_MOST: Text("högst", "at most"),
    Condition.IS: Text("", ""),
}
_HEADS = (
    Text("klass", "grade"),
    Text("från poäng", "from points"),
    Text("avgift per månad", "fee a month"),
    Text("högsta limit", "highest limit"),
    Text("hänskjuts", "referred"),
)
_OUTCOMES = {
    DecisionOutcome.APPROVED: Text("beviljad", "approved"),
    DecisionOutcome.COUNTER_OFFER: Text("motbud", "counter-offer"),
    DecisionOutcome.REFERRED: Text("hänskjuten", "referred"),
    DecisionOutcome.DECLINED: Text("avslagen", "declined"),
}
_COLUMNS = (
    Text("form", "form"),
    Text("ansökningar", "applications"),
    Text("annat utfall", "other outcome"),
    Text("andra villkor", "other terms"),
    Text("exponering nu", "exposure now"),
    Text("då", "then"),
    Text("ändring", "change"),
    Text("avgifter nu", "fees now"),
    Text("då", "then"),
    Text("ändring", "change"),
)
_ALL = Text("alla", "all")
_NOBODY = Text("Ingen får ett annat utfall.", "Nobody gets another outcome.")
_FIRST = Text("Några som ändras, de med annat utfall först:", "Some that change, those with another outcome first:")
_ERASED = Text("{count} är raderade och räknas inte.", "{count} are erased and not counted.")
_MEANT = Text(
    "Exponering och avgifter är av det som erbjuds: beviljat och motbud, avgifter över hela löptiden, i kronor.",
    "Exposure and fees are of what is offered: approved and counter-offered; fees over the whole term, in kronor.",
)


def version_value(view: VersionView, at: datetime) -> dict[str, Any]:
    """A version as JSON."""
    return {
        "id": str(view.id),
        "version": view.version,
        "sha256": view.sha256,
        "state": view.state(at),
        "drafted_by": view.drafted_by,
        "drafted_at": instant_written(view.drafted_at),
        "approved_by": view.approved_by,
        "approved_at": None if view.approved_at is None else instant_written(view.approved_at),
        "publications": [
            {
                "in_force_from": instant_written(one.in_force_from),
                "until": None if one.until is None else instant_written(one.until),
                "published_by": one.published_by,
                "published_at": instant_written(one.published_at),
            }
            for one in view.publications
        ],
    }


def version_lines(found: Sequence[VersionView], at: datetime) -> Iterator[str]:
    """Versions as a table: name, the first digits of the hash, state, who drafted and approved, and its periods."""
    rows = [("VERSION", "HASH", "STATE", "DRAFTED BY", "APPROVED BY", "IN FORCE FROM")]
    for one in found:
        since = ", ".join(moment(period.in_force_from) for period in one.publications) or "-"
        rows.append((one.version, one.sha256[:_SHORT], one.state(at), one.drafted_by, one.approved_by or "-", since))
    return table(rows)


def policy_lines(policy: Policy, language: Language) -> Iterator[str]:
    """A policy with its scorecards and prices as tables."""
    for card, characteristics in policy.scorecards.items():
        yield f"== {card} =="
        for each in characteristics:
            yield f"{each.title.in_language(language)} ({each.measure})"
            yield from (f"  {line}" for line in table(_bins(each, language)))
        yield ""
    head = [text.in_language(language) for text in _HEADS]
    yield from table([head, *_grades(policy)])


def comparison_lines(
    before: Policy, after: Policy, tally: Tally, first: Sequence[Change], language: Language
) -> Iterator[str]:
    """What a comparison came to: a row per company form, how many flip, and some of those that change."""
    yield f"{before.version} ({before.sha256[:_SHORT]}) → {after.version} ({after.sha256[:_SHORT]})"
    yield ""
    rows = [tuple(column.in_language(language) for column in _COLUMNS)]
    rows += [_money_row(form, one) for form, one in tally.forms.items()]
    rows.append(_money_row(_ALL.in_language(language), tally.whole))
    yield from table(rows, numbers=True)
    yield ""
    flips = [
        (form, f"{_outcome(start, language)} → {_outcome(end, language)}", str(count))
        for form, one in tally.forms.items()
        for (start, end), count in sorted(one.flips.items())
    ]
    yield from table(flips) if flips else [_NOBODY.in_language(language)]
    yield _MEANT.in_language(language)
    if tally.erased:
        yield _ERASED.filled(count=tally.erased).in_language(language)
    if first:
        yield from ("", _FIRST.in_language(language))
        yield from table([_change_row(change, language) for change in first])


def _bins(each: Characteristic, language: Language) -> list[tuple[str, str, str]]:
    special = [
        (word.in_language(language), one)
        for word, one in ((_ABSENT, each.absent), (_UNKNOWN, each.unknown))
        if one is not None
    ]
    named = [(_condition(each, one, language), one) for one in each.bins] + special
    return [(name, str(one.points), one.reason.in_language(language)) for name, one in named]


def _condition(each: Characteristic, one: Bin, language: Language) -> str:
    if one.limit is None:
        return _ELSE.in_language(language)
    word = _CONDITIONS[one.condition].in_language(language)
    return f"{word} {limit_in_words(each.measure, one.limit).in_language(language)}".strip()


def _grades(policy: Policy) -> list[tuple[str, ...]]:
    return [
        (grade.name, str(grade.from_points), _percent(grade.fee_rate), str(grade.cap), "x" if grade.referred else "")
        for grade in policy.grades
    ]


def _percent(rate: Decimal) -> str:
    return f"{rate * 100:.2f} %"


def _money_row(name: str, one: Comparison) -> tuple[str, ...]:
    numbers = (one.applications, sum(one.flips.values()), one.repriced)
    sides = ((one.before.exposure_ore, one.after.exposure_ore), (one.before.fees_ore, one.after.fees_ore))
    money = [text for now, then in sides for text in (_kronor(now), _kronor(then), _kronor(then - now, sign="+"))]
    return (name, *(str(number) for number in numbers), *money)


def _kronor(ore: int, *, sign: str = "-") -> str:
    whole = Money(abs(ore)).in_whole_kronor().ore // 100
    return f"{-whole if ore < 0 else whole:{sign},}".replace(",", " ")


def _outcome(word: str, language: Language) -> str:
    return _OUTCOMES[DecisionOutcome(word)].in_language(language)


def _change_row(change: Change, language: Language) -> tuple[str, ...]:
    sides = []
    for outcome, limit, rate in zip(change.outcomes, change.limits_ore, change.fee_rates, strict=True):
        terms = "" if limit is None or rate is None else f" {_kronor(limit)}, {_percent(rate)}"
        sides.append(f"{_outcome(outcome, language)}{terms}")
    return (change.application_id, change.form, sides[0], "→", sides[1])
