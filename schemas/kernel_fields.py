"""Members that load as values of the kernel: amounts, rates, months and the numbers that name parties."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import fields

from schemas.checks import FULL_AGE
from schemas.fields import Written
from schemas.loading import loading
from schemas.problems import refusal
from underwriting.kernel.identifiers import (
    Bankgiro,
    IdentifierInvalid,
    OrganisationNumber,
    PersonalNumber,
    parse_bankgiro,
    parse_organisation_number,
    parse_personal_number,
)
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text

_NUMBER_AS_AMOUNT = Text(
    'Skriv beloppet som en text, till exempel "1500.00", inte som ett tal',
    'Write the amount as a string, such as "1500.00", not as a number',
)
_NUMBER_AS_RATE = Text(
    'Skriv andelen som en text, till exempel "0.0275", inte som ett tal',
    'Write the rate as a string, such as "0.0275", not as a number',
)
_NOT_AN_AMOUNT = Text(
    'Skriv beloppet i kronor, till exempel "1500.00"', 'Write the amount in kronor, such as "1500.00"'
)
_TOO_FINE = Text("Ett belopp har högst två decimaler", "An amount has at most two decimals")
_NEGATIVE = Text("Beloppet får inte vara negativt", "The amount may not be negative")
_ZERO = Text("Beloppet ska vara större än noll", "The amount must be greater than zero")
_TOO_LARGE = Text("Beloppet är för stort", "The amount is too large")
_NOT_A_RATE = Text(
    'Skriv andelen som ett decimaltal med högst sex decimaler, till exempel "0.0275"',
    'Write the rate as a decimal fraction with at most six decimals, such as "0.0275"',
)
_SHARE_OUT_OF_RANGE = Text("Andelen ska vara från 0 till 1", "The share must be from 0 to 1")
_RATE_OUT_OF_RANGE = Text("Andelen ska vara större än 0 och högst 1", "The rate must be above 0 and at most 1")
_COMPANY_AS_PERSON = Text(
    "Ange en fysisk person; det här är ett organisationsnummer",
    "Name a natural person; this is an organisation number",
)
_MINOR = Text("Personen ska ha fyllt 18 år", "The person must be 18 or older")
_NOT_A_MONTH = Text("Skriv månaden som ÅÅÅÅ-MM", "Write the month as YYYY-MM")
_KRONOR_DIGITS = 12
_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_RATE = re.compile(r"-?[0-9](\.[0-9]{1,6})?")


class MoneyField(Written[Money]):
    """An amount in kronor as a decimal string; never negative, and zero only where *zero* says so."""

    wrong_type = _NUMBER_AS_AMOUNT

    def __init__(self, *, zero: bool = False, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        form = {"pattern": r"^[0-9]{1,12}(\.[0-9]{1,2})?$", "examples": ["1500.00"]}
        super().__init__(described=form | dict(described or {}), **options)
        self.zero = zero

    def read(self, text: str) -> Money:
        """The amount that *text* states."""
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise refusal(_NOT_AN_AMOUNT)
        if len(match[3] or "") > 2:
            raise refusal(_TOO_FINE)
        if len(match[2]) > _KRONOR_DIGITS:
            raise refusal(_TOO_LARGE)
        amount = Money.kronor(text)
        if amount < Money.ZERO:
            raise refusal(_NEGATIVE)
        if not amount and not self.zero:
            raise refusal(_ZERO)
        return amount


class RateField(Written[Decimal]):
    """A decimal fraction as a string with at most six decimals, above 0, or from 0 where *zero* says so, to 1."""

    wrong_type = _NUMBER_AS_RATE

    def __init__(self, *, zero: bool = False, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        form = {"pattern": r"^[01](\.[0-9]{1,6})?$", "examples": ["0.0275"]}
        super().__init__(described=form | dict(described or {}), **options)
        self.zero = zero

    def read(self, text: str) -> Decimal:
        """The fraction that *text* states."""
        if not _RATE.fullmatch(text):
            raise refusal(_NOT_A_RATE)
        rate = Decimal(text)
        if not 0 <= rate <= 1 or (rate == 0 and not self.zero):
            raise refusal(_SHARE_OUT_OF_RANGE if self.zero else _RATE_OUT_OF_RANGE)
        return rate

    def write(self, value: Decimal) -> str:
        """Without exponent and without zeros at the end."""
        return f"{value.normalize():f}"


class UnroundedField(fields.Field[Decimal]):
    """A decimal number with all its decimals; written only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string"}, dump_only=True, **options)

    def _serialize(self, value: Decimal | None, *_: Any, **__: Any) -> Any:
        return None if value is None else f"{value.normalize():f}"


