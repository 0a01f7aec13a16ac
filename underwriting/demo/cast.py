"""Who plays: companies whose numbers were never issued, people with test identities, and the lender's staff."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agreements.signing.sandbox.people import DEMO_PEOPLE, Person
from underwriting.kernel.identifiers import Bankgiro, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, RepaymentPlan, Role

ANNA, ERIK, MARIA, KARL, GUNNAR, SARA, OSKAR, EVA = DEMO_PEOPLE


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One of the lender's staff in the sandbox, where a known password harms nobody."""

    username: str
    password: str
    role: Role


UNDERWRITER = StaffMember("ulla", "ulla-i-sandladan", Role.UNDERWRITER)
SECOND_UNDERWRITER = StaffMember("urban", "urban-i-sandladan", Role.UNDERWRITER)
SENIOR_UNDERWRITER = StaffMember("sara", "sara-i-sandladan", Role.SENIOR_UNDERWRITER)
RECOVERY = StaffMember("ines", "ines-i-sandladan", Role.RECOVERY)
AUDITOR = StaffMember("rune", "rune-i-sandladan", Role.AUDITOR)
BILLING = StaffMember("bodil", "bodil-i-sandladan", Role.BILLING)
ADMINISTRATOR = StaffMember("adam", "adam-i-sandladan", Role.ADMINISTRATOR)
STAFF = (UNDERWRITER, SECOND_UNDERWRITER, SENIOR_UNDERWRITER, BILLING, RECOVERY, AUDITOR, ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A company that applies: what it asks for, what it expects of a month, who signs and who guarantees.

    *number* is its organisation number, or the sole trader's personal number.
    """

    form: CompanyForm
    number: str
    signatory: Person
    guarantors: tuple[Person, ...]
    bankgiro: Bankgiro
    asked: Money
    term_months: int
    revenue: Money
    costs: Money
    debt_payments: Money = Money.ZERO
    repayment_plan: RepaymentPlan = RepaymentPlan.STRAIGHT

    @property
    def email(self) -> str:
        """Where the company reads its mail."""
        return f"{self.form.lower()}@foretag.example"

    @property
    def invited(self) -> tuple[Person, ...]:
        """The guarantors who have not signed the application itself."""
        return tuple(person for person in self.guarantors if person is not self.signatory)

    def asks(self, amount: Money, *, term_months: int, repayment_plan: RepaymentPlan) -> "Applicant":
        """The same company with another wish."""
        return replace(self, asked=amount, term_months=term_months, repayment_plan=repayment_plan)

    def body(self) -> dict[str, Any]:
        """The application as it is sent."""
        return {
            "company_form": str(self.form),
            "organisation_number": self.number,
            "requested_amount": str(self.asked),
            "term_months": self.term_months,
            "repayment_plan": str(self.repayment_plan),
            "purpose": "inventory",
            "expected_monthly_revenue": str(self.revenue),
            "expected_monthly_costs": str(self.costs),
            "monthly_debt_payments": str(self.debt_payments),
            "contact": {"name": self.signatory.name, "email": self.email, "phone": _PHONE},
            "payout_account": {"bankgiro": self.bankgiro.formatted},
            "invoice_delivery": "email",
            "signatory_personal_number": self.signatory.personal_number,
            "guarantors": [_guarantor(person) for person in self.guarantors],
            "beneficial_owners": _owners(self),
            "due_diligence": _ANSWERS,
        }


_PHONE = "+46701740605"  # of the numbers that PTS keeps free for films and books
_ANSWERS: Mapping[str, Any] = {
    "purpose_of_credit": "Varor inför vintern",
    "source_of_repayment": "Försäljning",
    "politically_exposed": False,
    "owners_complete": True,
    "trades_with_high_risk_countries": False,
}

AB = Applicant(
    form=CompanyForm.AB,
    number="559999-1014",  # the stand-in for Creditsafe knows four payment remarks
    signatory=ANNA,
    guarantors=(ERIK,),
    bankgiro=Bankgiro("59990101"),
    asked=Money.kronor(180_000),
    term_months=12,
    revenue=Money.kronor(400_000),
    costs=Money.kronor(310_000),
    debt_payments=Money.kronor(15_000),
)
HB = Applicant(
    form=CompanyForm.HB,
    number="969999-0009",
    signatory=MARIA,
    guarantors=(MARIA, KARL),
    bankgiro=Bankgiro("59990119"),
    asked=Money.kronor(145_500),
    term_months=12,
    revenue=Money.kronor(300_000),
    costs=Money.kronor(215_000),
    debt_payments=Money.kronor(5_000),
)
KB = Applicant(
    form=CompanyForm.KB,
    number="969999-0017",
    signatory=GUNNAR,
    guarantors=(GUNNAR, SARA),
    bankgiro=Bankgiro("59990127"),
    asked=Money.kronor(250_000),  # more than S 35 000 a month carries over 12 months
    term_months=12,
    revenue=Money.kronor(400_000),
    costs=Money.kronor(310_000),
    debt_payments=Money.kronor(15_000),
)
EF = Applicant(
    form=CompanyForm.EF,
    number=EVA.personal_number,
    signatory=EVA,
    guarantors=(OSKAR,),
    bankgiro=Bankgiro("59990135"),
    asked=Money.kronor(55_000),
    term_months=12,
    revenue=Money.kronor(60_000),
    costs=Money.kronor(45_000),
)
EF_AGAIN = EF.asks(Money.kronor(47_900), term_months=10, repayment_plan=RepaymentPlan.AT_TERM)


def email_of(person: Person) -> str:
    """Where a guarantor reads their mail."""
    return f"{person.personal_number}@person.example"


def _guarantor(person: Person) -> dict[str, str]:
    return {
        "personal_number": person.personal_number,
        "name": person.name,
        "email": email_of(person),
        "phone": _PHONE,
    }


def _owners(applicant: Applicant) -> list[dict[str, Any]]:
    """A sole trader is its own beneficial owner; a company's are those who are named, in equal shares."""
    if applicant.form is CompanyForm.EF:
        return []
    owners = {person.personal_number for person in (applicant.signatory, *applicant.guarantors)}
    share = {1: "1", 2: "0.5"}[len(owners)]
    return [{"personal_number": number, "share": share, "politically_exposed": False} for number in sorted(owners)]


def masked(applicant: Applicant) -> str:
    """The company's number as a story may show it."""
    if applicant.form is CompanyForm.EF:
        return PersonalNumber(applicant.number).masked
    return applicant.number
