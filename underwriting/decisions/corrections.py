"""A fact that a bureau has wrong, read as its evidence shows it (rule D13): as unknown, or with the right value.

A correction is of what was told: where the bureau later tells something else, the bureau counts again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from bureau_clients.facts import Absent, Fact, Known, Unknown
from underwriting.decisions.facts import COMPANY_FACTS, PERSON_FACTS, CompanyFacts, Facts, PersonFacts
from underwriting.decisions.rules import COMPANY, OWNER
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

DISPUTED = "evidence"
"""The source of a fact as evidence that staff have seen shows it."""
HARD_STOP_FACTS = frozenset({"status", "bankruptcy", "deceased", "blocked", "trustee"})
"""What may stop a case (rule D10): marked as wrong, it takes a second person to give credit (rule D8)."""

_NO_SUCH_FACT = Text("Beslutet vilar inte på någon sådan uppgift", "The decision rests on no such fact")
_UNREADABLE = Text("Värdet kan inte läsas som en sådan uppgift", "The value cannot be read as such a fact")
_ALREADY_UNKNOWN = Text("Uppgiften är redan okänd", "The fact is unknown already")
_NO_CHANGE = Text("Det är vad som redan är uppgivet", "That is what was told already")


class FactDisputed(Conflict):
    """This fact of this decision has been marked as wrong. Rule D13."""

    slug = "fact-disputed"
    title = Text("Uppgiften är redan markerad som felaktig", "The fact has been marked as wrong already")
    rule = "D13"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is wrong: *fact* of *subject*, which the trace names so, as it was *told*, and what is to be *read*."""

    subject: str
    fact: str
    told: Fact[Any] = field(repr=False)
    read: Fact[Any] = field(repr=False)


def corrected(facts: Facts, corrections: Iterable[Correction]) -> Facts:
    """*facts* with every correction of what they still tell; the later of two on the same fact counts."""
    for correction in corrections:
        holder = _holder(facts, correction.subject)
        if holder is not None and _says_the_same(getattr(holder, correction.fact), correction.told):
            facts = _with(facts, correction.subject, _replaced(holder, correction))
    return facts


def type_of(subject: str, fact: str) -> type | None:
    """What *fact* of *subject* holds when it is known; None where there is no such fact."""
    return (COMPANY_FACTS if subject == COMPANY else PERSON_FACTS).get(fact)


def fact_in(facts: Facts, subject: str, fact: str) -> Fact[Any]:
    """The fact as the decision had it; InvalidInput where it rests on no such fact."""
    holder = _holder(facts, subject)
    if holder is None or type_of(subject, fact) is None:
        raise InvalidInput(errors=(FieldError("/fact", _NO_SUCH_FACT, "D13"),), rule="D13")
    found: Fact[Any] = getattr(holder, fact)
    return found


def as_unknown(told: Fact[Any], *, at: datetime) -> Fact[Any]:
    """*told* read as unknown, since it is wrong; InvalidInput where it is unknown anyway."""
    if isinstance(told, Unknown):
        raise InvalidInput(errors=(FieldError("/treatment", _ALREADY_UNKNOWN, "D13"),), rule="D13")
    return Unknown(DISPUTED, at)


def as_shown(told: Fact[Any], type_: type, value: str | None, *, at: datetime) -> Fact[Any]:
    """*told* read as the evidence shows it: *value* as it is written on the wire, or known to be absent without one.

    InvalidInput for what is no such value, and for what was told anyway.
    """
    try:
        read: Fact[Any] = Absent(DISPUTED, at) if value is None else Known(_reader(type_)(value), DISPUTED, at)
    except (ValueError, KeyError, ArithmeticError):
        raise InvalidInput(errors=(FieldError("/value", _UNREADABLE, "D13"),), rule="D13") from None
    if _says_the_same(told, read):
        raise InvalidInput(errors=(FieldError("/value", _NO_CHANGE, "D13"),), rule="D13")
    return read


def _holder(facts: Facts, subject: str) -> CompanyFacts | PersonFacts | None:
    if subject == COMPANY:
        return facts.company
    return dict(facts.persons()).get(subject)


def _with(facts: Facts, subject: str, holder: Any) -> Facts:
    if subject == COMPANY:
        return replace(facts, company=holder)
    if subject == OWNER:
        return replace(facts, owner=holder)
    guarantors = (holder if person.reference == subject else person for person in facts.guarantors)
    return replace(facts, guarantors=tuple(guarantors))


def _replaced(holder: Any, correction: Correction) -> Any:
    return replace(holder, **{correction.fact: correction.read})


def _says_the_same(one: Fact[Any], other: Fact[Any]) -> bool:
    if isinstance(one, Known) and isinstance(other, Known):
        return bool(one.value == other.value)
    return type(one) is type(other)


def _reader(type_: type) -> Callable[[str], Any]:
    return _READERS.get(type_, type_)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError("a count is written with digits")
    return int(text)


def _amount(text: str) -> Money:
    amount = Money.kronor(text)
    if amount < Money.ZERO:
        raise ValueError("an amount of a report is not negative")
    return amount


_MOST_DIGITS = 6
_READERS: Mapping[type, Callable[[str], Any]] = MappingProxyType(
    {
        Money: _amount,
        date: date.fromisoformat,
        bool: {"true": True, "false": False}.__getitem__,
        int: _count,
    }
)
