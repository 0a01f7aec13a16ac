"""From the segments of Bisnode's report to the facts of a company."""

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.accounts import annual_accounts
from bureau_clients.bisnode.mapping import company_number, company_report
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import (
    AnnualAccounts,
    BoardMember,
    CompanyReport,
    CompanyStatus,
    Coverage,
    Rating,
    RatingGrade,
    SigningRight,
    fact_types,
)
from tests.wire.bisnode.samples import COMPANY_NUMBER, Document, company_document, day, sek, statement
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 2, 22, 9, 30, tzinfo=UTC)
MISSING = object()

YEAR = AnnualAccounts(
    closed_on=date(2025, 12, 31),
    months=12,
    turnover=Money.kronor(1_200_000),
    operating_result=Money.kronor(90_000),
    net_result=Money.kronor(-15_000),
    total_assets=Money.kronor(800_000),
    equity=Money.kronor(300_000),
    current_assets=Money.kronor(500_000),
    current_liabilities=Money.kronor(250_000),
    employees=4,
)
LETTERS = st.text(alphabet='abcåÅ {}[]:,"0123456789-.', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["year", "count", "code"]), inner),
    max_leaves=5,
)


def report(document: Document, *, form: CompanyForm = CompanyForm.AB) -> CompanyReport:
    return company_report(document, number=COMPANY_NUMBER, form=form, at=AT)


def changed(path: str, value: Any) -> Document:
    """The healthy report with *value* at *path*, or nothing there."""
    document = company_document()
    *way, last = path.split(".")
    place: Any = document
    for name in way:
        place = place.setdefault(name, {})
    if value is MISSING:
        place.pop(last, None)
    else:
        place[last] = value
    return document


def known(value: Any, part: str) -> Known[Any]:
    return Known(value, "bisnode", AT, part)


def absent(part: str) -> Absent:
    return Absent("bisnode", AT, part)


def unknown(part: str) -> Unknown:
    return Unknown("bisnode", AT, part)


def test_every_fact_of_a_healthy_company() -> None:
    """D13: each with the segment that it stands in."""
    found = report(company_document())
    expected: dict[str, Fact[Any]] = {
        "name": known("Exempelbolaget AB", "COMPANY_INFORMATION"),
        "form": known(CompanyForm.AB, "COMPANY_INFORMATION"),
        "status": known(CompanyStatus.ACTIVE, "COMPANY_INFORMATION"),
        "registered_on": known(date(2018, 4, 3), "COMPANY_INFORMATION"),
        "f_tax": known(True, "COMPANY_INFORMATION"),
        "vat": known(True, "COMPANY_INFORMATION"),
        "employer": known(False, "COMPANY_INFORMATION"),
        "rating": known(Rating("AA", RatingGrade.A), "RISK"),
        "credit_limit": known(Money.kronor(250_000), "RISK"),
        "payment_remark_count": known(12, "RISK"),
        "payment_remark_sum": known(Money(432_150), "RISK"),
        "latest_payment_remark_on": known(date(2025, 11, 4), "RISK"),
        "petition_count": known(0, "RISK"),
        "petition_sum": known(Money.ZERO, "RISK"),
        "kronofogden_debt": known(Money(100_025), "RISK"),
        "kronofogden_public_debt": known(Money(70_025), "RISK"),
        "kronofogden_private_debt": known(Money(30_000), "RISK"),
        "bankruptcy": known(False, "RISK"),
        "distraint": known(False, "RISK"),
        "annual_turnover": known(Money.kronor(1_200_000), "FINANCE"),
        "accounts_closed_on": known(date(2025, 12, 31), "FINANCE"),
        "employees": known(4, "COMPANY_INFORMATION"),
        "board": known(
            (
                BoardMember(name="Anna Exempel", number="198001012384", function="Ordförande", since=date(2020, 5, 6)),
                BoardMember(name="Bo Exempel", number="1981-01-01", function="Suppleant", since=None),
            ),
            "MANAGEMENT",
        ),
        "signing_right": known(
            SigningRight(text="Firman tecknas av styrelsen.", alternatives=(), coverage=Coverage.NONE), "MANAGEMENT"
        ),
        "opinion": Unknown("bisnode", AT),
    }
    assert {name: getattr(found, name) for name in expected} == expected
    assert isinstance(found.accounts, Known)
    assert found.accounts.value[0] == YEAR
    assert [year.closed_on.year for year in found.accounts.value] == [2025, 2024]
    assert (found.number, found.owner) == (COMPANY_NUMBER, None)


