"""Small charts as inline SVG: readable without JavaScript, with their numbers as text beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH = 480
_HEIGHT = 120
_SPACE_ABOVE = 4
_SPACE_BELOW = 24
_WIDEST_BAR = 64
_MOST_LABELS = 11
_MOST_YEARS = 5
_SMALL_ROOM = 36
_SMALL_HEIGHT = 56
_SMALL_LABEL = 14
_GREEN = "#124b3e"
_PALE_GREEN = "#7fa698"
_RED = "#9c2116"
_GREY = "#54625b"
_LINE = "#7f8a84"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: *label* below it, *value* gives its height, *text* is read out and shown on hover."""

    label: str
    value: int
    text: str


def bars(data: Sequence[Bar], *, title: str) -> Markup:
    """A bar chart of *data*; the tallest bar fills the height. Empty data give an empty string."""
    if not data:
        return Markup()
    room = min(_WIDTH // len(data), _WIDEST_BAR)
    tallest = max(bar.value for bar in data) or 1
    step = -(-len(data) // _MOST_LABELS)
    drawn = Markup().join(
        _bar(bar, position * room, room, tallest, labelled=position % step == 0) for position, bar in enumerate(data)
    )
    base = Markup('<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="#dcdad0"/>').format(_HEIGHT, _WIDTH)
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        _WIDTH, _HEIGHT + _SPACE_BELOW, title, base, drawn
    )


def years(data: Sequence[Bar], *, title: str) -> Markup:
    """Few bars, the newest darkest, with what is below zero hanging red below the line. Empty data: an empty string."""
    if not data:
        return Markup()
    high, low = max(0, *(bar.value for bar in data)), min(0, *(bar.value for bar in data))
    scale = _SMALL_HEIGHT / ((high - low) or 1)
    zero = high * scale
    drawn = Markup().join(
        _year(bar, place, zero, scale, newest=place == len(data) - 1) for place, bar in enumerate(data)
    )
    base = Markup('<line x1="0" y1="{0:.1f}" x2="{1}" y2="{0:.1f}" stroke="{2}"/>').format(
        zero, len(data) * _SMALL_ROOM, _LINE
    )
    return Markup('<svg class="years" viewBox="0 -1 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        _MOST_YEARS * _SMALL_ROOM, _SMALL_HEIGHT + _SMALL_LABEL + 1, title, drawn, base
    )


def meter(part: int, whole: int) -> Markup:
    """How much *part* is of *whole*, as a filled bar; the numbers stand beside it."""
    share = max(0, min(part, whole)) * 100 // whole if whole > 0 else 0
    return Markup(
        '<span class="meter"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10" fill="{}"/></svg></span>'
    ).format(share, _GREEN)


def _bar(bar: Bar, left: int, room: int, tallest: int, *, labelled: bool) -> Markup:
    height = bar.value * (_HEIGHT - _SPACE_ABOVE) // tallest
    width = max(room - max(2, room // 6), 1)
    label = (
        Markup('<text x="{}" y="{}" font-size="12" text-anchor="middle" fill="{}">{}</text>').format(
            left + width // 2, _HEIGHT + 17, _GREY, bar.label
        )
        if labelled
        else Markup()
    )
    shape = Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="3" fill="{}"><title>{}</title></rect>').format(
        left, _HEIGHT - height, width, max(height, 1), _GREEN, bar.text
    )
    return shape + label


def _year(bar: Bar, place: int, zero: float, scale: float, *, newest: bool) -> Markup:
    height = abs(bar.value) * scale
    colour = _RED if bar.value < 0 else _GREEN if newest else _PALE_GREEN
    return Markup(
        '<rect x="{:.0f}" y="{:.1f}" width="{}" height="{:.1f}" fill="{}"><title>{}</title></rect>'
        '<text x="{:.0f}" y="{}" font-size="10" text-anchor="middle" fill="{}">{}</text>'
    ).format(
        place * _SMALL_ROOM + 4,
        zero if bar.value < 0 else zero - height,
        _SMALL_ROOM - 8,
        max(height, 0.8),
        colour,
        bar.text,
        place * _SMALL_ROOM + _SMALL_ROOM / 2,
        _SMALL_HEIGHT + _SMALL_LABEL - 2,
        _GREY,
        bar.label,
    )
