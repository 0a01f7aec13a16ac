"""Small charts as inline SVG: readable without JavaScript, with their numbers as text beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_HEIGHT = 120
_GAP = 2
_SPACE_BELOW = 18


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
    width = max(8, 640 // len(data))
    tallest = max(bar.value for bar in data) or 1
    step = max(1, len(data) // 8)
    drawn = Markup().join(
        _bar(bar, position, width, tallest, position % step == 0) for position, bar in enumerate(data)
    )
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width * len(data), _HEIGHT + _SPACE_BELOW, title, drawn
    )


def _bar(bar: Bar, position: int, width: int, tallest: int, labelled: bool) -> Markup:
    height = bar.value * (_HEIGHT - 4) // tallest
    left = position * width
    label = (
        Markup('<text x="{}" y="{}" font-size="12" fill="#56625d">{}</text>').format(left, _HEIGHT + 14, bar.label)
        if labelled
        else Markup()
    )
    shape = Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="2" fill="#124b3e"><title>{}</title></rect>').format(
        left, _HEIGHT - height, width - _GAP, max(height, 1), bar.text
    )
    return shape + label
