"""Which column of a Creditsafe block holds which fact, and what its words mean: configuration of one customer.

Which columns an answer has is agreed per customer. The shipped names are those that are publicly known; where none is,
those that our own stand-in uses. docs/bureaus.md says which is which.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bureau_clients.creditsafe.codes import CODE_ONLY_FACTS
from bureau_clients.reports import CompanyReport, CompanyStatus, PersonReport, fact_types
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm


class MappingInvalid(ValueError):
    """The configured mapping names a fact that no report has, or cannot be read. The message says which."""


class Empty(StrEnum):
    """What an empty column says."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    ZERO = "zero"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Column:
    """Where one fact stands: *name* is one column, or several joined by a blank (first and last name).

    *kronor* is what one unit of an amount stands for: 1, or 1000 for a column in thousands of kronor.
    """

    name: str
    empty: Empty = Empty.UNKNOWN
    kronor: int = 1


COMPANY_COLUMNS: Mapping[str, Column] = {
    "name": Column("NAME"),
    "form": Column("COMPANY_TYPE_TEXT"),
    "status": Column("COMPANY_STATUS"),
    "registered_on": Column("INCORPORATION_DATE"),
    "rating": Column("RATING"),
    "f_tax": Column("F_TAX"),
    "vat": Column("VAT"),
    "employer": Column("EMPLOYER"),
    "credit_limit": Column("CREDIT_LIMIT", Empty.ABSENT),
    "payment_remark_count": Column("ROP_NUMBER1"),
    "payment_remark_sum": Column("ROP_SUM1", Empty.ZERO),
    "latest_payment_remark_on": Column("ROP_LATEST1", Empty.ABSENT),
    "kronofogden_debt": Column("DEBT_SUM", Empty.ZERO),
    "bankruptcy": Column("BANKRUPTCY"),
    "annual_turnover": Column("TURNOVER", Empty.ABSENT),
    "accounts_closed_on": Column("ACCOUNTS_DATE", Empty.ABSENT),
    "employees": Column("EMPLOYEES", Empty.ABSENT),
}
"""Where each fact of a company report stands."""

PERSON_COLUMNS: Mapping[str, Column] = {
    "name": Column("FIRST_NAME LAST_NAME"),
    "protected": Column("PROTECTED"),
    "emigrated": Column("EMIGRATED"),
    "trustee": Column("HAS_TRUSTEE", Empty.NO),
    "debt_restructuring": Column("DEBT_PERSON", Empty.NO),
    "trading_prohibition": Column("TRADING_PROHIBITION"),
    "dormant_coordination_number": Column("COORDINATION_DORMANT"),
    "income": Column("INCOME", Empty.ABSENT),
    "payment_remark_count": Column("ROP_NUMBER1"),
    "kronofogden_debt": Column("DEBT_SUM", Empty.ZERO),
    "scoring": Column("SCORING", Empty.ABSENT),
}
"""Where each fact of a person report stands; the rest is told by codes alone."""

STATUS_WORDS: Mapping[str, CompanyStatus] = {
    "aktiv": CompanyStatus.ACTIVE,
    "inaktiv": CompanyStatus.INACTIVE,
    "konkurs inledd": CompanyStatus.BANKRUPT,
    "likvidation beslutad": CompanyStatus.LIQUIDATION,
    "företagsrekonstruktion inledd": CompanyStatus.RECONSTRUCTION,
    "avregistrerad": CompanyStatus.DEREGISTERED,
}
"""What the status column says, in lower case."""

FORM_WORDS: Mapping[str, CompanyForm] = {
    "aktiebolag": CompanyForm.AB,
    "handelsbolag": CompanyForm.HB,
    "kommanditbolag": CompanyForm.KB,
    "enskild firma": CompanyForm.EF,
    "enskild näringsverksamhet": CompanyForm.EF,
}
"""What the column of the company's form says, in lower case."""

_CAN_BE_EMPTY_AS: Mapping[Empty, tuple[type, ...]] = {Empty.ZERO: (int, Money), Empty.NO: (bool,)}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """One customer's columns and words. Raises MappingInvalid for a fact that the report does not have."""

    company: Mapping[str, Column] = field(default_factory=lambda: COMPANY_COLUMNS)
    person: Mapping[str, Column] = field(default_factory=lambda: PERSON_COLUMNS)
    statuses: Mapping[str, CompanyStatus] = field(default_factory=lambda: STATUS_WORDS)
    forms: Mapping[str, CompanyForm] = field(default_factory=lambda: FORM_WORDS)

    def __post_init__(self) -> None:
        _check("company", self.company, fact_types(CompanyReport))
        _check("person", self.person, {k: v for k, v in fact_types(PersonReport).items() if k not in CODE_ONLY_FACTS})

    @classmethod
    def configured(cls, settings: Mapping[str, Any]) -> "ColumnMapping":
        """The shipped mapping with what *settings* puts in the place of its parts; raises MappingInvalid.

        `{"company": {"f_tax": "FSKATT", "annual_turnover": {"name": "OMS", "empty": "absent", "kronor": 1000}},
        "person": {...}, "statuses": {"konkurs": "bankrupt"}, "forms": {...}}`, each part optional. A name alone keeps
        the rest of the shipped column; null leaves the fact without a column, so that it stays unknown.
        """
        if unknown := settings.keys() - {"company", "person", "statuses", "forms"}:
            raise MappingInvalid(f"the mapping has no part {sorted(unknown)[0]!r}")
        try:
            return cls(
                company=_columns(COMPANY_COLUMNS, settings.get("company", {})),
                person=_columns(PERSON_COLUMNS, settings.get("person", {})),
                statuses={**STATUS_WORDS, **_words(settings.get("statuses", {}), CompanyStatus)},
                forms={**FORM_WORDS, **_words(settings.get("forms", {}), CompanyForm)},
            )
        except MappingInvalid:
            raise
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise MappingInvalid(f"the mapping cannot be read: {error}") from error


def _check(what: str, columns: Mapping[str, Column], known: Mapping[str, type]) -> None:
    for fact, column in columns.items():
        if fact not in known:
            raise MappingInvalid(f"the {what} report takes no column for {fact!r}; it takes {', '.join(sorted(known))}")
        if known[fact] not in _CAN_BE_EMPTY_AS.get(column.empty, (known[fact],)):
            raise MappingInvalid(f"an empty column for {fact!r} of the {what} report cannot say {column.empty}")
        if not column.name.split() or column.kronor < 1:
            raise MappingInvalid(f"the column for {fact!r} of the {what} report has no name or no unit")


def _columns(shipped: Mapping[str, Column], configured: Mapping[str, Any]) -> Mapping[str, Column]:
    changed = {fact: _column(shipped.get(fact), value) for fact, value in configured.items() if value is not None}
    return {fact: column for fact, column in {**shipped, **changed}.items() if configured.get(fact, column) is not None}


def _column(shipped: Column | None, value: Any) -> Column:
    if isinstance(value, str):
        return replace(shipped or Column(value), name=value)
    return Column(**{**value, "empty": Empty(value.get("empty", Empty.UNKNOWN))})


def _words(configured: Mapping[str, str], values: Callable[[str], Any]) -> Mapping[str, Any]:
    return {word.casefold(): values(value) for word, value in configured.items()}
