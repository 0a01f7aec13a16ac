"""Organisation, personal, bankgiro and OCR numbers. The people are test numbers that were never issued to anyone."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.kernel.identifiers import (
    Bankgiro,
    IdentifierInvalid,
    OrganisationNumber,
    PersonalNumber,
    is_ocr_number,
    ocr_number,
    parse_bankgiro,
    parse_company_number,
    parse_organisation_number,
    parse_personal_number,
)
from underwriting.kernel.vocabulary import CompanyForm

TODAY = date(2026, 11, 22)
ADULT = "198507099805"
COORDINATION = "191401682396"


@pytest.mark.parametrize(
    "text",
    [
        *("555555-5555", "556677-8899", "556000-4615", "559999-0008", "559999-0016", "559900-0014", "556999-1234"),
        *("969999-0009", "969999-0017", "916999-1230", "969700-0017"),
    ],
)
def test_an_organisation_number_is_read_in_every_spelling(text: str) -> None:
    number = parse_organisation_number(text)
    digits = text.replace("-", "")
    assert (number.digits, number.formatted, str(number)) == (digits, text, text)
    for spelling in (
        digits,
        f"16{digits}",
        f"16{text}",
        f"  {text} ",
        f"{digits[:6]} {digits[6:]}",
        f"{digits[:6]}\u00a0{digits[6:]}",
    ):
        assert parse_organisation_number(spelling) == number


def test_an_organisation_number_tells_group_and_vat_number() -> None:
    number = OrganisationNumber("5599990008")
    assert (number.group, number.vat_number) == (5, "SE559999000801")


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("556000-4616", "The check digit is wrong"),
        ("969696-9696", "The check digit is wrong"),
        ("916452-8749", "The check digit is wrong"),
        ("656000-4614", "The check digit is wrong"),
        ("0520000004", "There is no group with that first digit"),
        ("4520000000", "There is no group with that first digit"),
        ("", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("5560004615\n0", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("556000+4615", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("5560-004615", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("556000-46155", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("195560004615", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("５５６０００４６１５", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("198507099805", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("850709-9805", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
        ("SE556000461501", "An organisation number is written with 10 digits, such as NNNNNN-NNNN"),
    ],
)
def test_a_bad_organisation_number_is_refused_with_its_fault(text: str, english: str) -> None:
    with pytest.raises(IdentifierInvalid) as refused:
        parse_organisation_number(text)
    assert refused.value.detail.en == english
    assert refused.value.detail.sv


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("850709-9805", "198507099805"),
        ("8507099805", "198507099805"),
        ("19850709-9805", "198507099805"),
        ("19 850709 9805", "198507099805"),
        ("121212+1212", "191212121212"),
        ("19121212-1212", "191212121212"),
        ("19121212+1212", "191212121212"),
        ("121212-1212", "201212121212"),
        ("900101+9802", "189001019802"),
        ("189001019802", "189001019802"),
        ("192412319218", "192412319218"),
        ("701063-2391", "197010632391"),
        ("191401682396", "191401682396"),
        ("202312912393", "202312912393"),
        *((number, number) for number in ("190905271474", "200002292399", "195704289999", "194608239986")),
        *((number, number) for number in ("190901219931", "200004059937", "197302889931", "202107919967")),
    ],
)
def test_a_personal_number_is_read_with_its_century(text: str, digits: str) -> None:
    assert parse_personal_number(text, on=TODAY).digits == digits


def test_the_century_follows_the_day_given_and_not_the_machines_clock() -> None:
    assert parse_personal_number("241231-9218", on=date(2023, 6, 1)).digits == "192412319218"
    assert parse_personal_number("241231-9218", on=date(2025, 1, 1)).digits == "202412319218"
    assert parse_personal_number("241231+9218", on=date(2024, 1, 1)).digits == "192412319218"


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("201701672396", "The check digit is wrong"),
        *((number, "The check digit is wrong") for number in ("197004289895", "196004309886")),
        *((number, "The check digit is wrong") for number in ("194205669899", "197210869924")),
        ("261231-2393", "The date of birth lies in the future"),
        ("202612312393", "The date of birth lies in the future"),
        ("201509160006", "The number holds no valid date of birth and birth number"),
        ("198502309803", "The number holds no valid date of birth and birth number"),
        ("198513099807", "The number holds no valid date of birth and birth number"),
        ("198507099805\n", None),
        ("19850709980", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("218507099805", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("165560004615", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("１９８５０７０９９８０５", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("19850709--9805", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("198507T9805", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
        ("", "A personal or coordination number is written with 12 digits, YYYYMMDD-NNNN"),
    ],
)
def test_a_bad_personal_number_is_refused_with_its_fault(text: str, english: str | None) -> None:
    if english is None:
        assert parse_personal_number(text, on=TODAY).digits == ADULT
        return
    with pytest.raises(IdentifierInvalid) as refused:
        parse_personal_number(text, on=TODAY)
    assert refused.value.detail.en == english


def test_who_is_born_on_the_day_itself_is_born() -> None:
    newborn = PersonalNumber("202312912393")
    assert newborn.born_on == date(2023, 12, 31)
    assert parse_personal_number("202312912393", on=date(2023, 12, 31)) == newborn
    with pytest.raises(IdentifierInvalid):
        parse_personal_number("202312912393", on=date(2023, 12, 30))


def test_a_coordination_number_hides_its_day_of_birth_sixty_days_on() -> None:
    number = parse_personal_number("701063-2391", on=TODAY)
    assert (number.is_coordination, number.born_on) == (True, date(1970, 10, 3))
    assert not PersonalNumber(ADULT).is_coordination


@pytest.mark.parametrize(
    ("digits", "on", "age"),
    [
        (ADULT, date(2026, 7, 8), 40),
        (ADULT, date(2026, 7, 9), 41),
        ("201212121212", TODAY, 13),
        ("201212121212", date(2030, 12, 11), 17),
        ("201212121212", date(2030, 12, 12), 18),
        ("200002292399", date(2018, 2, 28), 17),  # born on 29 February
        ("200002292399", date(2018, 3, 1), 18),
    ],
)
def test_age_is_in_whole_years_on_a_day(digits: str, on: date, age: int) -> None:
    assert PersonalNumber(digits).age(on) == age


def test_no_digit_of_a_personal_number_reaches_a_log_line() -> None:
    number = PersonalNumber(ADULT)
    for text in (str(number), repr(number), f"{number}", "%s" % number, repr([number]), repr({"number": number})):  # noqa: UP031
        assert not any(part in text for part in ("1985", "0709", "9805"))
    assert (number.masked, number.formatted) == ("19850709-****", "19850709-9805")


@pytest.mark.parametrize("text", ["198507099806", "850709-9806", "198513099807", "5560004616", "202612312393"])
def test_no_refusal_repeats_the_number(text: str) -> None:
    with pytest.raises(IdentifierInvalid) as refused:
        parse_personal_number(text, on=TODAY)
    assert not any(character.isdigit() for character in str(refused.value).replace("12 digits", ""))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (CompanyForm.AB, "559999-0008"),
        (CompanyForm.HB, "969999-0009"),
        (CompanyForm.KB, "969999-0009"),
    ],
)
def test_a_company_is_named_by_a_number_of_its_forms_group(form: CompanyForm, text: str) -> None:
    """A1: group 5 for AB, 9 for HB and KB."""
    assert parse_company_number(text, form=form, on=TODAY) == parse_organisation_number(text)


@pytest.mark.parametrize("text", [ADULT, "850709-9805", "197010632391"])
def test_a_sole_trader_is_named_by_the_owners_number(text: str) -> None:
    """A1: an EF has its owner's personal or coordination number."""
    assert parse_company_number(text, form=CompanyForm.EF, on=TODAY) == parse_personal_number(text, on=TODAY)


