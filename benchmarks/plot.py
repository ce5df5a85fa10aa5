"""Plots as SVG, without a library: what all of them share, and growth on two logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

COLOURS = ("#0b5d4e", "#9a5b00", "#5f584e", "#a02c1b", "#35568c", "#7a3f79")
GRID = "#e3dbcd"
DASHED = ' stroke-dasharray="6 4"'
LEFT, TOP, BOTTOM, PANEL, GAP, HEIGHT = 76, 56, 60, 300, 96, 380
SLOPE = 76
"""Room for a line's slope right of its panel."""
FEWEST_TICKS = 2


@dataclass(frozen=True)
class Growth:
    """One pair of axes. lines: name -> size -> what it costs; both above 0."""

    title: str
    across: str
    up: str
    lines: Mapping[str, Mapping[float, float]]


def slope(points: Mapping[float, float]) -> float:
    """The exponent b of cost ~ size^b by least squares on logarithms; 1 is proportional, 0 is constant.

    points: size -> cost, at least two sizes. Raises ValueError for fewer, or for one that is not above 0.
    """
    if len(points) < FEWEST_TICKS:
        raise ValueError("A slope needs at least two sizes.")
    if min(*points, *points.values()) <= 0:
        raise ValueError("Sizes and costs must be above 0.")
    sizes, costs = np.log(list(points)), np.log(list(points.values()))
    exponent: float = np.polyfit(sizes, costs, 1)[0]
    return round(exponent, 9) + 0.0


def growth(heading: str, panels: Sequence[Growth]) -> str:
    """The panels side by side, log-log, every line with its slope; a colour stands for one name in all."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    wide = LEFT + len(panels) * (PANEL + SLOPE) + (len(panels) - 1) * GAP
    apart = min(200, (wide - LEFT) // max(1, len(names)))
    body = [key(LEFT + apart * number, name, colours[name]) for number, name in enumerate(names)]
    body += [
        _growth(LEFT + place * (PANEL + SLOPE + GAP), panel, colours) for place, panel in enumerate(panels)
    ]
    told = " ".join(_described(panel) for panel in panels)
    return document(heading, told, width=wide, height=HEIGHT, body=body)


def document(title: str, description: str, *, width: int, height: int, body: Sequence[str]) -> str:
    """The whole SVG: named for who cannot see it, on white for who reads by night."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            ' aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13" fill="#1f1b16">',
            f'<title id="t">{escape(title)}</title>',
            f'<desc id="d">{escape(description)}</desc>',
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def key(left: float, label: str, colour: str, *, dashed: bool = False) -> str:
    """One entry of the legend above the panels."""
    return (
        f'<line x1="{left}" x2="{left + 22}" y1="20" y2="20" stroke="{colour}"'
        f' stroke-width="3"{DASHED if dashed else ""}/>'
        f'<text x="{left + 30}" y="24">{escape(label)}</text>'
    )


def line(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    """A line through points of the drawing."""
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="2.5"'
        f"{DASHED if dashed else ''}/>"
    )


def rule(left: float, y: float, label: str) -> str:
    """A line of the grid across a panel with its figure on the left."""
    return (
        f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def _described(panel: Growth) -> str:
    slopes = ", ".join(f"{name} {slope(points):.2f}" for name, points in panel.lines.items())
    return f"{panel.title}: {panel.up} against {panel.across}; slopes {slopes}."


@dataclass(frozen=True)
class _Axis:
    """Logarithms of the values -> places of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[float]:
        """Powers of ten; 2 and 5 between them where there would be too few."""
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        tens = [10.0**power for power in powers if self._within(10.0**power)]
        if len(tens) > FEWEST_TICKS:
            yield from tens
            return
        for power in powers:
            yield from (each for step in (1, 2, 5) if self._within(each := step * 10.0**power))

    def _within(self, value: float) -> bool:
        return self.low - 1e-9 <= math.log10(value) <= self.high + 1e-9


def _axis(values: Sequence[float], start: float, end: float, margin: float) -> _Axis:
    low, high = math.log10(min(values)), math.log10(max(values))
    spare = max((high - low) * margin, 0.02)
    return _Axis(low - spare, high + spare, start, end)


def _growth(left: int, panel: Growth, colours: Mapping[str, str]) -> str:
    sizes = [size for points in panel.lines.values() for size in points]
    costs = [cost for points in panel.lines.values() for cost in points.values()]
    x = _axis(sizes, left, left + PANEL, 0.03)
    y = _axis(costs, HEIGHT - BOTTOM, TOP, 0.08)
    parts = [f'<text x="{left}" y="{TOP - 10}" font-weight="600">{escape(panel.title)}</text>']
    parts += [rule(left, y.place(tick), _told(tick)) for tick in y.ticks()]
    parts += [
        f'<text x="{x.place(tick):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{_told(tick)}</text>'
        for tick in x.ticks()
    ]
    middle, height = left + PANEL / 2, (HEIGHT - BOTTOM + TOP) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">{escape(panel.across)}</text>'
        f'<text transform="translate({left - 58} {height:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(panel.up)}</text>"
    )
    for name, points in panel.lines.items():
        at = [(x.place(size), y.place(cost)) for size, cost in sorted(points.items())]
        parts.append(line(at, colours[name]))
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colours[name]}"/>' for a, b in at]
        end_x, end_y = at[-1]
        parts.append(
            f'<text x="{end_x + 8:.1f}" y="{end_y + 4:.1f}" font-size="12"'
            f' fill="{colours[name]}">slope {slope(points):.2f}</text>'
        )
    return "\n".join(parts)


def _told(value: float) -> str:
    """1000000 -> 1M, 20000 -> 20k, 0.05 -> 0.05."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size * (1 - 1e-9):
            return f"{value / size:g}{letter}"
    return f"{value:g}"
