"""Points as a waterfall: each bar begins where the last one ended."""

from lxml import etree

from underwriting.web.plots import Colour
from underwriting.web.waterfall import Bar, Threshold, waterfall

BARS = (
    Bar("Betalningsförmåga", "Överskott", "minst 5 %", 18, 30, Colour.GREEN),
    Bar("Företaget", "Betyg", "B", 8, 10, Colour.GOLD),
    Bar("Företaget", "Anmärkningar", "fyra", 0, 60, Colour.GOLD),
)


def drawn() -> etree._Element:
    return etree.fromstring(waterfall(BARS, (Threshold("D", 35),), title="Poäng", total="Summa 26 av 100"))


def test_each_bar_begins_where_the_last_one_ended_and_the_total_is_as_long_as_all() -> None:
    """D7: 316 units of width for 100 points, from 2: 18 points end at 58.9, 26 at 84.2."""
    groups = drawn().findall("g")
    bars = [rects[1] for rects in (group.findall("rect") for group in groups)]
    assert [(bar.get("x"), bar.get("width")) for bar in bars] == [("2.0", "56.9"), ("58.9", "25.3"), ("84.2", "0.8")]
    total = drawn().findall("rect")
    assert [(bar.get("x"), bar.get("width")) for bar in total] == [("2", "82.2")]


def test_it_is_read_out_and_each_bar_says_its_reason_and_points() -> None:
    svg = drawn()
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "Poäng")
    titles = [title.text for title in svg.iter("title")]
    assert titles == ["Överskott: minst 5 %. 18/30", "Betyg: B. 8/10", "Anmärkningar: fyra. 0/60"]
    words = [text.text for text in svg.iter("text")]
    assert words.count("Företaget") == 1
    assert {"D", "Summa 26 av 100"} < set(words)


def test_what_people_have_written_is_no_markup() -> None:
    bar = Bar("<b>", "<b>", '"<b>', 1, 1, Colour.RED)
    assert "<b>" not in waterfall([bar], [Threshold("<b>", 0)], title='"<b>', total="<b>")


def test_without_any_bar_there_is_a_total_of_nothing() -> None:
    assert "Summa 0" in waterfall([], [], title="Poäng", total="Summa 0")
