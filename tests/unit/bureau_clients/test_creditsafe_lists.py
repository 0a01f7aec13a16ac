"""Accounts, board and assignments from numbered columns."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.creditsafe.configuration import ColumnMapping
from bureau_clients.creditsafe.mapping import company_report, person_report
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import AnnualAccounts, Assignment, BoardMember, CompanyReport
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ORIGIN = "creditsafe", AT, "BLOCK"
UNKNOWN, ABSENT = Unknown(*ORIGIN), Absent(*ORIGIN)
MAPPING = ColumnMapping.configured({})
REST = ColumnMapping.configured({}, transport="rest")

NEWER = {"ACC1_DATE": "2025-12-31", "ACC1_MONTHS": "12", "ACC1_TURNOVER": "4200", "ACC1_EMPLOYEES": "7"}
OLDER = {"ACC2_DATE": "2024-12-31", "ACC2_MONTHS": "18", "ACC2_TURNOVER": "-12", "ACC2_EQUITY": "-30"}
NEWER_ACCOUNTS = AnnualAccounts(closed_on=date(2025, 12, 31), months=12, turnover=Money.kronor(4_200_000), employees=7)
OLDER_ACCOUNTS = AnnualAccounts(
    closed_on=date(2024, 12, 31), months=18, turnover=Money.kronor(-12_000), equity=Money.kronor(-30_000)
)


def company(*rows: dict[str, str], mapping: ColumnMapping = MAPPING) -> CompanyReport:
    return company_report(
        rows, number="5599990008", form=CompanyForm.AB, code=None, mapping=mapping, part="BLOCK", at=AT
    )


def assignments(row: dict[str, str]) -> Any:
    report = person_report([row], number="197701072394", code=None, mapping=MAPPING, part="BLOCK", at=AT)
    return report.assignments


def known(value: Any) -> Known[Any]:
    return Known(value, *ORIGIN)


def test_accounts_are_read_year_by_year_the_newest_first() -> None:
    """D13: amounts stand in thousands of kronor; what a year does not tell is None."""
    in_order = company({**NEWER, **OLDER}).accounts
    older_first = {name.replace("ACC1", "ACC3"): text for name, text in NEWER.items()}
    years_apart = company({"ACC1_DATE": "", "ACC1_MONTHS": "", **OLDER, **older_first}).accounts
    assert in_order == years_apart == known((NEWER_ACCOUNTS, OLDER_ACCOUNTS))


def test_no_more_than_five_years_are_kept() -> None:
    """D13: accounts of up to five years."""
    row = {f"accounts.{place}.closingDate": f"{2018 + place}-12-31" for place in range(7)}
    accounts = company(row, mapping=REST).accounts
    assert isinstance(accounts, Known)
    assert [each.closed_on.year for each in accounts.value] == [2024, 2023, 2022, 2021, 2020]


@pytest.mark.parametrize(
    ("row", "accounts"),
    [
        ({}, UNKNOWN),
        ({"ACC1_DATE": ""}, ABSENT),
        ({"ACC1_DATE": "", "ACC2_DATE": "", "ACC1_TURNOVER": ""}, ABSENT),
        ({"ACC1_TURNOVER": ""}, UNKNOWN),
        ({"ACC1_DATE": "igår"}, UNKNOWN),
        ({"ACC1_DATE": "2025-12-31", "ACC2_DATE": "igår"}, UNKNOWN),
        ({"ACC1_DATE": "", "ACC1_TURNOVER": "4200"}, UNKNOWN),
        ({"ACC1_TURNOVER": "4200"}, UNKNOWN),
        ({"ACC2_DATE": "2024-12-31"}, UNKNOWN),
        ({"ACC1_DATE": "2025-12-31", "ACC3_DATE": "2023-12-31"}, UNKNOWN),
        ({f"ACC{place}_DATE": f"{2026 - place}-12-31" for place in range(1, 7)}, UNKNOWN),
        ({**NEWER, "ACC2_DATE": "2025-12-31", "ACC2_TURNOVER": "17"}, UNKNOWN),
        ({**NEWER, **{name.replace("1", "2", 1): text for name, text in NEWER.items()}}, known((NEWER_ACCOUNTS,))),
        (
            {**NEWER, "ACC1_MONTHS": "25"},
            known((AnnualAccounts(closed_on=date(2025, 12, 31), turnover=Money.kronor(4_200_000), employees=7),)),
        ),
    ],
)
def test_a_list_that_cannot_be_read_whole_is_unknown(row: dict[str, str], accounts: Any) -> None:
    """D13: years that are left out, said twice or too many leave open what the others are worth."""
    assert company(row).accounts == accounts


def test_several_rows_with_one_year_each_do_not_hide_the_years_that_they_agree_on() -> None:
    """D13: rows of one question may differ in another list."""
    rows = [{**NEWER, "BOARD1_NAME": "Astrid Almgren"}, {**NEWER, "BOARD1_NAME": "Björn Ekholm"}]
    report = company(*rows)
    assert report.accounts == known((NEWER_ACCOUNTS,))
    assert report.board == UNKNOWN


def test_turnover_day_and_employees_come_from_the_newest_accounts_where_they_have_no_column() -> None:
    """D13: with the source and block of the accounts."""
    report = company({**NEWER, **OLDER})
    assert report.annual_turnover == known(Money.kronor(4_200_000))
    assert report.accounts_closed_on == known(date(2025, 12, 31))
    assert report.employees == known(7)


def test_a_column_of_its_own_goes_before_the_accounts_also_when_it_cannot_be_read() -> None:
    """D13: the bureau's own figure is not replaced by another."""
    report = company({**NEWER, "TURNOVER": "1000", "EMPLOYEES": "många", "ACCOUNTS_DATE": ""})
    assert report.annual_turnover == known(Money.kronor(1000))
    assert (report.employees, report.accounts_closed_on) == (UNKNOWN, ABSENT)


