"""What was measured: medians of paired runs with their spread, kept in a file and told as a table."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

UNITS = {"x": "x", "ms": " ms", "MB": " MB"}
# Below this, a figure is told with more digits.
SMALL = 10


@dataclass(frozen=True)
class Figure:
    """One line of the table. values: one per round, in `unit`. more: whether more is better.

    at_least, aim: what it must and what it should reach. told: what lies behind it, in words.
    """

    what: str
    unit: str
    values: Sequence[float]
    at_least: float
    aim: float
    more: bool = True
    told: str = ""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit must be one of {', '.join(UNITS)}, not {self.unit!r}.")
        if not self.values:
            raise ValueError(f"Nothing was measured for {self.what!r}.")

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def reaches(self, goal: float) -> bool:
        return self.median >= goal if self.more else self.median <= goal

    @property
    def verdict(self) -> str:
        if self.reaches(self.aim):
            return "aim met"
        return "met" if self.reaches(self.at_least) else "missed"


def ratios(ours: Sequence[float], base: Sequence[float]) -> list[float]:
    """Round by round, ours to the baseline of the same round. Raises ValueError for rounds without a pair."""
    return [mine / other for mine, other in zip(ours, base, strict=True)]


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed (nearest rank).

    Raises ValueError for no values, or for a percent that is not above 0 and at most 100.
    """
    ordered = sorted(values)
    if not ordered or not 0 < percent <= 100:
        raise ValueError("A percentile needs values, and a percent above 0 up to 100.")
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]


def each(name: str, values: Sequence[float], unit: str = "/s") -> str:
    """'ours 1,234/s': the median of one side."""
    middle = statistics.median(values)
    return f"{name} {middle:,.0f}{unit}" if middle >= SMALL else f"{name} {middle:.2g}{unit}"


def table(figures: Iterable[Figure]) -> list[str]:
    """Lines of a table, one per figure, with the lowest and the highest round."""
    lines = ["| what | at least | aim | median | lowest to highest | | |", "|---|---|---|---|---|---|---|"]
    for one in figures:
        low, high = (_number(value, one.unit) for value in (min(one.values), max(one.values)))
        bound = "" if one.more else "<= "
        goals = " | ".join(f"{bound}{_number(goal, one.unit)}" for goal in (one.at_least, one.aim))
        middle = f"**{_number(one.median, one.unit)}** | {low} to {high}"
        lines.append(f"| {one.what} | {goals} | {middle} | {one.verdict} | {one.told} |")
    return lines


def _number(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f}x".removeprefix("0") if value < SMALL else f"{value:.0f}x"
    return f"{value:.1f}{UNITS[unit]}" if value < SMALL else f"{value:.0f}{UNITS[unit]}"


class Kept:
    """Measurements by name in a JSON file, so that one measured again leaves the others as they were."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, list[Figure]]:
        if not self._path.exists():
            return {}
        told = json.loads(self._path.read_text())
        return {name: [Figure(**figure) for figure in figures] for name, figures in told.items()}

    def put(self, name: str, figures: Sequence[Figure]) -> None:
        """Replace one measurement; the file is whole at every moment."""
        rows: Mapping[str, Sequence[Figure]] = self.all() | {name: list(figures)}
        told = {key: [asdict(figure) for figure in those] for key, those in sorted(rows.items())}
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(told, indent=1) + "\n")
        beside.replace(self._path)