@pytest.mark.parametrize(
    ("form", "text", "swedish", "english"),
    [
        (CompanyForm.AB, "969999-0009", "handelsbolag eller kommanditbolag", "general or limited partnership"),
        (CompanyForm.HB, "559999-0008", "aktiebolag", "limited company"),
        (CompanyForm.KB, "559999-0008", "aktiebolag", "limited company"),
        (CompanyForm.EF, "559999-0008", "aktiebolag", "limited company"),
        (CompanyForm.AB, ADULT, "fysisk person (personnummer)", "natural person (personal number)"),
        (CompanyForm.HB, "850709-9805", "fysisk person (personnummer)", "natural person (personal number)"),
        (CompanyForm.AB, "122000-0002", "dödsbo", "estate of a deceased person"),
        (CompanyForm.AB, "222000-0000", "stat, region eller kommun", "state, region or municipality"),
        (CompanyForm.AB, "322000-0008", "utländskt företag", "foreign company"),
        (CompanyForm.HB, "622000-0001", "enkelt bolag", "simple partnership"),
        (
            CompanyForm.AB,
            "722000-0009",
            "ekonomisk förening eller bostadsrättsförening",
            "economic or housing association",
        ),
        (CompanyForm.EF, "822000-0007", "ideell förening eller stiftelse", "non-profit association or foundation"),
    ],
)
def test_a_number_of_another_group_is_refused_by_the_groups_name(
    form: CompanyForm, text: str, swedish: str, english: str
) -> None:
    """A1: any other number group is refused with a message that names the group."""
    with pytest.raises(IdentifierInvalid) as refused:
        parse_company_number(text, form=form, on=TODAY)
    assert refused.value.rule == "A1"
    assert refused.value.detail.sv.startswith(f"Numret hör till gruppen {swedish};")
    assert refused.value.detail.en.startswith(f"The number belongs to the group {english};")


