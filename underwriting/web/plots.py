"""Charts of several series, as inline SVG: an axis with figures, a legend, and every number as a table beside them.

They are drawn for the width of a phone and grow with the room that they get. A colour never tells two series apart
alone: lines are dashed, bars stand in the order of the legend, and each mark says its name and number.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup

_WIDTH = 360
_HEIGHT = 190
_TOP = 10
_BOTTOM = 24
_RIGHT = 18  # with half a column, half of the last label
_CHARACTER = 6.2  # how wide one is, at the size of the figures
_MOST_LABELS = 6
_MOST_MARKED = 31  # more points than this are a line without dots
_STEPS = (1, 2, 5)  # times a power of ten: what people count in
_GRID = "#e7e5dc"
_AXIS = "#7f8a84"
_INK = "#54625b"
_PAPER = "#ffffff"  # within the dots of a dashed line


class Colour(StrEnum):
    """What a series is drawn in: each against white at least 3:1, and told apart by people who do not see green."""

    GREEN = "#124b3e"
    GOLD = "#b57a12"
    BLUE = "#1f5fbf"
    RED = "#9c2116"
    VIOLET = "#6b3fa0"
    GREY = "#7f8a84"


@dataclass(frozen=True, slots=True)
class Series:
    """One value per label, or None where there is none; *dashed* is for lines."""

    name: str
    values: tuple[int | None, ...]
    colour: Colour
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn chart with its *title*, the *legend* (a mark and a name each), and its numbers as rows of a table.

    *empty*: there is no value at all, or none but zero.
    """

    title: str
    empty: bool
    svg: Markup
    legend: tuple[tuple[Markup, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The place of the drawing: values from *least* to *most*, labels from left to right."""

    labels: Sequence[str]
    least: int
    most: int
    step: int
    left: float
    written: Callable[[int], str]

    @property
    def room(self) -> float:
        """The width of one label's place."""
        return (_WIDTH - _RIGHT - self.left) / len(self.labels)

    def x(self, position: int) -> float:
        """The left edge of a label's place."""
        return self.left + position * self.room

    def y(self, value: float) -> float:
        """The height at which *value* stands."""
        return _TOP + (self.most - value) * (_HEIGHT - _TOP - _BOTTOM) / (self.most - self.least)


_Draw = Callable[[_Frame, Sequence[Series]], Iterator[Markup]]


def stacked(labels: Sequence[str], series: Sequence[Series], *, title: str, written: Callable[[int], str]) -> Plot:
    """Bars in which the series stand upon each other; no value is below zero."""
    sums = [sum(one.values[place] or 0 for one in series) for place in range(len(labels))]
    return _plot(labels, series, title, written, least=0, most=max(sums, default=0), draw=_stacks)


def side_by_side(labels: Sequence[str], series: Sequence[Series], *, title: str, written: Callable[[int], str]) -> Plot:
    """Bars of every series beside each other for each label; what is below zero hangs below the line."""
    values = [value for one in series for value in one.values if value is not None]
    return _plot(labels, series, title, written, least=min([0, *values]), most=max([0, *values]), draw=_neighbours)


def lines(labels: Sequence[str], series: Sequence[Series], *, title: str, written: Callable[[int], str]) -> Plot:
    """A line per series, broken where there is no value; no value is below zero."""
    values = [value for one in series for value in one.values if value is not None]
    return _plot(labels, series, title, written, least=0, most=max(values, default=0), draw=_strokes)


def _plot(
    labels: Sequence[str],
    series: Sequence[Series],
    title: str,
    written: Callable[[int], str],
    *,
    least: int,
    most: int,
    draw: _Draw,
) -> Plot:
    frame = _frame(labels, least, most, written)
    drawn = Markup().join((*_grid(frame), *draw(frame, series), *_label_texts(frame)))
    svg = Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, title, drawn
    )
    rows = tuple(
        (label, tuple(_told(one.values[place], written) for one in series)) for place, label in enumerate(labels)
    )
    legend = tuple((_swatch(one, is_line=draw is _strokes), one.name) for one in series)
    empty = not any(any(one.values) for one in series)
    return Plot(title, empty, svg, legend, tuple(one.name for one in series), rows)


def _frame(labels: Sequence[str], least: int, most: int, written: Callable[[int], str]) -> _Frame:
    """A frame whose ends are whole steps, of which there are at most six."""
    step = _step_for(max(most - least, 1))
    low, high = least // step * step, max(-(-most // step) * step, step)
    widest = max(len(written(value)) for value in range(low, high + 1, step))
    return _Frame(labels, low, high, step, 8 + widest * _CHARACTER, written)


def _step_for(reach: int) -> int:
    magnitude = 1
    while True:
        for step in _STEPS:
            if reach <= step * magnitude * 4:
                return step * magnitude
        magnitude *= 10


def _grid(frame: _Frame) -> Iterator[Markup]:
    for value in range(frame.least, frame.most + 1, frame.step):
        height = round(frame.y(value), 1)
        yield Markup('<line x1="{:.1f}" y1="{}" x2="{}" y2="{}" stroke="{}"/>').format(
            frame.left, height, _WIDTH - _RIGHT, height, _GRID if value else _AXIS
        )
        yield Markup('<text x="{:.1f}" y="{}" font-size="11" text-anchor="end" fill="{}">{}</text>').format(
            frame.left - 5, round(height + 4, 1), _INK, frame.written(value)
        )


def _label_texts(frame: _Frame) -> Iterator[Markup]:
    every = -(-len(frame.labels) // _MOST_LABELS)
    last = len(frame.labels) - 1
    for place in range(last % every, last + 1, every):  # the last one is always there: it is the newest
        yield Markup('<text x="{:.1f}" y="{}" font-size="11" text-anchor="middle" fill="{}">{}</text>').format(
            frame.x(place) + frame.room / 2, _HEIGHT - 7, _INK, frame.labels[place]
        )


def _stacks(frame: _Frame, series: Sequence[Series]) -> Iterator[Markup]:
    for place in range(len(frame.labels)):
        reached = 0
        for one in series:
            if value := one.values[place]:
                yield _bar(frame, one, place, reached, reached + value, 0, 1, value)
                reached += value


def _neighbours(frame: _Frame, series: Sequence[Series]) -> Iterator[Markup]:
    for place in range(len(frame.labels)):
        for number, one in enumerate(series):
            if (value := one.values[place]) is not None:
                yield _bar(frame, one, place, min(value, 0), max(value, 0), number, len(series), value)


def _bar(frame: _Frame, series: Series, place: int, low: int, high: int, number: int, of: int, value: int) -> Markup:
    """A bar from *low* to *high*, the *number*th of those that share the place of one label."""
    room = frame.room * 0.82
    width = min(room / of, 34)
    left = frame.x(place) + (frame.room - width * of) / 2 + number * width
    top, bottom = frame.y(high), frame.y(low)
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">{}</rect>').format(
        left, top, max(width - 1, 0.8), max(bottom - top - 0.5, 0.8), series.colour, _hover(frame, series, place, value)
    )


def _strokes(frame: _Frame, series: Sequence[Series]) -> Iterator[Markup]:
    dotted = len(frame.labels) <= _MOST_MARKED
    for one in series:
        for run in _runs(one.values):
            points = " ".join(f"{frame.x(place) + frame.room / 2:.1f},{frame.y(value):.1f}" for place, value in run)
            yield Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"{}/>').format(
                points, one.colour, _dash(one)
            )
            for place, value in run:
                yield Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" stroke="{}">{}</circle>').format(
                    frame.x(place) + frame.room / 2,
                    frame.y(value),
                    2.6 if dotted or len(run) == 1 else 1.2,
                    _PAPER if one.dashed else one.colour,
                    one.colour,
                    _hover(frame, one, place, value),
                )


def _runs(values: Sequence[int | None]) -> Iterator[list[tuple[int, int]]]:
    """The unbroken runs of values, each with its place."""
    run: list[tuple[int, int]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _hover(frame: _Frame, series: Series, place: int, value: int) -> Markup:
    return Markup("<title>{}: {}, {}</title>").format(frame.labels[place], series.name, frame.written(value))


def _dash(series: Series) -> Markup:
    return Markup(' stroke-dasharray="4 3"') if series.dashed else Markup()


def _swatch(series: Series, *, is_line: bool) -> Markup:
    mark = (
        Markup('<line x1="0" y1="6" x2="20" y2="6" stroke="{}" stroke-width="3"{}/>').format(
            series.colour, _dash(series)
        )
        if is_line
        else Markup('<rect x="4" width="12" height="12" rx="2" fill="{}"/>').format(series.colour)
    )
    return Markup('<svg viewBox="0 0 20 12" width="20" height="12" aria-hidden="true">{}</svg>').format(mark)


def _told(value: int | None, written: Callable[[int], str]) -> str:
    return "–" if value is None else written(value)