def test_nothing_is_known_of_an_empty_report() -> None:
    """D13: a missing segment makes its facts unknown."""
    found = report({"companyInformation": {}})
    assert all(isinstance(getattr(found, name), Unknown) for name in fact_types(CompanyReport))


@pytest.mark.parametrize(
    ("path", "value", "fact", "expected"),
    [
        # the rating
        ("risk.creditRatings.currentCreditRating.code", "AAA", "rating", known(Rating("AAA", RatingGrade.A), "RISK")),
        ("risk.creditRatings.currentCreditRating.code", "C", "rating", known(Rating("C", RatingGrade.E), "RISK")),
        ("risk.creditRatings.currentCreditRating.code", "AN", "rating", absent("RISK")),
        ("risk.creditRatings.currentCreditRating.code", "-", "rating", absent("RISK")),
        ("risk.creditRatings.currentCreditRating.code", "AAAA", "rating", unknown("RISK")),
        ("risk.creditRatings.currentCreditRating.code", None, "rating", unknown("RISK")),
        ("risk.creditRatings", MISSING, "rating", unknown("RISK")),
        # the limit
        ("risk.ratingCreditLimits.currentRatingCreditLimit", MISSING, "credit_limit", unknown("RISK")),
        (
            "risk.ratingCreditLimits.currentRatingCreditLimit.amount",
            {"amount": "250000", "currency": "EUR"},
            "credit_limit",
            unknown("RISK"),
        ),
        # remarks: the count is right where the list is capped
        ("risk.paymentRemarks.count", 1, "payment_remark_count", unknown("RISK")),
        ("risk.paymentRemarks.count", -1, "payment_remark_count", unknown("RISK")),
        ("risk.paymentRemarks.count", MISSING, "payment_remark_count", unknown("RISK")),
        ("risk.paymentRemarks", {"count": 0}, "payment_remark_count", known(0, "RISK")),
        ("risk.paymentRemarks", {"count": 0}, "payment_remark_sum", known(Money.ZERO, "RISK")),
        ("risk.paymentRemarks", {"count": 0}, "latest_payment_remark_on", absent("RISK")),
        ("risk.paymentRemarks", {"count": 0, "amount": sek("5")}, "payment_remark_sum", unknown("RISK")),
        ("risk.paymentRemarks", {"count": 2}, "payment_remark_sum", unknown("RISK")),
        ("risk.paymentRemarks", {"count": 2}, "latest_payment_remark_on", unknown("RISK")),
        ("risk.paymentRemarks", {"count": 2, "paymentRemarks": []}, "latest_payment_remark_on", unknown("RISK")),
        (
            "risk.paymentRemarks.paymentRemarks",
            [{"date": day(2024, 1, 2)}, {"date": {"year": 2025}}],
            "latest_payment_remark_on",
            unknown("RISK"),
        ),
        (
            "risk.paymentRemarks.paymentRemarks",
            [{"date": day(2024, 1, 2)}, {"date": day(2025, 3, 4)}],
            "latest_payment_remark_on",
            known(date(2025, 3, 4), "RISK"),
        ),
        ("risk.paymentRemarks", MISSING, "payment_remark_count", unknown("RISK")),
        ("risk.petitions", {"count": 3, "amount": sek("90")}, "petition_count", known(3, "RISK")),
        ("risk.petitions", {"count": 3, "amount": sek("90")}, "petition_sum", known(Money(9_000), "RISK")),
        # debts at Kronofogden
        (
            "risk.financialCommitments.debtBalance.currentDebtBalance",
            {"claimsCount": 0},
            "kronofogden_debt",
            known(Money.ZERO, "RISK"),
        ),
        (
            "risk.financialCommitments.debtBalance.currentDebtBalance",
            {"publicClaimsCount": 0, "privateClaimsAmount": sek("5")},
            "kronofogden_debt",
            known(Money(500), "RISK"),
        ),
        (
            "risk.financialCommitments.debtBalance.currentDebtBalance",
            {"publicClaimsCount": 2, "privateClaimsAmount": sek("5")},
            "kronofogden_debt",
            unknown("RISK"),
        ),
        (
            "risk.financialCommitments.debtBalance.currentDebtBalance.publicClaimsCount",
            0,
            "kronofogden_public_debt",
            unknown("RISK"),
        ),
        (
            "risk.financialCommitments.debtBalance.currentDebtBalance.date",
            "2026W60",
            "kronofogden_debt",
            unknown("RISK"),
        ),
        ("risk.financialCommitments", MISSING, "kronofogden_debt", unknown("RISK")),
        # bankruptcy and distraint
        ("risk.bankruptcy", {"date": day(2026, 1, 20)}, "bankruptcy", known(True, "RISK")),
        ("risk.bankruptcy", {"date": day(2026, 1, 20)}, "status", known(CompanyStatus.BANKRUPT, "COMPANY_INFORMATION")),
        ("risk.bankruptcy", {}, "bankruptcy", unknown("RISK")),
        ("risk.bankruptcy", {}, "status", unknown("COMPANY_INFORMATION")),
        ("risk.bankruptcy", 5, "bankruptcy", unknown("RISK")),
        (
            "risk.bankruptcy",
            {"events": [{"date": day(2026, 1, 20), "eventCode": {"code": "KA"}}]},
            "bankruptcy",
            known(False, "RISK"),
        ),
        (
            "risk.bankruptcy",
            {"events": [{"date": day(2026, 1, 20), "eventCode": {"code": "XYZ"}}]},
            "bankruptcy",
            unknown("RISK"),
        ),
        (
            "risk.paymentRemarks.paymentRemarks",
            [{"date": day(2026, 1, 2), "type": {"code": "KKV"}}],
            "bankruptcy",
            known(True, "RISK"),
        ),
        (
            "risk.paymentRemarks.paymentRemarks",
            [{"date": day(2026, 1, 2), "type": {"code": "KF"}, "description": "Claims on bankrupt companies"}],
            "bankruptcy",
            known(False, "RISK"),
        ),
        ("risk", MISSING, "bankruptcy", unknown("RISK")),
        ("risk.actionsOfDistraint.actionsOfDistraint", [{"code": {"code": "R"}}], "distraint", known(True, "RISK")),
        ("risk.actionsOfDistraint", MISSING, "distraint", unknown("RISK")),
        (
            "risk.paymentRemarks.paymentRemarks",
            [{"date": day(2026, 1, 2), "type": {"code": "UT"}}],
            "distraint",
            known(True, "RISK"),
        ),
        # the register
        ("companyInformation.status", MISSING, "status", unknown("COMPANY_INFORMATION")),
        ("events", MISSING, "status", unknown("COMPANY_INFORMATION")),
        ("events", [], "status", known(CompanyStatus.ACTIVE, "COMPANY_INFORMATION")),
        ("events", [{"date": day(2026, 1, 20)}], "status", unknown("COMPANY_INFORMATION")),
        ("events", ["Konkurs"], "status", unknown("COMPANY_INFORMATION")),
        (
            "events",
            [{"date": day(2026, 1, 20), "type": "Bolagsverksärende", "description": "Likvidation beslutad"}],
            "status",
            known(CompanyStatus.LIQUIDATION, "COMPANY_INFORMATION"),
        ),
        ("companyInformation.registrationInformation.foundationDate", {"year": 2018}, "registered_on", None),
        ("companyInformation.companyName", MISSING, "name", None),
        ("companyInformation.generalCompanyData.corporateTax", "true", "f_tax", None),
        ("companyInformation.generalCompanyData.corporateTax", False, "f_tax", known(False, "COMPANY_INFORMATION")),
        ("companyInformation.generalCompanyData.employeeCount", MISSING, "employees", None),
        # board and signatories
        ("management.boardMembers.currentBoardMembers", [], "board", known((), "MANAGEMENT")),
        (
            "management.boardMembers.currentBoardMembers",
            [{"entity": {}, "function": 20}],
            "board",
            unknown("MANAGEMENT"),
        ),
        ("management.boardMembers.currentBoardMembers", MISSING, "board", unknown("MANAGEMENT")),
        ("management.boardMembers.authorizedSignatory", MISSING, "signing_right", unknown("MANAGEMENT")),
        # accounts
        ("finance.financialStatements.financialStatements", [], "accounts", absent("FINANCE")),
        ("finance.financialStatements.financialStatements", [], "accounts_closed_on", absent("FINANCE")),
        ("finance.financialStatements.financialStatements", [], "annual_turnover", absent("FINANCE")),
        ("finance.financialStatements", MISSING, "accounts_closed_on", unknown("FINANCE")),
        (
            "finance.financialStatements.financialStatements",
            [statement(2025, fiscalPeriod=18)],
            "annual_turnover",
            unknown("FINANCE"),
        ),
        (
            "finance.financialStatements.financialStatements",
            [statement(2025, currency="EUR")],
            "annual_turnover",
            unknown("FINANCE"),
        ),
    ],
)
def test_what_one_place_of_a_report_says(path: str, value: Any, fact: str, expected: Fact[Any] | None) -> None:
    """D13: missing or unreadable is unknown; the service's own nothing is zero, no or absent."""
    found = getattr(report(changed(path, value)), fact)
    assert found == (expected or unknown("COMPANY_INFORMATION"))


