"""The curve of `benchmarks.onboarding` as an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.plot import BOTTOM, GAP, HEIGHT, LEFT, PANEL, TOP, document, key, line, rule
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
WIDTH = 872
STEP = 0.02


@dataclass(frozen=True)
class Panel:
    """One data set: line -> ratings asked for -> NDCG@10."""

    title: str
    lines: Mapping[str, Mapping[int, Estimate]]


def plot(panels: Sequence[Panel]) -> str:
    """The panels side by side, each on an axis of its own."""
    body = [_panel(LEFT + place * (PANEL + GAP), panel) for place, panel in enumerate(panels)]
    told = " ".join(_described(panel) for panel in panels)
    legend = [_legend(number, name) for number, name in enumerate(COLOURS)]
    title = "NDCG@10 of new shoppers after 0, 1, 3 and 5 ratings"
    return document(title, told, width=WIDTH, height=HEIGHT, body=[*legend, *body])


def _legend(number: int, name: str) -> str:
    return key(LEFT + 200 * number, LEGEND[name], COLOURS[name], dashed=name == FLAT)


def _described(panel: Panel) -> str:
    asked = panel.lines["onboarding"]
    after = ", ".join(f"{asked[most].value:.4f} after {most}" for most in asked if most)
    return f"{panel.title}: popularity {panel.lines[FLAT][0].value:.4f}; asked by onboarding {after}."


def _panel(left: int, panel: Panel) -> str:
    shown = [one for curve in panel.lines.values() for one in curve.values()]
    bounds = [each for one in shown for each in (one.low, one.high)]
    low, high = np.floor(min(bounds) / STEP) * STEP, np.ceil(max(bounds) / STEP) * STEP
    asked = list(panel.lines[FLAT])

    def x(most: int) -> float:
        return left + PANEL * most / max(asked)

    def y(value: float) -> float:
        return float(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low))

    parts = [f'<text x="{left}" y="{TOP - 10}" font-weight="600">{panel.title}</text>']
    parts += [rule(left, y(at), f"{at:.2f}") for at in np.arange(low, high + STEP / 2, STEP)]
    foot = HEIGHT - BOTTOM + 20
    parts += [f'<text x="{x(most):.1f}" y="{foot}" text-anchor="middle">{most}</text>' for most in asked]
    middle = left + PANEL / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">ratings asked for</text>')
    for number, (name, curve) in enumerate(panel.lines.items()):
        # Side by side, so that no interval hides another.
        at = {most: (x(most) + 3 * (number - 1), one) for most, one in curve.items()}
        colour = COLOURS[name]
        points = [(place, y(one.value)) for place, one in at.values()]
        parts.append(line(points, colour, dashed=name == FLAT))
        parts += [
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{y(one.low):.1f}" y2="{y(one.high):.1f}"'
            f' stroke="{colour}" stroke-width="1.5"/>'
            f'<circle cx="{place:.1f}" cy="{y(one.value):.1f}" r="3.5" fill="{colour}"/>'
            for place, one in at.values()
        ]
    return "\n".join(parts)
