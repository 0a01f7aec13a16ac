"""Facts of persons: by configured paths, and of the owner of a sole trader."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.mapping import company_report
from bureau_clients.bisnode.paths import NUMBER, PERSON_PATHS, FactPath, MappingInvalid, Missing, PersonMapping
from bureau_clients.bisnode.persons import owner_number, person_number, person_report
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import Assignment, PersonReport, fact_types
from tests.wire.bisnode.samples import (
    COMPANY_NUMBER,
    TRADER_NUMBER,
    Document,
    day,
    person_document,
    sek,
    trader_document,
)
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 2, 22, 9, 30, tzinfo=UTC)
MISSING = object()
PERSON = "person"


def report(document: Document, **mapping: Any) -> PersonReport:
    return person_report(document, number=TRADER_NUMBER, mapping=PersonMapping.configured(mapping), at=AT)


def changed(path: str, value: Any) -> Document:
    document = person_document()
    *way, last = path.split(".")
    place: Any = document
    for name in way:
        place = place[name]
    if value is MISSING:
        place.pop(last)
    else:
        place[last] = value
    return document


def owner(document: Document, **changes: Any) -> PersonReport:
    found = company_report(document, number=TRADER_NUMBER, form=CompanyForm.EF, at=AT, **changes).owner
    assert found is not None
    return found


def known(value: Any, part: str = PERSON) -> Known[Any]:
    return Known(value, "bisnode", AT, part)


UNKNOWN = Unknown("bisnode", AT, PERSON)
ABSENT = Absent("bisnode", AT, PERSON)


def test_every_fact_of_a_person_by_the_shipped_paths() -> None:
    """D13: what no path leads to stays unknown."""
    found = report(person_document())
    flags = {
        *("protected", "emigrated", "deceased", "blocked", "number_retired", "trustee", "debt_restructuring"),
        *("trading_prohibition", "dormant_coordination_number"),
    }
    expected: dict[str, Any] = {
        **dict.fromkeys(flags, known(False)),
        "name": known("Exempel Borgensman"),
        "income": known(Money.kronor(380_000)),
        "payment_remark_count": known(1),
        "payment_remark_sum": known(Money(150_050)),
        "latest_payment_remark_on": known(date(2025, 6, 2)),
        "kronofogden_debt": known(Money(12_550)),  # 100.00 public and 25.50 private
        "scoring": known(71),
        "assignments": known(()),
        "opinion": UNKNOWN,
    }
    assert {name: getattr(found, name) for name in fact_types(PersonReport)} == expected


def test_nothing_is_known_where_no_path_leads_to_anything() -> None:
    """D12: a wrong mapping leads to referrals and not to wrong approvals."""
    found = report({"somethingElse": {}})
    assert all(isinstance(getattr(found, name), Unknown) for name in fact_types(PersonReport))


@pytest.mark.parametrize(
    ("path", "value", "fact", "expected"),
    [
        ("personDetails.protectedIdentity", True, "protected", known(True)),
        ("personDetails.protectedIdentity", "no", "protected", UNKNOWN),
        ("personDetails.protectedIdentity", MISSING, "protected", UNKNOWN),
        ("personDetails.protectedIdentity", None, "protected", UNKNOWN),
        ("incomeInformation.currentYear.totalIncome", -12_000, "income", known(Money.kronor(-12_000))),
        ("incomeInformation.currentYear.totalIncome", "380000", "income", UNKNOWN),
        ("incomeInformation.currentYear.totalIncome", sek("12.50"), "income", known(Money(1_250))),
        ("incomeInformation.currentYear.totalIncome", MISSING, "income", ABSENT),
        ("incomeInformation.currentYear", MISSING, "income", UNKNOWN),
        ("incomeInformation", MISSING, "income", UNKNOWN),
        ("paymentRemarks", {"count": 0}, "payment_remark_sum", known(Money.ZERO)),
        ("paymentRemarks", {"count": 0}, "latest_payment_remark_on", ABSENT),
        ("paymentRemarks", {"count": 0, "amount": sek("-5")}, "payment_remark_sum", UNKNOWN),
        ("paymentRemarks", {"count": 0, "amount": sek("0")}, "payment_remark_sum", known(Money.ZERO)),
        ("paymentRemarks", {"count": 0, "amount": sek("5")}, "payment_remark_sum", UNKNOWN),
        ("paymentRemarks", {"count": 0, "amount": sek("5")}, "payment_remark_count", UNKNOWN),
        ("paymentRemarks.count", 0, "payment_remark_count", UNKNOWN),
        ("paymentRemarks", {"count": 3}, "payment_remark_sum", UNKNOWN),
        ("paymentRemarks", {"count": 3}, "latest_payment_remark_on", UNKNOWN),
        (
            "paymentRemarks.paymentRemarks",
            [{"date": {}}, {"date": day(2025, 1, 1)}],
            "latest_payment_remark_on",
            UNKNOWN,
        ),
        ("paymentRemarks.paymentRemarks", [{}, {"date": day(2025, 1, 1)}], "latest_payment_remark_on", UNKNOWN),
        ("paymentRemarks.paymentRemarks", {"date": day(2025, 1, 1)}, "latest_payment_remark_on", UNKNOWN),
        ("debtBalance.currentDebtBalance.privateClaimsAmount", MISSING, "kronofogden_debt", UNKNOWN),
        ("debtBalance.currentDebtBalance.privateClaimsAmount", 25, "kronofogden_debt", known(Money(12_500))),
        ("score.value", 100, "scoring", known(100)),
        ("score.value", 101, "scoring", UNKNOWN),
        ("score.value", MISSING, "scoring", ABSENT),
        ("score", MISSING, "scoring", UNKNOWN),
        ("businessAssignments.currentAssignments", [{"companyName": "X AB"}], "assignments", UNKNOWN),
    ],
)
def test_what_one_place_of_an_answer_says(path: str, value: Any, fact: str, expected: Fact[Any]) -> None:
    """D13: what is missing is absent only where all around it is there, and the mapping says so."""
    assert getattr(report(changed(path, value)), fact) == expected


@pytest.mark.parametrize(
    ("mapping", "document", "fact", "expected"),
    [
        ({"name": "first last"}, {"first": "Anna", "last": "Exempel"}, "name", known("Anna Exempel")),
        ({"name": "first last"}, {"first": "Anna"}, "name", UNKNOWN),
        ({"income": {"path": "i", "kronor": 1000}}, {"i": 380}, "income", known(Money.kronor(380_000))),
        ({"income": {"path": "i", "kronor": 100}}, {"i": -2}, "income", known(Money.kronor(-200))),
        ({"scoring": None}, {"score": {"value": 5}}, "scoring", UNKNOWN),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"]}}, {"n": [{"c": "X"}, {"c": "FORV"}]}, "trustee", known(True)),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"]}}, {"n": [{"c": "X"}]}, "trustee", known(False)),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"]}}, {"n": []}, "trustee", UNKNOWN),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"], "missing": "no"}}, {"n": []}, "trustee", known(False)),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"], "missing": "no"}}, {}, "trustee", UNKNOWN),
        ({"trustee": {"path": "n[].c", "yes": ["FORV"]}}, {"n": [{"c": 5}]}, "trustee", UNKNOWN),
        ({"deceased": {"path": "status", "yes": ["6"]}}, {"status": "6"}, "deceased", known(True)),
        ({"emigrated": "flags[]"}, {"flags": [False, True]}, "emigrated", known(True)),
        ({"emigrated": "flags[]"}, {"flags": [False, None]}, "emigrated", UNKNOWN),
        ({"payment_remark_count": {"path": "r.n", "missing": "zero"}}, {"r": {}}, "payment_remark_count", known(0)),
        ({"kronofogden_debt": {"path": "d.sum", "missing": "zero"}}, {"d": {}}, "kronofogden_debt", known(Money.ZERO)),
        ({"kronofogden_debt": {"path": "d.sum", "missing": "zero"}}, {}, "kronofogden_debt", UNKNOWN),
        ({"payment_remark_count": "r[].n"}, {"r": [{"n": 1}, {"n": 2}]}, "payment_remark_count", UNKNOWN),
    ],
)
def test_a_mapping_of_ones_own(mapping: Document, document: Document, fact: str, expected: Fact[Any]) -> None:
    """B3: the answer about a person is not published, so that its places are configuration."""
    assert getattr(report(document, **mapping), fact) == expected


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"shoe_size": "x"}, "shoe_size"),
        ({"shoe_size": None}, "shoe_size"),
        ({"opinion": "x"}, "opinion"),
        ({"income": "a..b"}, "income"),
        ({"income": ""}, "income"),
        ({"income": "a[0].b"}, "income"),
        ({"income": "å.b"}, "income"),
        ({"income": 5}, "cannot be read"),
        ({"income": {}}, "cannot be read"),
        ({"income": {"path": 5}}, "income"),
        ({"income": {"path": "a", "colour": "red"}}, "cannot be read"),
        ({"income": {"path": "a", "missing": "maybe"}}, "maybe"),
        ({"income": {"path": "a", "missing": "no"}}, "income"),
        ({"income": {"path": "a", "kronor": 0}}, "income"),
        ({"income": {"path": "a", "kronor": 0.5}}, "income"),
        ({"income": {"path": "a", "kronor": True}}, "income"),
        ({"income": {"path": "a", "yes": ["x"]}}, "income"),
        ({"trustee": {"path": "a", "yes": "x"}}, "list of texts"),
        ({"trustee": {"path": "a", "yes": [1]}}, "list of texts"),
        ({"trustee": {"path": "a", "missing": "zero"}}, "trustee"),
        ({"trustee": "a b"}, "trustee"),
        ([], "cannot be read"),
    ],
)
def test_a_mapping_that_is_none_is_refused_at_start(mapping: Any, says: str) -> None:
    """D13: the message names what is wrong."""
    with pytest.raises(MappingInvalid, match=says):
        PersonMapping.configured(mapping)


def test_a_path_alone_keeps_the_rest_of_the_shipped_one() -> None:
    paths = PersonMapping.configured({"income": "other.income"}).paths
    assert paths["income"] == FactPath("other.income", Missing.ABSENT)
    assert paths["scoring"] == PERSON_PATHS["scoring"]


def test_every_fact_but_the_lenders_own_rules_has_a_shipped_path() -> None:
    assert PERSON_PATHS.keys() == {NUMBER, *fact_types(PersonReport)} - {"opinion"}


@pytest.mark.parametrize(
    ("mapping", "document", "expected"),
    [
        ({}, {"personDetails": {"identificationNumber": "19770107-2394"}}, TRADER_NUMBER),
        ({"number": "who.id"}, {"who": {"id": "770107-2394"}}, "7701072394"),
        ({"number": None}, {"personDetails": {"identificationNumber": "1"}}, None),
        ({}, {}, None),
    ],
)
def test_whom_an_answer_is_about(mapping: Document, document: Document, expected: str | None) -> None:
    """B3: an answer about somebody else is not used."""
    assert person_number(document, mapping=PersonMapping.configured(mapping)) == expected


def test_the_facts_of_a_sole_traders_owner() -> None:
    """B1: the owner's report is the company's; what is owed and remarked on the firm is the owner's."""
    found = owner(trader_document())
    assignment = Assignment(
        company_number=COMPANY_NUMBER, company_name="Sidobolaget AB", function="Ledamot", since=date(2019, 3, 1)
    )
    untold = ("protected", "emigrated", "blocked", "number_retired", "trustee", "trading_prohibition", "scoring")
    expected: dict[str, Any] = {
        **dict.fromkeys(untold, Unknown("bisnode", AT, "OWNERSHIP")),
        "name": known("Exempel Ägare", "OWNERSHIP"),
        "deceased": known(False, "OWNERSHIP"),
        "income": known(Money.kronor(420_000), "OWNERSHIP"),
        "assignments": known((assignment,), "OWNERSHIP"),
        "payment_remark_count": known(12, "RISK"),
        "payment_remark_sum": known(Money(432_150), "RISK"),
        "latest_payment_remark_on": known(date(2025, 11, 4), "RISK"),
        "kronofogden_debt": known(Money(100_025), "RISK"),
    }
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.number == TRADER_NUMBER
    assert owner_number(trader_document()) == TRADER_NUMBER


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        ("AVLIDEN", "deceased"),
        ("UTV", "emigrated"),
        ("PSPARR", "blocked"),
        ("FSPARR", "blocked"),
        ("FORV", "trustee"),
        ("NF", "trading_prohibition"),
        ("RBE", "debt_restructuring"),
    ],
)
def test_an_event_tells_of_the_owner(code: str, fact: str) -> None:
    """B7: that there is no such event tells nothing."""
    document = trader_document()
    document["events"] = [{"date": day(2026, 1, 20), "type": code}]
    assert getattr(owner(document), fact) == known(True, "OWNERSHIP")