@pytest.mark.parametrize(
    ("event", "fact", "expected"),
    [
        ("Godkänd för F-skatt", "f_tax", known(True, "EVENTS")),
        ("Ej godkänd för F-skatt", "f_tax", known(False, "EVENTS")),
        ("REGISTERED FOR VAT", "vat", known(True, "EVENTS")),
        ("NOT REGISTERED AS EMPLOYER", "employer", known(False, "EVENTS")),
        ("Nyregistrering", "f_tax", unknown("COMPANY_INFORMATION")),
    ],
)
def test_an_event_tells_a_registration_where_its_flag_is_silent(event: str, fact: str, expected: Fact[Any]) -> None:
    """D13: the newest one."""
    document = company_document()
    document["companyInformation"]["generalCompanyData"] = {}
    document["events"] = [{"date": day(2024, 5, 6), "type": "Skatteverket", "description": event}]
    assert getattr(report(document), fact) == expected


def test_a_flag_outweighs_an_event() -> None:
    document = changed("events", [{"date": day(2024, 5, 6), "type": "FSO"}])
    assert report(document).f_tax == known(True, "COMPANY_INFORMATION")


@pytest.mark.parametrize(
    ("legal_form", "functions", "expected"),
    [
        ({"code": "LIMITED_COMPANY", "localCode": "49"}, [], CompanyForm.AB),
        ({"code": "LIMITED_COMPANY", "localCode": "41"}, [], CompanyForm.AB),
        ({"code": "SOLE_PROPRIETORSHIP", "localCode": "10"}, [], CompanyForm.EF),
        ({"code": "PARTNERSHIP", "localCode": "31", "description": "Handelsbolag"}, [], CompanyForm.HB),
        ({"code": "PARTNERSHIP", "localCode": "31", "description": "Kommanditbolag"}, [], CompanyForm.KB),
        ({"code": "PARTNERSHIP", "localCode": "31", "description": "Limited partnership"}, [], CompanyForm.KB),
        (
            {"code": "PARTNERSHIP", "localCode": "31", "description": "Handelsbolag, kommanditbolag"},
            [50],
            CompanyForm.HB,
        ),
        ({"code": "PARTNERSHIP", "localCode": "31"}, [60, 70], CompanyForm.KB),
        ({"code": "PARTNERSHIP", "localCode": "31"}, [50, 60], None),
        ({"code": "PARTNERSHIP", "localCode": "31"}, [20], None),
        ({"code": "PARTNERSHIP", "localCode": "21"}, [50], None),
        ({"code": "LIMITED_COMPANY", "localCode": "31"}, [], None),
        ({"code": "LIMITED_COMPANY"}, [], None),
        ({"localCode": "49"}, [], None),
        ({"code": "OTHER", "localCode": "51"}, [], None),
        ({"code": "OTHER", "localCode": "96"}, [], None),
    ],
)
def test_the_form_is_what_both_codes_say(legal_form: Document, functions: list[int], expected: Any) -> None:
    """A1: no code tells an HB from a KB; the description does, or the partners."""
    document = changed("companyInformation.legalForm", legal_form)
    document["management"]["boardMembers"]["currentBoardMembers"] = [
        {"entity": {"name": "Exempel"}, "function": function} for function in functions
    ]
    fact = report(document).form
    assert fact == (unknown("COMPANY_INFORMATION") if expected is None else known(expected, "COMPANY_INFORMATION"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fiscalPeriod": 18}, {"months": 18}),
        ({"fiscalPeriod": 0}, {"months": None}),
        ({"fiscalPeriod": "12"}, {"months": None}),
        ({"currency": "EUR"}, {"turnover": None, "equity": None, "employees": 4}),
        ({"incomeStatement": {"turnover": "1200000"}}, {"turnover": None, "equity": Money.kronor(300_000)}),
        ({"incomeStatement": {"turnover": 0}}, {"turnover": Money.ZERO, "net_result": None}),
        ({"balanceSheet": 5}, {"equity": None, "turnover": Money.kronor(1_200_000)}),
        ({"closingPeriod": {"year": 2025, "month": 6}}, {"closed_on": date(2025, 6, 30)}),
    ],
)
def test_what_a_statement_does_not_tell_is_not_told(changes: Document, expected: dict[str, Any]) -> None:
    """D13: one figure that cannot be read leaves the others; figures in another currency are none of ours."""
    (year,) = annual_accounts([statement(2025, **changes)]) or ()
    assert {name: getattr(year, name) for name in expected} == expected


