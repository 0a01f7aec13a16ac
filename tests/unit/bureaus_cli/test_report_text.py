"""A kept answer as text for a terminal."""

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.evidence import Evidence, Told
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, SubjectKind, SubjectRole
from bureau_clients.reports import (
    AnnualAccounts,
    Assignment,
    BoardMember,
    CompanyReport,
    CompanyStatus,
    Coverage,
    NoMatch,
    Opinion,
    PersonReport,
    Rating,
    RatingGrade,
    Report,
    Signatory,
    SigningRight,
    Verdict,
    fact_types,
)
from underwriting.bureaus_cli.report_text import report_text
from underwriting.kernel.money import Money
from underwriting.kernel.text import Language
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)  # 10:00:30 in Stockholm
COMPANY, PERSON = "5599990008", "197701072394"
UNKNOWN = Unknown("creditsafe", AT)
NBSP = "\u00a0"


def known(value: Any, part: str = "") -> Any:
    return Known(value, "creditsafe", AT, part)


def person(**facts: Any) -> PersonReport:
    return PersonReport(number=PERSON, **(dict.fromkeys(fact_types(PersonReport), UNKNOWN) | facts))


def company(**facts: Any) -> CompanyReport:
    unknown = dict.fromkeys(fact_types(CompanyReport), UNKNOWN)
    return CompanyReport(**({"number": COMPANY, "owner": None} | unknown | facts))


def told(report: Report | None, kind: SubjectKind = SubjectKind.COMPANY) -> Told:
    evidence = Evidence(
        report_id=uuid.UUID(int=7),
        question=QuestionKind.REPORT,
        bureau="creditsafe",
        outcome=Outcome.REPORT,
        failure_code=None,
        asked_at=AT,
        answered_at=AT,
        sha256s=("ab" * 32,),
        copy_notice=CopyNotice.EXPECTED,
        cost=Money(3_950),
    )
    return Told(kind=kind, role=SubjectRole.BORROWER, subject=b"", evidence=evidence, report=report)


def lines(report: Report | None, language: Language = "en") -> list[str]:
    return report_text(told(report), language=language).splitlines()


def row(report: CompanyReport | PersonReport, label: str, language: Language = "en") -> str:
    """The line of the fact called *label*, with its runs of blanks made one."""
    (line,) = [line for line in lines(report, language) if line.startswith(f"{label}  ")]
    return " ".join(line.replace(NBSP, "_").split())


def test_the_head_says_who_was_asked_when_and_what_came_of_it() -> None:
    head = [" ".join(line.replace(NBSP, "_").split()) for line in lines(company())[:9]]
    assert head == [
        "About company",
        "Bureau creditsafe",
        f"Question {uuid.UUID(int=7)}",
        "Outcome report",
        "Asked 2026-03-02 10:00:30",
        "Answered 2026-03-02 10:00:30",
        "Copy A copy is expected to go to the subject",
        "Cost 39,50_kr",
        f"SHA-256 {'ab' * 32}",
    ]


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (known(True, "C_CREDIT"), "F-tax Yes known creditsafe/C_CREDIT 2026-03-02 10:00:30"),
        (known(False), "F-tax No known creditsafe 2026-03-02 10:00:30"),
        (Absent("bisnode", AT, "RISK"), "F-tax – absent bisnode/RISK 2026-03-02 10:00:30"),
        (Unknown("bisnode", AT), "F-tax – unknown bisnode 2026-03-02 10:00:30"),
    ],
)
def test_every_fact_says_what_is_known_of_it_and_who_told_it_when(fact: Any, line: str) -> None:
    """D13: known, absent or unknown, with source, part and time."""
    assert row(company(f_tax=fact), "F-tax") == line


@pytest.mark.parametrize("report", [company(), person()])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_fact_is_left_out(report: CompanyReport | PersonReport, language: Language) -> None:
    """D13: what is unknown is told too."""
    word = {"sv": " okänt ", "en": " unknown "}[language]
    assert sum(word in line for line in lines(report, language)) == len(fact_types(type(report)))


