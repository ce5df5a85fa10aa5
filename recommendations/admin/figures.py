"""What `ModelVersion.metrics` says, made ready to be shown; missing and unmeasured figures are ordinary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommendations.charts import Comparison, Row

BASELINE_NAMES = {"popularity": "Popularity", "item_knn": "Item-kNN"}
SEGMENT_WORDS = {
    "cold": "fewer than 5 products in their history",
    "warm": "5 to 29",
    "heavy": "30 and more",
}
DEFAULT_K = 10


@dataclass(frozen=True)
class Measure:
    """name: the key in the metrics, with {k} for the length of the lists."""

    name: str
    label: str
    note: str
    lower_is_better: bool = False


MEASURES = (
    Measure("ndcg@{k}", "NDCG@{k}", "liked products near the top"),
    Measure("recall@{k}", "Recall@{k}", "liked products found"),
    Measure("hit_rate@{k}", "Hit rate@{k}", "shoppers with a hit"),
    Measure("mrr@{k}", "MRR@{k}", "place of the first hit"),
    Measure("coverage@{k}", "Coverage@{k}", "of the catalogue shown to anyone"),
    Measure("rmse", "RMSE", "error of predicted stars, lower is better", lower_is_better=True),
    Measure("mae", "MAE", "error of predicted stars, lower is better", lower_is_better=True),
)


def list_length(metrics: Any) -> int:
    """How long the measured lists were (the k of NDCG@k)."""
    k = mapping(mapping(metrics).get("protocol")).get("k")
    return k if isinstance(k, int) and not isinstance(k, bool) and k > 0 else DEFAULT_K


def measured(metrics: Any, name: str, *, baseline: str | None = None) -> float | None:
    """One figure of the version itself or of a baseline; None when it is not there."""
    whole = mapping(metrics)
    figures = mapping(whole.get("baselines")).get(baseline) if baseline else whole.get("candidate")
    return number(mapping(figures).get(name.format(k=list_length(metrics))))


def comparison(metrics: Any, *, title: str) -> Comparison:
    """The version, what was live before it, and the baselines; measures nobody has are left out."""
    whole = mapping(metrics)
    names = _names(whole)
    figures = {
        "candidate": whole.get("candidate"), "live": whole.get("live"), **mapping(whole.get("baselines")),
    }  # fmt: skip
    rows = [
        _row(measure, names, figures, mapping(whole.get("intervals")), list_length(metrics))
        for measure in MEASURES
    ]
    return Comparison(title, tuple(names.values()), tuple(row for row in rows if row is not None))


def by_segment(metrics: Any, *, title: str) -> Comparison:
    """NDCG for shoppers of whom little, more and much is known; empty where that was not measured."""
    whole = mapping(metrics)
    names, k = _names(whole), list_length(metrics)
    rows = []
    for segment, words in SEGMENT_WORDS.items():
        own = mapping(mapping(whole.get("segments")).get(segment))
        asked = own.get("shoppers") or 0
        note = f"{asked:,} shoppers with {words}"
        measure = Measure("ndcg@{k}", segment.capitalize(), note)
        row = _row(measure, names, mapping(own.get("figures")), mapping(own.get("intervals")), k)
        if row is not None:
            rows.append(row)
    return Comparison(title, tuple(names.values()), tuple(rows))


def _names(whole: Mapping[str, Any]) -> dict[str, str]:
    """Key of what was measured -> heading, the version itself first."""
    names = {"candidate": "This version"}
    if mapping(whole.get("live")):
        names["live"] = "Live before"
    return names | {name: BASELINE_NAMES.get(name, str(name)) for name in mapping(whole.get("baselines"))}


def _row(
    measure: Measure,
    names: Mapping[str, str],
    figures: Mapping[str, Any],
    intervals: Mapping[str, Any],
    k: int,
) -> Row | None:
    """The measure of everybody named; None where nobody has it."""
    key = measure.name.format(k=k)
    values = tuple(number(mapping(figures.get(name)).get(key)) for name in names)
    if all(value is None for value in values):
        return None
    return Row(
        measure.label.format(k=k),
        values,
        measure.note,
        lower_is_better=measure.lower_is_better,
        drawn=not measure.lower_is_better,
        bounds=tuple(_bounds(mapping(intervals.get(name)).get(key)) for name in names),
    )


def challenger_words(metrics: Any) -> str:
    """What was compared with these settings and did not win; empty where nothing was."""
    challenger = mapping(mapping(metrics).get("challenger"))
    gap = mapping(challenger.get("difference"))
    value, low, high = (number(gap.get(name)) for name in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return ""
    return (
        f"The candidate was {challenger.get('algorithm')}: {value:+.4f} ({low:+.4f} to {high:+.4f}) "
        "beside these settings, which were kept and have learned the new feedback."
    )


def protocol_lines(metrics: Any) -> list[tuple[str, str]]:
    """How it was measured, as (name, value) pairs in the order they were written."""
    return [
        (str(name).replace("_", " ").capitalize(), str(value))
        for name, value in mapping(mapping(metrics).get("protocol")).items()
    ]


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None


def _bounds(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = map(number, value)
    return None if low is None or high is None else (low, high)
