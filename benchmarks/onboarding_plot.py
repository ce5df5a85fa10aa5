"""The curve of `benchmarks.onboarding` as an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommendations.engine.evaluation.bootstrap import Estimate

COLOURS = {
    "onboarding": "#0b5d4e",
    "most popular": "#9a5b00",
    "random": "#5f584e",
    "popularity": "#a02c1b",
}
LEGEND = {
    "onboarding": "asked by onboarding",
    "most popular": "asked the most popular",
    "random": "asked at random",
    "popularity": "popularity, same for all",
}
FLAT = "popularity"
DASHED = ' stroke-dasharray="6 4"'
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, PANEL, GAP = 860, 380, 60, 56, 60, 300, 90
STEP = 0.02


@dataclass(frozen=True)
class Panel:
    """One data set: line -> ratings asked for -> NDCG@10."""

    title: str
    lines: Mapping[str, Mapping[int, Estimate]]


def plot(panels: Sequence[Panel]) -> str:
    """The panels side by side, each on an axis of its own."""
    body = [_panel(LEFT + place * (PANEL + GAP), panel) for place, panel in enumerate(panels)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            ' aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13" fill="#1f1b16">',
            '<title id="t">NDCG@10 of new shoppers after 0, 1, 3 and 5 ratings</title>',
            f'<desc id="d">{" ".join(_described(panel) for panel in panels)}</desc>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *(_legend(number, name) for number, name in enumerate(COLOURS)),
            *body,
            "</svg>",
            "",
        ]
    )


def _legend(number: int, name: str) -> str:
    left = LEFT + 200 * number
    dashed = DASHED if name == FLAT else ""
    return (
        f'<line x1="{left}" x2="{left + 22}" y1="20" y2="20" stroke="{COLOURS[name]}"'
        f' stroke-width="3"{dashed}/>'
        f'<text x="{left + 30}" y="24">{LEGEND[name]}</text>'
    )


def _described(panel: Panel) -> str:
    asked = panel.lines["onboarding"]
    after = ", ".join(f"{asked[most].value:.4f} after {most}" for most in asked if most)
    return f"{panel.title}: popularity {panel.lines[FLAT][0].value:.4f}; asked by onboarding {after}."


def _panel(left: int, panel: Panel) -> str:
    bounds = [each for line in panel.lines.values() for one in line.values() for each in (one.low, one.high)]
    low, high = np.floor(min(bounds) / STEP) * STEP, np.ceil(max(bounds) / STEP) * STEP
    asked = list(panel.lines[FLAT])

    def x(most: int) -> float:
        return left + PANEL * most / max(asked)

    def y(value: float) -> float:
        return float(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low))

    parts = [f'<text x="{left}" y="{TOP - 10}" font-weight="600">{panel.title}</text>']
    parts += [
        f'<line x1="{left}" x2="{left + PANEL}" y1="{y(at):.1f}" y2="{y(at):.1f}" stroke="#e3dbcd"/>'
        f'<text x="{left - 8}" y="{y(at) + 4:.1f}" text-anchor="end">{at:.2f}</text>'
        for at in np.arange(low, high + STEP / 2, STEP)
    ]
    foot = HEIGHT - BOTTOM + 20
    parts += [f'<text x="{x(most):.1f}" y="{foot}" text-anchor="middle">{most}</text>' for most in asked]
    middle = left + PANEL / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">ratings asked for</text>')
    for number, (name, line) in enumerate(panel.lines.items()):
        # Side by side, so that no interval hides another.
        at = {most: (x(most) + 3 * (number - 1), one) for most, one in line.items()}
        points = " ".join(f"{place:.1f},{y(one.value):.1f}" for place, one in at.values())
        colour, dashed = COLOURS[name], DASHED if name == FLAT else ""
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"{dashed}/>'
        )
        parts += [
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{y(one.low):.1f}" y2="{y(one.high):.1f}"'
            f' stroke="{colour}" stroke-width="1.5"/>'
            f'<circle cx="{place:.1f}" cy="{y(one.value):.1f}" r="3.5" fill="{colour}"/>'
            for place, one in at.values()
        ]
    return "\n".join(parts)
