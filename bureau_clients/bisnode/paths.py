"""Where the facts of a person stand in Bisnode's answer: configuration, since that answer is not published for Sweden.

A path is names with dots between them; `[]` after a name stands for each member of a list. Every shipped path is
*ours*: made after the published description of a sole trader's owner, and what the stand-in answers with. At the real
service each has to be checked against the description that a customer gets. A wrong path leaves its fact unknown,
which never helps an applicant (D12).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bureau_clients.reports import PersonReport, fact_types
from underwriting.kernel.money import Money

NUMBER = "number"
"""Beside the facts: where the answer repeats whom it is about. One about somebody else is not used."""

_NOT_MAPPED = frozenset({"opinion"})  # no rules of the lender's own are run by this interface
_STEP = r"[A-Za-z_][A-Za-z0-9_]*(\[\])?"
_PATH = re.compile(rf"{_STEP}(\.{_STEP})*")
_LARGEST_UNIT = 1_000_000


class MappingInvalid(ValueError):
    """The configured mapping names a fact that no report has, or cannot be read. The message says which."""


class Missing(StrEnum):
    """What it says that nothing stands at a path."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    ZERO = "zero"
    NO = "no"


@dataclass(frozen=True, slots=True)
class FactPath:
    """Where one fact stands.

    *path* is one path, or several with blanks between them: texts are joined by a blank, amounts added up. *yes* makes
    a yes or no of codes: it is yes where one of these stands there, and no where only others do. *kronor* is what one
    unit of a bare number stands for. *missing* says what it means that nothing stands there, though what should hold it
    does; where that is missing too, the fact is unknown.
    """

    path: str
    missing: Missing = Missing.UNKNOWN
    yes: tuple[str, ...] = ()
    kronor: int = 1

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Each path as its steps."""
        return tuple(tuple(path.split(".")) for path in self.path.split())


PERSON_PATHS: Mapping[str, FactPath] = {
    NUMBER: FactPath("personDetails.identificationNumber"),
    "name": FactPath("personDetails.name"),
    "protected": FactPath("personDetails.protectedIdentity"),
    "emigrated": FactPath("personDetails.emigrated"),
    "deceased": FactPath("personDetails.deceased"),
    "blocked": FactPath("personDetails.blocked"),
    "number_retired": FactPath("personDetails.identificationNumberRetired"),
    "trustee": FactPath("personDetails.administrator"),
    "debt_restructuring": FactPath("personDetails.debtReconstruction"),
    "trading_prohibition": FactPath("personDetails.tradeProhibition"),
    "dormant_coordination_number": FactPath("personDetails.coordinationNumberDormant"),
    "income": FactPath("incomeInformation.currentYear.totalIncome", Missing.ABSENT),
    "payment_remark_count": FactPath("paymentRemarks.count"),
    "payment_remark_sum": FactPath("paymentRemarks.amount"),
    "latest_payment_remark_on": FactPath("paymentRemarks.paymentRemarks[].date"),
    "kronofogden_debt": FactPath(
        "debtBalance.currentDebtBalance.publicClaimsAmount debtBalance.currentDebtBalance.privateClaimsAmount"
    ),
    "scoring": FactPath("score.value", Missing.ABSENT),
    "assignments": FactPath("businessAssignments.currentAssignments"),
}
"""Where each fact of a person stands, and the number it is about."""

_MAY_SAY: Mapping[Missing, tuple[type, ...]] = {Missing.ZERO: (int, Money), Missing.NO: (bool,)}


@dataclass(frozen=True, slots=True)
class PersonMapping:
    """One customer's paths. Raises MappingInvalid for a fact that the report does not have, or a path that is none."""

    paths: Mapping[str, FactPath] = field(default_factory=lambda: PERSON_PATHS)

    def __post_init__(self) -> None:
        for fact, path in self.paths.items():
            _check(fact, path)

    @property
    def income_unit(self) -> int:
        """How many kronor one unit of an income stands for, here and where the owner of a sole trader is described."""
        return self.paths["income"].kronor if "income" in self.paths else 1

    @classmethod
    def configured(cls, settings: Mapping[str, Any]) -> "PersonMapping":
        """The shipped paths with what *settings* puts in their place; raises MappingInvalid.

        `{"income": {"path": "income.assessed", "kronor": 1000, "missing": "absent"}, "scoring": null, "name":
        "person.firstName person.lastName", "trustee": {"path": "notes[].code", "yes": ["FORV"], "missing": "no"}}`: a
        path alone keeps the rest of the shipped one, null leaves its fact unknown.
        """
        try:
            changed = {
                fact: _path(PERSON_PATHS.get(fact), value) for fact, value in settings.items() if value is not None
            }
            dropped = {fact for fact, value in settings.items() if value is None}
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise MappingInvalid(f"the mapping cannot be read: {error}") from error
        for fact in dropped - PERSON_PATHS.keys():
            raise MappingInvalid(_no_such(fact))
        return cls({fact: path for fact, path in {**PERSON_PATHS, **changed}.items() if fact not in dropped})


def _path(shipped: FactPath | None, value: Any) -> FactPath:
    if isinstance(value, str):
        return replace(shipped or FactPath(value), path=value)
    yes = value.get("yes", [])
    if not isinstance(yes, list) or not all(isinstance(code, str) for code in yes):
        raise ValueError("the codes that say yes are a list of texts")
    return FactPath(**{**value, "yes": tuple(yes), "missing": Missing(value.get("missing", Missing.UNKNOWN))})


def _check(fact: str, path: FactPath) -> None:
    types = {NUMBER: str} | {name: kind for name, kind in fact_types(PersonReport).items() if name not in _NOT_MAPPED}
    if fact not in types:
        raise MappingInvalid(_no_such(fact))
    if not isinstance(path.path, str) or not path.paths or not all(map(_PATH.fullmatch, path.path.split())):
        raise MappingInvalid(f"the path of {fact!r} is not names with dots between them")
    if types[fact] not in _MAY_SAY.get(path.missing, (types[fact],)):
        raise MappingInvalid(f"nothing at the path of {fact!r} cannot say {path.missing}")
    if path.yes and types[fact] is not bool:
        raise MappingInvalid(f"{fact!r} is not a yes or a no, so that no codes say yes to it")
    if type(path.kronor) is not int or not 1 <= path.kronor <= _LARGEST_UNIT:
        raise MappingInvalid(f"the unit of {fact!r} is not a number of kronor")
    if len(path.paths) > 1 and types[fact] not in (str, Money):
        raise MappingInvalid(f"{fact!r} stands in one place")


def _no_such(fact: str) -> str:
    names = sorted({NUMBER, *fact_types(PersonReport)} - _NOT_MAPPED)
    return f"the person report takes no path for {fact!r}; it takes {', '.join(names)}"