def test_a_broken_financial_year_has_no_annual_turnover() -> None:
    """D13: 18 months are not a year."""
    report = company({name.replace("ACC2", "ACC1"): text for name, text in OLDER.items()})
    assert report.annual_turnover == UNKNOWN
    assert report.accounts_closed_on == known(date(2024, 12, 31))


def test_a_company_that_has_filed_nothing_has_no_turnover_and_no_day_of_accounts() -> None:
    """D13: known to be absent; how many it employs is not known by that."""
    report = company({"ACC1_DATE": ""})
    assert (report.annual_turnover, report.accounts_closed_on, report.employees) == (ABSENT, ABSENT, UNKNOWN)


def test_the_board_is_read_in_the_bureaus_words_and_order() -> None:
    """D13: a number may be a birth date alone, or not told."""
    row = {
        "BOARD1_NAME": "Astrid Almgren",
        "BOARD1_NUMBER": "19770107-2394",
        "BOARD1_FUNCTION": "Styrelseledamot",
        "BOARD1_SINCE": "2020-05-04",
        "BOARD2_NAME": "Björn Ekholm",
        "BOARD2_NUMBER": "okänt",
        "BOARD2_SINCE": "förra året",
    }
    assert company(row).board == known(
        (
            BoardMember(
                name="Astrid Almgren", number="197701072394", function="Styrelseledamot", since=date(2020, 5, 4)
            ),
            BoardMember(name="Björn Ekholm", number=None, function="", since=None),
        )
    )


def test_assignments_are_of_companies_by_number() -> None:
    """D13: an assignment whose company cannot be told leaves the list unknown."""
    row = {"ASSIGNMENT1_ORGNR": "559999-0008", "ASSIGNMENT1_NAME": "Cykel AB", "ASSIGNMENT1_FUNCTION": "VD"}
    found = Assignment(company_number="5599990008", company_name="Cykel AB", function="VD", since=None)
    assert assignments(row) == known((found,))
    assert assignments({"ASSIGNMENT1_ORGNR": ""}) == ABSENT
    assert assignments({**row, "ASSIGNMENT1_ORGNR": "okänt"}) == UNKNOWN
    assert assignments({}) == UNKNOWN


def test_an_empty_list_of_rest_is_none_and_a_missing_one_is_unknown() -> None:
    """D13: REST writes its lists as lists."""
    assert company({"accounts": ""}, mapping=REST).accounts == ABSENT
    assert company({"accounts": "5"}, mapping=REST).accounts == UNKNOWN
    assert company({}, mapping=REST).accounts == UNKNOWN
    assert company({"accounts.0": ""}, mapping=REST).accounts == UNKNOWN
    hole = {"board.0.name": "Astrid", "board.1": "", "board.2.name": "Björn"}
    assert company(hole, mapping=REST).board == UNKNOWN
