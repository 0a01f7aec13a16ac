"""The words of columns and wire."""

import inspect
from enum import StrEnum

import pytest

from underwriting.kernel import vocabulary
from underwriting.kernel.vocabulary import CompanyForm, Scope

ENUMERATIONS = [
    value
    for value in vars(vocabulary).values()
    if inspect.isclass(value) and issubclass(value, StrEnum) and value is not StrEnum
]


def test_the_four_company_forms_may_apply() -> None:
    """A1: limited company, general and limited partnership, sole trader."""
    assert set(CompanyForm) == {"AB", "HB", "KB", "EF"}


@pytest.mark.parametrize("enumeration", ENUMERATIONS, ids=lambda enumeration: enumeration.__name__)
def test_words_on_the_wire_are_snake_case_and_documented(enumeration: type[StrEnum]) -> None:
    assert enumeration.__doc__
    if enumeration is Scope:  # as scopes are written: what:act
        assert all(member.value.replace(":", "_").replace("-", "_") == member.name.lower() for member in Scope)
    elif enumeration is not CompanyForm:
        assert all(member.value == member.name.lower() for member in enumeration)