@pytest.mark.parametrize(("form", "noun"), [(CompanyForm.AB, "An organisation"), (CompanyForm.EF, "A personal")])
def test_what_is_no_number_is_told_which_one_is_needed(form: CompanyForm, noun: str) -> None:
    """A1: an EF is named by its owner's number, the others by the company's."""
    with pytest.raises(IdentifierInvalid) as refused:
        parse_company_number("12-34", form=form, on=TODAY)
    assert refused.value.detail.en.startswith(noun)


@pytest.mark.parametrize("form", CompanyForm)
def test_a_wrong_check_digit_is_told_before_the_group(form: CompanyForm) -> None:
    """A1: a number that is none has no group."""
    for text in ("559999-0009", "198507099806"):
        with pytest.raises(IdentifierInvalid) as refused:
            parse_company_number(text, form=form, on=TODAY)
        assert refused.value.detail.en == "The check digit is wrong"


@pytest.mark.parametrize(
    "text",
    [
        *("991-2346", "5402-9681", "902-0033", "1111-1119", "5050-1055", "5051-7291", "123-4566", "5555-5551"),
        *("378-3511", "5999-0002"),
    ],
)
def test_a_bankgiro_number_is_read_in_every_spelling(text: str) -> None:
    digits = text.replace("-", "")
    for spelling in (text, digits, f" {text} ", text.replace("-", " ")):
        assert parse_bankgiro(spelling) == Bankgiro(digits)
    assert str(Bankgiro(digits)) == Bankgiro(digits).formatted == text


@pytest.mark.parametrize(
    "text",
    [
        "123-4567",
        "970-1233",
        "555-5551",
        "",
        "12-3456",
        "12345-6789",
        "0000-0000",
        "5999 - 000x",
        "59-990002",
        "５９９９０００２",
    ],
)
def test_a_bad_bankgiro_number_is_refused(text: str) -> None:
    with pytest.raises(IdentifierInvalid):
        parse_bankgiro(text)


@pytest.mark.parametrize(
    ("number", "check_digit_only", "with_length"),
    [
        (1, "18", "133"),
        (123, "1230", "12351"),
        ("123456789", "1234567897", "12345678911"),
        ("202611000123", "2026110001230", "20261100012347"),
    ],
)
def test_an_ocr_number_ends_with_its_length_and_check_digit(
    number: int | str, check_digit_only: str, with_length: str
) -> None:
    assert ocr_number(number, length_digit=False) == check_digit_only
    assert ocr_number(number) == with_length


@pytest.mark.parametrize("number", ["", "1" * 24, "12a", "-1", "１", " 1"])
def test_what_cannot_be_an_ocr_number_is_a_value_error(number: str) -> None:
    with pytest.raises(ValueError, match="OCR"):
        ocr_number(number)


@pytest.mark.parametrize("text", ["", "0", "1231", "12352", "12361", "1" * 26, "FAKTURA 77", "12351 ", "１２３５１"])
def test_what_is_no_ocr_number_is_told_apart(text: str) -> None:
    assert not is_ocr_number(text)


@given(st.integers(0, 10**23 - 1), st.booleans())
def test_an_ocr_number_is_recognised_as_one(number: int, length_digit: bool) -> None:
    reference = ocr_number(number, length_digit=length_digit)
    assert reference.startswith(str(number))
    assert is_ocr_number(reference, length_digit=length_digit)


@given(st.integers(0, 10**23 - 1), st.data())
def test_one_wrong_digit_is_always_found(number: int, data: st.DataObject) -> None:
    reference = ocr_number(number)
    position = data.draw(st.integers(0, len(reference) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[position]]))
    assert not is_ocr_number(reference[:position] + wrong + reference[position + 1 :])


@given(st.sampled_from(["5599990008", "9699990009", "5560004615"]), st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found_in_an_organisation_number(digits: str, position: int, wrong: str) -> None:
    changed = digits[:position] + wrong + digits[position + 1 :]
    if changed != digits:
        with pytest.raises(IdentifierInvalid):
            OrganisationNumber(changed)


@given(st.sampled_from([ADULT, "192412319218", COORDINATION]), st.integers(2, 11), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found_in_a_personal_number(digits: str, position: int, wrong: str) -> None:
    changed = digits[:position] + wrong + digits[position + 1 :]
    if changed != digits:
        with pytest.raises(IdentifierInvalid):
            PersonalNumber(changed)


@given(st.text(max_size=16) | st.text("0123456789-+ ", max_size=16))
def test_no_text_makes_a_parser_fall_over(text: str) -> None:
    for parse in (parse_organisation_number, parse_bankgiro):
        with suppress(IdentifierInvalid):
            parse(text)
    for form in CompanyForm:
        with suppress(IdentifierInvalid):
            parse_company_number(text, form=form, on=TODAY)
