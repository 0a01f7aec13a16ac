"""Points as a waterfall, as inline SVG: from nothing, each characteristic on from where the last one ended.

A pale bar shows what the characteristic gives at most. The kinds of bars differ in colour and stand under headings.
Each says its name, its reason and its points, and the same numbers stand in a table beside the drawing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from underwriting.web.plots import Colour

_WIDTH = 320
_LEFT = 2
_RIGHT = 2
_TOP = 22
_HEADING = 20
_ROW = 30
_BAR = 10
_FOOT = 34
_INK = "#17211d"
_SOFT = "#54625b"
_PALE = "#e7e5dc"
_GRID = "#d3d1c8"
_HALO = Markup('stroke="#fff" stroke-width="3" paint-order="stroke"')
"""So that a name is read where a line passes behind it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One characteristic: the *group* that it stands under, its name, its *reason*, and *points* of at most *most*."""

    group: str
    label: str
    reason: str
    points: int
    most: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class Threshold:
    """From how many *points* a price class begins, and its name."""

    name: str
    points: int


def waterfall(bars: Sequence[Bar], thresholds: Sequence[Threshold], *, title: str, total: str) -> Markup:
    """The drawing of *bars*; *total* is written at its foot, *title* is read out for the whole."""
    most = max(1, sum(bar.most for bar in bars))
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    groups = [(name, list(found)) for name, found in groupby(bars, key=lambda bar: bar.group)]
    height = _TOP + len(groups) * _HEADING + len(bars) * _ROW + _FOOT
    drawn = (
        *_thresholds(thresholds, scale, height),
        *_rows(groups, scale),
        *_foot(sum(bar.points for bar in bars), total, scale, height),
    )
    return Markup('<svg class="waterfall" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, title, Markup().join(drawn)
    )


def _thresholds(thresholds: Sequence[Threshold], scale: float, height: int) -> Iterator[Markup]:
    for each in thresholds:
        x = _LEFT + each.points * scale
        yield Markup('<line x1="{0:.1f}" y1="14" x2="{0:.1f}" y2="{1}" stroke="{2}" stroke-dasharray="2 3"/>').format(
            x, height - _FOOT + 20, _GRID
        )
        yield Markup('<text x="{:.1f}" y="10" font-size="10" font-weight="600" fill="{}">{}</text>').format(
            x + 1, _SOFT, each.name
        )


def _rows(groups: Sequence[tuple[str, list[Bar]]], scale: float) -> Iterator[Markup]:
    y, reached = _TOP, 0
    for name, bars in groups:
        yield Markup('<text x="{}" y="{}" font-size="11" font-weight="700" fill="{}" {}>{}</text>').format(
            _LEFT, y + 11, _INK, _HALO, name
        )
        y += _HEADING
        for bar in bars:
            yield _row(bar, y, reached, scale)
            reached += bar.points
            y += _ROW


def _row(bar: Bar, y: int, reached: int, scale: float) -> Markup:
    left = _LEFT + reached * scale
    return Markup(
        "<g><title>{label}: {reason}. {points}/{most}</title>"
        '<text x="{start}" y="{text:.1f}" font-size="11" fill="{soft}" {halo}>{label}</text>'
        '<text x="{end}" y="{text:.1f}" font-size="11" font-weight="600" text-anchor="end" fill="{ink}">'
        "{points}/{most}</text>"
        '<rect x="{left:.1f}" y="{top:.1f}" width="{whole:.1f}" height="{bar}" fill="{pale}"/>'
        '<rect x="{left:.1f}" y="{top:.1f}" width="{part:.1f}" height="{bar}" fill="{colour}"/></g>'
    ).format(
        label=bar.label,
        reason=bar.reason,
        points=bar.points,
        most=bar.most,
        start=_LEFT,
        end=_WIDTH - _RIGHT,
        text=y + 8,
        soft=_SOFT,
        halo=_HALO,
        ink=_INK,
        left=left,
        top=y + 12,
        whole=bar.most * scale,
        part=max(bar.points * scale, 0.8),
        bar=_BAR,
        pale=_PALE,
        colour=bar.colour,
    )


def _foot(points: int, total: str, scale: float, height: int) -> Iterator[Markup]:
    top = height - _FOOT + 4
    yield Markup('<rect x="{}" y="{}" width="{:.1f}" height="14" fill="{}"/>').format(
        _LEFT, top, max(points * scale, 0.8), _INK
    )
    yield Markup('<text x="{}" y="{}" font-size="11.5" font-weight="700" fill="{}">{}</text>').format(
        _LEFT, top + 27, _INK, total
    )