@pytest.mark.parametrize(
    ("fact", "value", "label", "written"),
    [
        ("rating", Rating("62", RatingGrade.B), "Rating", "B (62)"),
        ("credit_limit", Money(25_000_000), "The bureau's credit limit", "250_000_kr"),
        ("registered_on", date(2019, 4, 1), "Registered", "2019-04-01"),
        ("status", CompanyStatus.LIQUIDATION, "Status", "in liquidation"),
        ("form", CompanyForm.HB, "Form", "HB"),
        ("opinion", Opinion(Verdict.REJECTED, ("P24", "P10")), "The bureau's opinion (CAS)", "rejected (P24, P10)"),
        ("opinion", Opinion(Verdict.APPROVED, ()), "The bureau's opinion (CAS)", "approved"),
    ],
)
def test_values_are_written_as_people_read_them(fact: str, value: Any, label: str, written: str) -> None:
    assert row(company(**{fact: known(value)}), label).startswith(f"{label} {written} known ")


def test_the_report_is_told_in_swedish_too() -> None:
    assert row(company(f_tax=known(True)), "F-skatt", "sv") == "F-skatt Ja känt creditsafe 2026-03-02 10:00:30"


def test_accounts_are_a_table_with_the_newest_year_first() -> None:
    years = (
        AnnualAccounts(closed_on=date(2025, 12, 31), months=12, turnover=Money.kronor(4_000_000), employees=3),
        AnnualAccounts(closed_on=date(2024, 12, 31), months=18, net_result=Money.kronor(-50_000)),
    )
    shown = lines(company(accounts=known(years)))
    start = shown.index("ACCOUNTS IN FIGURES") + 2
    found = [line.replace(NBSP, "_").split() for line in shown[start : start + 10]]
    assert found[0] == ["2025-12-31", "2024-12-31"]
    assert ["Months", "12", "18"] in found
    assert ["Turnover", "4_000_000_kr", "–"] in found
    assert ["Net", "result", "–", "−50_000_kr"] in found
    assert ["Employees", "3", "–"] in found
    assert len({len(line) for line in shown[start : start + 10]}) == 1  # figures end below each other


def test_board_signatories_and_assignments_are_listed_without_numbers_of_persons() -> None:
    member = BoardMember(name="Sara Ek", number="198507099805", function="Ledamot", since=date(2020, 1, 2))
    ek = Signatory(name="Sara Ek", number="198507099805", roles=("Ledamot",))
    borg = Signatory(name="Greta Borg", number="192412319218", roles=())
    right = SigningRight(
        text="Firman tecknas av två i förening", alternatives=((ek, borg), (borg,)), coverage=Coverage.PARTIAL
    )
    shown = lines(company(board=known((member,)), signing_right=known(right)))
    assert "Sara Ek  Ledamot  2020-01-02" in shown
    assert "Firman tecknas av två i förening" in shown
    assert "- Sara Ek (Ledamot) together with Greta Borg" in shown
    assert "- Greta Borg" in shown
    places = (
        Assignment(company_number="5599990008", company_name="Exempel AB", function="VD", since=None),
        Assignment(company_number="198507099805", company_name="Eks Firma", function="Innehavare", since=None),
    )
    listed = [" ".join(line.split()) for line in lines(person(assignments=known(places)))]
    assert "559999-0008 Exempel AB VD –" in listed
    assert "– Eks Firma Innehavare –" in listed
    assert not any("9805" in line or "9218" in line for line in (*shown, *listed))


def test_an_empty_list_is_none_and_has_no_heading() -> None:
    shown = lines(company(board=known(())))
    assert row(company(board=known(())), "Board and management").startswith("Board and management 0 known ")
    assert "BOARD AND MANAGEMENT" not in shown


def test_a_sole_traders_owner_stands_below_the_firm() -> None:
    """B1: for an EF the owner's report is the company's."""
    shown = lines(company(owner=person(trustee=known(True))))
    owner = shown.index("THE OWNER")
    assert any(line.startswith("Trustee  ") and " Yes " in line for line in shown[owner:])


@pytest.mark.parametrize("report", [None, NoMatch(COMPANY, "creditsafe", AT)])
def test_an_answer_without_a_report_says_so(report: Report | None) -> None:
    assert lines(report)[-1] == "The answer holds no report."
    assert lines(report, "sv")[-1] == "Svaret innehåller ingen rapport."


@pytest.mark.parametrize("steering", ["\x1b[2J", "\r", "\n", "\x07", "\x9b31m", "\u202e", "\u2066"])
def test_what_a_bureau_writes_cannot_steer_the_terminal(steering: str) -> None:
    text = report_text(told(company(name=known(f"Exempel{steering}AB"))), language="en")
    assert steering not in text.replace("\n", "") if steering != "\n" else "Exempel\nAB" not in text
    assert "Exempel?" in text


def test_the_number_itself_is_not_repeated() -> None:
    assert COMPANY not in report_text(told(company()), language="sv")
