"""A fact of a report in words, and whether it weighs against the subject."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import Coverage, Opinion, Rating, RatingGrade, SigningRight, Verdict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.web.texts import translate

_WELCOME = frozenset(("f_tax", "vat", "employer"))
"""The facts of a company of which a yes is good; of all others that are a yes or a no, the yes weighs against."""
_BAD_WHEN_ANY = frozenset(
    (
        *("payment_remark_count", "payment_remark_sum", "petition_count", "petition_sum"),
        *("kronofogden_debt", "kronofogden_public_debt", "kronofogden_private_debt"),
    )
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a fact: *tone* is `bad` where it weighs against, `warn` where a person has to look, `faint`
    where there is no value; *aside* is what the bureau itself calls it.
    """

    value: str = field(repr=False)
    tone: str = ""
    aside: str = field(default="", repr=False)


def words_of(name: str, fact: Any) -> Words:
    """The words for the fact called *name* (rule D13: known, absent and unknown are never mixed up)."""
    match fact:
        case Known(value=value):
            return Words(_in_words(name, value), _tone(name, value), _aside(value, fact.source))
        case Absent():
            return Words(translate("report.absent"), "faint")
        case Unknown():
            return Words(translate("report.unknown"), "faint")
    raise TypeError(type(fact).__name__)


def origin_of(fact: Any) -> str:
    """Who told a fact, in which part of its answer, and when it was asked."""
    at = fact.at.astimezone(STOCKHOLM).strftime("%Y-%m-%d\u00a0%H:%M")
    return ", ".join(part for part in (fact.source.capitalize(), fact.part, at) if part)


def _in_words(name: str, value: Any) -> str:
    match value:
        case bool():
            return translate("yes" if value else "no")
        case Money():
            return value.formatted()
        case date():
            return value.isoformat()
        case Rating():
            return str(value.grade)
        case Opinion():
            reasons = f" ({', '.join(value.reasons)})" if value.reasons else ""
            return translate(f"verdict.{value.verdict}") + reasons
        case SigningRight():
            return translate(f"coverage.{value.coverage}")
        case tuple():
            return str(len(value)) if value else translate("report.none")
        case RatingGrade():
            return str(value)
        case StrEnum():
            return translate(f"form.{value}" if name == "form" else f"company_status.{value}")
    return str(value)


def _aside(value: Any, source: str) -> str:
    """The bureau's own rating, to stand beside the one on the common scale."""
    if not isinstance(value, Rating):
        return ""
    return translate("report.own_scale", bureau=source.capitalize(), score=value.score)


def _tone(name: str, value: Any) -> str:
    match value:
        case bool():
            return "bad" if value is (name not in _WELCOME) else ""
        case Opinion():
            return {Verdict.REJECTED: "bad", Verdict.MANUAL: "warn"}.get(value.verdict, "")
        case SigningRight():
            return "" if value.coverage is Coverage.COMPLETE else "warn"
    if name == "status":
        return "" if str(value) == "active" else "bad"
    return "bad" if name in _BAD_WHEN_ANY and value else ""
