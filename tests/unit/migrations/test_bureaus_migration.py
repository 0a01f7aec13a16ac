"""Revision 0002: what the first version kept of questions to bureaus is moved, completed, and moved back."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from underwriting import migrations

ASKED_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONFIRMED_AT = ASKED_AT - timedelta(hours=1)
SUBMITTED_AT = ASKED_AT - timedelta(hours=2)
AB, EF = uuid.UUID(int=1), uuid.UUID(int=2)  # applications
GONE = uuid.UUID(int=3)
HASH = bytes(32)

APPLICATION = """
    INSERT INTO application (id, reference, state, company_form, company_encrypted, company_index, requested_amount_ore,
        term_months, purpose, monthly_revenue_ore, monthly_costs_ore, monthly_debt_payments_ore, invoice_delivery,
        signatory_index, details_encrypted, created_by, created_at, submitted_at)
    VALUES (%s, %s, 'assessing', %s, 'x', %s, 1, 1, 'inventory', 1, 1, 1, 'email', 'x', 'x', 'x', now(), %s)
"""
GUARANTOR = """
    INSERT INTO application_guarantor (application_id, ordinal, state, person_encrypted, person_index,
        details_encrypted, answered_at)
    VALUES (%s, 1, 'confirmed', 'x', 'person', 'x', %s)
"""
QUESTION = """
    INSERT INTO bureau_question (application_id, subject_kind, subject_index, state, purpose, notice_version, asked_at,
        leased_until, lease_token)
    VALUES (%s, %s, %s, 'leased', 'p', 'n', %s, %s, gen_random_uuid())
"""
REPORT = """
    INSERT INTO credit_report (application_id, subject_kind, subject_index, role, question, bureau, reference, outcome,
        failure_code, purpose, notice_version, asked_at, answered_at, raw_encrypted, sha256, parsed_encrypted)
    VALUES (%s, %s, %s, 'borrower', %s, 'creditsafe', 'r', %s, %s, 'p', 'n', %s, %s, %s, %s, %s)
"""


@pytest.fixture
def first_version(empty_database_url: str) -> str:
    """A database as the first version left it."""
    migrations.upgrade(empty_database_url, to="0001")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(APPLICATION, [AB, "1", "AB", b"ab", SUBMITTED_AT])
        connection.execute(APPLICATION, [EF, "2", "EF", b"ef", SUBMITTED_AT])
        connection.execute(GUARANTOR, [AB, CONFIRMED_AT])
        for application, kind, subject in (
            (AB, "company", b"ab"),
            (AB, "person", b"person"),
            (AB, "person", b"unconfirmed"),
            (EF, "company", b"ef"),
        ):
            connection.execute(QUESTION, [application, kind, subject, ASKED_AT, ASKED_AT])
        for application, kind, subject, asked, outcome, code in (
            (AB, "company", b"ab", "report", "report", None),
            (AB, "person", b"person", "report", "report", None),
            (EF, "company", b"ef", "report", "unknown", "read-timeout"),
            (EF, "company", b"ef", "status", "report", None),
            (GONE, "company", b"gone", "report", "no_match", None),
        ):
            raw = None if code else b"sealed " + subject
            connection.execute(
                REPORT,
                [
                    *(application, kind, subject, asked, outcome, code, ASKED_AT, ASKED_AT),
                    *(raw, raw and HASH, raw and b"parsed"),
                ],
            )
    return empty_database_url


def found(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return connection.execute(query).fetchall()


def test_answers_are_moved_as_they_stand_and_back(first_version: str) -> None:
    """B6: no key is needed; what was encrypted is not touched."""
    raw = "SELECT subject_index, raw_encrypted, sha256 FROM credit_report ORDER BY id"
    before = found(first_version, raw)
    migrations.upgrade(first_version, to="0002")
    moved = """SELECT subject_index, part, position, compression, body_encrypted, sha256
        FROM received_answer JOIN credit_report ON credit_report.id = credit_report_id ORDER BY credit_report.id"""
    assert found(first_version, moved) == [
        (subject, "getdata", 0, "none", b"sealed " + subject, HASH) for subject in (b"ab", b"person", b"ef", b"gone")
    ]
    migrations.downgrade(first_version, to="0001")
    assert found(first_version, raw) == before


def test_reports_get_what_they_lack(first_version: str) -> None:
    """A6, B4, K2: form, confirmation, copy, and the day from which each may be erased."""
    migrations.upgrade(first_version, to="0002")
    columns = "company_form, confirmed_at, copy_notice, retained_until, is_fallback, milliseconds"
    one_year, two_years = date(2027, 3, 2), date(2028, 3, 2)
    assert found(first_version, f"SELECT {columns} FROM credit_report ORDER BY id") == [
        ("AB", SUBMITTED_AT, "none", two_years, False, None),
        (None, CONFIRMED_AT, "expected", one_year, False, None),
        ("EF", SUBMITTED_AT, "possible", one_year, False, None),
        ("EF", SUBMITTED_AT, "none", one_year, False, None),
        ("HB", None, "none", two_years, False, None),  # whose application is gone
    ]


def test_a_lease_without_a_confirmation_on_record_becomes_a_doubt(first_version: str) -> None:
    """A6, B4: it may have been asked; a person decides."""
    migrations.upgrade(first_version, to="0002")
    rows = found(first_version, "SELECT subject_index, state, confirmed_at FROM bureau_question ORDER BY id")
    assert rows == [
        (b"ab", "leased", SUBMITTED_AT),
        (b"person", "leased", CONFIRMED_AT),
        (b"unconfirmed", "unknown", None),
        (b"ef", "leased", SUBMITTED_AT),
    ]


def test_what_is_erased_survives_the_way_back(first_version: str) -> None:
    """K2: the row stays, without its bytes."""
    migrations.upgrade(first_version, to="0002")
    with psycopg.connect(first_version) as connection:
        connection.execute("UPDATE received_answer SET body_encrypted = NULL")
        connection.execute("UPDATE credit_report SET parsed_encrypted = NULL, erased_at = now()")
    migrations.downgrade(first_version, to="0001")
    assert found(first_version, "SELECT count(*), count(raw_encrypted), count(sha256) FROM credit_report") == [
        (5, 0, 0)
    ]


@pytest.mark.parametrize("role", ["borgen_service", None])
def test_nobody_changes_what_was_received(first_version: str, role: str | None) -> None:
    """B6: not the service, nor the owner by mistake."""
    migrations.upgrade(first_version, to="0002")
    with psycopg.connect(first_version) as connection:
        if role:
            connection.execute(f"SET ROLE {role}")
        with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
            connection.execute("UPDATE received_answer SET body_encrypted = 'x'")
