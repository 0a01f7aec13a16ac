"""What becomes of a question that was answered with a code, and what a register status settles."""

import pytest

from bureau_clients.creditsafe.codes import (
    FAILURE_CODES,
    REASON_CODES,
    REGISTER_CODES,
    SERVICE_CODES,
    TOKEN_CODES,
    code_in,
    is_register_code,
    is_service_error,
    meaning_of,
    outcome_of,
    register_code,
)
from bureau_clients.questions import Outcome
from bureau_clients.reports import CompanyReport, CompanyStatus, PersonReport, fact_types

REFUSED = ["6", "7", "8", "9", "11", "12", "13", "16", "17", "R1", "R2", "R3", "R4", "R5", "R6", "4711", "P24", "R7"]


@pytest.mark.parametrize("code", REFUSED)
def test_a_service_error_that_asking_again_does_not_mend_is_a_refusal(code: str) -> None:
    """B3: refused, may not be asked again; so is a code that nobody has heard of."""
    assert outcome_of(code) is Outcome.REFUSED


def test_the_other_codes_are_unavailable_no_match_or_a_report() -> None:
    """B3: "no such company or person" is an answer."""
    outcomes = {code: outcome_of(code) for code in ("14", "15", "S2", "S4", "S291", "S391", "P6", "C30")}
    assert outcomes == {
        "14": Outcome.UNAVAILABLE,
        "15": Outcome.NO_MATCH,
        "S2": Outcome.REPORT,
        "S4": Outcome.REPORT,
        "S291": Outcome.REPORT,
        "S391": Outcome.REPORT,
        "P6": Outcome.REPORT,
        "C30": Outcome.REPORT,
    }


@pytest.mark.parametrize(
    ("code", "person", "company"),
    [
        ("S2", {"protected": True}, {}),
        ("S3", {"blocked": True}, {}),
        ("S4", {"deceased": True}, {}),
        ("S5", {"number_retired": True}, {}),
        ("S6", {"emigrated": True}, {}),
        ("S7", {"number_retired": True}, {}),
        ("P6", {"deceased": True}, {}),
        ("P7", {"emigrated": True}, {}),
        ("P8", {"protected": True}, {}),
        ("P9", {"blocked": True}, {}),
        ("P38", {"blocked": True}, {}),
        ("P39", {"number_retired": True}, {}),
        ("S200", {}, {"status": CompanyStatus.INACTIVE}),
        ("S231", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("S241", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("S291", {}, {"status": CompanyStatus.DEREGISTERED, "bankruptcy": True}),
        ("C30", {}, {"status": CompanyStatus.DEREGISTERED, "bankruptcy": True}),
        ("C31", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("C32", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("C33", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("C34", {}, {"status": CompanyStatus.DEREGISTERED}),
        ("C35", {}, {"status": CompanyStatus.DEREGISTERED}),
    ],
)
def test_a_register_code_settles_its_facts(
    code: str, person: dict[str, bool], company: dict[str, bool | CompanyStatus]
) -> None:
    """B7: the current codes, and CAS's older ones."""
    found = register_code(code)
    assert (found.person, found.company, found.listed) == (person, company, True)
    assert found.person.keys() <= fact_types(PersonReport).keys()
    assert found.company.keys() <= fact_types(CompanyReport).keys()


@pytest.mark.parametrize("code", ["S1", "S8", "S201", "S391", "S999"])
def test_a_register_code_that_is_not_listed_settles_nothing(code: str) -> None:
    """B7: it is an answer all the same."""
    found = register_code(code)
    assert is_register_code(code)
    assert (found.person, found.company, found.listed) == ({}, {}, False)


@pytest.mark.parametrize("code", ["S", "S1000", "s2", "2", "P24", "C1", "", "S2 ", "S²"])
def test_what_is_no_register_code_is_not_taken_for_one(code: str) -> None:
    """B3: a refusal, not a report."""
    assert not is_register_code(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" 15 ", "15"),
        ("S2", "S2"),
        ("P39", "P39"),
        ("0", "0"),
        (None, "unlisted"),
        ("", "unlisted"),
        ("12345", "unlisted"),
        ("AB1", "unlisted"),
        ("Astrid Almgren 770107-2394", "unlisted"),
        ("1\n5", "unlisted"),
        ("٣", "unlisted"),
    ],
)
def test_a_code_goes_on_and_the_bureaus_words_do_not(text: str | None, code: str) -> None:
    """B6: no message ever holds a bureau's text."""
    assert code_in(text) == code


def test_a_number_is_a_service_error_and_a_letter_a_reason() -> None:
    """B3: CAS gives both in one list."""
    assert [code for code in ("9", "4711", "P24", "S2", "unlisted") if is_service_error(code)] == ["9", "4711"]


def test_a_refused_token_is_a_refusal_when_it_comes_twice() -> None:
    """B3: nothing is carried out without a token."""
    assert {outcome_of(code) for code in TOKEN_CODES} == {Outcome.REFUSED}


def test_every_code_is_told_in_both_languages() -> None:
    tables = (
        [row.meaning for row in SERVICE_CODES.values()],
        [row.meaning for row in REGISTER_CODES.values()],
        FAILURE_CODES.values(),
        [meaning for code, meaning in REASON_CODES.items() if code != "P51"],  # a term in both
    )
    assert all(text.sv and text.en and text.sv != text.en for table in tables for text in table)
    assert meaning_of("http-502").en == "Error code http-502"
    assert meaning_of("C30").en == "Bankruptcy concluded"
    assert meaning_of("P24").en == "Scoring"
    assert meaning_of("S333").en == "Unlisted register status"