def test_at_most_five_years_are_told_the_newest_first() -> None:
    years = annual_accounts([statement(year) for year in (2020, 2024, 2022, 2025, 2021, 2023)])
    assert [year.closed_on.year for year in years or ()] == [2025, 2024, 2023, 2022, 2021]


@pytest.mark.parametrize("statements", [[statement(2025), statement(2025)], [statement(2025, closingPeriod={})], ["x"]])
def test_statements_that_cannot_be_told_apart_are_unknown(statements: Any) -> None:
    document = changed("finance.financialStatements.financialStatements", statements)
    assert report(document).accounts == unknown("FINANCE")


@pytest.mark.parametrize(
    ("identifiers", "expected"),
    [({"registrationNumber": "559999-0008"}, COMPANY_NUMBER), ({}, None), (MISSING, None)],
)
def test_whom_a_report_is_about(identifiers: Any, expected: str | None) -> None:
    assert company_number(changed("companyInformation.identifiers", identifiers)) == expected


@given(data=st.data())
def test_whatever_stands_somewhere_else_a_report_comes_of_it(data: st.DataObject) -> None:
    """D13: a report with anything anywhere is a report, and never an exception."""
    document = company_document()
    place: Any = document
    way: list[tuple[Any, Any]] = []
    while isinstance(place, dict | list) and place and (not way or data.draw(st.booleans())):
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        way.append((place, key))
        place = place[key]
    holder, key = way[-1]
    holder[key] = data.draw(VALUES)
    found = report(document, form=data.draw(st.sampled_from(CompanyForm)))
    assert all(isinstance(getattr(found, name), Known | Absent | Unknown) for name in fact_types(CompanyReport))


def test_a_large_report_is_mapped_in_little_time() -> None:
    """B3: a report of some hundred remarks, events and board members; a generous bound, for a slow machine."""
    document = company_document()
    for _ in range(8):
        for many in (
            document["risk"]["paymentRemarks"]["paymentRemarks"],
            document["events"],
            document["management"]["boardMembers"]["currentBoardMembers"],
        ):
            many += many
    document["risk"]["paymentRemarks"]["count"] = 10_000
    started = time.perf_counter()
    for _ in range(10):
        report(document)
    assert time.perf_counter() - started < 5
