"""Whom the tests ask about."""

import uuid
from datetime import UTC, datetime

from bureau_clients.questions import Subject, SubjectRole
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm

APPLICATION = uuid.UUID("0199c0de-0000-7000-8000-000000000001")

_CONFIRMED_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def company(number: str = "5599990008", form: CompanyForm = CompanyForm.AB) -> Subject:
    """A borrower."""
    digits = PersonalNumber(number) if form is CompanyForm.EF else OrganisationNumber(number)
    return Subject(
        number=digits,
        form=form,
        role=SubjectRole.BORROWER,
        purpose="Kreditansökan",
        notice_version="2026-1",
        confirmed_at=_CONFIRMED_AT,
    )


def person(number: str = "197701072394") -> Subject:
    """A guarantor."""
    return Subject(
        number=PersonalNumber(number),
        form=None,
        role=SubjectRole.GUARANTOR,
        purpose="Borgen för kreditansökan",
        notice_version="2026-1",
        confirmed_at=_CONFIRMED_AT,
    )


HB_THAT_TIMES_OUT = company("9699999018", CompanyForm.HB)
EF_THAT_TIMES_OUT = company("197612082391", CompanyForm.EF)
PERSON_THAT_TIMES_OUT = person("197707052382")
AB_THAT_TIMES_OUT = company("5599999017")
