"""docs/bureaus.md says what the code does."""

import json
import re
from pathlib import Path

from bureau_clients.creditsafe.columns import COMPANY_COLUMNS, PERSON_COLUMNS
from bureau_clients.creditsafe.configuration import ColumnMapping

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "bureaus.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under the heading *title*."""
    return re.split(r"\n#+ ", TEXT.partition(f"# {title}\n")[2])[0]


def rows(title: str) -> list[tuple[str, ...]]:
    """The rows of the table under *title*, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines[2:]]


def test_every_column_is_listed_with_what_an_empty_one_says() -> None:
    """D13: a fact, its column, and known, absent or unknown when the column is empty."""
    for title, columns in (
        ("Companies", COMPANY_COLUMNS),
        ("Persons, and the owner of a sole trader", PERSON_COLUMNS),
    ):
        shipped = [(fact, column.name, str(column.empty)) for fact, column in columns.items()]
        assert [row[:3] for row in rows(title)] == shipped
        assert {row[3] for row in rows(title)} == {"seen", "ours"}


def test_the_example_of_a_mapping_is_one_that_can_be_configured() -> None:
    example = section("A mapping of one's own").split("```")[1].removeprefix("json")
    mapping = ColumnMapping.configured(json.loads(example))
    assert (mapping.company["f_tax"].name, mapping.company["annual_turnover"].kronor) == ("FSKATT", 1000)
    assert "employees" not in mapping.company