def test_a_deceased_owner_by_the_civil_status() -> None:
    document = trader_document()
    document["ownership"]["proprietorInformation"]["proprietorDetails"]["civilStatusCode"] = "6"
    assert owner(document).deceased == known(True, "OWNERSHIP")


def test_an_owner_of_whom_nothing_is_told() -> None:
    """D13: the segment is missing."""
    document = trader_document()
    del document["ownership"], document["risk"]
    found = owner(document)
    assert all(isinstance(getattr(found, name), Unknown) for name in fact_types(PersonReport))


def test_the_income_of_an_owner_is_in_the_configured_unit() -> None:
    """D13: the description gives incomes no unit."""
    assert owner(trader_document(), income_unit=100).income == known(Money.kronor(42_000_000), "OWNERSHIP")
    assert PersonMapping.configured({"income": {"path": "a", "kronor": 100}}).income_unit == 100
    assert PersonMapping.configured({"income": None}).income_unit == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["count", "amount", "date"]), inner),
    max_leaves=5,
)


@given(place=st.sampled_from(sorted(person_document())), value=JSON)
def test_whatever_stands_somewhere_a_report_comes_of_it(place: str, value: Any) -> None:
    """D13: never an exception."""
    found = report({**person_document(), place: value})
    assert all(isinstance(getattr(found, name), Known | Absent | Unknown) for name in fact_types(PersonReport))
