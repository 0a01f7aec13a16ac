"""The pure checks that services use too, where a guarantor is replaced."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import checks
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.product import DEFAULT_TERMS
from underwriting.kernel.vocabulary import CompanyForm

OWNER = PersonalNumber("198507099805")
GRETA = PersonalNumber("192412319218")
OTTO = PersonalNumber("189001019802")
AB = OrganisationNumber("5599990008")
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("form", "company", "named", "expected"),
    [
        (CompanyForm.AB, AB, [], [("/guarantors", "A4")]),
        (CompanyForm.EF, OWNER, [], []),
        (CompanyForm.AB, AB, [GRETA], []),
        (CompanyForm.AB, AB, [GRETA, OTTO, GRETA], [("/guarantors/2/personal_number", "A4")]),
        (CompanyForm.EF, OWNER, [GRETA, OWNER], [("/guarantors/1/personal_number", "A4")]),
        (CompanyForm.AB, None, [OWNER], []),
    ],
)
def test_guarantors_are_enough_others_and_different(
    form: CompanyForm,
    company: OrganisationNumber | PersonalNumber | None,
    named: list[PersonalNumber],
    expected: list[tuple[str, str]],
) -> None:
    """A4: at least one for AB, HB and KB; never twice; never the owner of the EF."""
    found = checks.guarantors(dict(enumerate(named)), count=len(named), form=form, company=company)
    assert [(error.pointer, error.rule) for error in found] == expected


def test_a_guarantor_whose_number_cannot_be_read_counts_as_named() -> None:
    """A4: one fault is told, not two."""
    assert list(checks.guarantors({}, count=1, form=CompanyForm.AB, company=AB)) == []


@pytest.mark.parametrize(
    ("rule", "submitter", "company", "expected"),
    [
        ([OWNER], OWNER, AB, []),
        ([GRETA, OWNER], OWNER, AB, []),
        ([], OWNER, AB, []),
        ([GRETA, OTTO], OWNER, AB, ["/signing_rule"]),
        ([OWNER, GRETA, GRETA], OWNER, AB, ["/signing_rule/2/personal_number"]),
        ([GRETA], GRETA, OWNER, ["/signatory_personal_number"]),
    ],
)
def test_the_submitter_is_one_of_those_who_sign(
    rule: list[PersonalNumber],
    submitter: PersonalNumber,
    company: OrganisationNumber | PersonalNumber,
    expected: list[str],
) -> None:
    """A9: the submitter stands in the alternative; of an EF it is the owner."""
    found = list(checks.signatories(dict(enumerate(rule)), submitter=submitter, company=company))
    assert [error.pointer for error in found] == expected
    assert {error.rule for error in found} <= {"A9"}


def test_a_company_number_is_judged_on_a_day() -> None:
    """A1: an owner comes of age."""
    child = "201803272382"  # born on 27 March 2018
    refused = checks.company_number(child, form=CompanyForm.EF, on=date(2036, 3, 26))
    assert isinstance(refused, FieldError)
    assert refused.rule == "A1"
    assert checks.company_number(child, form=CompanyForm.EF, on=date(2036, 3, 27)) is None


@given(st.integers(0, 10**12))
def test_an_amount_is_refused_exactly_outside_the_limits(ore: int) -> None:
    """A11: 20 000 to 2 000 000 kr."""
    refused = checks.requested_amount(Money(ore), terms=DEFAULT_TERMS) is not None
    assert refused is not (2_000_000 <= ore <= 200_000_000)


@given(st.integers(-100, 1000))
def test_a_term_is_refused_exactly_outside_the_limits(months: int) -> None:
    """A11: 1 to 36 months."""
    assert (checks.term(months, terms=DEFAULT_TERMS) is None) is (1 <= months <= 36)
