"""What a decision rests on: the applicant's figures, what bureaus and the lender's own books say, due diligence.

Facts hold no name and no personal number; `formats` writes them as canonical JSON and reads them back for replay (rule
D7). Every fact of a report stays known, absent or unknown, with its source and instant (rule D13).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from bureau_clients.facts import Fact, Known, Unknown
from bureau_clients.reports import CompanyReport, CompanyStatus, NoMatch, PersonReport, RatingGrade
from underwriting.decisions.history import OWN_BOOKS, HistoryFacts
from underwriting.decisions.rules import COMPANY, DUE_DILIGENCE, GROUP, OWNER, TERMS
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import CompanyForm, RepaymentPlan

NOT_ASKED = "not_asked"
"""The source of a fact that no bureau was asked for, or that none could be reached for."""

COMPANY_FACTS: Mapping[str, type] = MappingProxyType(
    {
        "form": CompanyForm,
        "status": CompanyStatus,
        "bankruptcy": bool,
        "rating": RatingGrade,
        "remarks": int,
        "years_registered": int,
        "kronofogden_debt": Money,
        "accounts_closed_on": date,
        "employees": int,
        "annual_turnover": Money,
    }
)
"""The three-valued facts of a company, and what each holds when it is known."""

PERSON_FACTS: Mapping[str, type] = MappingProxyType(
    {
        "deceased": bool,
        "blocked": bool,
        "trustee": bool,
        "number_retired": bool,
        "protected": bool,
        "emigrated": bool,
        "debt_restructuring": bool,
        "trading_prohibition": bool,
        "dormant_coordination_number": bool,
        "income": Money,
        "remarks": int,
        "kronofogden_debt": Money,
    }
)
"""The three-valued facts of a person, and what each holds when it is known."""

_AGE_OF_MAJORITY = 18  # föräldrabalken 9:1

T = TypeVar("T")
U = TypeVar("U")


class Screening(StrEnum):
    """What the sanctions lists say of everybody concerned, the worst finding of all; unknown until all are screened."""

    UNKNOWN = "unknown"
    CLEAR = "clear"
    POSSIBLE = "possible"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """What the applicant asks for and expects, per month. *highest_fee_rate* is the one signed (rule A3)."""

    form: CompanyForm
    asked: Money
    term_months: int
    revenue: Money
    costs: Money
    debt_payments: Money
    highest_fee_rate: Decimal
    repayment_plan: RepaymentPlan = RepaymentPlan.STRAIGHT

    def __post_init__(self) -> None:
        if self.asked <= Money.ZERO or self.term_months < 1:
            raise ValueError("an amount and a term are asked for")
        if min(self.revenue, self.costs, self.debt_payments) < Money.ZERO:
            raise ValueError("expected figures are not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyFacts:
    """What the company's report says; *no_match*: no bureau knows it (rule D10). Employees and turnover are unread."""

    no_match: bool
    form: Fact[CompanyForm]
    status: Fact[CompanyStatus]
    bankruptcy: Fact[bool]
    rating: Fact[RatingGrade]
    remarks: Fact[int]
    years_registered: Fact[int]  # whole years on the day of the decision
    kronofogden_debt: Fact[Money]
    accounts_closed_on: Fact[date]
    employees: Fact[int]
    annual_turnover: Fact[Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What is known of a guarantor, or of the owner of an enskild firma.

    *reference* names the person in the trace and is the caller's. *other_guarantees* is what the guarantee register
    holds at risk for the person apart from this application, *promised_guarantees* the sum of their caps (rule G6);
    the latter is unknown in facts that were kept before it was read. *income* is per year. Nothing is said of age but
    whether the person is a minor (rule D17).
    """

    reference: str
    no_match: bool
    minor: bool
    deceased: Fact[bool]
    blocked: Fact[bool]
    trustee: Fact[bool]
    number_retired: Fact[bool]
    protected: Fact[bool]
    emigrated: Fact[bool]
    debt_restructuring: Fact[bool]
    trading_prohibition: Fact[bool]
    dormant_coordination_number: Fact[bool]
    income: Fact[Money]
    remarks: Fact[int]
    kronofogden_debt: Fact[Money]
    other_guarantees: Money
    promised_guarantees: Fact[Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDiligenceFacts:
    """What know-your-customer lacks (rule K1) and found (rules D10, D16). *gaps* are words of the caller's, sorted."""

    gaps: tuple[str, ...]
    sanctions: Screening
    politically_exposed: bool

    def __post_init__(self) -> None:
        if list(self.gaps) != sorted(set(self.gaps)):
            raise ValueError("gaps are sorted and named once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that one decision reads. A sole trader has an owner and perhaps guarantors; others have guarantors."""

    application: ApplicationFacts
    company: CompanyFacts
    owner: PersonFacts | None
    guarantors: tuple[PersonFacts, ...]
    due_diligence: DueDiligenceFacts
    history: HistoryFacts

    def __post_init__(self) -> None:
        if (self.application.form is CompanyForm.EF) is not (self.owner is not None):
            raise ValueError("a sole trader has an owner, and nobody else has")
        if self.owner is None and not self.guarantors:
            raise ValueError("AB, HB and KB name at least one guarantor")
        names = [person.reference for person in self.guarantors]
        if len(names) != len(set(names)) or {COMPANY, DUE_DILIGENCE, GROUP, OWNER, TERMS, ""} & set(names):
            raise ValueError("each guarantor has a reference of its own")

    def persons(self) -> list[tuple[str, PersonFacts]]:
        """The owner, where there is one, and the guarantors, each by the name that a trace gives the person."""
        guarantors = [(person.reference, person) for person in self.guarantors]
        return [(OWNER, self.owner), *guarantors] if self.owner else guarantors


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A guarantor or a sole trader's owner: the caller's reference, and the other guarantees in the register."""

    reference: str
    number: PersonalNumber = field(repr=False)
    other_guarantees: Money
    promised_guarantees: Money


def facts_of(
    *,
    application: ApplicationFacts,
    company: CompanyReport | NoMatch | None,
    owner: Person | None,
    guarantors: Sequence[tuple[Person, PersonReport | NoMatch | None]],
    due_diligence: DueDiligenceFacts,
    history: HistoryFacts,
    at: datetime,
) -> Facts:
    """The facts of an application at an instant. Where a report is None, not asked for, all that it says is unknown.

    *owner* is given for a sole trader alone, whose report is part of the company's (rule B1).
    """
    owner_report = company.owner if isinstance(company, CompanyReport) else company
    return Facts(
        application=application,
        company=_company(company, at=at),
        owner=_person(owner, owner_report, at=at) if owner else None,
        guarantors=tuple(_person(person, report, at=at) for person, report in guarantors),
        due_diligence=due_diligence,
        history=history,
    )


def _company(report: CompanyReport | NoMatch | None, *, at: datetime) -> CompanyFacts:
    if not isinstance(report, CompanyReport):
        return CompanyFacts(no_match=report is not None, **_nothing(report, COMPANY_FACTS, at=at))
    return CompanyFacts(
        no_match=False,
        form=report.form,
        status=report.status,
        bankruptcy=report.bankruptcy,
        rating=_changed(report.rating, lambda rating: rating.grade),
        remarks=report.payment_remark_count,
        years_registered=_changed(report.registered_on, lambda day: _whole_years(day, on=stockholm_date(at))),
        kronofogden_debt=report.kronofogden_debt,
        accounts_closed_on=report.accounts_closed_on,
        employees=report.employees,
        annual_turnover=report.annual_turnover,
    )


def _person(person: Person, report: PersonReport | NoMatch | None, *, at: datetime) -> PersonFacts:
    own: dict[str, Any] = {
        "reference": person.reference,
        "no_match": isinstance(report, NoMatch),
        "minor": person.number.age(stockholm_date(at)) < _AGE_OF_MAJORITY,
        "other_guarantees": person.other_guarantees,
        "promised_guarantees": Known(person.promised_guarantees, OWN_BOOKS, at),
    }
    if not isinstance(report, PersonReport):
        return PersonFacts(**own, **_nothing(report, PERSON_FACTS, at=at))
    own |= {name: getattr(report, name) for name in PERSON_FACTS if name != "remarks"}
    return PersonFacts(**own, remarks=report.payment_remark_count)


def _nothing(report: NoMatch | None, names: Mapping[str, type], *, at: datetime) -> dict[str, Any]:
    unknown = Unknown(report.source, report.at) if report else Unknown(NOT_ASKED, at)
    return dict.fromkeys(names, unknown)


def _changed(fact: Fact[T], change: Callable[[T], U]) -> Fact[U]:
    return Known(change(fact.value), fact.source, fact.at) if isinstance(fact, Known) else fact


def _whole_years(since: date, *, on: date) -> int:
    return max(0, on.year - since.year - ((on.month, on.day) < (since.month, since.day)))
