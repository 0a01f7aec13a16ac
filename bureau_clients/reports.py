"""Credit reports (*kreditupplysning*, lag 1973:1173) in one shape for every bureau.

Every property is a `Fact`; what a fact means for a decision is not settled here (rule B7). "No such company or person"
is an answer too (rule B3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
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


class Verdict(StrEnum):
    """What a bureau's own rules, agreed with the lender, say of a subject."""

    APPROVED = "approved"
    MANUAL = "manual"  # for a person to look at
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A bureau's *verdict* by a template of the lender's own, with the bureau's codes of its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualAccounts:
    """The accounts of one financial year (*årsredovisning*) of *months* months, closed on a day; None: not told.

    Amounts are of the whole year: what was earned, and what stood on the last day.
    """

    closed_on: date
    months: int | None = None
    turnover: Money | None = None
    operating_result: Money | None = None
    net_result: Money | None = None
    total_assets: Money | None = None
    equity: Money | None = None
    current_assets: Money | None = None
    current_liabilities: Money | None = None
    employees: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardMember:
    """One of the board, the partners or the management: *function* in the bureau's words.

    *number* is a personal or organisation number in digits, or what is known of it (a birth date), or None.
    """

    name: str = field(repr=False)
    number: str | None = field(repr=False)
    function: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A person's place in a company: *function* in the bureau's words; *company_number* in digits."""

    company_number: str = field(repr=False)
    company_name: str = field(repr=False)
    function: str
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who may sign, alone or with the others of one alternative; *number* in digits where it is told."""

    name: str = field(repr=False)
    number: str | None = field(repr=False)
    roles: tuple[str, ...]


class Coverage(StrEnum):
    """How much of a registered right to sign its alternatives cover."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRight:
    """The right to sign for a company (*firmateckning*): one alternative, all of whose members sign, is enough.

    *text* is the registered wording, empty where it is not told. Where *coverage* is not complete a person reads it.
    """

    text: str = field(repr=False)
    alternatives: tuple[tuple[Signatory, ...], ...]
    coverage: Coverage


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
    payment_remark_sum: Fact[Money]
    latest_payment_remark_on: Fact[date]
    kronofogden_debt: Fact[Money]  # skuldsaldo
    scoring: Fact[int]
    assignments: Fact[tuple[Assignment, ...]]  # styrelseuppdrag och andra engagemang
    opinion: Fact[Opinion]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyReport:
    """What a bureau says of a company; *number* is its organisation number or a sole trader's 12-digit personal number.

    *accounts_closed_on* is the last day of the latest filed accounts, absent when none were filed; *accounts* are those
    of up to five years, the newest first. *kronofogden_debt* is the public and the private debt together.
    *owner* stands for a sole trader (EF) alone, whose report is the company's (rule B1); for AB, HB and KB it is None.
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
    petition_count: Fact[int]  # ansökningar om betalningsföreläggande
    petition_sum: Fact[Money]
    kronofogden_debt: Fact[Money]
    kronofogden_public_debt: Fact[Money]  # allmänna mål
    kronofogden_private_debt: Fact[Money]  # enskilda mål
    bankruptcy: Fact[bool]
    distraint: Fact[bool]  # utmätning
    annual_turnover: Fact[Money]
    accounts_closed_on: Fact[date]
    employees: Fact[int]
    accounts: Fact[tuple[AnnualAccounts, ...]]
    board: Fact[tuple[BoardMember, ...]]
    signing_right: Fact[SigningRight]
    opinion: Fact[Opinion]
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


class CopySent(StrEnum):
    """What a bureau says about the copy to the subject (*omfrågandekopia*, lag 1973:1173, 11 §)."""

    YES = "yes"
    NO = "no"
    NOT_TOLD = "not_told"


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes of one answer as they were received (rule B6); *part* names it among the answers to one question."""

    part: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A bureau's answer to one question: what it says, the answers that this was read from, and what it tells of the
    copy to the subject.
    """

    report: Report
    received: tuple[Received, ...]
    copy_sent: CopySent = CopySent.NOT_TOLD


def fact_types(report: type[Any]) -> Mapping[str, type]:
    """The names of the facts of a kind of report (CompanyReport or PersonReport), each with the type of its value."""
    return _FACT_TYPES[report]


def _types_in(report: type[Any]) -> Mapping[str, type]:
    hints = get_type_hints(report)
    names = [field.name for field in fields(report) if field.name not in ("number", "owner")]
    # Fact[bool] is a union whose first member is Known[bool]
    return MappingProxyType({name: get_args(get_args(hints[name])[0])[0] for name in names})


_FACT_TYPES = MappingProxyType({report: _types_in(report) for report in (CompanyReport, PersonReport)})
