"""What members of an application say together, or against the product's terms. Pure; the form and the API share it."""

from collections.abc import Iterator, Mapping
from datetime import date

from schemas.problems import fault
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import (
    IdentifierInvalid,
    OrganisationNumber,
    PersonalNumber,
    parse_company_number,
)
from underwriting.kernel.money import Money
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm

FULL_AGE = 18
"""From this age, in years, a person may own an applying sole trader's business or guarantee (rules A1 and A4)."""

_OWNER_IS_A_MINOR = Text("Innehavaren ska ha fyllt 18 år", "The owner must be 18 or older")
_AMOUNT = Text("Beloppet ska vara mellan {least} och {most}", "The amount must be between {least} and {most}")
_TERM = Text(
    "Löptiden ska vara mellan {least} och {most} månader", "The term must be between {least} and {most} months"
)
_NO_GUARANTOR = Text("Ange minst en borgensman", "Name at least one guarantor")
_GUARANTOR_TWICE = Text("Samma person är redan angiven som borgensman", "The same person is already named as guarantor")
_OWNER_AS_GUARANTOR = Text(
    "Innehavaren svarar redan själv för skulden; ange en annan person eller ingen",
    "The owner already answers for the debt; name another person or none",
)
_SUBMITTER_NOT_IN_RULE = Text(
    "Den som lämnar in ansökan ska vara en av dem som tecknar firman tillsammans",
    "Whoever submits the application must be one of those who sign for the company together",
)
_NOT_THE_OWNER = Text(
    "För en enskild firma undertecknar innehavaren",
    "For a sole trader the owner signs",
)
_PERSON_TWICE = Text("Samma person är redan angiven", "The same person is already named")


def company_number(text: str, *, form: CompanyForm, on: date) -> FieldError | None:
    """What is wrong with the number *text* of a company of *form* on the day *on* (rule A1)."""
    try:
        company = parse_company_number(text, form=form, on=on)
    except IdentifierInvalid as error:
        return fault("/organisation_number", error.detail, error.rule)
    if isinstance(company, PersonalNumber) and company.age(on) < FULL_AGE:
        return fault("/organisation_number", _OWNER_IS_A_MINOR, "A1")
    return None


def requested_amount(amount: Money, *, terms: ProductTerms) -> FieldError | None:
    """What is wrong with *amount* under *terms* (rule A11)."""
    if terms.smallest_amount <= amount <= terms.largest_amount:
        return None
    limits = {"least": terms.smallest_amount.formatted(), "most": terms.largest_amount.formatted()}
    return fault("/requested_amount", _AMOUNT.filled(**limits), "A11")


def term(months: int, *, terms: ProductTerms) -> FieldError | None:
    """What is wrong with a term of *months* under *terms* (rule A11)."""
    if terms.shortest_term <= months <= terms.longest_term:
        return None
    return fault("/term_months", _TERM.filled(least=terms.shortest_term, most=terms.longest_term), "A11")


def guarantors(
    named: Mapping[int, PersonalNumber],
    *,
    count: int,
    form: CompanyForm,
    company: OrganisationNumber | PersonalNumber | None,
) -> Iterator[FieldError]:
    """What is wrong with the guarantors *named*, by their place in the list of *count* (rule A4).

    Places whose number could not be read are missing in *named*; *company* is None when its number could not be.
    """
    if not count and form is not CompanyForm.EF:
        yield fault("/guarantors", _NO_GUARANTOR, "A4")
    for place in _repeated(named):
        yield fault(f"/guarantors/{place}/personal_number", _GUARANTOR_TWICE, "A4")
    for place, person in named.items():
        if person == company:
            yield fault(f"/guarantors/{place}/personal_number", _OWNER_AS_GUARANTOR, "A4")


def signatories(
    signing_rule: Mapping[int, PersonalNumber],
    *,
    submitter: PersonalNumber,
    company: OrganisationNumber | PersonalNumber | None,
) -> Iterator[FieldError]:
    """What is wrong with *submitter*, or with those who sign together, by their place (rule A9)."""
    if signing_rule and submitter not in signing_rule.values():
        yield fault("/signing_rule", _SUBMITTER_NOT_IN_RULE, "A9")
    for place in _repeated(signing_rule):
        yield fault(f"/signing_rule/{place}/personal_number", _PERSON_TWICE, "A9")
    if isinstance(company, PersonalNumber) and submitter != company:
        yield fault("/signatory_personal_number", _NOT_THE_OWNER, "A9")


def owners(named: Mapping[int, PersonalNumber]) -> Iterator[FieldError]:
    """What is wrong with the beneficial owners *named*, by their place: a share is not counted twice."""
    for place in _repeated(named):
        yield fault(f"/beneficial_owners/{place}/personal_number", _PERSON_TWICE)


def _repeated(named: Mapping[int, PersonalNumber]) -> Iterator[int]:
    seen: set[PersonalNumber] = set()
    for place, person in named.items():
        if person in seen:
            yield place
        seen.add(person)
