"""The values of the texts that applicants and guarantors sign (rules A3, A6)."""

from collections.abc import Mapping

from agreements.guarantees.rules import guarantee_cap
from schemas.values import ApplicationBody, NamedGuarantor
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, CreditPurpose
from underwriting.platform.runtime import Runtime

BUREAUS = "Creditsafe"
"""From whom reports are asked for, as the texts say it."""

COMPANY_FORMS: Mapping[CompanyForm, Text] = {
    CompanyForm.AB: Text("aktiebolag", "limited company (aktiebolag)"),
    CompanyForm.HB: Text("handelsbolag", "trading partnership (handelsbolag)"),
    CompanyForm.KB: Text("kommanditbolag", "limited partnership (kommanditbolag)"),
    CompanyForm.EF: Text("enskild firma", "sole trader (enskild firma)"),
}
"""What stands for the company in a text until a register has told its name."""

_PURPOSES: Mapping[CreditPurpose, Text] = {
    CreditPurpose.INVENTORY: Text("varulager", "inventory"),
    CreditPurpose.EQUIPMENT: Text("utrustning", "equipment"),
    CreditPurpose.WORKING_CAPITAL: Text("rörelsekapital", "working capital"),
    CreditPurpose.EXPANSION: Text("expansion", "expansion"),
    CreditPurpose.TAX: Text("skatt", "tax"),
    CreditPurpose.OTHER_BUSINESS: Text("annat i verksamheten", "other business use"),
}


def application_values(runtime: Runtime, reference: str, body: ApplicationBody) -> dict[str, object]:
    """What the text of an application holds (rule A3): the same body gives the same bytes, whenever it is written."""
    return {
        **_shared(runtime, reference, body),
        "company_number": body.organisation_number.formatted,
        "signatory": _signatory(body),
        "purpose": _PURPOSES[body.purpose],
        "payout_account": f"bankgiro {body.payout_account.bankgiro.formatted}",
        "monthly_revenue": body.expected_monthly_revenue,
        "monthly_costs": body.expected_monthly_costs,
        "monthly_debt_payments": body.monthly_debt_payments,
        "guarantors": guarantors_in_words(body),
        "highest_fee": body.requested_amount.at_rate_in_kronor(runtime.terms.highest_fee_rate),
    }


def confirmation_values(
    runtime: Runtime, reference: str, body: ApplicationBody, named: NamedGuarantor
) -> dict[str, object]:
    """What the text holds by which *named* confirms (rule A6)."""
    return {
        **_shared(runtime, reference, body),
        "company_number": masked(body.organisation_number),
        "person": named.name,
        "personal_number": named.personal_number.formatted,
        "has_role": has_role(body, named.personal_number),
        "cap": guarantee_cap(body.requested_amount, terms=runtime.terms),
    }


def has_role(body: ApplicationBody, person: PersonalNumber) -> bool:
    """Whether *person* leads or substantially owns the company; any other guarantor stands as a consumer (rule G2)."""
    signing = {one.personal_number for one in body.signing_rule}
    return person in signing | {one.personal_number for one in body.beneficial_owners}


def guarantors_in_words(body: ApplicationBody) -> tuple[str, ...]:
    """The guarantors as a text names them: no birth number is shown to another."""
    return tuple(f"{named.name}, {named.personal_number.masked}" for named in body.guarantors)


def masked(number: OrganisationNumber | PersonalNumber) -> str:
    """A company's number for the eyes of others: of a sole trader the date of birth alone."""
    return number.masked if isinstance(number, PersonalNumber) else number.formatted


def _shared(runtime: Runtime, reference: str, body: ApplicationBody) -> dict[str, object]:
    lender = runtime.settings.lender
    return {
        "reference": reference,
        "lender": lender.name,
        "lender_number": lender.organisation_number.formatted,
        "lender_phone": lender.phone,
        "lender_email": lender.email,
        "company": COMPANY_FORMS[body.company_form],
        "company_form": str(body.company_form),
        "amount": body.requested_amount,
        "term_months": body.term_months,
        "repayment_plan": str(body.repayment_plan),
        "bureaus": BUREAUS,
        "terms": runtime.terms,
    }


def _signatory(body: ApplicationBody) -> str:
    person = body.signatory_personal_number
    names = (one.name for one in body.signing_rule if one.personal_number == person)
    return f"{next(names, body.contact.name)}, {person.masked}"
