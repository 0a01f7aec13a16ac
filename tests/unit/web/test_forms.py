"""The signup form's fields as a body, a body as fields, and errors back at their fields."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.applications import ApplicationSchema
from schemas.loading import load
from tests.support.lending import ANNA, BERTIL, CECILIA, application_json, guarantor_json, sole_trader_json
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.text import Text
from underwriting.web import forms

TODAY = date(2026, 3, 2)
WRONG = Text("Fel", "Wrong")


def errors_of(fields: dict[str, str]) -> dict[str, str]:
    """What the form says is wrong, by place, in Swedish."""
    try:
        load(ApplicationSchema(), forms.body_of(fields), on=TODAY)
    except InvalidInput as refusal:
        return {error.pointer: error.detail.sv for error in forms.errors_in_form(refusal.errors, fields)}
    return {}


def filled(**changes: str) -> dict[str, str]:
    """A form that says a whole application of an AB."""
    fields = forms.fields_of(load(ApplicationSchema(), application_json(), on=TODAY))
    return fields | {name.replace("__", "-"): value for name, value in changes.items()}


@pytest.mark.parametrize(
    ("written", "on_the_wire"),
    [
        ("250000", "250000.00"),
        ("250 000", "250000.00"),
        ("250\u00a0000\u00a0kr", "250000.00"),
        ("250 000 KR", "250000.00"),
        ("250 000 kronor", "250000.00"),
        ("250 000:-", "250000.00"),
        ("1500,5", "1500.50"),
        ("1500.50", "1500.50"),
        ("0", "0.00"),
        ("-5", "-5.00"),  # refused by the schema, as what it is
        ("1.500", "1.500"),  # could be a thousand or a fraction: refused as too fine
        ("mycket", "mycket"),
        ("", ""),
        ("kr", "kr"),
    ],
)
def test_an_amount_is_written_as_people_write_it(written: str, on_the_wire: str) -> None:
    assert forms.amount_in(written) == on_the_wire


@pytest.mark.parametrize(
    ("written", "on_the_wire"),
    [
        ("070-123 45 67", "+4670-123 45 67"),
        ("0046701234567", "+46701234567"),
        ("+46 70 123 45 67", "+46 70 123 45 67"),
        ("701234567", "701234567"),
        ("", ""),
    ],
)
def test_a_phone_number_without_a_country_is_swedish(written: str, on_the_wire: str) -> None:
    assert forms.phone_in(written) == on_the_wire


@pytest.mark.parametrize(
    ("percent", "fraction"), [("60", "0.60"), ("33,5", "0.335"), ("100 %", "1.00"), ("5", "0.05"), ("0,5", "0.005")]
)
def test_a_share_is_written_in_per_cent(percent: str, fraction: str) -> None:
    assert forms.body_of({"beneficial_owners-0-share": percent})["beneficial_owners"] == [{"share": fraction}]


def test_what_is_left_empty_is_left_out_and_everything_else_keeps_its_place() -> None:
    body = forms.body_of(
        {
            "company_form": "AB",
            "term_months": " 12 ",
            "purpose": "",
            "contact-name": "Anna",
            "due_diligence-owners_complete": "yes",
            "csrf_token": "x",
            "unheard_of": "y",
        }
    )
    assert body == {
        "company_form": "AB",
        "term_months": 12,
        "contact": {"name": "Anna"},
        "payout_account": {},
        "due_diligence": {"owners_complete": True},
    }


def test_a_row_counts_as_soon_as_it_is_there() -> None:
    assert forms.body_of({"guarantors-0-personal_number": "", "guarantors-0-name": " "})["guarantors"] == [{}]


def test_the_submitter_stands_first_among_those_who_sign_together() -> None:
    """A9: the rows of the form are the others."""
    body = forms.body_of(
        {
            "signatory_personal_number": ANNA.digits,
            "contact-name": "Anna Andersson",
            "signing_rule-0-personal_number": BERTIL.digits,
            "signing_rule-0-name": "Bertil Berg",
        }
    )
    assert [one["personal_number"] for one in body["signing_rule"]] == [ANNA.digits, BERTIL.digits]


@pytest.mark.parametrize(
    "sent",
    [
        application_json(),
        application_json(
            requested_amount="20000.50", term_months=36, repayment_plan="at_term", invoice_delivery="paper"
        ),
        application_json(
            signing_rule=[
                {"personal_number": ANNA.digits, "name": "Anna Andersson"},
                {"personal_number": BERTIL.digits, "name": "Bertil Berg"},
            ],
            guarantors=[guarantor_json(BERTIL, "Bertil Berg"), guarantor_json(CECILIA, "Cecilia Ceder")],
            beneficial_owners=[
                {"personal_number": ANNA.digits, "share": "0.3333", "politically_exposed": True},
                {"personal_number": BERTIL.digits, "share": "0.005", "politically_exposed": None},
            ],
        ),
        sole_trader_json(due_diligence={}),
    ],
)
def test_the_form_of_a_draft_says_the_same_draft(sent: dict[str, Any]) -> None:
    draft = load(ApplicationSchema(), sent, on=TODAY)
    assert load(ApplicationSchema(), forms.body_of(forms.fields_of(draft)), on=TODAY) == draft


@pytest.mark.parametrize(
    ("changes", "place", "told"),
    [
        ({"requested_amount": "mycket"}, "/requested_amount", "Skriv beloppet med siffror, till exempel 250 000"),
        ({"monthly_debt_payments": ""}, "/monthly_debt_payments", "Uppgiften saknas"),
        ({"term_months": "ett år"}, "/term_months", "Skriv antalet månader med siffror, till exempel 12"),
        (
            {"beneficial_owners__0__share": "hälften"},
            "/beneficial_owners/0/share",
            "Skriv andelen i procent, till exempel 60 eller 33,5",
        ),
        ({"contact__name": ""}, "/contact/name", "Uppgiften saknas"),
        ({"guarantors__0__email": "anna"}, "/guarantors/0/email", "Ange en giltig e-postadress"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands_in_words_of_the_form(
    changes: dict[str, str], place: str, told: str
) -> None:
    assert errors_of(filled(**changes)) == {place: told}


def test_an_empty_form_names_every_field_and_none_twice() -> None:
    errors = errors_of({"company_form": "AB", "guarantors-0-personal_number": "", "invoice_delivery": "email"})
    fields = {forms.field_of(place) for place in errors}
    assert fields == {
        *("organisation_number", "requested_amount", "term_months", "purpose"),
        *("expected_monthly_revenue", "expected_monthly_costs", "monthly_debt_payments"),
        *("contact-name", "contact-email", "contact-phone", "payout_account-bankgiro", "signatory_personal_number"),
        *(f"guarantors-0-{member}" for member in ("personal_number", "name", "email", "phone")),
    }


def test_the_same_cosigner_twice_is_told_at_the_second_row() -> None:
    """A9: counted among the rows of the form, where the submitter has none."""
    rows = {"signing_rule__0__name": "Bertil Berg", "signing_rule__0__personal_number": BERTIL.digits}
    rows |= {"signing_rule__1__name": "Bertil Berg", "signing_rule__1__personal_number": BERTIL.digits}
    assert list(errors_of(filled(**rows))) == ["/signing_rule/1/personal_number"]


def test_what_is_wrong_with_the_submitter_is_told_once() -> None:
    error = FieldError("/signing_rule/0/personal_number", WRONG)
    assert forms.errors_in_form([error], {}) == ()


def test_removing_a_row_moves_the_rows_after_it_up() -> None:
    rows = {"guarantors-0-name": "A", "guarantors-1-name": "B", "guarantors-2-name": "C", "contact-name": "Z"}
    left = forms.without_row(rows, "guarantors", 1)
    assert left == {"guarantors-0-name": "A", "guarantors-1-name": "C", "contact-name": "Z"}
    assert forms.people_in(left, "guarantors") == [0, 1]
    assert forms.people_in(left, "beneficial_owners") == []


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=8))
def test_no_form_breaks_the_reading_of_it(fields: dict[str, str]) -> None:
    forms.body_of(fields)


@given(
    st.dictionaries(
        st.sampled_from(
            ["guarantors-0-name", "signing_rule-3-share", "term_months", "requested_amount", "contact-email"]
        ),
        st.text(max_size=12),
    )
)
def test_whatever_stands_in_the_fields_is_refused_as_input_at_worst(fields: dict[str, str]) -> None:
    assert errors_of({"company_form": "AB"} | fields) != {}
