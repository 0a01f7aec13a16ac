"""What bureaus told, as staff read it."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bureau_clients.evidence import Evidence, Told
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import Outcome, QuestionKind, SubjectKind, SubjectRole
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
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.web.fact_words import Words
from underwriting.web.reports import About, Cell, subjects_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNKNOWN = Unknown("creditsafe", AT, "getdata")
HERE = "Creditsafe, getdata, 2026-03-02\u00a010:00"  # by Stockholm's clocks
KAJSA = BoardMember(name="Kajsa Ek", number="197701112380", function="Ordförande", since=date(2021, 5, 4))
RIGHT = SigningRight(
    text="Firman tecknas av styrelsen",
    alternatives=((Signatory(name="Kajsa Ek", number=None, roles=("ledamot",)),),),
    coverage=Coverage.PARTIAL,
)

pytestmark = pytest.mark.usefixtures("swedish")


def known(value: Any, part: str = "getdata") -> Any:
    return Known(value, "creditsafe", AT, part)


def person(**facts: Any) -> PersonReport:
    return PersonReport(number="197701072394", **(dict.fromkeys(fact_types(PersonReport), UNKNOWN) | facts))


def company(**facts: Any) -> CompanyReport:
    unknown = dict.fromkeys(fact_types(CompanyReport), UNKNOWN)
    return CompanyReport(**({"number": "5599990008", "owner": None} | unknown | facts))


def told(report: Report | None, *, subject: bytes = b"subject", **evidence: Any) -> Told:
    kind = SubjectKind.PERSON if isinstance(report, PersonReport) else SubjectKind.COMPANY
    asked = Evidence(
        report_id=uuid.uuid4(),
        question=QuestionKind.REPORT,
        bureau="creditsafe",
        outcome=Outcome.REPORT if report else Outcome.UNKNOWN,
        failure_code=None if report else "read-timeout",
        asked_at=AT,
        answered_at=AT,
    )
    return Told(
        kind=kind, role=SubjectRole.BORROWER, subject=subject, evidence=replace(asked, **evidence), report=report
    )


def one(*about: Told) -> About:
    (subject,) = subjects_of(about, named={})
    return subject


def cells(subject: About, label: str) -> tuple[Cell, ...]:
    (line,) = [line for group in subject.groups for line in group.lines if line.label == label]
    return line.cells


@pytest.mark.parametrize(
    ("facts", "label", "value", "tone"),
    [
        ({"status": known(CompanyStatus.ACTIVE)}, "Status", "aktivt", ""),
        ({"status": known(CompanyStatus.BANKRUPT)}, "Status", "i konkurs", "bad"),
        ({"form": known(CompanyForm.HB)}, "Företagsform", "Handelsbolag", ""),
        ({"f_tax": known(True)}, "F-skatt", "Ja", ""),
        ({"f_tax": known(False)}, "F-skatt", "Nej", "bad"),
        ({"bankruptcy": known(True)}, "Konkurs", "Ja", "bad"),
        ({"distraint": known(True)}, "Utmätning", "Ja", "bad"),
        ({"payment_remark_count": known(0)}, "Betalningsanmärkningar", "0", ""),
        ({"payment_remark_count": known(4)}, "Betalningsanmärkningar", "4", "bad"),
        ({"petition_count": known(1)}, "Ansökningar om betalningsföreläggande", "1", "bad"),
        ({"kronofogden_debt": known(Money.kronor(45_000))}, "Skuld hos Kronofogden", "45\u00a0000\u00a0kr", "bad"),
        ({"kronofogden_debt": known(Money.ZERO)}, "Skuld hos Kronofogden", "0\u00a0kr", ""),
        ({"kronofogden_private_debt": known(Money.kronor(1))}, "varav enskilda mål", "1\u00a0kr", "bad"),
        ({"rating": Absent("creditsafe", AT)}, "Kreditbetyg", "finns inte", "faint"),
        ({"rating": UNKNOWN}, "Kreditbetyg", "okänt", "faint"),
        ({"registered_on": known(date(2021, 2, 21))}, "Registrerat", "2021-02-21", ""),
        ({"opinion": known(Opinion(Verdict.APPROVED, ()))}, "Byråns bedömning (CAS)", "godkänd", ""),
        (
            {"opinion": known(Opinion(Verdict.MANUAL, ("P24", "P10")))},
            "Byråns bedömning (CAS)",
            "till en handläggare (P24, P10)",
            "warn",
        ),
        ({"opinion": known(Opinion(Verdict.REJECTED, ()))}, "Byråns bedömning (CAS)", "ej godkänd", "bad"),
        ({"board": known((KAJSA,))}, "Styrelse och ledning", "1", ""),
        ({"board": known(())}, "Styrelse och ledning", "inga", ""),
        ({"signing_right": known(RIGHT)}, "Firmateckning", "delvis tolkad: läs lydelsen", "warn"),
    ],
)
def test_a_fact_is_known_absent_or_unknown_and_shows_when_it_weighs_against(
    facts: dict[str, Any], label: str, value: str, tone: str
) -> None:
    """D13: the three are never mixed up."""
    (cell,) = cells(one(told(company(**facts))), label)
    assert cell.words == Words(value, tone)


def test_a_rating_stands_on_the_common_scale_with_the_bureaus_own_beside_it() -> None:
    (cell,) = cells(one(told(company(rating=known(Rating("88", RatingGrade.A))))), "Kreditbetyg")
    assert cell.words == Words("A", aside="Creditsafes egen skala: 88")


@pytest.mark.parametrize(("report", "owned"), [(company(), False), (person(), False), (company(owner=person()), True)])
def test_every_fact_of_a_report_is_shown_once(report: CompanyReport | PersonReport, owned: bool) -> None:
    """A sole trader's report has the owner's facts as well."""
    lines = [line for group in one(told(report)).groups for line in group.lines]
    assert len(lines) == len(fact_types(type(report))) + (len(fact_types(PersonReport)) if owned else 0)


def test_a_sole_traders_report_shows_the_owner_in_groups_of_its_own() -> None:
    subject = one(told(company(owner=person(trustee=known(True)))))
    headings = [group.heading for group in subject.groups]
    assert headings[-4:] == [
        "Ägaren: Personen",
        "Ägaren: Inkomst, anmärkningar och hinder",
        "Ägaren: Byråns bedömning",
        "Ägaren: Uppdrag i företag",
    ]
    assert cells(subject, "Förvaltare") == (Cell(Words("Ja", "bad"), HERE, ""),)


def test_a_fact_tells_where_it_comes_from_and_so_aloud_where_that_differs_from_the_rest() -> None:
    """D13: source, part of the answer, and time."""
    subject = one(told(company(vat=known(True), opinion=known(Opinion(Verdict.APPROVED, ()), part="cas"))))
    assert subject.columns[0].origin == HERE
    assert cells(subject, "Moms")[0].elsewhere == ""
    assert cells(subject, "Moms")[0].origin == HERE
    assert cells(subject, "Byråns bedömning (CAS)")[0].elsewhere == "Creditsafe, cas, 2026-03-02\u00a010:00"


def test_two_bureaus_stand_side_by_side_the_newest_first() -> None:
    newer = company(employees=Known(3, "bisnode", AT + timedelta(hours=1), "company"))
    subject = one(told(newer, bureau="bisnode"), told(company(employees=known(4))))
    assert [column.bureau for column in subject.columns] == ["Bisnode", "Creditsafe"]
    assert [cell.words.value for cell in cells(subject, "Anställda")] == ["3", "4"]


def test_of_one_bureau_only_the_newest_report_is_shown_and_every_question_is_listed() -> None:
    subject = one(told(company(employees=known(3))), told(company(employees=known(4))), told(None))
    assert [cell.words.value for cell in cells(subject, "Anställda")] == ["3"]
    assert len(subject.asked) == 3


def test_each_subject_stands_by_itself() -> None:
    subjects = subjects_of(
        (
            told(company(name=known("Hedmans AB"))),
            told(person(name=known("Ida")), subject=b"ida"),
            told(person(), subject=b"klas"),
            told(person(), subject=b"somebody"),
        ),
        named={b"ida": "Ida Ek", b"klas": "Klas Ek"},
    )
    assert [subject.title for subject in subjects] == [
        "Företaget: Hedmans AB",
        "Borgensman: Ida",  # as the register has it
        "Borgensman: Klas Ek",
        "Borgensman",
    ]


@pytest.mark.parametrize("report", [None, NoMatch("5599990008", "creditsafe", AT)])
def test_a_question_without_a_report_has_no_facts(report: Report | None) -> None:
    subject = one(told(report))
    assert (subject.title, subject.columns, subject.groups) == ("Företaget", (), ())
    assert len(subject.asked) == 1


def test_a_question_about_the_register_status_alone_tells_only_that() -> None:
    subject = one(told(company(status=known(CompanyStatus.LIQUIDATION)), question=QuestionKind.STATUS))
    assert (subject.columns, subject.asked[0].status) == ((), "i likvidation")
    assert one(told(company())).asked[0].status == ""


def test_what_is_more_than_a_word_stands_below_its_group() -> None:
    accounts = (AnnualAccounts(closed_on=date(2025, 12, 31), employees=4),)
    report = company(board=known((KAJSA,)), signing_right=known(RIGHT), accounts=known(accounts), opinion=UNKNOWN)
    blocks = {block.kind: block for group in one(told(report)).groups for block in group.blocks}
    assert blocks.keys() == {"board", "signing_right", "accounts"}
    assert blocks["board"].parts == (("Creditsafe", (KAJSA,)),)
    assert blocks["accounts"].parts[0][1].years == ("2025-12-31",)


def test_an_empty_list_has_nothing_below_its_group() -> None:
    place = Assignment(company_number="5599990008", company_name="Ett AB", function="Ledamot", since=None)
    assert [len(group.blocks) for group in one(told(person(assignments=known((place,))))).groups] == [0, 0, 0, 1]
    assert [len(group.blocks) for group in one(told(person(assignments=known(())))).groups] == [0, 0, 0, 0]


def test_neither_names_nor_amounts_are_in_what_a_log_would_show_of_a_page() -> None:
    subject = one(told(company(board=known((KAJSA,)), kronofogden_debt=known(Money.kronor(45_000)))))
    assert "Kajsa" not in repr(subject.groups)
    assert "45" not in repr(subject.groups)


def test_what_two_bureaus_tell_alike_stands_once() -> None:
    newer = company(board=Known((KAJSA,), "bisnode", AT))
    older = company(board=known((KAJSA,)), signing_right=known(RIGHT))
    blocks = {
        block.kind: block for group in one(told(newer, bureau="bisnode"), told(older)).groups for block in group.blocks
    }
    assert blocks["board"].parts == (("Bisnode, Creditsafe", (KAJSA,)),)
    assert blocks["signing_right"].parts == (("Creditsafe", RIGHT),)
