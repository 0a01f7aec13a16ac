"""The stand-in's documented numbers and the facts of all others."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.sandbox.creditsafe_facts import company_columns, is_person, person_columns
from bureau_clients.sandbox.creditsafe_numbers import Fault, magic_number, magic_numbers
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber

ADULT_ON = date(2026, 11, 22)


def test_every_documented_number_is_valid_and_listed_once() -> None:
    """X1: they pass the same checks as real ones, and every person is of age."""
    rows = magic_numbers()
    for row in rows:
        if len(row.number) == 12:
            assert PersonalNumber(row.number).age(ADULT_ON) >= 18
        else:
            assert OrganisationNumber(row.number).group in (5, 9)
    assert len({row.number for row in rows}) == len(rows)


def test_every_row_says_in_both_languages_what_it_does() -> None:
    """X1: the documented numbers."""
    assert all(row.what.sv and row.what.en for row in magic_numbers())


def test_every_fault_has_a_company_and_a_person() -> None:
    """X1: documented numbers give each fault."""
    for fault in Fault:
        kinds = {len(row.number) for row in magic_numbers() if row.fault is fault}
        assert kinds == {10, 12}


def test_a_number_is_found_with_and_without_its_century() -> None:
    assert magic_number("197703242391") is magic_number("7703242391") is not None
    assert magic_number("5599990024") is None


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("5599990024", "Aktiebolag"),
        ("9699990025", "Handelsbolag"),
        ("9699991130", "Kommanditbolag"),
        ("197607072399", "Enskild firma"),
        ("7607072399", "Enskild firma"),
    ],
)
def test_the_form_follows_from_the_number(number: str, form: str) -> None:
    """X1: an even ninth digit in group 9 is a handelsbolag, an odd one a kommanditbolag."""
    assert company_columns(number)["COMPANY_TYPE_TEXT"] == form


@given(st.from_regex(r"\A[0-9]{10}\Z"))
def test_an_ordinary_number_has_the_same_healthy_facts_each_time(number: str) -> None:
    """X1: so that a demo is approved, whatever number it takes."""
    columns = company_columns(number)
    assert columns == company_columns(number)
    assert int(columns["RATING"]) >= 51  # grade A or B
    assert (columns["COMPANY_STATUS"], columns["ROP_NUMBER1"], columns["DEBT_SUM"]) == ("Aktiv", "0", "")
    if is_person(number):
        assert int(person_columns(number)["INCOME"]) >= 400_000
