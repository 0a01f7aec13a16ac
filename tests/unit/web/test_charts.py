"""Charts that are read without scripts and styles."""

import re

import pytest
from lxml import etree

from underwriting.web.charts import Bar, bars, meter, years

SVG = "{http://www.w3.org/2000/svg}"


def heights(svg: str) -> list[int]:
    return [int(height) for height in re.findall(r'<rect [^>]*height="(\d+)"', svg)]


def test_nothing_to_draw_is_no_chart() -> None:
    assert bars([], title="Avgifter") == ""


def test_the_tallest_bar_fills_the_height_and_the_others_are_in_proportion() -> None:
    full, half, none = heights(bars([Bar("1", 200, ""), Bar("2", 100, ""), Bar("3", 0, "")], title="t"))
    assert (full, half, none) == (116, 58, 1)  # 120 less 4; what is nothing is a line


def test_bars_of_nothing_at_all_are_lines() -> None:
    assert heights(bars([Bar("1", 0, ""), Bar("2", 0, "")], title="t")) == [1, 1]


def test_a_month_of_days_has_its_numbers_as_text_and_not_a_label_for_each() -> None:
    svg = etree.fromstring(bars([Bar(str(day), day, f"dag {day}") for day in range(1, 32)], title="Dag för dag"))
    assert svg.get("aria-label") == "Dag för dag"
    assert [title.text for title in svg.iter("title")] == [f"dag {day}" for day in range(1, 32)]
    assert [text.text for text in svg.iter("text")] == [str(day) for day in range(1, 32, 3)]


def test_what_people_have_written_is_no_markup() -> None:
    assert "<b>" not in bars([Bar("<b>", 1, "<b>")], title='"<b>')


@pytest.mark.parametrize(("part", "whole", "width"), [(18, 30, 60), (0, 8, 0), (8, 8, 100), (9, 8, 100), (1, 0, 0)])
def test_a_meter_is_filled_by_the_share(part: int, whole: int, width: int) -> None:
    assert f'<rect width="{width}"' in meter(part, whole)


def test_a_loss_hangs_below_the_line_and_the_newest_year_is_the_darkest() -> None:
    """Of 56 units of height 100 and -100 have half each."""
    svg = years([Bar("23", 100, "100 kr"), Bar("24", -100, "−100 kr"), Bar("25", 50, "50 kr")], title="Resultat")
    assert re.findall(r'y="([\d.]+)" width="28" height="([\d.]+)" fill="([^"]+)"', svg) == [
        ("0.0", "28.0", "#7fa698"),
        ("28.0", "28.0", "#9c2116"),
        ("14.0", "14.0", "#124b3e"),
    ]
    assert 'aria-label="Resultat"' in svg
    assert years([], title="Resultat") == ""
