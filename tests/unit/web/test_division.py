"""The drawing of how guarantors share a debt."""

import re
import uuid

from agreements.guarantees.rules import Division
from underwriting.kernel.money import Money
from underwriting.web.division import bar_of, shares_of

ERIK, MARIA = uuid.UUID(int=1), uuid.UUID(int=2)


def widths(division: Division) -> list[int]:
    return [int(found) for found in re.findall(r'<rect x="\d+" width="(\d+)"', bar_of(division, title="Delning"))]


def test_the_bar_is_divided_as_the_debt_is() -> None:
    assert widths(Division({ERIK: Money.kronor(300), MARIA: Money.kronor(100)}, Money.ZERO)) == [360, 120, 0]
    assert widths(Division({ERIK: Money.kronor(100)}, Money.kronor(300))) == [120, 360]


def test_of_nothing_nothing_is_drawn() -> None:
    assert bar_of(Division({}, Money.ZERO), title="Delning") == ""


def test_what_the_lender_loses_stands_last_and_only_where_there_is_something() -> None:
    names = {ERIK: "Erik", MARIA: "Maria"}
    shared = Division({ERIK: Money.kronor(2), MARIA: Money.kronor(1)}, Money.ZERO)
    assert [one.name for one in shares_of(shared, names, lost="Förlust")] == ["Erik", "Maria"]
    lost = Division({ERIK: Money.kronor(2)}, Money.kronor(1))
    assert [(one.name, one.amount) for one in shares_of(lost, names, lost="Förlust")] == [
        ("Erik", Money.kronor(2)),
        ("Förlust", Money.kronor(1)),
    ]
