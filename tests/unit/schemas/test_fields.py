"""Single members: what they accept, and how they are written."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from schemas.fields import (
    BilingualField,
    BooleanField,
    ChoiceField,
    DateField,
    EmailField,
    IdField,
    IndustryField,
    InstantField,
    ListField,
    PhoneField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import (
    CompanyNumberField,
    MoneyField,
    MonthField,
    PersonalNumberField,
    RateField,
    UnroundedField,
)
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, SigningPurpose

PERSON = PersonalNumber("198507099805")


def written(field: fields.Field[Any], value: object) -> object:
    return field.serialize("it", {"it": value})


def message(field: fields.Field[Any], value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        field.deserialize(value)
    (error,) = refused.value.messages
    assert isinstance(error, FieldError)
    assert error.detail.sv
    return error.detail.en


@pytest.mark.parametrize(
    ("field", "wire", "value"),
    [
        (MoneyField(), "1500.00", Money(150_000)),
        (MoneyField(zero=True), "0.00", Money(0)),
        (RateField(), "0.0275", Decimal("0.0275")),
        (RateField(), "1", Decimal(1)),
        (MonthField(), "2026-11", Month(2026, 11)),
        (DateField(), "2026-11-22", date(2026, 11, 22)),
        (InstantField(), "2026-11-22T14:59:59Z", datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)),
        (InstantField(), "2026-11-22T14:59:59.999999Z", datetime(2026, 11, 22, 14, 59, 59, 999_999, tzinfo=UTC)),
        (IdField(), "018f3c1e-0000-7000-8000-000000000001", UUID("018f3c1e-0000-7000-8000-000000000001")),
        (ChoiceField(CompanyForm), "AB", CompanyForm.AB),
        (TextField(longest=10), "Åsa", "Åsa"),
        (WholeNumberField(), 12, 12),
        (BooleanField(), True, True),
    ],
)
def test_a_value_is_read_and_written_in_one_form(field: fields.Field[Any], wire: object, value: object) -> None:
    assert field.deserialize(wire) == value
    assert written(field, value) == wire
    assert written(field, None) is None


def test_an_instant_is_kept_in_utc_whatever_zone_it_came_in() -> None:
    instant = InstantField().deserialize("2026-11-22T15:59:59+01:00")
    assert (instant, instant.utcoffset()) == (datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC), timedelta(0))
    stockholm = datetime(2026, 11, 22, 16, tzinfo=timezone(timedelta(hours=1)))
    assert written(InstantField(), stockholm) == "2026-11-22T15:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-11-22", "2026-11-22T14:59:59", "2026-11-22 14:59:59Z", "20261122T145959Z", "2026-11-22T24:00:01Z"),
        *("2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-11-22T14:59Z", "２０２６-11-22T14:59:59Z"),
    ],
)
def test_an_instant_without_zone_or_sense_is_refused(text: str) -> None:
    assert message(InstantField(), text).startswith("Write the instant with its zone")


@pytest.mark.parametrize("text", ["", "2026-02-30", "20261122", "2026-W47-7", "22.11.2026", "2026-11-22T00:00:00Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert message(DateField(), text) == "Write the date as YYYY-MM-DD"


@pytest.mark.parametrize(
    ("field", "value", "english"),
    [
        (MoneyField(), 1500, "Write the amount as a string"),
        (MoneyField(), 0.1, "Write the amount as a string"),
        (MoneyField(), ["1500.00"], "Write the amount as a string"),
        (MoneyField(), "+1500", "Write the amount in kronor"),
        (MoneyField(), "1500.", "Write the amount in kronor"),
        (MoneyField(), ".5", "Write the amount in kronor"),
        (MoneyField(), "1_500", "Write the amount in kronor"),
        (MoneyField(), "1500.00\n", "Write the amount in kronor"),
        (MoneyField(), "-0.001", "An amount has at most two decimals"),
        (MoneyField(zero=True), "-0.01", "The amount may not be negative"),
        (RateField(), 0.0275, "Write the rate as a string"),
        (RateField(), "2.75%", "Write the rate as a decimal fraction"),
        (RateField(), "0.0000001", "Write the rate as a decimal fraction"),
        (RateField(), "0", "The rate must be above 0"),
        (RateField(), "-0.1", "The rate must be above 0"),
        (RateField(), "1.000001", "The rate must be above 0"),
        (MonthField(), "2026-13", "Write the month as YYYY-MM"),
        (IdField(), "7", "This is not a valid id"),
        (TextField(longest=5), 5, "A string is needed here"),
        (TextField(longest=5), "\u202eabc", "The text contains control characters"),
        (TextField(longest=5), "a\nb", "The text contains control characters"),
        (TextField(longest=9, lines=True), "a\u2028b", "The text contains control characters"),
        (EmailField(), "a@b", "Enter a valid e-mail address"),
        (EmailField(), "a b@example.se", "Enter a valid e-mail address"),
        (PhoneField(), "12345", "Enter a phone number"),
        (PhoneField(), "+460", "Enter a phone number"),
        (WholeNumberField(), None, "This may not be null"),
        (ListField(TextField(longest=5), most=2), ["a", "b", "c"], "The list may have at most 2 items"),
    ],
)
def test_a_bad_value_is_refused_with_what_would_do(field: fields.Field[Any], value: object, english: str) -> None:
    assert message(field, value).startswith(english)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("  Åsa  ", "Åsa"), ("A\u030asa", "Åsa"), ("\tÅsa\n", "Åsa"), ("Å\u00a0sa", "Å\u00a0sa"), ("👩🏽‍🌾", "👩🏽‍🌾")],
)
def test_text_is_trimmed_and_composed(raw: str, kept: str) -> None:
    assert TextField(longest=10).deserialize(raw) == kept


@pytest.mark.parametrize(
    "text",
    [
        *("070-123 45 67", "070 123 45 67", "+46 (70) 123.45.67", "0046701234567", "+46701234567"),
        *("+46 (0)70-123 45 67", "0046 (0)70 123 45 67", "+460701234567"),
    ],
)
def test_a_phone_number_is_kept_in_international_form(text: str) -> None:
    assert PhoneField().deserialize(text) == "+46701234567"


@pytest.mark.parametrize(("raw", "kept"), [("56.100", "56100"), ("56", "56"), (" 6201 ", "6201"), ("62010", "62010")])
def test_a_code_of_an_industry_is_kept_in_digits(raw: str, kept: str) -> None:
    """K1."""
    assert IndustryField().deserialize(raw) == kept


def test_a_share_may_be_nothing_where_a_rate_may_not() -> None:
    """K1: who controls without votes, or stands in, has a share of 0."""
    assert RateField(zero=True).deserialize("0") == 0
    with pytest.raises(ValidationError, match="above 0"):
        RateField().deserialize("0")


def test_a_rate_is_written_without_exponent_or_zeros_at_its_end() -> None:
    assert written(RateField(), Decimal("0.027500")) == "0.0275"
    assert written(RateField(), Decimal("1.000000")) == "1"
    assert written(UnroundedField(), Decimal("3270.0000000")) == "3270"
    assert written(UnroundedField(), Decimal("1E+3")) == "1000"
    assert written(UnroundedField(), None) is None


def test_a_persons_number_is_masked_for_those_who_need_not_know_it() -> None:
    """D7: the applicant never sees a guarantor's facts, nor the reverse."""
    assert written(PersonalNumberField(masked=True), PERSON) == "19850709-****"
    assert written(PersonalNumberField(), PERSON) == "19850709-9805"
    assert written(CompanyNumberField(masked=True), PERSON) == "19850709-****"
    assert written(CompanyNumberField(masked=True), OrganisationNumber("5599990008")) == "559999-0008"


def test_a_sentence_is_written_in_both_languages() -> None:
    assert written(BilingualField(), Text("Hej", "Hello")) == {"sv": "Hej", "en": "Hello"}
    assert written(BilingualField(), None) is None


def test_a_refused_word_is_not_offered_as_a_choice() -> None:
    field = ChoiceField(SigningPurpose, refused={"application": (Text("Nej", "No"), None)})
    assert message(field, "application") == "No"
    assert "application" not in message(field, "signature")


@pytest.mark.parametrize(
    "make", [MoneyField, RateField, MonthField, DateField, InstantField, IdField, EmailField, PhoneField]
)
@given(text=st.text(max_size=30) | st.text("0123456789.,-+:TZ@ ", max_size=30))
def test_no_text_makes_a_member_fall_over(make: Callable[[], fields.Field[Any]], text: str) -> None:
    field = make()
    try:
        value = field.deserialize(text)
    except ValidationError:
        return
    assert field.deserialize(written(field, value)) == value
