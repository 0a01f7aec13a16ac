"""Who may be asked about."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bureau_clients.questions import Subject, SubjectKind, SubjectRole
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm

COMPANY = OrganisationNumber("5599990008")
PARTNERSHIP = OrganisationNumber("9699990009")
PERSON = PersonalNumber("197701072394")
CONFIRMED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def subject(number: OrganisationNumber | PersonalNumber, form: CompanyForm | None, **changes: Any) -> Subject:
    values = {"role": SubjectRole.BORROWER, "purpose": "ansökan", "notice_version": "1", "confirmed_at": CONFIRMED}
    return Subject(number=number, form=form, **{**values, **changes})


@pytest.mark.parametrize("form", [None, CompanyForm.EF])
def test_no_report_on_a_person_or_a_sole_trader_who_has_not_confirmed(form: CompanyForm | None) -> None:
    """A6: no report on a person before that person has confirmed."""
    with pytest.raises(ValueError, match="A6"):
        subject(PERSON, form, confirmed_at=None)


@pytest.mark.parametrize("missing", ["purpose", "notice_version"])
def test_nobody_is_asked_about_without_purpose_and_notice(missing: str) -> None:
    """A6: reason and notice version are kept per subject before a bureau is asked."""
    with pytest.raises(ValueError, match="A6"):
        subject(COMPANY, CompanyForm.AB, **{missing: ""})


def test_a_company_needs_no_persons_confirmation() -> None:
    """A6: what is waited for is the person that a report is on."""
    assert subject(COMPANY, CompanyForm.AB, confirmed_at=None).kind is SubjectKind.COMPANY


@pytest.mark.parametrize(
    ("number", "form"),
    [(COMPANY, None), (COMPANY, CompanyForm.EF), (PERSON, CompanyForm.AB), (PERSON, CompanyForm.HB)],
)
def test_number_and_form_that_do_not_fit_are_refused(
    number: OrganisationNumber | PersonalNumber, form: CompanyForm | None
) -> None:
    with pytest.raises(ValueError, match="personal number"):
        subject(number, form)


@pytest.mark.parametrize(
    ("number", "form", "copy"),
    [
        (COMPANY, CompanyForm.AB, False),
        (PARTNERSHIP, CompanyForm.HB, True),
        (PARTNERSHIP, CompanyForm.KB, True),
        (PERSON, CompanyForm.EF, True),
        (PERSON, None, True),
    ],
)
def test_everybody_but_a_limited_company_gets_a_copy(
    number: OrganisationNumber | PersonalNumber, form: CompanyForm | None, copy: bool
) -> None:
    """B4: lag 1973:1173, 11 §: natural persons, HB and KB are sent a copy of each report; an AB is not."""
    assert subject(number, form).gets_copy is copy


def test_printing_a_subject_shows_no_number() -> None:
    assert "1977" not in repr(subject(PERSON, None))
