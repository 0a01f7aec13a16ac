"""A bureau's report as staff read it."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.evidence import Evidence, Told
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import Outcome, QuestionKind, SubjectKind, SubjectRole
from bureau_clients.reports import CompanyReport, CompanyStatus, PersonReport, Rating, RatingGrade, Report, fact_types
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.web.reports import Row, tables_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNKNOWN = Unknown("creditsafe", AT)

pytestmark = pytest.mark.usefixtures("swedish")


def known(value: Any) -> Any:
    return Known(value, "creditsafe", AT)


def person(**facts: Any) -> PersonReport:
    return PersonReport(number="197701072394", **(dict.fromkeys(fact_types(PersonReport), UNKNOWN) | facts))


def company(**facts: Any) -> CompanyReport:
    unknown = dict.fromkeys(fact_types(CompanyReport), UNKNOWN)
    return CompanyReport(**({"number": "5599990008", "owner": None} | unknown | facts))


def told(report: Report | None, kind: SubjectKind = SubjectKind.COMPANY) -> Told:
    evidence = Evidence(
        report_id=uuid.uuid4(),
        question=QuestionKind.REPORT,
        bureau="creditsafe",
        outcome=Outcome.REPORT if report else Outcome.UNKNOWN,
        failure_code=None,
        asked_at=AT,
        answered_at=AT,
        sha256=None,
    )
    return Told(kind=kind, role=SubjectRole.BORROWER, evidence=evidence, report=report)


def row(report: CompanyReport, label: str) -> Row:
    (table,) = tables_of((told(report),))
    (found,) = [one for one in table.rows if one.label == label]
    return found


@pytest.mark.parametrize(
    ("facts", "label", "value", "tone"),
    [
        ({"status": known(CompanyStatus.ACTIVE)}, "Status", "aktivt", ""),
        ({"status": known(CompanyStatus.BANKRUPT)}, "Status", "i konkurs", "bad"),
        ({"form": known(CompanyForm.HB)}, "Företagsform", "Handelsbolag", ""),
        ({"f_tax": known(True)}, "F-skatt", "Ja", ""),
        ({"f_tax": known(False)}, "F-skatt", "Nej", "bad"),
        ({"bankruptcy": known(True)}, "Konkurs", "Ja", "bad"),
        ({"payment_remark_count": known(0)}, "Betalningsanmärkningar", "0", ""),
        ({"payment_remark_count": known(4)}, "Betalningsanmärkningar", "4", "bad"),
        ({"kronofogden_debt": known(Money.kronor(45_000))}, "Skuld hos Kronofogden", "45\u00a0000\u00a0kr", "bad"),
        ({"kronofogden_debt": known(Money.ZERO)}, "Skuld hos Kronofogden", "0\u00a0kr", ""),
        ({"rating": known(Rating("88", RatingGrade.A))}, "Kreditbetyg", "A (88)", ""),
        ({"rating": Absent("creditsafe", AT)}, "Kreditbetyg", "finns inte", "faint"),
        ({"rating": UNKNOWN}, "Kreditbetyg", "okänt", "faint"),
        ({"registered_on": known(date(2021, 2, 21))}, "Registrerat", "2021-02-21", ""),
    ],
)
def test_a_fact_is_known_absent_or_unknown_and_shows_when_it_weighs_against(
    facts: dict[str, Any], label: str, value: str, tone: str
) -> None:
    """D13: the three are never mixed up."""
    assert row(company(**facts), label) == Row(label, value, tone)


def test_every_fact_of_a_report_is_shown() -> None:
    (table,) = tables_of((told(company()),))
    assert len(table.rows) == len(fact_types(CompanyReport))


def test_a_sole_traders_report_shows_the_owner_as_well() -> None:
    owner = person(trustee=known(True))
    (table,) = tables_of((told(replace(company(), owner=owner)),))
    assert Row("Ägaren: Förvaltare", "Ja", "bad") in table.rows


def test_a_question_without_an_answer_has_a_title_and_no_rows() -> None:
    (table,) = tables_of((told(None, SubjectKind.PERSON),))
    assert (table.title, table.rows) == ("Borgensman", ())


def test_the_title_says_who_and_as_what() -> None:
    tables = tables_of((told(company(name=known("Hedmans AB"))), told(person(name=known("Ida")), SubjectKind.PERSON)))
    assert [table.title for table in tables] == ["Företaget: Hedmans AB", "Borgensman: Ida"]
