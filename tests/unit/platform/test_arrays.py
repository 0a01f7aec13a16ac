"""Arrays that are written here are those that PostgreSQL reads."""

import uuid
from datetime import date

import pytest
import sqlalchemy as sa

from underwriting.platform.arrays import array_text
from underwriting.platform.database import Database

AWKWARD = ["", "null", "NULL", "a,b", 'a "quoted" word', "back\\slash", "{}", " blank ", "å", "line\nbreak", "plain"]


@pytest.mark.parametrize("values", [AWKWARD, [], [""], ["null"], ["a", "b,c"], ["a,b"], ["agreement:1", "x_y.z-1"]])
def test_words_come_back_as_they_were(database: Database, values: list[str]) -> None:
    with database.transaction() as session:
        read = session.execute(sa.text("SELECT CAST(:values AS text[])"), {"values": array_text(values)}).scalar_one()
    assert read == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [uuid.UUID(int=number) for number in (0, 7)]),
        ("bigint", [-(2**63), 0, 2**63 - 1]),
        ("date", [date(2026, 2, 28), date.max]),
    ],
)
def test_ids_numbers_and_days_come_back_as_they_were(database: Database, kind: str, values: list[object]) -> None:
    query = sa.text(f"SELECT CAST(:values AS {kind}[])")
    with database.transaction() as session:
        assert session.execute(query, {"values": array_text(values)}).scalar_one() == values
