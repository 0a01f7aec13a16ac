"""Charts of several series: an axis in round figures, marks that say their numbers, and the same numbers as rows."""

import re

import pytest
from lxml import etree

from underwriting.web.plots import Colour, Plot, Series, lines, side_by_side, stacked

SVG = "{http://www.w3.org/2000/svg}"
DAYS = ("1/3", "2/3", "3/3")


def series(*values: int | None, name: str = "svar", **options: bool) -> Series:
    return Series(name, values, Colour.GREEN, **options)


def drawn(plot: Plot) -> etree._Element:
    return etree.fromstring(plot.svg)


def texts(plot: Plot) -> list[str | None]:
    """What stands in the drawing: the axis from below, then the labels."""
    return [text.text for text in drawn(plot).iter("text")]


def boxes(plot: Plot) -> list[tuple[float, float]]:
    """Each bar's upper edge and height."""
    return [(float(bar.attrib["y"]), float(bar.attrib["height"])) for bar in drawn(plot).iter("rect")]


@pytest.mark.parametrize(
    ("most", "axis"),
    [
        (0, ["0", "1"]),  # nothing at all has an axis too
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (5, ["0", "2", "4", "6"]),
        (83, ["0", "50", "100"]),
        (1_990, ["0", "500", "1000", "1500", "2000"]),
    ],
)
def test_an_axis_has_round_figures_and_few_of_them(most: int, axis: list[str]) -> None:
    plot = stacked(DAYS[:1], [series(most)], title="t", written=str)
    assert texts(plot)[: len(axis)] == axis


def test_stacked_bars_stand_upon_each_other() -> None:
    plot = stacked(DAYS, [series(2, 0, 1), series(1, 0, 3, name="fel")], title="Utfall", written=str)
    (first, _), (second, high), *_ = boxes(plot)
    assert second < first
    assert second + high <= first
    assert len(boxes(plot)) == 4  # what is zero is not drawn


def test_what_is_below_zero_hangs_below_the_line() -> None:
    plot = side_by_side(["2024", "2025"], [series(100, -50)], title="Resultat", written=str)
    (above, height), (below, depth) = boxes(plot)
    assert above + height < below  # the line is between them
    assert height == pytest.approx(2 * depth, abs=1)
    assert texts(plot)[0] == "-50"


def test_a_line_is_broken_where_there_is_no_value() -> None:
    plot = lines(("1", "2", "3", "4"), [series(5, 6, None, 7, dashed=True)], title="Svarstid", written=str)
    strokes = list(drawn(plot).iter("polyline"))
    assert [len(str(one.get("points")).split()) for one in strokes] == [2, 1]
    assert {one.get("stroke-dasharray") for one in strokes} == {"4 3"}
    assert len(list(drawn(plot).iter("circle"))) == 3


def test_every_mark_says_its_day_name_and_number() -> None:
    plot = stacked(DAYS, [series(2, 0, 1)], title="Utfall", written=lambda value: f"{value} st")
    assert [title.text for title in drawn(plot).iter("title")] == ["1/3: svar, 2 st", "3/3: svar, 1 st"]


def test_the_numbers_stand_as_rows_too() -> None:
    plot = lines(DAYS, [series(1, None, 0), series(2, 3, 4, name="fel")], title="Utfall", written=str)
    assert plot.head == ("svar", "fel")
    assert plot.rows == (("1/3", ("1", "2")), ("2/3", ("–", "3")), ("3/3", ("0", "4")))
    assert [name for _, name in plot.legend] == ["svar", "fel"]
    assert drawn(plot).get("aria-label") == "Utfall"


def test_ninety_days_have_at_most_six_labels_within_the_drawing() -> None:
    days = [str(day) for day in range(90)]
    plot = stacked(days, [series(*range(90))], title="t", written=str)
    labels = [text for text in drawn(plot).iter("text") if text.get("text-anchor") == "middle"]
    assert 3 <= len(labels) <= 6
    assert labels[-1].text == "89"
    places = [float(found) for found in re.findall(r'<rect x="([\d.]+)"', plot.svg)]
    assert min(places) >= 0
    assert max(places) < 360


@pytest.mark.parametrize(("values", "empty"), [((0, None, 0), True), ((0, None, 1), False)])
def test_a_chart_without_any_value_says_so(values: tuple[int | None, ...], empty: bool) -> None:
    assert lines(DAYS, [series(*values)], title="t", written=str).empty is empty


def test_what_people_have_written_is_no_markup() -> None:
    plot = stacked(["<b>"], [series(1, name="<i>")], title='"<u>', written=str)
    assert not re.search("<[biu]>", plot.svg)
