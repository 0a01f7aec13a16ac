"""Facts, reports and how they are kept."""

import json
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.formats import report_from_json, report_to_json
from bureau_clients.reports import (
    CompanyReport,
    CompanyStatus,
    NoMatch,
    PersonReport,
    Report,
    fact_types,
)
from underwriting.kernel.money import Money

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MONEY = st.builds(Money, st.integers(-(10**14), 10**14))
WORDS = st.text(max_size=20)
VALUES: dict[type, st.SearchStrategy[Any]] = {str: WORDS, int: st.integers(0, 10**9), Money: MONEY}


def values(type_: type) -> st.SearchStrategy[Any]:
    """Any value of a fact's type: those of a class field by field, up to three of a tuple."""
    if get_origin(type_) is tuple:
        return st.lists(values(get_args(type_)[0]), max_size=3).map(tuple)
    if is_dataclass(type_) and type_ is not Money:
        hints = get_type_hints(type_)
        return st.builds(type_, **{name: values(hint) for name, hint in hints.items()})
    if get_args(type_):
        return st.none() | values(get_args(type_)[0])
    return VALUES.get(type_, st.from_type(type_))


INSTANTS = st.datetimes(timezones=st.just(UTC))


def facts(value_type: type) -> st.SearchStrategy[Fact[Any]]:
    source = st.sampled_from(["creditsafe", "bisnode"])
    return st.one_of(
        st.builds(Known, values(value_type), source, INSTANTS, st.sampled_from(["", "A_C_CREDIT"])),
        st.builds(Absent, source, INSTANTS),
        st.builds(Unknown, source, INSTANTS),
    )


def all_facts(report: type[Any]) -> dict[str, st.SearchStrategy[Fact[Any]]]:
    return {name: facts(value_type) for name, value_type in fact_types(report).items()}


PERSONS = st.builds(PersonReport, number=st.just("197701072394"), **all_facts(PersonReport))
COMPANIES = st.builds(
    CompanyReport, number=st.just("5599990008"), owner=st.none() | PERSONS, **all_facts(CompanyReport)
)
NO_MATCHES = st.builds(NoMatch, st.just("5599990008"), st.just("creditsafe"), INSTANTS)


@given(st.one_of(PERSONS, COMPANIES, NO_MATCHES))
def test_a_report_that_is_kept_and_read_again_is_the_same_report(report: Report) -> None:
    """B6: and so is every fact's state, value, source and time (D13)."""
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


def test_a_report_from_before_a_fact_existed_does_not_know_it() -> None:
    """D13: what was not read then is unknown, and not the report lost."""
    absent: dict[str, Any] = dict.fromkeys(fact_types(PersonReport), Absent("creditsafe", AT))
    kept = report_to_json(PersonReport(number="197701072394", **absent))
    del kept["assignments"]
    report = report_from_json(kept)
    assert isinstance(report, PersonReport)
    assert (report.assignments, report.income) == (Unknown("creditsafe", AT), Absent("creditsafe", AT))


def test_the_three_states_of_a_fact_are_told_apart() -> None:
    """D13: known, known to be absent, unknown."""
    states = {Known(0, "creditsafe", AT), Absent("creditsafe", AT), Unknown("creditsafe", AT)}
    assert len(states) == 3


def test_printing_a_report_shows_neither_number_nor_name() -> None:
    unknown = dict.fromkeys(fact_types(PersonReport), Unknown("creditsafe", AT))
    report = PersonReport(number="197701072394", **{**unknown, "name": Known("Astrid Almgren", "creditsafe", AT)})  # type: ignore[arg-type]
    assert "1977" not in repr(report)
    assert "Almgren" not in repr(report)
    assert "1977" not in repr(NoMatch("197701072394", "creditsafe", AT))


def test_a_fresher_status_replaces_the_status_alone() -> None:
    """B5: company status is always fresh at the decision."""
    unknown: dict[str, Any] = dict.fromkeys(fact_types(CompanyReport), Unknown("creditsafe", AT))
    older = CompanyReport(number="5599990008", owner=None, **{**unknown, "employees": Known(4, "creditsafe", AT)})
    newer = replace(older, status=Known(CompanyStatus.BANKRUPT, "creditsafe", AT), employees=Unknown("creditsafe", AT))
    fresh = older.with_status_of(newer)
    assert fresh.status == Known(CompanyStatus.BANKRUPT, "creditsafe", AT)
    assert fresh.employees == Known(4, "creditsafe", AT)


@pytest.mark.parametrize("kind", ["company", "person"])
def test_a_kept_report_with_a_fact_missing_is_not_read_as_if_it_were_unknown(kind: str) -> None:
    with pytest.raises(KeyError):
        report_from_json({"kind": kind, "number": "5599990008"})
