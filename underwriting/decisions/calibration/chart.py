"""A bar chart of default rates per group as SVG, with what the policy reckons with as a line across each bar."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from underwriting.decisions.calibration.outcome import Group

_BAR, _GAP, _HEIGHT, _LEFT, _TOP, _FOOT = 36, 14, 220, 48, 40, 70
_NARROWEST = 560
_LEGEND = "Bars: what the generated credits did. Lines: what the policy reckons with. Small figures: credits."
_LINES = 4


def default_chart(groups: Sequence[Group], *, title: str, reckoned: Mapping[str, float] | None = None) -> str:
    """The chart; *reckoned* are the policy's own rates by the name of a group."""
    expected = reckoned or {}
    most = max([0.05, *(group.default_rate for group in groups), *expected.values()])
    width = max(_NARROWEST, _LEFT + len(groups) * (_BAR + _GAP) + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_TOP + _HEIGHT + _FOOT}" role="img">',
        '<g font-family="system-ui, sans-serif" font-size="12" fill="#1d2b36">',
        f"<title>{escape(title)}</title>",
        f'<text x="{_GAP}" y="20" font-size="14" font-weight="600">{escape(title)}</text>',
        f'<text x="{_GAP}" y="{_TOP + _HEIGHT + 58}" fill="#5b6b76">{escape(_LEGEND)}</text>',
        *_grid(most, width),
    ]
    for place, group in enumerate(groups):
        parts += _bar(group, _LEFT + _GAP + place * (_BAR + _GAP), most, expected.get(group.name))
    return "\n".join([*parts, "</g></svg>\n"])


def _grid(most: float, width: int) -> list[str]:
    lines = []
    for step in range(_LINES + 1):
        y = _TOP + _HEIGHT - _HEIGHT * step / _LINES
        lines.append(f'<line x1="{_LEFT}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d5dde3"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * step / _LINES:.0%}</text>')
    return lines


def _bar(group: Group, x: int, most: float, reckoned: float | None) -> list[str]:
    height, foot = _HEIGHT * group.default_rate / most, _TOP + _HEIGHT
    middle = x + _BAR / 2
    told = [
        f'<rect x="{x}" y="{foot - height:.1f}" width="{_BAR}" height="{height:.1f}" fill="#2f6f8f"/>',
        f'<text x="{middle}" y="{foot + 16}" text-anchor="middle">{escape(group.name)}</text>',
        f'<text x="{middle}" y="{foot + 32}" text-anchor="middle" fill="#5b6b76" font-size="10">{group.count}</text>',
    ]
    if reckoned is not None:
        y = foot - _HEIGHT * reckoned / most
        told.append(
            f'<line x1="{x - 4}" x2="{x + _BAR + 4}" y1="{y:.1f}" y2="{y:.1f}" stroke="#c2410c" stroke-width="3"/>'
        )
    return told
