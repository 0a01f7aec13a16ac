"""Credit reports (*kreditupplysning*, lag 1973:1173) in one shape for every bureau.

Every property is a `Fact`; what a fact means for a decision is not settled here (rule B7). "No such company or person"
is an answer too (rule B3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias, get_args, get_type_hints

from bureau_clients.facts import Fact
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm


class CompanyStatus(StrEnum):
    """How a company stands in the register."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    BANKRUPT = "bankrupt"  # konkurs
    LIQUIDATION = "liquidation"  # likvidation
    RECONSTRUCTION = "reconstruction"  # företagsrekonstruktion
    DEREGISTERED = "deregistered"  # avregistrerad, also after a merger or a concluded bankruptcy or liquidation


class RatingGrade(StrEnum):
    """The risk of insolvency within a year on one scale for every bureau: A is the lowest, E the highest."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


@dataclass(frozen=True, slots=True)
class Rating:
    """A bureau's rating: *score* as the bureau writes it, *grade* on the common scale."""

    score: str
    grade: RatingGrade


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """What a bureau says of a natural person: a guarantor, or the owner of a sole trader.

    *number* is the 12-digit personal or coordination number. *income* is per year. *scoring* is 0 to 100, high is good.
    *number_retired* is true when the number was deregistered or replaced by another. Of every property that is a yes or
    a no, yes is the one that weighs against the person.
    """

    number: str = field(repr=False)
    name: Fact[str]
    protected: Fact[bool]  # skyddade personuppgifter
    emigrated: Fact[bool]
    deceased: Fact[bool]
    blocked: Fact[bool]  # spärrad for fraud
    number_retired: Fact[bool]
    trustee: Fact[bool]  # förvaltare
    debt_restructuring: Fact[bool]  # skuldsanering
    trading_prohibition: Fact[bool]  # näringsförbud
    dormant_coordination_number: Fact[bool]  # vilande samordningsnummer
    income: Fact[Money]
    payment_remark_count: Fact[int]  # betalningsanmärkningar
    kronofogden_debt: Fact[Money]  # skuldsaldo
    scoring: Fact[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyReport:
    """What a bureau says of a company; *number* is its organisation number or a sole trader's 12-digit personal number.

    *accounts_closed_on* is the last day of the latest filed accounts, absent when none were filed. *owner* stands for a
    sole trader (EF) alone, whose report is the company's (rule B1); for AB, HB and KB it is None.
    """

    number: str = field(repr=False)
    name: Fact[str]
    form: Fact[CompanyForm]
    status: Fact[CompanyStatus]
    registered_on: Fact[date]
    f_tax: Fact[bool]  # godkänd för F-skatt
    vat: Fact[bool]
    employer: Fact[bool]
    rating: Fact[Rating]
    credit_limit: Fact[Money]
    payment_remark_count: Fact[int]
    payment_remark_sum: Fact[Money]
    latest_payment_remark_on: Fact[date]
    kronofogden_debt: Fact[Money]
    bankruptcy: Fact[bool]
    annual_turnover: Fact[Money]
    accounts_closed_on: Fact[date]
    employees: Fact[int]
    owner: PersonReport | None

    def with_status_of(self, newer: "CompanyReport") -> "CompanyReport":
        """This report with the register status of a *newer* one (rule B5: the status is always fresh)."""
        return replace(self, status=newer.status)


@dataclass(frozen=True, slots=True)
class NoMatch:
    """*source* knows no company or person with this number, as of *at*."""

    number: str = field(repr=False)
    source: str
    at: datetime


Report: TypeAlias = CompanyReport | PersonReport | NoMatch


@dataclass(frozen=True, slots=True)
class Answer:
    """A bureau's answer: what it says, and its bytes as they were received (rule B6)."""

    report: Report
    raw: bytes = field(repr=False)


def fact_types(report: type[Any]) -> Mapping[str, type]:
    """The names of the facts of a kind of report (CompanyReport or PersonReport), each with the type of its value."""
    hints = get_type_hints(report)
    names = [field.name for field in fields(report) if field.name not in ("number", "owner")]
    # Fact[bool] is a union whose first member is Known[bool]
    return {name: get_args(get_args(hints[name])[0])[0] for name in names}
