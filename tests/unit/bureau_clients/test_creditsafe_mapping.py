"""From Creditsafe's columns and codes to facts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.creditsafe.codes import register_code
from bureau_clients.creditsafe.configuration import ColumnMapping
from bureau_clients.creditsafe.mapping import company_report, person_report
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import (
    CompanyReport,
    CompanyStatus,
    Coverage,
    PersonReport,
    Rating,
    RatingGrade,
    SigningRight,
    fact_types,
)
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BLOCK = "BORGEN_C_CREDIT"
UNKNOWN = Unknown("creditsafe", AT, BLOCK)
ABSENT = Absent("creditsafe", AT, BLOCK)
MAPPING = ColumnMapping.configured({})


def known(value: Any) -> Known[Any]:
    return Known(value, "creditsafe", AT, BLOCK)


def person(*rows: dict[str, str], code: str | None = None, mapping: ColumnMapping | None = None) -> PersonReport:
    register = None if code is None else register_code(code)
    return person_report(rows, number="197701072394", code=register, mapping=mapping or MAPPING, part=BLOCK, at=AT)


def company(
    *rows: dict[str, str],
    code: str | None = None,
    form: CompanyForm = CompanyForm.AB,
    mapping: ColumnMapping | None = None,
) -> CompanyReport:
    register = None if code is None else register_code(code)
    return company_report(
        rows, number="5599990008", form=form, code=register, mapping=mapping or MAPPING, part=BLOCK, at=AT
    )


@pytest.mark.parametrize(
    ("column", "text", "fact", "expected"),
    [
        ("PROTECTED", "Ja", "protected", known(True)),
        ("PROTECTED", "Nej", "protected", known(False)),
        ("PROTECTED", "ja", "protected", known(True)),
        ("PROTECTED", "Yes", "protected", known(True)),
        ("PROTECTED", "", "protected", UNKNOWN),
        ("PROTECTED", "Kanske", "protected", UNKNOWN),
        ("EMIGRATED", "Ja", "emigrated", known(True)),
        ("HAS_TRUSTEE", "Ja", "trustee", known(True)),
        ("HAS_TRUSTEE", "", "trustee", known(False)),
        ("DEBT_PERSON", "Ja", "debt_restructuring", known(True)),
        ("DEBT_PERSON", "", "debt_restructuring", known(False)),
        ("DEBT_SUM", "", "kronofogden_debt", known(Money.ZERO)),
        ("DEBT_SUM", "0", "kronofogden_debt", known(Money.ZERO)),
        ("DEBT_SUM", "120000", "kronofogden_debt", known(Money.kronor(120_000))),
        ("DEBT_SUM", "120 000,50", "kronofogden_debt", known(Money(12_000_050))),
        ("DEBT_SUM", "-5", "kronofogden_debt", UNKNOWN),
        ("DEBT_SUM", "1e6", "kronofogden_debt", UNKNOWN),
        ("DEBT_SUM", "saknas", "kronofogden_debt", UNKNOWN),
        ("ROP_NUMBER1", "0", "payment_remark_count", known(0)),
        ("ROP_NUMBER1", "3", "payment_remark_count", known(3)),
        ("ROP_NUMBER1", "", "payment_remark_count", UNKNOWN),
        ("ROP_NUMBER1", "-1", "payment_remark_count", UNKNOWN),
        ("ROP_NUMBER1", "²", "payment_remark_count", UNKNOWN),
        ("INCOME", "420000", "income", known(Money.kronor(420_000))),
        ("INCOME", "-12000", "income", known(Money.kronor(-12_000))),
        ("INCOME", "", "income", ABSENT),
        ("INCOME", "okänd", "income", UNKNOWN),
        ("SCORING", "100", "scoring", known(100)),
        ("SCORING", "101", "scoring", UNKNOWN),
        ("SCORING", "", "scoring", ABSENT),
        ("COORDINATION_DORMANT", "Ja", "dormant_coordination_number", known(True)),
        ("TRADING_PROHIBITION", "Ja", "trading_prohibition", known(True)),
        ("ROP_SUM1", "5300", "payment_remark_sum", known(Money.kronor(5300))),
        ("ROP_SUM1", "", "payment_remark_sum", known(Money.ZERO)),
        ("ROP_LATEST1", "2025-11-14", "latest_payment_remark_on", known(date(2025, 11, 14))),
        ("ROP_LATEST1", "", "latest_payment_remark_on", ABSENT),
        ("ROP_LATEST1", "2025-11-14 igår", "latest_payment_remark_on", UNKNOWN),
    ],
)
def test_what_a_column_of_a_person_says(column: str, text: str, fact: str, expected: Fact[Any]) -> None:
    """D13: a value, none, or nothing that can be read."""
    assert getattr(person({column: text}), fact) == expected


@pytest.mark.parametrize(
    ("column", "text", "fact", "expected"),
    [
        ("COMPANY_STATUS", "Aktiv", "status", known(CompanyStatus.ACTIVE)),
        ("COMPANY_STATUS", "Konkurs inledd", "status", known(CompanyStatus.BANKRUPT)),
        ("COMPANY_STATUS", "Något nytt", "status", UNKNOWN),
        ("COMPANY_TYPE_TEXT", "Kommanditbolag", "form", known(CompanyForm.KB)),
        ("COMPANY_TYPE_TEXT", "Filial", "form", UNKNOWN),
        ("INCORPORATION_DATE", "2020-02-29", "registered_on", known(date(2020, 2, 29))),
        ("INCORPORATION_DATE", "2020-02-29T00:00:00", "registered_on", known(date(2020, 2, 29))),
        ("INCORPORATION_DATE", "20200229", "registered_on", known(date(2020, 2, 29))),
        ("INCORPORATION_DATE", "2020-02-29T13:45:00.000+01:00", "registered_on", known(date(2020, 2, 29))),
        ("INCORPORATION_DATE", "2020-W09-6", "registered_on", UNKNOWN),
        ("INCORPORATION_DATE", "2020-0229", "registered_on", UNKNOWN),
        ("INCORPORATION_DATE", "2020-02-290", "registered_on", UNKNOWN),
        ("INCORPORATION_DATE", "29/02/2020", "registered_on", UNKNOWN),
        ("INCORPORATION_DATE", "2021-02-29", "registered_on", UNKNOWN),
        ("RATING", "100", "rating", known(Rating("100", RatingGrade.A))),
        ("RATING", "71", "rating", known(Rating("71", RatingGrade.A))),
        ("RATING", "70", "rating", known(Rating("70", RatingGrade.B))),
        ("RATING", "51", "rating", known(Rating("51", RatingGrade.B))),
        ("RATING", "50", "rating", known(Rating("50", RatingGrade.C))),
        ("RATING", "30", "rating", known(Rating("30", RatingGrade.C))),
        ("RATING", "29", "rating", known(Rating("29", RatingGrade.D))),
        ("RATING", "21", "rating", known(Rating("21", RatingGrade.D))),
        ("RATING", "20", "rating", known(Rating("20", RatingGrade.E))),
        ("RATING", "0", "rating", known(Rating("0", RatingGrade.E))),
        ("RATING", "-28", "rating", ABSENT),
        ("RATING", "-95", "rating", ABSENT),
        ("RATING", "-96", "rating", ABSENT),
        ("RATING", "-97", "rating", ABSENT),
        ("RATING", "-1", "rating", UNKNOWN),
        ("RATING", "101", "rating", UNKNOWN),
        ("RATING", "AAA", "rating", UNKNOWN),
        ("RATING", "", "rating", UNKNOWN),
        ("ACCOUNTS_DATE", "", "accounts_closed_on", ABSENT),
        ("ACCOUNTS_DATE", "2025-12-31", "accounts_closed_on", known(date(2025, 12, 31))),
        ("CREDIT_LIMIT", "", "credit_limit", ABSENT),
        ("CREDIT_LIMIT", "-1", "credit_limit", UNKNOWN),
        ("TURNOVER", "-1000", "annual_turnover", known(Money.kronor(-1000))),
        ("F_TAX", "Nej", "f_tax", known(False)),
        ("BANKRUPTCY", "Ja", "bankruptcy", known(True)),
        ("EMPLOYEES", "12", "employees", known(12)),
        ("ROP_SUM1", "", "payment_remark_sum", known(Money.ZERO)),
        ("ROP_LATEST1", "", "latest_payment_remark_on", ABSENT),
        ("PETITION_NUMBER", "2", "petition_count", known(2)),
        ("PETITION_NUMBER", "", "petition_count", UNKNOWN),
        ("PETITION_SUM", "18500", "petition_sum", known(Money.kronor(18_500))),
        ("PETITION_SUM", "", "petition_sum", known(Money.ZERO)),
        ("DEBT_SUM_PUBLIC", "300", "kronofogden_public_debt", known(Money.kronor(300))),
        ("DEBT_SUM_PRIVATE", "", "kronofogden_private_debt", known(Money.ZERO)),
        ("DISTRAINT", "Ja", "distraint", known(True)),
        ("DISTRAINT", "", "distraint", UNKNOWN),
        ("NAME", "A" * 1001, "name", UNKNOWN),
        ("COMPANY_STATUS", "Active", "status", known(CompanyStatus.ACTIVE)),
        ("COMPANY_TYPE_TEXT", "Limited partnership", "form", known(CompanyForm.KB)),
        (
            "SIGNING_TEXT",
            "Firman tecknas av styrelsen",
            "signing_right",
            known(SigningRight(text="Firman tecknas av styrelsen", alternatives=(), coverage=Coverage.NONE)),
        ),
        ("SIGNING_TEXT", "", "signing_right", UNKNOWN),
    ],
)
def test_what_a_column_of_a_company_says(column: str, text: str, fact: str, expected: Fact[Any]) -> None:
    """D13: a value, none, or nothing that can be read."""
    assert getattr(company({column: text}), fact) == expected


def test_a_bankruptcy_petition_is_the_worst_grade_and_not_a_missing_one() -> None:
    """B7: without a grade, a company against which a petition is filed would weigh better than one rated low."""
    assert company({"RATING": "-29"}).rating == known(Rating("-29", RatingGrade.E))


def test_a_column_that_is_missing_is_unknown_and_not_zero() -> None:
    """D13: an answer without the column says nothing of remarks and debt."""
    report = person({"PNR": "7701072394"})
    assert (report.payment_remark_count, report.kronofogden_debt, report.income) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_rows_that_disagree_leave_the_fact_unknown_and_the_others_as_they_are() -> None:
    """D13: no row is believed more than another."""
    report = person({"DEBT_SUM": "", "INCOME": "420000"}, {"DEBT_SUM": "98765", "INCOME": "420000"})
    assert report.kronofogden_debt == UNKNOWN
    assert report.income == known(Money.kronor(420_000))


def test_a_name_in_two_columns_is_one_name() -> None:
    assert person({"FIRST_NAME": "Astrid", "LAST_NAME": "Almgren"}).name == known("Astrid Almgren")
    assert person({"FIRST_NAME": "Astrid"}).name == UNKNOWN


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        ("S2", "protected"),
        ("S3", "blocked"),
        ("S4", "deceased"),
        ("S5", "number_retired"),
        ("S6", "emigrated"),
        ("S7", "number_retired"),
    ],
)
def test_a_register_code_without_data_settles_its_own_fact_alone(code: str, fact: str) -> None:
    """B7: protected, blocked, deceased, deregistered, emigrated are facts; what was not told stays unknown."""
    report = person(code=code)
    assert {name for name in fact_types(PersonReport) if getattr(report, name) != UNKNOWN} == {fact}
    assert getattr(report, fact) == known(True)


def test_protected_identity_with_data_keeps_the_data() -> None:
    """B7: S2 may come with data; a second code has no room beside it, so what only codes tell is unknown."""
    report = person({"PROTECTED": "Nej", "INCOME": "420000"}, code="S2")
    assert report.protected == known(True)
    assert report.income == known(Money.kronor(420_000))
    assert report.deceased == UNKNOWN


def test_a_report_without_a_code_says_that_the_person_lives() -> None:
    """B7: death, blocking and a retired number are told by a code alone."""
    report = person({"INCOME": "420000"})
    assert (report.deceased, report.blocked, report.number_retired) == (known(False),) * 3


@pytest.mark.parametrize(
    ("code", "status", "bankruptcy"),
    [
        ("S200", known(CompanyStatus.INACTIVE), UNKNOWN),
        ("S231", known(CompanyStatus.DEREGISTERED), UNKNOWN),
        ("S241", known(CompanyStatus.DEREGISTERED), UNKNOWN),
        ("S291", known(CompanyStatus.DEREGISTERED), known(True)),
        ("S391", UNKNOWN, UNKNOWN),
    ],
)
def test_a_companys_register_code_settles_its_status(code: str, status: Fact[Any], bankruptcy: Fact[Any]) -> None:
    """B7: and a code that is not listed is not taken for an active company."""
    report = company(code=code)
    assert (report.status, report.bankruptcy) == (status, bankruptcy)


def test_a_sole_traders_report_holds_its_owners_facts() -> None:
    """B1: for an EF the owner's report is the company's."""
    row = {"COMPANY_STATUS": "Aktiv", "HAS_TRUSTEE": "Ja", "DEBT_SUM": "700", "INCOME": "310000"}
    report = company(row, form=CompanyForm.EF)
    assert report.owner is not None
    assert report.owner.trustee == known(True)
    assert report.owner.income == known(Money.kronor(310_000))
    assert report.kronofogden_debt == report.owner.kronofogden_debt == known(Money.kronor(700))


def test_a_limited_company_has_no_owner_in_its_report() -> None:
    """B1: only a sole trader and its owner are one."""
    assert company({"HAS_TRUSTEE": "Ja"}).owner is None


@pytest.mark.parametrize(
    ("row", "debt"),
    [
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "1200,50"}, known(Money(150_050))),
        ({"DEBT_SUM_PUBLIC": "", "DEBT_SUM_PRIVATE": ""}, known(Money.ZERO)),
        ({"DEBT_SUM_PUBLIC": "300"}, UNKNOWN),
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "okänd"}, UNKNOWN),
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "200", "DEBT_SUM": "700"}, known(Money.kronor(700))),
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "200", "DEBT_SUM": "okänd"}, UNKNOWN),
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "200", "DEBT_SUM": "499"}, UNKNOWN),
        ({"DEBT_SUM_PUBLIC": "300", "DEBT_SUM_PRIVATE": "200", "DEBT_SUM": ""}, UNKNOWN),
    ],
)
def test_the_debt_is_the_bureaus_own_sum_or_that_of_both_parts(row: dict[str, str], debt: Fact[Any]) -> None:
    """D13: half a debt is no debt; a sum that cannot be read, or is less than its parts, is not made up."""
    assert company(row).kronofogden_debt == debt


@pytest.mark.parametrize("code", ["S1", "S333"])
def test_beside_a_code_that_is_not_listed_no_good_news_is_believed(code: str) -> None:
    """B7: nobody knows what it says, so an active company may be none, and a person may be dead; bad news stays."""
    good = {"COMPANY_STATUS": "Aktiv", "BANKRUPTCY": "Nej", "VAT": "Ja"}
    bad = {"COMPANY_STATUS": "Konkurs inledd", "BANKRUPTCY": "Ja"}
    assert (company(good, code=code).status, company(good, code=code).bankruptcy) == (UNKNOWN, UNKNOWN)
    assert company(good, code=code).vat == known(True)
    assert company(bad, code=code).status == known(CompanyStatus.BANKRUPT)
    assert company(bad, code=code).bankruptcy == known(True)
    report = person({"PROTECTED": "Nej", "EMIGRATED": "Ja", "INCOME": "1"}, code=code)
    assert (report.protected, report.emigrated, report.deceased) == (UNKNOWN, known(True), UNKNOWN)


def test_a_code_about_the_owner_is_a_fact_of_the_owner() -> None:
    """B1, B7: the sole trader is dead, and the firm stands as it stood."""
    report = company({"COMPANY_STATUS": "Aktiv"}, code="S4", form=CompanyForm.EF)
    assert report.owner is not None
    assert report.owner.deceased == known(True)
    assert report.status == known(CompanyStatus.ACTIVE)


def test_a_code_of_the_company_takes_the_place_of_what_the_row_says() -> None:
    """B7: a bankruptcy that is concluded, whatever an older column has."""
    report = company({"COMPANY_STATUS": "Aktiv", "BANKRUPTCY": "Nej"}, code="S291")
    assert (report.status, report.bankruptcy) == (known(CompanyStatus.DEREGISTERED), known(True))