class PersonalNumberField(Written[PersonalNumber]):
    """A personal or coordination number, as read on the day of loading.

    *adult* refuses a person under 18, *rule* is then the rule that refuses. *masked* writes the date of birth alone.
    """

    def __init__(self, *, adult: bool = False, masked: bool = False, rule: str | None = None, **options: Any) -> None:
        super().__init__(described={"examples": ["19890101-9802"]}, **options)
        self.adult = adult
        self.masked = masked
        self.rule = rule

    def read(self, text: str) -> PersonalNumber:
        """The number that *text* states."""
        try:
            number = parse_personal_number(text, on=loading().on)
        except IdentifierInvalid as error:
            if _is_organisation_number(text):
                raise refusal(_COMPANY_AS_PERSON, self.rule) from None
            raise refusal(error.detail, error.rule) from None
        if self.adult and number.age(loading().on) < FULL_AGE:
            raise refusal(_MINOR, self.rule)
        return number

    def write(self, value: PersonalNumber) -> str:
        """The whole number, or the date of birth alone."""
        return value.masked if self.masked else value.formatted


class CompanyNumberField(Written[Any]):
    """A company's number, which is read together with the company's form; a sole trader's is a personal number.

    Loading gives the text: `schemas.checks.company_number` settles it. *masked* hides a sole trader's birth number.
    """

    def __init__(self, *, masked: bool = False, **options: Any) -> None:
        super().__init__(described={"examples": ["559999-0008"], "maxLength": 20}, **options)
        self.masked = masked

    def read(self, text: str) -> str:
        """*text* itself."""
        return text

    def write(self, value: OrganisationNumber | PersonalNumber) -> str:
        """As people write it."""
        return value.masked if self.masked and isinstance(value, PersonalNumber) else value.formatted


class PartyNumberField(Written[str]):
    """A natural or a legal person's number; loading gives its digits, twelve of a person and ten of another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"examples": ["19890101-9802"], "maxLength": 20}, **options)

    def read(self, text: str) -> str:
        """The digits of the number that *text* states."""
        if _is_organisation_number(text):
            return parse_organisation_number(text).digits
        try:
            return parse_personal_number(text, on=loading().on).digits
        except IdentifierInvalid as error:
            raise refusal(error.detail, error.rule) from None

    def write(self, value: str) -> str:
        """*value* itself."""
        return value


class BankgiroField(Written[Bankgiro]):
    """A bankgiro number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"examples": ["5999-0002"]}, **options)

    def read(self, text: str) -> Bankgiro:
        """The number that *text* states."""
        try:
            return parse_bankgiro(text)
        except IdentifierInvalid as error:
            raise refusal(error.detail) from None


class MonthField(Written[Month]):
    """A month, `2026-11`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"examples": ["2026-11"]}, **options)

    def read(self, text: str) -> Month:
        """The month that *text* states."""
        try:
            return Month.parse(text)
        except ValueError:
            raise refusal(_NOT_A_MONTH) from None


def _is_organisation_number(text: str) -> bool:
    try:
        parse_organisation_number(text)
    except IdentifierInvalid:
        return False
    return True
