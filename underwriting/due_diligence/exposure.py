"""Politically exposed persons, pure (*person i politiskt utsatt ställning*; rules K1, D16; lag 2017:630).

Whoever has an important public function counts, so do family and known close associates, and all of them through 18
months after the function ended (3 kap. 19-20 §§). What staff have found stands before what a person has stated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from underwriting.kernel.periods import add_months
from underwriting.kernel.statutes import POLITICALLY_EXPOSED_MONTHS
from underwriting.kernel.vocabulary import ExposureRelation


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExposure:
    """What staff have found of a person: not exposed, or by which *function*, whose (*relation*), until when."""

    number: str = field(repr=False)
    exposed: bool
    relation: ExposureRelation = ExposureRelation.SELF
    function: str = field(default="", repr=False)
    ended_on: date | None = None


def counts(found: FoundExposure, *, on: date) -> bool:
    """Whether the person is to be treated as politically exposed on a day; the last one is the 18 months' own."""
    if not found.exposed or found.ended_on is None:
        return found.exposed
    return on <= add_months(found.ended_on, POLITICALLY_EXPOSED_MONTHS.on(on))


def is_exposed(stated: bool | None, found: Iterable[FoundExposure], *, on: date) -> bool | None:
    """Whether a person is exposed on a day, by what staff have *found*, else by what was *stated*; None: not known."""
    all_found = tuple(found)
    if all_found:
        return any(counts(one, on=on) for one in all_found)
    return stated
